"""How often the gate is wrong: whole gates, by the very code that decides, on noise that is worse than most machines'.

    PYTHONPATH=scripts python3 -m fanbench_tools.gate.simulation --gates 1000
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ..results.catalogue import Figure
from . import searching
from .deciding import REGRESSION, UNPROVEN, Key, Rules

CASES = 13  # times four counters: 52 comparisons, as the suite ci has
COST_S = 0.9  # of base, base again and head in turn
SCATTER = {"cpu_us_per_call": (0.03, 0.10), "overhead_us_per_call": (0.05, 0.30), "pss_bytes_per_call": (0.01, 0.04),
           "syscalls_per_call": (0.0, 0.002)}  # from run to run, relative: each case's is drawn from this range
BUDGET_S = 210.0
LEAST = {"cpu_us_per_call": 1.0, "overhead_us_per_call": 1.0, "pss_bytes_per_call": 100.0, "syscalls_per_call": 0.5}
RULES = Rules({name: Figure(name, label=name, gated=True, least=least) for name, least in LEAST.items()})


@dataclass(frozen=True)
class Change:
    """What head truly does to one comparison."""

    case: int
    figure: str
    factor: float
    scatter: float | None = None  # of that comparison, where it is not to be drawn


class Machine:
    """Draws what a bad machine would measure: tails (Student's t with 3 degrees, and a spike in each thirtieth run), a
    drift that wanders and hits all alike, a part of the noise that the sides of a round share, and a second mode of
    +15 % into which runs of some cases fall."""

    def __init__(self, seed: int, changes: Sequence[Change] = ()) -> None:
        self._random = np.random.default_rng(seed)
        self.cases = [f"case{i}" for i in range(CASES)]
        self._spent_s = 0.0
        self._drift = 0.0
        self._scatter, self._modes, self._factor = {}, {}, {}
        for i, case in enumerate(self.cases):
            self._modes[case] = self._random.choice([0.0, 0.0, 0.1, 0.5])  # the share of runs in the second mode
            for figure, (low, high) in SCATTER.items():
                self._scatter[case, figure] = self._random.uniform(low, high)
                self._factor[case, figure] = 1.0
            for change in changes:
                if change.case == i:
                    self._factor[case, change.figure] = change.factor
                    if change.scatter is not None:
                        self._scatter[case, change.figure] = change.scatter
                        self._modes[case] = 0.0

    def measure(self, cases: Sequence[str], stage: str, counting: bool) -> searching.Round:
        values = {}
        self._drift += self._random.normal(0, 0.02)
        for case in cases:
            self._spent_s += COST_S
            mode = 0.15 * (self._random.random(3) < self._modes[case])
            for figure in SCATTER:
                scatter = self._scatter[case, figure]
                shared = self._random.normal(0, scatter) + self._drift * (scatter > 0.005)
                own = scatter * self._random.standard_t(3, 3) / 3**0.5  # divided by its deviation
                spike = 4 * scatter * (self._random.random(3) < 1 / 30)
                logs = shared + own + spike + mode * (scatter > 0.005)
                base, again, head = 10.0 * np.exp(logs + np.log([1, 1, self._factor[case, figure]]))
                values[Key(case, figure)] = float(base), float(again), float(head)
        return values

    def spent_s(self) -> float:
        return self._spent_s

    def cost_s(self, case: str, counting: bool) -> float:
        return COST_S


def gate(seed: int, changes: Sequence[Change] = (), budget_s: float = BUDGET_S) -> searching.Searched:
    machine = Machine(seed, changes)
    return searching.run(machine.cases, machine, budget_s, RULES)


def false_alarms(gates: int, first_seed: int = 0, budget_s: float = BUDGET_S) -> int:
    """Gates of a commit against itself that blame it."""
    return outcomes(gates, first_seed, budget_s)[REGRESSION]


def outcomes(gates: int, first_seed: int = 0, budget_s: float = BUDGET_S) -> Counter[int]:
    """The exit codes of gates of a commit against itself."""
    return Counter(gate(first_seed + i, budget_s=budget_s).decision.code for i in range(gates))


def hits(gates: int, factor: float, scatter: float | None, figure: str = "cpu_us_per_call",
         first_seed: int = 1_000_000) -> int:
    """Gates that find a change of one comparison by this factor, and blame no other."""
    number = 0
    for i in range(gates):
        decision = gate(first_seed + i, [Change(0, figure, factor, scatter)]).decision
        number += [j.key for j in decision.of("regression")] == [Key("case0", figure)]
    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, default=1000,
                        help="of each kind; a fifth of it of those that take long or hardly vary")
    gates = parser.parse_args().gates
    compared = f"of {CASES * len(SCATTER)} comparisons"
    for budget_s, number in ((BUDGET_S, gates), (3 * BUDGET_S, gates // 5)):
        codes = outcomes(number, budget_s=budget_s)
        print(f"one commit against itself, budget {budget_s:.0f} s: {codes[REGRESSION]} of {number} gates {compared} "
              f"say regression, {codes[UNPROVEN]} unproven", flush=True)
    for scatter in (0.03, 0.05, 0.07, 0.10):
        print(f"+10 % CPU in one case, {100 * scatter:g} % scatter: found, and nothing else blamed, by "
              f"{hits(gates, 1.10, scatter)} of {gates}", flush=True)
    number = gates // 5
    print(f"+8 % system calls in one case: found by {hits(number, 1.08, 0.0, 'syscalls_per_call')} of {number}")


if __name__ == "__main__":
    main()
