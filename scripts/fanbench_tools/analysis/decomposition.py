"""Of a row's CPU per call: what is the machine's, what the model's over a lean client, and what libcurl's.

    floor           the machine: a bare epoll loop that makes the same calls
    native − floor  the model, with the lean client under it (without a floor row: native, the machine included)
    curl − native   the client: what the same model takes more with libcurl under it

All three in the rounds that both sides have, round by round.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from ..results.reader import FLOOR, CaseResult, Results, Scenario, rounds_of_both
from .stats import Interval, median_interval

COUNTER = "cpu_us_per_call"


@dataclass(frozen=True)
class Part:
    """A figure with the interval around it, where there are rounds enough for one."""

    value: float
    interval: Interval | None = None


@dataclass(frozen=True)
class Decomposition:
    """One model's CPU per call in one scenario; None where a row is missing."""

    scenario: Scenario
    model: str
    label: str
    native: Part
    curl: Part
    floor: Part | None
    over_floor: Part | None  # native − floor
    client: Part  # curl − native

def decompositions(results: Results) -> list[Decomposition]:
    """Of each model that was measured over both clients, in the report's order."""
    found = []
    for scenario, cases in results.scenarios().items():
        floor = next((c for c in cases if c.case.model == FLOOR and c.values(COUNTER)), None)
        over = {t: {c.case.label: c for c in cases if c.case.transport == t and c.values(COUNTER)}
                for t in ("native", "curl")}
        for label, native in over["native"].items():
            curl = over["curl"].get(label)
            client = _difference(curl, native) if curl else None
            if client:
                found.append(Decomposition(scenario, native.case.model, label, _own(native), _own(curl),
                                           _own(floor) if floor else None,
                                           _difference(native, floor) if floor else None, client))
    return found


def representative(found: list[Decomposition]) -> list[Decomposition]:
    """Of each workload the scenario that says most: with a floor if there is one, most models, most calls."""
    scenarios: dict[str, dict[Scenario, list[Decomposition]]] = {}
    for one in found:
        scenarios.setdefault(one.scenario.workload, {}).setdefault(one.scenario, []).append(one)
    chosen = []
    for of_workload in scenarios.values():
        best = max(of_workload, key=lambda s: (bool(of_workload[s][0].floor), len(of_workload[s]), s.calls))
        chosen += of_workload[best]
    return chosen


def _own(c: CaseResult) -> Part:
    values = c.values(COUNTER)
    return Part(median(values), median_interval(values))


def _difference(one: CaseResult, other: CaseResult) -> Part | None:
    differences = [a - b for a, b in rounds_of_both(one, other, COUNTER)]
    return Part(median(differences), median_interval(differences)) if differences else None
