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


class BudgetTooShort(Exception):
    """Nothing could be decided in this time. The message is one line."""


def see_that_it_suffices(budget_s: float, cost_s: Mapping[str, float], rules: Rules, counting: bool) -> None:
    """Raises BudgetTooShort where the rounds that all cases need, and those that confirm a suspect, take longer.
    `cost_s`: what a round of each case takes."""
    least_s = math.ceil(least_budget_s(cost_s, rules, counting))
    if budget_s < least_s:
        rounds = sum(least_rounds(len(cost_s), rules, counting))
        raise BudgetTooShort(f"--budget: {_duration(math.floor(budget_s))} is too short: {len(cost_s)} "
                             f"{'case needs' if len(cost_s) == 1 else 'cases need'} {_duration(least_s)} at least, for {rounds} "
                             f"rounds and {_fresh_rounds(rules)} that confirm one suspect; --filter makes them fewer")


def least_budget_s(cost_s: Mapping[str, float], rules: Rules, counting: bool) -> float:
    return sum(least_rounds(len(cost_s), rules, counting)) * sum(cost_s.values()) + \
        _fresh_rounds(rules) * max(cost_s.values(), default=0.0)


def _fresh_rounds(rules: Rules) -> int:
    return max(rules.confirm_rounds[0], stats.least_blocks(1 - rules.confirm_level, 2))


def least_rounds(cases: int, rules: Rules, counting: bool) -> tuple[int, int]:
    """What so many cases get at any budget: rounds that are timed, and rounds that count (where these scatter, they
    get more)."""
    kinds = [figure.counting for figure in rules.figures.values()]
    tail = search_tail(cases * sum(counting or not kind for kind in kinds), rules)
    timed = max(rules.least_rounds, stats.least_blocks(tail, 2))
    return timed, stats.least_rounds_of_unlike(tail, 2) if counting and any(kinds) else 0


def _duration(seconds: int) -> str:
    """As --budget takes it."""
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"


def run(cases: Sequence[str], measurer: Measurer, budget_s: float, rules: Rules, counting: bool = False) -> Searched:
    """A whole gate. The rounds that can decide are run even where they take longer than the budget."""
    search: Samples = {}
    for kind in (True, False)[not counting:]:
        add(search, measurer.measure(cases, "search", kind))
    for kind in (True, False):
        _enough_to_decide(search, measurer, rules, kind)
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


def _enough_to_decide(search: Samples, measurer: Measurer, rules: Rules, kind: bool) -> None:
    """Rounds for all cases whose rounds of this kind can't decide yet."""
    while True:
        tail = search_tail(len(search), rules)
        few = [c.key.case for c in comparisons(search, rules) if c.about.counting == kind
               and c.rounds < max(c.least_rounds(tail), 0 if kind else rules.least_rounds)]
        before = dict(search)
        add(search, measurer.measure(list(dict.fromkeys(few)), "search", kind) if few else {})
        if search == before:  # none is left, or nothing of what was asked for can be measured any more
            return


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
        if c.rounds < rules.most_rounds and c.open(tail):
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
