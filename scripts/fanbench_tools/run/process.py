"""Runs a child process in a group of its own, and sees to it that nothing which it started outlives it.

psutil is imported where it is used: scripts/fanbench reads the command line before packages are there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Callable, Collection, Mapping, Sequence

if TYPE_CHECKING:
    from psutil import Process

# By ctypes, as neither the standard library nor psutil has prctl.
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)

ENDING_S = 5.0  # how long a child gets to end by itself once it was told to


@dataclass(frozen=True)
class Ended:
    """What became of a child."""

    returncode: int  # negative: the number of the signal that ended it
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    left_behind: tuple[str, ...] = ()  # names of the processes that were still there after it, and were ended


class StopRequest:
    """Within its `with`, notes SIGINT or SIGTERM instead of dying of it. A second one does what it always does.

    `number` is the signal, 0 until one comes; `readable` turns readable with it, so that a poll wakes up at once.
    """

    def __init__(self) -> None:
        self.number = 0
        self.readable, self._writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> StopRequest:
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        # Without this a signal between two instructions of the interpreter and the poll would wait for the poll's end.
        self._wakeup_before = signal.set_wakeup_fd(self._writable, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.readable)
        os.close(self._writable)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def adopt_orphans() -> None:
    """From now on a descendant whose parent dies becomes our child: none can get away from `run`."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def run(argv: Sequence[str | Path], *, timeout_s: float, stop: StopRequest | None = None,
        tick: Callable[[], None] = lambda: None, tick_s: float = 2.0, output: IO[bytes] | None = None,
        cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ended:
    """Runs a child to its end, its time-out or a stop, whichever comes first; `tick` is called every `tick_s`.

    Output goes to files, not pipes: a pipe that a grandchild holds open would never come to its end. All of it goes to
    `output` where that is given. Raises OSError where the program can't be started.
    """
    before = set(descendants())
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=output or out,
                                 stderr=output or err, cwd=cwd, env=env, process_group=0,
                                 preexec_fn=_dies_with(os.getpid()))
        timed_out, left_behind = False, ()
        try:
            timed_out = not _wait(child.pid, started + timeout_s, stop, tick, tick_s)
            seconds = time.monotonic() - started
            if timed_out or (stop and stop.number):
                _tell(child.pid, signal.SIGTERM if timed_out else stop.number)
                _wait(child.pid, time.monotonic() + ENDING_S)
            else:
                left_behind = _names_of_survivors(child.pid, before)
        finally:
            _end_all(child, before)
        return Ended(child.returncode, _text(out), _text(err), seconds, timed_out, left_behind)


def descendants() -> list[Process]:
    """The living processes below this one; zombies are not living."""
    import psutil

    return [p for p in psutil.Process().children(recursive=True) if _state(p) not in ("", psutil.STATUS_ZOMBIE)]


def _state(of: Process) -> str:
    """Empty where it has ended and is reaped."""
    import psutil

    try:
        state = of.status()
    except psutil.NoSuchProcess:
        return ""
    return "" if state == psutil.STATUS_DEAD else state


def _wait(pid: int, until: float, stop: StopRequest | None = None,
          tick: Callable[[], None] = lambda: None, tick_s: float = 2.0) -> bool:
    """Waits for the child's end, a stop or the time `until`; false if it was the time. Does not reap the child."""
    pidfd = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        if stop:
            poll.register(stop.readable, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            if poll.poll(1000 * min(left, tick_s) + 1):
                return True
            tick()
        return False
    finally:
        os.close(pidfd)


def _names_of_survivors(child: int, before: Collection[Process]) -> tuple[str, ...]:
    """What is still there after the child's end. The kernel takes a moment to end what dies with its parent."""
    until = time.monotonic() + 1.0
    while left := [p for p in descendants() if p not in before and p.pid != child]:
        if time.monotonic() > until:
            return tuple(_name(p) for p in left)
        time.sleep(0.005)
    return ()


def _end_all(child: subprocess.Popen[bytes], before: Collection[Process]) -> None:
    """Ends the child, its group and all below it, and reaps them. Returns when none is left."""
    import psutil

    _tell(child.pid, signal.SIGKILL)  # not reaped yet, so the group's number is still its own
    child.wait()
    until = time.monotonic() + ENDING_S
    while left := [p for p in descendants() if p not in before]:
        for p in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                p.kill()
        if time.monotonic() > until:
            pids = [p.pid for p in left]
            raise RuntimeError(f"processes {pids} are still there {ENDING_S:g} s after SIGKILL: stuck in the kernel?")
        time.sleep(0.005)
    for p in psutil.Process().children():  # those that became ours when their parents died
        if _state(p) == psutil.STATUS_ZOMBIE and p not in before:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(p.pid, os.WNOHANG)


def _tell(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _dies_with(parent: int) -> Callable[[], None]:
    """Run in the child before its program: SIGKILL for it when we die, even of SIGKILL ourselves."""

    def ask_the_kernel() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # we were dead before we could ask
            os._exit(1)

    return ask_the_kernel


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _name(of: Process) -> str:
    import psutil

    try:
        return of.name()
    except psutil.NoSuchProcess:
        return f"process {of.pid}"


def _text(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    return file.read().decode(errors="replace")  # type: ignore[attr-defined]
