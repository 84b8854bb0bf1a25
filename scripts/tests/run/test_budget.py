"""Runs with a budget: which cases get further rounds, and when it is over. A clock of their own, and no processes."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fanbench_tools.run import process, rounds, runner, turns
from fanbench_tools.run.budget import Open, Plan
from fanbench_tools.run.display import Bar, Lines, Position
from fanbench_tools.run.rounds import ListedCase, Suite


@dataclass
class Stage:
    """Pretends to measure: a clock that cases move on by what they take, and what is shown meanwhile."""

    folder: Path
    takes_s: dict[str, float]
    now_s: float = 1000.0
    looked_at: list[Any] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    shown: list[Position] = field(default_factory=list)
    stop_at: str = ""  # the case and its round: "b 7"
    measured: list[str] = field(default_factory=list)

    def run(self, open_cases: str, rounds: int = 2, budget_s: float | None = 100.0, most: int = 24) -> int:
        cases = tuple(ListedCase(name, "gather", name, "native", {"calls": ord(name)}) for name in self.takes_s)
        job = runner.Job(bench=self.folder, suite_file=self.folder, suite=Suite("s", "", rounds, cases), cases=cases,
                         out=self.folder, rounds=rounds, budget_s=budget_s, order_seed=1)
        self.stop = process.StopRequest()

        def look(document: Any) -> Open:
            self.looked_at.append(document)
            return Open(set(open_cases), "what is open", most)

        return runner.run(job, self, self.stop, look, lambda: self.now_s)

    def measure(self, entrants: Any, _order: Any, stop: process.StopRequest, tell: Any, *_: Any) -> list[turns.Measured]:
        done = []
        for e in entrants:
            tell(0.5)
            self.measured.append(e.case.name)
            if f"{e.case.name} {self.measured.count(e.case.name)}" == self.stop_at:
                stop.number = 2
            self.now_s += self.takes_s[e.case.name]
            done.append(turns.Measured({"name": e.case.name, "run_name": e.case.name, "verified": 1.0}, {"a": 1}, [],
                                       self.takes_s[e.case.name]))
        return done

    def show(self, position: Position) -> None:
        self.shown.append(position)

    def say(self, line: str) -> None:
        self.said.append(line)

    def close(self) -> None: ...

    def order(self, number: int) -> list[str]:
        return sorted(json.loads((self.folder / f"rounds/round-{number:03}.json").read_text())["order"])


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(tmp_path, {"a": 5.0, "b": 10.0, "c": 15.0})
    monkeypatch.setattr(turns, "measure", made.measure)
    return made


def test_further_rounds_have_the_open_cases_only_and_end_with_the_budget(stage: Stage) -> None:
    assert stage.run("bc", budget_s=119.0) == 4  # 2 · 30 s, then 25 s and 25 s: no other case ends before the budget
    assert [stage.order(n) for n in (1, 2, 3, 4)] == [list("abc"), list("abc"), list("bc"), list("bc")]
    assert stage.now_s == 1110 and not (stage.folder / "rounds/round-005.json").exists()
    assert stage.said == ["what is open"]
    rows = runner.write_results(stage.folder, interrupted=False)["benchmarks"]
    of = {name: [(r["repetitions"], r["repetition_index"]) for r in rows if r["name"] == name] for name in "abc"}
    assert of["b"] == [(4, 0), (4, 1), (4, 2), (4, 3)] and of["a"] == [(2, 0), (2, 1)]
    assert [r["repetitions"] for r in rows if "median" in r["name"]] == [2, 4, 4]


def test_the_last_round_has_what_fits(stage: Stage) -> None:
    assert stage.run("ac", budget_s=86.0) == 4  # 60 s, then 20 s: for 5 of the 6 that are left there is a case
    assert (stage.order(3), stage.order(4), stage.now_s) == (list("ac"), ["a"], 1085)


def test_what_ends_just_with_the_budget_is_made(stage: Stage) -> None:
    assert stage.run("c", budget_s=75.0) == 3
    assert stage.run("c", budget_s=74.0) == 2


def test_looked_at_is_once_at_the_rounds_of_all_cases(stage: Stage) -> None:
    stage.run("a", budget_s=1000.0)
    (document,) = stage.looked_at
    assert [r["name"] for r in document["benchmarks"] if r.get("run_type") != "aggregate"] == list("aabbcc")


def test_no_case_gets_more_rounds_than_answer_anything(stage: Stage) -> None:
    assert stage.run("a", budget_s=1e6, most=7) == 7
    assert stage.run("a", budget_s=1e6, most=2) == 2


def test_nothing_open_is_the_end(stage: Stage) -> None:
    assert stage.run("") == 2 and stage.said == ["what is open"]


def test_the_rounds_of_all_cases_are_finished_whatever_the_budget(stage: Stage) -> None:
    assert stage.run("ab", rounds=5) == 5
    assert stage.said == ["what is open", "no further rounds: those of all cases took 150 s of a budget of 100 s"]


def test_without_a_budget_nobody_looks(stage: Stage) -> None:
    assert stage.run("abc", budget_s=None) == 2
    assert (stage.looked_at, stage.said) == ([], [])


def test_a_stop_in_a_further_round_keeps_those_that_are_finished(stage: Stage) -> None:
    stage.stop_at = "b 4"
    assert stage.run("ab", budget_s=1000.0) == 3
    assert len(runner.finished_rounds(stage.folder)) == 3


def test_the_time_left_is_the_budgets_or_more_while_all_cases_are_run(stage: Stage) -> None:
    stage.run("bc", budget_s=94.0)
    of_all = [p for p in stage.shown if p.rounds]
    assert {p.round for p in of_all} == {1, 2} and {p.total for p in of_all} == {6}
    assert of_all[0].left_s == 94 and of_all[-1].left_s == 34
    further = [p for p in stage.shown if not p.rounds]
    assert {p.round for p in further} == {3} and {p.total for p in further} == {2}
    assert (further[0].done, further[0].left_s) == (0.5, 34) and further[-1].left_s == 9
    assert Plan(5, 100.0).left_s(1, 10.0, 300.0) == 300.0  # it takes what it takes
    assert Plan(5, 100.0).left_s(6, 110.0, 300.0) == 0.0
    assert Plan(5).left_s(1, 10.0, 300.0) == 300.0


def test_from_the_first_case_on_there_is_an_estimate(stage: Stage) -> None:
    stage.run("", rounds=2, budget_s=None)
    at_first = 2 * 3 * rounds.SURPLUS_S
    assert stage.shown[0].left_s == pytest.approx(at_first - rounds.SURPLUS_S / 2)  # half of the first is done
    assert stage.shown[-1].left_s == 0


@pytest.mark.parametrize(("position", "line"), [
    (Position(2, 5, 90.0, 225, 80.0), "round 2 of 5, 90 of 225 cases done, 1:20 left"),
    (Position(6, None, 3.0, 12, 40.0), "round 6, 3 of 12 cases done, 0:40 left of the budget"),
    (Position(1, 5, 0.0, 225, 3723.0), "round 1 of 5, 0 of 225 cases done, 1:02:03 left"),
])
def test_lines_say_how_far_it_is(position: Position, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Lines().show(position)
    assert capsys.readouterr().out == f"{line}\n" and len(line) <= 80


def test_the_bar_says_it_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    monkeypatch.setenv("TERM", "xterm")  # in none, or a dumb one, no bar is drawn
    out = io.StringIO()
    bar = Bar(Console(file=out, force_terminal=True, width=80, color_system=None))
    bar.show(Position(24, None, 11.0, 112, 3599.0, "first_completed/coroutines/native/calls:1000"))
    bar.close()
    shown = [line for line in out.getvalue().replace("\r", "\n").splitlines() if "112" in line]
    assert shown and all("round 24 " in line and "11/112 59:59 left of the budget" in line for line in shown)
    assert all(len(line.rpartition("\x1b[2K")[2]) <= 80 for line in shown)


def test_a_suites_budget_is_read() -> None:
    assert rounds.read_suite({"suite": "s", "cases": [], "budget_s": 100.0}).budget_s == 100.0
    assert rounds.read_suite({"suite": "s", "cases": [], "budget_s": None}).budget_s is None
    assert rounds.read_suite({"suite": "s", "cases": []}).budget_s is None
