"""How ninja is called, and how far it is: for this tree, and for the commits that the gate compares."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence

HEAVIEST_FILE_BYTES = 1.5e9  # what its compiler takes
ERROR = re.compile(r"(?<![\w/-])\w*error(\[\w+\])?( \w+)?:|^CMake Error|undefined", re.IGNORECASE)  # not -Werror
PLACE = re.compile(r"\S+?:\d+(:\d+)?: ")  # as compilers begin a line that do not say "error"
STEP = re.compile(r"\[(\d+)/(\d+)\] ")


def ninja(folder: Path, targets: Sequence[str]) -> list[str]:
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(_jobs_that_fit())
    return ["ninja", "-C", str(folder), "-j", jobs, *targets]


def environment() -> dict[str, str]:
    """In which it says its steps as STEP reads them."""
    return {**os.environ, "NINJA_STATUS": "[%f/%t] "}


def read(log: Path) -> list[str]:
    """The lines of a log; none where there is none."""
    return log.read_text("utf-8", "replace").splitlines() if log.exists() else []


def first_error(lines: Sequence[str]) -> str:
    """What a build that failed said first of why, of any language; what it said last if it did not say so, empty if
    nothing."""
    said = [line.strip() for line in lines if line.strip()]
    for pattern in (ERROR.search, PLACE.match):
        if found := next(filter(pattern, said), None):
            return found
    return said[-1] if said else ""


@contextlib.contextmanager
def shown(what: str, log: Path) -> Iterator[Callable[[], None]]:
    """Yields what shows how far a build is, to be called now and then while the log, which has to be there, grows."""
    with open(log, encoding="utf-8", errors="replace") as so_far:
        so_far.seek(0, os.SEEK_END)
        progress = _Progress(what)
        try:
            yield lambda: progress.show(so_far)
            progress.show(so_far)
        finally:
            progress.end()


def _jobs_that_fit() -> int:
    """As many compilers as there are cores, unless the memory is short."""
    import psutil

    return max(1, min(len(os.sched_getaffinity(0)), int(psutil.virtual_memory().available / HEAVIEST_FILE_BYTES)))


class _Progress:
    """One line on a terminal, else one every tenth."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._on_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._tenth, self._open_line = -1, False

    def show(self, log: Iterable[str]) -> None:
        """Of the lines of the log that are new."""
        for step in filter(None, map(STEP.match, log)):
            done, of = map(int, step.groups())
            if self._on_terminal:
                print(f"\r{self._what}: {done} of {of} ", end="", flush=True)
                self._open_line = True
            elif 10 * done // of != self._tenth:
                self._tenth = 10 * done // of
                print(f"{self._what}: {done} of {of}", flush=True)

    def end(self) -> None:
        if self._open_line:
            print(flush=True)
