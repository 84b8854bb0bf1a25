"""What is compared of cases that took turns: without the noise that both met with, and without preferring one."""

from __future__ import annotations

import itertools

import pytest
from fanbench_tools.analysis.pairing import levelled, paired_rounds
from fanbench_tools.gate.measuring import by_turns
from fanbench_tools.results.cases import CaseResult
from fixtures.synthetic_data import from_rows, row

NAME = "gather/{}/native/calls:10/latency:20ms/start:warm"
CPU = "cpu_us_per_call"


def two(first: list, second: list) -> list[CaseResult]:
    """Two cases' rows of each round: fields beside the figures that every row has."""
    rows = [row(NAME.format(model), repetition_index=i, **fields)
            for model, rounds in (("coroutines", first), ("threads", second)) for i, fields in enumerate(rounds)]
    return from_rows(rows, {}).cases


def test_noise_that_multiplies_all_in_a_turn_is_gone() -> None:
    quiet = levelled([[10.0] * 5, [15.0] * 5])
    noisy = levelled([[10.0, 20.0, 13.0, 11.0, 30.0], [15.0, 30.0, 19.5, 16.5, 45.0]])
    assert quiet == pytest.approx([10.0, 15.0])
    assert noisy == pytest.approx([13.0, 19.5])  # the level of the median turn, and still half as much again


def test_one_odd_turn_does_not_count() -> None:
    first, second = levelled([[10.0, 10.0, 99.0], [15.0, 15.0, 15.0]])
    assert second / first == pytest.approx(1.5)


def test_no_case_is_preferred() -> None:
    turns = [[10.0, 14.0, 11.0], [12.0, 13.0, 9.0], [20.0, 11.0, 10.0]]
    told = levelled(turns)
    for order in itertools.permutations(range(3)):
        assert levelled([turns[i] for i in order]) == pytest.approx([told[i] for i in order])


def test_values_that_are_not_above_0_are_compared_by_difference() -> None:
    assert levelled([[-1.0, 4.0, 9.0], [1.0, 6.0, 11.0]]) == pytest.approx([4.0, 6.0])


def test_a_turn_that_lacks_a_value_is_left_out() -> None:
    assert levelled([[10.0, None, 10.0], [20.0, 99.0, 20.0, 7.0]]) == pytest.approx([10.0, 20.0])
    assert levelled([[None], [1.0]]) is None and levelled([[], []]) is None


def test_rounds_are_paired_by_their_turns() -> None:
    one, other = two([{CPU: 99.0, "turns": {CPU: [10.0, 20.0, 40.0]}}, {CPU: 3.0}],
                     [{CPU: 1.0, "turns": {CPU: [20.0, 40.0, 80.0]}}, {CPU: 6.0}])
    pairs = paired_rounds(other, one, CPU)
    assert [a / b for a, b in pairs] == pytest.approx([2.0, 2.0])
    assert pairs[1] == (6.0, 3.0)  # no turns: the round's figures


def test_a_round_that_one_lacks_is_left_out() -> None:
    one, other = two([{CPU: 1.0}, {CPU: 2.0}], [{CPU: 4.0}, {CPU: None}])
    assert paired_rounds(one, other, CPU) == [(1.0, 4.0)]


def test_the_makespan_with_an_ideal_server_is_known_of_each_turn() -> None:
    turns = {"makespan_s": [0.030, 0.060], "server_overhead_us_per_call": [1000.0, 4000.0]}
    (one,) = from_rows([row(NAME.format("floor"), turns=turns)], {}).cases
    assert one.rounds[0]["turns"]["ideal_server_makespan_s"] == pytest.approx([0.020, 0.020])


def test_a_makespan_that_is_given_is_that_of_as_many_calls_as_the_ideal_completes() -> None:
    turns = {"makespan_s": [2.0, 2.0], "server_overhead_us_per_call": [0.0, 0.0], "crawled": [0.8, 1.0]}
    (one,) = from_rows([row(NAME.format("floor"), makespan_s=2.0, server_overhead_us_per_call=0.0, crawled=0.5,
                            turns=turns)], {}).cases
    assert one.rounds[0]["turns"]["ideal_server_makespan_s"] == pytest.approx([2.5, 2.0])
    assert one.rounds[0]["ideal_server_makespan_s"] == pytest.approx(4.0)


def test_the_gates_rows_say_what_their_turns_do() -> None:
    rows = [{CPU: 50.0, "other": 1.0}, {CPU: 60.0, "other": 1.0}, {CPU: 70.0}]
    turns = [[{CPU: 10.0}, {CPU: 30.0}], [{CPU: 10.0}, {CPU: 30.0}], [{CPU: 11.0}, {CPU: 33.0}]]
    told = by_turns(rows, turns, [CPU, "other"])
    assert told[2][CPU] / told[0][CPU] == pytest.approx(1.1) and told[0][CPU] == pytest.approx(told[1][CPU])
    assert told[0]["other"] == 1.0 and rows[0][CPU] == 50.0
    assert by_turns(rows, [[], [], []], [CPU]) == rows
