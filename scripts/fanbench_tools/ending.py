"""How the gate ends: 1 is kept for a regression, whatever else goes wrong, a broken import included. Imports nothing of
ours."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Sequence

FAILED = 2


def call(module: str, words: Sequence[str]) -> int:
    """The exit code of the module's main(words). One that does not come to its end is told, and for the gate it is a
    2."""
    if not is_gate(words):
        return importlib.import_module(module).main(words)
    try:
        return importlib.import_module(module).main(words)
    except SystemExit as e:
        return e.code if isinstance(e.code, int) and e.code != 1 else FAILED
    except Exception as e:
        traceback.print_exc()
        print(f"fanbench: the gate did not come to its end: {type(e).__name__}: {e}", file=sys.stderr)
        _let_go_of_output()
        return FAILED


def _let_go_of_output() -> None:
    """What can't be written, to a full disk, would be tried once more at the very end, and change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_gate(words: Sequence[str]) -> bool:
    """Options that any verb has may stand before it."""
    return next((word for word in words if not word.startswith("-")), "") == "gate"
