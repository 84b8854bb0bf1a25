"""What `record` does: asks, shows how far it is and what came, and writes the two files."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .. import checkout
from ..files import write_atomically
from ..results.wording import seconds as in_words
from ..run.display import duration
from ..run.process import StopRequest
from . import client, distribution, written
from .measuring import LEAST, Measured, measure


class Failed(Exception):
    """The service can't be measured. The message is one line."""


class BadUrl(Exception):
    """Nobody can be asked for it. The message is one line."""


@dataclass(frozen=True)
class Asked:
    """The verb's arguments."""

    url: str  # with its scheme
    calls: int
    rate: str  # as it was given
    interval_s: float  # at least, from one call's beginning to the next one's
    headers: tuple[str, ...]
    timeout_s: float
    out: Path  # without its suffix

    @property
    def txt(self) -> Path:
        return self.out.with_name(f"{self.out.name}.txt")

    @property
    def toml(self) -> Path:
        return self.out.with_name(f"{self.out.name}.toml")


def run(asked: Asked, began: str) -> int:
    """The exit code. Raises Failed or BadUrl, then nothing is written."""
    origin = written.Origin(asked.url, began, asked.calls, asked.rate, asked.timeout_s,
                            tuple(header.partition(":")[0] for header in asked.headers), checkout.version())
    print(f"asking {written.plain_url(asked.url)}: {asked.calls:,} calls, one at a time, at most {asked.rate}, in "
          f"{duration(asked.calls * asked.interval_s)} or more; Ctrl-C keeps what has come", flush=True)
    with StopRequest() as stop:
        measured = _measured(asked, stop)
    _judge(asked, measured)
    if measured.stopped and len(measured.seconds) < LEAST:
        return _interrupted(asked, measured, stop, f"expected {LEAST} with a status of 200 to 299 at least: nothing is "
                            "written")
    _show(measured)
    write_atomically(asked.txt, written.latencies(origin, measured))
    write_atomically(asked.toml, written.suite(asked.out.name, origin, measured))
    print(f"\n{asked.txt}: the latencies\n{asked.toml}: a suite of them, "
          f"{written.about(written.size(measured.seconds)[2])}: fanbench run {shlex.quote(str(asked.toml))}", flush=True)
    return _interrupted(asked, measured, stop, "which are kept") if measured.stopped else 0


def _interrupted(asked: Asked, measured: Measured, stop: StopRequest, then: str) -> int:
    print(f"fanbench: interrupted by {signal.Signals(stop.number).name} after {measured.made:,} of {asked.calls:,} calls, "
          f"{then}", file=sys.stderr)
    return 128 + stop.number


def agent(asked: Asked) -> str:
    """Says to who reads the service's log what this is."""
    return f"fanbench-record/{checkout.version()} (measures latencies: one request at a time, at most {asked.rate})"


def _measured(asked: Asked, stop: StopRequest) -> Measured:
    asking = client.Client(asked.url, agent(asked), asked.headers, asked.timeout_s, lambda: stop.number != 0)
    try:
        with contextlib.closing(asking), _progress(asked) as progress:
            return measure(asking.ask, asked.calls, asked.interval_s, time.monotonic,
                           lambda seconds: _stopped_within(seconds, stop), progress.show)
    except client.NoReply as e:
        raise (BadUrl if e.is_url else Failed)(str(e)) from None


def _stopped_within(seconds: float, stop: StopRequest) -> bool:
    select.select([stop.readable], [], [], seconds)
    return stop.number != 0


def _judge(asked: Asked, measured: Measured) -> None:
    if measured.failed and measured.fails_too_often(measured.made if measured.stopped else asked.calls):
        raise Failed(f"{client.address(asked.url)}: {measured.failed:,} of {measured.made:,} calls failed "
                     f"({measured.reasons()}); expected 200 to 299, of nine in ten: is the URL right, does it need a "
                     f"--header, is {asked.rate} too much for it? Nothing is written")


def _show(measured: Measured) -> None:
    first = measured.first
    assert first
    parts = ", ".join(f"{what} {in_words(took)}" for what, took in
                      (("name", first.set_up.name), ("TCP", first.set_up.tcp), ("TLS", first.set_up.tls)) if took)
    print(f"connected in {in_words(first.set_up.all)} ({parts}): set-up is in no latency")
    if measured.reconnected:
        print(f"connected anew for {measured.reconnected:,} of {measured.made:,} calls: the service did not keep the "
              "connection")
    if measured.failed:
        print(f"failed, and left out: {measured.failed:,} of {measured.made:,} calls ({measured.reasons()})")
    print(f"\n{distribution.summary(measured.seconds)}")
    if not distribution.is_sure(len(measured.seconds), 0.99):
        print("~: roughly, as fewer than ten latencies lie beyond it; a p99 takes --calls 1000")
    print("", *distribution.histogram(measured.seconds), sep="\n", flush=True)


@contextlib.contextmanager
def _progress(asked: Asked) -> Iterator[_Progress]:
    progress = _Progress(asked)
    try:
        yield progress
    finally:
        progress.end()


class _Progress:
    """One line on a terminal, else one every tenth."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._began = asked, time.monotonic()
        self._on_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._tenth, self._open_line = 0, False

    def show(self, so_far: Measured, asked_to_wait_s: float) -> None:
        if asked_to_wait_s:
            self.end()
            print(f"the service asks for a pause of {asked_to_wait_s:g} s", flush=True)
        made, calls = so_far.made, self._asked.calls
        if self._on_terminal:
            print(f"\r{self._line(so_far):<79}", end="", flush=True)
            self._open_line = True
        elif 10 * made // calls != self._tenth:
            self._tenth = 10 * made // calls
            print(self._line(so_far), flush=True)

    def _line(self, so_far: Measured) -> str:
        made, calls = so_far.made, self._asked.calls
        left_s = (time.monotonic() - self._began) / made * (calls - made)
        last = f", the last {in_words(so_far.seconds[-1])}" if so_far.seconds else ""
        failed = f", {so_far.failed:,} failed" if so_far.failed else ""
        return f"{made:,} of {calls:,} calls{last}{failed}, {duration(left_s)} left"

    def end(self) -> None:
        if self._open_line:
            print(flush=True)
        self._open_line = False
