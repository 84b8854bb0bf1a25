"""Makes contestants ready to be started: installs what they need, and builds what has changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import sys
import time
from pathlib import Path
from typing import Iterator, Sequence

from ..run import process
from ..run.turns import how_it_ended
from ..setup import SetupError, packages
from . import ContestantError
from .description import Contestant

DAY_S = 86400.0
LAST_LINES = 20
STAMP, LOG, LOCK = ".fanbench-built", ".fanbench-build.log", ".fanbench-lock"
NOT_ITS_SOURCE = {".build", ".git", "__pycache__"}


def prepare(contestants: Sequence[Contestant], may_install: bool, stop: process.StopRequest) -> None:
    """Returns when each can be started, or after a stop. Raises ContestantError; where it may not install, the command
    that would is printed."""
    if contestants:
        process.adopt_orphans()  # what a build leaves running is ended
        _install(contestants, may_install)
    for contestant in contestants:
        if not stop.number:
            _build(contestant, stop)


def _install(contestants: Sequence[Contestant], may_install: bool) -> None:
    wanted = list(dict.fromkeys(package for one in contestants for package in one.packages))
    who = ", ".join(one.name for one in contestants if one.packages)
    try:
        packages.see_to_these(wanted, may_install)
    except SetupError as e:
        raise ContestantError(f"{who}: {e}" if str(e) else "") from None


def _build(contestant: Contestant, stop: process.StopRequest) -> None:
    into = contestant.build_folder
    try:
        into.mkdir(exist_ok=True)
        if not contestant.build:
            return
        with _alone(into / LOCK):
            wanted = fingerprint(contestant)
            if (into / STAMP).exists() and (into / STAMP).read_text() == wanted:
                return
            (into / STAMP).unlink(missing_ok=True)
            if _make(contestant, stop):
                (into / STAMP).write_text(wanted)
    except OSError as e:
        raise ContestantError(f"{contestant.name}: {e.filename or into}: {e.strerror}") from None


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Of two who would build the same, one waits."""
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(contestant: Contestant, stop: process.StopRequest) -> bool:
    """Whether it was built: not after a stop. Raises ContestantError, with the last lines that the build said on stderr."""
    title, log = f"{contestant.name} ({contestant.language})", contestant.build_folder / LOG
    print(f"Building {title}: {contestant.build}", flush=True)
    began = time.monotonic()
    with open(log, "wb") as out:
        ended = process.run(["/bin/sh", "-c", contestant.build], timeout_s=DAY_S, stop=stop, output=out,
                            cwd=contestant.folder, env={**os.environ, "BUILD": str(contestant.build_folder)})
    if stop.number:
        return False
    took = f"{time.monotonic() - began:.1f} s"
    if ended.returncode != 0:
        print(*log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:], sep="\n", file=sys.stderr, flush=True)
        raise ContestantError(f"{contestant.name}: its build {how_it_ended(ended)} after {took}, expected 0: "
                              f"{contestant.build} (in {contestant.folder}); all it said: {log}")
    print(f"Built {title} in {took}", flush=True)
    return True


def fingerprint(contestant: Contestant) -> str:
    """Of the command and of the folder's files: names, contents, whether they can be executed. What is built, and what
    Python and git leave, is none of them."""
    digest = hashlib.sha256(contestant.build.encode(errors="surrogateescape"))
    for path in _files(contestant.folder):
        about = path.lstat()
        if stat.S_ISLNK(about.st_mode):
            content = os.fsencode(os.readlink(path))
        elif stat.S_ISREG(about.st_mode):
            content = path.read_bytes()
        else:
            continue
        for part in (os.fsencode(path.relative_to(contestant.folder)), str(about.st_mode & 0o111).encode(), content):
            digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """In an order that is always the same."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - NOT_ITS_SOURCE)
        linked = [name for name in folders if os.path.islink(os.path.join(here, name))]
        yield from (Path(here, name) for name in sorted([*names, *linked]))
