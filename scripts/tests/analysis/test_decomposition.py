"""What is the machine's, the model's and the client's, on rows with a known answer."""

from fanbench_tools.analysis.decomposition import Cost, decompositions, pairs, representative

from fixtures.synthetic_data import from_rows, row


def rows(model, transport, cpu, calls=100, tail="", workload="gather"):
    name = f"{workload}/{model}/{transport}/calls:{calls}/latency:20ms/start:warm{tail}"
    return [row(name, repetition_index=i, cpu_us_per_call=float(c)) for i, c in enumerate(cpu)]


def apart(*groups):
    return decompositions(from_rows(sum(groups, []), {}))


def test_three_costs_by_round():
    found, = apart(rows("floor", "native", (5, 6, 7, 8)), rows("coroutines", "native", (7, 9, 11, 13)),
                   rows("coroutines", "curl", (27, 29, 31, 33)))
    assert (found.yardstick.value, found.over_yardstick.value, found.client.value) == (6.5, 3.5, 20.0)
    assert (found.client.interval.low, found.client.interval.high, found.client.interval.n) == (20.0, 20.0, 4)
    assert (found.over_yardstick.interval.low, found.over_yardstick.interval.high) == (2.0, 5.0)


def test_a_floor_that_is_beaten_is_none():
    models = rows("threads", "native", (9,)), rows("threads", "curl", (20,))
    for first, second in ((5, 4), (4, 5)):
        found, = apart(rows("floor", "native", (first,)), rows("floor_uring", "native", (second,)), *models)
        assert found.yardstick == Cost(4.0, None) and found.machine.model == ("floor_uring" if second == 4 else "floor")


def test_without_a_yardstick_or_rounds_enough():
    found, = apart(rows("threads", "native", (20,)), rows("threads", "curl", (18,)))
    assert found.yardstick is None and found.over_yardstick is None and found.client == Cost(-2.0, None)


def test_a_model_over_one_client_is_not_taken_apart():
    assert apart(rows("floor", "native", (5,)), rows("threads", "native", (9,)), rows("processes", "curl", (9,))) == []


def test_degrees_stay_apart():
    found = apart(rows("thread_pool", "native", (20,), tail="/workers:10"), rows("thread_pool", "curl", (50,)),
                  rows("thread_pool", "curl", (40,), tail="/workers:10"))
    assert [(d.case.label, d.client.value) for d in found] == [("thread_pool, 10 workers", 20.0)]


def test_with_fewer_calls_in_flight_a_model_is_not_taken_apart():
    native, curl = rows("threads", "native", (9,)), rows("threads", "curl", (20,))
    few, full = [r | {"in_flight_peak": 50} for r in curl], [r | {"in_flight_peak": 95} for r in curl]
    whole = [r | {"in_flight_peak": 100} for r in native]
    assert (len(apart(whole, few)), len(apart(whole, full))) == (0, 1)


def test_each_workload_is_shown_where_most_is_known():
    both = [rows(m, t, (9,), n) for m in ("threads", "processes") for t in ("native", "curl") for n in (10, 100)]
    both += [rows("threads", t, (9,), 1000) for t in ("native", "curl")]
    assert {d.scenario.calls for d in representative(apart(*both))} == {100}
    assert {d.scenario.calls for d in representative(apart(*both, rows("floor", "native", (5,), 10)))} == {10}


def test_a_model_and_its_plainer_one_by_round_and_client():
    both = [rows("callbacks", "native", (8, 9, 10, 11)), rows("coroutines", "native", (9, 11, 13, 15)),
            rows("callbacks", "curl", (30,)), rows("coroutines", "curl", (31,)), rows("threads", "native", (20,))]
    native, curl = pairs(from_rows(sum(both, []), {}))
    assert (native.case.model, native.plainer.model, native.case.transport) == ("coroutines", "callbacks", "native")
    assert (native.plain.value, native.own.value, native.difference.value) == (9.5, 12.0, 2.5)
    assert (native.difference.interval.low, native.difference.interval.high) == (1.0, 4.0)
    assert (curl.case.transport, curl.difference) == ("curl", Cost(1.0, None))


def test_no_pair_of_different_scenarios_or_degrees():
    assert pairs(from_rows(rows("callbacks", "native", (8,), 10) + rows("coroutines", "native", (9,), 100), {})) == []
    few = [r | {"in_flight_peak": 50} for r in rows("coroutines", "native", (9,))]
    full = [r | {"in_flight_peak": 100} for r in rows("callbacks", "native", (8,))]
    assert pairs(from_rows(few + full, {})) == []
