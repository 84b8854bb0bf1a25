"""Standard output and error that fail nobody: a character that they can't show is replaced, and what can't be written is
dropped, and told when all is done. Imports nothing of ours."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

# One for one where tables are to stay in line. Others, and bytes of a name that are no text, become "?".
_NEAREST = {"µ": "u", "×": "x", "·": ".", "−": "-", "–": "-", "—": "-", "…": "...", "→": "->", "✓": "+", "✗": "x",
            "━": "-", "╸": "-", "╺": "-"}


class ReaderGone(Exception):
    """Who read standard output, `head` perhaps, has seen enough. Nothing of ours takes it for a failure of its own."""


class _Sink(io.FileIO):
    """A descriptor. Once a write has failed, nothing more is tried."""

    def __init__(self, descriptor: int, may_lose_its_reader: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.failure = ""
        self._may_lose_its_reader = may_lose_its_reader

    def write(self, data: bytes) -> int | None:  # type: ignore[override]
        if not self.failure:
            try:
                return super().write(data)
            except OSError as e:
                self.failure = e.strerror or str(e)
                if isinstance(e, BrokenPipeError) and not self._may_lose_its_reader:
                    raise ReaderGone from None
        return len(data)


def guard() -> None:
    """From now on print() raises ReaderGone and nothing else. A stream that was closed swallows what it is told."""
    for descriptor in range(3):  # the lowest first: open() takes the lowest that is free
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # else a child, or a file of ours, would get it
    codecs.register_error("nearest", _nearest)
    sys.stdout = _guarded(sys.stdout, 1, may_lose_its_reader=False)
    sys.stderr = _guarded(sys.stderr, 2, may_lose_its_reader=True)


def finish() -> str:
    """Writes what is left to be written. Why not all of standard output could be, or nothing. Raises ReaderGone."""
    sys.stdout.flush()
    sink = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return sink.failure if isinstance(sink, _Sink) else ""


def _guarded(stream: TextIO | None, descriptor: int, may_lose_its_reader: bool) -> TextIO:
    """In the encoding of the stream; of one that was closed there is none."""
    return io.TextIOWrapper(io.BufferedWriter(_Sink(descriptor, may_lose_its_reader)), errors="nearest",
                            encoding=stream.encoding if stream else "utf-8",
                            line_buffering=bool(stream and stream.line_buffering))


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_NEAREST.get(char, "?") for char in error.object[error.start:error.end]), error.end
