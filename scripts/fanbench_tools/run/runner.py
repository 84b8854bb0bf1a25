"""Runs a suite in rounds, each of fresh processes in a new random order, and saved when it is done. The cases of a
scenario take turns."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence, TypeVar

from ..contestants.description import Contestant
from ..files import short_name, write_atomically
from ..machine import facts
from ..machine.facts import Machine
from ..results import catalogue as catalogues
from ..results.catalogue import Catalogue
from ..results.rows import Row, has_no_number, is_failure
from . import process, rounds, turns
from .budget import Look, Plan
from .display import Display, Position
from .ranks import Hosts
from .rounds import ListedCase, Suite

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """What to run, and where the results go."""

    bench: Path
    suite_file: Path
    suite: Suite
    cases: tuple[ListedCase, ...]
    out: Path
    rounds: int
    order_seed: int
    budget_s: float | None = None  # for these rounds and further ones of open cases; None: there are no further ones
    timeout_s: float | None = None  # for a case without a sign of progress; None: as turns has it
    context: Mapping[str, Any] = field(default_factory=dict)  # goes into the results as it is, like the next
    catalogue: Mapping[str, Any] = field(default_factory=dict)  # as the bench printed it
    options: tuple[str, ...] = ()  # more of the bench's
    hosts: Hosts = Hosts()  # of cases that several ranks make


class BenchError(Exception):
    """The bench can't be used, or refuses the suite. The message is one line."""


def list_suite(bench: Path, suite_file: Path, options: Sequence[str] = ()) -> Suite:
    """What the bench says is in the suite. Raises BenchError, also where a server among the options is not there."""
    return _asked(bench, [*options, "--suite", suite_file, "--list"], rounds.read_suite)


def catalogue(bench: Path) -> Catalogue:
    """What the bench says of itself. Raises BenchError, also where it is older than catalogues are."""
    return _asked(bench, ["--catalogue"], catalogues.read)


def machine(bench: Path) -> Machine:
    """What the bench says of this machine. Raises BenchError."""
    return _asked(bench, ["--machine"], facts.read)


def introduced(bench: Path, contestants: Iterable[Contestant]) -> list[dict[str, str]]:
    """What they are, for the results' context; what one says of its versions, where it can be started: if not, its rows
    say why."""
    known = []
    for one in contestants:
        with contextlib.suppress(BenchError):
            versions = str(hello(bench, one.folder).get("versions") or "")
            known.append({"name": one.name, "language": one.language, "versions": versions})
            continue
        known.append({"name": one.name, "language": one.language})
    return known


def hello(bench: Path, contestant: Path) -> Mapping[str, Any]:
    """What the program in this folder says of itself. Raises BenchError, also where it does not start."""
    return _asked(bench, ["--hello", contestant], _read_hello, timeout_s=90)


def _read_hello(described: Any) -> Mapping[str, Any]:
    said = described["hello"]
    if not isinstance(said.get("workloads"), list) or not all(isinstance(w, str) for w in said["workloads"]):
        raise ValueError(f'expected the names of its "workloads", got {said.get("workloads")!r}')
    return said


def same_work(known: Machine) -> tuple[str, ...]:
    """The bench's options with which all that are compared do the same work: left alone, each times this machine anew,
    and no two find the same."""
    return ("--kernel-steps-per-ms", str(known.kernel_steps_per_ms))


def _asked(bench: Path, options: Sequence[str | Path], read: Callable[[Any], T], timeout_s: float = 30) -> T:
    """What the bench prints as JSON, read."""
    try:
        ended = process.run([bench, *options], timeout_s=timeout_s)
    except OSError as e:
        raise BenchError(f"{bench} can't be started ({e.strerror}): ./scripts/fanbench list builds it") from None
    if ended.returncode != 0:
        raise BenchError(turns.last_line(ended.stderr) or f"{bench.name} {options[-1]} {turns.how_it_ended(ended)}")
    try:
        return read(json.loads(ended.stdout))
    except (ValueError, KeyError, TypeError) as e:
        what = str(e) if isinstance(e, ValueError) else repr(e)
        raise BenchError(f"{bench.name} {options[-1]} printed what can't be read: {what}") from None


def run(job: Job, display: Display, stop: process.StopRequest, look: Look,
        now: Callable[[], float] = time.monotonic) -> int:
    """Runs all rounds, or as many as can be finished before a stop. Returns how many were finished.

    DIR/rounds/round-NNN.json appears when its round is finished; what a stopped round has done goes to partial.json.
    With a budget `look` says after the rounds of all cases which are open: further rounds have these alone.
    """
    plan, began = Plan(job.rounds, job.budget_s), now()
    left, took, number = list(job.cases), {}, 0
    while groups := plan.fitting(number + 1, rounds.groups_of(left, rounds.random_of(job.order_seed, number + 1)),
                                 now() - began, lambda group: sum(took[case.name] for case in group)):
        number += 1
        order = [case for group in groups for case in group]
        rows, context = _run_round(job, number, groups, took, display, stop,
                                   lambda expected_s: plan.left_s(number, now() - began, expected_s))
        document = {"round": number, "order": [c.name for c in order],
                    "context": {**context, **job.context} if context else dict(job.context),
                    "catalogue": dict(job.catalogue), "benchmarks": rows,
                    "took_s": {r["name"]: took[r["name"]] for r in rows}}
        name = "partial" if len(rows) < len(order) else f"round-{number:03}"
        if rows:
            write_atomically(job.out / "rounds" / f"{name}.json", json.dumps(document, indent=1) + "\n")
        if stop.number:
            return number if name != "partial" else number - 1
        settled = {row["name"] for row in rows if has_no_number(row)}
        left = [case for case in left if case.name not in settled]
        if left and plan.looks_after(number):
            found = look(_results(job.out))
            left = [case for case in left if case.name in found.cases]
            plan = replace(plan, most_rounds=found.most_rounds)
            display.say(found.words)
            spent_s = now() - began
            if left and spent_s >= plan.budget_s:
                display.say(f"no further rounds: those of all cases took {spent_s:.0f} s of a budget of "
                            f"{plan.budget_s:.0f} s")
    return number


def finished_rounds(out: Path) -> list[dict[str, Any]]:
    """The finished rounds that are saved in a run's folder, in their order. Raises BenchError."""
    return [_read_round(path) for path in sorted((out / "rounds").glob("round-*.json"))]


def _read_round(path: Path) -> dict[str, Any]:
    document = turns.read_document(path)
    if not isinstance(document.get("context"), dict) or not isinstance(document.get("benchmarks"), list):
        raise BenchError(f"{path}: not a finished round, expected JSON with context and benchmarks; was it cut off?")
    return document


def write_results(out: Path, interrupted: bool) -> dict[str, Any]:
    """Makes DIR/results.json of the finished rounds, of which there must be one, and returns what is in it."""
    results = _results(out, interrupted)
    write_atomically(out / "results.json", json.dumps(results, indent=1) + "\n")
    return results


def _results(out: Path, interrupted: bool = False) -> dict[str, Any]:
    finished = finished_rounds(out)
    context = {**finished[0]["context"], "rounds_finished": len(finished)}
    if interrupted:
        context["interrupted"] = True
    return rounds.assemble(finished, context, finished[0].get("catalogue", {}))


def _run_round(job: Job, number: int, groups: Sequence[Sequence[ListedCase]], took: dict[str, float],
               display: Display, stop: process.StopRequest,
               time_left: Callable[[float], float]) -> tuple[list[Row], dict[str, Any]]:
    """The rows of the groups that were done before a stop, and the context of the first. `time_left` says how long the
    run goes on where the rounds of all cases take so long yet."""
    # What is watched costs two runs more, and hardly differs from process to process.
    options = (*job.options, *(["--unwatched"] if number > 1 else []))
    known = {case.name: case for case in job.cases}
    index = {case.name: i for i, case in enumerate(job.cases)}
    order = [case for group in groups for case in group]
    of_all, every = number <= job.rounds, len(job.cases)
    done_before, total = (every * number - len(order), every * job.rounds) if of_all else (0, len(order))
    rows: list[Row] = []
    context: dict[str, Any] = {}

    def show(group: Sequence[ListedCase], share: float = 0.0) -> None:
        i = len(rows)
        left = rounds.time_left_s([*order[i:], *(order * (job.rounds - number))], took, known)
        gone = rounds.time_left_s(group, took, known) * share
        display.show(Position(number, job.rounds if of_all else None, done_before + i + share * len(group), total,
                              time_left(max(0.0, left - gone)), group[0].name if group else ""))

    for group in groups:
        entrants = [turns.Entrant(job.bench, job.suite_file, case, options, job.hosts.launch_of(case, job.bench),
                                  _records_file(job.out, case.name) if case.timeline and number == 1 else None)
                    for case in group]
        measured = turns.measure(entrants, rounds.random_of(job.order_seed, number, group[0].name), stop,
                                 partial(show, group), job.timeout_s)
        if stop.number:
            break
        for case, one in zip(group, measured):
            took[case.name] = one.seconds
            context = context or dict(one.context)
            rows.append({**one.row, "turns": rounds.values_of_turns(one.turns, job.catalogue),
                         "family_index": index[case.name], "per_family_instance_index": 0})
            if is_failure(one.row):
                display.say(f"error: {case.name}: {one.row['error_message']}")
        show(())
    return rows, context


def _records_file(out: Path, name: str) -> Path:
    folder = (out / "records").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{short_name(name.replace('/', '_'))}.json"


def now_utc() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def new_seed() -> int:
    return int.from_bytes(os.urandom(4))
