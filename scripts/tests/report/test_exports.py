"""The exports for tools that keep a history, against what those tools say that they read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import clean_environment
from fanbench_tools.report import exports
from fanbench_tools.results.reader import load
from fixtures.schema import mistakes
from fixtures.synthetic_data import CATALOGUE, QUICK, folder, from_rows, row

NAME = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
SCHEMAS = {name: json.loads((Path(__file__).parents[1] / "fixtures" / "schemas" / f"{name}.json").read_text())
           for name in ("bencher", "github-action-benchmark")}
THREE = [row(NAME, repetition_index=i, cpu_us_per_call=v, syscalls_per_call=3.0, makespan_s=v)
         for i, v in enumerate((9.0, 10.0, 12.0))]


def fanbench(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", "-m", "fanbench_tools", *arguments], cwd=cwd, text=True,
                          capture_output=True, env=clean_environment(), timeout=120, check=False)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_whole_run_is_what_the_tool_reads(tmp_path: Path, kind: str) -> None:
    folder(tmp_path / "a", QUICK)
    done = fanbench("report", "a", "--format", kind, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == "fanbench: 2 cases failed and are left out\n"
    document = json.loads(done.stdout)
    assert list(mistakes(document, SCHEMAS[kind])) == [] and len(document) > 100
    to_file = fanbench("report", "a", "--format", kind, "--out", "b.json", cwd=tmp_path)
    assert (to_file.returncode, to_file.stdout, (tmp_path / "b.json").read_text()) == (0, "", done.stdout)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b.json"]


def test_each_verified_case_has_its_gated_figures(tmp_path: Path) -> None:
    results = load(folder(tmp_path, QUICK))
    told = json.loads(exports.to_bencher(results))
    assert list(told) == [c.name for c in results.cases if c.ok]
    assert {m for measures in told.values() for m in measures} == {"client_overhead_us_per_call", "cpu_us_per_call",
                                                                    "pss_bytes_per_call"} <= set(CATALOGUE.gated)


def test_a_figure_is_the_median_with_the_least_and_the_greatest() -> None:
    results = from_rows(THREE, {})
    assert json.loads(exports.to_bencher(results)) == {NAME: {
        "cpu_us_per_call": {"value": 10.0, "lower_value": 9.0, "upper_value": 12.0},
        "syscalls_per_call": {"value": 3.0, "lower_value": 3.0, "upper_value": 3.0}}}
    cpu, calls = json.loads(exports.to_github_action_benchmark(results))
    assert cpu == {"name": f"{NAME}: CPU per call", "unit": "us", "value": 10.0, "range": "± 2.000",
                   "extra": "median of 3 rounds, 9 to 12"}
    assert (calls["unit"], calls["range"]) == ("system calls", "± 0.000")


def test_of_a_run_that_counts_allocations_there_are_no_times() -> None:
    counted = [r | {"counts_allocations": 1.0, "allocations_per_call": 7.0} for r in THREE]
    assert list(json.loads(exports.to_bencher(from_rows(counted, {})))[NAME]) == ["allocations_per_call"]


def test_a_name_that_is_too_long_for_the_tool_is_shortened() -> None:
    long = NAME + "/patience:" + 2000 * "x"
    told = json.loads(exports.to_bencher(from_rows([row(long, cpu_us_per_call=1.0)], {})))
    assert list(mistakes(told, SCHEMAS["bencher"])) == [] and len(told) == 1


@pytest.mark.parametrize("kind", SCHEMAS)
def test_nothing_to_export_is_one_line(tmp_path: Path, kind: str) -> None:
    folder(tmp_path / "a", ({"catalogue": CATALOGUE.document, "context": {},
                             "benchmarks": [row(NAME, error_message="lost a call")]}, []))
    done = fanbench("report", "a", "--format", kind, "--out", "b.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and not (tmp_path / "b.json").exists()
    assert done.stderr == "fanbench: a: nothing to export: no verified case has a gated figure\n"


@pytest.mark.parametrize(("kind", "document", "said"), [
    ("bencher", {"a": {"b": {"lower_value": 1}}}, "no value"), ("bencher", {"a": {"b": {"value": "1"}}}, "number"),
    ("bencher", {"a": {"b" * 65: {"value": 1}}}, "65 characters"), ("bencher", [], "object"),
    ("github-action-benchmark", [], "0 items"), ("github-action-benchmark", [{"name": "a", "value": 1}], "no unit"),
    ("github-action-benchmark", [{"name": "a", "unit": "us", "value": 1, "range": "3"}], "does not match")])
def test_the_schemas_refuse_what_the_tools_do(kind: str, document: object, said: str) -> None:
    assert said in "; ".join(mistakes(document, SCHEMAS[kind]))
