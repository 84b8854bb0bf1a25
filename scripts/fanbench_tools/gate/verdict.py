"""What the gate says of base and head, all together: what its outputs are written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from ..machine import comparable
from .deciding import UNPROVEN, Decision, Rules, Samples


@dataclass
class Verdict:
    """The decision, and all that it was made from."""

    base: str
    head: str
    suite: str
    decision: Decision
    invalid: list[str] = field(default_factory=list)  # each makes the gate exit with 2
    notes: list[str] = field(default_factory=list)
    search: Samples = field(default_factory=dict)
    confirmation: Samples = field(default_factory=dict)
    seed: int = 0
    took_s: float = 0.0
    stored: bool = False

    @property
    def code(self) -> int:
        return UNPROVEN if self.invalid else self.decision.code

    @property
    def word(self) -> str:
        return "invalid" if self.invalid else {0: "pass", 1: "regression", 2: "unproven"}[self.decision.code]


def differences(base: Mapping[str, Any], head: Mapping[str, Any], force: bool) -> tuple[list[str], list[str]]:
    """What makes two runs incomparable, and what is worth a note; with force all are notes."""
    invalid, notes = [], []
    for trait, one, other in comparable.differences(base, head):
        if trait.needed:
            invalid.append(f'not comparable: {trait.label} is "{one}" in base and "{other}" in head')
        else:
            notes.append(f'{trait.label} is "{one}" in base and "{other}" in head')
    notes += [f"{side} was interrupted" for side, context in (("base", base), ("head", head))
              if context.get("interrupted")]
    return ([], invalid + notes) if force else ([f"{line} (--force compares all the same)" for line in invalid], notes)


def absent(samples: Samples, rules: Rules, counting: bool) -> list[str]:
    """Figures that nothing was measured of: absent is not zero, and is not passed over."""
    measured = {key.figure for key in samples}
    return [f"not judged: no row of both sides has {f.name}" for f in rules.figures.values()
            if f.name not in measured and (counting or not f.counting)] if samples else []
