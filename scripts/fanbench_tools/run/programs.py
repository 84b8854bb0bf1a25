"""Copies of the programs that are measured, made before the first is: whatever is built meanwhile, they stay."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

from .. import checkout

FOLDER = checkout.ROOT / ".cache" / "measured"
BESIDE = ("fanbench-server", "fanbench-relay")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder of one's own, for as long as programs are measured from it; what a killed run has left is removed. Not in
    /tmp, from which programs can't always be started. Its path is always as long: a longer path moves the stack, and that
    alone can make a program faster or slower. Raises OSError."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # else another one might take ours, before it is held, for left behind
        for left in FOLDER.glob("run-*"):
            _remove_if_left(left)
        own = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
        held = open(own / ".held", "w")
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        held.close()


def copied(bench: Path, into: Path) -> Path:
    """The bench's copy, with its server and its libraries beside it. Raises OSError."""
    into.mkdir()
    with open(bench, "rb"):  # it is what is told where nothing is there
        pass
    beside = [path for path in bench.parent.iterdir() if path.name in BESIDE or ".so" in path.suffixes]
    for path in (bench, *beside):
        shutil.copy2(path, into / path.name)
    return into / bench.name


def why_not(error: OSError) -> str:
    """In one line."""
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} can't be started ({error.strerror}): ./scripts/fanbench list builds it"
    return f"{error.filename2 or error.filename or FOLDER}: {error.strerror}: the programs that are measured are copied there"


def _remove_if_left(folder: Path) -> None:
    """The kernel lets go of a lock when its owner ends, however it does."""
    with contextlib.suppress(OSError), open(folder / ".held", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
