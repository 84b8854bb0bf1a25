"""Configures and builds what changed: one build at a time, with its progress, and quiet where nothing is to do."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Callable, Sequence

from .. import checkout, compiling
from ..run import process
from . import SetupError, packages

DAY_S = 86400.0


def build(targets: Sequence[str], options: Sequence[str] = ()) -> None:
    """`options`: of CMake, which it keeps. Raises SetupError; does not return from a stop by SIGINT or SIGTERM."""
    folder = checkout.build_folder()
    folder.mkdir(exist_ok=True)
    with open(folder / ".fanbench-lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another build in {folder}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        with process.StopRequest() as stop:
            _configure(folder, options, stop)
            if not stop.number:
                _compile(folder, targets, stop)
    if stop.number:
        print("fanbench: stopped while building; the next call goes on from there", file=sys.stderr, flush=True)
        signal.signal(stop.number, signal.SIG_DFL)
        os.kill(os.getpid(), stop.number)


def _configure(folder: Path, options: Sequence[str], stop: process.StopRequest) -> None:
    wanted = os.environ.get("FANBENCH_CMAKE_ARGS")
    stamp, cache, log = folder / ".fanbench-configured", folder / "CMakeCache.txt", folder / "fanbench-configure.log"
    home = os.fsencode(f"CMAKE_HOME_DIRECTORY:INTERNAL={checkout.ROOT}")
    cached = cache.read_bytes().splitlines() if cache.exists() else []
    ours = home in cached
    has_options = all(os.fsencode(option.removeprefix("-D").replace("=", ":BOOL=")) in cached for option in options)
    if ours and has_options and (folder / "build.ninja").exists():
        if wanted is None or (stamp.exists() and os.fsdecode(stamp.read_bytes()).rstrip("\n") == wanted):
            return
    fresh = ["--fresh"] if cache.exists() and not ours else []  # copied from another folder
    stamp.unlink(missing_ok=True)
    print(f"Configuring {folder.name}", flush=True)
    code = _call(["cmake", "--preset", checkout.preset(), *fresh, *options, *(wanted or "").split()], log, stop)
    if stop.number:
        return
    if code:
        said = compiling.read(log)
        first = next((i for i, line in enumerate(said) if re.search("^CMake Error|No such preset|error:", line)), None)
        print(*(said[-20:] if first is None else said[first:first + 12]), sep="\n", file=sys.stderr)
        if not shutil.which("apt-get"):
            print(f"needed: {packages.LIBRARIES}", file=sys.stderr)
        raise SetupError(f"cmake failed; all it said: {log}")
    stamp.write_bytes(os.fsencode(f"{wanted or ''}\n"))


def _compile(folder: Path, targets: Sequence[str], stop: process.StopRequest) -> None:
    log = folder / "fanbench-build.log"
    log.write_bytes(b"")
    with compiling.shown("Building", log) as tick:
        code = _call(compiling.ninja(folder, targets), log, stop, tick)
    if code and not stop.number:
        said = [line for line in compiling.read(log)
                if not compiling.STEP.match(line) and not line.startswith("ninja: Entering")]
        print(*said[:60], sep="\n", file=sys.stderr)
        raise SetupError(f"the build failed; all it said: {log}")


def _call(argv: Sequence[str], log: Path, stop: process.StopRequest, tick: Callable[[], None] = lambda: None) -> int:
    with open(log, "wb") as out:
        try:
            return process.run(argv, timeout_s=DAY_S, stop=stop, tick=tick, tick_s=0.2, output=out, cwd=checkout.ROOT,
                               env=compiling.environment()).returncode
        except FileNotFoundError:
            out.write(f"{argv[0]}: command not found\n".encode())
            return 127
