"""What benches before format 3 wrote is read: in folders of results, and by the gate whose base is an older commit."""

import json

import pytest

from fanbench_tools import checkout
from fanbench_tools.results import old_rows, reader
from fanbench_tools.run import rounds
from fixtures.synthetic_data import CATALOGUE, folder, from_rows, of_name

NAME = "gather/coroutines/native/calls:1000/latency:200ms/start:warm"


def old_row(name, **more):
    return {"name": name, "run_name": name, "run_type": "iteration", "verified": 1.0, "makespan_s": 0.21, **more}


def only(*rows):
    (result,) = from_rows(rows, {}).cases
    return result


@pytest.mark.parametrize("name", [
    NAME, NAME.replace("coroutines", "thread_pool") + "/workers:10", NAME + "/connection:per_call/seed:7",
    "retry/threads/curl/calls:9/latency:bimodal:fast=20ms,slow=200ms,slow_share=0.05/start:cold/attempts:3/backoff:10ms"
    "/failures:rate=0.3:attempts=2:kinds=503-reset:retry_after=20ms"])
def test_a_name_says_what_a_new_rows_case_says(name):
    assert only(old_row(name)).case == of_name(name)


def test_google_benchmarks_suffixes_are_no_part_of_the_case():
    assert only(old_row(NAME + "/iterations:3/manual_time")).case == of_name(NAME)


def test_the_delay_of_what_makes_no_calls_is_left_out():
    tail = "calls:20/latency:uniform:min=20ms,max=100ms/start:warm/cpu_per_call:10ms"
    assert only(old_row(f"cpu/threads/native/{tail}")).case.scenario.line == "20 calls · warm start · 10 ms of work each"
    assert only(old_row(f"mixed/threads/native/{tail}/placement:inline")).case.latency.startswith("uniform")


@pytest.mark.parametrize("name", ["", "gather", "gather/threads", "calls:1/a/b", "//native"])
def test_other_names_are_not_guessed_at(name):
    assert old_rows.case_of(name) is None


@pytest.mark.parametrize("message, status, rest", [
    ("not applicable: has nothing to race", "n/a", "has nothing to race"),
    ("limit: needs 20,100 descriptors", "limit", "needs 20,100 descriptors"),
    ("expected 10, got 11", "error", "expected 10, got 11"), ("", "error", "failed without a message")])
def test_only_two_kinds_of_message_are_not_errors(message, status, rest):
    result = only(old_row(NAME, error_occurred=True, error_message=message))
    assert (result.status, result.message) == (status, rest)


def test_an_old_row_that_is_not_verified_is_an_error():
    assert only(old_row(NAME, verified=0.0)).status == "error"


def test_an_old_list_has_no_durations_and_says_workers_that_nobody_chose():
    parameters = {"calls": 10, "latency": "20ms", "workers": 10, "seed": 1}
    about = {"workload": "gather", "model": "thread_pool", "transport": "native", "parameters": parameters}
    suite = rounds.read_suite({"suite": "s", "cases": [{"name": "gather/thread_pool/native/calls:10", **about},
                                                       {"name": "gather/thread_pool/native/workers:10", **about}]})
    assert [c.expected_s for c in suite.cases] == [None, None]
    assert [c.parameters.get("workers") for c in suite.cases] == [None, 10]
    (new,) = rounds.read_suite({"suite": "s", "cases": [{"name": "a", "expected_s": 2.0, **about}]}).cases
    assert (new.expected_s, new.parameters) == (2.0, parameters)


@pytest.fixture
def old_folder(tmp_path, monkeypatch):
    """Results of format 2, and a checkout whose reference run is of the format that is asked for."""
    monkeypatch.setattr(checkout, "RESULTS", tmp_path / "results")
    (tmp_path / "results" / "reference").mkdir(parents=True)

    def reference(**more):
        path = tmp_path / "results" / "reference" / "results.json"
        path.write_text(json.dumps({"context": {}, "benchmarks": [], **more}))
        return folder(tmp_path / "old", ({"context": {"results_format": 2}, "benchmarks": [old_row(NAME)]}, []))

    return reference


def test_older_results_are_read_with_the_reference_runs_catalogue(old_folder):
    results = reader.load(old_folder(catalogue=CATALOGUE.document))
    assert [c.case.scenario.line for c in results.cases] == ["1,000 calls · 200 ms · warm start"]


@pytest.mark.parametrize("reference, said", [
    ({}, "has no catalogue, with which results older than format 3 are read"),
    ({"catalogue": {"figures": 7}}, "not a catalogue"), ({"catalogue": None}, "not a catalogue")])
def test_without_one_there_is_one_line(old_folder, reference, said):
    with pytest.raises(reader.ResultsError) as caught:
        reader.load(old_folder(**reference))
    assert said in str(caught.value) and "reference/results.json" in str(caught.value)
    assert "\n" not in str(caught.value)
