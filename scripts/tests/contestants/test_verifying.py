"""`fanbench contestant` with a pretend bench, and the real one with a program that does what it should not."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conftest import Pretend, Ran, clean_environment, wait_until
from fanbench_tools import checkout
from fanbench_tools.contestants.verifying import BESIDES, CORE
from fixtures.synthetic_data import CATALOGUE

BENCH = checkout.bench_binary()  # as scripts/fanbench has built it, before the tests' environment is cleaned
TOY = checkout.ROOT / "tests" / "toys" / "contestant.py"


class Mine:
    """A contestant, whose cases do with the pretend bench what they are told."""

    def __init__(self, pretend: Pretend, hello: Any = None, build: str = "") -> None:
        self.pretend, self.folder = pretend, pretend.folder / "mine"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "contestant.toml").write_text(
            f'name = "mine"\nlanguage = "C#"\ncommand = "./mine"\nbuild = {build!r}\n')
        self.hello = hello

    def does(self, **behaviours: str) -> Mine:
        """Of each workload `warm,cold`."""
        words = {f"{workload}/mine/own/calls:8/latency:20ms/start:{start}": word for workload, both in behaviours.items()
                 for start, word in zip(("cold", "warm"), reversed(both.split(",")))}
        hello = {"versions": "C# 12", "workloads": list(behaviours)} if self.hello is None else self.hello
        self.pretend.cases(words, hello=hello)
        return self

    def check(self, *arguments: str) -> Ran:
        return self.pretend.run(str(self.folder), *arguments, verb="contestant")


def test_all_is_verified_warm_and_cold_in_the_catalogues_order(pretend: Pretend) -> None:
    ran = Mine(pretend).does(semaphore="ok,ok", gather="ok,ok").check()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "mine (C#): C# 12",
        "  gather     warm ✓  cold ✓",
        "  semaphore  warm ✓  cold ✓",
        f"It does not have {', '.join(w for w in CORE if w not in ('gather', 'semaphore'))}: rows of these say so, and fail nobody.",
        "2 of 2 workloads verified, warm and cold"]
    assert [case.split("/")[0] for case in pretend.started()] == ["gather", "gather", "semaphore", "semaphore"]


def test_small_cases_are_the_catalogues_examples(pretend: Pretend) -> None:
    mine = Mine(pretend).does(semaphore="ok,ok")
    assert mine.check().code == 0
    scenario, besides = tomllib.loads((pretend.folder / "suites.log").read_text())["scenario"]
    assert scenario["models"] == [str(mine.folder)] and scenario["start"] == ["warm", "cold"]
    assert (scenario["workload"], scenario["limit"], scenario["iterations"]) == ("semaphore", 3, 1)
    assert besides == {**scenario, "start": "warm", "latency": "300ms"}  # in which one call after another is found out
    assert set(CORE) <= set(CATALOGUE.workloads)
    assert set(BESIDES) <= set(CATALOGUE.workloads)


def test_what_is_wrong_is_told_by_the_row(pretend: Pretend) -> None:
    ran = Mine(pretend).does(gather="ok,error", semaphore="ok,ok", retry="crash,limit").check()
    assert (ran.code, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[1:6] == [
        "  gather     warm ✓",
        "             cold ✗ expected 10 calls, the ledger shows 9",
        "  semaphore  warm ✓  cold ✓",
        "  retry      warm ✗ the bench was ended by SIGABRT; its last words: assertion failed: permits >= 0",
        "             cold ✗ limit: needs 20,100 descriptors, 20,000 allowed"]
    assert lines[-1] == "1 of 3 workloads verified, warm and cold"
    assert [pretend.started().count(case) for case in dict.fromkeys(pretend.started())] == [1, 3, 1, 1, 3, 1]


def test_what_is_right_only_when_tried_again_says_so(pretend: Pretend) -> None:
    ran = Mine(pretend).does(gather="error+error+ok,ok").check("--workload", "gather")
    assert (ran.code, ran.err) == (0, "")
    assert "  gather  warm ✓ when tried again; at first: expected 10 calls, the ledger shows 9\n          cold ✓\n" in ran.out
    assert "1 only when tried again: this machine is busy, or the program is not right each time\n" in ran.out


def test_a_plan_that_leaves_the_outcome_to_luck_gets_another_seed(pretend: Pretend) -> None:
    assert Mine(pretend).does(timeout="luck+luck+ok,ok").check().code == 0
    seeds = re.findall(r"^seed = (\d+)$", (pretend.folder / "suites.log").read_text(), re.MULTILINE)
    assert seeds == [seed for seed in "345" for _ in range(2)]  # a scenario besides the example


def test_only_what_is_asked_for_is_checked(pretend: Pretend) -> None:
    mine = Mine(pretend).does(gather="ok,ok", semaphore="error,error")
    ran = mine.check("--workload", "gather")
    assert (ran.code, ran.out.splitlines()[1:]) == (0, ["  gather  warm ✓  cold ✓", "1 of 1 workload verified, warm and cold"])
    ran = mine.check("--workload", "retry")
    assert (ran.code, ran.out.splitlines()[1:]) == (1, ["  retry  ✗ not checked: it does not say that it has it",
                                                        "0 of 1 workload verified, warm and cold"])
    ran = mine.check("--workload", "gathr")
    assert ran.code == 2 and ran.err.startswith("fanbench: --workload: expected one of gather, all_settled, ")


def test_a_workload_that_there_is_not_is_an_error_of_its_own(pretend: Pretend) -> None:
    ran = Mine(pretend).does(gathr="ok,ok").check()
    assert ran.code == 1
    assert "  gathr  ✗ expected a workload of bench/README.md, there is none of this name: did you mean gather?\n" in ran.out


@pytest.mark.parametrize(("hello", "code", "message"), [
    ("mine: expected an answer to hello within 30 s", 2, "fanbench-bench: mine: expected an answer to hello within 30 s"),
    ({"workloads": "gather"}, 2, 'expected the names of its "workloads", got \'gather\''),
    ({"versions": "C# 12"}, 2, 'expected the names of its "workloads", got None'),
    ({"workloads": []}, 1, "mine: expected a workload at least, it says that it has none"),
])
def test_one_that_can_not_be_talked_to_gets_one_line(pretend: Pretend, hello: Any, code: int, message: str) -> None:
    ran = Mine(pretend, hello).does(gather="ok,ok").check()
    assert (ran.code, ran.err.count("\n"), pretend.started()) == (code, 1, []) and message in ran.err


def test_one_that_can_not_be_built_is_not_started(pretend: Pretend) -> None:
    ran = Mine(pretend, build="echo no compiler; exit 4").does(gather="ok,ok").check()
    assert (ran.code, pretend.started()) == (2, [])
    assert ran.err.startswith("no compiler\nfanbench: mine: its build exited with 4 after ")


@pytest.mark.parametrize(("text", "message"), [
    (None, "contestant.toml: expected a contestant's file (impls/external/PROTOCOL.md), got: No such file or directory"),
    ('name = "mine"', "contestant.toml: language: expected the language, as reports show it, got nothing"),
])
def test_a_folder_that_is_none_gets_one_line(pretend: Pretend, text: str | None, message: str) -> None:
    mine = Mine(pretend)
    (mine.folder / "contestant.toml").unlink()
    if text:
        (mine.folder / "contestant.toml").write_text(text)
    ran = mine.check()
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and message in ran.err
    assert "nowhere: no such folder" in pretend.run("nowhere", verb="contestant").err


def test_an_interrupt_ends_it(pretend: Pretend) -> None:
    Mine(pretend).does(gather="hang,ok")
    child = pretend.start(str(pretend.folder / "mine"), verb="contestant")
    wait_until((pretend.folder / "ready").exists, "a case hangs")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: interrupted by SIGINT\n")


def real(folder: Path, lie: str, *arguments: str) -> Ran:
    """The tests' toy with the real bench."""
    assert BENCH.exists(), f"{BENCH} is not built: run the tests with ./scripts/fanbench test"
    toy = folder / "a toy"
    toy.mkdir()
    (toy / "contestant.toml").write_text(
        f'name = "toy"\nlanguage = "Python"\ncommand = "{sys.executable} {TOY} {lie}"\n')
    child = subprocess.run([sys.executable, "-P", "-m", "fanbench_tools", "contestant", str(toy), *arguments], check=False,
                           capture_output=True, text=True, timeout=300, env=clean_environment(FANBENCH_BENCH=str(BENCH)))
    return Ran(child.returncode, child.stdout, child.stderr)


def test_a_right_program_is_verified(tmp_path: Path) -> None:
    ran = real(tmp_path, "", "--workload", "cpu")
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert ran.out == "toy (Python): says nothing of its versions\n  cpu  warm ✓  cold ✓\n1 of 1 workload verified, warm and cold\n"


def test_one_that_keeps_no_connections_is_right_in_a_cold_start_alone(tmp_path: Path) -> None:
    ran = real(tmp_path, "", "--workload", "gather")
    assert (ran.code, ran.err) == (1, ""), ran.out
    opened = "8 connections were opened, expected at most 0 of a warm start"
    first, long, per_call, beating, cold = ran.out.splitlines()[1:6]
    assert [first, long] == [f"  gather  warm ✗ {opened}", f"          warm latency:300ms ✗ {opened}"]
    assert [per_call, cold] == ["          warm connection:per_call ✓", "          cold ✓"]
    assert re.fullmatch(r" +warm watchdog:true ✗ \d+ ticks were skipped: the heartbeat made 0, and \d+ were due", beating)


def test_one_that_makes_one_call_after_another_is_found_out(tmp_path: Path) -> None:
    ran = real(tmp_path, "one_by_one", "--workload", "gather")
    assert "cold ✓" in ran.out and "calls were in flight at most, expected at least" in ran.out


@pytest.mark.parametrize("lie", ["invented_answer", "lost_record"])
def test_a_lie_is_found(tmp_path: Path, lie: str) -> None:
    ran = real(tmp_path, lie, "--workload", "gather")
    assert (ran.code, ran.err) == (1, "") and ran.out.count("✗ ") == 5 and "0 of 1 workload verified" in ran.out


@pytest.mark.parametrize(("lie", "message"), [("crash hello", "it is all too much"), ("not_here hello", "there is no moon tonight"),
                                              ("nonsense hello", "nonsense")])
def test_a_program_that_says_no_hello_is_the_end(tmp_path: Path, lie: str, message: str) -> None:
    ran = real(tmp_path, lie)
    assert (ran.code, ran.err.count("\n")) == (2, 1) and message in ran.err
