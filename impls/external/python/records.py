"""What is taken down of a run, and written when its clock has stopped. Times: nanoseconds since the run began."""

import time
from dataclasses import dataclass
from itertools import groupby
from typing import Mapping

BEAT_NS = 10_000_000


@dataclass(slots=True)
class Attempt:
    """One attempt at a call: given up, unless it is said how else it ended."""

    id: int
    number: int
    started: int
    finished: int = 0
    verdict: str = "cancelled"
    status: int = 0
    answer: str = "0"
    more: bool = False  # its chain goes on
    retry_after: int = 0

    def replied(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self.answer = body[:16].decode()
        self.more = body[16:17] == b"+"
        if 200 <= status < 300:
            self.verdict = "ok"
            return
        self.verdict = "http_error"
        if "Retry-After-Ms" in headers:
            self.retry_after = round(float(headers["Retry-After-Ms"]) * 1e6)
        elif "Retry-After" in headers:
            self.retry_after = int(headers["Retry-After"]) * 10**9


class CallFailed(Exception):
    """No reply, or one that is no success."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(f"call {attempt.id}: {attempt.verdict} {attempt.status}")
        self.attempt = attempt


class Records:
    """Of one run. Threads may append to its lists."""

    def __init__(self, began: int, calls: int, most_attempts: int) -> None:
        self.began = began  # by time.monotonic_ns()
        self.calls = calls
        self.most_attempts = most_attempts  # at a call
        self.attempts: list[Attempt] = []
        self.ready: dict[int, int] = {}  # when a call could start, where that is not the beginning
        self.chosen: int | None = None
        self.tasks = 0  # the most that existed at once
        self.beats: list[int] = []
        self.events: list[tuple[int | str, int, int, int]] = []  # call (or "-"), its event's number, time, value

    def now(self) -> int:
        return time.monotonic_ns() - self.began

    def attempt(self, id: int, number: int = 0) -> Attempt:
        """That is about to be made."""
        begun = Attempt(id, number, self.now())
        self.attempts.append(begun)
        return begun

    def is_ready(self, id: int) -> None:
        """What the call had to wait for is there."""
        self.ready[id] = self.now()

    def event(self, value: int, number: int = 0, id: int | str = "-") -> None:
        """Of a call, or of the fan-out itself."""
        self.events.append((id, number, self.now(), value))

    def next_beat(self) -> int:
        """When the next tick of the heartbeat is due."""
        return (len(self.beats) + 1) * BEAT_NS

    def make_due_beats(self) -> None:
        while self.next_beat() <= (now := self.now()):
            self.beats.append(now)

    def write(self, path: str) -> None:
        made = {id: list(its) for id, its in groupby(sorted(self.attempts, key=_order), lambda a: a.id)}
        with open(path, "w", encoding="ascii") as file:
            for id in range(self.calls):
                intended = self.ready.get(id, 0)
                if id not in made:
                    file.write(f"call {id} {intended} 0 0 0 cancelled 0 0\n")
                    continue
                end = decisive(made[id])
                file.write(f"call {id} {intended} {made[id][0].started} {end.finished} {len(made[id])} "
                           f"{end.verdict} {end.status} {end.answer}\n")
            for a in self.attempts if self.most_attempts > 1 else ():
                file.write(f"attempt {a.id} {a.number} {a.started} {a.finished} "
                           f"{a.verdict} {a.status} {a.answer} {a.retry_after}\n")
            for n, at in enumerate(self.beats):
                file.write(f"beat {n} {at}\n")
            for id, n, at, value in self.events:
                file.write(f"event {id} {n} {at} {value:x}\n")
            if self.chosen is not None:
                file.write(f"chosen {self.chosen}\n")
            if self.tasks:
                file.write(f"tasks {self.tasks}\n")


def decisive(attempts: list[Attempt]) -> Attempt:
    """The last, but of those that were made beside each other the one that was not given up."""
    return next((attempt for attempt in reversed(attempts) if attempt.verdict != "cancelled"), attempts[-1])


def _order(attempt: Attempt) -> tuple[int, int]:
    return attempt.id, attempt.number
