"""The report's tables of rows: which columns there are, what stands in a cell, and how a row is marked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Callable

from ..analysis.findings import Choice
from ..analysis.stats import median_interval
from ..results.reader import FLOOR, CaseResult, Results, Scenario, grouped_reasons
from ..results.wording import NOTHING, count, memory, micros, percent, rate, seconds, workload_sentence


@dataclass(frozen=True)
class Column:
    counter: str
    heading: str
    words: Callable[[float | None], str]
    help: str
    brief: bool = False  # also in report.md, and in report.html before "all columns" is asked for


def _us(value: float | None) -> str:
    return NOTHING if value is None else seconds(value / 1e6)


COLUMNS = (  # what only some workloads have comes early, where it is seen without scrolling
    Column("makespan_s", "Makespan", seconds, "from the first call's intended start to the end of the fan-out", True),
    Column("efficiency", "Efficiency", rate, "ideal / makespan; 1 is the plan's own time", True),
    Column("overhead_us_per_call", "Overhead per call", micros, "(makespan − ideal) / calls", True),
    Column("cpu_us_per_call", "CPU per call", micros, "the client's process tree, user and system", True),
    Column("syscalls_per_call", "System calls per call", count,
           "of the client's process tree, in a run that is not timed", True),
    Column("memory_bytes", "Memory", memory,
           "peak PSS of the client's process tree, less what it had before the model was made", True),
    Column("cancel_latency_us", "Time to cancel", _us,
           "from the decision (first reply, first failure, deadline) to the end of the fan-out", True),
    Column("wasted_calls", "Wasted calls", count, "calls given up that the server still completed, for nobody", True),
    Column("loop_lag_p50_us", "Loop lag, p50", _us, "how late a heartbeat of 10 ms was, median"),
    Column("loop_lag_p99_us", "Loop lag, p99", _us, "how late a heartbeat of 10 ms was, 99th percentile", True),
    Column("loop_lag_max_us", "Loop lag, max", _us, "how late a heartbeat of 10 ms was at most", True),
    Column("bytes_per_task", "Memory per task", memory, "memory over idle / tasks", True),
    Column("latency_mean_us", "Mean", _us, "mean latency of a call, from its intended start"),
    Column("latency_p50_us", "p50", _us, "latency of a call from its intended start, median"),
    Column("latency_p90_us", "p90", _us, "latency of a call from its intended start, 90th percentile"),
    Column("latency_p99_us", "p99", _us, "latency of a call from its intended start, 99th percentile", True),
    Column("latency_max_us", "Max", _us, "greatest latency of a call, from its intended start"),
    Column("late_start_p50_us", "Late start, p50", _us, "actual start less intended start of a call, median"),
    Column("late_start_p99_us", "Late start, p99", _us, "actual start less intended start of a call, 99th percentile",
           True),
    Column("from_start_p50_us", "p50 from start", _us, "latency of a call from its actual start, median"),
    Column("from_start_p90_us", "p90 from start", _us, "latency of a call from its actual start, 90th percentile"),
    Column("from_start_p99_us", "p99 from start", _us, "latency of a call from its actual start, 99th percentile"),
    Column("from_start_max_us", "Max from start", _us, "greatest latency of a call, from its actual start"),
    Column("pss_bytes_per_call", "Memory per call", memory, "memory over idle / calls"),
    Column("peak_pss_bytes", "Peak PSS", memory,
           "peak PSS of the client's process tree, all of its program and libraries included"),
    Column("voluntary_switches_per_call", "Waits per call", count, "voluntary context switches of the process tree"),
    Column("involuntary_switches_per_call", "Preemptions per call", count,
           "involuntary context switches of the process tree"),
    Column("allocations_per_call", "Allocations per call", count, "of the process tree, in a run that counts them"),
    Column("allocated_bytes_per_call", "Allocated per call", memory, "bytes, in a run that counts them"),
    Column("threads_peak", "Threads", count, "most threads of the process tree at once"),
    Column("descriptors_peak", "Descriptors", count, "most file descriptors of the process tree at once"),
    Column("tasks_peak", "Tasks", count, "most coroutines, threads or jobs that existed at once, waiting or running"),
    Column("in_flight_peak", "In flight", count, "most calls in flight at once, as the server saw it"),
    Column("connections", "Connections", count, "accepted by the server during the run"),
    Column("retries", "Retries", count, "attempts beyond each call's first"),
    Column("cancelled", "Cancelled", count, "calls given up by the client, or not begun any more"),
    Column("timed_out", "Timed out", count, "calls given up at their deadline"),
    Column("failed", "Failed", count, "calls that ended without success"),
    Column("server_cpu_us_per_call", "Server CPU per call", micros, "the mock server's CPU"),
    Column("server_cpu_share", "Server CPU", percent, "share of one core that the mock server used"),
    Column("lateness_p99_us", "Server late, p99", _us, "how late the server itself was"),
    Column("other_load_cores", "Other load", count, "cores that other programs used meanwhile"),
    Column("recording_us_per_call", "Recording per call", micros, "CPU of the harness's own records"),
    Column("kernel_steps_per_ms", "Steps per ms", count, "what a millisecond of computing was taken for"),
)
_USUALLY_ZERO = {"retries", "cancelled", "timed_out", "failed"}
_OF_ALL_MODELS_OR_NONE = {"tasks_peak", "bytes_per_task"}  # of processes alone it would compare with nothing

MARKS = {
    "server_bound": ("server-bound", "the mock server was the bottleneck (its CPU at 90 % of a core or more, or its "
                     "replies late by more than 5 % of the latency): the row says little of the model"),
    "noisy": ("noisy", "other programs used the machine meanwhile: the row's times may be theirs"),
}


def section(results: Results, workload: str, plots: list[Any], chosen: dict[Scenario, list[Choice]],
            brief: bool) -> dict[str, Any]:
    """A workload's part of the report, in words."""
    groups = results.scenarios(workload)
    cases = [c for group in groups.values() for c in group]
    columns = [c for c in COLUMNS if (c.brief or not brief) and _worth_showing(c, cases)]
    columns = columns or [COLUMNS[0]]
    return {
        "name": workload,
        "sentence": workload_sentence(workload),
        "columns": columns,
        "more": sum(not c.brief for c in columns),
        "scenarios": [{"line": scenario.line, "ideal": _ideal(group), "choices": chosen.get(scenario, []),
                       "rows": [row(c, columns) for c in group],
                       "reasons": grouped_reasons(group)} for scenario, group in groups.items()],
        "plots": [p for p in plots if p.workload == workload],
        "notes": [(status, message, who) for status, message, who in grouped_reasons(cases) if status != "error"],
    }


def row(c: CaseResult, columns: list[Column]) -> dict[str, Any]:
    return {"name": c.name, "label": c.case.label, "model": c.case.model, "transport": c.case.transport,
            "status": c.status, "message": c.message, "rounds": len(c.rounds), "marks": marks(c),
            "cells": [cell(c, column) for column in columns] if c.ok else []}


def marks(c: CaseResult) -> list[str]:
    """ "noisy in 2 of 3 rounds"."""
    found = []
    for counter, (word, _) in MARKS.items():
        values = c.values(counter)
        times = sum(v > 0 for v in values)
        if times:
            found.append(word if times == len(values) else f"{word} in {times} of {len(values)} rounds")
    return found


def marks_of(results: Results) -> list[tuple[str, str, int]]:
    """The marks that occur: word, meaning, number of rows."""
    found = [(*MARKS[m], sum(c.share_of_rounds(m) > 0 for c in results.cases)) for m in MARKS]
    return [mark for mark in found if mark[2]]


def cell(c: CaseResult, column: Column) -> dict[str, Any]:
    values = c.values(column.counter)
    if not values:
        return {"text": NOTHING, "value": "", "range": "", "brief": column.brief}
    median = c.median(column.counter)
    interval = _interval(tuple(values))
    low, high = (column.words(interval.low), column.words(interval.high)) if interval else ("", "")
    return {"text": column.words(median), "value": median, "brief": column.brief,
            "range": span(low, high) if low != high else ""}


@lru_cache(maxsize=100_000)
def _interval(values: tuple[float, ...]) -> Any:
    return median_interval(values) if min(values) != max(values) else None


def span(low: str, high: str) -> str:
    """ "502 µs" and "535 µs" → "502 to 535 µs"."""
    number, _, unit = low.rpartition(" ")
    return f"{number if number and high.endswith(f' {unit}') else low} to {high}"


def _worth_showing(column: Column, cases: list[CaseResult]) -> bool:
    values = [v for c in cases for v in c.values(column.counter)]
    if column.counter in _OF_ALL_MODELS_OR_NONE:
        return bool(values) and all(c.values(column.counter) for c in cases if c.ok and c.case.model != FLOOR)
    return any(values) if column.counter in _USUALLY_ZERO else bool(values)


def _ideal(cases: list[CaseResult]) -> str:
    values = [v for c in cases if (v := c.median("ideal_s")) is not None]
    return seconds(min(values)) if values else ""
