"""Checks a contestant: what it says of itself, then a small case of each of its workloads, warm and cold."""

from __future__ import annotations

import difflib
import json
import random
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from ..results.rows import NOT_APPLICABLE, OK, has_no_number, status_of, why
from ..run import process, runner, turns
from ..run.rounds import ListedCase
from .description import Contestant

# Those that suites of several languages ask for.
CORE = ("gather", "all_settled", "task_group", "first_completed", "timeout", "semaphore", "worker_pool", "producer_consumer",
        "pipeline", "retry", "paginate", "mixed", "cpu")
FIRST_SEED, SEEDS = 3, 50
# Besides the example: what a program can easily get wrong that its small sizes do not show. Where replies take so long, who
# makes one call after another is found out; and each run may have a heartbeat, each call a connection of its own.
ALL_AT_ONCE = {"latency": '"300ms"'}
BESIDES = {"gather": (ALL_AT_ONCE, {"connection": '"per_call"'}, {"watchdog": "true"}), "all_settled": (ALL_AT_ONCE,),
           "semaphore": (ALL_AT_ONCE,), "worker_pool": (ALL_AT_ONCE,), "timeout": ({"scope": '"group"'},)}
TRIES = 3
LEFT_TO_LUCK = re.compile(r"choose\b.*\bseed\b")  # so the bench refuses a plan whose outcome nobody could tell
START = {"warm": 0, "cold": 1}


@dataclass(frozen=True)
class Checked:
    """A small case."""

    workload: str
    case: str  # what of the workload, such as warm
    error: str  # empty where it is verified
    at_first: str = ""  # the error of a first try, where a later one was verified
    not_applicable: str = ""  # the program's reason not to do it, which is no error


class NotApplicable(str):
    """Why a program says that it cannot do a case."""


class Verifier:
    """Of the contestant with this bench. Stops where `stop` says so: what was not checked is not told."""

    def __init__(self, bench: Path, contestant: Contestant, stop: process.StopRequest) -> None:
        self._bench, self._contestant, self._stop = bench, contestant, stop
        self._examples: dict[str, str] = {w["name"]: w["example"] for w in
                                          runner.catalogue(bench).document["workloads"]}

    @property
    def workloads(self) -> tuple[str, ...]:
        """All there are."""
        return tuple(self._examples)

    def in_order(self, workloads: Sequence[str]) -> list[str]:
        """Each once, as the catalogue has them; those that nobody knows at the end."""
        return sorted(dict.fromkeys(workloads), key=[*self._examples, *workloads].index)

    def check(self, workload: str) -> list[Checked]:
        """Of each of the workload's small cases."""
        if workload not in self._examples:
            near = difflib.get_close_matches(workload, self._examples, 1)
            return [Checked(workload, "", f"expected a workload of bench/README.md, there is none of this name"
                            f"{f': did you mean {near[0]}?' if near else ''}")]
        with tempfile.TemporaryDirectory(prefix="fanbench-") as folder:
            try:
                return self._check(workload, Path(folder) / "small.toml")
            except runner.BenchError as e:
                return [Checked(workload, "", str(e))]

    def _check(self, workload: str, suite: Path) -> list[Checked]:
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
            suite.write_text(suite_of(self._contestant, workload, self._examples[workload], seed))
            cases = [case for case in runner.list_suite(self._bench, suite).cases
                     if (case.workload, case.model) == (workload, self._contestant.name)]
            if not cases:
                return [Checked(workload, "", "expected small cases of it, the bench lists none")]
            checked = []
            for case in sorted(cases, key=lambda c: START.get(c.parameters.get("start", ""), 2)):
                error, *more = self._errors(suite, case)
                if self._stop.number:
                    return []
                if LEFT_TO_LUCK.search(error):
                    break
                if isinstance(error, NotApplicable):
                    checked.append(Checked(workload, _title(case, cases), "", not_applicable=error))
                    continue
                is_right = "" in (error, *more)
                checked.append(Checked(workload, _title(case, cases), "" if is_right else error, error if is_right else ""))
            else:
                return checked
        return [Checked(workload, "", f"no seed from {FIRST_SEED} on has a plan whose outcome is known: {error}")]

    def _errors(self, suite: Path, case: ListedCase) -> list[str]:
        """Of each try, until one is verified: a busy machine can make a right program late."""
        entrant, errors = turns.Entrant(self._bench, suite, case, ("--unwatched",)), []
        while len(errors) < TRIES and not self._stop.number:
            row = turns.measure([entrant], random.Random(0), self._stop)[0].row
            status = status_of(row)[0]
            errors.append("" if status == OK else NotApplicable(why(row)) if status == NOT_APPLICABLE else why(row))
            if not errors[-1] or has_no_number(row) or LEFT_TO_LUCK.search(errors[-1]):
                break
        return errors


def suite_of(contestant: Contestant, workload: str, example: str, seed: int) -> str:
    """The workload's example in this contestant, warm and cold; and warm what is looked at besides."""
    lines = ['description = "Small cases"', "rounds = 1"]
    for other in ({}, *BESIDES.get(workload, ())):
        kept = [line for line in example.strip().splitlines() if line.split("=")[0].strip() not in other]
        lines += ["[[scenario]]", f"workload = {json.dumps(workload)}",
                  f"models = [{json.dumps(str(contestant.folder), ensure_ascii=False)}]",
                  'start = "warm"' if other else 'start = ["warm", "cold"]', "iterations = 1", f"seed = {seed}", *kept,
                  *(f"{key} = {value}" for key, value in other.items())]
    return "\n".join([*lines, ""])


def _title(case: ListedCase, cases: Sequence[ListedCase]) -> str:
    """Warm or cold, and what else tells it from the others."""
    usual = cases[0].parameters
    differing = [key for key in case.parameters if key == "start" or case.parameters[key] != usual.get(key)]
    return " ".join(str(case.parameters[key]) if key == "start" else f"{key}:{_word(case.parameters[key])}"
                    for key in sorted(differing, key=lambda key: key != "start")) or "case"


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
