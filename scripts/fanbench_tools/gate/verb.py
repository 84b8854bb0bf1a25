"""The verb gate from what was asked to what is told: finds both sides, has them compared, and writes the outputs."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

from .. import checkout
from ..files import write_atomically
from ..results import reader
from ..run import process, programs, runner
from ..run.rounds import Suite
from . import builds, measuring, outputs, stored
from .builds import BuildError, Side
from .deciding import UNPROVEN, Decision, Rules
from .verdict import Verdict


@dataclass(frozen=True)
class Asked:
    base: str
    head: str | None  # None: the working tree
    suite: str
    wanted: re.Pattern[str]  # names of cases
    least_change: float | None  # None: each figure's own
    budget_s: float
    force: bool
    seed: int


def run(asked: Asked, suite_path: Callable[[str], Path], stop: process.StopRequest) -> Verdict | None:
    """None after a stop. Raises BuildError, BenchError, BudgetTooShort, ResultsError."""
    folders = [side is not None and Path(side).is_dir() for side in (asked.base, asked.head)]
    if all(folders):
        titles = (str(asked.base), str(asked.head))
        head_run = reader.load(Path(asked.head or ""))
        return stored.judge(reader.load(Path(asked.base)), head_run, titles,
                            Rules(head_run.catalogue.gated, asked.least_change), asked.wanted.search, asked.force)
    if any(folders):
        folder, other = (asked.base, asked.head or "the working tree")[::1 if folders[0] else -1]
        raise BuildError(f"{folder} is a folder of results, {other} is not: expected two folders or two commits")
    process.adopt_orphans()
    # Both before anything is built: a branch may move on meanwhile.
    of_base, of_head = (ref and builds.commit_of(ref) for ref in (asked.base, asked.head))
    try:
        with programs.folder() as own, tempfile.TemporaryDirectory(prefix="fanbench-gate-") as folder:
            if asked.head is None:  # at once: it may be built anew while base is built
                head = _copied(builds.of_working_tree(checkout.commit()), own / "head")
            base = _copied(builds.of_commit(asked.base, of_base, _say, stop), own / "base")
            if asked.head is not None:
                head = _copied(builds.of_commit(asked.head, of_head, _say, stop), own / "head")
            return _compare(asked, base, head, suite_path, Path(folder), stop)
    except builds.Stopped:
        return None


def _copied(side: Side, into: Path) -> Side:
    """Raises BuildError."""
    try:
        return replace(side, bench=programs.copied(side.bench, into))
    except OSError as e:
        raise BuildError(programs.why_not(e)) from None


def _compare(asked: Asked, base: Side, head: Side, suite_path: Callable[[str], Path], folder: Path,
             stop: process.StopRequest) -> Verdict:
    is_file = asked.suite.endswith(".toml") or "/" in asked.suite
    of_head = suite_path(asked.suite) if is_file or not head.commit else head.suite_file(asked.suite, folder)
    if of_head is None:
        raise BuildError(f'{head.title} has no suite "{asked.suite}"')
    for side in (base, head):
        if not measuring.knows(side.bench, "--catalogue", "--turns"):
            raise BuildError(f"{side.title}: its bench takes no turns, it is from before results of format 4: "
                             "expected a later commit")
    own_file = None if is_file else base.suite_file(asked.suite, folder)
    suite = runner.list_suite(head.bench, of_head)
    own = runner.list_suite(base.bench, own_file) if own_file else None
    of_base, suite_of_base, notes = _as_base_reads_it(base, of_head, own, own_file)
    cases, invalid, more = measuring.common_cases(of_base.cases, suite.cases, own.cases if own else None,
                                                  asked.wanted.search)
    notes += more
    rules = Rules(runner.catalogue(head.bench).gated, asked.least_change)
    titles = (base.title, head.title)
    if invalid or not cases:
        decision = Decision((), UNPROVEN, rules, () if invalid else ("base and head have no case in common",))
        return Verdict(*titles, suite.name, decision, invalid, notes)
    if base.commit and base.commit == head.commit:
        notes.append("base and head are the same commit")
    _say(f"{base.title} → {head.title}: {len(cases)} case{'' if len(cases) == 1 else 's'} of {suite.name}, "
         f"about {asked.budget_s:.0f} s")
    can = all(measuring.knows(side.bench, "--catalogue", "--kernel-steps-per-ms", "1") for side in (base, head))
    work = runner.same_work(runner.machine(head.bench)) if can else ()  # older benches each time the machine anew
    jobs = [runner.Job(bench=side.bench, suite_file=file, suite=suite, cases=cases, out=folder, rounds=0, order_seed=0,
                       options=work)
            for side, file in ((base, suite_of_base), (head, of_head))]
    return measuring.run(*jobs, titles, asked.budget_s, rules, asked.seed, stop, _say, (invalid, notes), asked.force)


def _as_base_reads_it(base: Side, of_head: Path, own: Suite | None,
                      own_file: Path | None) -> tuple[Suite, Path, list[str]]:
    """Head's suite as base's bench understands it; base's own where it refuses it (a workload that it does not
    know)."""
    try:
        return runner.list_suite(base.bench, of_head), of_head, []
    except runner.BenchError as e:
        if own is None or own_file is None:
            raise
        return own, own_file, [f"base can't read head's suite ({e}), so it runs its own; what they share is judged"]


def tell(verdict: Verdict, markdown: Path | None, document: Path | None) -> int:
    """Writes and prints. The exit code."""
    from rich.console import Console

    texts = {markdown: outputs.markdown(verdict), document: outputs.document(verdict)}
    for path in filter(None, (markdown, document)):
        write_atomically(path, texts[path])
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8") as out:
            out.write(outputs.markdown(verdict))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(*outputs.annotations(verdict), sep="\n")
    console = Console()
    for line in outputs.lines(verdict):
        style = {"PASS": "bold green", "REGRESSION": "bold red", "UNPROVEN": "bold yellow",
                 "INVALID": "bold red"}.get(line.partition(":")[0], "")
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    return verdict.code


def _say(line: str) -> None:
    print(line, flush=True)
