"""Contestants of other languages: built as their contestant.toml says, and verified by the real bench in each workload that
they have, warm and cold."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fanbench_tools import checkout
from fanbench_tools.contestants.description import Contestant, read
from fanbench_tools.setup import SetupError, packages

BENCH = checkout.bench_binary()  # as scripts/fanbench has built it, before the tests' environment is cleaned
EXTERNAL = checkout.ROOT / "impls" / "external"

SEED = 8  # of which no example of a workload is refused, but for first_completed's
SEEDS = {"first_completed": 1}
INSTEAD = {  # of the workload's example: time enough for programs to start their calls in
    "early_start": 'calls = 4\nlatency = "uniform:min=120ms,max=150ms"\nwork = "120ms"',
}
KEYS = {  # beside those of the workload's example
    "timeout": 'scope = ["call", "group"]',
    "producer_consumer": 'order = ["fifo", "lifo", "priority"]',
    "pipeline": 'mode = ["barrier", "streamed"]',
    "paginate": "prefetch = [0, 1]",
    "mixed": 'placement = ["inline", "offload"]',
}
MORE = """
[[scenario]]
workload = "gather"
calls = 4
latency = "10ms"
watchdog = true
[[scenario]]
workload = "gather"
calls = 4
latency = "10ms"
connection = "per_call"
[[scenario]]
workload = "gather"
calls = 2
latency = "10ms"
body_bytes = 100_000
"""
NEEDED = {"gather", "all_settled", "first_completed", "timeout", "semaphore", "worker_pool", "retry"}


def _built(folder: str, capsys: pytest.CaptureFixture[str]) -> Contestant:
    """Built where it is built for runs, too; the test is skipped where that takes what is not there."""
    contestant = read(EXTERNAL / folder)
    try:
        packages.see_to_these(contestant.packages, may_install=False)
    except SetupError:
        pytest.skip(f"missing packages: {capsys.readouterr().out.strip()}")
    contestant.build_folder.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    made = subprocess.run(["/bin/sh", "-c", contestant.build], cwd=contestant.folder, text=True, capture_output=True,
                          env={**environment, "BUILD": str(contestant.build_folder)}, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return contestant


def _suite(contestant: Contestant, workloads: set[str]) -> str:
    catalogue = json.loads(subprocess.run([BENCH, "--catalogue"], capture_output=True, check=True).stdout)
    scenarios = [f'[[scenario]]\nworkload = "{w["name"]}"\nseed = {SEEDS.get(w["name"], SEED)}\n'
                 f'{INSTEAD.get(w["name"], w["example"])}\n{KEYS.get(w["name"], "")}\n'
                 for w in catalogue["workloads"] if w["name"] in workloads]
    return (f'description = "{contestant.name}"\nrounds = 1\n[defaults]\nmodels = "{contestant.folder}"\niterations = 1\n'
            f'start = ["warm", "cold"]\n{"".join(scenarios)}{MORE}')


@pytest.mark.parametrize("folder", ["go", "node", "rust_tokio", "examples/cpp"])
def test_each_of_its_workloads_is_verified(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert BENCH.exists(), f"{BENCH} is not built: run the tests with ./scripts/fanbench test"
    contestant = _built(folder, capsys)
    described = subprocess.run([BENCH, "--hello", contestant.folder], capture_output=True, text=True, check=False)
    assert described.returncode == 0, described.stderr
    hello = json.loads(described.stdout)["hello"]
    assert hello["hello"] == contestant.name and NEEDED <= set(hello["workloads"])

    suite, out = tmp_path / "suite.toml", tmp_path / "out.json"
    suite.write_text(_suite(contestant, set(hello["workloads"])))
    ran = subprocess.run([BENCH, "--suite", suite, "--unwatched", f"--benchmark_out={out}"], capture_output=True, text=True,
                         check=False)
    rows = json.loads(out.read_text())["benchmarks"] if out.exists() else []
    assert rows, ran.stderr
    wrong = {row["name"]: row.get("error_message", "not verified") for row in rows if row.get("verified") != 1}
    assert (wrong, ran.returncode) == ({}, 0)
    assert {row["name"].split("/")[0] for row in rows} == set(hello["workloads"])
