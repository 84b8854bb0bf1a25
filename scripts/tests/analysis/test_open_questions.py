"""What a look between the rounds finds open, and that two looks name nobody wrongly more often than one may."""

import math

import numpy as np
import pytest

from fanbench_tools.analysis import findings, open_questions
from fixtures.synthetic_data import from_rows, row

TWICE = {"looks": 2}


def case(model, cpu, calls=100, transport="native", makespans=None):
    """A row for each value of CPU per call."""
    name = f"gather/{model}/{transport}/calls:{calls}/latency:200ms/start:warm"
    makespans = makespans or [0.2] * len(cpu)
    return [row(name, repetition_index=i, makespan_s=m, cpu_us_per_call=c)
            for i, (c, m) in enumerate(zip(cpu, makespans))]


def apart(mean, deviation, calls=100, transport="native", rounds=3):
    """A line whose ratio's logarithms have just this mean and, in three rounds, this standard deviation."""
    steps = [mean + deviation * (i % 3 - 1) for i in range(rounds)]
    return case("coroutines", [10.0] * rounds, calls, transport) + \
        case("threads", [10 * math.exp(x) for x in steps], calls, transport)


def needed(rows, context, most=24):
    results = from_rows(rows, context)
    (line,) = findings.choices(results)
    return findings.rounds_needed(results, line, most)


@pytest.mark.parametrize(("context", "rounds"), [
    ({}, 18),  # t = 0.5 · √18 = 2.121 > 2.110 (17 degrees, 5 %), but 0.5 · √17 = 2.062 < 2.120
    (TWICE, 24),  # t = 0.5 · √24 = 2.449 > 2.398 (23 degrees, 2.5 %), but 0.5 · √23 = 2.398 < 2.405
])
def test_as_many_rounds_are_needed_as_students_t_says(context, rounds):
    rows = apart(0.05, 0.1)
    assert needed(rows, context) == rounds
    assert needed(rows, context, most=rounds) == rounds
    assert needed(rows, context, most=rounds - 1) is None


def test_what_costs_the_same_needs_more_rounds_than_anybody_makes():
    assert needed(apart(0.0, 0.1), {}, most=10_000) is None
    assert needed(apart(0.005, 0.1), {}) is None


def test_it_takes_three_rounds_to_know_anything_of_scatter():
    assert needed(apart(0.0, 0.1, rounds=2), {}) == 3


def test_who_may_turn_out_to_be_too_slow_leaves_the_name_to_another():
    """Threads cost less and are 1.2 times as slow: not surely more than 1.1 times yet, then another is the cheapest."""
    slower = [0.2 * math.exp(math.log(1.2) + 0.06 * step) for step in (-1, 0, 1)]
    rows = case("coroutines", [10.0] * 3) + case("threads", [5.0] * 3, makespans=slower)
    (now,) = findings.choices(from_rows(rows, {}))
    assert (now.cheapest, now.winner) == ("threads", "")
    assert 3 < needed(rows, {}) <= 24


def test_a_look_says_where_more_rounds_may_answer_something():
    named, open_one, even = apart(0.3, 0.01, 1), apart(0.08, 0.1, 10), apart(0.0, 0.1, 100)
    other = apart(0.3, 0.01, 10, "curl")
    found = open_questions.look(from_rows(named + open_one + even + other, TWICE))
    assert (found.lines, found.answered, [line.scenario.calls for line in found.open]) == (4, 2, [10])
    assert found.cases == {f"gather/{m}/native/calls:10/latency:200ms/start:warm" for m in ("coroutines", "threads")}
    assert found.words == "open after 3 rounds: gather; 2 of 4 lines answered, 1 would take more than 24 rounds"
    found = open_questions.look(from_rows(named, TWICE))
    assert (found.words, found.cases) == ("nothing open after 3 rounds; 1 of 1 line answered", frozenset())


def test_a_yardstick_gets_the_rounds_of_its_scenario():
    floor = case("floor", [1.0] * 3, 10)
    found = open_questions.look(from_rows(apart(0.08, 0.1, 10) + floor, TWICE))
    assert floor[0]["name"] in found.cases


RUNS, LINES, OF_ALL, AT_MOST = 300, 6, 5, 14


def named_wrongly(looks):
    """In how many of so many runs, whose models all cost the same, somebody is named: after a look at five rounds where
    that answers, else after fourteen."""
    random, wrong, further = np.random.default_rng(12), 0, 0
    for _ in range(RUNS):
        rows = sum((case(m, 10 * random.lognormal(0, 0.1, AT_MOST), calls) for calls in range(1, LINES + 1)
                    for m in ("coroutines", "threads")), [])
        of_all = [r for r in rows if r["repetition_index"] < OF_ALL]
        found = open_questions.look(from_rows(of_all, {"looks": looks}))
        more = [r for r in rows if r["repetition_index"] >= OF_ALL and r["name"] in found.cases]
        at_the_end = findings.choices(from_rows(of_all + more, {"looks": looks}))
        wrong += found.answered > 0 or any(line.winner for line in at_the_end)
        further += len(found.open)
    assert further > RUNS / 2  # lines that were looked at twice
    return wrong


def test_two_looks_at_half_the_doubt_name_a_wrong_model_in_no_more_runs_than_one_may():
    twice = named_wrongly(2)
    assert twice <= 26  # 0.05 of 300 is 15, and three standard errors 11
    assert named_wrongly(1) > twice  # the whole doubt at each look
