"""Decides from the rounds of base, base again and head what has changed. Pure functions: data in, verdict out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist
from typing import Iterable, Mapping, NamedTuple, Sequence

import numpy as np

from ..analysis import stats
from ..analysis.stats import Interval
from ..results.catalogue import Figure

PASS, REGRESSION, UNPROVEN = 0, 1, 2  # exit codes


@dataclass(frozen=True)
class Rules:
    """What it takes to call a change one."""

    figures: Mapping[str, Figure]  # the costs that are judged: less is better
    least_change: float | None = None  # smaller ones are not spoken of; None: each figure's own
    times_least_change: float = 1.0
    search_level: float = 0.8  # of all of the search's intervals together: it only finds suspects
    confirm_level: float = 0.99  # of all of the confirmation's together: this one bounds false alarms
    least_rounds: int = 8  # for all cases
    most_rounds: int = 60
    confirm_rounds: tuple[int, int] = (16, 45)
    blind: float = 1.0  # a comparison that could not have seen a rise of so much has seen nothing
    surely: float = 0.95  # of gates: a move that so many find is not missed
    steady: float = 0.2  # of the least change: what scatters less has no scatter

    def least_change_of(self, figure: Figure) -> float:
        return self.times_least_change * (self.least_change or figure.least_change)


class Key(NamedTuple):
    case: str
    figure: str


@dataclass(frozen=True)
class Blocks:
    """A figure of a case, a value for each round and side. `again` is empty where base was measured once only."""

    base: tuple[float, ...] = ()
    again: tuple[float, ...] = ()
    head: tuple[float, ...] = ()

    def plus(self, base: float, again: float | None, head: float) -> Blocks:
        return Blocks((*self.base, base), (*self.again, *([] if again is None else [again])), (*self.head, head))


Samples = dict[Key, Blocks]


@dataclass(frozen=True)
class Comparison:
    """Head against base in one figure of one case. Moves are relative: 0.1 is 10 % more."""

    key: Key
    blocks: Blocks
    rules: Rules

    @property
    def about(self) -> Figure:
        return self.rules.figures[self.key.figure]

    @property
    def rounds(self) -> int:
        return len(self.blocks.head)

    @cached_property
    def base(self) -> float:
        return float(np.median(self.blocks.base + self.blocks.again))

    @cached_property
    def head(self) -> float:
        return float(np.median(self.blocks.head))

    @cached_property
    def _scale(self) -> float:
        return max(self.base, self.about.least)

    @cached_property
    def _logs(self) -> bool:
        """Noise that multiplies is compared by logarithms; values at or near 0 have none, and are compared by
        difference. All sides decide it alike: else the choice would favour one."""
        values = self.blocks.base + self.blocks.again + self.blocks.head
        return min(values) > 0.1 * float(np.median(values)) > 0.1 * self.about.least

    def _on_scale(self, values: Sequence[float]) -> np.ndarray:
        return np.log(values) if self._logs else np.asarray(values) / self._scale

    def _relative(self, move: float) -> float:
        return math.expm1(move) if self._logs and math.isfinite(move) else move

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Head, and beside it base and base again, on the scale where they are compared."""
        controls = [self._on_scale(side) for side in (self.blocks.base, self.blocks.again) if side]
        return self._on_scale(self.blocks.head), np.column_stack(controls)

    @cached_property
    def _moves(self) -> np.ndarray:
        head, controls = self._columns
        return head - controls.mean(axis=1)

    @cached_property
    def move(self) -> float:
        return self._relative(stats.signed_rank_interval(self._moves).estimate)

    @cached_property
    def control(self) -> float | None:
        """The move of base again against base, which are the same program."""
        if not self.blocks.again:
            return None
        controls = self._columns[1]
        return self._relative(stats.signed_rank_interval(controls[:, 1] - controls[:, 0]).estimate)

    @cached_property
    def least_change(self) -> float:
        return self.rules.least_change_of(self.about)

    @cached_property
    def steady(self) -> bool:
        """Both sides scatter so little that a move as large as the least change is many times their range."""
        ranges = (np.ptp(self.blocks.base + self.blocks.again), np.ptp(self.blocks.head))
        return max(ranges) <= self.rules.steady * self.least_change * self._scale

    def least_rounds(self, tail: float) -> int:
        """The fewest with which a p-value can be as low as `tail`: with less, nothing is decided."""
        controls = 2 if self.blocks.again else 1
        return stats.least_rounds_of_unlike(tail, controls) if self.steady else stats.least_blocks(tail, controls)

    def told(self, tail: float) -> bool:
        return self.rounds >= self.least_rounds(tail)

    @cached_property
    def p(self) -> tuple[float, float]:
        """Exact one-sided p-values of a rise and of a fall.

        Without scatter there is no drift either, so any of all values might have been head's, were there no effect:
        that all of head's are beyond all of base's has a probability of 1 in (all over head's).
        """
        if not self.steady:
            return stats.aligned_rank_p(*self._columns)
        controls = self.blocks.base + self.blocks.again
        rare = 1 / math.comb(len(controls) + self.rounds, self.rounds)
        return (rare if min(self.blocks.head) > max(controls) else 1.0,
                rare if max(self.blocks.head) < min(controls) else 1.0)

    def interval(self, tail: float) -> Interval:
        """The move's exact interval, beyond each of whose ends lies `tail`."""
        level = 1 - 2 * tail
        if self.steady:
            low, high = min(self.blocks.head) / self._scale, max(self.blocks.head) / self._scale
            at = self.base / self._scale
            return Interval(self.move, low - at, high - at, level, self.rounds)
        ranks = stats.aligned_rank_interval(*self._columns, level)
        return Interval(self.move, self._relative(ranks.low), self._relative(ranks.high), level, self.rounds)

    def beyond(self) -> bool:
        """Beyond the least change, and beyond what base against itself showed."""
        return abs(self.move) >= self.least_change and abs(self.move) > abs(self.control or 0.0)

    def suspect(self, tail: float) -> bool:
        return min(self.p) <= tail and self.beyond()

    def open(self, tail: float) -> bool:
        """Neither a suspect nor surely within the least change: more rounds may tell."""
        if self.suspect(tail):
            return False
        if self.steady:
            return min(self.p) < 1 and self.beyond()
        low, high = self.rough
        return high >= self.least_change or low <= -self.least_change

    @cached_property
    def _rough(self) -> tuple[float, float]:
        """The middle and half of about 95 % of where the move is, on the scale where sides are compared."""
        ranks = stats.signed_rank_interval(self._moves, 0.95)
        if math.isfinite(ranks.low):
            return (ranks.low + ranks.high) / 2, (ranks.high - ranks.low) / 2
        return 0.0, 2 * float(np.abs(self._moves).max())

    @cached_property
    def rough(self) -> tuple[float, float]:
        """About where the move is: for spending time, not for a verdict."""
        middle, half = self._rough
        return self._relative(middle - half), self._relative(middle + half)

    def missed(self, tail: float, fresh_rounds: int | None) -> float:
        """The smallest rise that would surely have been found, in a search of these rounds and a confirmation of
        `fresh_rounds` (None: there is none): what is smaller could be missed. Infinite where the rounds can't decide.

        A rise is found where its estimate is beyond the least change and beyond what the level asks of it, and the
        estimate falls short of the truth by some standard errors at most (Cohen 1988 on the power of a test; by
        simulation for these tests and rules: scripts/GATE.md)."""
        if not self.told(tail):
            return math.inf
        if self.steady:
            return self.least_change + float(np.ptp(self.blocks.base + self.blocks.again + self.blocks.head)
                                             - abs(self.head - self.base)) / self._scale
        least = math.log1p(self.least_change) if self._logs else self.least_change
        error = self._rough[1] / NormalDist().inv_cdf(0.975)
        stages = [(tail, error)]
        if fresh_rounds:
            stages.append((1 - self.rules.confirm_level, error * math.sqrt(self.rounds / fresh_rounds)))
        short = NormalDist().inv_cdf(self.rules.surely)
        return self._relative(max(max(NormalDist().inv_cdf(1 - level) * of, least) + short * of
                                  for level, of in stages))

    def control_moved(self, tail: float) -> bool:
        """Base again differs from base for certain: then the runs were not alike, whatever head did."""
        if self.control is None or self.steady or abs(self.control) < self.least_change:
            return False
        controls = self._columns[1]
        return stats.signed_rank_p(controls[:, 1] - controls[:, 0]) <= 2 * tail

    @property
    def rises(self) -> bool:
        return self.move > 0


@dataclass(frozen=True)
class Judged:
    """A comparison with what became of it."""

    search: Comparison
    tail: float  # beyond each end of the search's interval: corrected for the number of comparisons
    verdict: str  # regression, improvement, unconfirmed (a fresh run did not agree), untested (no time for one),
    #               control moved; where nothing was found: unchanged (surely within the least change), open (more
    #               than that could be missed), blind (too noisy to see anything), undecided (too few rounds to)
    confirmation: Comparison | None = None
    fresh_tail: float = 0.0
    missed: float = math.inf  # the smallest rise that would surely have been found

    @property
    def key(self) -> Key:
        return self.search.key

    @property
    def best(self) -> Comparison:
        """The fresh run where there is one: the search picks what is large by chance too, and so sees it too large."""
        return self.confirmation or self.search

    @cached_property
    def interval(self) -> Interval:
        """What is shown: it takes longer to find than the verdict, which needs a p-value only."""
        return self.best.interval(self.fresh_tail if self.confirmation else self.tail)


@dataclass(frozen=True)
class Decision:
    judged: tuple[Judged, ...]
    code: int
    rules: Rules
    reasons: tuple[str, ...] = ()  # why it is unproven
    tail: float = 0.0  # beyond each end of the search's intervals

    def of(self, verdict: str) -> list[Judged]:
        """Largest first."""
        return sorted((j for j in self.judged if j.verdict == verdict), key=lambda j: -abs(j.best.move))


def comparisons(samples: Mapping[Key, Blocks], rules: Rules) -> list[Comparison]:
    return [Comparison(key, blocks, rules) for key, blocks in samples.items() if blocks.head]


def tail_of(level: float, number: int) -> float:
    """What may lie beyond each end of one of `number` intervals so that all together have the level (Bonferroni)."""
    return (1 - level) / 2 / max(1, number)


def search_tail(number: int, rules: Rules) -> float:
    return tail_of(rules.search_level, number)


def confirmed(fresh: Iterable[Comparison], suspects: Mapping[Key, bool], rules: Rules) -> set[Key]:
    """The suspects with which a fresh run agrees: the same direction, beyond least change and control, and a p-value
    that holds for all suspects together (Holm). `suspects` says of each whether it rises.

    However the suspects were found, by how many looks and after how many rounds: where nothing has changed, this is
    wrong about any of them with a probability of 1 - confirm_level at most, for its rounds are new and their number
    was set before.
    """
    compared = list(fresh)
    sided = [c.p[0] if suspects[c.key] else c.p[1] for c in compared]
    return {c.key for c, p in zip(compared, stats.holm(sided))
            if p <= 1 - rules.confirm_level and c.beyond()}


def judge(search: Samples, confirmation: Samples, tested: set[Key], rules: Rules) -> Decision:
    """The verdict on every comparison and on all of them. `tested` are the suspects that the confirmation was about."""
    compared = comparisons(search, rules)
    tail = search_tail(len(compared), rules)
    suspects = {c.key: c.rises for c in compared if c.suspect(tail)}
    fresh = {c.key: c for c in comparisons({k: b for k, b in confirmation.items() if k in tested}, rules)}
    agreed = confirmed(fresh.values(), suspects, rules)
    fresh_tail = (1 - rules.confirm_level) / max(1, len(fresh))
    judged = []
    for c in compared:
        again = fresh.get(c.key)
        if c.key in agreed:
            verdict = "regression" if c.rises else "improvement"
        elif c.key in suspects:
            verdict = "unconfirmed" if again else "untested"
        elif c.control_moved(tail_of(rules.confirm_level, len(compared))):
            verdict = "control moved"
        else:
            verdict = _nothing_found(c, tail, rules, rules.confirm_rounds[0])
        judged.append(Judged(c, tail, verdict, again, fresh_tail, c.missed(tail, rules.confirm_rounds[0])))
    return _decide(judged, tail, rules)


def _nothing_found(c: Comparison, tail: float, rules: Rules, fresh_rounds: int | None) -> str:
    if not c.told(tail):
        return "undecided"
    return "blind" if c.missed(tail, fresh_rounds) > rules.blind else "open" if c.open(tail) else "unchanged"


def judge_stored(search: Samples, rules: Rules) -> Decision:
    """The verdict on two runs of the past: the same statistics, without what they can't have. Nothing shows how far two
    runs of the same program lie apart, and no fresh run can agree: so the least change is doubled, and the level that
    of the confirmation."""
    strict = stored_rules(rules)
    compared = comparisons(search, strict)
    tail = search_tail(len(compared), strict)
    judged = []
    for c in compared:
        verdict = ("regression" if c.rises else "improvement") if c.suspect(tail) \
            else _nothing_found(c, tail, strict, None)
        judged.append(Judged(c, tail, verdict, missed=c.missed(tail, None)))
    return _decide(judged, tail, strict)


def stored_rules(rules: Rules) -> Rules:
    return replace(rules, times_least_change=2 * rules.times_least_change, search_level=rules.confirm_level)


def _decide(judged: list[Judged], tail: float, rules: Rules) -> Decision:
    reasons = _unproven(judged, rules)
    regressed = any(j.verdict == "regression" and j.best.rises for j in judged)
    code = REGRESSION if regressed else UNPROVEN if reasons else PASS
    return Decision(tuple(judged), code, rules, tuple(reasons), tail)


def _unproven(judged: Sequence[Judged], rules: Rules) -> list[str]:
    """Why nothing can be said, a line each."""
    if not judged:
        return ["nothing could be compared"]
    few: dict[tuple[int, int, int, int], list[str]] = {}
    noisy: dict[tuple[int, int], list[str]] = {}
    for figure, about in rules.figures.items():
        these = [j for j in judged if j.key.figure == figure]
        if undecided := [j for j in these if j.verdict == "undecided"]:
            rounds = min((j.search.rounds, j.search.least_rounds(j.tail)) for j in undecided)
            few.setdefault((*rounds, len(undecided), len(these)), []).append(about.plain)
        blind = [j for j in these if j.verdict == "blind"]
        if len(blind) > len(these) / 2:
            noisy.setdefault((len(blind), len(these)), []).append(about.plain)
    reasons = [f"{', '.join(names)}: too few rounds in {number} of {of} cases: {had}, where {needed} at least can decide "
               f"among {len(judged)} comparisons" for (had, needed, number, of), names in few.items()]
    reasons += [f"{', '.join(names)}: too noisy: in {number} of {of} cases a rise of {100 * rules.blind:g} % could have "
                "been missed" for (number, of), names in noisy.items()]
    if moved := [j for j in judged if j.verdict == "control moved"]:
        most = max(moved, key=lambda j: abs(j.search.control))
        reasons.append(f"{_named(most, moved, rules)}: base against itself moved by {_most(most.search.control, moved)}: "
                       "the machine was not the same from run to run")
    if untested := [j for j in judged if j.verdict == "untested" and j.search.rises]:
        most = max(untested, key=lambda j: j.search.move)
        reasons.append(f"{_named(most, untested, rules)}: {_most(most.search.move, untested)}, and no time was left to "
                       f"confirm {'it' if len(untested) == 1 else 'them'}: a longer --budget tells")
    return reasons


def _named(one: Judged, of: Sequence[Judged], rules: Rules) -> str:
    more = f" and {len(of) - 1} more" if len(of) > 1 else ""
    return f"{rules.figures[one.key.figure].plain} of {one.key.case}{more}"


def _most(move: float, of: Sequence[Judged]) -> str:
    return f"{'up to ' if len(of) > 1 else ''}{100 * move:+.1f} %"
