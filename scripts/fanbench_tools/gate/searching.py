"""Spends the gate's time: rounds for all, more where nothing is decided yet, and fresh ones to confirm suspects."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Mapping, Protocol, Sequence

from ..analysis import stats
from .deciding import Blocks, Comparison, Decision, Key, Rules, Samples, comparisons, judge, search_tail

Round = Mapping[Key, tuple[float, float | None, float]]  # base, base again, head


class Measurer(Protocol):
    """Runs base, base again and head; the simulation has one that draws numbers."""

    def measure(self, cases: Sequence[str], stage: str, counting: bool) -> Round:
        """One round over these cases. What can't be compared is left out, and the measurer's to report."""

    def spent_s(self) -> float: ...

    def cost_s(self, case: str, counting: bool) -> float:
        """What a round of the case takes."""


@dataclass
class Searched:
    """All that was measured, and what follows."""

    decision: Decision
    search: Samples = field(default_factory=dict)
    confirmation: Samples = field(default_factory=dict)


def run(cases: Sequence[str], measurer: Measurer, budget_s: float, rules: Rules, counting: bool = False) -> Searched:
    """A whole gate. The least number of rounds is run even where it takes longer than the budget."""
    search: Samples = {}
    for _ in range(rules.counting_rounds if counting else 0):
        add(search, measurer.measure(cases, "search", True))
    for _ in range(rules.least_rounds):
        add(search, measurer.measure(cases, "search", False))
    _search_on(search, measurer, budget_s, rules)
    tail = search_tail(len(search), rules)
    suspects = [c for c in comparisons(search, rules) if c.suspect(tail)]
    tested, times = confirmation_plan(suspects, {c.key.case: measurer.cost_s(c.key.case, False) for c in suspects},
                                      budget_s - measurer.spent_s(), rules)
    confirmation: Samples = {}
    for kind in (False, True):
        chosen = list(dict.fromkeys(c.key.case for c in tested if c.about.counting == kind))
        for done in range((_least_fresh(tested, rules) if kind else times) if chosen else 0):
            if measurer.spent_s() > budget_s and done >= max(rules.confirm_rounds[0], _least_fresh(tested, rules)):
                break  # rounds took longer than before; to look at the clock is not to look at the values
            add(confirmation, measurer.measure(chosen, "confirmation", kind))
    return Searched(judge(search, confirmation, {c.key for c in tested}, rules), search, confirmation)


def add(samples: Samples, values: Round) -> None:
    for key, (base, again, head) in values.items():
        samples[key] = samples.get(key, Blocks()).plus(base, again, head)


def _search_on(search: Samples, measurer: Measurer, budget_s: float, rules: Rules) -> None:
    """Rounds for what is open, until nothing is, or what is left of the time is needed to confirm."""
    compared: dict[Key, Comparison] = {}
    while True:
        for key, blocks in search.items():
            if key not in compared or compared[key].blocks is not blocks:
                compared[key] = Comparison(key, blocks, rules)
        tail = search_tail(len(compared), rules)
        suspects = [c for c in compared.values() if c.suspect(tail)]
        kind, chosen = next_cases(list(compared.values()), tail, rules)
        needed = sum(measurer.cost_s(case, kind) for case in chosen)
        kept = _reserve(suspects, compared, measurer, budget_s, rules)
        if not chosen or measurer.spent_s() + needed + kept > budget_s:
            return
        before = dict(search)
        add(search, measurer.measure(chosen, "search", kind))
        if search == before:  # nothing of what was asked for can be measured any more
            return


def next_cases(compared: Sequence[Comparison], tail: float, rules: Rules) -> tuple[bool, list[str]]:
    """Which cases get the next round, and whether it counts allocations: of the cases where something is open, the
    sixth in which a change is the most likely."""
    likely: dict[tuple[bool, str], float] = {}
    for c in compared:
        kind = c.about.counting
        if c.rounds < (rules.least_rounds if kind else rules.most_rounds) and c.open(tail):
            likely[kind, c.key.case] = min(likely.get((kind, c.key.case), 1.0), *c.p)
    ranked = sorted(likely, key=lambda what: likely[what])[:math.ceil(len(likely) / 6)]
    return (ranked[0][0], [case for kind, case in ranked if kind == ranked[0][0]]) if ranked else (False, [])


def _reserve(suspects: Sequence[Comparison], compared: Mapping[Key, Comparison], measurer: Measurer, budget_s: float,
             rules: Rules) -> float:
    """What to keep for the confirmation: of the suspects, else of one that may still be found; at most 45 %."""
    cases = {c.key.case for c in suspects}
    costs = sum(measurer.cost_s(case, False) for case in cases) or max(
        (measurer.cost_s(key.case, False) for key in compared), default=0.0)
    middle = sum(rules.confirm_rounds) / 2
    return min(0.45 * budget_s, middle * costs)


def confirmation_plan(suspects: Sequence[Comparison], cost_s: Mapping[str, float], left_s: float,
                      rules: Rules) -> tuple[list[Comparison], int]:
    """Which suspects are confirmed in how many rounds: all if there is time, else the cases of the likeliest."""
    cases = list(dict.fromkeys(c.key.case for c in sorted(suspects, key=lambda c: min(c.p))))
    while cases:
        chosen = [c for c in suspects if c.key.case in cases]
        least, most = max(rules.confirm_rounds[0], _least_fresh(chosen, rules)), rules.confirm_rounds[1]
        fitting = int(left_s / max(1e-9, sum(cost_s[case] for case in cases)))
        if fitting >= least or len(cases) == 1:
            return chosen, max(least, min(fitting, most))
        cases.pop()
    return [], 0


def _least_fresh(suspects: Sequence[Comparison], rules: Rules) -> int:
    """The fewest rounds in which so many suspects can all be confirmed."""
    return stats.least_blocks((1 - rules.confirm_level) / len(suspects), controls=2)
