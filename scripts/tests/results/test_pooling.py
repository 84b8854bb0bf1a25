"""Quantiles of all rounds together: exact where rounds say enough, and absent where they do not."""

import random

import pytest

from fanbench_tools.plots import by_model
from fanbench_tools.report import pages, spreadsheet
from fanbench_tools.results.pooling import pooled_quantile
from fixtures.synthetic_data import from_rows, row
from test_results import printed

NAME = "gather/coroutines/native/calls:100/latency:20ms/start:warm"


def rounds_of(samples, keep=lambda n: n // 10):
    """A row for each sample, with as many of its greatest values as a bench keeps."""
    return [row(NAME, repetition_index=i, latency_p50_us=20e3, latency_tail={
        "calls": len(s), "greatest_us": sorted(s, reverse=True)[:keep(len(s))]}) for i, s in enumerate(samples)]


def samples(rounds, calls, seed=1):
    draw = random.Random(seed)
    return [[round(draw.lognormvariate(10, 0.3), 1) for _ in range(calls)] for _ in range(rounds)]


@pytest.mark.parametrize(("rounds", "calls"), [(4, 300), (2, 500), (24, 72), (11, 100)])
def test_it_is_that_of_all_calls(rounds, calls):
    drawn = samples(rounds, calls)
    every = sorted(v for s in drawn for v in s)
    wanted = next(v for i, v in enumerate(every, 1) if i >= 0.99 * len(every))
    assert pooled_quantile(rounds_of(drawn), "latency_p99_us") == wanted


def test_ten_calls_must_lie_beyond():
    assert pooled_quantile(rounds_of(samples(4, 249)), "latency_p99_us") is None  # nine of 996
    assert pooled_quantile(rounds_of(samples(4, 250)), "latency_p99_us") is not None


def test_a_round_that_may_have_had_more_of_them_leaves_it_open():
    """All of the greatest are one round's, and it says but some of these."""
    drawn = [[100.0] * 600, [200.0 + i / 10 for i in range(600)]]
    assert pooled_quantile(rounds_of(drawn), "latency_p99_us") == pytest.approx(258.7)
    assert pooled_quantile(rounds_of(drawn, keep=lambda n: 10), "latency_p99_us") is None


@pytest.mark.parametrize("tail", [None, {}, {"calls": 500}, {"calls": 500, "greatest_us": ["1"]},
                                  {"calls": 1, "greatest_us": [1.0, 2.0]}, [1.0]])
def test_a_round_that_does_not_say_leaves_it_open(tail):
    rows = rounds_of(samples(4, 500))
    rows[1]["latency_tail"] = tail
    assert pooled_quantile(rows, "latency_p99_us") is None and from_rows(rows, {}).cases[0].pooled("latency_p99_us") is None


def test_a_rounds_own_is_not_pooled_and_an_error_has_none():
    rows = rounds_of(samples(4, 500))
    assert from_rows(rows, {}).cases[0].pooled("latency_p99_us") > 0
    rows[0]["latency_p99_us"] = 21e3
    assert from_rows(rows, {}).cases[0].pooled("latency_p99_us") is None
    broken = [*rounds_of(samples(4, 500)), row(NAME, error_message="lost a call")]
    assert from_rows(broken, {}).cases[0].pooled("latency_p99_us") is None


def test_it_is_shown_as_what_it_is():
    drawn = [[20e3 + i for i in range(300)] for _ in range(4)]
    results = from_rows(rounds_of(drawn), {})
    markdown, page = pages.to_markdown(results, []), pages.to_html(results, [])
    assert "| 20.3 ms (pooled) |" in markdown and "Pooled: of the calls" in markdown
    assert '20.3 ms<span class="range">pooled</span>' in page and "<dt>Pooled</dt>" in page
    assert "20.3 ms* " in printed(results, 120, wide=True) and "*: of the calls of all rounds" in printed(results, 120, wide=True)
    csv = spreadsheet.to_csv(results).splitlines()
    assert "20296" in csv[1] and "latency_p99_us is pooled" in csv[1]
    few = from_rows(rounds_of([d[:100] for d in drawn]), {})
    for text in (pages.to_markdown(few, []), pages.to_html(few, []), printed(few, 120, wide=True), spreadsheet.to_csv(few)):
        assert "ooled" not in text and "20.3 ms" not in text


def test_the_picture_has_it_and_says_so():
    figure = by_model.latency_percentiles(from_rows(rounds_of(samples(4, 300)), {}), "gather")
    assert "p99 is that of the calls of all rounds together" in " ".join(t.get_text() for t in figure.texts).replace(
        "\u00a0", " ")
