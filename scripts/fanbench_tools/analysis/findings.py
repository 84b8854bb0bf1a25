"""Which model for what: the cheapest that is fast enough, and where that turns, each with what the rounds say of it.

Fast is who would be with a server that takes what was planned: a makespan is less the server's part of the overhead,
unless that is most of it (`makespan_figure`).

Compared are rows of one scenario, one transport and one degree of concurrency, paired by round. A model that
makes one call after another has a degree of its own, and a yardstick is no choice: neither is named. Shown is where a
ratio's rounds lie; named is what Student's t of their logarithms separates, corrected for the number of lines.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Iterable

from ..results.cases import CaseResult, Results, Scenario, in_flight, in_flight_words, same_degree
from ..results.catalogue import IDEAL_SERVER_MAKESPAN, rank
from ..results.wording import fixed_seconds, seconds, times
from .pairing import paired_rounds
from .stats import Interval, holm_critical, median_interval, student_p

WITHIN = 1.10  # a makespan up to this many times the best one is fast enough
WHOLE_MAKESPAN = "makespan_s"
DOUBT = 0.05  # how often at most a table like this one names a model wrongly, however often the run looked at it
LEAST_ROUNDS = 3  # of a ratio, for its scatter
NOT_SEPARATED, NOT_COMPARABLE = "not separated", "not comparable"
_NOUGHTS = r"\.0+(?= )"  # of "10.0 ms", which the suite has as 10ms
_AXES = ("calls", "cpu_per_call")


@dataclass(frozen=True)
class Ratio:
    """One row's figure over another's, round by round: three rounds at least."""

    values: tuple[float, ...]
    as_if: int | None = None  # judged as though so many rounds had the same mean and scatter; None: as these

    @cached_property
    def interval(self) -> Interval:
        return median_interval(self.values)

    def p_above(self, bound: float) -> float:
        """That it is not above the bound, two-sided: whichever way it had come out would have been told."""
        return self._p(math.log(bound), 1)

    def p_below(self, bound: float) -> float:
        return self._p(math.log(bound), -1)

    def _p(self, bound: float, sign: int) -> float:
        mean, deviation = self._of_logarithms
        return min(1.0, 2 * student_p(sign * mean, deviation, self.as_if or len(self.values), sign * bound))

    @cached_property
    def _of_logarithms(self) -> tuple[float, float]:
        logarithms = [math.log(v) for v in self.values]
        return statistics.fmean(logarithms), statistics.stdev(logarithms)

    def __str__(self) -> str:
        return times(self.interval)


@dataclass(frozen=True)
class Choice:
    """The cheapest model among those within 10 % of the best makespan, if the rounds separate it from the others."""

    scenario: Scenario
    transport: str
    workers: int | None
    cheapest: str  # by median CPU per call, among those that are not surely too slow
    best: str  # by median makespan
    makespan: Ratio | None  # the cheapest's over the best's; None where they are the same or have too few rounds
    cpu: tuple[tuple[str, Ratio | None], ...]  # each other's CPU over the cheapest's, the next cheapest first
    too_slow: tuple[tuple[str, Ratio], ...]  # surely more than 10 % over the best
    doubt_of_slow: float = 0.0  # the p-value that one of these is neither too slow nor dearer
    apart: tuple[tuple[str, str], ...] = ()  # not ranked, as they had fewer calls in flight: "602 of 1,000 in flight"
    missing: tuple[str, ...] = ()  # candidates without a number
    server_bound: tuple[str, ...] = ()  # where the server was the bottleneck, not the model
    critical: float = DOUBT  # the p-value that each comparison may have, for the number of lines

    @property
    def comparable(self) -> bool:
        return bool(self.cpu or self.too_slow)

    @property
    def p(self) -> float:
        """That the cheapest is named wrongly, were this the only line: all comparisons must hold at once, so it is the
        greatest of theirs (Berger 1982)."""
        doubts = [ratio.p_above(1.0) if ratio else 1.0 for _, ratio in self.cpu]
        if self.cheapest != self.best:
            doubts.append(self.makespan.p_below(WITHIN) if self.makespan else 1.0)
        return max([*doubts, self.doubt_of_slow])

    @property
    def fast_enough(self) -> bool:
        return self.cheapest == self.best or (self.makespan is not None
                                              and self.makespan.p_below(WITHIN) <= self.critical)

    @property
    def rivals(self) -> tuple[str, ...]:
        """Those whose CPU per call is not surely above the cheapest's."""
        return tuple(model for model, ratio in self.cpu if ratio is None or ratio.p_above(1.0) > self.critical)

    @property
    def winner(self) -> str:
        """"" where the rounds don't separate one."""
        return self.cheapest if self.comparable and self.p <= self.critical else ""

    @property
    def verdict(self) -> str:
        return self.winner or (NOT_SEPARATED if self.comparable else NOT_COMPARABLE)

    @property
    def words(self) -> str:
        """The finding, without the verdict."""
        bound = "server-bound: " + ", ".join(self.server_bound) if self.server_bound else ""
        parts = (self._why(), self._slow(), self._apart(), self._missing(), bound)
        return "; ".join(part for part in parts if part)

    def _why(self) -> str:
        if not self.comparable:
            return f"only {self.cheapest} had all its calls in flight"
        if not self.fast_enough:
            ratio = f": {self.makespan}" if self.makespan else ""
            return (f"least CPU with {self.cheapest}, which is not surely within 10 % of the makespan of "
                    f"{self.best}{ratio}")
        if self.rivals:
            some = ", ".join(f"{model} takes {ratio} its CPU" if ratio else model
                             for model, ratio in self.cpu if model in self.rivals)
            return f"by the medians {self.cheapest}, but {some}"
        if not self.winner:
            return f"by the medians {self.cheapest}, but what was too slow is not surely so"
        best = "" if self.makespan is None else f", makespan {self.makespan} that of {self.best}"
        if not self.cpu:
            return f"the only one within 10 % of the best makespan{best}"
        model, ratio = self.cpu[0]
        return f"the next, {model}, takes {ratio} its CPU{best}"

    def _slow(self) -> str:
        return "too slow: " + ", ".join(f"{m} {r}" for m, r in self.too_slow) if self.too_slow else ""

    def _apart(self) -> str:
        return "not ranked: " + ", ".join(f"{m}, {words}" for m, words in self.apart) if self.apart else ""

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
    points: tuple[tuple[float, Ratio | None], ...]  # the makespan of `behind` over that of `ahead`, by rising value
    apart: tuple[tuple[float, str], ...] = ()  # not compared: "602 of 1,000 in flight"
    critical: float = DOUBT  # the p-value that each point may have, for the number of points in all lines

    @property
    def first(self) -> float | None:
        """The least value at which it is surely behind."""
        return next((x for x, ratio in self.points if self._behind(ratio)), None)

    @property
    def last_level(self) -> float | None:
        """The greatest value below `first` at which it is surely within 10 %."""
        level = [x for x, ratio in self.points if self._level(ratio)]
        return max((x for x in level if self.first is None or x < self.first), default=None)

    @property
    def separated(self) -> bool:
        return self.first is not None or all(self._level(ratio) for _, ratio in self.points)

    @property
    def where(self) -> str:
        apart = [f"{self._value(x)} ({words})" for x, words in self.apart]
        return "; ".join([self._where(), *([f"not compared at {', '.join(apart)}"] if apart else [])])

    def _where(self) -> str:
        first, level, least = self.first, self.last_level, self.points[0][0]
        if first is not None:
            if level is not None:
                between = f"between {self._value(level)} and {self._value(first)}"
                return f"{between}: {self._at(level)}, {self._at(first)}{self._not_later(first)}"
            how = "already at the least that was run" if first == least else "at the latest"
            return f"at {self._value(first)}, {how}: {self._ratio(first)}{self._not_later(first)}"
        if self.separated:
            return f"not up to {self._value(self.points[-1][0])}: {self.points[-1][1]}"
        unsure = [x for x, ratio in self.points if ratio and not self._level(ratio)]
        known = f"; within 10 % at {self._value(level)}" if level is not None else ""
        return f"{NOT_SEPARATED}: {self._at(unsure[-1]) if unsure else 'too few rounds'}{known}"

    def _behind(self, ratio: Ratio | None) -> bool:
        return ratio is not None and ratio.p_above(WITHIN) <= self.critical

    def _level(self, ratio: Ratio | None) -> bool:
        return ratio is not None and ratio.p_below(WITHIN) <= self.critical

    def _not_later(self, first: float) -> str:
        later = [self._at(x) for x, ratio in self.points if x > first and self._level(ratio)]
        return f"; but {', '.join(later)}" if later else ""

    def _ratio(self, x: float) -> Ratio | None:
        return dict(self.points)[x]

    def _at(self, x: float) -> str:
        return f"{self._ratio(x)} at {self._value(x)}"

    def _value(self, x: float) -> str:
        if self.axis == "calls":
            return f"{x:,.0f} call{'' if x == 1 else 's'}"
        return f"{re.sub(_NOUGHTS, '', seconds(x))} of work each"


def choices(results: Results) -> list[Choice]:
    """One for each scenario, transport and degree that two models or more were measured at."""
    chosen = [choice for key, cases in lines(results).items() if (choice := _choose(*key, cases))]
    critical = holm_critical([choice.p for choice in chosen if choice.comparable], doubt_of_a_look(results))
    return [replace(choice, critical=critical) for choice in chosen]


def doubt_of_a_look(results: Results) -> float:
    """A run that looked at its rounds before it made more could name a model wrongly each time: the doubt is shared by
    its looks (union bound), whatever it made of the first."""
    return DOUBT / results.looks


def rounds_needed(results: Results, line: Choice, most: int) -> int | None:
    """The number of rounds from which on the line would have a name, were its ratios' means and scatter in these rounds
    the true ones; three at least, as scatter takes. None where `most` are not enough."""
    cases = lines(results)[line.scenario, line.transport, line.workers]
    had = max(len(c.rounds) for c in cases)
    if had < LEAST_ROUNDS:
        return LEAST_ROUNDS if LEAST_ROUNDS <= most else None

    def named(rounds: int) -> bool:
        return _choose(line.scenario, line.transport, line.workers, cases, rounds).p <= line.critical

    if had > most or not named(most):  # the common case, and doubts shrink with rounds or never
        return None
    return next(rounds for rounds in range(had, most + 1) if named(rounds))


def lines(results: Results) -> dict[tuple, list[CaseResult]]:
    """The cases that can be ranked, by scenario, transport and degree."""
    groups: dict[tuple, list[CaseResult]] = defaultdict(list)
    candidates = _candidates(results)
    for c in results.cases:
        if c.case.model in candidates:
            groups[c.case.scenario, c.case.transport, c.case.workers].append(c)
    return groups


def _candidates(results: Results) -> set[str]:
    """The models that can be ranked: no yardstick, and none that never had two calls in flight where others had."""
    most: dict[str, float] = {}
    for c in results.cases:
        if not c.case.is_yardstick:
            most[c.case.model] = max(most.get(c.case.model, 0.0), c.median("in_flight_peak") or 0.0)
    some_concurrent = any(peak > 1 for peak in most.values())
    return {model for model, peak in most.items() if peak != 1 or not some_concurrent}


def _choose(scenario: Scenario, transport: str, workers: int | None, cases: list[CaseResult],
            as_if: int | None = None) -> Choice | None:
    """`as_if`: judged as though there were so many rounds like these."""
    rows = [c for c in cases if has_makespan(c) and c.median("cpu_us_per_call")]
    if len(rows) < 2:
        return None
    fullest = max(rows, key=in_flight)
    alike = [c for c in rows if same_degree(c, fullest)]
    figure = makespan_figure(alike)
    best = min(alike, key=lambda c: c.median(figure))
    makespans = {c.case.model: ratio(c, best, figure, as_if) for c in alike if c is not best}
    slow = {model: r for model, r in makespans.items() if r and r.p_above(WITHIN) <= DOUBT}
    enough = sorted((c for c in alike if c.case.model not in slow), key=lambda c: c.median("cpu_us_per_call"))
    cheapest = enough[0]
    cpu = {c.case.model: ratio(c, cheapest, "cpu_us_per_call", as_if) for c in alike if c is not cheapest}
    return Choice(
        scenario, transport, workers, cheapest.case.model, best.case.model, makespans.get(cheapest.case.model),
        tuple((c.case.model, cpu[c.case.model]) for c in enough[1:]), tuple(slow.items()),
        doubt_of_slow=max((_doubt(r, cpu[model]) for model, r in slow.items()), default=0.0),
        apart=tuple((c.case.model, in_flight_words(in_flight(c), in_flight(fullest))) for c in rows if c not in alike),
        missing=tuple(c.case.model for c in cases if c.status in ("error", "limit") or c.ok and not has_makespan(c)),
        server_bound=tuple(c.case.model for c in rows if c.share_of_rounds("server_bound") > 0.5))


def _doubt(makespan: Ratio, cpu: Ratio | None) -> float:
    """That a model which was taken for too slow is neither that nor dearer: either would do, so both are paid for."""
    return min(1.0, 2 * min(makespan.p_above(WITHIN), cpu.p_above(1.0) if cpu else 1.0))


def makespan_figure(rows: Iterable[CaseResult]) -> str:
    """What these rows' times are compared by: the makespan less the server's part, or all of it where that part is most
    of a row's: of what little is left the ratios would be those of the parts' errors, and of what a client hides behind
    the server. Of crawl's pages in a given time there is but the one figure.
    """
    measured = list(rows)
    of_server = any(c.median(IDEAL_SERVER_MAKESPAN) < c.median(WHOLE_MAKESPAN) / 2 for c in measured)
    return WHOLE_MAKESPAN if of_server and not any(_counts_pages(c) for c in measured) else IDEAL_SERVER_MAKESPAN


def has_makespan(c: CaseResult) -> bool:
    """Whether its time can be compared."""
    of_model = c.median(IDEAL_SERVER_MAKESPAN)
    return of_model is not None and (of_model > 0 or not _counts_pages(c))


def _counts_pages(c: CaseResult) -> bool:
    return c.median("crawled") is not None


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
    turns = [c for axis in _AXES for c in _crossovers(results, axis)]
    ratios = [ratio for turn in turns for _, ratio in turn.points if ratio]
    critical = holm_critical([min(r.p_above(WITHIN), r.p_below(WITHIN)) for r in ratios],
                             doubt_of_a_look(results))
    return [replace(turn, critical=critical) for turn in turns]


def _crossovers(results: Results, axis: str) -> list[Crossover]:
    lines: dict[tuple, dict[float, CaseResult]] = defaultdict(dict)
    for c in results.cases:
        value = _value_of(c, axis)
        if value is not None and has_makespan(c) and c.case.workers is None:
            lines[c.case.scenario.without(axis), c.case.transport, c.case.model][value] = c
    turns, known, leading = [], results.catalogue, results.catalogue.leading
    others = _candidates(results) - {leading}
    for (scenario, transport, model), line in lines.items():
        leaders = lines.get((scenario, transport, leading), {})
        shared = sorted(set(line) & set(leaders))
        if model not in others or len(shared) < (2 if axis == "calls" else 1):
            continue
        pairs = {x: (line[x], leaders[x]) if axis == "calls" else (leaders[x], line[x]) for x in shared}
        apart = {x: words for x, pair in pairs.items() if (words := _apart(*pair))}
        ratios = tuple((x, ratio(*pair, makespan_figure(pair))) for x, pair in pairs.items() if x not in apart)
        behind, ahead = (model, leading) if axis == "calls" else (leading, model)
        if ratios:
            turns.append(Crossover(scenario, transport, axis, behind, ahead, ratios, tuple(apart.items())))
    return sorted(turns, key=lambda x: (x.scenario.order, rank(x.transport, known.transports),
                                        rank(x.behind, known.models), rank(x.ahead, known.models)))


def ratio(one: CaseResult, other: CaseResult, figure: str, as_if: int | None = None) -> Ratio | None:
    """One row's figure over another's, paired by round. None with fewer than three rounds, or a value of 0 or less."""
    pairs = paired_rounds(one, other, figure)
    if len(pairs) < LEAST_ROUNDS or min(value for pair in pairs for value in pair) <= 0:
        return None
    return Ratio(tuple(a / b for a, b in pairs), as_if)


def _apart(one: CaseResult, other: CaseResult) -> str:
    """"" where both had as many calls in flight."""
    return "" if same_degree(one, other) else in_flight_words(*sorted((in_flight(one), in_flight(other))))


def _models(choice: Choice) -> int:
    return 1 + len(choice.cpu) + len(choice.too_slow) + len(choice.apart)


def _value_of(c: CaseResult, axis: str) -> float | None:
    return c.case.calls if axis == "calls" else fixed_seconds(c.case.get(axis) or "-")
