"""The contestants in Python and the examples, by the real bench: each workload that they have is verified, warm and cold."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Iterable

import pytest

from conftest import CATALOGUE
from fanbench_tools import checkout

BENCH = checkout.bench_binary()  # as scripts/fanbench has built it, before the tests' environment is cleaned
EXTERNAL = checkout.ROOT / "impls" / "external"

OF_ALL_POOLS = {"gather", "all_settled", "timeout", "semaphore", "worker_pool", "pipeline", "retry", "paginate", "mixed",
                "early_start", "cpu"}
OF_THREADS = OF_ALL_POOLS | {"task_group", "first_completed", "producer_consumer"}
OF_ASYNCIO = OF_THREADS | {"shield", "hedged", "background", "bridge", "rate_limited"}
CLAIMS = {"python_asyncio": OF_ASYNCIO, "python_uvloop": OF_ASYNCIO, "python_threads": OF_THREADS,
          "python_processes": OF_ALL_POOLS, "examples/python": {"gather", "all_settled", "worker_pool"}}
NEEDS = {"python_asyncio": ["aiohttp"], "python_uvloop": ["aiohttp", "uvloop"], "python_threads": ["requests"],
         "python_processes": ["requests"], "examples/python": []}
LATE = 'calls = 8\nlatency = "bimodal:fast=20ms,slow=300ms,slow_share=0.5"\n'  # by far, or not at all
SMALL = {workload["name"]: workload["example"] for workload in json.loads(CATALOGUE.read_text())["workloads"]} | {
    "early_start": 'calls = 8\nlatency = "uniform:min=120ms,max=150ms"\nwork = "120ms"',  # enough to start them in
    "timeout": LATE + 'deadline = "120ms"', "shield": LATE + 'cancel_after = "120ms"\ncritical_every = 3'}
WAYS = {"timeout": 'scope = ["call", "group"]', "producer_consumer": 'order = ["fifo", "lifo", "priority"]',
        "pipeline": 'mode = ["barrier", "streamed"]', "paginate": "prefetch = [0, 1]",
        "mixed": 'placement = ["inline", "offload"]'}


def python_has(module: str) -> bool:
    return subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True).returncode == 0


def rows(tmp_path: Path, folder: str, workloads: Iterable[str], *starts: str, workers: int = 8,
         more: str = "") -> list[dict[str, Any]]:
    """Of small cases, warm ones in all their ways; `workers` for who has them."""
    defaults = f'models = ["{EXTERNAL / folder}"]\nworkers = {workers}\niterations = 1\n'
    scenarios = [f'[[scenario]]\nworkload = "{workload}"\nstart = "{start}"\n{SMALL[workload]}\n{more}\n'
                 + (WAYS.get(workload, "") if start == "warm" else "")
                 for workload in sorted(workloads) for start in starts]
    suite, out = tmp_path / "small.toml", tmp_path / "rows.json"
    suite.write_text(f'description = "small cases"\nrounds = 1\n[defaults]\n{defaults}\n' + "\n".join(scenarios))
    ran = subprocess.run([BENCH, "--suite", suite, "--unwatched", f"--benchmark_out={out}"], capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stderr
    return json.loads(out.read_text())["benchmarks"]


@pytest.mark.parametrize("folder", CLAIMS)
def test_each_workload_that_it_has_is_verified(tmp_path: Path, folder: str) -> None:
    if missing := [module for module in NEEDS[folder] if not python_has(module)]:
        pytest.skip(f"/usr/bin/python3 has no {' and no '.join(missing)}")
    said = json.loads(subprocess.run([BENCH, "--hello", EXTERNAL / folder], capture_output=True, check=True).stdout)
    assert set(said["hello"]["workloads"]) == CLAIMS[folder]
    made = rows(tmp_path, folder, CLAIMS[folder], "warm", "cold")
    assert len(made) == sum(2 + WAYS.get(workload, "").count(",") for workload in CLAIMS[folder])
    assert {row["name"]: row.get("error_message") for row in made if row["status"] != "verified"} == {}


def test_each_call_may_have_a_connection_of_its_own(tmp_path: Path) -> None:
    made = rows(tmp_path, "examples/python", ["gather"], "warm", "cold", more='connection = "per_call"')
    assert [row["status"] for row in made] == ["verified"] * 2
    assert [row["connections"] for row in made] == [8, 8]


def test_pools_that_are_too_small_say_so(tmp_path: Path) -> None:
    if not python_has("requests"):
        pytest.skip("/usr/bin/python3 has no requests")
    for row in rows(tmp_path, "python_threads", ["first_completed"], "warm", workers=3):
        assert row["status"] == "not_applicable"
        assert row["error_message"].endswith("3 workers are too few for 8 calls: one that waits for a worker cannot win")


def test_curl_makes_calls_over_new_connections_alone(tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    workloads = {"gather", "all_settled", "timeout"}
    made = rows(tmp_path, "examples/shell", workloads, "cold") + \
        rows(tmp_path, "examples/shell", workloads, "warm", more='connection = "per_call"')
    assert len(made) == 7
    assert {row["name"]: row.get("error_message") for row in made if row["status"] != "verified"} == {}
    for row in rows(tmp_path, "examples/shell", ["gather"], "warm"):
        assert row["status"] == "not_applicable"
        assert row["error_message"].endswith("curl keeps no connections from one run to the next")


@pytest.mark.parametrize("example", ["python/client.py", "shell/client.sh"])
def test_an_example_is_short(example: str) -> None:
    assert len((EXTERNAL / "examples" / example).read_text().splitlines()) < 80
