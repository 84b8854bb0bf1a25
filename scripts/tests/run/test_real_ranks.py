"""Ranks by the real mpirun, relay and bench, where OpenMPI is installed: an outcome that is verified, and what is left
when one of them dies. Where it is not, C++ tests have ranks without it (ranks_test)."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal

import psutil
import pytest
from conftest import Pretend, wait_until
from fanbench_tools import checkout
from fanbench_tools.run import ranks

BENCH = checkout.bench_binary()
RELAY = BENCH.parent / ranks.RELAY

pytestmark = pytest.mark.skipif(not shutil.which("mpirun") or not RELAY.exists(),
                                reason="no OpenMPI, or no relay: fanbench run --ranks 2 sees to both")

def suite(workload: str, more: str) -> str:
    return f'description = "ranks"\n[[scenario]]\nworkload = "{workload}"\nmodels = "coroutines"\ntransports = "native"\n{more}\n'


@pytest.fixture
def real(pretend: Pretend) -> Pretend:
    pretend.bench = BENCH
    return pretend


def test_ranks_make_a_case_together(real: Pretend) -> None:
    real.suite.write_text(suite("semaphore", 'calls = 30\nlimit = 6\nlatency = "20ms"\nranks = [1, 3]\niterations = 2'))
    ran = real.run()
    assert ran.code == 0, ran.err
    one, three = real.rows()
    assert (one["ranks"], three["ranks"]) == (1, 3)
    assert one["verified"] == three["verified"] == 1 and three["in_flight_peak"] <= 6
    assert three["clock_uncertainty_us"] == 0  # they are on one host
    assert three["rank_makespan_least_s"] <= three["rank_makespan_most_s"] <= three["makespan_s"] * 1.5


def test_words_say_how_many_whatever_the_suite_says(real: Pretend) -> None:
    real.suite.write_text(suite("gather", 'calls = 10\nlatency = "20ms"\nranks = [0, 3]\niterations = 1'))
    assert real.run("--ranks", "2").code == 0
    assert [row["ranks"] for row in real.rows()] == [2]  # cases that were told apart by their ranks are one


def test_what_cannot_be_dealt_out_is_said_and_no_error(real: Pretend) -> None:
    real.suite.write_text(suite("first_completed", 'calls = 8\nlatency = "uniform:min=10ms,max=500ms"\nranks = 2'))
    assert real.run().code == 0
    row, = real.rows()
    assert row["status"] == "not_applicable" and "the first reply decides" in row["error_message"]


@pytest.mark.parametrize("name", ["fanbench-bench", "fanbench-relay", "fanbench-server"])
def test_one_that_dies_ends_all_with_one_line(real: Pretend, name: str) -> None:
    real.suite.write_text(suite("gather", 'calls = 30\nlatency = "300ms"\nranks = 3\niterations = 40'))
    child = real.start()

    def of_name() -> list[psutil.Process]:
        pids = [int(p.split()[0]) for p in real.processes() if p.split()[1].startswith(name[:15])]
        return [psutil.Process(pid) for pid in pids]

    victims = wait_until(lambda: len(found := of_name()) >= 3 and found, f"three of {name}")
    os.kill(random.choice(victims).pid, signal.SIGKILL)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 1
    message = real.rows()[0]["error_message"]
    assert "\n" not in message and re.search(r"rank \d+ \(", message), message
    wait_until(lambda: not real.processes(), "nothing is left")
