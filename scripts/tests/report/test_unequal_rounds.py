"""A run with a budget: some cases have more rounds than others, and whatever speaks of rounds says so."""

import csv
import io
import math

import pytest

from fanbench_tools.analysis import compare, findings
from fanbench_tools.plots import drawing, over_calls, style
from fanbench_tools.report import opening, pages, spreadsheet
from fanbench_tools.results.cases import rounds_words
from fixtures.synthetic_data import from_rows, row

CONTEXT = {"suite": "quick", "budget_s": 100.0, "looks": 2, "rounds": 3, "started": "2026-11-20T17:04:05"}


def case(model, calls, rounds, deviation, mean=0.0, transport="native"):
    """Rounds whose CPU per call goes up and down around exp(mean)."""
    return [row(f"gather/{model}/{transport}/calls:{calls}/latency:20ms/start:warm", repetition_index=i,
                makespan_s=0.2 + i / 1e4, cpu_us_per_call=10 * math.exp(mean + deviation * (i % 3 - 1)))
            for i in range(rounds)]


CLEAR = case("coroutines", 1, 3, 0.01) + case("threads", 1, 3, 0.02, mean=0.5)
OPEN = case("coroutines", 10, 12, 0.0) + case("threads", 10, 12, 0.2, mean=0.1)  # named in some 40 rounds
ROWS = CLEAR + OPEN


def texts(rows, context=None):
    results = from_rows(rows, CONTEXT if context is None else context)
    return pages.to_markdown(results, []), pages.to_html(results, [])


def test_whatever_says_how_many_rounds_says_from_how_many_to_how_many():
    results = from_rows(ROWS, CONTEXT)
    plots = drawing.draw_all(results, [])
    for text in pages.to_markdown(results, plots), pages.to_html(results, plots):
        assert "3 to 12 rounds · 2026-11-20 17:04" in text and "Figures are medians of 3 to 12 rounds" in text
        assert "Rounds of all cases" in text and "medians of 12" not in text
        assert ("least to greatest of 3 rounds, which has the true median in it in 75 % of cases, or 3rd least to 3rd "
                "greatest of 12 rounds, in 96 %") in text
    assert rounds_words(from_rows(CLEAR, {}).cases) == "3 rounds" and rounds_words([]) == "0 rounds"


def test_a_plots_note_is_of_the_rows_that_it_shows():
    results = from_rows(ROWS, {})
    (group,) = over_calls.groups_over_calls(results)
    note = " ".join(text.get_text() for text in over_calls.overview(group).texts).replace("\u00a0", " ")
    assert "Points: median of 3 to 12 rounds; shaded bars" in note
    assert style.of_rounds(results.cases[:2], spread="bars") == "Median of 3 rounds; bars: least to greatest."
    assert style.of_rounds(from_rows(case("threads", 1, 1, 0.0), {}).cases, "points: ") == "One round."


def test_a_case_without_a_number_does_not_count_as_one_of_fewer_rounds():
    limit = row("gather/processes/native/calls:1/latency:20ms/start:warm", status="limit", error_message="too many")
    assert from_rows([*CLEAR, limit], {}).rounds_words == "3 rounds"


def test_an_interval_has_the_name_that_its_number_of_rounds_gives_it():
    assert opening.ends([3]) == "least to greatest of 3 rounds, which has the true median in it in 75 % of cases"
    assert opening.ends([1, 2]) == ""
    assert opening.ends([2, 5]).startswith("least to greatest of 5 rounds, which ")


def test_the_page_says_that_the_run_looked_twice():
    for text in texts(ROWS):
        assert ("corrected (Holm) for the 2 comparisons of this run and for its 2 looks, before its further rounds and "
                "after: in at most 5 % of such runs any name is wrong") in text
    for text in texts(CLEAR):
        assert "separates it from all others, corrected for this run’s 2 looks, before" in text
    for text in texts(ROWS, {"suite": "quick"}):
        assert "looks" not in text


def test_more_time_is_advised_where_it_may_answer_something():
    open_one = case("coroutines", 10, 6, 0.0) + case("threads", 10, 6, 0.2, mean=0.15)
    for text in texts(CLEAR + open_one):
        assert "More time makes the doubt smaller (fanbench run quick --budget 200s)." in text
        assert "--rounds" not in text
    even = case("coroutines", 10, 6, 0.0) + case("threads", 10, 6, 0.2)
    for text in texts(CLEAR + even):
        assert "not separated" in text and "makes the doubt smaller" not in text


def test_the_rows_and_the_spreadsheet_have_each_its_own_number():
    table = list(csv.DictReader(io.StringIO(spreadsheet.to_csv(from_rows(ROWS, CONTEXT)))))
    assert {(line["calls"], line["rounds"]) for line in table} == {("1", "3"), ("10", "12")}
    page = texts(ROWS)[1]
    assert page.count("<td>3 ✓</td>") == page.count("<td>12 ✓</td>") == 2


def test_pairs_are_of_the_rounds_that_both_have():
    native, curl = case("coroutines", 10, 12, 0.1), case("coroutines", 10, 3, 0.1, mean=1.0, transport="curl")
    results = from_rows(native + curl, CONTEXT)
    ratio = findings.ratio(*sorted(results.cases, key=lambda c: len(c.rounds)), "cpu_us_per_call")
    assert ratio.values == pytest.approx([math.e] * 3)


def test_two_runs_with_other_numbers_of_rounds_are_compared():
    one, other = from_rows(ROWS, CONTEXT), from_rows(CLEAR + OPEN[:4] + OPEN[12:16], CONTEXT)
    compared = compare.comparison(one, other)
    assert [(len(p.one.rounds), len(p.other.rounds)) for p in compared.pairs] == [(3, 3), (3, 3), (12, 4), (12, 4)]
    assert all(change.interval for p in compared.pairs for name, change in p.changes.items() if change.ratio)
