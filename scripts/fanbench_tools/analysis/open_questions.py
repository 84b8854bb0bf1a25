"""Where more rounds may answer something: what a run with a budget looks at once, between its rounds of all cases and
those of some.

A line of "which model for what" is open where its rounds name nobody yet and it may be that more will. One whose models
cost about the same is not: it would need more rounds than anybody makes. To leave that one as it is makes no name
likelier; to look does, and so names are judged at half the doubt then (`findings.doubt_of_a_look`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..results.cases import Results
from . import findings
from .findings import Choice

MOST_ROUNDS = 24  # of a case: what these leave open are differences of less than two thirds of their scatter


@dataclass(frozen=True)
class Look:
    """What the rounds so far say, line by line."""

    lines: int
    answered: int
    open: tuple[Choice, ...]
    cases: frozenset[str]  # of which more rounds may answer an open line: all that take turns with its models
    rounds: int

    @property
    def words(self) -> str:
        """In a line: "open after 5 rounds: gather, retry; 8 of 15 lines answered"."""
        workloads = ", ".join(dict.fromkeys(line.scenario.workload for line in self.open))
        after = f"after {self.rounds} round{'' if self.rounds == 1 else 's'}"
        hopeless = self.lines - self.answered - len(self.open)
        said = f"open {after}: {workloads}" if self.open else f"nothing open {after}"
        said += f"; {self.answered} of {self.lines} line{'' if self.lines == 1 else 's'} answered"
        return said + (f", {hopeless} would take more than {MOST_ROUNDS} rounds" if hopeless else "")


def look(results: Results) -> Look:
    lines = [line for line in findings.choices(results) if line.comparable]
    open_ones = tuple(line for line in lines if is_open(results, line))
    places = {(line.scenario, line.transport) for line in open_ones}
    return Look(len(lines), sum(bool(line.winner) for line in lines), open_ones,
                frozenset(c.name for c in results.cases if (c.case.scenario, c.case.transport) in places), results.rounds)


def is_open(results: Results, line: Choice) -> bool:
    """Whether nobody is named yet, and somebody may be with more rounds."""
    return line.comparable and not line.winner and findings.rounds_needed(results, line, MOST_ROUNDS) is not None
