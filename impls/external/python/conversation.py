"""The conversation with the bench (PROTOCOL.md): a line of JSON comes in, the work is done, a line of JSON goes out."""

import json
import sys
import time
from types import SimpleNamespace
from typing import Any, Callable, Iterable

import kernel
from records import Records

Prepare = Callable[[SimpleNamespace], None]
Run = Callable[[SimpleNamespace, Records], None]


def cannot_run_here(reason: object) -> None:
    """Ends this program so that its rows are not applicable, for this reason."""
    print(reason, file=sys.stderr)
    sys.exit(77)


def converse(name: str, versions: str, workloads: Iterable[str], prepare: Prepare, run: Run) -> None:
    """Answers until the bench has no more to say. What it says is handed over as attributes: `asked.calls`."""
    records = None
    for line in sys.stdin.buffer:
        began = time.monotonic_ns()
        asked = SimpleNamespace(**json.loads(line))
        match asked.do:
            case "hello":
                _answer(hello=name, protocol=1, versions=f"Python {sys.version.split()[0]}, {versions}",
                        workloads=list(workloads), kernel_steps_per_ms=kernel.steps_per_ms())
            case "prepare":
                prepare(asked)
                _answer(ready=True)
            case "run":
                records = Records(began, asked.calls, asked.attempts)
                run(asked, records)
                _answer(done=True)
            case "report":
                records.write(asked.path)
                _answer(written=True)


def _answer(**words: Any) -> None:
    print(json.dumps(words), flush=True)
