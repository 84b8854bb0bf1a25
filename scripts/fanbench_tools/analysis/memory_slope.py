"""What memory one call more takes: the slope of memory over the number of calls."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ..results.cases import CaseResult, Results, Scenario
from ..results.catalogue import MEMORY
from .stats import Interval, median_interval


@dataclass(frozen=True)
class Slope:
    """What memory one more call takes: the least squares line of memory over the number of calls."""

    scenario: Scenario  # without calls
    transport: str
    label: str
    bytes_per_call: float
    interval: Interval | None  # over the rounds, each of which has a line of its own
    calls: tuple[int, ...]


def memory_slopes(results: Results) -> list[Slope]:
    """Of each model and client whose memory is known at three numbers of calls or more."""
    lines: dict[tuple, list[CaseResult]] = defaultdict(list)
    for c in results.cases:
        if c.case.calls and c.values(MEMORY.name):
            lines[c.case.scenario.without("calls"), c.case.transport, c.case.label].append(c)
    slopes = []
    for (scenario, transport, label), cases in lines.items():
        calls = sorted(c.case.calls for c in cases)
        if len(calls) < 3:
            continue
        per_round = [slope([(c.case.calls, value) for c, value in zip(cases, values)])
                     for values in zip(*(c.values(MEMORY.name) for c in cases))]
        overall = slope([(c.case.calls, c.median(MEMORY.name)) for c in cases])
        slopes.append(Slope(scenario, transport, label, overall, median_interval(per_round), tuple(calls)))
    return slopes


def slope(points: list[tuple[float, float]]) -> float:
    """Of the least squares line through the points: cov(x, y) / var(x)."""
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    return (sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points))
