"""Runs a suite: each case in a fresh process, in rounds, each round in a new random order and saved when it is done."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence, TypeVar

from ..files import write_atomically
from ..machine import facts
from ..machine.facts import Machine
from ..results import catalogue as catalogues
from ..results.catalogue import Catalogue
from ..results.rows import Row, has_no_number, is_failure
from . import process, rounds
from .display import Display, Position
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
    timeout_s: float | None = None  # for each case; None: as long as rounds.timeout_s gives it
    context: Mapping[str, Any] = field(default_factory=dict)  # goes into the results as it is, like the next
    catalogue: Mapping[str, Any] = field(default_factory=dict)  # as the bench printed it
    options: tuple[str, ...] = ()  # more of the bench's


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


def _asked(bench: Path, options: Sequence[str | Path], read: Callable[[Any], T]) -> T:
    """What the bench prints as JSON, read."""
    try:
        ended = process.run([bench, *options], timeout_s=30)
    except OSError as e:
        raise BenchError(f"{bench} can't be started ({e.strerror}): ./scripts/fanbench list builds it") from None
    if ended.returncode != 0:
        raise BenchError(_last_line(ended.stderr) or f"{bench.name} {options[-1]} {_how_it_ended(ended)}")
    try:
        return read(json.loads(ended.stdout))
    except (ValueError, KeyError, TypeError) as e:
        what = str(e) if isinstance(e, ValueError) else repr(e)
        raise BenchError(f"{bench.name} {options[-1]} printed what can't be read: {what}") from None


def run(job: Job, display: Display, stop: process.StopRequest) -> int:
    """Runs all rounds, or as many as can be finished before a stop. Returns how many were finished.

    DIR/rounds/round-NNN.json appears when its round is finished; what a stopped round has done goes to partial.json.
    """
    known = {case.name: case for case in job.cases}
    left, took = list(job.cases), {}
    for number in range(1, job.rounds + 1):
        order = [known[n] for n in rounds.order_of([c.name for c in left], job.order_seed, number)]
        rows, context = _run_round(job, number, order, took, display, stop)
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
    return job.rounds


def finished_rounds(out: Path) -> list[dict[str, Any]]:
    """The finished rounds that are saved in a run's folder, in their order. Raises BenchError."""
    return [_read_round(path) for path in sorted((out / "rounds").glob("round-*.json"))]


def _read_round(path: Path) -> dict[str, Any]:
    document = _read_document(path)
    if not isinstance(document.get("context"), dict) or not isinstance(document.get("benchmarks"), list):
        raise BenchError(f"{path}: not a finished round, expected JSON with context and benchmarks; was it cut off?")
    return document


def write_results(out: Path, interrupted: bool) -> dict[str, Any]:
    """Makes DIR/results.json of the finished rounds, of which there must be one, and returns what is in it."""
    finished = finished_rounds(out)
    context = {**finished[0]["context"], "rounds_finished": len(finished)}
    if interrupted:
        context["interrupted"] = True
    results = rounds.assemble(finished, context, finished[0].get("catalogue", {}))
    write_atomically(out / "results.json", json.dumps(results, indent=1) + "\n")
    return results


def _run_round(job: Job, number: int, order: Sequence[ListedCase], took: dict[str, float], display: Display,
               stop: process.StopRequest) -> tuple[list[Row], dict[str, Any]]:
    """The rows of the cases that were done before a stop, and the context of the first."""
    known = {case.name: case for case in job.cases}
    index = {case.name: i for i, case in enumerate(job.cases)}
    done_before = len(job.cases) * (number - 1)
    skipped = len(job.cases) - len(order)
    rows: list[Row] = []
    context: dict[str, Any] = {}

    def show() -> None:
        i = len(rows)
        remaining = [*order[i:], *(list(order) * (job.rounds - number))]
        display.show(Position(number, job.rounds, done_before + skipped + i, len(job.cases) * job.rounds,
                              rounds.time_left_s(remaining, took, known), order[i].name if i < len(order) else ""))

    for case in order:
        show()
        row, of_bench, seconds = run_case(job, case, number, stop, show)
        if stop.number:
            break
        took[case.name] = seconds
        context = context or of_bench
        rows.append({**row, "family_index": index[case.name], "per_family_instance_index": 0})
        if is_failure(row):
            display.say(f"error: {case.name}: {row['error_message']}")
    return rows, context


def run_case(job: Job, case: ListedCase, number: int, stop: process.StopRequest,
             tick: Any) -> tuple[Row, dict[str, Any], float]:
    """The case's row, made here where the bench leaves none, the bench's context, and how long it took."""
    timeout_s = job.timeout_s or rounds.timeout_s(case)
    with tempfile.TemporaryDirectory(prefix="fanbench-") as folder:
        output = Path(folder) / "row.json"
        argv: list[str | Path] = [job.bench, "--suite", job.suite_file, "--case", case.name,
                                  f"--benchmark_out={output}", "--benchmark_out_format=json", *job.options]
        if case.timeline and number == 1:
            argv += ["--records", _records_file(job.out, case.name)]
        try:
            ended = process.run(argv, timeout_s=timeout_s, stop=stop, tick=tick)
        except OSError as e:
            return rounds.error_row(case, f"{job.bench} can't be started: {e.strerror}"), {}, 0.0
        document = _read_document(output)
    return _judge(case, ended, document, timeout_s), document.get("context", {}), ended.seconds


def _judge(case: ListedCase, ended: process.Ended, document: Mapping[str, Any], timeout_s: float) -> Row:
    """The bench's row where it can be believed, else an error row that says what happened."""
    row = rounds.row_of(case, document)
    if ended.timed_out:
        return rounds.error_row(case, f"not done after {timeout_s:g} s, ended{_last_words(ended)}")
    if ended.returncode not in (0, 1):
        return rounds.error_row(case, f"the bench {_how_it_ended(ended)}{_last_words(ended)}")
    if row is None or (ended.returncode == 1 and not row.get("error_occurred")):
        what = "no row" if row is None else "a row without an error"
        return rounds.error_row(case, f"the bench {_how_it_ended(ended)} and left {what}{_last_words(ended)}")
    if ended.left_behind and not is_failure(row):
        return rounds.error_row(case, f"left processes behind: {', '.join(ended.left_behind)}")
    return row


def _records_file(out: Path, name: str) -> Path:
    folder = (out / "records").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name.replace('/', '_')}.json"


def _read_document(path: Path) -> dict[str, Any]:
    """What the bench wrote; nothing where it did not come to writing, or not to the end of it."""
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _how_it_ended(ended: process.Ended) -> str:
    if ended.returncode >= 0:
        return f"exited with {ended.returncode}"
    hint = " (out of memory?)" if ended.returncode == -signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-ended.returncode).name}{hint}"


def _last_words(ended: process.Ended) -> str:
    line = _last_line(ended.stderr)
    return f"; its last words: {line}" if line else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def now_utc() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def new_seed() -> int:
    return int.from_bytes(os.urandom(4))
