"""What the gate says of base and head, all together: what its outputs are written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from ..machine import comparable
from .deciding import UNPROVEN, Decision, Rules, Samples


@dataclass(frozen=True)
class Cause:
    """Why something is invalid, or worth a note: said once, for however many cases it holds."""

    what: str
    cases: tuple[str, ...] = ()  # empty: it is of no case

    def line(self, at_most: int | None = None) -> str:
        """Names so many of the cases; all if left out."""
        if len(self.cases) <= 1:
            return ": ".join((*self.cases, self.what))
        more = len(self.cases) - len(named := self.cases[:at_most])
        return f"{self.what}: {len(self.cases):,} cases: {', '.join(named)}{f' and {more:,} more' if more else ''}"


def causes(found: Iterable[tuple[str, str]]) -> list[Cause]:
    """Of cases, each with what is to be said of it."""
    cases: dict[str, list[str]] = {}
    for case, what in found:
        cases.setdefault(what, []).append(case)
    return [Cause(what, tuple(names)) for what, names in cases.items()]


@dataclass
class Verdict:
    """The decision, and all that it was made from."""

    base: str
    head: str
    suite: str
    decision: Decision
    invalid: list[Cause] = field(default_factory=list)  # each makes the gate exit with 2
    notes: list[Cause] = field(default_factory=list)
    search: Samples = field(default_factory=dict)
    confirmation: Samples = field(default_factory=dict)
    seed: int = 0
    took_s: float = 0.0
    noisy: float = 0.0  # the share of the runs beside which other programs kept the machine busy
    stored: bool = False

    @property
    def code(self) -> int:
        return UNPROVEN if self.invalid else self.decision.code

    @property
    def unproven(self) -> tuple[str, ...]:
        """Why, a line each; where nothing was judged because it is invalid, that is not said again."""
        return () if self.invalid and not self.decision.judged else self.decision.reasons

    @property
    def word(self) -> str:
        return "invalid" if self.invalid else {0: "pass", 1: "regression", 2: "unproven"}[self.decision.code]


def nothing_judged(rules: Rules) -> Decision:
    return Decision((), UNPROVEN, rules)


def differences(base: Mapping[str, Any], head: Mapping[str, Any], force: bool) -> tuple[list[Cause], list[Cause]]:
    """What makes two runs incomparable, and what is worth a note; with force all are notes."""
    unlike: dict[bool, list[str]] = {True: [], False: []}  # by whether it has to be the same
    for trait, one, other in comparable.differences(base, head):
        unlike[trait.needed].append(f'{trait.label} is "{one}" in base and "{other}" in head')
    invalid = [f"not comparable: {'; '.join(unlike[True])}"] if unlike[True] else []
    notes = ["; ".join(unlike[False])] if unlike[False] else []
    notes += [f"{side} was interrupted" for side, context in (("base", base), ("head", head))
              if context.get("interrupted")]
    if force:
        return [], [Cause(line) for line in invalid + notes]
    return [Cause(f"{line} (--force compares all the same)") for line in invalid], [Cause(line) for line in notes]


def absent(samples: Samples, rules: Rules, counting: bool) -> list[Cause]:
    """Figures that nothing was measured of: absent is not zero, and is not passed over."""
    measured = {key.figure for key in samples}
    missing = [f.plain for f in rules.figures.values() if f.name not in measured and (counting or not f.counting)]
    return [Cause(f"not judged: no row of both sides has {', '.join(missing)}")] if samples and missing else []
