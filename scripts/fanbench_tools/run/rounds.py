"""Turns what the bench says about single cases into rounds, and rounds into one results.json. Pure functions only."""

from __future__ import annotations

import random
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence

Row = dict[str, Any]

NO_NUMBER = ("not applicable: ", "limit: ")  # rows without a number that fail nothing
_NOT_MEASURED = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
                 "iterations"}  # numeric fields of a row that have no median
STAGES = 3  # of pipeline's items
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Case:
    """A case as the bench's --list describes it."""

    name: str
    model: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeline: bool = False
    workload: str = ""


@dataclass(frozen=True)
class Suite:
    """What the bench's --list says of a suite."""

    name: str
    description: str
    rounds: int
    cases: tuple[Case, ...]


def read_suite(listing: Mapping[str, Any]) -> Suite:
    """Reads the JSON that the bench's --list prints."""
    cases = tuple(Case(c["name"], c.get("model", ""), c.get("parameters", {}), bool(c.get("timeline")), c.get("workload", ""))
                  for c in listing["cases"])
    return Suite(listing["suite"], listing.get("description", ""), max(1, int(listing.get("rounds", 1))), cases)


def order_of(names: Sequence[str], seed: int, round_number: int) -> list[str]:
    """The names in this round's random order; the seed and the round alone decide it."""
    shuffled = list(names)
    random.Random(f"{seed}/{round_number}").shuffle(shuffled)
    return shuffled


def expected_s(case: Case) -> float:
    """About how long the case takes at best, in seconds: the iterations, a warm-up, the calls one after another as far
    as the model, its workers, a limit or the call before make them wait, and computing on one CPU. Only the first of
    first_completed's calls is waited for. 0 where the parameters don't say."""
    p = case.parameters
    waited_for = min if case.workload == "first_completed" else max
    longest = 0.0 if case.workload == "cpu" else waited_for(_durations(p.get("latency")), default=0.0)
    longest = min([longest, *_durations(p.get("deadline"))]) + sum(_durations(p.get("consume")))
    calls = int(p.get("calls", 1))
    chains = calls // (STAGES if "mode" in p else int(p.get("pages", 1)))
    width = 1 if case.model == "sequential" else min(int(p.get(k) or chains) for k in ("limit", "consumers", "workers"))
    waiting = longest * -(-calls // max(1, width)) * int(p.get("attempts", 1))
    return (waiting + calls * sum(_durations(p.get("cpu_per_call")))) * (int(p.get("iterations", 1)) + 1)


def _durations(text: Any) -> list[float]:
    """All that a delay or duration of the suite's mentions, in seconds."""
    return [float(value) * _UNIT_SECONDS[unit] for value, unit in re.findall(r"([\d.]+)(ns|us|ms|s)\b", str(text))]


def timeout_s(case: Case) -> float:
    """The time after which a case is taken for stuck: generous, as a slow case is a result."""
    return max(60.0, 20.0 * expected_s(case))


def time_left_s(remaining: Iterable[Case], measured: Mapping[str, float], known: Mapping[str, Case]) -> float | None:
    """What the remaining cases will take: as long as they took before, else the average over what was expected."""
    if not measured:
        return None
    surplus = statistics.fmean(max(0.0, took - expected_s(known[name])) for name, took in measured.items())
    return sum(measured.get(c.name, expected_s(c) + surplus) for c in remaining)


def error_row(name: str, message: str) -> Row:
    """As Google Benchmark writes a row that was skipped with an error."""
    return {"name": name, "run_name": name, "run_type": "iteration", "threads": 1, "iterations": 0,
            "real_time": 0.0, "cpu_time": 0.0, "time_unit": "ms", "error_occurred": True, "error_message": message}


def row_of(name: str, document: Mapping[str, Any]) -> Row | None:
    """The case's row in a document of the bench, under the case's plain name; None where there is none.

    Google Benchmark adds to names how it was run ("/iterations:3/manual_time"): that is no part of the case.
    """
    rows = [r for r in document.get("benchmarks", []) if r.get("run_type") != "aggregate"]
    if not rows:
        return None
    row = {**rows[0], "name": name, "run_name": name}
    if not row.get("error_occurred") and row.get("verified") != 1:
        return error_row(name, "not verified: the bench gave a number without saying that it is right")
    return row


def has_no_number(row: Row) -> bool:
    """Not applicable, or beyond this machine's limits: said once, and not tried in later rounds."""
    return bool(row.get("error_occurred")) and str(row.get("error_message", "")).startswith(NO_NUMBER)


def is_failure(row: Row) -> bool:
    return bool(row.get("error_occurred")) and not has_no_number(row)


def failures(benchmarks: Iterable[Row]) -> dict[str, list[str]]:
    """The cases that failed in any round, with what was said, each thing once."""
    found: dict[str, list[str]] = {}
    for row in benchmarks:
        if is_failure(row):
            messages = found.setdefault(row["run_name"], [])
            message = str(row.get("error_message") or "failed without a message")
            if message not in messages:
                messages.append(message)
    return found


def median_row(rows: Sequence[Row]) -> Row | None:
    """The aggregate row of a case's rounds: each number's median over the rounds that have it. Error rows don't count;
    None where nothing else is there."""
    good = [r for r in rows if not r.get("error_occurred")]
    if not good:
        return None
    first = good[0]
    numbers = {key: statistics.median(r[key] for r in good if _is_number(r.get(key)))
               for row in good for key in row if key not in _NOT_MEASURED and _is_number(row[key])}
    if any(is_failure(r) for r in rows):
        numbers["verified"] = 0  # a median over what was left is no verified number
    kept = {key: first[key] for key in ("family_index", "per_family_instance_index", "repetitions", "threads")
            if key in first}
    return {"name": f"{first['run_name']}_median", "run_name": first["run_name"], "run_type": "aggregate", **kept,
            "aggregate_name": "median", "aggregate_unit": "time", "iterations": len(good),
            "time_unit": first.get("time_unit", "ns"), **numbers}


def assemble(rounds: Sequence[Mapping[str, Any]], context: Mapping[str, Any]) -> dict[str, Any]:
    """Google Benchmark's document of the finished rounds: per case, in the suite's order, its rows and their median."""
    by_case: dict[str, list[Row]] = {}
    for index, one in enumerate(rounds):
        for row in one["benchmarks"]:
            by_case.setdefault(row["run_name"], []).append(
                {**row, "repetitions": len(rounds), "repetition_index": index})
    benchmarks: list[Row] = []
    for rows in sorted(by_case.values(), key=lambda rows: rows[0].get("family_index", 0)):
        median = median_row(rows)
        benchmarks += rows + ([median] if median else [])
    if "executable" in context:  # results travel: where this machine keeps the program is nobody's business
        context = {**context, "executable": Path(context["executable"]).name}
    return {"context": dict(context), "benchmarks": benchmarks}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
