"""Which model for what: the cheapest that is fast enough, and where that turns, each with the interval behind it.

Compared are rows of one scenario, one transport and one degree of concurrency, paired by round. A model that
makes one call after another has a degree of its own, and a yardstick is no choice: neither is named.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Iterable

from ..results.cases import CaseResult, Results, Scenario, paired_rounds
from ..results.catalogue import rank
from ..results.wording import fixed_seconds, seconds, times
from .stats import Interval, ratio_interval

WITHIN = 1.10  # a makespan up to this many times the best one is fast enough
NOT_SEPARATED = "not separated"
_NOUGHTS = r"\.0+(?= )"  # of "10.0 ms", which the suite has as 10ms
_AXES = ("calls", "cpu_per_call")


@dataclass(frozen=True)
class Choice:
    """The cheapest model among those within 10 % of the best makespan, if the rounds separate it from the others."""

    scenario: Scenario
    transport: str
    workers: int | None
    cheapest: str  # by median CPU per call, among those that are not surely too slow
    best: str  # by median makespan
    makespan: Interval | None  # the cheapest's over the best's; None where they are the same or there is no interval
    cpu: tuple[tuple[str, Interval | None], ...]  # each other's CPU over the cheapest's, the next cheapest first
    too_slow: tuple[tuple[str, Interval], ...]  # surely more than 10 % over the best
    missing: tuple[str, ...] = ()  # candidates without a number
    server_bound: tuple[str, ...] = ()  # where the server was the bottleneck, not the model

    @property
    def fast_enough(self) -> bool:
        return self.cheapest == self.best or (self.makespan is not None and self.makespan.high <= WITHIN)

    @property
    def rivals(self) -> tuple[str, ...]:
        """Those whose CPU per call is not surely above the cheapest's."""
        return tuple(model for model, ratio in self.cpu if ratio is None or ratio.low <= 1)

    @property
    def winner(self) -> str:
        """"" where the rounds don't separate one."""
        return self.cheapest if self.fast_enough and not self.rivals else ""

    @property
    def words(self) -> str:
        """The finding, without the winner's name."""
        bound = "server-bound: " + ", ".join(self.server_bound) if self.server_bound else ""
        return "; ".join(part for part in (self._verdict(), self._slow(), self._missing(), bound) if part)

    def _verdict(self) -> str:
        if not self.fast_enough:
            ratio = f": {times(self.makespan)}" if self.makespan else ""
            return (f"{NOT_SEPARATED}: least CPU with {self.cheapest}, which is not surely within 10 % of the makespan "
                    f"of {self.best}{ratio}")
        if self.rivals:
            some = ", ".join(f"{model} takes {times(ratio)} its CPU" if ratio else model
                             for model, ratio in self.cpu if model in self.rivals)
            return f"{NOT_SEPARATED}: by the medians {self.cheapest}, but {some}"
        best = "" if self.makespan is None else f", makespan {times(self.makespan)} that of {self.best}"
        if not self.cpu:
            return f"the only one within 10 % of the best makespan{best}"
        model, ratio = self.cpu[0]
        return f"the next, {model}, takes {times(ratio)} its CPU{best}"

    def _slow(self) -> str:
        return "too slow: " + ", ".join(f"{m} {times(r)}" for m, r in self.too_slow) if self.too_slow else ""

    def _missing(self) -> str:
        return "no number: " + ", ".join(self.missing) if self.missing else ""


@dataclass(frozen=True)
class Crossover:
    """From which value on a model's makespan is more than 10 % above another's."""

    scenario: Scenario  # without what varies
    transport: str
    axis: str
    behind: str
    ahead: str
    points: tuple[tuple[float, Interval | None], ...]  # the makespan of `behind` over that of `ahead`, by rising value

    @property
    def first(self) -> float | None:
        """The least value at which it is surely behind."""
        return next((x for x, ratio in self.points if _is_behind(ratio)), None)

    @property
    def last_level(self) -> float | None:
        """The greatest value below `first` at which it is surely within 10 %."""
        level = [x for x, ratio in self.points if ratio and ratio.high <= WITHIN]
        return max((x for x in level if self.first is None or x < self.first), default=None)

    @property
    def separated(self) -> bool:
        return self.first is not None or all(ratio and ratio.high <= WITHIN for _, ratio in self.points)

    @property
    def where(self) -> str:
        first, level, least = self.first, self.last_level, self.points[0][0]
        if first is not None:
            if level is not None:
                between = f"between {self._value(level)} and {self._value(first)}"
                return f"{between}: {self._at(level)}, {self._at(first)}{self._not_later(first)}"
            how = "already at the least that was run" if first == least else "at the latest"
            return f"at {self._value(first)}, {how}: {times(self._ratio(first))}{self._not_later(first)}"
        if self.separated:
            return f"not up to {self._value(self.points[-1][0])}: {times(self.points[-1][1])}"
        unsure = [x for x, ratio in self.points if ratio and ratio.high > WITHIN]
        known = f"; within 10 % at {self._value(level)}" if level is not None else ""
        return f"{NOT_SEPARATED}: {self._at(unsure[-1]) if unsure else 'no interval'}{known}"

    def _not_later(self, first: float) -> str:
        later = [self._at(x) for x, ratio in self.points if x > first and ratio and ratio.high <= WITHIN]
        return f"; but {', '.join(later)}" if later else ""

    def _ratio(self, x: float) -> Interval | None:
        return dict(self.points)[x]

    def _at(self, x: float) -> str:
        return f"{times(self._ratio(x))} at {self._value(x)}"

    def _value(self, x: float) -> str:
        if self.axis == "calls":
            return f"{x:,.0f} call{'' if x == 1 else 's'}"
        return f"{re.sub(_NOUGHTS, '', seconds(x))} of work each"


def choices(results: Results) -> list[Choice]:
    """One for each scenario, transport and degree that two models or more were measured at."""
    groups: dict[tuple, list[CaseResult]] = defaultdict(list)
    candidates = _candidates(results)
    for c in results.cases:
        if c.case.model in candidates:
            groups[c.case.scenario, c.case.transport, c.case.workers].append(c)
    chosen = [_choose(*key, cases) for key, cases in groups.items()]
    return [choice for choice in chosen if choice]


def _candidates(results: Results) -> set[str]:
    """The models that can be ranked: no yardstick, and none that never had two calls in flight where others had."""
    most: dict[str, float] = {}
    for c in results.cases:
        if not c.case.is_yardstick:
            most[c.case.model] = max(most.get(c.case.model, 0.0), c.median("in_flight_peak") or 0.0)
    some_concurrent = any(peak > 1 for peak in most.values())
    return {model for model, peak in most.items() if peak != 1 or not some_concurrent}


def _choose(scenario: Scenario, transport: str, workers: int | None, cases: list[CaseResult]) -> Choice | None:
    rows = [c for c in cases if c.median("makespan_s") and c.median("cpu_us_per_call")]
    if len(rows) < 2:
        return None
    best = min(rows, key=lambda c: c.median("makespan_s"))
    makespans = {c.case.model: ratio(c, best, "makespan_s") for c in rows if c is not best}
    slow = {model: r for model, r in makespans.items() if r and r.low > WITHIN}
    enough = sorted((c for c in rows if c.case.model not in slow), key=lambda c: c.median("cpu_us_per_call"))
    cheapest = enough[0]
    return Choice(scenario, transport, workers, cheapest.case.model, best.case.model,
                  makespans.get(cheapest.case.model),
                  tuple((c.case.model, ratio(c, cheapest, "cpu_us_per_call")) for c in enough[1:]),
                  tuple(slow.items()), tuple(c.case.model for c in cases if c.status in ("error", "limit")),
                  tuple(c.case.model for c in rows if c.share_of_rounds("server_bound") > 0.5))


def representative(choices: Iterable[Choice]) -> dict[Scenario, list[Choice]]:
    """Of each kind of scenario the one that says most: most models over all clients, then most calls; and the one with
    most calls where that is another."""
    kinds: dict[tuple, dict[Scenario, list[Choice]]] = defaultdict(lambda: defaultdict(list))
    for choice in choices:
        kinds[choice.scenario.without("calls", "seed"), choice.workers][choice.scenario].append(choice)
    chosen: dict[Scenario, list[Choice]] = defaultdict(list)
    for (_, workers), scenarios in kinds.items():
        most = max(scenarios, key=lambda s: (max(_models(c) for c in scenarios[s]), s.calls))
        largest = max(scenarios, key=lambda s: (s.calls, s == most))
        for scenario in dict.fromkeys((most, largest)):
            chosen[scenario] += scenarios[scenario]
    return dict(sorted(chosen.items(), key=lambda item: item[0].order))


def crossovers(results: Results) -> list[Crossover]:
    """Over the number of calls each model against the leading one; over the work per call the leading one against the
    others."""
    return [c for axis in _AXES for c in _crossovers(results, axis)]


def _crossovers(results: Results, axis: str) -> list[Crossover]:
    lines: dict[tuple, dict[float, CaseResult]] = defaultdict(dict)
    for c in results.cases:
        value = _value_of(c, axis)
        if value is not None and c.median("makespan_s") and c.case.workers is None:
            lines[c.case.scenario.without(axis), c.case.transport, c.case.model][value] = c
    turns, known, leading = [], results.catalogue, results.catalogue.leading
    others = _candidates(results) - {leading}
    for (scenario, transport, model), line in lines.items():
        leaders = lines.get((scenario, transport, leading), {})
        shared = sorted(set(line) & set(leaders))
        if model not in others or len(shared) < (2 if axis == "calls" else 1):
            continue
        pairs = [(line[x], leaders[x]) if axis == "calls" else (leaders[x], line[x]) for x in shared]
        ratios = tuple((x, ratio(one, other, "makespan_s")) for x, (one, other) in zip(shared, pairs))
        behind, ahead = (model, leading) if axis == "calls" else (leading, model)
        turns.append(Crossover(scenario, transport, axis, behind, ahead, ratios))
    return sorted(turns, key=lambda x: (x.scenario.order, rank(x.transport, known.transports),
                                        rank(x.behind, known.models), rank(x.ahead, known.models)))


def ratio(one: CaseResult, other: CaseResult, figure: str) -> Interval | None:
    """One row's figure over another's, paired by round. None with fewer than three rounds, or a value of 0 or less."""
    pairs = paired_rounds(one, other, figure)
    return ratio_interval([a for a, _ in pairs], [b for _, b in pairs])


def _is_behind(interval: Interval | None) -> bool:
    return interval is not None and interval.low > WITHIN


def _models(choice: Choice) -> int:
    return 1 + len(choice.cpu) + len(choice.too_slow)


def _value_of(c: CaseResult, axis: str) -> float | None:
    return c.case.calls if axis == "calls" else fixed_seconds(c.case.get(axis) or "-")
