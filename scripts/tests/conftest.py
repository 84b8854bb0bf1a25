"""What the tests share: the package on the path, a pretend bench, and fanbench run with it as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator

import psutil
import pytest

SCRIPTS = Path(__file__).resolve().parents[1]
CATALOGUE = Path(__file__).parent / "fixtures" / "catalogue.json"
sys.path.insert(0, str(SCRIPTS))
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a script's background job ignores it, and so would all below it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes minutes, and runs with `fanbench test --long` alone")


def clean_environment(**more: str) -> dict[str, str]:
    """Ours, without what `fanbench test` or CI sets: tests must not see the build that they run in, nor its locale."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith("FANBENCH_") and key not in ("PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LANG")}
    return {**kept, "PYTHONPATH": str(SCRIPTS), "TERM": "dumb", **more}


def wait_until(holds: Callable[[], Any], what: str, bound_s: float = 20.0) -> Any:
    """Waits for a condition, and fails by name where it does not come true."""
    until = time.monotonic() + bound_s
    while not (held := holds()):
        assert time.monotonic() < until, f"waited {bound_s:g} s in vain: {what}"
        time.sleep(0.01)
    return held


@dataclass
class Ran:
    code: int
    out: str
    err: str


class Pretend:
    """A suite, a bench that does to each case what it is told, and fanbench run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.suite = folder / "pretend.toml"
        self.suite.write_text("")
        self.bench = folder / "bench"
        self.bench.write_text(f"#!/bin/sh\nexec {sys.executable} -S -E {Path(__file__).parent / 'pretend_bench.py'} "
                              f"{folder} \"$@\"\n")
        self.bench.chmod(0o755)
        self.mark = f"FANBENCH_TEST_MARK={uuid.uuid4()}"
        self.cases({"gather/coroutines/native/calls:10/latency:20ms/start:warm": "ok"})

    def cases(self, behaviours: dict[str, str], rounds: int = 1, **listing: Any) -> None:
        """What the bench does with each case: a word of pretend_bench.py, "ok+error" for one word per round."""
        (self.folder / "behaviours.json").write_text(json.dumps(
            {"rounds": rounds, "cases": behaviours, "listing": listing}))

    def start(self, *arguments: str, verb: str = "run", suite: str | None = None, report: bool = False,
              out: Path | None = None, term: str = "dumb", environment: dict[str, str] | None = None,
              **options: Any) -> subprocess.Popen[str]:
        """Starts a verb of fanbench; `run` gets our suite and folder, and no report, unless told otherwise."""
        key, value = self.mark.split("=")
        argv = [sys.executable, "-P", "-m", "fanbench_tools", verb, *arguments]
        if verb == "run":
            argv += [suite or str(self.suite), "--out", str(out or self.out)] + ["--no-report"] * (not report)
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                    "cwd": self.folder}
        ours = clean_environment(FANBENCH_BENCH=str(self.bench), TERM=term, **{key: value}, **(environment or {}))
        return subprocess.Popen(argv, env=ours, **(defaults | options))

    def run(self, *arguments: str, **options: Any) -> Ran:
        child = self.start(*arguments, **options)
        out, err = child.communicate(timeout=120)
        return Ran(child.returncode, out, err)

    def started(self) -> list[str]:
        """The cases that the bench was started with, in their order."""
        log = self.folder / "started.log"
        return log.read_text().splitlines() if log.exists() else []

    def turns(self) -> list[str]:
        """The cases that took a turn, in their order."""
        log = self.folder / "turns.log"
        return log.read_text().splitlines() if log.exists() else []

    def processes(self) -> list[str]:
        """All living processes that stem from a run of this one, wherever they hang in the tree."""
        key, value = self.mark.split("=")
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile, or is another user's
                if process.environ().get(key) == value and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {process.name()}")
        return found

    def results(self) -> dict[str, Any]:
        return json.loads((self.out / "results.json").read_text())

    def rows(self, case: str = "", run_type: str = "iteration") -> list[dict[str, Any]]:
        return [r for r in self.results()["benchmarks"]
                if r["run_type"] == run_type and r["run_name"].startswith(case)]


@pytest.fixture
def pretend(tmp_path: Path) -> Iterator[Pretend]:
    """And no process of it is left, whatever the test did."""
    made = Pretend(tmp_path)
    yield made
    left = made.processes()
    for process in left:
        os.kill(int(process.split()[0]), signal.SIGKILL)
    assert left == []
