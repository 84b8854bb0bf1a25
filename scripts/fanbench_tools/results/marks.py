"""What rows are marked with, and how many of them: report and terminal say the same."""

from __future__ import annotations

from dataclasses import dataclass

from .cases import CaseResult, Results
from .wording import many


@dataclass(frozen=True)
class Mark:
    """A row's figure that is above 0 in rounds that it is said of."""

    figure: str
    word: str
    letter: str  # where there is no room for the word
    meaning: str


MARKS = (
    Mark("server_bound", "server-bound", "s", "the mock server was the bottleneck (its CPU at 90 % of a core or more, or "
         "its part of the overhead above the client's): it may hide some of what the model takes"),
    Mark("noisy", "noisy", "n", "other programs used the machine meanwhile: the row's times may be theirs"),
)


@dataclass(frozen=True)
class Marked:
    """Of a run: what its rows are marked with, how many of how many, and what that means."""

    word: str
    number: str
    meaning: str
    letter: str = ""


def of_row(c: CaseResult) -> list[str]:
    """ "noisy in 2 of 3 rounds"."""
    words = []
    for mark in MARKS:
        values = c.values(mark.figure)
        times = sum(v > 0 for v in values)
        if times:
            words.append(mark.word if times == len(values) else f"{mark.word} in {times} of {len(values)} rounds")
    return words


def letters(c: CaseResult) -> str:
    """ "s", "n" or both, whatever the number of rounds."""
    return "".join(mark.letter for mark in MARKS if c.share_of_rounds(mark.figure) > 0)


def of_run(results: Results) -> list[Marked]:
    """The marks that occur or could not be judged."""
    said = []
    for mark in MARKS:
        judged = [c for c in results.cases if c.values(mark.figure)]
        marked = sum(c.share_of_rounds(mark.figure) > 0 for c in judged)
        unjudged = sum(c.ok for c in results.cases) - len(judged)
        if marked or unjudged:
            some = [f"{marked:,} of {many(len(judged), 'row')}"] if judged else []
            some += [f"{unjudged:,} could not be judged"] if unjudged else []
            said.append(Marked(mark.word, "; ".join(some), mark.meaning, mark.letter))
    if fewer := len(results.fewer_in_flight):
        said.append(Marked("fewer in flight", f"{fewer:,} of {len(results.cases):,} rows", "others of the scenario had "
                           "more calls in flight at once, by a tenth or more: they are not ranked against each other"))
    return said
