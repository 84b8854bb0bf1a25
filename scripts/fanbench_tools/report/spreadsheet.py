"""Results as CSV, for spreadsheets: a line per row of the report, or per round of each; a column per field."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import Any, Iterable, Sequence

from ..analysis.stats import median_interval
from ..results import marks
from ..results.cases import CaseResult, Results
from ..results.catalogue import HOW_IT_WAS_RUN, MEMORY, Catalogue, Figure
from ..results.pooling import POOLED
from ..results.rows import is_number, status_of

DIGITS = 5  # significant ones, far more than rounds agree in; what is before the point is kept
_HEAD = ("name", "workload", "model", "transport")
_WITH_INTERVAL = ("makespan_s", "client_overhead_us_per_call", "cpu_us_per_call", MEMORY.name)


class FormError(ValueError):
    """Numbers that could not be told from the columns. The message is one line."""


@dataclass(frozen=True)
class Form:
    """How a spreadsheet of some locale reads numbers and columns."""

    decimal: str = "."
    separator: str = ","

    def __post_init__(self) -> None:
        if self.decimal == self.separator:
            raise FormError(f'--separator: "{self.separator}" is the decimal sign as well: expected another, such as ;')


PLAIN = Form()


def to_csv(results: Results, form: Form = PLAIN) -> str:
    """A line per case. Each figure is the median over the rounds; four, which come first, have the ends of its interval
    beside them: the least and the greatest where rounds are few. Empty: no such figure."""
    parameters = parameters_of(results.cases, results.catalogue)
    figures = _figures_of(results)
    columns = [heading(results.catalogue.figure(k), end) for k in figures
               for end in (("", "_low", "_high") if k in _WITH_INTERVAL else ("",))]
    return write([*_HEAD, *parameters, "status", "message", "marks", "rounds", *columns],
                 [[*_case(c, parameters), c.status, c.message, _marks(c, results), len(c.rounds),
                   *(value for k in figures for value in _medians(c, k))] for c in results.cases], form)


def to_long_csv(results: Results, form: Form = PLAIN) -> str:
    """A line per case and round. A case that failed in any round has no figures in the others."""
    parameters = parameters_of(results.cases, results.catalogue)
    figures = [k for k in _figures_of(results) if any(is_number(r.get(k)) for c in results.cases for r in c.rounds)]
    return write([*_HEAD, *parameters, "round", "status", "message", *(heading(results.catalogue.figure(k)) for k in figures)],
                 [[*_case(c, parameters), row.get("repetition_index", i) + 1, *status_of(row),
                   *(row[k] if c.ok and is_number(row.get(k)) else None for k in figures)]
                  for c in results.cases for i, row in enumerate(c.rounds)], form)


def heading(figure: Figure, end: str = "") -> str:
    """The field with its unit: "cpu_us_per_call_low [us]"; what has none is a ratio or a yes."""
    unit = "" if figure.unit in ("", "1") else f" [{figure.unit}]"
    return f"{figure.name}{end}{unit}"


def parameters_of(cases: Sequence[CaseResult], catalogue: Catalogue) -> list[str]:
    """The keys that any of them has, defaults included: those of all workloads first."""
    there = dict.fromkeys(key for c in cases for key in c.parameters)
    return [key for key in dict.fromkeys((*catalogue.keys, *there)) if key in there and key not in HOW_IT_WAS_RUN]


def values_of(c: CaseResult, parameters: Iterable[str]) -> list[str]:
    """Empty: what the case does not have, as a model without workers."""
    return [c.parameters.get(key, "") for key in parameters]


def write(head: list[str], lines: list[list[Any]], form: Form = PLAIN) -> str:
    """Text that a spreadsheet would take for a formula is kept from it by an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n", delimiter=form.separator)
    table.writerow(head)
    table.writerows([number(value, form.decimal) if is_number(value) else _safe(value) for value in line]
                    for line in lines)
    return out.getvalue()


def number(value: float, decimal: str = ".") -> str:
    """Whole numbers as they are, others with five significant digits, none with an exponent."""
    if value == int(value):
        return str(int(value))
    places = max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", decimal)


def _case(c: CaseResult, parameters: Iterable[str]) -> list[str]:
    return [c.name, c.case.workload, c.case.model, c.case.transport, *values_of(c, parameters)]


def _figures_of(results: Results) -> list[str]:
    there = {k for c in results.cases if c.ok for r in c.rounds for k in r} - {"verified"}
    there |= {k for k in POOLED if any(c.pooled(k) is not None for c in results.cases)}
    return [k for k in dict.fromkeys((*_WITH_INTERVAL, *results.catalogue.figures)) if k in there]


def _medians(c: CaseResult, figure: str) -> list[Any]:
    if figure not in _WITH_INTERVAL:
        return [c.value(figure)]
    interval = median_interval(c.values(figure))
    return [c.median(figure), *((interval.low, interval.high) if interval else (None, None))]


def _marks(c: CaseResult, results: Results) -> str:
    pooled = [f"{results.catalogue.figure(k).name} is pooled" for k in POOLED if c.pooled(k) is not None]
    return ", ".join(filter(None, (*marks.of_row(c), results.fewer_in_flight.get(c.name), *pooled)))


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
