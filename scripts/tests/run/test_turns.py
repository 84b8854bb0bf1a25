"""Cases that take turns: who is next, how often, and what becomes of one that fails on the way."""

from __future__ import annotations

from collections import Counter

import pytest
from conftest import Pretend
from fanbench_tools.run import turns

A, B, C = (f"gather/{model}/native/calls:10/latency:20ms/start:warm" for model in ("coroutines", "threads", "floor"))
N = 4  # turns of the pretend bench, unless told otherwise
OTHER = A.replace("calls:10", "calls:1")


def test_the_cases_of_a_scenario_take_turns_and_nobody_has_two_in_a_row(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "ok", C: "ok"}, turn_s=turns.TURNS_S / 8)
    assert pretend.run().code == 0
    taken = pretend.turns()
    assert Counter(taken) == {name: 8 for name in (A, B, C)}
    assert all(one != next for one, next in zip(taken, taken[1:]))
    for first in range(0, len(taken), 3):  # nobody gets ahead
        assert set(taken[first:first + 3]) == {A, B, C}


def test_the_order_of_turns_varies_and_the_seed_repeats_it(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "ok", C: "ok"}, turn_s=turns.TURNS_S / 12)
    assert pretend.run("--order-seed", "5").code == 0
    taken = pretend.turns()
    assert len({tuple(taken[first:first + 3]) for first in range(0, len(taken), 3)}) > 1
    assert pretend.run("--order-seed", "5", out=pretend.folder / "again").code == 0
    assert pretend.turns() == taken + taken


def test_one_scenario_is_over_before_another_begins(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "ok", OTHER: "ok"})
    assert pretend.run().code == 0
    alone = [i for i, name in enumerate(pretend.turns()) if name == OTHER]
    assert alone == list(range(alone[0], alone[0] + len(alone)))


@pytest.mark.parametrize(("turn_s", "a_turn_has", "asked", "expected"), [
    (0.001, 1, 3, turns.MOST_TURNS),  # short ones: no more than that
    (turns.TURNS_S / 5, 1, 2, 5),  # for as long as they may take
    (turns.THREE_TURNS_S / 3.1, 1, 1, 3),  # three, if they are no longer than that
    (turns.THREE_TURNS_S / 2.9, 1, 1, 1),
    (20.0, 1, 2, 2),  # long ones: as many as were asked for
    (20.0, 1, 1, 1),
    (0.01, 4, 110, 28),  # and never fewer iterations
])
def test_turns_are_as_many_as_are_asked_for_and_more_while_they_are_short(
        pretend: Pretend, turn_s: float, a_turn_has: int, asked: int, expected: int) -> None:
    name = f"{A}/iterations:{asked}"
    pretend.cases({name: "ok"}, turn_s=turn_s, iterations=a_turn_has)
    assert pretend.run().code == 0
    assert len(pretend.turns()) == expected


def test_rows_keep_the_figures_of_their_turns(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "dear"}, turn_s=turns.TURNS_S / N)
    assert pretend.run().code == 0
    assert [pretend.rows(name)[0]["turns"]["cpu_us_per_call"] for name in (A, B)] == [[10.0] * N, [11.0] * N]
    assert "turns" not in pretend.rows(A, "aggregate")[0]


@pytest.mark.parametrize(("word", "message"), [("hangs_in_turn", "no sign of it for 1 s, ended"),
                                               ("errs_in_turn", "the second turn went wrong")])
def test_one_that_fails_in_its_turn_does_not_disturb_the_others(pretend: Pretend, word: str, message: str) -> None:
    pretend.cases({A: "ok", B: word, C: "ok"}, turn_s=turns.TURNS_S / N)
    ran = pretend.run("--timeout", "1")
    assert ran.code == 1
    assert pretend.rows(B)[0]["error_message"] == message
    assert Counter(pretend.turns()) == {A: N, B: 1, C: N}
    assert pretend.rows(A)[0]["verified"] == pretend.rows(C)[0]["verified"] == 1
