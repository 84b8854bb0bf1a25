"""The verb gate from what was asked to what is told: finds both sides, has them compared, and writes the outputs."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Sequence

from .. import checkout
from ..checking import is_path, selected, suite_path
from ..contestants import ContestantError, building
from ..files import write_atomically
from ..results import reader
from ..run import process, programs, runner
from ..run.rounds import Suite
from . import builds, contestants, measuring, outputs, searching, stored
from .asked import Asked
from .builds import BuildError, Side
from .deciding import UNPROVEN, Decision, Rules
from .verdict import Cause, Verdict, nothing_judged


STYLES = {"PASS": "bold green", "REGRESSION": "bold red", "UNPROVEN": "bold yellow", "INVALID": "bold red"}


def run(asked: Asked, stop: process.StopRequest) -> Verdict | None:
    """None after a stop. What was asked has been looked at (see checking). Raises Refused, BuildError for a ref that is
    not there any more, BudgetTooShort, ResultsError; all that base or head is to blame for is a verdict."""
    began = time.monotonic()
    if asked.contestant is None and os.path.isdir(asked.base):
        titles = (asked.base, str(asked.head))
        head_run = reader.load(Path(asked.head or ""))
        return stored.judge(reader.load(Path(asked.base)), head_run, titles,
                            Rules(head_run.catalogue.gated, asked.least_change), asked.wanted, asked.force)
    process.adopt_orphans()
    # Both before anything is built: a branch may move on meanwhile.
    commits = [None if ref is None or asked.contestant else builds.commit_of(ref) for ref in (asked.base, asked.head)]
    try:
        with programs.folder() as own, tempfile.TemporaryDirectory(prefix="fanbench-gate-") as folder:
            if asked.contestant:
                bench = _copied(builds.of_working_tree(checkout.commit()), own / "both").bench
                return contestants.judge(asked, bench, Path(folder), stop, _say)
            return _of_builds(asked, commits, own, Path(folder), stop)
    except builds.Stopped:
        return None
    except (BuildError, runner.BenchError) as e:
        name = Path(asked.suite).stem if is_path(asked.suite) else asked.suite
        return Verdict(asked.base, asked.head or "the working tree", name, nothing_judged(Rules({})), [Cause(str(e))],
                       took_s=time.monotonic() - began)


def _of_builds(asked: Asked, commits: Sequence[str | None], own: Path, folder: Path,
               stop: process.StopRequest) -> Verdict:
    of_base, of_head = commits
    # Head first: it says whether there is anything to compare. At once: the working tree may be built anew.
    head = _copied(builds.of_commit(asked.head, of_head, _say, stop) if asked.head
                   else builds.of_working_tree(checkout.commit()), own / "head")
    suite = _suite_of(asked, head, folder, stop)
    base = _copied(builds.of_commit(asked.base, of_base, _say, stop), own / "base")
    return _compare(asked, base, head, suite, folder, stop)


def _copied(side: Side, into: Path) -> Side:
    """Raises BuildError."""
    try:
        return replace(side, bench=programs.copied(side.bench, into))
    except OSError as e:
        raise BuildError(programs.why_not(e)) from None


class _Suite(NamedTuple):
    """What is judged by: head's."""

    file: Path
    listed: Suite


def _suite_of(asked: Asked, head: Side, folder: Path, stop: process.StopRequest) -> _Suite:
    """Raises Refused where no case is wanted or the budget is too short for those that are, and BuildError."""
    _see_that_it_takes_turns(head)
    file = suite_path(asked.suite) if is_path(asked.suite) or not head.commit else head.suite_file(asked.suite, folder)
    if file is None:
        raise BuildError(f'{head.title} has no suite "{asked.suite}"')
    listed = runner.list_suite(head.bench, file)
    cases = selected(listed.cases, asked.wanted, listed.name, f"fanbench list {shlex.quote(asked.suite)}")
    rules = Rules(runner.catalogue(head.bench).gated, asked.least_change)
    searching.see_that_it_suffices(asked.budget_s, {c.name: measuring.round_s(c) for c in cases}, rules,
                                   measuring.counts_allocations(head.bench, file))
    _prepare(asked, listed, stop)
    return _Suite(file, listed)


def _prepare(asked: Asked, suite: Suite, stop: process.StopRequest) -> None:
    """Contestants that are wanted. Raises BuildError or Stopped."""
    try:
        building.prepare(suite.contestants_of(case for case in suite.cases if asked.wanted.search(case.name)),
                         asked.may_install, stop)
    except ContestantError as e:
        raise BuildError(str(e) or "what its contestants need is not installed") from None
    if stop.number:
        raise builds.Stopped


def _see_that_it_takes_turns(side: Side) -> None:
    if not measuring.knows(side.bench, "--catalogue", "--turns"):
        raise BuildError(f"{side.title}: its bench takes no turns, it is from before results of format 4: "
                         "expected a later commit")


def _compare(asked: Asked, base: Side, head: Side, of: _Suite, folder: Path, stop: process.StopRequest) -> Verdict:
    _see_that_it_takes_turns(base)
    of_head, suite = of
    own_file = None if is_path(asked.suite) else base.suite_file(asked.suite, folder)
    own = runner.list_suite(base.bench, own_file) if own_file else None
    of_base, suite_of_base, notes = _as_base_reads_it(base, of_head, own, own_file)
    _prepare(asked, of_base, stop)
    cases, invalid, more = measuring.common_cases(of_base.cases, suite.cases, own.cases if own else None,
                                                  asked.wanted.search)
    notes += more
    rules = Rules(runner.catalogue(head.bench).gated, asked.least_change)
    titles = (base.title, head.title)
    if invalid or not cases:
        decision = Decision((), UNPROVEN, rules, ("base and head have no case in common",))
        return Verdict(*titles, suite.name, decision, invalid, notes)
    if base.commit and base.commit == head.commit:
        notes.append(Cause("base and head are the same commit"))
    _say(f"{base.title} → {head.title}: {len(cases)} case{'' if len(cases) == 1 else 's'} of {suite.name}, "
         f"about {asked.budget_s:.0f} s")
    can = all(measuring.knows(side.bench, "--catalogue", "--kernel-steps-per-ms", "1") for side in (base, head))
    work = runner.same_work(runner.machine(head.bench)) if can else ()  # older benches each time the machine anew
    jobs = [runner.Job(bench=side.bench, suite_file=file, suite=suite, cases=cases, out=folder, rounds=0, order_seed=0,
                       options=work)
            for side, file in ((base, suite_of_base), (head, of_head))]
    return measuring.run(*jobs, titles, asked.budget_s, rules, asked.seed, stop, _say, (invalid, notes), asked.force)


def _as_base_reads_it(base: Side, of_head: Path, own: Suite | None,
                      own_file: Path | None) -> tuple[Suite, Path, list[Cause]]:
    """Head's suite as base's bench understands it; base's own where it refuses it (a workload that it does not
    know)."""
    try:
        return runner.list_suite(base.bench, of_head), of_head, []
    except runner.BenchError as e:
        if own is None or own_file is None:
            raise
        return own, own_file, [
            Cause(f"base can't read head's suite ({e}), so it runs its own; what they share is judged")]


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
        style = next((style for word, style in STYLES.items() if re.match(rf"{word}(:| \()", line)), "")
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    return verdict.code


def _say(line: str) -> None:
    print(line, flush=True)
