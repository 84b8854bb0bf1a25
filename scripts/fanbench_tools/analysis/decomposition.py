"""Of a row's CPU per call: what is the machine's, what the model's over a lean client, and what libcurl's.

    yardstick           the machine: what makes the same calls with nothing around it; of several the lowest
    native − yardstick  the model, with the lean client under it (without a yardstick: native, the machine included)
    curl − native       the client: what the same model takes more with libcurl under it

And of a model that has a plainer one, on the same loop and with the same client:

    model − plainer     the way of writing it: what a coroutine costs beside a handler

All in the rounds that both sides have, round by round.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from ..results.cases import Case, CaseResult, Results, Scenario, same_degree, yardstick_of
from .pairing import paired_rounds
from .stats import Interval, median_interval

FIGURE = "cpu_us_per_call"


@dataclass(frozen=True)
class Cost:
    """A figure with the interval around it, where there are rounds enough for one."""

    value: float
    interval: Interval | None = None


@dataclass(frozen=True)
class Decomposition:
    """One model's CPU per call in one scenario; None where a row is missing."""

    scenario: Scenario
    case: Case  # over native
    native: Cost
    curl: Cost
    machine: Case | None  # the yardstick
    yardstick: Cost | None
    over_yardstick: Cost | None  # native − yardstick
    client: Cost  # curl − native


def decompositions(results: Results) -> list[Decomposition]:
    """Of each model that was measured over both clients, in the report's order."""
    done = []
    for scenario, cases in results.scenarios().items():
        yardstick = yardstick_of(c for c in cases if c.values(FIGURE))
        over = {t: {c.case.label: c for c in cases if c.case.transport == t and c.values(FIGURE)}
                for t in ("native", "curl")}
        for label, native in over["native"].items():
            curl = over["curl"].get(label)
            client = _difference(curl, native) if curl else None
            if client:
                done.append(Decomposition(scenario, native.case, _own(native), _own(curl),
                                          yardstick.case if yardstick else None, _own(yardstick) if yardstick else None,
                                          _difference(native, yardstick) if yardstick else None, client))
    return done


@dataclass(frozen=True)
class Pair:
    """A model beside the plainer one that does the same over the same client, in one scenario."""

    case: Case
    plainer: Case
    own: Cost
    plain: Cost
    difference: Cost  # own − plain: what the way of writing it costs


def pairs(results: Results) -> list[Pair]:
    """Of each model that has a plainer one which was measured beside it, in the report's order. Both with one event
    loop: with several they do not do the same in the same places."""
    done = []
    for cases in results.scenarios().values():
        measured = {(c.case.model, c.case.transport): c for c in cases
                    if c.values(FIGURE) and c.case.workers in (None, 1)}
        for c in measured.values():
            plain = measured.get((results.catalogue.plainer_than(c.case.model), c.case.transport))
            difference = _difference(c, plain) if plain else None
            if difference:
                done.append(Pair(c.case, plain.case, _own(c), _own(plain), difference))
    return done


def representative(done: list[Decomposition]) -> list[Decomposition]:
    """Of each workload the scenario that says most: with a yardstick if there is one, most models, most calls."""
    scenarios: dict[str, dict[Scenario, list[Decomposition]]] = {}
    for one in done:
        scenarios.setdefault(one.scenario.workload, {}).setdefault(one.scenario, []).append(one)
    chosen = []
    for of_workload in scenarios.values():
        best = max(of_workload, key=lambda s: (bool(of_workload[s][0].yardstick), len(of_workload[s]), s.calls))
        chosen += of_workload[best]
    return chosen


def _own(c: CaseResult) -> Cost:
    values = c.values(FIGURE)
    return Cost(median(values), median_interval(values))


def _difference(one: CaseResult, other: CaseResult) -> Cost | None:
    """None where one had fewer calls in flight: then the difference is not the client's, or the model's, alone."""
    if not same_degree(one, other):
        return None
    differences = [a - b for a, b in paired_rounds(one, other, FIGURE)]
    return Cost(median(differences), median_interval(differences)) if differences else None
