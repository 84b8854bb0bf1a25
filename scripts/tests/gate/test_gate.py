"""fanbench gate as a real process, over a pretend base and a pretend head."""

from __future__ import annotations

import argparse
import fcntl
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from conftest import CATALOGUE, Pretend, Ran, clean_environment, wait_until
from fanbench_tools import checking, checkout
from fanbench_tools.gate import builds, measuring, searching, verb
from fanbench_tools.gate.deciding import Rules
from fanbench_tools.gate.verdict import Cause
from fanbench_tools.run import process, programs
from fanbench_tools.run.rounds import ListedCase
from fixtures.synthetic import case_of
from fixtures.synthetic_data import CATALOGUE as KNOWN

A = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
B = "gather/threads/native/calls:10/latency:20ms/start:warm"
C = "gather/processes/native/calls:10/latency:20ms/start:warm"


class Gate:
    """Two pretend benches, whose cases are told apart, and the gate run on them."""

    def __init__(self, folder: Path) -> None:
        self.sides = {}
        for side in ("base", "head"):
            (folder / side).mkdir()
            self.sides[side] = Pretend(folder / side)
        self.head, self.base = self.sides["head"], self.sides["base"]
        self.cases({A: "ok"}, {A: "ok"})

    def cases(self, base: dict[str, str], head: dict[str, str]) -> None:
        self.base.cases(base)
        self.head.cases(head)

    def start(self, *arguments: str, base: str = "HEAD", **environment: str) -> subprocess.Popen[str]:
        key, value = self.head.mark.split("=")
        argv = [sys.executable, "-P", "-m", "fanbench_tools", "gate", "--base", base, "--budget", "2m", *arguments]
        if not Path(base).is_absolute():
            argv += ["--suite", str(self.head.suite)]
        environment = {"FANBENCH_BENCH": str(self.head.bench), "FANBENCH_BASE_BENCH": str(self.base.bench), key: value,
                       "GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": "", "COLUMNS": "80", **environment}
        return subprocess.Popen(argv, env=clean_environment(**environment), cwd=self.head.folder, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments: str, **options: str) -> Ran:
        child = self.start(*arguments, **options)
        out, err = child.communicate(timeout=300)
        return Ran(child.returncode, out, err)


@pytest.fixture
def gated(tmp_path: Path):
    made = Gate(tmp_path)
    yield made
    assert made.head.processes() == []


def test_one_program_against_itself_passes(gated: Gate) -> None:
    ran = gated.run()
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"\nPASS: no regression found in 3 comparisons \(\d+ s\)\n$", ran.out)
    rounds, counting_allocations = 8, 3
    assert len(gated.base.started()) == 2 * len(gated.head.started()) == 2 * (rounds + counting_allocations)
    assert "note: not judged: no row of both sides has system calls" in ran.out
    assert max(map(len, ran.out.partition("suite")[2].splitlines())) <= 80


def test_a_regression_is_named_with_its_size_in_every_form(gated: Gate, tmp_path: Path) -> None:
    gated.cases({A: "ok", B: "ok"}, {A: "ok", B: "dear"})
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    ran = gated.run("--json", "gate.json", "--markdown", "gate.md", GITHUB_ACTIONS="true",
                    GITHUB_STEP_SUMMARY=str(summary))
    assert (ran.code, ran.err) == (1, "")
    assert "Regressions:\n  CPU +10.0 % (+10.0 % … +10.0 %): 10 µs → 11 µs\n    gather/threads/native" in ran.out
    assert "\nREGRESSION: 1 in 6 comparisons (" in ran.out
    assert f"\n::error title=fanbench: CPU +10.0 %::{B}: CPU +10.0 %25 (" in ran.out
    found = json.loads((gated.head.folder / "gate.json").read_text())
    assert (found["verdict"], found["exit_code"]) == ("regression", 1)
    blamed = [c for c in found["comparisons"] if c["verdict"] == "regression"]
    assert [(c["case"], c["counter"], c["change"]) for c in blamed] == [(B, "cpu_us_per_call", pytest.approx(0.1))]
    assert blamed[0]["search"]["base_against_itself"] == 0 and blamed[0]["confirmation"]["rounds"] >= 16
    assert {len(r["base"]) for r in found["rounds"] if r["stage"] == "search"} == {3, 8}
    page = (gated.head.folder / "gate.md").read_text()
    assert f"| `{B}` | CPU | 10 µs | 11 µs | +10.0 % | +10.0 % … +10.0 % |" in page
    assert summary.read_text() == "before\n" + page


def test_programs_that_are_built_anew_meanwhile_are_not_what_is_measured(gated: Gate) -> None:
    for side in gated.sides.values():
        side.bench.write_text(side.bench.read_text().replace("exec", f"rm -f {side.bench}\nexec"))
    assert gated.run().code == 0 and not gated.base.bench.exists() and not gated.head.bench.exists()


def test_a_pass_on_a_busy_machine_says_so(gated: Gate) -> None:
    gated.cases({A: "busy"}, {A: "busy"})
    ran = gated.run("--markdown", "gate.md")
    assert (ran.code, ran.err) == (0, "")
    said = "PASS (noisy in 100 % of the runs): no regression found in 3 comparisons ("
    assert f"\n{said}" in ran.out and said in (gated.head.folder / "gate.md").read_text()


def test_an_improvement_is_told_and_passes(gated: Gate) -> None:
    gated.cases({A: "dear"}, {A: "ok"})
    ran = gated.run()
    assert ran.code == 0
    assert "Improvements:\n  CPU -9.1 %" in ran.out and "PASS: no regression found in 3 comparisons, 1 improvement" in ran.out


@pytest.mark.parametrize("option", ["--least-change", "--floor"])
def test_a_least_change_above_the_move_lets_it_pass(gated: Gate, option: str) -> None:
    gated.cases({A: "ok"}, {A: "dear"})
    assert gated.run(option, "12%").code == 0


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_bench_that_takes_no_turns_is_refused_in_a_line(gated: Gate, side: str) -> None:
    gated.sides[side].cases({A: "ok"}, old=True)
    ran = gated.run("--json", "gate.json")
    assert (ran.code, ran.err) == (2, "")
    why = "its bench takes no turns, it is from before results of format 4: expected a later commit"
    assert why in " ".join(ran.out.split()) and ran.out.splitlines()[-1].startswith("INVALID: ")
    assert why in json.loads((gated.head.folder / "gate.json").read_text())["invalid"][0]
    assert gated.base.started() == gated.head.started() == []


@pytest.mark.parametrize("side", ["base", "head"])
def test_an_older_bench_that_times_its_work_itself_is_judged_all_the_same(gated: Gate, side: str) -> None:
    gated.cases({A: "ok"}, {A: "ok"})
    gated.sides[side].cases({A: "ok"}, times_work_itself=True, machine="described in words of its own")
    ran = gated.run()
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(("base", "head", "message"), [
    ("ok", "error", "error row of head: expected 10 calls, the ledger shows 9"),
    ("crash", "ok", "error row of base: the bench was ended by SIGABRT"),
    ("ok", "ok+ok+ok+half+ok", "error row of head: the bench exited with 0 and left no row"),
    ("ok", "limit", "no number of head only: limit: needs 20,100 descriptors"),
    ("n/a", "ok", "no number of base only: not applicable: nothing to race"),
])
def test_what_can_not_be_compared_is_never_silent(gated: Gate, base: str, head: str, message: str) -> None:
    gated.cases({B: base}, {B: head})
    ran = gated.run("--json", "gate.json")
    assert ran.code == 2
    assert f"error: {B}: {message}" in ran.out and "\nINVALID: " in ran.out
    found = json.loads((gated.head.folder / "gate.json").read_text())
    assert found["verdict"] == "invalid" and found["invalid"][0].startswith(f"{B}: {message}")


def test_a_build_with_other_flags_is_invalid(gated: Gate) -> None:
    gated.base.cases({A: "ok"}, context={"flags": "-O2"})
    gated.head.cases({A: "ok"}, context={"flags": "-O0"})
    ran = gated.run()
    assert ran.code == 2 and 'not comparable: flags is "-O2" in base and "-O0" in head' in " ".join(ran.out.split())
    assert gated.run("--force").code == 0


def test_what_neither_side_can_do_is_a_note(gated: Gate) -> None:
    gated.cases({A: "ok", B: "limit"}, {A: "ok", B: "limit"})
    ran = gated.run()
    assert ran.code == 0 and "neither side has numbers here: limit:" in " ".join(ran.out.split())
    assert gated.head.started().count(B) == 1


def test_a_new_case_is_a_note(gated: Gate) -> None:
    gated.cases({A: "ok"}, {A: "ok", B: "ok"})
    ran = gated.run()
    assert ran.code == 0 and f"{B}: new, not judged: base has no such case" in " ".join(ran.out.split())


def test_a_case_that_went_missing_is_invalid_before_anything_is_measured() -> None:
    cases = [ListedCase(A), ListedCase(B)]
    both, invalid, notes = measuring.common_cases(cases[:1], cases[:1], cases, lambda _name: True)
    assert ([c.name for c in both], [c.line() for c in invalid], notes) == ([A], [f"{B}: head has no such case"], [])
    assert measuring.common_cases(cases[:1], cases[:1], cases, lambda name: name == A)[1] == []
    three, five, more = ([ListedCase(A, parameters=p)] for p in ({"iterations": 3}, {"iterations": 5},
                                                                 {"iterations": 3, "watchdog": False}))
    assert measuring.common_cases(three, five, None, lambda _name: True)[2] == [
        Cause("not judged, as base's parameters are others", (A,))]
    for base, head in ((three, more), (more, three)):  # a key that one of them does not know
        assert measuring.common_cases(base, head, None, lambda _name: True)[2] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_decides_nothing_and_leaves_nothing(gated: Gate, number: signal.Signals) -> None:
    gated.cases({A: "ok"}, {A: "ok+ok+hang"})
    child = gated.start("--json", "gate.json")
    wait_until((gated.head.folder / "ready").exists, "head hangs")
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (128 + number, f"fanbench: interrupted by {number.name}; nothing is decided\n")
    assert not (gated.head.folder / "gate.json").exists() and gated.head.processes() == []


@pytest.mark.parametrize(("arguments", "message"), [
    (["--least-change", "0"], 'expected per cent above 0, up to 100, got "0"'),
    (["--budget", "9s"], "fanbench: --budget: 9s is too short: 1 case needs "),
    (["--budget", "soon"], 'expected a time such as 90s or 3m30s, got "soon"'),
    (["--json", "nowhere/gate.json"], "nowhere/gate.json: can't be written: expected a file in a folder that is there"),
    (["--filter", "("], '--filter: expected a regular expression, got "("'),
    (["--filter", "treads"], f'--filter: no case of pretend matches "treads"; nearest of 1: {A} (fanbench list '),
    (["--budget", "-3m"], 'argument --budget: expected a time such as 90s or 3m30s, got "-3m"'),
    (["--json", "/dev/null"], "/dev/null: can't be written: expected a file in a folder that is there"),
    (["--head", ""], '"": neither a folder nor a commit of this repository'),
    (["--head", "nosuch"], '"nosuch": neither a folder nor a commit of this repository'),
])
def test_bad_input_gets_one_line(gated: Gate, arguments: list[str], message: str) -> None:
    ran = gated.run(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and message in ran.err
    assert gated.base.started() == gated.head.started() == []


@pytest.mark.parametrize(("base", "message"), [
    ("no-such-branch", 'fanbench: "no-such-branch": neither a folder nor a commit of this repository'),
    ("", 'fanbench: "": neither a folder nor a commit of this repository'),
    ("--help-me", "fanbench gate: argument --base: expected one argument"),
    ("HEAD:README.md", '"HEAD:README.md": neither a folder nor a commit'),
])
def test_a_base_that_is_not_there_gets_one_line(gated: Gate, base: str, message: str) -> None:
    ran = gated.run(base=base)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and message in ran.err


@pytest.mark.parametrize("sides", [{"base": ""}, {"head": ""}])
def test_an_empty_ref_is_an_unknown_one_before_anything_is_built(sides: dict[str, str]) -> None:
    asked = argparse.Namespace(**{"verb": "gate", "base": "HEAD", "head": None, "suite": "ci", "filter": None,
                                  "markdown": None, "json": None, "contestant": None, **sides})
    with pytest.raises(checking.Refused, match='^"": neither a folder nor a commit of this repository'):
        checking.check(asked)


def test_a_full_disk_gets_one_line_and_no_half_file(gated: Gate) -> None:
    """/dev/full can be opened, and written to as long as nothing reaches the disk."""
    ran = gated.run("--filter", "coroutines", GITHUB_STEP_SUMMARY="/dev/full")
    assert ran.code == 2 and ran.err.count("\n") == 1 and "No space left on device" in ran.err


# -- Stored results ----------------------------------------------------------------------------------------------------

def results(folder: Path, name: str, factor: float = 1.0, rounds: int = 16, cases: tuple[str, ...] = (A, B),
            broken: str = "", **context: Any) -> Path:
    """A results folder as `run` writes it."""
    rows = []
    for case in cases:
        for i in range(rounds):
            row = {"name": case, "run_name": case, "case": case_of(case), "run_type": "iteration", "repetition_index": i, "iterations": 3,
                   "real_time": 1.0, "cpu_time": 1.0, "time_unit": "ms", "verified": 1.0,
                   "cpu_us_per_call": (10 + 0.3 * (i * 7 % 5)) * factor, "pss_bytes_per_call": 4000.0 + i * 3 % 7}
            if broken:
                status, _, message = broken.partition(": ")
                row |= {"status": status, "error_occurred": True, "error_message": message}
            rows.append(row)
    (folder / name).mkdir()
    (folder / name / "results.json").write_text(json.dumps({
        "context": {"suite": "ci", "cpu": "x", "num_cpus": 2, "host_name": "h", "compiler": "GNU 12", "flags": "-O2",
                    "linker_flags": "", "build_type": "RelWithDebInfo", "kernel": "6.1", **context}, "catalogue": json.loads(CATALOGUE.read_text()), "benchmarks": rows}))
    return folder / name


def test_stored_results_are_judged_and_what_is_missing_is_said(gated: Gate, tmp_path: Path) -> None:
    base, same, dear = (results(tmp_path, name, factor) for name, factor in (("a", 1), ("b", 1), ("c", 1.2)))
    ran = gated.run("--head", str(same), base=str(base))
    assert (ran.code, ran.err) == (0, "")
    assert "without base again and without a fresh run to confirm, the least change is doubled" in " ".join(ran.out.split())
    ran = gated.run("--head", str(dear), base=str(base))
    assert ran.code == 1 and "REGRESSION: 2 in 4 comparisons" in ran.out and "CPU +20.0 %" in ran.out


def test_what_stored_results_have_of_one_round_only_is_not_judged(gated: Gate, tmp_path: Path) -> None:
    """As a run watches it once: else no two runs could ever prove anything."""
    sides = [results(tmp_path, name) for name in ("a", "b")]
    for side, calls in zip(sides, (3.0, 4.0)):
        document = json.loads((side / "results.json").read_text())
        for row in document["benchmarks"]:
            if row["repetition_index"] == 0:
                row["syscalls_per_call"] = calls
        (side / "results.json").write_text(json.dumps(document))
    ran = gated.run("--head", str(sides[1]), base=str(sides[0]))
    assert (ran.code, ran.err) == (0, "")
    assert "not judged, as a run watches it in its first round alone: system calls" in " ".join(ran.out.split())


@pytest.mark.parametrize(("change", "message"), [
    ({"compiler": "Clang 14"}, 'not comparable: compiler is "GNU 12" in base and "Clang 14" in head'),
    ({"host_name": "other"}, 'machine is "h" in base and "other" in head'),
    ({"flags": "-O3"}, 'flags is "-O2" in base and "-O3" in head'),
    ({"flags": "-O2 -flto"}, 'flags is "-O2" in base and "-O2 -flto" in head'),
    ({"linker_flags": "-fuse-ld=gold"}, 'linker\'s flags is "" in base and "-fuse-ld=gold" in head'),
    ({"build_type": "Debug"}, 'build type is "RelWithDebInfo" in base and "Debug" in head'),
    ({"cases": (A,)}, f"{B}: head has no such case"),
    ({"broken": "error: the ledger shows 9"}, "error row of head: the ledger shows 9"),
    ({"broken": "limit: needs ports"}, "no number of head only: needs ports"),
    ({"rounds": 5}, "CPU: too few rounds in 2 of 2 cases: 5, where 10 at least can decide among 4 comparisons"),
])
def test_stored_results_that_prove_nothing(gated: Gate, tmp_path: Path, change: dict[str, Any], message: str) -> None:
    base, head = results(tmp_path, "a"), results(tmp_path, "b", **change)
    ran = gated.run("--head", str(head), base=str(base))
    assert ran.code == 2 and message in " ".join(ran.out.replace("\n  ", " ").split())


def test_a_filter_that_no_stored_case_matches_is_refused(gated: Gate, tmp_path: Path) -> None:
    base, head = results(tmp_path, "a"), results(tmp_path, "b")
    ran = gated.run("--head", str(head), "--filter", "treads", base=str(base))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f'no case of both runs matches "treads"; nearest of 2: {B}, {A}' in ran.err


def test_another_machine_is_one_message(gated: Gate, tmp_path: Path) -> None:
    """Not one more for each case that costs more there, or that one side does not have."""
    base = results(tmp_path, "a", factor=0.5)
    head = results(tmp_path, "b", cases=(A,), host_name="other", cpu="y", compiler="Clang 14", num_cpus=4)
    ran = gated.run("--head", str(head), base=str(base), GITHUB_ACTIONS="true")
    assert ran.code == 2 and "in 0 comparisons" not in ran.out
    (annotation,) = (line for line in ran.out.splitlines() if line.startswith("::"))
    assert 'CPU is "x" in base and "y" in head; number of CPUs is "2" in base and "4" in head; machine is' in annotation
    assert ran.out.splitlines()[-1].startswith("INVALID: base and head can't be compared")


def test_another_machine_is_compared_by_force(gated: Gate, tmp_path: Path) -> None:
    base, head = results(tmp_path, "a"), results(tmp_path, "b", host_name="other")
    ran = gated.run("--head", str(head), "--force", base=str(base))
    assert ran.code == 0 and 'note: not comparable: machine is "h"' in " ".join(ran.out.split())


@pytest.mark.parametrize(("content", "message"), [
    ('{"context": {}, "bench', "not complete JSON"),
    ("[]", "expected Google Benchmark's JSON"),
    ('{"context": {"results_format": 99}, "benchmarks": []}', "results of another version"),
])
def test_results_that_can_not_be_read_get_one_line(gated: Gate, tmp_path: Path, content: str, message: str) -> None:
    base, head = results(tmp_path, "a"), results(tmp_path, "b")
    (head / "results.json").write_text(content)
    ran = gated.run("--head", str(head), base=str(base))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and message in ran.err


def test_a_folder_and_a_commit_are_not_compared(gated: Gate, tmp_path: Path) -> None:
    ran = gated.run(base=str(results(tmp_path, "a")))
    assert ran.code == 2
    assert ran.err.endswith("is a folder of results, the working tree is not: expected two folders or two commits\n")


# -- Builds ------------------------------------------------------------------------------------------------------------

@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two commits, whose programs are built by copying a file."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "CMakePresets.json").write_text((checkout.ROOT / "CMakePresets.json").read_text())
    (root / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(pretend LANGUAGES NONE)\n"
        "foreach(program fanbench-bench fanbench-server)\n"
        "  add_custom_command(OUTPUT bin/${program} DEPENDS ${CMAKE_SOURCE_DIR}/source VERBATIM\n"
        "    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/source bin/${program})\n"
        "  add_custom_target(make-${program} ALL DEPENDS bin/${program})\nendforeach()\n")
    monkeypatch.setattr(checkout, "ROOT", root)
    monkeypatch.setattr(builds, "CACHE", root / ".cache" / "gate")
    for name in ("FANBENCH_PRESET", "FANBENCH_CMAKE_ARGS", "FANBENCH_BENCH", "FANBENCH_BASE_BENCH"):
        monkeypatch.delenv(name, raising=False)

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
                       check=True, capture_output=True)

    git("init", "--quiet")
    for word in ("one", "two"):
        (root / "source").write_text(word)
        git("add", "--all", ":!.cache")
        git("commit", "--quiet", "--message", word)
    return root


def built(ref: str) -> tuple[builds.Side, list[str]]:
    said: list[str] = []
    with process.StopRequest() as stop:
        return builds.of_commit(ref, builds.commit_of(ref), said.append, stop), said


def test_commits_are_built_once_each_apart_from_the_working_tree(repository: Path) -> None:
    (repository / "source").write_text("changed since")
    for ref, word in (("HEAD", "two"), ("HEAD~1", "one"), ("HEAD", "two")):
        assert built(ref)[0].bench.read_text() == word
    assert built("HEAD~1")[1] == []  # nothing to build any more
    assert (repository / "source").read_text() == "changed since"
    assert built("HEAD")[0].bench.parent.joinpath("fanbench-server").exists()


def test_a_commit_that_does_not_build_gets_one_line_and_no_half_build(repository: Path) -> None:
    (repository / "CMakeLists.txt").write_text("message(FATAL_ERROR broken)\n")
    subprocess.run(["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org", "commit",
                    "--quiet", "--all", "--message", "broken"], check=True)
    with pytest.raises(builds.BuildError, match="can't be built: CMake Error") as refused:
        built("HEAD")
    assert "\n" not in str(refused.value)
    assert not list(repository.glob(".cache/gate/*-release-*"))
    assert built("HEAD~1")[0].bench.read_text() == "two"


def test_how_far_a_build_is_is_shown(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit = built("HEAD")[0].commit[:12]
    assert f"Building {commit}: 2 of 2\n" in capsys.readouterr().out
    built("HEAD")
    assert capsys.readouterr().out == ""


def test_a_base_that_can_not_be_built_is_told_in_every_form(
        repository: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "CMakeLists.txt").write_text("message(FATAL_ERROR broken)\n")
    subprocess.run(["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org", "commit",
                    "--quiet", "--all", "--message", "broken"], check=True)
    monkeypatch.setenv("FANBENCH_BENCH", str(pretend.bench))  # the working tree's
    monkeypatch.setattr(process, "adopt_orphans", lambda: None)  # they would be the other tests'
    monkeypatch.setattr(programs, "FOLDER", repository / ".cache" / "measured")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    asked = verb.Asked("HEAD", None, str(pretend.suite), re.compile(""), None, 240.0, False, 1)
    with process.StopRequest() as stop:
        verdict = verb.run(asked, stop)
    assert verdict and verb.tell(verdict, repository / "gate.md", repository / "gate.json") == 2
    out = capsys.readouterr().out
    assert re.search(r"\n::error title=fanbench: invalid::\w{12} can't be built: CMake Error", out)
    assert re.search(r"\ninvalid: \w{12} can't be built: ", out) and out.splitlines()[-1].startswith("INVALID: ")
    found = json.loads((repository / "gate.json").read_text())
    assert (found["verdict"], found["exit_code"], found["suite"], found["base"]) == ("invalid", 2, "pretend", "HEAD")
    page = (repository / "gate.md").read_text()
    assert "can't be built" in page and (repository / "summary.md").read_text() == page
    assert pretend.started() == []


def test_what_can_be_said_before_base_is_built_is(repository: Path, pretend: Pretend,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that matches nothing, and a budget that is too short for what head has, its rounds that count included."""
    monkeypatch.setenv("FANBENCH_BENCH", str(pretend.bench))
    monkeypatch.setattr(process, "adopt_orphans", lambda: None)
    monkeypatch.setattr(programs, "FOLDER", repository / ".cache" / "measured")
    rules = Rules(KNOWN.gated)
    uncounted, counted = (searching.least_budget_s({A: measuring.round_s(ListedCase(A))}, rules, counting)
                          for counting in (False, True))
    assert uncounted + 2 < counted
    for wanted, budget_s, refused in (("nothing", 240.0, checking.Refused), ("", 3.0, searching.BudgetTooShort),
                                      ("", uncounted + 1, searching.BudgetTooShort)):
        asked = verb.Asked("HEAD", None, str(pretend.suite), re.compile(wanted), None, budget_s, False, 1)
        with process.StopRequest() as stop, pytest.raises(refused):
            verb.run(asked, stop)
    assert not (repository / ".cache" / "gate").exists()


def test_the_least_budgets_of_the_page_are_what_is_asked_for() -> None:
    table = (Path(checking.__file__).parents[1] / "GATE.md").read_text().partition("| cases | at least |")[2]
    told = re.findall(r"^\| (\d+) \| (\w+) \|$", table.partition("\n\n")[0], re.MULTILINE)
    assert len(told) >= 5
    for number, least in told:
        costs = {str(i): measuring.round_s(ListedCase(A, expected_s=0.1)) for i in range(int(number))}
        with pytest.raises(searching.BudgetTooShort, match=f" needs? {least} at least"):
            searching.see_that_it_suffices(1.0, costs, Rules(KNOWN.gated), counting=True)


def test_a_ref_that_is_nearly_one_is_named(repository: Path) -> None:
    subprocess.run(["git", "-C", str(repository), "branch", "release"], check=True)
    with pytest.raises(builds.BuildError, match='"relaese": neither a folder nor a commit .*; nearest: release$'):
        builds.commit_of("relaese")
    (repository / ".git" / "HEAD").unlink()
    with pytest.raises(builds.BuildError, match="; git says: fatal: not a git repository"):
        builds.commit_of("release")


def test_options_of_one_gate_are_not_those_of_the_next(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANBENCH_CMAKE_ARGS", "-DBURN=10")
    burning = built("HEAD")[0].bench
    monkeypatch.delenv("FANBENCH_CMAKE_ARGS")
    assert built("HEAD")[0].bench != burning
    caches = [path.read_text() for path in repository.glob(".cache/gate/worktree/build*/CMakeCache.txt")]
    assert sorted("BURN:UNINITIALIZED=10" in cache for cache in caches) == [False, True]


def looks(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """A gate that waits for another's build looks at once again, and the third time `then` is done."""
    number = itertools.count(1)
    monkeypatch.setattr(builds, "time", SimpleNamespace(
        monotonic=time.monotonic, sleep=lambda _seconds: then() if next(number) == 3 else None))


def test_a_gate_that_waits_for_anothers_build_says_so_now_and_then(repository: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "TELL_S", 0.0)
    builds.CACHE.mkdir(parents=True)
    said: list[str] = []
    with open(builds.CACHE / ".lock", "w") as other, process.StopRequest() as stop:
        fcntl.flock(other, fcntl.LOCK_EX)
        looks(monkeypatch, lambda: fcntl.flock(other, fcntl.LOCK_UN))
        assert builds.of_commit("HEAD", builds.commit_of("HEAD"), said.append, stop).bench.read_text() == "two"
    assert said[:-1] == ["waiting for another gate's build, 0 s"] * 3 and said[-1].startswith("building ")


def test_a_stop_while_waiting_for_anothers_build_ends_it(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds.CACHE.mkdir(parents=True)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with open(builds.CACHE / ".lock", "w") as other, process.StopRequest() as stop:
        fcntl.flock(other, fcntl.LOCK_EX)
        looks(monkeypatch, lambda: fcntl.flock(other, fcntl.LOCK_UN))  # it is not to get there
        with pytest.raises(builds.Stopped):
            builds.of_commit("HEAD", builds.commit_of("HEAD"), say, stop)
    assert said == ["waiting for another gate's build, 0 s"]


def test_a_stop_while_building_keeps_nothing_of_it(repository: Path) -> None:
    built("HEAD~1")  # leaves programs of another commit where those of HEAD will be built
    with process.StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(builds.Stopped):
            builds.of_commit("HEAD", builds.commit_of("HEAD"), lambda _line: None, stop)
    assert len(list(repository.glob(".cache/gate/*-release-*"))) == 1
    assert built("HEAD")[0].bench.read_text() == "two"


def test_only_the_builds_used_last_are_kept(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "KEPT", 2)
    first = built("HEAD")[0].commit[:12]
    os.utime(builds.CACHE / f"{first}-release-{builds._name('')[-8:]}", (1, 1))
    built("HEAD~1")
    built("HEAD")  # used, not built
    for options in ("-DBURN=10", "-DBURN=20"):
        monkeypatch.setenv("FANBENCH_CMAKE_ARGS", options)
        built("HEAD")
    kept = sorted(path.name for path in builds.CACHE.glob("*-release-*"))
    assert len(kept) == 2 and all(name.startswith(first) for name in kept)
    assert [path.stem for path in builds.CACHE.glob("*.log")] == [first]
    assert len(list(builds.CACHE.glob("worktree/build-*"))) == 2


def test_programs_are_copies_with_paths_of_one_length(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "build" / "bin").mkdir(parents=True)
    for program in (*builds.TARGETS, "libfanbench-count-allocations.so", "other_test"):
        (repository / "build" / "bin" / program).write_text("tree")
    monkeypatch.setenv("FANBENCH_BUILD", str(repository / "build"))
    monkeypatch.setattr(programs, "FOLDER", repository / ".cache" / "measured")
    side = builds.of_working_tree("abc+changes")
    assert "with changes" in side.title
    with programs.folder() as one, programs.folder() as two:  # a second gate beside it
        copies = [programs.copied(side.bench, one / "head"), programs.copied(built("HEAD")[0].bench, one / "base")]
        assert len({len(str(path)) for path in (*copies, two / "head" / builds.BENCH)}) == 1
        (repository / "build" / "bin" / builds.BENCH).write_text("built meanwhile")
        assert programs.copied(side.bench, two / "head").read_text() == "built meanwhile"
        assert [path.read_text() for path in copies] == ["tree", "two"]
        assert sorted(path.name for path in copies[0].parent.iterdir()) == [*builds.TARGETS, "libfanbench-count-allocations.so"]
    assert not list(programs.FOLDER.glob("run-*"))


def test_what_a_killed_run_has_left_is_removed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "FOLDER", repository / ".cache" / "measured")
    (programs.FOLDER / "run-leftover").mkdir(parents=True)
    (programs.FOLDER / "run-leftover" / ".held").touch()
    with programs.folder() as own:
        assert [path.name for path in programs.FOLDER.glob("run-*")] == [own.name]
