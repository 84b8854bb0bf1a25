"""What a run prints at its end: the answer, then the table of all rows."""

from __future__ import annotations

import re
from typing import Any

from ..analysis.findings import choices
from ..results.cases import Results
from ..results.table import print_table
from ..results.wording import TOGETHER
from ..terminal import say
from . import opening


def print_run(results: Results, console: Any, wide: bool = False) -> None:
    """Within 80 columns; wide, within 120."""
    which = opening.which(results, choices(results))
    for question, text in which["answer"]:
        say(console, _whole_commands(f"{question} {text}"), bold=len(question), indent="  ")
    if which["why_not"] and not which["answer"]:
        say(console, _whole_commands(which["why_not"]))
    if which["answer"] or which["why_not"]:
        say(console)
    print_table(results, console, wide)


def _whole_commands(text: str) -> str:
    """With the command at its end in one line, so that it can be copied."""
    return re.sub(r"\(fanbench run .*\)", lambda command: command[0].replace(" ", TOGETHER), text)
