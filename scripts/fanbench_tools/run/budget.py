"""How long a run goes on: its rounds of all cases, and with a budget further ones of those that are open while there is
time. Pure functions only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Collection, Mapping, Sequence, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Open:
    """What a look at the rounds of all cases has found."""

    cases: Collection[str]  # their names; more rounds of the others answer nothing
    words: str  # in a line
    most_rounds: int  # of a case: further ones answer nothing either


Look = Callable[[Mapping[str, Any]], Open]  # at results.json's document


@dataclass(frozen=True)
class Plan:
    """The rounds of a run. Looked at is once, after those of all cases; the clock alone says when it is over."""

    rounds: int  # of all cases, whatever they take
    budget_s: float | None = None  # for them and further ones; None: there are no further ones
    most_rounds: int | None = None  # with further ones; None: not known before the look

    def of_all(self, number: int) -> bool:
        """Whether the round of this number, from 1, has all cases."""
        return number <= self.rounds

    def looks_after(self, number: int) -> bool:
        return self.budget_s is not None and number == self.rounds

    def fitting(self, number: int, groups: Sequence[T], spent_s: float, cost_s: Callable[[T], float]) -> list[T]:
        """The groups that the round of this number has: in a further one those that, in their order, end within the
        budget. A round is not given up for the one group that is too long: rounds of all would leave much of a short
        budget."""
        if self.of_all(number):
            return list(groups)
        fit: list[T] = []
        if self.budget_s is not None and (self.most_rounds is None or number <= self.most_rounds):
            for group in groups:
                if spent_s + cost_s(group) <= self.budget_s:
                    fit.append(group)
                    spent_s += cost_s(group)
        return fit

    def left_s(self, number: int, spent_s: float, expected_s: float) -> float:
        """Until the run is over, in this round; `expected_s` is for what is left of the rounds of all cases."""
        if self.budget_s is None:
            return expected_s
        budget_left_s = max(0.0, self.budget_s - spent_s)
        return max(expected_s, budget_left_s) if self.of_all(number) else budget_left_s
