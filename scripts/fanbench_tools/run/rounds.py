"""Turns what the bench says about single cases into rounds, and rounds into one results.json. Pure functions only."""

from __future__ import annotations

import json
import random
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence

from ..contestants.description import Contestant, of_table
from ..results.rows import Row, is_failure, is_number, status_of

NO_MEDIAN = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
             "iterations"}  # numeric fields of a row that say how it was run
SURPLUS_S = 0.5  # about what a case's process takes beyond its iterations: to start, to be watched and to end
MOST_IN_FLIGHT = 4000  # of the cases that take turns together: each holds its connections, workers and server's side


@dataclass(frozen=True)
class ListedCase:
    """A case as the bench's --list describes it."""

    name: str
    workload: str = ""
    model: str = ""
    transport: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeline: bool = False
    in_flight: int = 1  # the most calls that may be open at once
    expected_s: float = 0.0  # about how long its process takes at best

    @property
    def iterations(self) -> int:
        return max(1, int(self.parameters.get("iterations", 1)))

    @property
    def ranks(self) -> int:
        """That make it together; 0: it is not dealt out."""
        return int(self.parameters.get("ranks", 0))

    @property
    def scenario(self) -> str:
        """What cases have in common that differ in model, transport, and number of workers and ranks only."""
        values = {key: value for key, value in self.parameters.items() if key not in ("workers", "ranks", "iterations")}
        return f"{self.workload} {json.dumps(values, sort_keys=True)}"

    @property
    def data(self) -> dict[str, Any]:
        """As rows carry it."""
        return {"workload": self.workload, "model": self.model, "transport": self.transport,
                "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class Suite:
    """What the bench's --list says of a suite."""

    name: str
    description: str
    rounds: int
    cases: tuple[ListedCase, ...]
    budget_s: float | None = None  # for these rounds and further ones where answers are open; None: there are none
    contestants: tuple[Contestant, ...] = ()  # that its cases name

    def contestants_of(self, cases: Iterable[ListedCase]) -> list[Contestant]:
        """Those that make these cases."""
        models = {case.model for case in cases}
        return [one for one in self.contestants if one.name in models]


def read_suite(listing: Mapping[str, Any]) -> Suite:
    """Reads the JSON that the bench's --list prints."""
    return Suite(listing["suite"], listing.get("description", ""), max(1, int(listing.get("rounds", 1))),
                 tuple(ListedCase(c["name"], c["workload"], c["model"], c["transport"], c["parameters"],
                                  bool(c["timeline"]), int(c["in_flight"]), float(c["expected_s"]))
                       for c in listing["cases"]),
                 float(listing["budget_s"]) if listing.get("budget_s") is not None else None,
                 tuple(of_table(c, Path(c["folder"])) for c in listing.get("contestants", ())))


def random_of(seed: int, *what: int | str) -> random.Random:
    """A generator of its own for each thing that is drawn: the seed and what it is for alone decide."""
    return random.Random("/".join(map(str, (seed, *what))))


def groups_of(cases: Sequence[ListedCase], order: random.Random) -> list[list[ListedCase]]:
    """The cases that take turns, in an order that is drawn: those of a scenario over all transports, over one where
    that would be too many calls in flight, or each alone."""
    groups = []
    for scenario in _by(cases, lambda c: c.scenario):
        for together in [scenario] if _fit(scenario) else _by(scenario, lambda c: c.transport):
            groups += [together] if _fit(together) else [[case] for case in together]
    return [order.sample(group, len(group)) for group in order.sample(groups, len(groups))]


def _fit(cases: Sequence[ListedCase]) -> bool:
    return sum(case.in_flight for case in cases) <= MOST_IN_FLIGHT


def _by(cases: Sequence[ListedCase], key: Callable[[ListedCase], str]) -> list[list[ListedCase]]:
    groups: dict[str, list[ListedCase]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return list(groups.values())


def values_of_turns(turns: Sequence[Mapping[str, float]],
                    catalogue: Mapping[str, Any]) -> dict[str, list[float | None]]:
    """What rows keep of their turns: of each figure that is compared, or that it is made of, its values, one for each
    turn; None where a turn has none."""
    names = ["makespan_s", "server_overhead_us_per_call", "crawled", *(f["name"] for f in catalogue.get("figures", []) if f.get("gated"))]
    return {name: [turn.get(name) for turn in turns] for name in names if any(name in turn for turn in turns)}


def time_left_s(remaining: Iterable[ListedCase], measured: Mapping[str, float],
                known: Mapping[str, ListedCase]) -> float:
    """What the remaining cases will take: as long as they took before, else what is expected and on top of it what those
    that were measured took more, on average."""
    surplus = statistics.fmean(max(0.0, took - known[name].expected_s) for name, took in measured.items()) \
        if measured else SURPLUS_S
    return sum(measured.get(c.name, c.expected_s + surplus) for c in remaining)


def error_row(case: ListedCase, message: str) -> Row:
    """As Google Benchmark writes a row that was skipped with an error."""
    return {"name": case.name, "run_name": case.name, "run_type": "iteration", "threads": 1, "iterations": 0,
            "real_time": 0.0, "cpu_time": 0.0, "time_unit": "ms", "case": case.data, "status": "error",
            "error_occurred": True, "error_message": message}


def row_of(case: ListedCase, document: Mapping[str, Any]) -> Row | None:
    """The case's row in a document of the bench, under the case's plain name; None where there is none.

    Google Benchmark adds to names how it was run ("/iterations:3/manual_time"): that is no part of the case.
    """
    rows = [r for r in document.get("benchmarks", []) if r.get("run_type") != "aggregate"]
    if not rows:
        return None
    row = {**rows[0], "name": case.name, "run_name": case.name}
    if not row.get("error_occurred") and row.get("verified") != 1:
        return error_row(case, "not verified: the bench gave a number without saying that it is right")
    return row


def failures(benchmarks: Iterable[Row]) -> dict[str, list[str]]:
    """The cases that failed in any round, with what was said, each thing once."""
    messages: dict[str, list[str]] = {}
    for row in filter(is_failure, benchmarks):
        said = messages.setdefault(row["run_name"], [])
        if (message := status_of(row)[1]) not in said:
            said.append(message)
    return messages


def median_row(rows: Sequence[Row]) -> Row | None:
    """The aggregate row of a case's rounds: each number's median over the rounds that have it. Error rows don't count;
    None where nothing else is there."""
    good = [r for r in rows if not r.get("error_occurred")]
    if not good:
        return None
    first = good[0]
    numbers = {key: statistics.median(r[key] for r in good if is_number(r.get(key)))
               for row in good for key in row if key not in NO_MEDIAN and is_number(row[key])}
    if any(is_failure(r) for r in rows):
        numbers["verified"] = 0  # a median over what was left is no verified number
    kept = {key: first[key] for key in ("case", "family_index", "per_family_instance_index", "repetitions", "threads")
            if key in first}
    return {"name": f"{first['run_name']}_median", "run_name": first["run_name"], "run_type": "aggregate", **kept,
            "aggregate_name": "median", "aggregate_unit": "time", "iterations": len(good),
            "time_unit": first.get("time_unit", "ns"), **numbers}


def assemble(rounds: Sequence[Mapping[str, Any]], context: Mapping[str, Any],
             catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """Google Benchmark's document of the finished rounds: per case, in the suite's order, its rows and their median;
    beside them the catalogue that says what they mean. Not all cases are in all rounds: a row's `repetition_index` is
    its round's, its `repetitions` the rows that its case has."""
    by_case: dict[str, list[Row]] = {}
    for index, one in enumerate(rounds):
        for row in one["benchmarks"]:
            by_case.setdefault(row["run_name"], []).append({**row, "repetition_index": index})
    benchmarks: list[Row] = []
    for rows in sorted(by_case.values(), key=lambda rows: rows[0].get("family_index", 0)):
        rows = [{**row, "repetitions": len(rows)} for row in rows]
        median = median_row(rows)
        benchmarks += rows + ([median] if median else [])
    if "executable" in context:  # results travel: where this machine keeps the program is nobody's business
        context = {**context, "executable": Path(context["executable"]).name}
    said = {"catalogue": dict(catalogue)} if catalogue else {}  # not by rounds that an older fanbench left
    return {"context": dict(context), **said, "benchmarks": benchmarks}
