"""The real bench, server and worker processes under the runner: what a user's Ctrl-C or a dying process leaves."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import urllib.request
from pathlib import Path

import psutil
import pytest

from conftest import CATALOGUE, Pretend, wait_until
from fanbench_tools import checkout
from fanbench_tools.results import catalogue
from fanbench_tools.results.cases import Case
from fanbench_tools.run import runner
from fixtures.machines import PRINTED

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


def test_doctor_judges_the_limits_that_cases_have(real: Pretend) -> None:
    machine = runner.machine(BENCH)
    assert machine.printed.keys() == PRINTED.keys() and machine.printed["limits"].keys() == PRINTED["limits"].keys()
    assert machine.cores == tuple(sorted(os.sched_getaffinity(0)))
    assert machine.descriptors.count == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    ran = real.run(verb="doctor")
    assert (ran.code, ran.err) == (0, "") and f"{machine.descriptors.count:,.0f} at most" in ran.out


def _of_name(run: Pretend, name: str) -> list[int]:
    """Processes of the run by the name of what they execute."""
    return [int(p.split()[0]) for p in run.processes() if p.split()[1].startswith(name)]


def _workers(run: Pretend) -> list[int]:
    """Worker processes with their fork server; the kernel names them after the file that was executed."""
    named = {pid: Path(f"/proc/{pid}/cmdline") for pid in map(int, (p.split()[0] for p in run.processes()))}
    return sorted(pid for pid, cmdline in named.items()
                  if cmdline.exists() and cmdline.read_bytes().startswith(b"fanbench-worker"))


def _calls_under_way(run: Pretend) -> int:
    """As the mock server sees them, in the run that it has now."""
    for server in map(psutil.Process, _of_name(run, "fanbench-server")):
        ports = [c.laddr.port for c in server.connections("inet") if c.status == psutil.CONN_LISTEN]
        for number in range(1, 9) if ports else ():
            with contextlib.suppress(OSError):  # there is no such run
                with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/runs/{number}?calls=0", timeout=5) as ledger:
                    return json.load(ledger)["open"]
    return 0


def _shape(value: object) -> object:
    """What there is without what it says: keys, and the types of values; of a list what its entries have together."""
    if isinstance(value, dict):
        return {key: "words" if key == "phrases" else _shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        if not all(isinstance(entry, dict) for entry in value):
            return sorted({str(_shape(entry)) for entry in value})
        keys = {key for entry in value for key in entry}
        return {key: sorted({str(_shape(e[key])) for e in value if e.get(key, []) not in ([], {})}) for key in keys}
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def test_the_tests_catalogue_has_the_shape_of_the_benchs() -> None:
    """Where it has not: build/bin/fanbench-bench --catalogue > scripts/tests/fixtures/catalogue.json"""
    printed = runner.catalogue(BENCH).document
    ours = json.loads(CATALOGUE.read_text())
    assert printed.keys() == ours.keys()
    for kind in ("keys", "models", "transports", "figures"):
        assert _shape(printed[kind]) == _shape(ours[kind]), kind
    for whole in (printed, ours):
        whole["keys_of_workloads"] = [key for workload in whole["workloads"] for key in workload.pop("keys")]
    assert _shape(printed["workloads"]) == _shape(ours["workloads"])
    assert _shape(printed["keys_of_workloads"]) == _shape(ours["keys_of_workloads"])


@pytest.mark.parametrize("suite", sorted(checkout.SUITES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_cases_data_say_what_its_name_says(suite: Path) -> None:
    """The report's lines, groups and labels are made of the data: workers are there where they were chosen, a delay
    where somebody waits for it."""
    known = catalogue.read(runner.catalogue(BENCH).document)
    for case in runner.list_suite(BENCH, suite).cases:
        assert case.expected_s is not None and case.expected_s >= 0, case.name
        read, (*about, parts) = Case.of(case.data, known), case.name.split("/", 3)
        said, named = dict(read.params), dict(part.split(":", 1) for part in parts.split("/"))
        assert [read.workload, read.model, read.transport] == about, case.name
        assert said == {key: value for key, value in named.items() if key in said}, case.name
        assert named.keys() - said.keys() <= {"latency"}, case.name  # of what calls nobody


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
    wait_until(lambda: _calls_under_way(real) == 3, "each worker has its call")
    workers = _workers(real)
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
