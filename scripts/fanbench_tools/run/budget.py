"""How long a run goes on: its rounds of all cases, and with a budget further ones of those that are open while there is
time. Pure functions only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Collection, Mapping


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

    def goes_on(self, number: int, spent_s: float, round_s: float) -> bool:
        """Whether the round of this number begins, which would take so long."""
        return self.of_all(number) or not self.why_not(number, spent_s, round_s)

    def why_not(self, number: int, spent_s: float, round_s: float) -> str:
        """Why this further round does not begin; "" where it does."""
        if self.budget_s is None:
            return "there is no budget"
        if self.most_rounds is not None and number > self.most_rounds:
            return f"no case gets more than {self.most_rounds}"
        left_s = self.budget_s - spent_s
        if left_s <= 0:
            return f"those of all cases took {spent_s:.0f} s of a budget of {self.budget_s:.0f} s"
        return "" if round_s <= left_s else f"one would take {round_s:.0f} s, and {left_s:.0f} s of the budget are left"

    def left_s(self, number: int, spent_s: float, expected_s: float | None) -> float | None:
        """Until the run is over, in this round; `expected_s` is for what is left of the rounds of all cases."""
        if self.budget_s is None:
            return expected_s
        budget_left_s = max(0.0, self.budget_s - spent_s)
        return budget_left_s if not self.of_all(number) or expected_s is None else max(expected_s, budget_left_s)
