"""How a verb ends: whatever goes wrong, with one exit code that means something. Imports nothing of ours but streams,
which needs nothing."""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from typing import Sequence

from . import streams

FAILED = 2  # of the gate, whose 1 is kept for a regression, a broken import included; of any verb: its output is not whole


def call(module: str, words: Sequence[str]) -> int:
    """The exit code of the module's main(words)."""
    streams.guard()
    try:
        code = _of_gate(module, words) if is_gate(words) else _code(module, words)
        lost = streams.finish()
    except streams.ReaderGone:
        return 128 + signal.SIGPIPE
    if lost:
        print(f"fanbench: standard output: {lost}: not all that was said is in it", file=sys.stderr)
        return max(FAILED, code)  # a stop by a signal stays one
    return code


def _code(module: str, words: Sequence[str]) -> int:
    try:
        return importlib.import_module(module).main(words)
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else 1 if e.code else 0


def _of_gate(module: str, words: Sequence[str]) -> int:
    """One that does not come to its end is told."""
    try:
        return importlib.import_module(module).main(words)
    except SystemExit as e:
        return e.code if isinstance(e.code, int) and e.code != 1 else FAILED
    except streams.ReaderGone:
        raise
    except Exception as e:
        traceback.print_exc()
        print(f"fanbench: the gate did not come to its end: {type(e).__name__}: {e}", file=sys.stderr)
        return FAILED


def is_gate(words: Sequence[str]) -> bool:
    """Options that any verb has may stand before it."""
    return next((word for word in words if not word.startswith("-")), "") == "gate"
