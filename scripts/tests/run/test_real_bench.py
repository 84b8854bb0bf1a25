"""The real bench, server and worker processes under the runner: what a user's Ctrl-C or a dying process leaves."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from conftest import Pretend, wait_until
from fanbench_tools import checkout

BENCH = checkout.bench_binary()  # as scripts/fanbench has built it, before the tests' environment is cleaned

SUITE = """
description = "a case to be disturbed"
rounds = 50
[[scenario]]
workload = "gather"
models = "processes"
transports = "native"
calls = 3
latency = "{latency}"
iterations = 1
"""


@pytest.fixture
def real(pretend: Pretend) -> Pretend:
    """The runner with the real bench in place of the pretend one."""
    assert BENCH.exists(), f"{BENCH} is not built: run the tests with ./scripts/fanbench test"
    pretend.bench = BENCH
    pretend.suite.write_text(SUITE.format(latency="300ms"))
    return pretend


def _of_name(run: Pretend, name: str) -> list[int]:
    """Processes of the run by the name of what they execute."""
    return [int(p.split()[0]) for p in run.processes() if p.split()[1].startswith(name)]


def _workers(run: Pretend) -> list[int]:
    """Worker processes with their fork server; the kernel names them after the file that was executed."""
    named = {pid: Path(f"/proc/{pid}/cmdline") for pid in map(int, (p.split()[0] for p in run.processes()))}
    return sorted(pid for pid, cmdline in named.items()
                  if cmdline.exists() and cmdline.read_bytes().startswith(b"fanbench-worker"))


def test_a_case_is_measured_and_nothing_is_left(real: Pretend) -> None:
    ran = real.run("--rounds", "1")
    assert (ran.code, ran.err) == (0, "")
    assert [row["verified"] for row in real.rows()] == [1.0]
    assert real.processes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_server_and_workers_and_keeps_the_finished_rounds(real: Pretend, number: signal.Signals) -> None:
    child = real.start()
    wait_until(lambda: (real.out / "rounds" / "round-001.json").exists(), "the first round is finished", 60)
    wait_until(lambda: len(_workers(real)) == 4, "the fork server and three workers are there")
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert real.processes() == []
    assert child.returncode == 128 + number
    assert f"interrupted by {number.name}" in err and "of 50 kept in out" in err
    assert all(row["verified"] == 1 for row in real.rows())


def test_a_killed_runner_takes_server_and_workers_with_it(real: Pretend) -> None:
    real.suite.write_text(SUITE.format(latency="60s"))
    child = real.start()
    wait_until(lambda: len(_workers(real)) == 4, "the fork server and three workers are there")
    child.kill()
    child.communicate(timeout=60)
    wait_until(lambda: real.processes() == [], "nothing is left")


def test_a_killed_worker_makes_an_error_row(real: Pretend) -> None:
    real.suite.write_text(SUITE.format(latency="2s"))
    child = real.start("--rounds", "1")
    workers = wait_until(lambda: len(_workers(real)) == 4 and _workers(real), "the workers are there")
    os.kill(workers[-1], signal.SIGKILL)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert f"worker process {workers[-1]} died in the middle of call" in real.rows()[0]["error_message"]
    assert real.processes() == []


@pytest.mark.parametrize(("program", "message"), [
    ("fanbench-server", "died: killed by signal 9"),
    ("fanbench-bench", "was ended by SIGKILL"),
])
def test_a_killed_server_or_bench_makes_an_error_row(real: Pretend, program: str, message: str) -> None:
    real.suite.write_text(SUITE.format(latency="60s"))
    child = real.start("--rounds", "1")
    wait_until(lambda: len(_workers(real)) == 4, "the workers are there")
    os.kill(_of_name(real, program)[0], signal.SIGKILL)
    child.communicate(timeout=60)
    assert child.returncode == 1
    assert message in real.rows()[0]["error_message"]
    wait_until(lambda: real.processes() == [], "nothing is left")
