"""Builds a commit apart from the working tree, once: what base and head of the gate are run from."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence, TextIO

from .. import checkout, compiling
from ..run import process
from .repository import BuildError, Repository, check

CACHE = checkout.ROOT / ".cache" / "gate"
BENCH = "fanbench-bench"
TARGETS = (BENCH, "fanbench-server")
HOURS_S = 3600.0
TELL_S = 30.0  # how often a gate that waits for another's build says so
LOOK_S = 0.2
KEPT = 8  # builds of commits, of some 110 MB each


class Stopped(Exception):
    """A signal came."""


@dataclass(frozen=True)
class Side:
    """A build of base or head."""

    asked: str  # what the user wrote
    title: str  # what it is
    bench: Path
    commit: str = ""  # empty: the working tree

    def suite_file(self, suite: str, folder: Path) -> Path | None:
        """The file of the suite as this side has it, written to the folder where it is a commit's; None if there is
        none."""
        if not self.commit:
            path = checkout.SUITES / f"{suite}.toml"
            return path if path.is_file() else None
        shown = _here().git("show", f"{self.commit}:bench/suites/{suite}.toml")
        if shown.returncode != 0:
            return None
        (folder / self.commit).mkdir(exist_ok=True)
        path = folder / self.commit / f"{suite}.toml"
        path.write_bytes(shown.stdout)
        return path


def commit_of(ref: str) -> str:
    """The commit that a ref names. Raises BuildError."""
    return _here().commit_of(ref, "neither a folder nor a commit of this repository")


def _here() -> Repository:
    return Repository(checkout.ROOT)


def suites_of(commit: str) -> list[str]:
    """The names of the suites that a commit has. Raises BuildError."""
    listed = _here().git("ls-tree", "--name-only", "-z", commit, "bench/suites/")
    check(listed, f"git ls-tree {commit[:12]}")
    paths = map(Path, map(os.fsdecode, listed.stdout.split(b"\0")))
    return [path.stem for path in paths if path.suffix == ".toml"]


def of_commit(ref: str, commit: str, say: Callable[[str], None], stop: process.StopRequest) -> Side:
    """The build of a commit that a ref names, made where it is not there yet. Raises BuildError or Stopped."""
    if pretended := os.environ.get("FANBENCH_BASE_BENCH"):  # as below
        return Side(ref, commit[:12], Path(pretended), commit)
    folder = CACHE / _name(commit[:12])
    if not (folder / BENCH).exists():
        with alone(CACHE, "another gate's build", say, stop):
            if not (folder / BENCH).exists():
                say(f"building {commit[:12]} (the first time takes minutes, the next one less)")
                _keep(_build(commit, stop), folder)
                _forget_all_but(KEPT)
    os.utime(folder)  # used just now
    return Side(ref, commit[:12] if ref == commit[:len(ref)] else f"{ref} ({commit[:12]})", folder / BENCH, commit)


def of_working_tree(commit: str) -> Side:
    """The build that scripts/fanbench has just made. `commit` says what it differs from."""
    if "FANBENCH_BENCH" in os.environ:  # the tests' pretend bench
        return Side("", "the working tree", checkout.bench_binary())
    dirty = commit.endswith("+changes")
    return Side("", f"the working tree ({commit.removesuffix('+changes')}{', with changes' if dirty else ''})",
                checkout.bench_binary())


def _forget_all_but(number: int) -> None:
    """Keeps the programs that were used last, and the two folders that were compiled in last. Gates measure from
    copies, so none loses its own."""
    used = _last_first(path.parent for path in CACHE.glob(f"*/{BENCH}"))
    for folder in used[number:]:
        shutil.rmtree(folder, ignore_errors=True)
    commits = {folder.name.partition("-")[0] for folder in used[:number]}
    for log in CACHE.glob("*.log"):
        if log.stem not in commits:
            log.unlink(missing_ok=True)
    for build in _last_first((CACHE / "worktree").glob("build-*"))[2:]:
        shutil.rmtree(build, ignore_errors=True)


def _last_first(folders: Iterable[Path]) -> list[Path]:
    return sorted(folders, key=lambda folder: -folder.stat().st_mtime)


def _name(what: str) -> str:
    """A folder's name: builds with other options are other builds."""
    options = "".join(os.environ.get(name, "") for name in ("FANBENCH_CMAKE_ARGS", "CXX"))
    options += "".join(f" {name}={os.environ[name]}" for name in ("CXXFLAGS", "LDFLAGS") if name in os.environ)
    return f"{what}-{checkout.preset()}-{hashlib.sha256(options.encode()).hexdigest()[:8]}"


@contextlib.contextmanager
def alone(folder: Path, other: str, say: Callable[[str], None], stop: process.StopRequest) -> Iterator[None]:
    """In a folder of the cache, which is made. `other`: whom is waited for. Raises Stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    began = said_at = time.monotonic()
    with open(folder / ".lock", "w") as lock:
        while not _locked(lock):
            if stop.number:
                raise Stopped
            if said_at == began or time.monotonic() - said_at >= TELL_S:
                said_at = time.monotonic()
                say(f"waiting for {other}, {said_at - began:.0f} s")
            time.sleep(LOOK_S)
        yield


def _locked(lock: TextIO) -> bool:
    """Whether it is ours now."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _build(commit: str, stop: process.StopRequest) -> Path:
    """The folder with the programs. The worktree is kept: the next commit compiles only what differs."""
    tree = CACHE / "worktree"
    (CACHE / f"{commit[:12]}.log").unlink(missing_ok=True)
    _here().check_out(commit, tree)
    if not (tree / "CMakePresets.json").exists():
        raise BuildError(f"{commit[:12]} can't be built: it has no CMakePresets.json")
    build = tree / _name("build")  # cmake remembers options: other ones get a folder of their own
    options = os.environ.get("FANBENCH_CMAKE_ARGS", "").split()
    _do(["cmake", "--preset", checkout.preset(), "-S", tree, "-B", build, "-DFANBENCH_TESTS=OFF", *options], tree,
        commit, stop)
    _do(compiling.ninja(build, [f"bin/{target}" for target in TARGETS]), tree, commit, stop)
    return build / "bin"


def _do(argv: Sequence[str | Path], tree: Path, commit: str, stop: process.StopRequest) -> None:
    log = CACHE / f"{commit[:12]}.log"
    with open(log, "ab") as out, compiling.shown(f"Building {commit[:12]}", log) as tick:
        try:
            ended = process.run(argv, timeout_s=HOURS_S, stop=stop, tick=tick, tick_s=0.2, output=out, cwd=tree,
                                env=compiling.environment())
        except FileNotFoundError:
            raise BuildError(f"{commit[:12]} can't be built: {argv[0]}: command not found") from None
    if stop.number:
        raise Stopped
    if ended.returncode != 0:
        first = compiling.first_error(compiling.read(log))
        raise BuildError(f"{commit[:12]} can't be built: {first or f'{argv[0]} failed'} (all it said: {log})")


def _keep(built: Path, folder: Path) -> None:
    """Copies the programs, and the libraries beside them, whole or not at all."""
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        for path in built.iterdir():
            if path.name in TARGETS or ".so" in path.suffixes:
                shutil.copy2(path, fresh / path.name)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
