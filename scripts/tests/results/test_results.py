"""Names, statuses, tables and words, from rows to what is printed."""

import json
import re

import pytest
from rich.console import Console

from fanbench_tools.results import reader, table, wording
from fanbench_tools.results.cases import Case, in_flight
from fanbench_tools.results.reader import ResultsError, load
from fanbench_tools.results.table import grouped_reasons, verification_line
from fixtures.synthetic_data import CATALOGUE, CLAIMS, QUICK, folder, from_rows, of_name, row

NAME = "gather/coroutines/native/calls:1000/latency:200ms/start:warm"


def printed(found, width=80, wide=False):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))
    table.print_table(found, console, wide)
    return console.export_text()


def test_a_workloads_own_figures_are_shown_where_there_is_room():
    page = NAME.replace("gather", "page")
    found = printed(from_rows([row(NAME), row(page, slow_pages=0.636, extra_calls=0.05)], {}))
    head = next(line for line in found.splitlines() if "slow" in line)
    assert "64 %" in found and "extra" not in head and "slow: pages that took longer than `slow_after`." in found
    assert max(map(len, found.splitlines())) <= 80
    assert "slow" not in printed(from_rows([row(NAME)], {}))
    pool = page.replace("coroutines", "thread_pool") + "/workers:1000"
    assert "slow" not in printed(from_rows([row(pool, slow_pages=0.636)], {}))  # a column would not fit


def test_a_row_says_its_case():
    case = of_name(NAME)
    assert (case.workload, case.model, case.transport) == ("gather", "coroutines", "native")
    assert (case.calls, case.latency, case.start, case.workers) == (1000, "200ms", "warm", None)


def test_a_delay_may_hold_colons_and_commas():
    case = of_name("gather/threads/curl/calls:3/latency:bimodal:fast=20ms,slow=200ms,slow_share=0.05/start:cold")
    assert case.latency == "bimodal:fast=20ms,slow=200ms,slow_share=0.05"
    assert case.scenario.line == "3 calls · 20 ms, 200 ms for 5 % (bimodal) · cold start"


def test_unknown_keys_stay_part_of_the_scenario_and_how_it_was_run_does_not():
    case = of_name(NAME + "/patience:50ms/iterations:3")
    assert case.params[-1] == ("patience", "50ms")
    assert case.scenario.line.endswith("patience 50ms")


def test_values_are_said_as_names_say_them():
    data = {"workload": "gather", "model": "threads", "transport": "curl", "parameters": {
        "calls": 3, "latency": "20ms", "watchdog": True, "share": 0.25, "whole": 1.0, "iterations": 3,
        "failures": {"rate": 1.0, "kinds": [503, "reset"], "retry_after": "0ms"}}}
    assert Case.of(data, CATALOGUE).params[2:] == (
        ("watchdog", "true"), ("share", "0.25"), ("whole", "1"), ("failures", "rate=1:kinds=503-reset"))


def test_what_all_workloads_have_is_said_where_it_is_not_the_default():
    case = of_name(NAME + "/connection:reuse/workers:0/body_bytes:64/seed:1")
    assert case == of_name(NAME) and case.workers is None
    assert of_name(NAME + "/connection:per_call/limit:3/seed:7").params[3:] == (
        ("connection", "per_call"), ("limit", "3"), ("seed", "7"))
    assert of_name("semaphore/threads/curl/calls:9/seed:7/limit:3").params[1:] == (("limit", "3"), ("seed", "7"))


def test_workers_are_an_axis_of_their_own():
    plain, ten = of_name(NAME), of_name(NAME.replace("coroutines", "thread_pool") + "/workers:10")
    assert ten.label == "thread_pool, 10 workers"
    assert ten.scenario == plain.scenario and ten.most_at_once == 10


def test_loops_are_workers_with_any_number_of_calls():
    two = of_name(NAME + "/workers:2")
    assert (two.label, two.workers, two.most_at_once) == ("coroutines, 2 loops", 2, None)
    assert two.scenario == of_name(NAME).scenario and two.series != of_name(NAME).series


def test_rounds_become_medians_and_aggregates_are_left_out():
    rows = [row(NAME, makespan_s=v) for v in (0.3, 0.1, 0.2)]
    rows.append({**row(NAME + "_median", makespan_s=9.0), "run_name": NAME, "run_type": "aggregate"})
    (case,) = from_rows(rows, {}).cases
    spread = case.spread("makespan_s")
    assert (spread.median, spread.low, spread.high, spread.rounds) == (0.2, 0.1, 0.3, 3)


def test_one_bad_round_makes_the_whole_row_an_error():
    rows = [row(NAME), row(NAME, error_message="lost\n a call"), row(NAME)]
    (case,) = from_rows(rows, {}).cases
    assert (case.status, case.message) == ("error", "lost a call (1 of 3 rounds)")
    assert case.median("makespan_s") is None


@pytest.mark.parametrize("said, message, status", [
    ("not_applicable", "has nothing to race", "n/a"), ("limit", "limit: needs 20,100 descriptors", "limit"),
    ("error", "expected 10, got 11", "error"), ("strange", "what is it", "error"), ("verified", "and yet", "error")])
def test_a_rows_status_is_what_it_says(said, message, status):
    (case,) = from_rows([row(NAME, status=said, error_message=message, error_occurred=True)], {}).cases
    assert (case.status, case.message) == (status, message)


def test_an_error_without_a_message_has_one():
    (case,) = from_rows([row(NAME, error_message="")], {}).cases
    assert (case.status, case.message) == ("error", "failed without a message")


@pytest.mark.parametrize("verified", [0.0, 0.5, None, "yes"])
def test_a_row_that_is_not_verified_is_an_error_and_has_no_number(verified):
    (case,) = from_rows([row(NAME, verified=verified)], {}).cases
    assert case.status == "error"
    assert case.values("makespan_s") == []


def test_numbers_that_are_none_are_dropped():
    (case,) = from_rows([row(NAME, makespan_s=float("nan")), row(NAME, makespan_s="fast"), row(NAME, makespan_s=1)],
                        {}).cases
    assert case.values("makespan_s") == [1.0]


def test_memory_is_what_lies_over_idle():
    (case,) = from_rows([row(NAME, pss_bytes_per_call=3500.0, peak_pss_bytes=9e6)], {}).cases
    assert case.median("memory_bytes") == 3.5e6


def test_planned_failures_in_words():
    tail = "calls:10/failures:rate=0.3:attempts=2:kinds=503-429-reset:retry_after=20ms"
    case = of_name(f"retry/threads/curl/{tail}")
    assert case.scenario.line.endswith("30 % fail at first (503, 429, reset; up to 2 attempts)")
    assert case.get("failures") == tail.partition("failures:")[2]
    assert of_name(f"task_group/x/curl/{tail}").scenario.line.endswith("30 % fail (503, 429, reset)")


@pytest.mark.parametrize("workload, params, words", [
    ("timeout", "deadline:1.5s/scope:group", "deadline 1.5 s · for the group"),
    ("semaphore", "limit:5", "at most 5 at once"),
    ("retry", "limit:50/attempts:3/backoff:10ms/failures:rate=0.03:attempts=1:kinds=503",
     "at most 50 at once · up to 3 attempts · backoff from 10 ms · 3 % fail at first (503)"),
    ("producer_consumer", "producers:1/consumers:6/capacity:4/order:lifo", "6 consumers · queue of 4 · lifo"),
    ("producer_consumer", "producers:2/consumers:1/capacity:4/order:priority",
     "2 producers · 1 consumer · queue of 4 · by priority"),
    ("pipeline", "mode:barrier", "stage by stage"),
    ("mixed", "cpu_per_call:2us/placement:offload", "2 µs of work each · work offloaded"),
    ("gather", "connection:per_call/body_bytes:4096/seed:3", "a connection per call · 4,096-byte bodies · seed 3")])
def test_parameters_in_words(workload, params, words):
    assert of_name(f"{workload}/m/native/calls:1/{params}").scenario.line == f"1 call · {words}"


def test_every_workload_has_its_words():
    for workload in CATALOGUE.workloads.values():
        assert workload.short[0].islower() and not workload.short.endswith(".") and len(workload.short) < 60
        assert workload.sentence.endswith(".") and "Ideal: " in workload.sentence
        for key in workload.keys.values():
            assert key.phrase and key.meaning and key.name in key.example


def test_the_delay_of_what_makes_no_calls_is_left_out():
    case = of_name("cpu/threads/native/calls:20/start:warm/cpu_per_call:10ms")
    assert case.scenario.line == "20 calls · warm start · 10 ms of work each"


def test_order_is_the_catalogues_and_by_size():
    names = ["retry/x/native/calls:1", "gather/sequential/native/calls:10", "gather/coroutines/curl/calls:10",
             "gather/threads/native/calls:10", "gather/threads/native/calls:9"]
    assert [c.name for c in from_rows([row(n) for n in names], {}).cases] == [names[i] for i in (4, 3, 1, 2, 0)]


def test_limits_are_ordered_as_numbers():
    rows = [row(f"semaphore/threads/native/calls:10/limit:{k}") for k in (100, 5)]
    assert [c.case.get("limit") for c in from_rows(rows, {}).cases] == ["5", "100"]


def test_verification_counts_what_could_run(tmp_path):
    assert verification_line(load(folder(tmp_path, QUICK))) == (
        "137 of 139 rows verified, 2 errors; 4 not applicable, 1 beyond a limit, of 144")
    assert verification_line(from_rows([row(NAME)], {})) == "1 of 1 row verified"


def test_the_table_has_every_row_and_fits_80_columns(tmp_path):
    found = load(folder(tmp_path, QUICK))
    text = printed(found)
    assert all(len(line) <= 80 for line in text.splitlines())
    rows = [line for line in text.splitlines() if " native " in line or " curl " in line]
    assert len([r for r in rows if r.split()[0] in CATALOGUE.models or r.startswith("thread_pool,")]) == len(found.cases)
    assert sum("✓" in r for r in rows) == 137 and sum("✗" in r for r in rows) == 2
    assert "error: threads / curl: expected at most 10 calls in flight, the server saw 11" in text
    assert "thread_pool, 10 workers" in text and "…" not in text


def test_an_error_row_shows_no_number():
    text = printed(from_rows([row(NAME, error_message="[bold]broken[/]", makespan_s=0.123)], {}))
    assert "error" in text and "[bold]broken[/]" in text and "123" not in text


def test_a_rows_marks_are_in_the_table_and_counted_below_it():
    """ "✓" says that the figures are right, the letter that the machine was not quiet."""
    names = [NAME.replace("coroutines", m) for m in ("coroutines", "threads", "processes", "tbb")]
    marks = ({"noisy": 0}, {"noisy": 1}, {"noisy": 1, "server_bound": 1}, {})
    rows = [row(n, repetition_index=i, **m | ({"noisy": 0} if i and "noisy" in m else {}))
            for n, m in zip(names, marks) for i in range(3)]
    text = " ".join(printed(from_rows(rows, {})).split())
    for model, mark in (("coroutines", "✓"), ("threads", "✓n"), ("processes", "✓sn"), ("tbb", "✓")):
        assert re.search(rf"{model} native [^✓]* {mark} ", text), model
    assert "✓: verified, that is, the answers are the plan's" in text and "of noise it says nothing" in text
    assert "n: noisy, 2 of 3 rows; 1 could not be judged: other programs used the machine" in text
    assert "s: server-bound, 1 of 1 row; 3 could not be judged: the mock server was the bottleneck" in text
    quiet = printed(from_rows([row(NAME, noisy=0, server_bound=0)], {}))
    assert "n: noisy" not in quiet and "s: server-bound" not in quiet and "✓: verified" in quiet


def test_what_is_beyond_a_limit_is_counted():
    rows = [row(NAME.replace("1000", str(n)), **({"status": "limit", "error_message": "no room"} if n > 2 else {}))
            for n in (1, 2, 3)]
    assert "2 of 2 rows verified; 1 beyond a limit, of 3" in printed(from_rows(rows, {}))


def test_names_are_never_broken():
    name = "a_model_of_somebody_elses_whose_name_is_longer_than_a_line_of_a_terminal_is_wide_with_80_columns"
    rows = [row(NAME.replace("coroutines", name), error_message="lost a call")]
    assert f" {name} / native: " in printed(from_rows(rows, {})).replace("\n", " ")
    assert wording.wrapped(f"see {name}: 200 ms", 20) == f"see\n{name}:\n200 ms"
    assert wording.wrapped("gather · 100 calls · 200 ms", 18, "  ") == "gather ·\n  100 calls ·\n  200 ms"


def test_an_empty_table_says_so():
    assert "0 of 0 rows verified" in printed(from_rows([], {}))


def test_the_same_reason_is_said_once():
    rows = [row(f"gather/{m}/native/calls:1", status="limit", error_message="no room") for m in "ab"]
    assert grouped_reasons(from_rows(rows, {}).cases) == [("limit", "no room", "a / native, b / native")]


@pytest.mark.parametrize("content, expected", [
    (None, "no such file"), ("", "not complete JSON"), ('{"benchmarks": [{"na', "was the run cut off"),
    ("[]", "expected"), ('{"context": {}}', "benchmarks"), (b"\xff\xfe", "UTF-8"), ("[" * 100000, "not complete JSON")])
def test_results_that_cannot_be_read_give_one_clear_line(tmp_path, content, expected):
    if content is not None:
        (tmp_path / "results.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ResultsError) as caught:
        load(tmp_path)
    assert expected in str(caught.value) and "results.json" in str(caught.value) and "\n" not in str(caught.value)


def test_odd_rows_do_no_harm(tmp_path):
    odd = [row(NAME, run_name=str(i), case=case) for i, case in enumerate(({}, "gather", {"workload": "gather"}))]
    found = from_rows([None, 7, {}, {"name": "BM_other"}, *odd, row(NAME)], {})
    assert len(found.cases) == 1 and found.unreadable_names == ["(no name)", "BM_other", "0", "1", "2"]


def test_broken_records_are_passed_over(tmp_path):
    folder(tmp_path, CLAIMS)
    for i, text in enumerate(["", "[]", '{"name": "x"}', '{"name": 7, "calls": []}',
                              json.dumps({"name": NAME, "calls": [1, {}]})]):
        (tmp_path / "records" / f"{i}.json").write_text(text)
    assert [r["name"] for r in reader.load_records(tmp_path)] == [NAME]


@pytest.mark.parametrize("value, text", [(0.2131, "213 ms"), (20.1, "20.1 s"), (2.04, "2.04 s"), (8.5e-4, "850 µs"),
                                         (0.9999, "1.00 s"), (200.4, "200 s"), (0, "0 s"), (None, "–")])
def test_seconds(value, text):
    assert wording.seconds(value) == text


@pytest.mark.parametrize("value, text", [(7.91, "7.9"), (213.4, "213"), (198765, "199,000"), (1304, "1,300"), (0, "0"),
                                         (0.42, "0.42"), (-3.2, "-3.2"), (9.97, "10"), (999.6, "1,000")])
def test_counts(value, text):
    assert wording.count(value) == text


@pytest.mark.parametrize("value, text", [(35e6, "35 MB"), (4.1e3, "4.1 KB"), (12, "12 B"), (1.2e9, "1.2 GB")])
def test_memory(value, text):
    assert wording.memory(value) == text


@pytest.mark.parametrize("text, words", [("200ms", "200 ms"), ("250us", "250 µs"), ("strange:1", "strange:1"),
                                         ("uniform:min=10ms,max=50ms", "10 ms to 50 ms (uniform)"),
                                         ("lognormal:p50=20ms,p99=200ms", "p50 20 ms, p99 200 ms (lognormal)")])
def test_latencies_in_words(text, words):
    assert wording.latency(text) == words


def test_durations_are_ordered_as_such():
    rows = [row(f"cpu/threads/native/calls:10/cpu_per_call:{c}") for c in ("10ms", "1ms", "100us")]
    assert [c.case.get("cpu_per_call") for c in from_rows(rows, {}).cases] == ["100us", "1ms", "10ms"]


def test_percentiles_are_in_the_wide_table_alone(tmp_path):
    quick = load(folder(tmp_path, QUICK))
    narrow, wide = printed(quick), printed(quick, 120, wide=True)
    assert "p99" not in narrow and max(map(len, narrow.splitlines())) <= 80
    assert "p50" in wide and "longest" in wide and max(map(len, wide.splitlines())) <= 120 and "…" not in wide


def test_rows_with_fewer_calls_in_flight_are_said_below_the_table():
    rows = [row(NAME.replace("coroutines", m), in_flight_peak=p) for m, p in (("coroutines", 1000), ("threads", 602))]
    assert "not ranked: threads / native: 602 of 1,000 in flight" in printed(from_rows(rows, {}))
    rows[1]["in_flight_peak"] = 900
    assert "not ranked" not in printed(from_rows(rows, {}))


def test_with_a_quota_how_many_were_in_flight_is_a_matter_of_moments():
    name = "rate_limited/{}/native/calls:40/latency:20ms/start:warm/per_second:100/burst:5/limit:20"
    rows = [row(name.format(model), in_flight_peak=peak)
            for model, peak in (("coroutines", 20.0), ("threads", 12.0), ("sequential", 1.0))]
    results = from_rows(rows, {})
    assert [in_flight(c) for c in results.cases] == [20.0, 20.0, 1.0]
    assert results.fewer_in_flight == {}
