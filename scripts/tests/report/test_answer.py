"""The first sentences: true of one comparison and of many, and with commands that can be typed."""

import math
import re

import pytest
from rich.console import Console

from fanbench_tools.analysis.findings import choices
from fanbench_tools.report import opening, pages, printed
from fixtures.synthetic_data import QUICK, from_rows, row

ASKED = ("Does the time differ?", "What does it cost?", "What limits it?", "Which model, then?")
TIME, COST, LIMIT, WHICH = ASKED
MINE = {"suite": "mine", "again": "fanbench run 'my suite.toml'"}


def case(model, makespan=0.21, cpu=10.0, scatter=0.002, calls=100, tail="", transport="native", rounds=5, **more):
    """Rounds that go up and down a little: 200 ms are the plan's, 5 ms of the rest the server's."""
    figures = {"server_overhead_us_per_call": 5e3 / calls, "from_start_max_us": 201e3, "in_flight_peak": float(calls)} | more
    return [row(f"gather/{model}/{transport}/calls:{calls}/latency:200ms/start:warm{tail}", repetition_index=i,
                makespan_s=makespan * math.exp(scatter * ((i * 2) % 5 - 2)), cpu_us_per_call=cpu * math.exp(scatter * (i % 3 - 1)),
                **figures) for i in range(rounds)]


def told(*rows, context=None):
    results = from_rows(sum(rows, []), MINE if context is None else context)
    return dict(opening.which(results, choices(results))["answer"])


def test_one_comparison_in_which_the_time_is_the_same():
    said = told(case("threads", cpu=30.0, pss_bytes_per_call=2e4), case("coroutines", pss_bytes_per_call=1e4))
    assert said[TIME] == ("No: less the mock server's part, coroutines and threads take 205 ms for gather (100 calls · 200 ms · warm start, over native), "
                          "where the plan allows 200 ms.")
    assert said[COST] == "100 × 10.0 µs = 1.00 ms of CPU with coroutines (1.0 MB of memory), 3.00 ms with threads (2.0 MB)."
    assert said[LIMIT] == "The slowest call: 95 % of the makespan with coroutines; the client itself 2.4 % and the mock server 2.4 %."
    assert said[WHICH].startswith("For the time it does not matter; by CPU coroutines: the next, threads, takes 3.0")
    assert tuple(said) == ASKED


def test_one_comparison_in_which_the_time_differs():
    said = told(case("coroutines"), case("threads", makespan=0.5, cpu=5.0, scatter=0.01))
    assert re.fullmatch(r"Yes: threads takes 2\.4\d × \(.*\) as long as the best, less the mock server's part, in gather \(100 calls · 200 ms · warm start, over "
                        r"native\); coroutines takes 205 ms where the plan allows 200 ms\.", said[TIME])
    assert said[WHICH] == "coroutines, the only one within 10 % of the best makespan."


def test_a_time_that_may_differ_is_no_yes():
    said = told(case("coroutines"), case("threads", makespan=0.24, scatter=0.05, cpu=20.0))
    assert said[TIME].startswith("Perhaps: by the medians threads 1.1") and "the rounds do not tell" in said[TIME]
    assert said[WHICH].startswith("By CPU coroutines: the next, threads, takes ")


def test_where_nothing_differs_it_does_not_matter():
    said = told(case("coroutines"), case("threads", cpu=10.0))
    assert said[WHICH] == "It does not matter: neither time nor CPU differ by more than 10 %."
    both = told(case("coroutines"), case("threads"), case("coroutines", calls=10), case("threads", calls=10))
    assert both[WHICH] == "In both it does not matter: neither time nor CPU differ by more than 10 %."


def test_what_is_not_separated_comes_with_a_command_that_can_be_typed():
    said = told(case("coroutines"), case("threads", cpu=11.5, scatter=0.12))
    assert said[WHICH].startswith("For the time it does not matter; by CPU not separated: by the medians coroutines, but threads takes")
    assert said[WHICH].endswith("More rounds make the doubt smaller (fanbench run 'my suite.toml' --rounds 10).")
    assert "fanbench run mine " not in said[WHICH]


@pytest.mark.parametrize(("context", "command"), [
    ({"suite": "quick"}, "fanbench run quick --rounds 10"), ({"suite": "mine"}, "fanbench run FILE.toml --rounds 10"),
    ({"suite": "../quick"}, "fanbench run FILE.toml"), ({"suite": "x" * 5000}, "fanbench run FILE.toml"), (MINE, "'my suite.toml'")])
def test_of_older_results_the_suites_name_is_a_command_if_it_is_one_of_ours(context, command):
    results = from_rows(case("coroutines") + case("threads", cpu=11.5, scatter=0.12), context)
    assert command in opening.which(results, choices(results))["advice"]


def test_many_comparisons_are_counted():
    rows = [case(m, calls=n, cpu=cpu, makespan=makespan) for n in (10, 100, 1000)
            for m, cpu, makespan in (("coroutines", 10.0, 0.21), ("threads", 20.0, 0.5 if n > 100 else 0.21))]
    said = told(*rows)
    assert re.fullmatch(r"In 2 of 3 comparisons no: the models compared are within 10 % of the best by their median makespan, less the mock server's part\. In 1 it does: gather, 1,000 "
                        r"calls \(threads 2\.4\d ×\)\.", said[TIME])
    assert said[COST].startswith("In gather, 1,000 calls: 1,000 × 10.0 µs = 10.0 ms of CPU with coroutines, 20.0 ms with threads")
    assert said[LIMIT] == "The slowest call in all 3. With the leanest model the client's part of the makespan is 2.4 %."
    assert said[WHICH] == "coroutines in all 3: the least CPU among those within 10 % of the best makespan."
    same = told(*rows[:4])
    assert same[TIME] == ("No: in both comparisons the models compared are within 10 % of the best by their median makespan, less the mock "
                          "server's part.")
    assert same[WHICH].startswith("For the time it does not matter. By CPU: coroutines in both: ")


def test_of_one_workload_what_tells_its_comparisons_apart_is_said():
    rows = [case(m, calls=n, cpu=cpu, transport=t, scatter=0.12 if (n, t, m) == (10, "curl", "threads") else 0.002)
            for n in (10, 100) for t in ("native", "curl") for m, cpu in (("coroutines", 10.0), ("threads", 11.5))]
    said = told(*rows)[WHICH]
    assert "coroutines in 3 of 4 (10 calls, over native; 100 calls, over native; 100 calls, over curl)" in said
    assert "In 1 (10 calls, over curl) the rounds separate none; by the medians coroutines in 1." in said


def test_a_long_list_is_cut():
    names = ("coroutines", "threads", "thread_pool", "tbb", "processes", "sixth", "seventh")
    said = told(*(case(m, cpu=10.0 + 10 * i) for i, m in enumerate(names)))
    assert said[COST].endswith("4.00 ms with tbb, up to 7.00 ms with 3 more.")


def test_the_machines_own_part_is_said():
    assert "; the machine's own part is 500 µs." in told(case("coroutines"), case("threads", cpu=20.0), case("floor", cpu=5.0))[COST]


def test_one_model_alone_has_costs_and_a_limit_and_no_choice():
    said = told(case("coroutines"), case("sequential", makespan=20.0, in_flight_peak=1.0))
    assert said[TIME] == ("There is nothing to compare: of models that make calls at once coroutines alone has a number. It takes "
                          "210 ms where the plan allows 200 ms for gather (100 calls · 200 ms · warm start, over native).")
    assert said[COST] == "100 × 10.0 µs = 1.00 ms of CPU with coroutines." and WHICH not in said and LIMIT in said


def test_who_had_fewer_calls_in_flight_is_named_as_not_compared():
    bounded = case("tbb", makespan=2.6, in_flight_peak=8.0)
    assert told(case("coroutines"), case("threads"), bounded)[TIME].endswith(" Not compared: tbb (8.0 of 100 in flight).")
    both = told(case("coroutines"), case("threads"), bounded, case("coroutines", calls=10), case("threads", calls=10))
    assert both[TIME].endswith(" Not compared, with fewer calls in flight: tbb in 1 of 2.")


def test_the_servers_part_is_nobodys():
    slowed = case("threads", makespan=0.26, server_overhead_us_per_call=550.0)  # 55 of 60 ms
    said = told(case("coroutines"), slowed)
    assert said[TIME].startswith("No: less the mock server's part, coroutines and threads take 205 ms for gather")


def test_where_the_server_is_most_of_it_whole_makespans_are_told():
    served = {"server_overhead_us_per_call": 2000.0}
    said = told(case("coroutines", **served), case("threads", makespan=0.215, **served))
    assert said[TIME].startswith("No: most of it the mock server's part, coroutines and threads take 210 to 215 ms")
    both = told(case("coroutines", **served), case("threads", **served), case("coroutines", calls=10), case("threads", calls=10))
    assert "less the mock server's part where that is not most of it." in both[TIME]


def test_models_with_other_numbers_in_flight_are_not_compared():
    said = told(case("coroutines", calls=1000), case("threads", calls=1000, in_flight_peak=602.0, makespan=0.9))
    assert said[TIME] == "It can't be told: no two models had as many calls in flight." and WHICH not in said


def test_a_round_alone_names_nobody_and_says_the_rest():
    said = told(case("coroutines", rounds=1, scatter=0), case("threads", rounds=1, scatter=0, cpu=30.0))
    assert said[TIME].startswith("No: less the mock server's part, coroutines and threads take 205 ms") and "1.00 ms of CPU with coroutines" in said[COST]
    assert said[WHICH] == ("One round: no model can be named, as it takes three for an interval (fanbench run 'my suite.toml' "
                           "--rounds 3).")


def test_nothing_is_said_of_nothing():
    assert told([]) == {} and told([row("gather/threads/native/calls:1", error_message="lost")]) == {}
    assert told(case("coroutines", counts_allocations=1.0, allocations_per_call=3.0)) == {}


def in_terminal(results):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))
    printed.print_run(results, console)
    return console.export_text()


def test_the_terminal_begins_with_what_the_report_begins_with():
    results = from_rows(QUICK[0]["benchmarks"], QUICK[0]["context"])
    text = in_terminal(results)
    assert max(map(len, text.splitlines())) <= 80
    answer = opening.which(results, choices(results))["answer"]
    assert [question for question, _ in answer] == list(ASKED)
    page, plain = pages.to_html(results, []), " ".join(text.split())
    assert plain.startswith(" ".join(f"{question} {' '.join(said.split())}" for question, said in answer))
    for question, said in answer:
        assert f"<p><b>{question}</b> {said}</p>" in page.replace("&#39;", "'")


def test_the_terminal_says_why_there_is_no_answer():
    rows = case("coroutines", counts_allocations=1.0, allocations_per_call=3.0)
    assert "This run counted allocations" in in_terminal(from_rows(rows, {})).split("\n")[0]


def test_a_command_is_in_one_line():
    context = {"suite": "mine", "again": "fanbench run '/home/somebody/a folder/with a long name/my suite.toml' --filter 'a b'"}
    text = in_terminal(from_rows(case("coroutines") + case("threads", cpu=11.5, scatter=0.12), context))
    assert f"({context['again']} --rounds 10)." in text
