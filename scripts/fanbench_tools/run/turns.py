"""Cases that are compared take turns: each has a process, they get ready one after the other, and then make their
iterations in turns, one at a time, so that the same noise falls on all of them."""

from __future__ import annotations

import json
import math
import random
import signal
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence

from ..results.rows import Row, is_failure, is_number
from . import process, ranks, rounds
from .rounds import ListedCase

# Turns of a case in a round: as many as its suite's iterations need, and while they are short up to so many, for so
# long. A run spends its time on rounds rather than turns: what differs from process to process is in none of the turns.
# But where three are no longer than that, it takes three: of one, nobody can tell that something disturbed it.
MOST_TURNS = 24
TURNS_S = 0.06
THREE_TURNS_S = 0.35
PATIENCE_S = 60.0  # at least, for whatever a case has to do next
PATIENCE_TIMES = 20.0  # what it is expected to take
PATIENCE_WITH_LOST_S = 5.0  # with ranks of which one is lost, until all have ended


@dataclass(frozen=True)
class Entrant:
    """A case, and the bench that measures it."""

    bench: Path
    suite_file: Path
    case: ListedCase
    options: tuple[str, ...] = ()  # more of the bench's
    launch: tuple[str, ...] = ()  # words before the bench's, of what starts its ranks; none: it is started itself
    records: Path | None = None  # where the calls of its last iteration go


class _Lost(Exception):
    """A rank is, and the launcher does not come to its end for it. The message is a line that says which."""


@dataclass(frozen=True)
class Measured:
    """What came of an entrant in a round."""

    row: Row  # made here where the bench left none
    context: Mapping[str, Any]  # of the bench
    turns: Sequence[Mapping[str, float]]  # the figures of each
    seconds: float  # that it took, without the others' turns


def measure(entrants: Sequence[Entrant], order: random.Random, stop: process.StopRequest,
            tell: Callable[[float], None] = lambda _share: None, patience_s: float | None = None,
            turns_s: float = TURNS_S) -> list[Measured]:
    """One round of these, which are started in this order. After a stop what was measured means nothing.

    `tell` is told which share is done, now and then; `patience_s`: how long one of them may go without a sign, None: as
    long as seems generous; `turns_s`: for how long each takes turns, 0: for the iterations of its suite.
    """
    done = 0.0
    with tempfile.TemporaryDirectory(prefix="fanbench-") as folder, ExitStack() as ending:
        benches = [_Bench(e, Path(folder) / f"{i}.json", stop, lambda: tell(done), patience_s, turns_s)
                   for i, e in enumerate(entrants)]
        for i, bench in enumerate(benches):  # memory is watched: nobody else starts or ends meanwhile
            tell(done := i / len(benches) / 2)
            ending.callback(bench.kill)
            bench.get_ready()
        turns = sum(bench.turns_left for bench in benches)
        for i, bench in enumerate(_turns(benches, order)):
            tell(done := (1 + i / turns) / 2)
            bench.take_turn()
        for bench in benches:
            bench.end()
        return [bench.measured() for bench in benches]


def _turns(benches: Sequence[_Bench], order: random.Random) -> Iterator[_Bench]:
    """Whose turn it is, in a new order each time. Nobody has two in a row while there is another: a process that
    follows itself finds its data still in the CPU's caches."""
    last = None
    while benches := [b for b in benches if b.turns_left]:
        drawn = order.sample(benches, len(benches))
        if drawn[0] is last:
            drawn.append(drawn.pop(0))
        yield from drawn
        last = drawn[-1]


class _Bench:
    """A bench's process with one case."""

    def __init__(self, entrant: Entrant, output: Path, stop: process.StopRequest, tick: Callable[[], None],
                 patience_s: float | None, turns_s: float) -> None:
        self._turns_s = turns_s
        self._entrant, self._output, self._stop, self._tick, self._patience_s = entrant, output, stop, tick, patience_s
        self._child: process.Child | None = None
        self._failure = ""  # why there is no row
        self._ended: process.Ended | None = None
        self._turns: list[Mapping[str, float]] = []
        self._turn_s, self._seconds, self._lost_at = 0.0, 0.0, 0.0
        self.turns_left = 0

    def get_ready(self) -> None:
        e = self._entrant
        argv: list[str | Path] = [*e.launch, e.bench, "--suite", e.suite_file, "--case", e.case.name, "--turns",
                                  f"--benchmark_out={self._output}", "--benchmark_out_format=json", *e.options]
        if e.records:
            argv += ["--records", e.records]
        try:
            self._child = process.Child(argv, talks=True)
        except OSError as error:
            self._failure = f"{argv[0]} can't be started: {error.strerror}"
            return
        if ready := self._hear("ready", e.case.expected_s):
            self._turn_s = float(ready["turn_s"])
            wanted = math.ceil(e.case.iterations / max(1, int(ready["iterations"])))
            fitting = min(MOST_TURNS, round(self._turns_s / max(1e-9, self._turn_s)))
            undisturbed = 3 if self._turns_s and 3 * self._turn_s <= THREE_TURNS_S else 1
            self.turns_left = max(wanted, fitting, undisturbed)

    def take_turn(self) -> None:
        self.turns_left -= 1
        self._child.tell("turn")  # type: ignore[union-attr]
        if figures := self._hear("turn", self._turn_s):
            self._turns.append({name: value for name, value in figures.items() if is_number(value)})

    def end(self) -> None:
        if self._child:
            began = time.monotonic()
            patience_s = 0.0 if self._failure else self._patience(self._turn_s)
            if self._entrant.launch and ranks.what_a_relay_says(self._child.words()):
                patience_s = min(patience_s, PATIENCE_WITH_LOST_S)
            self._ended = self._child.end(patience_s, self._stop, self._tick)
            self._seconds += time.monotonic() - began

    def kill(self) -> None:
        if self._child:
            self._child.kill()

    def measured(self) -> Measured:
        document = read_document(self._output)
        return Measured(self._row(document), document.get("context", {}), self._turns, self._seconds)

    def _hear(self, what: str, expected_s: float) -> Mapping[str, Any] | None:
        """What it says of that; None where it says nothing any more."""
        began, patience_s = time.monotonic(), self._patience(expected_s)
        try:
            while line := self._child.hear(patience_s, self._stop, self._look_after):  # type: ignore[union-attr]
                if (said := _parse(line).get(what)) is not None:
                    return said
        except TimeoutError:
            self._failure = f"no sign of it for {patience_s:g} s, ended"
        except _Lost as lost:
            self._failure = str(lost)
        finally:
            self._seconds += time.monotonic() - began
        self.turns_left = 0
        return None

    def _look_after(self) -> None:
        """Now and then, while it is waited for. Raises _Lost."""
        self._tick()
        if self._entrant.launch and (said := ranks.what_a_relay_says(self._child.words())):  # type: ignore[union-attr]
            self._lost_at = self._lost_at or time.monotonic()
            if time.monotonic() > self._lost_at + PATIENCE_WITH_LOST_S:
                raise _Lost(said)

    def _patience(self, expected_s: float) -> float:
        if self._patience_s:
            return self._patience_s
        return max(PATIENCE_S, PATIENCE_TIMES * expected_s)

    def _row(self, document: Mapping[str, Any]) -> Row:
        """The bench's row where it can be believed, else an error row that says what happened."""
        case, ended = self._entrant.case, self._ended
        if ended is None:
            return rounds.error_row(case, self._failure)
        row = rounds.row_of(case, document)
        if self._entrant.launch and not (row and ended.returncode == 0):
            return self._row_of_lost_ranks(row)
        if self._failure or ended.timed_out:
            return rounds.error_row(case, self._failure or "not done long after its last turn, ended")
        if ended.returncode not in (0, 1):
            return rounds.error_row(case, f"the bench {how_it_ended(ended)}{_last_words(ended)}")
        if row is None or (ended.returncode == 1 and not row.get("error_occurred")):
            what = "no row" if row is None else "a row without an error"
            return rounds.error_row(case, f"the bench {how_it_ended(ended)} and left {what}{_last_words(ended)}")
        if ended.left_behind and not is_failure(row):
            return rounds.error_row(case, f"left processes behind: {', '.join(ended.left_behind)}")
        return row


    def _row_of_lost_ranks(self, row: Row | None) -> Row:
        """Where a rank is lost the launcher ends all of them, and says which; how it exits says nothing."""
        said = ranks.what_mpirun_says(self._ended.stderr)  # type: ignore[union-attr]
        if row and row.get("error_occurred") and self._ended.returncode >= 0:  # type: ignore[union-attr]
            why = said or row["error_message"] + ranks.last_words(self._ended.stderr)  # type: ignore[union-attr]
            return {**row, "error_message": why}
        why = self._failure or said or f"the ranks' launcher {how_it_ended(self._ended)}{_last_words(self._ended)}"  # type: ignore[arg-type]
        return rounds.error_row(self._entrant.case, why)


def _parse(line: str) -> dict[str, Any]:
    """Nothing where it is no object."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def read_document(path: Path) -> dict[str, Any]:
    """What the bench wrote; nothing where it did not come to writing, or not to the end of it."""
    try:
        return _parse(path.read_text("utf-8", "replace"))
    except OSError:
        return {}


def how_it_ended(ended: process.Ended) -> str:
    if ended.returncode >= 0:
        return f"exited with {ended.returncode}"
    hint = " (out of memory?)" if ended.returncode == -signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-ended.returncode).name}{hint}"


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _last_words(ended: process.Ended) -> str:
    line = last_line(ended.stderr)
    return f"; its last words: {line}" if line else ""
