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


_living: dict[int, Child] = {}  # by process id


class Child:
    """A program in a group of its own. With `talks` its input and output are lines that we exchange with it.

    Other output goes to files, not pipes: a pipe that a grandchild holds open would never come to its end. All of it
    goes to `output` where that is given. Whoever makes one has to call end() or kill(). Raises OSError where the program can't be
    started.
    """

    def __init__(self, argv: Sequence[str | Path], *, talks: bool = False, output: IO[bytes] | None = None,
                 cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self._before = set(descendants())
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        try:
            self._popen = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else output or self._out, stderr=output or self._err, cwd=cwd, env=env,
                process_group=0, bufsize=0, preexec_fn=_dies_with(os.getpid()))
        except BaseException:
            self._close_files()
            raise
        self._started = time.monotonic()
        self._unread = b""
        _living[self._popen.pid] = self

    def tell(self, line: str) -> None:
        """One that has ended hears nothing: hear() says so."""
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.write(line.encode() + b"\n")  # type: ignore[union-attr]

    def hear(self, timeout_s: float, stop: StopRequest | None = None, tick: Callable[[], None] = lambda: None,
             tick_s: float = 2.0) -> str | None:
        """The next line that it says; None where it has ended, or a stop came. Raises TimeoutError."""
        until = time.monotonic() + timeout_s
        out = self._popen.stdout.fileno()  # type: ignore[union-attr]
        while b"\n" not in self._unread:
            if not (ready := _poll(self._popen.pid, until, stop, tick, tick_s, out)):
                raise TimeoutError
            if stop and stop.number:
                return None
            said = os.read(out, 1 << 16) if out in ready else b""
            if not said:
                return None
            self._unread += said
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode(errors="replace")

    def words(self) -> str:
        """What it has said to its standard error so far."""
        return os.pread(self._err.fileno(), 1 << 20, 0).decode(errors="replace")

    def hush(self) -> None:
        """Ends its input: it will hear no more."""
        if self._popen.stdin:
            self._popen.stdin.close()

    def end(self, timeout_s: float, stop: StopRequest | None = None, tick: Callable[[], None] = lambda: None,
            tick_s: float = 2.0) -> Ended:
        """Waits for its end, the time-out (from now on) or a stop, whichever comes first, and sees to it that nothing
        is left of it."""
        timed_out, left_behind = False, ()
        try:
            self.hush()
            timed_out = not _poll(self._popen.pid, time.monotonic() + timeout_s, stop, tick, tick_s)
            seconds = time.monotonic() - self._started
            if timed_out or (stop and stop.number):
                _tell(self._popen.pid, signal.SIGTERM if timed_out else stop.number)
                _poll(self._popen.pid, time.monotonic() + ENDING_S)
            else:
                left_behind = self._names_of_survivors()
            self._end_all()
            return Ended(self._popen.returncode, _text(self._out), _text(self._err), seconds, timed_out, left_behind)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends it at once, with all that it has started, if that has not been done yet."""
        if self._popen.returncode is None:
            self._end_all()
        _living.pop(self._popen.pid, None)
        self._close_files()

    def _close_files(self) -> None:
        pipes = (self._popen.stdin, self._popen.stdout) if hasattr(self, "_popen") else ()
        for file in filter(None, (self._out, self._err, *pipes)):
            file.close()

    def _left(self) -> list[Process]:
        """What lives and was not there before it, but for other children and what is below them: what has lost its
        parent became a child of ours."""
        import psutil

        others: set[Process] = set()
        for pid in _living:
            if pid != self._popen.pid:
                with contextlib.suppress(psutil.NoSuchProcess):
                    other = psutil.Process(pid)
                    others |= {other, *other.children(recursive=True)}
        return [p for p in descendants() if p not in self._before and p not in others]

    def _names_of_survivors(self) -> tuple[str, ...]:
        """What is still there after the child's end. The kernel takes a moment to end what dies with its parent."""
        until = time.monotonic() + 1.0
        while left := [p for p in self._left() if p.pid != self._popen.pid]:
            if time.monotonic() > until:
                return tuple(_name(p) for p in left)
            time.sleep(0.005)
        return ()

    def _end_all(self) -> None:
        """Ends the child, its group and all below it, and reaps them. Returns when none is left."""
        import psutil

        _tell(self._popen.pid, signal.SIGKILL)  # not reaped yet, so the group's number is still its own
        self._popen.wait()
        until = time.monotonic() + ENDING_S
        while left := self._left():
            for p in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    p.kill()
            if time.monotonic() > until:
                pids = [p.pid for p in left]
                raise RuntimeError(f"processes {pids} are still there {ENDING_S:g} s after SIGKILL: stuck in the kernel?")
            time.sleep(0.005)
        for p in psutil.Process().children():  # those that became ours when their parents died
            if _state(p) == psutil.STATUS_ZOMBIE and p not in self._before and p.pid not in _living:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(p.pid, os.WNOHANG)


def run(argv: Sequence[str | Path], *, timeout_s: float, stop: StopRequest | None = None,
        tick: Callable[[], None] = lambda: None, tick_s: float = 2.0, output: IO[bytes] | None = None,
        cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ended:
    """Runs a child to its end, its time-out or a stop, whichever comes first; `tick` is called every `tick_s`.
    Raises OSError where the program can't be started."""
    return Child(argv, output=output, cwd=cwd, env=env).end(timeout_s, stop, tick, tick_s)


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


def _poll(pid: int, until: float, stop: StopRequest | None = None, tick: Callable[[], None] = lambda: None,
          tick_s: float = 2.0, *readable: int) -> set[int]:
    """Waits for a child's end, a stop, a descriptor to read from, or the time `until`. The descriptors on which
    something came; none where it was the time. Does not reap the child."""
    pidfd = os.pidfd_open(pid)
    try:
        poll = select.poll()
        for descriptor in (pidfd, *readable, *([stop.readable] if stop else [])):
            poll.register(descriptor, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            if ready := poll.poll(1000 * min(left, tick_s) + 1):
                return {descriptor for descriptor, _ in ready}
            tick()
        return set()
    finally:
        os.close(pidfd)


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
