"""Results as CSV, for spreadsheets: a line per row of the report, a column per field."""

from __future__ import annotations

import csv
import io
from typing import Any

from ..analysis.stats import median_interval
from ..results.cases import CaseResult, Results
from ..results.catalogue import MEMORY
from .tables import marks

_HEAD = ("name", "workload", "model", "transport")
_WITH_INTERVAL = ("makespan_s", "client_overhead_us_per_call", "cpu_us_per_call", MEMORY.name)


def to_csv(results: Results) -> str:
    """Each figure is the median over the rounds; four, which come first, have the ends of its interval beside them: the
    least and the greatest where rounds are few. Empty: no such figure. The units are in the fields' names, as
    bench/README.md explains them."""
    parameters = list(dict.fromkeys(key for c in results.cases for key, _ in c.case.params))
    there = {k for c in results.cases if c.ok for r in c.rounds for k in r} - {"verified"}
    figures = [k for k in dict.fromkeys((*_WITH_INTERVAL, *results.catalogue.figures)) if k in there]
    columns = [name for k in figures for name in ([k, f"{k}_low", f"{k}_high"] if k in _WITH_INTERVAL else [k])]
    return write([*_HEAD, *parameters, "status", "message", "marks", "rounds", *columns],
                 [[c.name, c.case.workload, c.case.model, c.case.transport, *(c.case.get(p, "") for p in parameters),
                   c.status, c.message, ", ".join(filter(None, (*marks(c), results.fewer_in_flight.get(c.name)))), len(c.rounds),
                   *(value for k in figures for value in _figures(c, k))] for c in results.cases])


def write(head: list[str], lines: list[list[Any]]) -> str:
    """Numbers as they are; text that a spreadsheet would take for a formula is kept from it by an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(head)
    table.writerows([_safe(value) for value in line] for line in lines)
    return out.getvalue()


def _figures(c: CaseResult, figure: str) -> list[Any]:
    values = c.values(figure)
    if figure not in _WITH_INTERVAL:
        return [c.median(figure)]
    interval = median_interval(values) if values else None
    return [c.median(figure), *((interval.low, interval.high) if interval else (None, None))]


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
