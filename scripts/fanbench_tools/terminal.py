"""rich's console for what we print: where no terminal sets a width, names of cases and files stay whole."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console

TEXT_WIDTH = 80
_AS_WIDE_AS_IT_TAKES = 100_000


def console() -> Console:
    return Console() if sys.stdout.isatty() else _Unbounded()


class _Unbounded(Console):
    """For pipes and files: tables are as wide as they need, and lines of text are broken between words only."""

    def __init__(self) -> None:
        super().__init__(width=_AS_WIDE_AS_IT_TAKES, height=25)

    def print(self, *objects: Any, **options: Any) -> None:
        if all(isinstance(thing, str) for thing in objects):
            longest = max((len(word) for text in objects for word in text.split()), default=0)
            options = {"width": max(TEXT_WIDTH, longest), **options}
        super().print(*objects, **options)
