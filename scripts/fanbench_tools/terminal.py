"""What we print: text in lines of the terminal's width; where there is no terminal, tables as wide as their names and
text in 80 columns, so that names of cases and files stay whole."""

from __future__ import annotations

import sys
from typing import Any

from .results.wording import wrapped

TEXT_WIDTH = 80
_AS_WIDE_AS_IT_TAKES = 100_000


def console() -> Any:
    """rich's."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=_AS_WIDE_AS_IT_TAKES, height=25)


def say(console: Any, text: str = "", style: str = "", bold: int = 0, indent: str = "") -> None:
    """A text as it is, `indent` before all its lines but the first; so many characters of it bold."""
    from rich.text import Text

    width = console.width if console.width < _AS_WIDE_AS_IT_TAKES else TEXT_WIDTH
    line = Text(wrapped(text, width, indent), style)
    if bold:
        line.stylize("bold", 0, bold)
    console.print(line, highlight=False, soft_wrap=True)
