"""The report's tables of rows: which columns there are, and what stands in a cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..analysis.findings import Choice
from ..analysis.stats import median_interval
from ..results import marks
from ..results.cases import CaseResult, Results, Scenario
from ..results.catalogue import MEMORY, Catalogue, Figure
from ..results.rows import ERROR
from ..results.table import grouped_reasons
from ..results.wording import NOTHING, seconds


# Also in report.md, and in report.html before "all columns" is asked for.
_BRIEF = {"makespan_s", "efficiency", "client_overhead_us_per_call", "cpu_us_per_call", "syscalls_per_call",
          MEMORY.name, "cancel_latency_us", "wasted_calls", "loop_lag_p99_us", "loop_lag_max_us", "bytes_per_task", "latency_p99_us",
          "late_start_p99_us", "failed", "crawled", "slow_pages", "incomplete_pages", "page_p99_us", "latency_p999_us",
          "extra_calls", "refused_per_call", "time_to_first_us", "gap_p99_us", "event_late_p99_us", "events_unread",
          "delivery_p99_us", "server_wait_p99_us", "return_us"}
_NO_COLUMN = {"ideal_s", "calls_per_s", "counts_allocations", "server_bound", "noisy", "verified"}  # said elsewhere
_USUALLY_ZERO = {"retries", "cancelled", "timed_out", "failed"}
_OF_ALL_MODELS_OR_NONE = {"tasks_peak", "bytes_per_task"}  # of processes alone it would compare with nothing


@dataclass(frozen=True)
class Column:
    figure: Figure
    brief: bool


def columns_of(catalogue: Catalogue) -> list[Column]:
    return [Column(f, f.name in _BRIEF) for f in catalogue.figures.values() if f.name not in _NO_COLUMN]


def section(results: Results, workload: str, plots: list[Any], chosen: dict[Scenario, list[Choice]],
            brief: bool) -> dict[str, Any]:
    """A workload's part of the report, in words."""
    groups = results.scenarios(workload)
    cases = [c for group in groups.values() for c in group]
    all_columns = columns_of(results.catalogue)
    columns = [c for c in all_columns if (c.brief or not brief) and _worth_showing(c.figure.name, cases)]
    columns = columns or all_columns[:1]
    return {
        "name": workload,
        "sentence": results.catalogue.workload(workload).sentence,
        "columns": columns,
        "more": sum(not c.brief for c in columns),
        "scenarios": [{"line": scenario.line, "ideal": _ideal(group), "choices": chosen.get(scenario, []),
                       "rows": [row(c, columns, results.fewer_in_flight.get(c.name, "")) for c in group],
                       "reasons": grouped_reasons(group)} for scenario, group in groups.items()],
        "plots": [p for p in plots if p.workload == workload],
        "notes": [(status, message, who) for status, message, who in grouped_reasons(cases) if status != ERROR],
    }


def row(c: CaseResult, columns: list[Column], fewer: str) -> dict[str, Any]:
    return {"name": c.name, "label": c.case.label, "model": c.case.model, "transport": c.case.transport,
            "status": c.status, "message": c.message, "rounds": len(c.rounds),
            "marks": [*marks.of_row(c), *([fewer] * bool(fewer))],
            "cells": [cell(c, column) for column in columns] if c.ok else []}


def cell(c: CaseResult, column: Column) -> dict[str, Any]:
    figure = column.figure
    values = c.values(figure.name)
    if (pooled := c.pooled(figure.name)) is not None:
        return {"text": figure.words(pooled), "value": pooled, "range": "pooled", "brief": column.brief, "pooled": True}
    if not values:
        return {"text": NOTHING, "value": "", "range": "", "brief": column.brief, "pooled": False}
    median = c.median(figure.name)
    interval = _interval(tuple(values))
    low, high = (figure.words(interval.low), figure.words(interval.high)) if interval else ("", "")
    return {"text": figure.words(median), "value": median, "brief": column.brief, "pooled": False,
            "range": span(low, high) if low != high else ""}


@lru_cache(maxsize=100_000)
def _interval(values: tuple[float, ...]) -> Any:
    return median_interval(values) if min(values) != max(values) else None


def span(low: str, high: str) -> str:
    """ "502 µs" and "535 µs" → "502 to 535 µs"."""
    if low == high:
        return low
    number, _, unit = low.rpartition(" ")
    return f"{number if number and high.endswith(f' {unit}') else low} to {high}"


def _worth_showing(figure: str, cases: list[CaseResult]) -> bool:
    values = [v for c in cases for v in c.values(figure)]
    if any(c.pooled(figure) is not None for c in cases):
        return True
    if figure in _OF_ALL_MODELS_OR_NONE:
        return bool(values) and all(c.values(figure) for c in cases if c.ok and not c.case.is_yardstick)
    return any(values) if figure in _USUALLY_ZERO else bool(values)


def _ideal(cases: list[CaseResult]) -> str:
    values = [v for c in cases if (v := c.median("ideal_s")) is not None]
    return seconds(min(values)) if values else ""
