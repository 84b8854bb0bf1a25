"""Assembling results, and what is expected of time, as pure functions."""

from __future__ import annotations

import json

import pytest
from fanbench_tools.run import rounds
from fanbench_tools.results.rows import is_failure
from fanbench_tools.run.rounds import ListedCase


def row(name: str, index: int = 0, **numbers: float) -> rounds.Row:
    return {"name": name, "run_name": name, "run_type": "iteration", "family_index": index, "iterations": 3,
            "threads": 1, "real_time": 1.0, "cpu_time": 1.0, "time_unit": "ms", "verified": 1.0} | numbers


def error(name: str, message: str = "wrong", index: int = 0, status: str = "error") -> rounds.Row:
    return {**rounds.error_row(ListedCase(name), message), "family_index": index, "status": status}


def benchmarks(*per_round: list[rounds.Row]) -> list[rounds.Row]:
    return rounds.assemble([{"benchmarks": rows} for rows in per_round], {}, {})["benchmarks"]


@pytest.mark.parametrize(("values", "median"), [([5.0], 5.0), ([3.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 3.0, 2.0], 2.5)])
def test_the_median_is_over_the_rounds(values: list[float], median: float) -> None:
    last = benchmarks(*([row("a", makespan_s=v)] for v in values))[-1]
    assert (last["name"], last["run_name"], last["run_type"]) == ("a_median", "a", "aggregate")
    assert (last["makespan_s"], last["iterations"], last["repetitions"]) == (median, len(values), len(values))


def test_error_rows_do_not_count_in_the_median_and_spoil_its_verification() -> None:
    last = benchmarks([row("a", makespan_s=1.0)], [error("a")], [row("a", makespan_s=3.0)])[-1]
    assert (last["makespan_s"], last["iterations"], last["verified"]) == (2.0, 2, 0)


def test_a_counter_that_some_rounds_lack_has_the_median_of_the_others() -> None:
    last = benchmarks([row("a")], [row("a", latency_p99_us=7.0)])[-1]
    assert last["latency_p99_us"] == 7.0


def test_nothing_but_errors_has_no_median() -> None:
    assert [r["run_type"] for r in benchmarks([error("a")], [error("a")])] == ["iteration", "iteration"]


def test_cases_keep_the_suites_order_whatever_the_rounds_order() -> None:
    names = [r["name"] for r in benchmarks([row("b", 1), row("a", 0)], [row("a", 0), row("b", 1)])]
    assert names == ["a", "a", "a_median", "b", "b", "b_median"]


def test_repetitions_are_the_finished_rounds() -> None:
    found = [(r["repetitions"], r["repetition_index"]) for r in benchmarks([row("a")], [row("a")])[:2]]
    assert found == [(2, 0), (2, 1)]


def test_failures_say_each_thing_once_and_leave_out_what_can_not_be_done() -> None:
    rows = [error("a", "x"), error("a", "x"), error("a", "y"), error("b", "no", status="not_applicable"),
            error("c", "20", status="limit"), row("d")]
    assert rounds.failures(rows) == {"a": ["x", "y"]}


def test_a_row_gets_the_cases_plain_name() -> None:
    found = rounds.row_of(ListedCase("a/calls:1"), {"benchmarks": [row("a/calls:1/iterations:3/manual_time")]})
    assert found and (found["name"], found["run_name"]) == ("a/calls:1", "a/calls:1")


@pytest.mark.parametrize("document", [{}, {"benchmarks": []}, {"benchmarks": [{"run_type": "aggregate"}]}])
def test_a_document_may_have_no_row(document: dict) -> None:
    assert rounds.row_of(ListedCase("a"), document) is None


@pytest.mark.parametrize("verified", [None, 0.0, 0.5])
def test_a_number_that_is_not_verified_is_an_error(verified: float | None) -> None:
    found = rounds.row_of(ListedCase("a"), {"benchmarks": [row("a", verified=verified)]})
    assert found and is_failure(found) and "makespan_s" not in found


def case(model: str, transport: str = "native", in_flight: int = 1, **parameters: object) -> ListedCase:
    return ListedCase(f"{model}/{transport}/{parameters}", "gather", model, transport, parameters, in_flight=in_flight)


def grouped(*cases: ListedCase, seed: int = 7) -> list[list[ListedCase]]:
    return rounds.groups_of(cases, rounds.random_of(seed))


def as_sets(groups: list[list[ListedCase]]) -> set[frozenset[str]]:
    return {frozenset(c.name for c in group) for group in groups}


def test_what_differs_in_model_transport_workers_and_iterations_only_takes_turns() -> None:
    same = [case("a", calls=1), case("b", "curl", calls=1, workers=4), case("c", calls=1, iterations=9)]
    other = [case("a", calls=2)]
    assert as_sets(grouped(*same, *other)) == {frozenset(c.name for c in same), frozenset(c.name for c in other)}


def test_too_many_in_flight_for_one_group_are_parted_by_transport_or_are_alone() -> None:
    half = rounds.MOST_IN_FLIGHT // 2
    by_transport = [case(model, transport, half) for model in "ab" for transport in ("native", "curl")]
    assert as_sets(grouped(*by_transport)) == {frozenset(c.name for c in by_transport if c.transport == t)
                                               for t in ("native", "curl")}
    alone = [case(model, in_flight=half + 1) for model in "ab"]
    assert as_sets(grouped(*alone)) == {frozenset([c.name]) for c in alone}


def test_orders_differ_between_rounds_and_repeat_with_the_seed() -> None:
    cases = [case(f"{i % 5}", calls=i // 5) for i in range(20)]

    def order(seed: int, number: int) -> list[list[str]]:
        return [[c.name for c in group] for group in rounds.groups_of(cases, rounds.random_of(seed, number))]

    assert order(7, 1) == order(7, 1)
    assert sorted(sum(order(7, 1), [])) == sorted(c.name for c in cases)
    assert len({json.dumps(order(seed, n)) for seed in (7, 8) for n in (1, 2, 3)}) == 6


def test_rows_keep_what_is_compared_of_their_turns() -> None:
    catalogue = {"figures": [{"name": "cpu_us_per_call", "gated": True}, {"name": "efficiency", "gated": False},
                             {"name": "syscalls_per_call", "gated": True}]}
    turns = [{"makespan_s": 1.0, "cpu_us_per_call": 5.0, "efficiency": 0.5}, {"makespan_s": 2.0}]
    assert rounds.values_of_turns(turns, catalogue) == {"makespan_s": [1.0, 2.0], "cpu_us_per_call": [5.0, None]}


def test_results_do_not_say_where_the_program_is() -> None:
    assert rounds.assemble([], {"executable": "/home/me/fanbench/build/bin/fanbench-bench"}, {})["context"] == {
        "executable": "fanbench-bench"}


def test_results_say_what_their_rows_mean() -> None:
    last = benchmarks([{**row("a"), "case": {"workload": "w"}}])[-1]
    assert last["aggregate_name"] == "median" and last["case"] == {"workload": "w"}
    assert rounds.assemble([], {}, {"figures": []})["catalogue"] == {"figures": []}
    assert "catalogue" not in rounds.assemble([], {}, {})


def listed(name: str, expected_s: float) -> ListedCase:
    return ListedCase(name, expected_s=expected_s)


def test_time_left_is_what_was_measured_else_what_is_expected_and_the_average_surplus() -> None:
    cases = [listed("a", 2.0), listed("b", 20.0)]
    known = {c.name: c for c in cases}
    assert rounds.time_left_s(cases, {}, known) == pytest.approx(22.0 + 2 * rounds.SURPLUS_S)  # nothing was measured yet
    assert rounds.time_left_s(cases, {"a": 2.5}, known) == pytest.approx(2.5 + 20.0 + 0.5)
    assert rounds.time_left_s([*cases, *cases], {"a": 2.5, "b": 21.0}, known) == pytest.approx(47.0)
    assert rounds.time_left_s([], {"a": 2.5}, known) == 0
    assert rounds.time_left_s([listed("c", 0.0)], {"a": 2.5}, known) == pytest.approx(0.5)
