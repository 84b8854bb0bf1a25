"""How often the gate is wrong: whole gates, by the very code that decides, on noise that is worse than most machines'.

    PYTHONPATH=scripts /usr/bin/python3 -m fanbench_tools.gate.simulation --gates 1000
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from typing import Mapping, Sequence

import numpy as np

from ..results.catalogue import Figure
from . import searching
from .deciding import REGRESSION, UNPROVEN, Key, Rules

CASES = 13  # times six counters: 78 comparisons, as the suite ci has
CPU = "cpu_us_per_call"
COST_S = 0.9  # of base, base again and head in turn
SCATTER = {"cpu_us_per_call": (0.03, 0.10), "client_overhead_us_per_call": (0.05, 0.30), "pss_bytes_per_call": (0.01, 0.04),
           "syscalls_per_call": (0.0, 0.002), "allocations_per_call": (0.0, 0.0002),
           "allocated_bytes_per_call": (0.0, 0.0002)}  # from run to run, relative: each case's is drawn from this range
BUDGET_S = 240.0
STEPS = {"cpu_us_per_call": 0.02, "client_overhead_us_per_call": 0.05, "pss_bytes_per_call": 0.05, "syscalls_per_call": 0.02,
         "allocations_per_call": 0.01, "allocated_bytes_per_call": 0.01}  # the least changes
COUNTING = ("allocations_per_call", "allocated_bytes_per_call")
RULES = Rules({name: Figure(name, label=name, gated=True, least=0.5, least_change=step, counting=name in COUNTING)
               for name, step in STEPS.items()})
Scatter = Mapping[str, tuple[float, float]]


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

    def __init__(self, seed: int, changes: Sequence[Change] = (), scatters: Scatter = SCATTER) -> None:
        self._random = np.random.default_rng(seed)
        self.cases = [f"case{i}" for i in range(CASES)]
        self._spent_s = 0.0
        self._drift = 0.0
        self._scatter, self._modes, self._factor = {}, {}, {}
        for i, case in enumerate(self.cases):
            self._modes[case] = self._random.choice([0.0, 0.0, 0.1, 0.5])  # the share of runs in the second mode
            for figure, (low, high) in {**SCATTER, **scatters}.items():
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
            for figure in (f.name for f in RULES.figures.values() if f.counting == counting):
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


def gate(seed: int, changes: Sequence[Change] = (), budget_s: float = BUDGET_S,
         scatters: Scatter = SCATTER) -> searching.Searched:
    machine = Machine(seed, changes, scatters)
    return searching.run(machine.cases, machine, budget_s, RULES, counting=True)


def least_budget_s() -> float:
    """The shortest that is not refused."""
    return searching.least_budget_s(dict.fromkeys(Machine(0).cases, COST_S), RULES, counting=True)


def false_alarms(gates: int, first_seed: int = 0, budget_s: float = BUDGET_S) -> int:
    """Gates of a commit against itself that blame it."""
    return outcomes(gates, first_seed, budget_s)[REGRESSION]


def outcomes(gates: int, first_seed: int = 0, budget_s: float = BUDGET_S,
             scatters: Scatter = SCATTER) -> Counter[int]:
    """The exit codes of gates of a commit against itself."""
    return Counter(gate(first_seed + i, (), budget_s, scatters).decision.code for i in range(gates))


def hits(gates: int, factor: float, scatter: float | None, figure: str = CPU, first_seed: int = 1_000_000,
         budget_s: float = BUDGET_S, scatters: Scatter = SCATTER) -> int:
    """Gates that find a change of one comparison by this factor, and blame no other."""
    number = 0
    for i in range(gates):
        decision = gate(first_seed + i, [Change(0, figure, factor, scatter)], budget_s, scatters).decision
        number += [j.key for j in decision.of("regression")] == [Key("case0", figure)]
    return number


def of_cpu(scatter: float) -> Scatter:
    """All cases' CPU scatters so."""
    return {CPU: (scatter, scatter)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, default=500,
                        help="of each kind; a fifth of it of those that take long or hardly vary")
    parser.add_argument("--cpu-scatter", type=float, nargs="+", default=[1, 1.5, 2, 3, 5, 7, 10], metavar="PERCENT",
                        help="of CPU from run to run, in all cases")
    parser.add_argument("--rise", type=float, nargs="+", default=[3, 10], metavar="PERCENT",
                        help="of CPU in one case, that is to be found")
    parser.add_argument("--budget", type=float, default=BUDGET_S, metavar="SECONDS")
    arguments = parser.parse_args()
    gates, budget_s = arguments.gates, arguments.budget
    print(f"{CASES * len(STEPS)} comparisons, budget {budget_s:.0f} s, at least {least_budget_s():.0f} s", flush=True)
    for percent in arguments.cpu_scatter:
        scatters = of_cpu(percent / 100)
        codes = outcomes(gates, 0, budget_s, scatters)
        print(f"CPU scatters by {percent:g} %: one commit against itself: {codes[REGRESSION]} of {gates} say "
              f"regression, {codes[UNPROVEN]} unproven", flush=True)
        for rise in arguments.rise:
            found = hits(gates, 1 + rise / 100, percent / 100, budget_s=budget_s, scatters=scatters)
            print(f"  +{rise:g} % in one case: found, and nothing else blamed, by {found} of {gates}", flush=True)
    number = gates // 5
    codes = outcomes(number, budget_s=3 * budget_s)
    print(f"three times the budget, CPU scatters by 3 to 10 %: {codes[REGRESSION]} of {number} say regression, "
          f"{codes[UNPROVEN]} unproven", flush=True)
    for figure in ("syscalls_per_call", *COUNTING):
        print(f"+3 % {figure} in one case at the least budget: found by "
              f"{hits(number, 1.03, 0.0, figure, budget_s=least_budget_s())} of {number}", flush=True)


if __name__ == "__main__":
    main()
