"""Each claim's rule, on rows with a known answer."""

import pytest

from fanbench_tools.analysis.claims import CLAIMS, FAILS, HOLDS, NOT_MEASURED, cpus_in, judge

from fixtures.synthetic_data import CLAIMS as SUITE
from fixtures.synthetic_data import from_rows, row

(HUNDRED, TURN, MEMORY, LOOP, THREADS, THREE, SIBLINGS, BLOCKING, SESSION, PROCESSES, FASTER, MILLION, TAIL,
 HEDGING) = range(14)


def case(model, calls, tail="", transport="native", **counters):
    return row(f"gather/{model}/{transport}/calls:{calls}/latency:200ms/start:warm{tail}", **counters)


def verdict(claim, *rows):
    return judge(from_rows(rows, {}))[claim].verdict


def test_nothing_measured_nothing_claimed():
    assert {j.verdict for j in judge(from_rows([], {}))} == {NOT_MEASURED}
    assert len(judge(from_rows([], {}))) == len(CLAIMS)


def test_the_synthetic_suite_measures_them_all():
    found = judge(from_rows(SUITE[0]["benchmarks"], {}))
    assert [i for i, j in enumerate(found) if j.verdict == NOT_MEASURED] == [SIBLINGS, BLOCKING, PROCESSES, FASTER,
                                                                            MILLION, TAIL, HEDGING]
    assert all(len(found[i].measured) == 2 for i in (*range(SIBLINGS), SESSION))


@pytest.mark.parametrize("pool, expected", [(2.0, HOLDS), (2.4, HOLDS), (1.0, FAILS), (2.6, FAILS)])
def test_a_hundred_calls(pool, expected):
    rows = [case("coroutines", 100, makespan_s=0.21), case("thread_pool", 100, "/workers:10", makespan_s=pool),
            case("sequential", 100, makespan_s=20.1)]
    assert verdict(HUNDRED, *rows) == expected
    assert verdict(HUNDRED, *rows[:2]) == NOT_MEASURED


def test_workers_without_number_are_not_ten():
    assert verdict(HUNDRED, case("coroutines", 100, makespan_s=0.2), case("thread_pool", 100, makespan_s=2.0),
                   case("sequential", 100, makespan_s=20.0)) == NOT_MEASURED


def test_other_latencies_and_workloads_do_not_count():
    name = "gather/{}/native/calls:1000/latency:20ms/start:warm"
    rows = [row(name.format(m), pss_bytes_per_call=5e4) for m in ("coroutines", "threads")]
    assert verdict(MEMORY, *rows) == NOT_MEASURED
    assert verdict(THREE, row("semaphore/coroutines/native/calls:3/latency:200ms")) == NOT_MEASURED


def test_a_thousand_in_turn_may_be_ten_times_a_hundred_and_says_so():
    rows = [case("sequential", 100, makespan_s=20.1), case("coroutines", 1000, makespan_s=0.3)]
    found = judge(from_rows(rows, {}))[TURN]
    assert found.verdict == HOLDS and "201 s (ten times the 100 measured)" in found.measured[0]


def test_a_million():
    name = "semaphore/coroutines/native/calls:1000000/latency:1ms/start:warm/limit:1000"
    assert verdict(MILLION, row(name, pss_bytes_per_call=500.0)) == FAILS
    assert verdict(MILLION, row(name, error_message="killed by signal 9")) == NOT_MEASURED
    assert verdict(MILLION, row(name, status="limit", error_message="memory")) == NOT_MEASURED


def test_a_thousand_in_turn():
    turn = case("sequential", 1000, makespan_s=200.0)
    assert verdict(TURN, turn, case("coroutines", 1000, makespan_s=0.3)) == HOLDS
    assert verdict(TURN, turn, case("coroutines", 1000, makespan_s=0.3), case("processes", 1000, makespan_s=30.0)) == (
        "holds only if not processes")
    assert verdict(TURN, turn, case("coroutines", 1000, makespan_s=20.0)) == FAILS
    assert verdict(TURN, case("coroutines", 1000)) == NOT_MEASURED


@pytest.mark.parametrize("loop, threads, expected", [(50e6, 500e6, HOLDS), (40e6, 50e6, FAILS), (-1.0, 5e6, FAILS)])
def test_memory(loop, threads, expected):
    assert verdict(MEMORY, case("coroutines", 1000, pss_bytes_per_call=loop / 1000),
                   case("threads", 1000, pss_bytes_per_call=threads / 1000)) == expected


def test_memory_as_an_order_only():
    rows = [case("coroutines", 1000, pss_bytes_per_call=4e3), case("threads", 1000, pss_bytes_per_call=13e3)]
    assert verdict(MEMORY, *rows).startswith("holds only if read as an order")


def test_ten_thousand_on_one_loop():
    assert verdict(LOOP, case("coroutines", 10000, in_flight_peak=10000)) == HOLDS
    assert verdict(LOOP, case("coroutines", 10000, in_flight_peak=9000)) == FAILS
    assert verdict(LOOP, case("coroutines", 1000, in_flight_peak=1000)) == NOT_MEASURED
    limited = case("coroutines", 10000, status="limit", error_message="needs 20,100 descriptors")
    assert verdict(LOOP, limited) == "holds only if the machine allows it: needs 20,100 descriptors"
    broken = case("coroutines", 10000, error_message="lost a call")
    assert verdict(LOOP, broken) == NOT_MEASURED


@pytest.mark.parametrize("at_100, at_1000, at_5000, expected", [
    (1.0, 1.5, 2.0, HOLDS), (1.0, 1.0, 1.0, FAILS),
    (1.5, 1.5, 2.0, "holds only if the bound is set lower: they fall behind at 100"),
    (1.0, 1.0, 2.0, "holds only if “about 100” reads “fewer than 5,000”")])
def test_threads(at_100, at_1000, at_5000, expected):
    rows = []
    for n, ratio in ((100, at_100), (1000, at_1000), (5000, at_5000)):
        rows += [case("coroutines", n, makespan_s=0.2), case("threads", n, makespan_s=0.2 * ratio)]
    assert verdict(THREADS, *rows) == expected
    assert verdict(THREADS, *rows[:2]) == NOT_MEASURED


def test_three_at_once():
    assert verdict(THREE, case("coroutines", 3, efficiency=0.99)) == HOLDS
    assert verdict(THREE, case("coroutines", 3, efficiency=0.5)) == FAILS
    rows = [case("coroutines", 3, efficiency=0.99), case("processes", 3, efficiency=0.5)]
    assert verdict(THREE, *rows) == "holds only if not processes"


@pytest.mark.parametrize("makespan, cpu, expected", [(0.3, 10.0, HOLDS), (0.21, 10.5, FAILS)])
def test_a_session_per_call(makespan, cpu, expected):
    assert verdict(SESSION, case("coroutines", 100, makespan_s=0.21, cpu_us_per_call=10.0),
                   case("coroutines", 100, "/connection:per_call", makespan_s=makespan, cpu_us_per_call=cpu)) == expected


def test_a_session_per_call_that_only_cpu_notices():
    rows = [case("coroutines", 100, makespan_s=0.21, cpu_us_per_call=10.0),
            case("coroutines", 100, "/connection:per_call", makespan_s=0.21, cpu_us_per_call=90.0)]
    assert verdict(SESSION, *rows).startswith("holds only if CPU")


def test_transports_that_disagree_are_named():
    rows = [case("coroutines", 3, efficiency=0.99), case("coroutines", 3, transport="curl", efficiency=0.5)]
    assert verdict(THREE, *rows) == "holds only if the client is native"


def test_an_error_row_proves_nothing():
    assert verdict(THREE, case("coroutines", 3, error_message="lost a call")) == NOT_MEASURED


def group(model, **counters):
    return row(f"task_group/{model}/native/calls:20/latency:uniform:min=20ms,max=600ms/start:warm", **counters)


@pytest.mark.parametrize("threads_us, expected", [(900.0, HOLDS), (990e3, "holds only if not threads")])
def test_no_sibling_is_left(threads_us, expected):
    assert verdict(SIBLINGS, group("coroutines", cancel_latency_us=300.0, wasted_calls=0.0),
                   group("threads", cancel_latency_us=threads_us, wasted_calls=1.0)) == expected


def test_a_task_group_that_was_not_verified_proves_nothing():
    assert verdict(SIBLINGS, group("threads", error_message="one is open")) == NOT_MEASURED
    assert verdict(SIBLINGS, group("threads", cancel_latency_us=2e6)) == FAILS


def mixed(model, placement, lag_us):
    return row(f"mixed/{model}/native/calls:20/latency:200ms/start:warm/cpu_per_call:10ms/placement:{placement}",
               loop_lag_max_us=lag_us)


@pytest.mark.parametrize("inline, offload, expected", [(190e3, 2e3, HOLDS), (12e3, 2e3, FAILS), (190e3, 180e3, FAILS)])
def test_blocking_the_loop(inline, offload, expected):
    rows = [mixed("coroutines", "inline", inline), mixed("coroutines", "offload", offload),
            mixed("threads", "inline", 500.0)]
    found = judge(from_rows(rows, {}))[BLOCKING]
    assert found.verdict == expected and "threads 500 µs" in found.measured[0]
    assert verdict(BLOCKING, *rows[1:]) == NOT_MEASURED


@pytest.mark.parametrize("cpus, threads, expected", [
    ("0-2", 0.27, FAILS), ("0-2", 0.6, HOLDS), ("0", 0.27, NOT_MEASURED), (None, 0.27, FAILS)])
def test_computing(cpus, threads, expected):
    rows = [row(f"cpu/{m}/native/calls:50/start:warm/cpu_per_call:10ms", makespan_s=s)
            for m, s in (("threads", threads), ("processes", 0.26), ("sequential", 0.5))]
    context = {"client_cpus": cpus} if cpus else {}
    assert judge(from_rows(rows, context))[PROCESSES].verdict == expected


@pytest.mark.parametrize("cores, expected", [([0, 1], FAILS), ([0], NOT_MEASURED)])
def test_computing_on_all_cpus(cores, expected):
    rows = [row(f"cpu/{m}/native/calls:50/start:warm/cpu_per_call:10ms/pin:shared", makespan_s=s)
            for m, s in (("threads", 0.27), ("processes", 0.26))]
    context = {"client_cpus": "0", "machine": {"cores": cores}}
    assert judge(from_rows(rows, context))[PROCESSES].verdict == expected


@pytest.mark.parametrize("text, expected", [("0", 1), ("0-2", 3), ("0,2-3", 3), ("", None), (None, None), ("all", None),
                                            ("0-", None)])
def test_cpus_of_a_list(text, expected):
    assert cpus_in(text) == expected


@pytest.mark.parametrize("curl, curl_waiting, expected", [
    (0.4, 0.21, "holds only if calls hardly wait"), (0.4, 0.5, HOLDS), (0.19, 0.5, FAILS)])
def test_a_faster_loop(curl, curl_waiting, expected):
    name = "semaphore/coroutines/{}/calls:20000/latency:0ms/start:warm/limit:64"
    rows = [row(name.format("native"), makespan_s=0.1), row(name.format("curl"), makespan_s=curl),
            case("coroutines", 1000, makespan_s=0.2),
            case("coroutines", 1000, transport="curl", makespan_s=curl_waiting)]
    found = judge(from_rows(rows, {}))[FASTER]
    assert found.verdict == expected and "20,000 calls of no latency" in found.measured[0]
    assert verdict(FASTER, *rows[2:]) == NOT_MEASURED


def page(model, tail="", latency="bimodal:fast=20ms,slow=150ms,slow_share=0.01", services=100, **counters):
    return row(f"page/{model}/native/calls:2000/latency:{latency}/start:warm/services:{services}/slow_after:110ms{tail}",
               **counters)


@pytest.mark.parametrize("slow, expected", [(0.63, HOLDS), (0.66, HOLDS), (0.4, FAILS), (1.0, FAILS)])
def test_the_tail_at_scale(slow, expected):
    found = judge(from_rows([page("coroutines", slow_pages=slow)], {}))[TAIL]
    assert found.verdict == expected and found.measured[0].startswith("native: slow pages: coroutines ")


@pytest.mark.parametrize("planned, expected", [(0.64, "holds only if the machine keeps up"), (0.9, FAILS)])
def test_pages_that_the_machine_made_late_are_not_the_services(planned, expected):
    found = judge(from_rows([page("coroutines", slow_pages=0.91, planned_slow_pages=planned)], {}))[TAIL]
    assert found.verdict.startswith(expected)
    assert f"by their calls' delays alone {100 * planned:.0f} %" in found.measured[0]


def test_pages_that_a_model_makes_slow_are_said_to_be_its():
    rows = [page("coroutines", slow_pages=0.64), page("threads", slow_pages=0.99)]
    assert verdict(TAIL, *rows) == "holds only if not threads"


@pytest.mark.parametrize("other", [{"services": 10}, {"latency": "20ms"}, {"tail": "/hedge_after:60ms"},
                                   {"tail": "/deadline:90ms"}, {"error_message": "lost"}])
def test_other_pages_say_nothing_of_the_tail_at_scale(other):
    assert verdict(TAIL, page("coroutines", slow_pages=0.63, **other)) == NOT_MEASURED


@pytest.mark.parametrize("p999, extra, expected", [(180e3, 0.05, HOLDS), (180e3, 0.2, FAILS), (330e3, 0.05, FAILS)])
def test_hedging(p999, extra, expected):
    rows = [page("coroutines", latency_p999_us=366e3),
            page("coroutines", "/hedge_after:68ms", latency_p999_us=p999, extra_calls=extra)]
    found = judge(from_rows(rows, {}))[HEDGING]
    assert found.verdict == expected and f"coroutines 366 ms → {p999 / 1e3:.0f} ms for " in found.measured[0]
    assert verdict(HEDGING, *rows[:1]) == verdict(HEDGING, *rows[1:]) == NOT_MEASURED


def test_hedging_is_compared_with_the_same_pages_of_the_same_model():
    rows = [page("coroutines", latency_p999_us=366e3),
            page("threads", "/hedge_after:68ms", latency_p999_us=9e3, extra_calls=0.05),
            page("coroutines", "/hedge_after:68ms", services=10, latency_p999_us=9e3, extra_calls=0.05)]
    assert verdict(HEDGING, *rows) == NOT_MEASURED
    rows += [page("threads", latency_p999_us=10e3),
             page("coroutines", "/hedge_after:68ms", latency_p999_us=180e3, extra_calls=0.05)]
    assert verdict(HEDGING, *rows) == "holds only if not threads"


def in_python(claim, *rows):
    return judge(from_rows(rows, {}))[claim].in_python


def test_pythons_contestants_are_judged_by_the_same_rules_apart():
    def of(model, tail="", **counters):
        return case(model, 100, tail, "own", **counters)

    rows = [of("python_asyncio", makespan_s=0.21), of("python_threads", "/workers:10", makespan_s=2.0),
            of("python_threads", "/workers:1", makespan_s=20.2)]
    found = judge(from_rows(rows, {}))[HUNDRED]
    assert (found.verdict, found.in_python.verdict, found.was_measured) == (NOT_MEASURED, HOLDS, True)
    assert found.in_python.measured == "210 ms / 2.00 s / 20.2 s"
    assert in_python(HUNDRED, *rows[:2]).verdict == NOT_MEASURED
    assert not judge(from_rows(rows, {}))[MEMORY].was_measured


def test_contestants_of_other_languages_are_no_python():
    name = "gather/{}/own/calls:1000/latency:200ms/start:warm"
    rows = [row(name.format(m), pss_bytes_per_call=5e4) for m in ("go", "node")]
    assert in_python(MEMORY, *rows).verdict == NOT_MEASURED


def test_pythons_models_are_called_what_python_calls_them():
    rows = [case("python_asyncio", 1000, transport="own", makespan_s=0.5), case("python_threads", 1000, transport="own", makespan_s=20),
            case("python_threads", 100, "/workers:1", "own", makespan_s=20.0)]
    found = in_python(TURN, *rows)
    assert found.verdict == "holds only if not threads" and "asyncio 500 ms" in found.measured


@pytest.mark.parametrize("idle, waiting, expected", [(1.9, 3, FAILS), (2.5, 1.01, "holds only if calls hardly wait"), (2.5, 2.1, HOLDS)])
def test_pythons_faster_loop_is_uvloop(idle, waiting, expected):
    names = ["semaphore/{}/own/calls:5000/latency:0ms/start:warm/limit:64", "gather/{}/own/calls:100/latency:200ms/start:warm"]
    rows = [row(name.format(model), makespan_s=time, cpu_us_per_call=100.0)
            for name, ratio in zip(names, (idle, waiting)) for model, time in (("python_uvloop", 1.0), ("python_asyncio", ratio))]
    assert in_python(FASTER, *rows).verdict == expected
    assert in_python(FASTER, *rows[2:]).verdict == NOT_MEASURED
