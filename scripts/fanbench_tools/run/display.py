"""Shows how far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Position:
    """How far a run is."""

    round: int
    rounds: int | None  # None: as many as the budget allows
    done: float  # cases done, in all rounds where their number is known, else in this one
    total: int
    left_s: float
    case: str = ""

    @property
    def left(self) -> str:
        return f"{duration(self.left_s)} left{'' if self.rounds else ' of the budget'}"

    def at(self, of: str) -> str:
        return f"{self.round}{of}{self.rounds}" if self.rounds else f"{self.round}"

    def line(self) -> str:
        return f"round {self.at(' of ')}, {self.done:,.0f} of {self.total:,} cases done, {self.left}"


class Display(Protocol):
    def show(self, position: Position) -> None: ...
    def say(self, line: str) -> None: ...
    def close(self) -> None: ...


def duration(seconds: float) -> str:
    """0:07, 1:12, 1:02:03."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def display_for(console: Any) -> Display:
    """A bar where the console can redraw a line, else lines."""
    return Bar(console) if console.is_terminal and not console.is_dumb_terminal else Lines()


class Bar:
    """rich's bar, redrawn only when told to: a thread that redraws would take time from what is measured."""

    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(TextColumn("round {task.fields[at]}"), BarColumn(),
                             TextColumn("{task.completed:,.0f}/{task.total:,.0f}"), TextColumn("{task.fields[left]}"),
                             TextColumn("{task.fields[case]}", style="dim"), console=console, auto_refresh=False,
                             transient=True)
        self._task = self._bar.add_task("", total=1, at="1/1", left="", case="")
        self._bar.start()

    def show(self, position: Position) -> None:
        self._bar.update(self._task, completed=position.done, total=position.total, left=position.left,
                         at=position.at("/"), case="/".join(position.case.split("/")[:3]))
        self._bar.refresh()

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._bar.stop()


class Lines:
    """A line at the start, at each round and every ten seconds, for logs and pipes."""

    def __init__(self, every_s: float = 10.0) -> None:
        self._every_s = every_s
        self._said_at = -every_s
        self._round = 0

    def show(self, position: Position) -> None:
        now = time.monotonic()
        if position.round != self._round or now - self._said_at >= self._every_s:
            self.say(position.line())
            self._said_at, self._round = now, position.round

    def say(self, line: str) -> None:
        print(line, flush=True)

    def close(self) -> None:
        pass
