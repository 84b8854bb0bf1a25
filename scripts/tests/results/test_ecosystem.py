"""results.json is read by others' tools: Google Benchmark's compare.py, github-action-benchmark and Bencher. Each of
them is here as the fields that it needs of every row, and what it takes them for."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from conftest import Pretend
from fanbench_tools import checkout

A = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
B = "gather/threads/native/calls:10/latency:20ms/start:warm"
C = "gather/processes/native/calls:10/latency:20ms/start:warm"


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@pytest.fixture(params=["a run with all kinds of rows", "the reference run"])
def document(request: pytest.FixtureRequest, pretend: Pretend) -> dict[str, Any]:
    path = checkout.RESULTS / "reference" / "results.json"
    if request.param != "the reference run":
        pretend.cases({A: "ok", B: "ok+error+ok", C: "n/a"}, rounds=3)
        pretend.run()
        path = pretend.out / "results.json"
    return json.loads(path.read_text(), parse_constant=refuse)


def test_github_action_benchmark_finds_its_fields(document: dict[str, Any]) -> None:
    """Its tool "googlecpp" makes of each row a name, a value with its unit, and a line of the rest."""
    for row in document["benchmarks"]:
        assert isinstance(row["name"], str) and row["name"]
        assert all(number(row[field]) for field in ("real_time", "cpu_time", "iterations", "threads")), row["name"]
        assert row["time_unit"] in ("ns", "us", "ms", "s")


def test_bencher_finds_its_fields(document: dict[str, Any]) -> None:
    """Its adapter cpp_google reads strictly: one row without a field and all are refused."""
    assert all(isinstance(cache, dict) for cache in document["context"]["caches"])
    for row in document["benchmarks"]:
        assert 0 < len(row["name"]) <= 1024 and row["name"] == row["name"].strip()
        assert number(row["real_time"]) and row["time_unit"] in ("ns", "us", "ms", "s")


def test_compare_py_finds_its_fields(document: dict[str, Any]) -> None:
    """It sorts by family, repetition and kind, pairs rows of one name, and compares both times in one unit."""
    assert document["context"].get("json_schema_version", 1) == 1
    needed = {"date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "library_build_type"}
    assert needed <= document["context"].keys()
    units: dict[str, set[str]] = {}
    for row in document["benchmarks"]:
        assert row["run_type"] in ("iteration", "aggregate") and isinstance(row["run_name"], str)
        assert (row["run_type"] == "aggregate") == ("aggregate_name" in row)
        assert row["name"] == row["run_name"] + (f"_{row['aggregate_name']}" if "aggregate_name" in row else "")
        for field in ("repetitions", "family_index", "per_family_instance_index"):
            assert isinstance(row[field], int)
        assert number(row["real_time"]) and number(row["cpu_time"])
        units.setdefault(row["run_name"], set()).add(row["time_unit"])
        if row["run_type"] == "iteration":
            assert isinstance(row["repetition_index"], int)
    assert [name for name, found in units.items() if len(found) > 1] == []


def test_a_row_without_a_number_is_marked_as_google_benchmark_marks_it(pretend: Pretend) -> None:
    pretend.cases({A: "error", C: "n/a"})
    pretend.run()
    for row in pretend.results()["benchmarks"]:
        assert row["error_occurred"] is True and row["error_message"] and row["iterations"] == 0
