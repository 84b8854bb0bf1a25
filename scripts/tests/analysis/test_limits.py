"""What a makespan is made of, and which part of it is the greatest."""

import pytest

from fanbench_tools.analysis import limits
from fixtures.synthetic_data import from_rows, row


def limit(name="gather/threads/native/calls:100/latency:20ms/start:warm", **counters):
    """20 ms, of which the client takes 2 and the server 1, unless told otherwise."""
    figures = {"makespan_s": 0.023, "ideal_s": 0.020, "server_overhead_us_per_call": 10.0, "from_start_max_us": 20.5e3,
               "latency_max_us": 21e3, "late_start_p50_us": 300.0, "in_flight_peak": 100.0} | counters
    (case,) = from_rows([row(name, **figures)], {}).cases
    return limits.limit_of(case)


def test_the_parts_add_up():
    found = limit()
    assert (found.plan, found.client, found.server) == pytest.approx((20 / 23, 2 / 23, 1 / 23))
    assert found.what == limits.SLOWEST


def test_a_part_below_nothing_counts_as_none():
    found = limit(server_overhead_us_per_call=-50.0)
    assert found.server == 0 and found.plan + found.client == pytest.approx(1)


def test_the_greatest_part_is_the_limit():
    assert limit(makespan_s=0.060).what == limits.CLIENT
    assert limit(makespan_s=0.060, server_overhead_us_per_call=350.0).what == limits.SERVER
    assert limit(makespan_s=0.010, ideal_s=0.0).what == limits.CLIENT


def test_workers_limit_who_has_few_of_them_and_loops_nobody():
    few = {"makespan_s": 0.060, "in_flight_peak": 10.0}
    name = "gather/{}/native/calls:100/latency:20ms/start:warm/workers:10"
    assert limit(name.format("thread_pool"), **few).what == limits.WORKERS
    assert limit(name.format("coroutines"), **few).what == limits.CLIENT


@pytest.mark.parametrize(("counters", "what"), [
    ({"retries": 12.0}, limits.RETRIED), ({"timed_out": 10.0}, limits.DEADLINE), ({"cancelled": 99.0}, limits.DECIDING),
    # Three waves of twenty: half of the calls wait, some of them for two others.
    ({"ideal_s": 0.060, "makespan_s": 0.061, "late_start_p50_us": 20e3}, limits.AT_ONCE),
    ({"ideal_s": 0.040, "makespan_s": 0.041, "late_start_p50_us": 0.0, "latency_max_us": 40e3}, limits.AT_ONCE),
    # Each begins when the one that it needs has ended.
    ({"ideal_s": 0.060, "makespan_s": 0.061, "late_start_p50_us": 0.0}, limits.CHAINED),
    ({"cpu_us_per_call": 150.0, "kernel_steps_per_ms": 1e6}, limits.COMPUTING),
    ({"cpu_us_per_call": 150.0}, limits.SLOWEST), ({"cpu_us_per_call": 50.0, "kernel_steps_per_ms": 1e6}, limits.SLOWEST)])
def test_what_it_is_of_the_plan(counters, what):
    assert limit(**counters).what == what


def test_a_limit_of_the_scenario_is_one_though_hardly_any_call_waits():
    name = "semaphore/threads/native/calls:100/latency:20ms/start:warm/limit:64"
    told = {"ideal_s": 0.030, "makespan_s": 0.031, "late_start_p50_us": 0.0}
    assert limit(name, **told).what == limits.AT_ONCE and limit(name).what == limits.SLOWEST


@pytest.mark.parametrize(("key", "what"), [("signal_after:10ms", limits.SIGNAL), ("per_second:100", limits.QUOTA),
                                           ("stop_after:10ms", limits.BUDGET),
                                           ("cancel_after:10ms", limits.SLOWEST), ("", limits.DECIDING)])
def test_what_is_cancelled_is_no_limit_where_something_else_decides(key, what):
    name = f"w/threads/native/calls:100/latency:20ms/start:warm/{key}".rstrip("/")
    assert limit(name, cancelled=20.0).what == what


def test_workers_are_a_limit_of_the_client():
    name = "gather/thread_pool/native/calls:100/latency:20ms/start:warm/workers:10"
    assert limit(name, makespan_s=0.2, in_flight_peak=10.0).what == limits.WORKERS
    assert limit(name.replace("workers:10", "workers:100"), makespan_s=0.2).what == limits.CLIENT


def test_a_row_without_the_figures_has_none():
    (error,) = from_rows([row("gather/threads/native/calls:1", error_message="lost")], {}).cases
    assert limits.limit_of(error) is None and limit(server_overhead_us_per_call="none") is None
