"""Findings on made-up rows with a known answer: a winner, none, a turn, a slope."""

import numpy as np
import pytest

from fanbench_tools.analysis import findings, memory_slope

from fixtures.synthetic_data import QUICK, from_rows, row

NOISE = (0.99, 1.0, 1.01, 1.0)


def case(model, calls=100, makespan=0.2, cpu=10.0, noise=NOISE, transport="native", tail="", workload="gather", **more):
    name = f"{workload}/{model}/{transport}/calls:{calls}/latency:200ms/start:warm{tail}"
    return [row(name, repetition_index=i, makespan_s=makespan * f, cpu_us_per_call=cpu * n, **more)
            for i, (n, f) in enumerate(zip(noise, (1.0, 1.001, 0.999, 1.002)))]


def only(*rows):
    chosen = findings.choices(from_rows(sum(rows, []), {}))
    assert len(chosen) == 1
    return chosen[0]


def test_the_cheapest_of_the_fast_wins():
    chosen = only(case("coroutines", cpu=10.0), case("threads", cpu=20.0, makespan=0.21, noise=(1.0, 1.02, 0.99, 1.0)),
                  case("processes", cpu=5.0, makespan=0.3))
    assert chosen.winner == "coroutines"
    assert [m for m, _ in chosen.too_slow] == ["processes"]
    ratio = chosen.cpu[0][1]
    assert ratio.interval.low < 2.0 < ratio.interval.high and ratio.interval.n == 4
    assert chosen.words == (f"the next, threads, takes {findings.times(ratio.interval)} its CPU; "
                            "too slow: processes 1.50 ×")


def test_a_winner_that_is_not_the_fastest_says_how_far_off_it_is():
    chosen = only(case("coroutines", makespan=0.205), case("threads", cpu=20.0, makespan=0.2))
    assert chosen.winner == "coroutines" and chosen.best == "threads" and chosen.makespan.interval.high < 1.1
    assert "makespan 1.02 ×" in chosen.words


def test_without_separation_no_winner():
    chosen = only(case("coroutines", cpu=10.0), case("threads", cpu=10.05, noise=(1.05, 0.95, 1.0, 1.01)),
                  case("processes", cpu=30.0))
    assert chosen.winner == "" and chosen.rivals == ("threads",)
    assert chosen.verdict == "not separated"
    assert chosen.words.startswith("by the medians coroutines, but threads takes 1.0")


def test_a_cheapest_that_is_perhaps_too_slow_does_not_win():
    slow = [r | {"makespan_s": 0.2 * f} for r, f in zip(case("threads", cpu=5.0), (1.0, 1.2, 1.05, 1.15))]
    chosen = only(case("coroutines"), slow)
    assert chosen.winner == "" and chosen.cheapest == "threads" and not chosen.fast_enough
    assert "not surely within 10 %" in chosen.words


def test_the_doubt_is_shared_by_all_lines():
    """A line that would be named by itself is not, where it is one of many."""
    noise = (1.02, 0.97, 1.05, 0.99)
    clear = case("coroutines") + case("threads", cpu=20.0)
    close = case("coroutines", 10) + case("threads", 10, cpu=10.7, noise=noise)
    chosen = {c.scenario.calls: c for c in findings.choices(from_rows(close, {}))}
    assert chosen[10].winner == "coroutines" and 0.0125 < chosen[10].p <= 0.05
    even = sum((case(m, n, noise=noise[::k]) for n in (1, 20, 50) for m, k in (("coroutines", 1), ("threads", -1))), [])
    chosen = {c.scenario.calls: c for c in findings.choices(from_rows(clear + close + even, {}))}
    assert chosen[100].winner == "coroutines" and chosen[10].winner == ""
    assert chosen[10].critical == pytest.approx(0.05 / 4) and chosen[10].rivals == ("threads",)


@pytest.mark.parametrize("models", [2, 5])
def test_models_that_cost_the_same_are_seldom_named(models):
    """Among tables of eight lines each, with 3 rounds of scatter as processes have it."""
    random, names, named = np.random.default_rng(models), ("coroutines", "threads", "processes", "tbb", "x")[:models], 0
    for _ in range(150):
        rows = sum((case(m, n, noise=random.lognormal(0, 0.1, 3)) for n in range(1, 9) for m in names), [])
        named += any(c.winner for c in findings.choices(from_rows(rows, {})))
    assert named <= 15  # 0.05 of 150 is 7.5, and three standard errors 8


def test_fewer_calls_in_flight_are_another_degree():
    full, fewer = (case(m, cpu=c, in_flight_peak=p) for m, c, p in (("coroutines", 20, 1000), ("threads", 1, 899)))
    alone = only(full, fewer)
    assert (alone.winner, alone.verdict) == ("", "not comparable")
    assert alone.words == "only coroutines had all its calls in flight; not ranked: threads, 899 of 1,000 in flight"
    chosen = only(full, fewer, case("processes", cpu=40, in_flight_peak=901))
    assert chosen.winner == "coroutines" and chosen.words.endswith("; not ranked: threads, 899 of 1,000 in flight")
    few = sum(([r | {"in_flight_peak": p} for r in case(m, n)] for m in ("coroutines", "threads")
               for n, p in ((10, 10), (100, 100), (1000, 1000 if m == "coroutines" else 602))), [])
    turn, = findings.crossovers(from_rows(few, {}))
    assert turn.where == "not up to 100 calls: 1.00 ×; not compared at 1,000 calls (602 of 1,000 in flight)"


def test_less_than_three_rounds_separate_nothing():
    chosen = only(case("coroutines", noise=NOISE[:2]), case("threads", cpu=90.0, noise=NOISE[:2]))
    assert chosen.winner == "" and chosen.cpu == (("threads", None),)


def test_rounds_are_paired():
    """Each round is twice as dear as the one before; threads cost 5 % more in each."""
    drift = (1.0, 2.0, 4.0, 8.0)
    assert only(case("coroutines", noise=drift), case("threads", cpu=10.5, noise=drift)).winner == "coroutines"


def test_a_round_that_one_side_lacks_is_left_out():
    chosen = only(case("coroutines"), case("threads", cpu=20.0)[1:])
    interval = chosen.cpu[0][1].interval
    assert interval.n == 3 and interval.estimate == pytest.approx(2.0)


def test_never_across_clients_degrees_or_baselines():
    rows = [case("coroutines", in_flight_peak=100), case("threads", transport="curl", cpu=90),
            case("sequential", cpu=1, in_flight_peak=1), case("floor", cpu=1),
            case("thread_pool", tail="/workers:10", cpu=1)]
    assert findings.choices(from_rows(sum(rows, []), {})) == []
    chosen = findings.choices(from_rows(sum(rows + [case("processes", tail="/workers:10", cpu=9)], []), {}))
    assert [(c.winner, c.workers) for c in chosen] == [("thread_pool", 10)]


def test_a_model_without_a_number_is_said():
    broken = case("processes", status="limit", error_message="needs 20,100 descriptors")
    assert only(case("coroutines"), case("threads", cpu=20), broken).words.endswith("no number: processes")


def test_of_each_kind_the_widest_and_the_largest_stand_for_it():
    rows = [case(m, n) for n in (1, 10, 100) for m in ("coroutines", "threads", "processes")]
    rows += [case(m, 1000) for m in ("coroutines", "threads")]
    rows += [case(m, 10, tail="/connection:per_call") for m in ("coroutines", "threads")]
    chosen = findings.representative(findings.choices(from_rows(sum(rows, []), {})))
    assert [(s.calls, s.get("connection")) for s in chosen] == [(100, None), (1000, None), (10, "per_call")]


def over_calls(ratios, noise=(1.0, 1.0, 1.0, 1.0)):
    rows = []
    for n, ratio in ratios.items():
        rows += case("coroutines", n)
        rows += [r | {"makespan_s": r["makespan_s"] * f} for r, f in zip(case("threads", n, 0.2 * ratio), noise)]
    return findings.crossovers(from_rows(rows, {}))


def test_where_threads_fall_behind():
    turn, = over_calls({10: 1.0, 100: 1.05, 1000: 1.3, 5000: 2.0})
    assert (turn.behind, turn.ahead, turn.first, turn.last_level) == ("threads", "coroutines", 1000, 100)
    assert turn.where == "between 100 calls and 1,000 calls: 1.05 × at 100 calls, 1.30 × at 1,000 calls"


@pytest.mark.parametrize("ratios, where", [
    ({10: 1.0, 100: 1.05}, "not up to 100 calls: 1.05 ×"),
    ({10: 1.2, 100: 1.5}, "at 10 calls, already at the least that was run: 1.20 ×"),
    ({10: 1.0, 100: 1.2, 500: 1.0}, "between 10 calls and 100 calls: 1.00 × at 10 calls, 1.20 × at 100 calls; "
                                    "but 1.00 × at 500 calls"),
])
def test_where_it_turns_in_words(ratios, where):
    assert over_calls(ratios)[0].where == where


def test_a_turn_that_the_rounds_do_not_separate():
    turn, = over_calls({10: 1.1, 100: 1.1}, noise=(0.9, 1.1, 1.0, 1.05))
    assert not turn.separated and turn.where.startswith("not separated: 1.13 × (0.99 to 1.21)")


def test_below_a_turn_that_is_not_separated_it_is_said_how_far_it_is_level():
    rows = case("coroutines", 10) + case("threads", 10) + case("coroutines", 100)
    rows += [r | {"makespan_s": 0.22 * f} for r, f in zip(case("threads", 100), (0.9, 1.1, 1.0, 1.05))]
    turn, = findings.crossovers(from_rows(rows, {}))
    assert turn.where.startswith("not separated: 1.1")
    assert turn.where.endswith("at 100 calls; within 10 % at 10 calls")


def test_where_work_wants_something_else():
    rows = []
    for c, ratio in ((1, 1.0), (10, 1.5)):
        rows += case("coroutines", 20, 0.2 * ratio, workload="cpu", tail=f"/cpu_per_call:{c}ms")
        rows += case("processes", 20, 0.2, workload="cpu", tail=f"/cpu_per_call:{c}ms")
    turns = findings.crossovers(from_rows(rows, {}))
    work = next(x for x in turns if x.axis == "cpu_per_call")
    assert (work.behind, work.ahead, work.first) == ("coroutines", "processes", 0.01)
    assert work.where.startswith("between 1 ms of work each and 10 ms of work each: 1.00 ×")


def test_the_synthetic_suite_gives_findings_of_every_kind():
    results = from_rows(QUICK[0]["benchmarks"], {})
    chosen = findings.choices(results)
    assert {c.transport for c in chosen} == {"native", "curl"} and any(c.winner for c in chosen)
    assert all(c.scenario.line and c.words for c in chosen)
    assert {x.behind for x in findings.crossovers(results)} >= {"threads", "processes"}


def test_the_slope_of_a_line_is_its_slope():
    assert memory_slope.slope([(1, 105.0), (10, 150.0), (100, 600.0)]) == pytest.approx(5.0)
    assert memory_slope.slope([(0, 0.0), (1, 1.0), (2, 5.0)]) == pytest.approx(2.5)


def test_memory_per_call_is_fitted_over_three_sizes_in_each_round():
    rows = sum((case("threads", n, pss_bytes_per_call=(1e6 + 13e3 * n) / n) for n in (1, 10, 100)), [])
    slope, = memory_slope.memory_slopes(from_rows(rows, {}))
    assert slope.bytes_per_call == pytest.approx(13e3) and slope.calls == (1, 10, 100)
    assert slope.interval.low == pytest.approx(13e3) and slope.interval.n == 4
    assert memory_slope.memory_slopes(from_rows(rows[:8], {})) == []


def test_models_are_ranked_by_what_they_take_without_the_servers_part():
    """Over 100 calls, 1,000 µs of each are 0.1 s."""
    served_late = case("coroutines", makespan=0.3, server_overhead_us_per_call=1000.0)
    slow = case("threads", cpu=5.0, makespan=0.3)
    chosen = only(served_late, slow)
    assert (chosen.winner, chosen.best, [m for m, _ in chosen.too_slow]) == ("coroutines", "coroutines", ["threads"])
    chosen = only(case("coroutines", makespan=0.3), slow)
    assert (chosen.winner, chosen.too_slow) == ("threads", ())


def test_turns_are_of_what_models_take_without_the_servers_part():
    def turn(part):
        rows = [case(m, n, makespan=0.4 if (m, n) == ("threads", 100) else 0.2,
                     server_overhead_us_per_call=part if (m, n) == ("threads", 100) else 0.0)
                for m in ("coroutines", "threads") for n in (10, 100)]
        (found,) = findings.crossovers(from_rows(sum(rows, []), {}))
        return found.first
    assert (turn(0.0), turn(2000.0)) == (100, None)


@pytest.mark.parametrize(("parts", "too_slow"), [((0.0, 990.0), ["coroutines"]), ((1000.0, 1010.0), []),
                                                 ((1000.0, 1900.0), []), ((1000.0, 3000.0), [])])
def test_where_the_server_takes_most_whole_makespans_are_compared(parts, too_slow):
    """Of both makespans, 2,000 µs a call, that is what the server takes. Of the 100 µs that 1,900 leave, a ratio would
    be one of errors."""
    chosen = only(*(case(model, cpu=cpu, server_overhead_us_per_call=part)
                    for model, cpu, part in zip(("coroutines", "threads"), (10.0, 20.0), parts)))
    assert [m for m, _ in chosen.too_slow] == too_slow and chosen.missing == ()


def test_of_pages_in_a_given_time_there_is_but_one_figure():
    crawled = {"workload": "crawl", "crawled": 0.9}
    chosen = only(case("coroutines", **crawled), case("threads", server_overhead_us_per_call=1900.0, **crawled),
                  case("processes", server_overhead_us_per_call=3000.0, **crawled))
    assert [m for m, _ in chosen.too_slow] == ["coroutines"] and chosen.missing == ("processes",)


def test_a_bottleneck_is_said():
    chosen = only(case("coroutines", server_bound=1), case("threads", cpu=20, server_bound=0))
    assert chosen.winner == "coroutines" and chosen.words.endswith("server-bound: coroutines")


def test_a_run_that_looked_twice_shares_the_doubt_between_its_looks():
    """A line and a turn, each with a p-value of about 0.04: named by one look, by two they are not."""
    steps = (-0.1, 0.0, 0.1)

    def named(looks, mean):
        rows = [row(f"gather/{m}/native/calls:{n}/latency:200ms/start:warm", repetition_index=i, cpu_us_per_call=c,
                    makespan_s=0.2 * s)
                for n in (10, 100) for i, step in enumerate(steps)
                for m, c, s in (("coroutines", 10.0, 1.0),
                                ("threads", 10.0 * np.exp(mean + step), 1.1 * np.exp(mean + step) if n == 100 else 1.0))]
        context = {"looks": looks} if looks else {}
        results = from_rows([r for r in rows if "calls:10/" in r["name"]], context)
        (line,), (turn,) = findings.choices(results), findings.crossovers(from_rows(rows, context))
        return line.winner, line.critical, turn.critical

    assert named(None, 0.28) == named(1, 0.28) == ("coroutines", 0.05, 0.05)  # t = 0.28 / (0.1 / √3) = 4.85, p = 0.040
    assert named(2, 0.28) == ("", 0.025, 0.025)
    assert named(2, 0.4)[0] == "coroutines"  # t = 6.9, p = 0.020
    assert from_rows([], {"looks": "nonsense"}).looks == 1
