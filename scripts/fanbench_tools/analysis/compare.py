"""Two runs side by side: per case the ratios of what they cost, with the interval or "not separated".

What moved is what Welch's t of the rounds' logarithms separates, corrected for the number of all figures compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from ..machine.comparable import TRAITS, Difference, differences, said
from ..results.cases import CaseResult, Results, Scenario, in_flight, same_degree
from ..results.catalogue import MEMORY, Catalogue, Figure
from ..results.reader import load
from ..results.wording import NOTHING, count, factor, listed, many, times
from .stats import Interval, holm_critical, rank_sum_interval, share, welch_p

DOUBT = 0.05  # how often at most a comparison of two runs that cost the same says that anything moved
LEAST_ROUNDS = 3  # on both sides, for an interval
NOT_SEPARATED = "not separated"
FIGURES = ("client_overhead_us_per_call", "cpu_us_per_call", MEMORY.name, "makespan_s")


@dataclass(frozen=True)
class Change:
    """One figure of one case in both runs. The interval is that of the second over the first."""

    before: float | None
    after: float | None
    interval: Interval | None
    p: float | None = None  # that it did not move; None where that can't be judged
    critical: float = DOUBT  # the p-value that each change may have, for the number of changes

    @property
    def ratio(self) -> float | None:
        return self.after / self.before if self.before and self.after and self.before > 0 < self.after else None

    @property
    def separated(self) -> bool:
        return self.p is not None and self.p <= self.critical

    @property
    def words(self) -> str:
        if self.ratio is None:
            return NOTHING
        if self.interval is None:
            return f"{factor(self.ratio)} ×, {NOT_SEPARATED}"
        return times(self.interval) if self.separated else f"{times(self.interval)}, {NOT_SEPARATED}"


@dataclass(frozen=True)
class Pair:
    """A case that has a number in both runs."""

    one: CaseResult
    other: CaseResult
    changes: dict[str, Change]

    @property
    def apart(self) -> str:
        """"1,000 in flight before, 602 after" where that differs: then the costs are not held against each other."""
        if same_degree(self.one, self.other):
            return ""
        return f"{count(in_flight(self.one))} in flight before, {count(in_flight(self.other))} after"


@dataclass(frozen=True)
class Comparison:
    names: tuple[str, str]
    runs: tuple[Results, Results]
    differences: tuple[Difference, ...]
    pairs: tuple[Pair, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    no_number: tuple[tuple[str, str], ...]  # in both, but without a number in one: the case, and why

    @property
    def catalogue(self) -> Catalogue:
        return self.runs[1].catalogue

    @property
    def scenarios(self) -> dict[Scenario, list[Pair]]:
        groups: dict[Scenario, list[Pair]] = {}
        for pair in self.pairs:
            groups.setdefault(pair.other.case.scenario, []).append(pair)
        return groups

    @property
    def figures(self) -> list[Figure]:
        """Those that both runs have of a case, as the second run's catalogue describes them."""
        return [self.catalogue.figure(name) for name in FIGURES
                if any(p.changes[name].ratio is not None for p in self.pairs)]


def compare(first: Path, second: Path) -> Comparison:
    """Reads both folders. Raises ResultsError with one line."""
    return comparison(load(first), load(second), (str(first), str(second)))


def comparison(one: Results, other: Results, names: tuple[str, str] = ("A", "B")) -> Comparison:
    ones, others = ({c.name: c for c in r.cases} for r in (one, other))
    shared = [name for name in others if name in ones]
    both = [name for name in shared if ones[name].ok and others[name].ok]
    return Comparison(names, (one, other), tuple(differences(one.context, other.context)),
                      tuple(_judged([Pair(ones[n], others[n], {k: change(ones[n], others[n], k) for k in FIGURES})
                                     for n in both])),
                      tuple(n for n in ones if n not in others), tuple(n for n in others if n not in ones),
                      tuple((n, why) for n in shared if (why := _why_no_number(ones[n], others[n], names))))


def change(one: CaseResult, other: CaseResult, figure: str) -> Change:
    """The rounds of two runs don't belong together, so interval and test are unpaired."""
    before, after = one.values(figure), other.values(figure)
    moved = Change(one.median(figure), other.median(figure), None)
    if moved.ratio is None or min(*before, *after) <= 0 or min(len(before), len(after)) < LEAST_ROUNDS:
        return moved
    logs = [math.log(v) for v in before], [math.log(v) for v in after]
    shift = rank_sum_interval(*logs)
    return replace(moved, p=welch_p(*logs), interval=Interval(moved.ratio, math.exp(shift.low), math.exp(shift.high),
                                                              shift.level, shift.n))


def _judged(pairs: list[Pair]) -> list[Pair]:
    """With the p-value that each change may have; those with other numbers of calls in flight are not judged."""
    pairs = [replace(p, changes={k: replace(c, p=None) for k, c in p.changes.items()}) if p.apart else p for p in pairs]
    critical = holm_critical([c.p for p in pairs for c in p.changes.values() if c.p is not None], DOUBT)
    return [replace(p, changes={k: replace(c, critical=critical) for k, c in p.changes.items()}) for p in pairs]


def how_it_was_judged(compared: Comparison) -> str:
    """What an interval covers, and what "separated" means."""
    changes = [c for p in compared.pairs for c in p.changes.values() if c.p is not None]
    if not changes:
        return ""
    levels = sorted({share(c.interval.level) for c in changes})
    many = f"corrected (Holm) for {len(changes):,} comparisons" if len(changes) > 1 else "of one comparison"
    return (f"Intervals are of {' to '.join(dict.fromkeys((levels[0], levels[-1])))} (rank sum, exact); separated: "
            f"Welch's t of the logarithms, {many}, at most {share(DOUBT)} doubt over all.")


def what_differs(compared: Comparison) -> str:
    """Between the machines and programs of the two, in a sentence; "" where one of them says nothing of it."""
    if compared.differences:
        both = "; ".join(f"{d.trait.label} ({d.one} first, {d.other} second)" for d in compared.differences)
        others = any(d.trait.needed for d in compared.differences)
        return f"Different: {both}.{' Ratios are not the change of the programs alone.' if others else ''}"
    alike = [trait.label for trait in TRAITS if all(said(r.context, trait) is not None for r in compared.runs)]
    return f"Nothing differs of {listed(alike)}." if alike else ""


def opening(compared: Comparison, names_at_most: int | None = None) -> list[str]:
    """What must be known next, a line each."""
    lines = [f"{many(len(names), 'case')} only in the {which}: {_some(names, names_at_most)}"
             for names, which in ((compared.only_first, "first"), (compared.only_second, "second")) if names]
    lines += [f"{name}: no number: {why}" for name, why in compared.no_number]
    lines += [f"{p.other.name}: {p.apart}: not compared" for p in compared.pairs if p.apart]
    few = min((r.rounds for r in compared.runs), default=0)
    if few < LEAST_ROUNDS and compared.pairs:
        lines.append(f"A run of {many(few, 'round')}: it takes {LEAST_ROUNDS} on both sides for an interval, so nothing is "
                     "separated")
    return lines


def _some(names: tuple[str, ...], at_most: int | None) -> str:
    shown = names[:at_most]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(shown) < len(names) else "")


def _why_no_number(one: CaseResult, other: CaseResult, names: tuple[str, str]) -> str:
    """"" where both have one, or neither can."""
    if one.ok and other.ok or one.status == other.status != "error":
        return ""
    return "; ".join(f"{name}: {c.status}: {c.message}" for c, name in ((one, names[0]), (other, names[1])) if not c.ok)
