"""Runs the gate: what base and head are, their cases side by side, and all that makes a comparison invalid."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Sequence

from ..results import reader
from ..run import process, rounds, runner
from ..run.rounds import Case, Row
from . import deciding, searching
from .builds import Stopped
from .deciding import COUNTERS, UNPROVEN, Decision, Key, Rules, Samples

SIDES = ("base", "again", "head")
ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]  # of the sides
MACHINE = {"cpu": "CPU", "num_cpus": "number of CPUs", "host_name": "machine", "compiler": "compiler", "flags": "flags"}
LIBRARIES = ("kernel", "boost", "libcurl", "tbb")


@dataclass
class Gate:
    """All that a gate found: what its outputs are written from."""

    base: str
    head: str
    suite: str
    decision: Decision
    invalid: list[str] = field(default_factory=list)  # each makes the gate exit with 2
    notes: list[str] = field(default_factory=list)
    search: Samples = field(default_factory=dict)
    confirmation: Samples = field(default_factory=dict)
    seed: int = 0
    took_s: float = 0.0
    stored: bool = False

    @property
    def code(self) -> int:
        return UNPROVEN if self.invalid else self.decision.code

    @property
    def word(self) -> str:
        return "invalid" if self.invalid else {0: "pass", 1: "regression", 2: "unproven"}[self.decision.code]


class Measurer:
    """Runs the cases of both builds: base, base again and head one after the other in an order that is drawn for each
    case and round, so that in six rounds of a case each order occurs once."""

    def __init__(self, base: runner.Job, head: runner.Job, seed: int, stop: process.StopRequest,
                 say: Callable[[str], None]) -> None:
        self._jobs = (base, base, head)
        self._cases = {case.name: case for case in head.cases}
        self._random = random.Random(seed)
        self._stop, self._say = stop, say
        self._orders: dict[str, list[tuple[int, int, int]]] = {}
        self._costs: dict[tuple[str, bool], float] = {}
        self._started, self._said_at, self._rounds = time.monotonic(), 0.0, 0
        self._settled: set[str] = set()  # can't be compared
        self.invalid: dict[str, str] = {}  # case → why
        self.not_here: dict[str, str] = {}  # case → why no side has numbers
        self.one_sided: dict[str, str] = {}  # counter → which side lacks it
        self.contexts: dict[str, dict[str, Any]] = {}  # of each side's first row
        self.noisy = self.bound = self.measured = 0

    def measure(self, cases: Sequence[str], stage: str, counting: bool) -> searching.Round:
        """One round. Raises Stopped."""
        values: dict[Key, tuple[float, float | None, float]] = {}
        self._rounds += 1
        self._tell(stage)
        for name in self._random.sample(list(cases), len(cases)):
            if name not in self._settled:
                began = time.monotonic()
                rows = self._run(self._cases[name], counting)
                took = time.monotonic() - began
                self._costs[name, counting] = max(took, self._costs.get((name, counting), 0.0) * 0.8)
                if self._comparable(name, rows):
                    values |= self._values(name, rows, counting)
        return values

    def spent_s(self) -> float:
        return time.monotonic() - self._started

    def cost_s(self, case: str, counting: bool) -> float:
        return self._costs.get((case, counting)) or self._costs.get((case, not counting), 0.0)

    def _run(self, case: Case, counting: bool) -> list[Row]:
        orders = self._orders.setdefault(case.name, [])
        if not orders:
            orders += self._random.sample(ORDERS, len(ORDERS))
        rows: list[Row] = [{}, {}, {}]
        for side in orders.pop():
            job = self._jobs[side]
            job = replace(job, options=("--count-allocations",)) if counting else job
            rows[side], context, _ = runner.run_case(job, case, 0, self._stop, lambda: None)
            if self._stop.number:
                raise Stopped
            if context:
                self.contexts.setdefault(SIDES[side], context)
        return rows

    def _comparable(self, name: str, rows: Sequence[Row]) -> bool:
        """All sides have numbers. Where none can have any that is said; all else makes the gate invalid."""
        for side, row in zip(SIDES, rows):
            if rounds.is_failure(row):
                self.invalid[name] = f"error row of {_side(side)}: {row.get('error_message')}"
        without = [side for side, row in zip(SIDES, rows) if row.get("error_occurred")]
        if without and name not in self.invalid:
            message = next(r["error_message"] for r in rows if r.get("error_occurred"))
            if len(without) == len(SIDES):
                self.not_here[name] = message
            else:
                sides = " and ".join(dict.fromkeys(_side(side) for side in without))
                self.invalid[name] = f"no number of {sides} only: {message}"
        if without:
            self._settled.add(name)
        if name in self.invalid:
            self._say(f"error: {name}: {self.invalid[name]}")
        return not without

    def _values(self, name: str, rows: Sequence[Row], counting: bool) -> dict[Key, tuple[float, float, float]]:
        found = {}
        self.measured += 1
        self.noisy += any(row.get("noisy") == 1 for row in rows)
        self.bound += any(row.get("server_bound") == 1 for row in rows)
        for counter in COUNTERS.values():
            values = [_number(row.get(counter.name)) for row in rows]
            if counter.counting == counting and None not in values:
                found[Key(name, counter.name)] = tuple(values)
            elif counter.counting == counting and values != [None] * 3:
                lacking = " and ".join(dict.fromkeys(_side(s) for s, v in zip(SIDES, values) if v is None))
                self.one_sided[counter.name] = f"{counter.name}: {lacking} has none in {name}"
        return found

    def _tell(self, stage: str) -> None:
        if self.spent_s() - self._said_at >= 10 or self._rounds == 1:
            self._said_at = self.spent_s()
            self._say(f"{stage}: round {self._rounds}, {self._said_at:.0f} s")


def run(base: runner.Job, head: runner.Job, titles: tuple[str, str], budget_s: float, rules: Rules, seed: int,
        stop: process.StopRequest, say: Callable[[str], None], known: tuple[list[str], list[str]],
        force: bool = False) -> Gate:
    """Measures and decides. `known` is what is invalid, and what is worth a note, before anything is measured.
    Raises Stopped."""
    invalid, notes = list(known[0]), list(known[1])
    counting = all(counts_allocations(job) for job in (base, head))
    if not counting:
        notes.append("allocations are not judged: the bench of one side or both can't count them")
    measurer = Measurer(base, head, seed, stop, say)
    found = searching.run([c.name for c in head.cases], measurer, budget_s, rules, counting)
    invalid += [f"{name}: {why}" for name, why in measurer.invalid.items()]
    if {"base", "head"} <= measurer.contexts.keys():
        invalid += differences(measurer.contexts["base"], measurer.contexts["head"], force)[0]
    notes += [f"{name}: neither side has numbers here: {why}" for name, why in measurer.not_here.items()]
    notes += [f"not judged: {why}" for why in measurer.one_sided.values()]
    notes += _absent(found.search, counting)
    notes += [f"{_share(number, measurer.measured)} of the runs: {what}" for number, what in (
        (measurer.noisy, "other programs kept the machine busy (noisy)"),
        (measurer.bound, "the server was at its limit (server_bound)")) if number]
    return Gate(*titles, head.suite.name, found.decision, invalid, notes, found.search, found.confirmation, seed,
                measurer.spent_s())


def counts_allocations(job: runner.Job) -> bool:
    """Whether the bench knows the option."""
    try:
        return process.run([job.bench, "--suite", job.suite_file, "--list", "--count-allocations"],
                           timeout_s=30).returncode == 0
    except OSError:
        return False


def common_cases(base: Sequence[Case], head: Sequence[Case], own: Sequence[Case] | None,
                 wanted: Callable[[str], Any]) -> tuple[tuple[Case, ...], list[str], list[str]]:
    """The cases to compare, what is invalid, and notes. `base` and `head` are what each makes of the suite that is
    judged by, `own` what base's own version of the suite had: a case that went missing with head must not pass."""
    of_base = {c.name: c for c in base}
    of_head = {c.name: c for c in head if wanted(c.name)}
    both = tuple(c for name, c in of_head.items() if name in of_base and c.parameters == of_base[name].parameters)
    notes = [f"new, not judged: base has no {name}" for name in of_head if name not in of_base]
    notes += [f"not judged, as base's parameters are others: {name}" for name, c in of_head.items()
              if name in of_base and c not in both]
    invalid = [f"{c.name}: head has no such case" for c in own or () if wanted(c.name) and c.name not in of_head]
    return both, invalid, notes


def stored(base: reader.Results, head: reader.Results, titles: tuple[str, str], rules: Rules,
           wanted: Callable[[str], Any], force: bool) -> Gate:
    """Decides by two runs of the past."""
    began = time.monotonic()
    invalid, notes = differences(base.context, head.context, force)
    cases = {c.name: c for c in base.cases if wanted(c.name)}
    others = {c.name: c for c in head.cases if wanted(c.name)}
    invalid += [f"{name}: head has no such case" for name in cases if name not in others]
    notes += [f"new, not judged: base has no {name}" for name in others if name not in cases]
    samples: Samples = {}
    for name in (n for n in cases if n in others):
        pair = {"base": cases[name], "head": others[name]}
        without = {side: c for side, c in pair.items() if not c.ok}
        for side, c in without.items():
            if c.status == "error":
                invalid.append(f"{name}: error row of {side}: {c.message}")
            elif len(without) == 1:
                invalid.append(f"{name}: no number of {side} only: {c.message}")
        if len(without) == 2 and not any(c.status == "error" for c in without.values()):
            notes.append(f"{name}: neither side has numbers: {cases[name].message}")
        if not without:
            for counter in COUNTERS.values():
                for one, other in reader.rounds_of_both(*pair.values(), counter.name):
                    searching.add(samples, {Key(name, counter.name): (one, None, other)})
    notes += _absent(samples, True)
    notes.append("two runs of the past: without base again and without a fresh run to confirm, the floor is doubled "
                 "and the level is that of the confirmation")
    return Gate(*titles, head.suite, deciding.judge_stored(samples, rules), invalid, notes, samples,
                took_s=time.monotonic() - began, stored=True)


def differences(base: dict[str, Any], head: dict[str, Any], force: bool) -> tuple[list[str], list[str]]:
    """What makes two runs incomparable, and what is worth a note; with force all are notes."""
    invalid = [f'not comparable: {label} is "{base.get(key)}" in base and "{head.get(key)}" in head'
               for key, label in MACHINE.items() if base.get(key) != head.get(key)]
    notes = [f'{key} is "{base.get(key)}" in base and "{head.get(key)}" in head' for key in LIBRARIES
             if base.get(key) != head.get(key)]
    notes += [f"{side} was interrupted" for side, context in (("base", base), ("head", head))
              if context.get("interrupted")]
    return ([], invalid + notes) if force else ([f"{line} (--force compares all the same)" for line in invalid], notes)


def _absent(samples: Samples, counting: bool) -> list[str]:
    """Counters that nothing was measured of: absent is not zero, and is not passed over."""
    measured = {key.counter for key in samples}
    return [f"not judged: no row of both sides has {c.name}" for c in COUNTERS.values()
            if c.name not in measured and (counting or not c.counting)] if samples else []


def _side(side: str) -> str:
    return "base" if side == "again" else side


def _number(value: Any) -> float | None:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fine else None


def _share(number: int, of: int) -> str:
    return f"{100 * number / max(1, of):.0f} %"
