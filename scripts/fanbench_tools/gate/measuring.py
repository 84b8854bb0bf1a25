"""Measures base and head: their cases side by side, and all that makes a comparison invalid."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence

from ..analysis.pairing import levelled
from ..results.rows import OK, Row, is_failure, is_number, status_of, why
from ..run import process, runner, turns
from ..run.rounds import ListedCase
from . import searching
from .builds import Stopped
from .deciding import Key, Rules
from .verdict import Cause, Verdict, absent, causes, differences, nothing_judged

SIDES = ("base", "again", "head")
TURNS_S = 0.15  # for which a side takes turns in a round, while they are short
START_S = 0.25  # about what a bench takes to start, to get ready and to end, on a quiet machine


class Measurer:
    """Runs the cases of both builds: in each round of a case base, base again and head have a process each, and take
    turns."""

    def __init__(self, base: runner.Job, head: runner.Job, rules: Rules, seed: int, stop: process.StopRequest,
                 say: Callable[[str], None]) -> None:
        self._jobs, self._figures = (base, base, head), rules.figures
        self._cases = {case.name: case for case in head.cases}
        self._random = random.Random(seed)
        self._stop, self._say = stop, say
        self._costs: dict[tuple[str, bool], float] = {}
        self._started, self._said_at, self._rounds = time.monotonic(), 0.0, 0
        self._settled: set[str] = set()  # can't be compared
        self.invalid: dict[str, str] = {}  # case → why
        self.not_here: dict[str, str] = {}  # case → why no side has numbers
        self.one_sided: dict[str, str] = {}  # figure → which side lacks it
        self.contexts: dict[str, dict[str, Any]] = {}  # of each side's first row
        self.noisy = self.bound = self.measured = 0

    def measure(self, cases: Sequence[str], stage: str, counting: bool) -> searching.Round:
        """One round. Raises Stopped."""
        values: dict[Key, tuple[float, float | None, float]] = {}
        self._rounds += 1
        self._tell(stage)
        for name in self._random.sample(list(cases), len(cases)):
            if name not in self._settled:
                began = time.monotonic()
                rows = self._run(self._cases[name], counting)
                took = time.monotonic() - began
                self._costs[name, counting] = max(took, self._costs.get((name, counting), 0.0) * 0.8)
                if self._comparable(name, rows):
                    values |= self._values(name, rows, counting)
        return values

    def spent_s(self) -> float:
        return time.monotonic() - self._started

    def cost_s(self, case: str, counting: bool) -> float:
        return self._costs.get((case, counting)) or self._costs.get((case, not counting), 0.0)

    def _run(self, case: ListedCase, counting: bool) -> list[Row]:
        # What is watched is judged by the other rounds, and to watch takes longer than to count.
        counted = ("--count-allocations", "--unwatched") if counting else ()
        entrants = [turns.Entrant(job.bench, job.suite_file, case, (*job.options, *counted)) for job in self._jobs]
        order = self._random.sample(range(len(SIDES)), len(SIDES))
        started = turns.measure([entrants[side] for side in order], self._random, self._stop,
                                turns_s=0.0 if counting else TURNS_S)
        if self._stop.number:
            raise Stopped
        measured = [started[order.index(side)] for side in range(len(SIDES))]
        for side, one in zip(SIDES, measured):
            if one.context:
                self.contexts.setdefault(side, dict(one.context))
        return by_turns([one.row for one in measured], [one.turns for one in measured], self._figures)

    def _comparable(self, name: str, rows: Sequence[Row]) -> bool:
        """All sides have numbers. Where none can have any that is said; all else makes the gate invalid."""
        said = set(self.invalid.values())
        for side, row in zip(SIDES, rows):
            if is_failure(row):
                self.invalid[name] = f"error row of {_side(side)}: {why(row)}"
        without = [side for side, row in zip(SIDES, rows) if status_of(row)[0] != OK]
        if without and name not in self.invalid:
            message = next(why(row) for row in rows if status_of(row)[0] != OK)
            if len(without) == len(SIDES):
                self.not_here[name] = message
            else:
                sides = " and ".join(dict.fromkeys(_side(side) for side in without))
                self.invalid[name] = f"no number of {sides} only: {message}"
        if without:
            self._settled.add(name)
        if self.invalid.get(name, "") not in {"", *said}:  # what is the same with other cases is told at the end
            self._say(f"error: {name}: {self.invalid[name]}")
        return not without

    def _values(self, name: str, rows: Sequence[Row], counting: bool) -> dict[Key, tuple[float, float, float]]:
        costs: dict[Key, tuple[float, float, float]] = {}
        self.measured += 1
        self.noisy += any(row.get("noisy") == 1 for row in rows)
        self.bound += any(row.get("server_bound") == 1 for row in rows)
        for figure in self._figures.values():
            values = [row.get(figure.name) for row in rows]
            there = [is_number(value) for value in values]
            if figure.counting == counting and all(there):
                costs[Key(name, figure.name)] = tuple(map(float, values))
            elif figure.counting == counting and any(there):
                lacking = " and ".join(dict.fromkeys(_side(s) for s, has in zip(SIDES, there) if not has))
                self.one_sided[figure.name] = f"{figure.plain}: {lacking} has none in {name}"
        return costs

    def _tell(self, stage: str) -> None:
        if self.spent_s() - self._said_at >= 10 or self._rounds == 1:
            self._said_at = self.spent_s()
            self._say(f"{stage}: round {self._rounds}, {self._said_at:.0f} s")


def run(base: runner.Job, head: runner.Job, titles: tuple[str, str], budget_s: float, rules: Rules, seed: int,
        stop: process.StopRequest, say: Callable[[str], None], known: tuple[list[Cause], list[Cause]],
        force: bool = False) -> Verdict:
    """Measures and decides. `known` is what is invalid, and what is worth a note, before anything is measured.
    Raises Stopped."""
    invalid, notes = list(known[0]), list(known[1])
    counting = all(counts_allocations(job.bench, job.suite_file, job.options) for job in (base, head))
    if not counting:
        notes.append(Cause("allocations are not judged: the bench of one side or both can't count them"))
    measurer = Measurer(base, head, rules, seed, stop, say)
    searched = searching.run([c.name for c in head.cases], measurer, budget_s, rules, counting)
    invalid += causes(measurer.invalid.items())
    contexts = [measurer.contexts.get(side, {}) for side in ("base", "head")]
    incomparable = differences(*contexts, force)[0]
    notes += causes((name, f"neither side has numbers here: {reason}") for name, reason in measurer.not_here.items())
    notes += [Cause(f"not judged: {reason}") for reason in measurer.one_sided.values()]
    notes += absent(searched.search, rules, counting)
    notes += [Cause(f"{_share(number, measurer.measured)} of the runs: {what}") for number, what in (
        (measurer.noisy, "other programs kept the machine busy (noisy)"),
        (measurer.bound, "the server was the bottleneck (server-bound)")) if number]
    decision = nothing_judged(rules) if incomparable else searched.decision
    return Verdict(*titles, head.suite.name, decision, invalid + incomparable, notes, searched.search,
                   searched.confirmation, seed, measurer.spent_s(),
                   noisy=measurer.noisy / max(1, measurer.measured))


def round_s(case: ListedCase) -> float:
    """What a round of the case takes at least."""
    return len(SIDES) * (START_S + max(case.expected_s, TURNS_S))


def counts_allocations(bench: Path, suite_file: Path, options: Sequence[str] = ()) -> bool:
    return knows(bench, *options, "--suite", suite_file, "--list", "--count-allocations")


def knows(bench: Path, *options: str | Path) -> bool:
    """Whether the bench does."""
    try:
        return process.run([bench, *options], timeout_s=30).returncode == 0
    except OSError:
        return False


def by_turns(rows: Sequence[Row], turns: Sequence[Sequence[Mapping[str, float]]], figures: Iterable[str]) -> list[Row]:
    """The sides' rows with what their turns say of these figures, where all of them have turns."""
    told: list[Row] = [dict(row) for row in rows]
    for figure in figures:
        for row, value in zip(told, levelled([[turn.get(figure) for turn in side] for side in turns]) or ()):
            if is_number(row.get(figure)):
                row[figure] = value
    return told


def common_cases(base: Sequence[ListedCase], head: Sequence[ListedCase], own: Sequence[ListedCase] | None,
                 wanted: Callable[[str], Any]) -> tuple[tuple[ListedCase, ...], list[Cause], list[Cause]]:
    """The cases to compare, what is invalid, and notes. `base` and `head` are what each makes of the suite that is
    judged by, `own` what base's own version of the suite had: a case that went missing with head must not pass."""
    of_base = {c.name: c for c in base}
    of_head = {c.name: c for c in head if wanted(c.name)}
    both = tuple(c for name, c in of_head.items() if name in of_base and _same_parameters(c, of_base[name]))
    notes = [(name, "new, not judged: base has no such case") for name in of_head if name not in of_base]
    notes += [(name, "not judged, as base's parameters are others") for name, c in of_head.items()
              if name in of_base and c not in both]
    invalid = [(c.name, "head has no such case") for c in own or () if wanted(c.name) and c.name not in of_head]
    return both, causes(invalid), causes(notes)


def _same_parameters(one: ListedCase, other: ListedCase) -> bool:
    """Of two cases with one name. A key that one bench does not know is at what it always did there."""
    return all(other.parameters.get(key, value) == value for key, value in one.parameters.items())


def _side(side: str) -> str:
    return "base" if side == "again" else side


def _share(number: int, of: int) -> str:
    return f"{100 * number / max(1, of):.0f} %"
