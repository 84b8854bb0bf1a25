"""The gate's verdicts on data whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fanbench_tools.analysis import stats
from fanbench_tools.gate import deciding, searching
from fanbench_tools.gate.deciding import Blocks, Comparison, Key, Rules
from fixtures.synthetic_data import CATALOGUE

CPU, PSS, CALLS, OVERHEAD = "cpu_us_per_call", "pss_bytes_per_call", "syscalls_per_call", "client_overhead_us_per_call"
RULES = Rules(CATALOGUE.gated)
COUNTS = {"allocations_per_call": 7.017, "allocated_bytes_per_call": 1555.6, "syscalls_per_call": 22.66,
          "instructions_per_call": 31_400.0}
TAIL = deciding.tail_of(0.95, 50)


def comparison(base: list[float], again: list[float], head: list[float], figure: str = CPU) -> Comparison:
    return Comparison(Key("case", figure), Blocks(tuple(base), tuple(again), tuple(head)), RULES)


def noisy(factor: float, rounds: int, scatter: float = 0.05, seed: int = 1) -> Comparison:
    random = np.random.default_rng(seed)
    base, again, head = 10 * np.exp(random.normal(0, scatter, size=(3, rounds)))
    return comparison(base.tolist(), again.tolist(), (factor * head).tolist())


def test_a_large_move_is_suspect_and_its_size_is_right() -> None:
    for factor in (1.3, 0.7):
        compared = noisy(factor, 12)
        assert compared.suspect(TAIL) and compared.rises == (factor > 1)
        assert compared.move == pytest.approx(factor - 1, abs=0.04)
        interval = compared.interval(TAIL)
        assert interval.excludes(0.0) and not interval.excludes(factor - 1)


def test_no_move_is_no_suspect() -> None:
    assert not any(noisy(1.0, 12, seed=seed).suspect(TAIL) for seed in range(100))


def test_a_sure_move_below_the_least_change_is_no_suspect() -> None:
    compared = noisy(1.015, 20, scatter=0.002)
    assert min(compared.p) <= TAIL and not compared.suspect(TAIL)


def test_a_move_must_be_beyond_that_of_base_against_itself() -> None:
    base = [10.0, 10.01, 9.99, 10.02, 9.98] * 3
    compared = comparison(base, [1.2 * v for v in base], [1.25 * v for v in base])
    assert compared.move == pytest.approx(0.142, abs=0.001) and compared.control == pytest.approx(0.2)
    assert min(compared.p) <= TAIL and not compared.suspect(TAIL)
    decision = decided({KEY: compared}, {})
    assert (decision.judged[0].verdict, decision.code) == ("control moved", 2)
    assert "base against itself moved by +20.0 %" in decision.reasons[0]


def test_eight_per_cent_without_scatter_is_found_in_five_rounds() -> None:
    compared = comparison([20.0] * 5, [20.0] * 5, [21.6] * 5, CALLS)
    assert compared.steady and compared.move == pytest.approx(0.08)
    assert compared.p == (1 / math.comb(15, 5), 1.0) and compared.suspect(deciding.tail_of(0.95, 65))
    assert (compared.interval(TAIL).low, compared.interval(TAIL).high) == (pytest.approx(0.08), pytest.approx(0.08))
    assert not comparison([20.0] * 3, [20.0] * 3, [21.6] * 3, CALLS).suspect(TAIL)


def test_a_count_that_its_rounds_can_not_decide_is_not_called_unchanged() -> None:
    """One more allocation per call, in two rounds: their p-value can't be below 1 in 15."""
    compared = comparison([7.017] * 2, [7.017] * 2, [8.017] * 2, "allocations_per_call")
    decision = decided({Key(f"{i}", "allocations_per_call"): compared for i in range(65)}, {})
    assert (decision.judged[0].verdict, decision.code, decision.judged[0].missed) == ("undecided", 2, math.inf)
    assert decision.reasons == ("allocations: too few rounds in 65 of 65 cases: 2, where 5 at least can decide among "
                                "65 comparisons",)


@pytest.mark.parametrize(("rounds", "head", "missed"), [(2, 7.017, math.inf), (5, 7.017, 0.01), (5, 7.02, 0.01)])
def test_what_could_be_missed_is_not_the_scatter(rounds: int, head: float, missed: float) -> None:
    compared = comparison([7.017] * rounds, [7.017] * rounds, [head] * rounds, "allocations_per_call")
    assert compared.missed(TAIL, 16) == pytest.approx(missed, abs=1e-3)


def test_what_could_be_missed_grows_with_the_scatter_and_is_found_where_it_is_there() -> None:
    for scatter in (0.01, 0.05):
        missed = [noisy(1.0, 12, scatter, seed).missed(TAIL, 16) for seed in range(40)]
        found = [noisy(1 + float(np.median(missed)), 12, scatter, seed).suspect(TAIL) for seed in range(100, 140)]
        assert sum(found) >= 36 and 2 * scatter < np.median(missed) < 6 * scatter


def test_a_count_whose_head_alone_scatters_is_judged_by_ranks() -> None:
    base = [7.0] * 12
    assert comparison(base, base, [7.0, 8.0, 8.0] * 4, "allocations_per_call").suspect(TAIL)


def test_without_scatter_a_head_that_lies_among_the_bases_has_not_moved() -> None:
    compared = comparison([20.0, 20.05] * 3, [20.05, 20.0] * 3, [20.02] * 6, CALLS)
    assert compared.steady and compared.p == (1.0, 1.0) and not compared.open(TAIL)


def test_a_cost_that_was_nothing_has_a_change() -> None:
    compared = comparison([0.0] * 8, [0.0] * 8, [2.0] * 8, CALLS)
    assert compared.move == pytest.approx(4.0) and compared.suspect(TAIL)  # two of at least half a call


def test_costs_around_zero_are_compared_by_difference() -> None:
    random = np.random.default_rng(2)
    base, again, head = random.normal(0, 1, size=(3, 20))
    assert not comparison(base.tolist(), again.tolist(), head.tolist(), OVERHEAD).suspect(TAIL)
    compared = comparison(base.tolist(), again.tolist(), (head + 5).tolist(), OVERHEAD)
    assert compared.suspect(TAIL) and compared.move == pytest.approx(5, abs=1)
    one_missed = comparison([4000.0] * 9 + [0.0], [4010.0] * 10, [4020.0] * 10, PSS)
    assert abs(one_missed.move) < 0.01 and not one_missed.suspect(TAIL)


def test_rounds_that_drift_are_compared_within_each() -> None:
    drift = np.exp(np.linspace(0, 2, 12))
    compared = comparison((10 * drift).tolist(), (10.1 * drift).tolist(), (11.5 * drift).tolist())
    assert compared.suspect(TAIL) and compared.move == pytest.approx(0.144, abs=0.001)


def test_wide_intervals_are_open_and_narrow_ones_are_not() -> None:
    assert noisy(1.0, 10, scatter=0.2).open(TAIL)
    assert not noisy(1.0, 20, scatter=0.005).open(TAIL)
    assert not noisy(1.5, 20, scatter=0.05).open(TAIL)  # a suspect: more rounds of the search tell no more


def decided(search: dict[Key, Comparison], fresh: dict[Key, Comparison]) -> deciding.Decision:
    return deciding.judge({k: c.blocks for k, c in search.items()}, {k: c.blocks for k, c in fresh.items()},
                               set(fresh), RULES)


KEY = Key("case", CPU)


@pytest.mark.parametrize(("searched", "fresh", "verdict", "code"), [
    (1.3, 1.3, "regression", 1), (0.7, 0.7, "improvement", 0), (1.3, 1.0, "unconfirmed", 0),
    (1.3, 0.7, "unconfirmed", 0), (1.3, None, "untested", 2), (0.7, None, "untested", 0), (1.0, None, "open", 0)])
def test_a_suspect_needs_a_fresh_run_that_agrees(searched: float, fresh: float | None, verdict: str, code: int) -> None:
    decision = decided({KEY: noisy(searched, 16)}, {} if fresh is None else {KEY: noisy(fresh, 16, seed=9)})
    assert [(j.verdict, decision.code) for j in decision.judged] == [(verdict, code)]


def test_the_size_that_is_told_is_the_fresh_runs() -> None:
    judged = decided({KEY: noisy(1.5, 16)}, {KEY: noisy(1.2, 16, seed=9)}).judged[0]
    assert judged.best.move == pytest.approx(0.2, abs=0.05) and judged.interval.n == 16


def test_where_noise_hides_everything_nothing_is_proven() -> None:
    decision = decided({KEY: noisy(1.0, 10, scatter=1.5)}, {})
    assert decision.code == 2 and decision.judged[0].verdict == "blind"
    assert "CPU: too noisy" in decision.reasons[0]
    assert deciding.judge({}, {}, set(), RULES).reasons == ("nothing could be compared",)


def test_many_suspects_need_more_each() -> None:
    """Holm: what would do for one suspect does not for the weakest of many."""
    blocks = Blocks((10.0, 10.3, 10.0, 9.9, 10.1), (10.1, 9.8, 10.2, 10.0, 9.9), (12.0,) * 5)
    fresh = {key: Comparison(key, blocks, RULES) for key in (Key(f"{i}", CPU) for i in range(12))}
    assert deciding.confirmed(list(fresh.values())[:1], {k: True for k in fresh}, RULES)
    assert not deciding.confirmed(fresh.values(), {k: True for k in fresh}, RULES)


def test_stored_runs_have_a_higher_bar_and_need_more_rounds() -> None:
    def stored(factor: float, rounds: int) -> deciding.Decision:
        blocks = noisy(factor, rounds, scatter=0.02).blocks
        return deciding.judge_stored({KEY: Blocks(blocks.base, (), blocks.head)}, RULES)

    assert stored(1.2, 16).code == 1
    assert stored(1.03, 16).code == 0
    assert stored(1.0, 5).code == 2
    assert stored(1.0, 5).reasons[0].startswith("CPU: too few rounds in 1 of 1 cases: 5, where 8 at least can decide")


def test_stored_runs_that_are_the_same_pass_where_their_rounds_can_decide() -> None:
    def same(rounds: int, cases: int, scatter: float) -> deciding.Decision:
        values = noisy(1.0, rounds, scatter).blocks.base
        return deciding.judge_stored({Key(f"{i}", CPU): Blocks(values, (), values) for i in range(cases)}, RULES)

    for scatter in (0.0, 0.05):
        assert (same(16, 65, scatter).code, same(16, 65, scatter).judged[0].verdict) == (0, "unchanged")
    few = same(12, 65, 0.05)
    assert few.code == 2 and "65 of 65 cases: 12, where 14 at least can decide among 65" in few.reasons[0]
    assert same(12, 10, 0.05).code == 0


class Machine:
    """Gives what it is told, and counts the rounds."""

    def __init__(self, **factors: float) -> None:
        self.factors, self.rounds, self.seconds = factors, {}, 0.0
        self._random = np.random.default_rng(3)

    def measure(self, cases, stage, counting):
        self.seconds += len(cases)
        for case in cases:
            self.rounds[case, stage] = self.rounds.get((case, stage), 0) + 1
        scatter = {case: 0.005 if case == "quiet" else 0.1 for case in cases}
        return {Key(case, CPU): tuple(10 * np.exp(self._random.normal(0, scatter[case], 3))
                                      * [1, 1, self.factors[case]]) for case in cases}

    def spent_s(self):
        return self.seconds

    def cost_s(self, case, counting):
        return 1.0


def test_time_goes_where_nothing_is_decided_and_some_is_kept_to_confirm() -> None:
    machine = Machine(quiet=1.0, noisy=1.0, changed=1.5)
    compared = searching.run(["quiet", "noisy", "changed"], machine, 75.0, RULES)
    assert machine.rounds["quiet", "search"] == machine.rounds["changed", "search"] == RULES.least_rounds
    assert machine.rounds["noisy", "search"] > 2 * RULES.least_rounds
    assert machine.rounds["changed", "confirmation"] >= RULES.confirm_rounds[0]
    assert ("noisy", "confirmation") not in machine.rounds and machine.seconds <= 75
    assert [j.key.case for j in compared.decision.of("regression")] == ["changed"]


def test_the_next_round_goes_to_the_cases_where_a_change_is_the_likeliest() -> None:
    def case(name: str, factor: float, scatter: float = 0.2) -> Comparison:
        return Comparison(Key(name, CPU), noisy(factor, 10, scatter).blocks, RULES)

    compared = [case(f"{i}", 1.0) for i in range(6)] + [case("likely", 1.2), case("quiet", 1.0, 0.01)]
    kind, chosen = searching.next_cases(compared, 1e-9, RULES)
    assert (kind, len(chosen), chosen[0]) == (False, 2, "likely")
    assert searching.next_cases([case("quiet", 1.0, 0.01)], 1e-9, RULES) == (False, [])


def test_the_least_rounds_are_run_even_without_time() -> None:
    machine = Machine(noisy=1.0)
    searching.run(["noisy"], machine, 1.0, RULES)
    assert machine.rounds == {("noisy", "search"): RULES.least_rounds}


def test_a_confirmation_that_takes_longer_than_planned_ends_at_its_least_rounds() -> None:
    machine = Machine(changed=1.5)
    machine.cost_s = lambda case, counting: 0.5
    searching.run(["changed"], machine, 21.0, RULES)
    assert machine.rounds == {("changed", "search"): RULES.least_rounds,
                              ("changed", "confirmation"): RULES.confirm_rounds[0]}


def test_without_time_for_all_suspects_the_likeliest_are_confirmed() -> None:
    suspects = [comparison([10.0] * n, [10.0] * n, [12.0] * n) for n in (8, 9, 10)]
    suspects = [Comparison(Key(f"{i}", CPU), c.blocks, RULES) for i, c in enumerate(suspects)]
    costs = {c.key.case: 1.0 for c in suspects}
    assert [len(searching.confirmation_plan(suspects, costs, left, RULES)[0]) for left in (0, 33, 1000)] == [1, 2, 3]
    chosen, rounds = searching.confirmation_plan(suspects, costs, 0, RULES)
    assert (chosen[0].key.case, rounds) == ("2", RULES.confirm_rounds[0])
    assert searching.confirmation_plan(suspects, costs, 1e6, RULES)[1] == RULES.confirm_rounds[1]
    assert searching.confirmation_plan([], {}, 1e6, RULES) == ([], 0)


class Counting(Machine):
    """One call of a case costs one count more, and nothing scatters."""

    def __init__(self, figure: str, cases: int) -> None:
        super().__init__()
        self.cases, self.figure = [f"{i}" for i in range(cases)], figure

    def measure(self, cases, stage, counting):
        self.seconds += len(cases)
        return {Key(case, figure): (value, value, value * (1 + 0.02 * dear) if figure != "allocations_per_call"
                                    else value + dear)
                for case in cases for figure, value in COUNTS.items() if RULES.figures[figure].counting == counting
                for dear in [case == self.cases[-1] and figure == self.figure]}


@pytest.mark.parametrize("cases", [1, 5, 13, 60])
@pytest.mark.parametrize("figure", list(COUNTS))
def test_each_count_is_gated_at_the_least_budget(figure: str, cases: int) -> None:
    """One more allocation per call; of system calls, bytes and instructions as much as one call's allocation takes."""
    machine = Counting(figure, cases)
    costs = dict.fromkeys(machine.cases, 1.0)
    least = searching.least_budget_s(costs, RULES, counting=True)
    searching.see_that_it_suffices(least + 1, costs, RULES, counting=True)
    decision = searching.run(machine.cases, machine, least, RULES, counting=True).decision
    assert [(j.key, decision.code) for j in decision.of("regression")] == [(Key(machine.cases[-1], figure), 1)]
    assert machine.seconds <= least + 1


def test_counts_get_as_many_rounds_as_the_number_of_comparisons_takes() -> None:
    """As GATE.md says."""
    took = {number: stats.least_rounds_of_unlike(deciding.search_tail(number, RULES), 2)
            for number in (8, 9, 49, 50, 300, 301)}
    assert took == {8: 3, 9: 4, 49: 4, 50: 5, 300: 5, 301: 6}


def test_a_budget_in_which_nothing_can_be_decided_is_refused() -> None:
    costs = dict.fromkeys("abc", 2.0)
    with pytest.raises(searching.BudgetTooShort) as refused:
        searching.see_that_it_suffices(90, costs, RULES, counting=True)
    assert str(refused.value) == ("--budget: 1m30s is too short: 3 cases need 1m44s at least, for 12 rounds and 16 that "
                                  "confirm one suspect; --filter makes them fewer")
    searching.see_that_it_suffices(104, costs, RULES, counting=True)
    assert searching.least_rounds(13, RULES, counting=True) == (8, 5)
    assert searching.least_rounds(13, RULES, counting=False) == (8, 0)
    assert searching.least_rounds(2000, RULES, counting=False)[0] > 8
