"""How often whole gates are wrong, on synthetic noise with heavy tails, drift, two modes and sides that share a part.

Few enough for every test run; `python3 -m fanbench_tools.gate.simulation` does more, and scripts/GATE.md has its
figures.
"""

from __future__ import annotations

from fanbench_tools.gate import simulation


def test_one_commit_against_itself_is_no_regression() -> None:
    assert simulation.false_alarms(60) <= 1


def test_to_look_often_does_not_raise_false_alarms() -> None:
    """Five times the budget is hundreds of looks at numbers that grow."""
    assert simulation.false_alarms(6, first_seed=500, budget_s=5 * simulation.BUDGET_S) == 0


def test_ten_per_cent_more_cpu_is_found() -> None:
    assert simulation.hits(30, 1.10, scatter=0.06) >= 28


def test_eight_per_cent_more_system_calls_are_found() -> None:
    assert simulation.hits(5, 1.08, scatter=0.0, figure="syscalls_per_call") == 5
