"""Judges a program of one's own: two commits of its repository, by this checkout's bench and server."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .. import compiling
from ..checking import selected, suite_path
from ..contestants import ContestantError, building
from ..contestants.description import Contestant
from ..run import process, runner
from ..run.rounds import ListedCase, Suite
from . import builds, measuring, places, searching
from .asked import Asked
from .deciding import UNPROVEN, Decision, Rules
from .places import Commit, Place
from .repository import BuildError
from .verdict import Cause, Verdict


@dataclass(frozen=True)
class _Side:
    """Base or head, built."""

    title: str
    commit: str
    about: Contestant
    workloads: tuple[str, ...]  # that it says it has
    suite: Suite  # each scenario of it, of this contestant alone

    @property
    def cases(self) -> list[ListedCase]:
        return [case for case in self.suite.cases if case.workload in self.workloads]

    @property
    def options(self) -> tuple[str, ...]:
        """The bench's."""
        return _options(self.about.folder)


@dataclass(frozen=True)
class _Gate:
    """What is the same of both sides."""

    asked: Asked
    place: Place
    bench: Path
    suite_file: Path
    stop: process.StopRequest
    say: Callable[[str], None]

    @property
    def rules(self) -> Rules:
        return Rules(runner.catalogue(self.bench).gated, self.asked.least_change)


def judge(asked: Asked, bench: Path, folder: Path, stop: process.StopRequest, say: Callable[[str], None]) -> Verdict:
    """`folder` is one for temporary files. Raises Refused or BudgetTooShort before base is built, BuildError or BenchError
    for what a side is to blame for, Stopped."""
    place = places.place_of(Path(asked.contestant or ""))
    gate = _Gate(asked, place, bench, suite_path(asked.suite), stop, say)
    base = place.commit_of(asked.base)
    head = place.working_tree() if asked.head is None else place.commit_of(asked.head)
    # Until the end, as both sides are measured where they are built.
    with builds.alone(place.cache(), f"another gate of {place.repository.top}", say, stop):
        new = _side(gate, head, "head")
        _see_that_it_suffices(gate, new)
        old = _side(gate, base, "base")
        return _compare(gate, old, new, folder)


def _options(folder: Path) -> tuple[str, ...]:
    return "--contestant", str(folder)


def _side(gate: _Gate, commit: Commit, side: str) -> _Side:
    """Checked out, built, and asked for what it has."""
    folder, title = gate.place.checked_out(commit, side), commit.title
    try:
        suite = runner.list_suite(gate.bench, gate.suite_file, _options(folder))
        (about,) = suite.contestants
        _build(gate, about, title)
        return _Side(title, commit.id, about, tuple(runner.hello(gate.bench, folder)["workloads"]), suite)
    except runner.BenchError as e:
        raise BuildError(f"{title}: {e}") from None


def _build(gate: _Gate, about: Contestant, title: str) -> None:
    log = about.build_folder / building.LOG
    log.unlink(missing_ok=True)
    try:
        building.prepare([about], gate.asked.may_install, gate.stop)
    except ContestantError as e:
        if first := compiling.first_error(compiling.read(log)):
            raise BuildError(f"{title} can't be built: {first} (all it said: {log})") from None
        raise BuildError(f"{title} can't be built: {e or 'what it needs is not installed'}") from None
    if gate.stop.number:
        raise builds.Stopped


def _see_that_it_suffices(gate: _Gate, head: _Side) -> None:
    """Cases and time, as far as head can tell."""
    asked, suite = gate.asked, head.suite
    if not head.cases:
        has = ", ".join(dict.fromkeys(case.workload for case in suite.cases))
        raise BuildError(f"{head.title}: {head.about.name} has no workload of {suite.name}, which has {has}; its hello "
                         f"names {', '.join(head.workloads) or 'none'}; --suite FILE.toml runs others")
    cases = selected(head.cases, asked.wanted, f"{suite.name} for {head.about.name}",
                     f"fanbench list {shlex.quote(asked.suite)}")
    counts = measuring.counts_allocations(gate.bench, gate.suite_file, head.options)
    searching.see_that_it_suffices(asked.budget_s, {c.name: measuring.round_s(c) for c in cases}, gate.rules, counts)


def _compare(gate: _Gate, base: _Side, head: _Side, folder: Path) -> Verdict:
    asked, rules = gate.asked, gate.rules
    if base.about.name != head.about.name:
        raise BuildError(f"its name is {base.about.name} in {base.title} and {head.about.name} in {head.title}: expected "
                         "one name in both, as cases are paired by it")
    invalid, notes = _lost(gate, base, head)
    kept = [case for case in base.cases if case.workload in head.workloads]
    cases, missing, more = measuring.common_cases(base.cases, head.cases, kept, asked.wanted.search)
    invalid += missing
    notes += more
    titles = (f"{base.about.name} of {base.title}", head.title)
    if invalid or not cases:
        decision = Decision((), UNPROVEN, rules, ("base and head have no case in common",))
        return Verdict(*titles, head.suite.name, decision, invalid, notes)
    if base.commit == head.commit:
        notes.append(Cause("base and head are the same commit"))
    gate.say(f"{titles[0]} → {titles[1]}: {len(cases)} case{'' if len(cases) == 1 else 's'} of {head.suite.name}, "
             f"about {asked.budget_s:.0f} s")
    work = runner.same_work(runner.machine(gate.bench))
    jobs = [runner.Job(bench=gate.bench, suite_file=gate.suite_file, suite=side.suite, cases=cases, out=folder, rounds=0,
                       order_seed=0, options=(*side.options, *work)) for side in (base, head)]
    return measuring.run(*jobs, titles, asked.budget_s, rules, asked.seed, gate.stop, gate.say, (invalid, notes),
                         asked.force)


def _lost(gate: _Gate, base: _Side, head: _Side) -> tuple[list[Cause], list[Cause]]:
    """Workloads that base has and head has not: what is invalid as it would have been judged, and notes."""
    judged = {case.workload for case in base.cases if gate.asked.wanted.search(case.name)}
    lost = [workload for workload in base.workloads if workload not in head.workloads]
    told = [Cause(f"head has no {workload} any more: its hello names {', '.join(head.workloads) or 'none'}")
            for workload in lost if workload in judged]
    beside = [Cause(f"head has no {workload} any more, which is not judged here") for workload in lost
              if workload not in judged]
    return told, beside
