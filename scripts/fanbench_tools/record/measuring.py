"""One call after another, at no more than a rate, until there are enough, too many have failed, or a stop comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Callable

from .client import NoReply, Reply, Stopped

LEAST = 20  # latencies, fewer are nothing to measure with
MOST_FAILING = 0.1
HOPELESS = 10  # calls, all of which failed


@dataclass
class Measured:
    """What has come so far."""

    first: Reply | None = None  # with the connection's set-up; whatever its status
    seconds: list[float] = field(default_factory=list)  # of the calls with a status of 200 to 299
    bytes: list[int] = field(default_factory=list)  # of the same
    failures: Counter[str] = field(default_factory=Counter)  # a status, or why there is none
    reconnected: int = 0  # calls beyond the first that needed a new connection
    stopped: bool = False

    @property
    def failed(self) -> int:
        return self.failures.total()

    @property
    def made(self) -> int:
        return len(self.seconds) + self.failed

    def fails_too_often(self, of: int) -> bool:
        """Of so many calls in the end."""
        return self.failed > MOST_FAILING * of or self.failed == self.made >= HOPELESS

    def reasons(self) -> str:
        """503: 10 times, no reply within 30 s: once"""
        return ", ".join(f"{reason}: {'once' if number == 1 else f'{number:,} times'}"
                         for reason, number in self.failures.most_common())


def measure(ask: Callable[[], Reply], calls: int, interval_s: float, now: Callable[[], float],
            wait: Callable[[float], bool], tell: Callable[[Measured, float], None] = lambda _so_far, _wait_s: None) -> Measured:
    """Calls begin `interval_s` apart, or as soon as the one before has its end; later where a 429 or 503 asks for it.

    `wait` is given seconds, and says whether it was stopped; `tell` is given what has come, and for how long a service
    asked to wait. Raises NoReply where the first call has none.
    """
    measured = Measured()
    while measured.made < calls and not measured.fails_too_often(calls):
        begun, asked_to_wait_s = now(), 0.0
        try:
            reply = ask()
        except Stopped:
            measured.stopped = True
            break
        except NoReply as e:
            if measured.made == 0:
                raise
            measured.failures[e.kind] += 1
        else:
            _take(measured, reply)
            if reply.status in (429, 503):
                asked_to_wait_s = reply.retry_after_s
        tell(measured, asked_to_wait_s)
        pause_s = max(begun + interval_s - now(), asked_to_wait_s)
        if measured.made < calls and not measured.fails_too_often(calls) and wait(max(0.0, pause_s)):
            measured.stopped = True
            break
    return measured


def _take(measured: Measured, reply: Reply) -> None:
    if measured.first is None:
        measured.first = reply
    elif reply.new_connections:
        measured.reconnected += 1
    if 200 <= reply.status < 300:
        measured.seconds.append(reply.seconds)
        measured.bytes.append(reply.bytes)
    else:
        measured.failures[str(reply.status)] += 1
