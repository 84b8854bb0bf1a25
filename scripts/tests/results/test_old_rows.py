"""What benches before format 3 say is read: by the gate whose base is an older commit."""

import json

import pytest

from fanbench_tools import checkout
from fanbench_tools.results import reader
from fanbench_tools.results.rows import status_of
from fanbench_tools.run import rounds
from fixtures.synthetic_data import CATALOGUE


@pytest.mark.parametrize("message, status, rest", [
    ("not applicable: has nothing to race", "n/a", "has nothing to race"),
    ("limit: needs 20,100 descriptors", "limit", "needs 20,100 descriptors"),
    ("expected 10, got 11", "error", "expected 10, got 11"), ("", "error", "failed without a message")])
def test_only_two_kinds_of_message_are_not_errors(message, status, rest):
    assert status_of({"error_occurred": True, "error_message": message}) == (status, rest)


def test_an_old_row_that_is_not_verified_is_an_error():
    assert status_of({"verified": 1.0}) == ("ok", "")
    assert status_of({"verified": 0.0})[0] == "error"


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
def reference(tmp_path, monkeypatch):
    """Writes a reference run, whose catalogue is that of benches which have none."""
    monkeypatch.setattr(checkout, "RESULTS", tmp_path)
    (tmp_path / "reference").mkdir()
    return lambda **more: (tmp_path / "reference" / "results.json").write_text(json.dumps({"benchmarks": [], **more}))


def test_benches_without_a_catalogue_have_the_reference_runs(reference):
    reference(catalogue=CATALOGUE.document)
    assert list(reader.reference_catalogue().gated) == list(CATALOGUE.gated)


@pytest.mark.parametrize("more, said", [
    ({}, "has no catalogue"), ({"catalogue": {"figures": 7}}, "not a catalogue"),
    ({"catalogue": None}, "not a catalogue")])
def test_without_one_there_is_one_line(reference, more, said):
    reference(**more)
    with pytest.raises(reader.ResultsError) as caught:
        reader.reference_catalogue()
    assert said in str(caught.value) and "reference/results.json" in str(caught.value)
    assert "\n" not in str(caught.value)
