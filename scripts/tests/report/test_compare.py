"""Two runs side by side: what moved is said with its interval, what did not is not, what differs comes first."""

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from conftest import clean_environment
from rich.console import Console

from fanbench_tools.analysis import compare
from fanbench_tools.report import comparison
from fixtures.synthetic_data import CATALOGUE, QUICK, folder, from_rows, row
from test_report import Tags

NAME = "gather/{}/native/calls:100/latency:20ms/start:warm"
CONTEXT = {"cpu": "One CPU", "compiler": "GNU 12.2.0", "flags": "-O2", "started": "2026-11-20T17:04:05+01:00"}


def run(models, rounds=6, context=CONTEXT, **counters):
    """Each model's CPU per call, with a little noise; other figures the same in all rounds."""
    rows = [row(NAME.format(model), repetition_index=i, cpu_us_per_call=cpu * (1 + i / 100), **counters)
            for model, cpu in models.items() for i in range(rounds)]
    return from_rows(rows, context)


def changes(compared, model):
    return next(p.changes for p in compared.pairs if p.other.case.model == model)


def test_what_moved_is_separated_and_what_did_not_is_not():
    compared = compare.comparison(run({"coroutines": 10.0, "threads": 20.0}), run({"coroutines": 15.0, "threads": 20.1}))
    moved, still = (changes(compared, m)["cpu_us_per_call"] for m in ("coroutines", "threads"))
    assert moved.separated and moved.ratio == pytest.approx(1.5) and moved.interval.low > 1.4
    assert not still.separated and still.words.endswith(", not separated")
    contents = comparison.contents(compared)
    assert [(name, cost) for name, cost, _ in contents["moved"]] == [(NAME.format("coroutines"), "CPU per call")]


def test_few_rounds_separate_nothing():
    compared = compare.comparison(run({"threads": 10.0}, rounds=2), run({"threads": 90.0}, rounds=2))
    assert changes(compared, "threads")["cpu_us_per_call"].words == "9.00 ×, not separated"
    assert "A run of 2 rounds" in compare.opening(compared)[-1]
    assert "Nothing moved" not in comparison.to_markdown(compared) + comparison.to_html(compared)


def test_the_doubt_is_shared_by_all_that_is_compared():
    """What would have moved by itself has not, beside many others; the interval is called what it covers."""
    models = [f"m{i}" for i in range(20)]
    one, other = run(dict.fromkeys(models, 10.0), rounds=4), run(dict.fromkeys(models, 10.0) | {"m0": 10.4}, rounds=4)
    alone = compare.comparison(run({"m0": 10.0}, rounds=4), run({"m0": 10.4}, rounds=4))
    assert changes(alone, "m0")["cpu_us_per_call"].separated
    beside = compare.comparison(one, other)
    change = changes(beside, "m0")["cpu_us_per_call"]
    assert not change.separated and change.p == changes(alone, "m0")["cpu_us_per_call"].p
    assert "97 % (rank sum, exact)" in comparison.to_html(beside)  # 1 − 2/70
    assert "corrected (Holm) for 40 comparisons" in comparison.to_markdown(beside)


def test_cases_with_other_numbers_of_calls_in_flight_are_not_compared():
    compared = compare.comparison(run({"threads": 1.0}, in_flight_peak=1000), run({"threads": 9.0}, in_flight_peak=602))
    assert not changes(compared, "threads")["cpu_us_per_call"].separated
    assert compare.opening(compared)[-1].endswith(": 1,000 in flight before, 602 after: not compared")
    level = compare.comparison(run({"threads": 1.0}, in_flight_peak=1000), run({"threads": 9.0}, in_flight_peak=920))
    assert changes(level, "threads")["cpu_us_per_call"].separated


def test_an_overhead_below_nothing_has_no_ratio():
    compared = compare.comparison(run({"threads": 1.0}, client_overhead_us_per_call=-2.0),
                                  run({"threads": 1.0}, client_overhead_us_per_call=3.0))
    assert changes(compared, "threads")["client_overhead_us_per_call"].words == "–"


def test_another_machine_compiler_or_flags_come_first():
    other = run({"threads": 1.0}, context=CONTEXT | {"flags": "-O0", "tbb": "1"})
    compared = compare.comparison(run({"threads": 1.0}), other)
    said = "Different: flags (-O2 first, -O0 second). Ratios are not the change of the programs alone."
    assert compare.what_differs(compared) == said and compare.opening(compared) == []
    for text in (comparison.to_markdown(compared), comparison.to_html(compared), printed(compared)):
        assert said in " ".join(text.split()) and text.index("Different") < text.index("threads")


def test_another_library_is_said_and_blamed_for_nothing():
    other = run({"threads": 1.0}, context=CONTEXT | {"boost": "1.90"})
    compared = compare.comparison(run({"threads": 1.0}, context=CONTEXT | {"boost": "1.81"}), other)
    assert compare.what_differs(compared) == "Different: Boost (1.81 first, 1.90 second)."


def test_where_nothing_differs_it_says_what_was_looked_at():
    alike = compare.comparison(run({"threads": 1.0}), run({"threads": 1.0}))
    assert compare.what_differs(alike) == "Nothing differs of CPU, compiler and flags."
    assert "Nothing differs of CPU, compiler and flags." in comparison.to_markdown(alike)
    assert compare.what_differs(compare.comparison(run({"threads": 1.0}), run({"threads": 1.0}, context={}))) == ""


def test_both_commits_come_first():
    contexts = [CONTEXT | {"commit": commit} for commit in ("0123abc", "4567def+changes")]
    compared = compare.comparison(*(run({"threads": 1.0}, context=c) for c in contexts), names=("a", "b"))
    for text in (comparison.to_markdown(compared), comparison.to_html(compared), printed(compared)):
        places = [text.index(commit) for commit in ("commit 0123abc", "commit 4567def+changes")]
        assert places == sorted(places) and places[1] < text.index("threads")


def test_provenance_of_both_is_side_by_side():
    contexts = [CONTEXT | more for more in ({"commit": "0123abc"}, {"commit": "4567def", "tbb": "2021"})]
    page = comparison.to_html(compare.comparison(*(run({"threads": 1.0}, context=c) for c in contexts)))
    assert "<td>Commit</td><td>0123abc</td><td>4567def</td>" in page and "<td>oneTBB</td><td></td><td>2021</td>" in page
    assert '<td>CPU</td><td colspan="2">One CPU</td>' in page and page.count("<td>CPU</td>") == 1


def printed(compared):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))
    comparison.print_table(compared, console)
    return console.export_text()


def test_a_name_is_never_broken_in_the_terminal():
    name = NAME.format("a_model_of_somebody_elses_with_a_name_that_is_longer_than_a_line_of_a_terminal")
    text = printed(compare.comparison(from_rows([row(name)], CONTEXT), run({"threads": 1.0})))
    assert name in text


def test_cases_of_one_side_and_errors_are_listed():
    broken = [row(NAME.format("threads"), error_message="lost a call")]
    one, other = run({"coroutines": 1.0, "processes": 1.0}), run({"coroutines": 1.0, "sequential": 1.0})
    one.cases += run({"threads": 2.0}).cases
    other.cases += from_rows(broken, {}).cases
    lines = compare.opening(compare.comparison(one, other))
    assert lines[0] == f"1 case only in the first: {NAME.format('processes')}"
    assert lines[1] == f"1 case only in the second: {NAME.format('sequential')}"
    assert compare.opening(compare.comparison(other, one), names_at_most=0)[0].endswith("first:  and 1 more")
    assert lines[2] == f"{NAME.format('threads')}: no number: B: error: lost a call"


def test_nothing_in_common_is_said():
    compared = compare.comparison(run({"threads": 1.0}), run({"coroutines": 1.0}))
    for text in (comparison.to_markdown(compared), comparison.to_html(compared)):
        assert "No case has a number in both runs" in text


def test_every_form_has_every_case(tmp_path):
    results = from_rows(QUICK[0]["benchmarks"], QUICK[0]["context"])
    compared = compare.comparison(results, results, ("A", "B"))
    assert len(compared.pairs) == len(results.with_status("ok")) > 100
    assert Tags(comparison.to_html(compared)).names == [p.other.name for p in compared.pairs]
    lines = list(csv.DictReader(io.StringIO(comparison.to_csv(compared))))
    assert [line["name"] for line in lines] == [p.other.name for p in compared.pairs]
    assert {line["cpu_us_per_call_ratio"] for line in lines} == {"1"}
    assert lines[0]["calls"] == "1" and lines[0]["latency"] == "20ms"
    assert float(lines[0]["makespan_s_first [s]"]) == pytest.approx(compared.pairs[0].changes["makespan_s"].before, rel=1e-4)
    assert len(re.findall(r" 1.00 ×( \([^|]+\))?, not separated \|", comparison.to_markdown(compared))) == sum(
        c.ratio is not None for p in compared.pairs for c in p.changes.values())


def test_the_page_stands_alone():
    results = from_rows(QUICK[0]["benchmarks"], QUICK[0]["context"])
    page = comparison.to_html(compare.comparison(results, results, ("<b>", "B")))
    assert "<b>&lt;b&gt;</b>" in page and "http" not in page and "url(" not in page


def fanbench(*arguments, cwd):
    return subprocess.run([sys.executable, "-P", "-m", "fanbench_tools", *map(str, arguments)], cwd=cwd, text=True,
                          capture_output=True, env=clean_environment(COLUMNS="80"), timeout=120, check=False)


@pytest.fixture
def two_runs(tmp_path):
    rows = [row(NAME.format("threads"), repetition_index=i, cpu_us_per_call=10.0 + i / 10) for i in range(5)]
    for name, factor in (("a", 1.0), ("b", 2.0)):
        scaled = [r | {"cpu_us_per_call": r["cpu_us_per_call"] * factor} for r in rows]
        folder(tmp_path / name, ({"context": CONTEXT, "catalogue": CATALOGUE.document, "benchmarks": scaled}, []))
    return tmp_path


def test_the_verb_compare(two_runs):
    done = fanbench("compare", "a", "b", "--out", "c", cwd=two_runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80 and "2.00" in done.stdout
    assert sorted(p.name for p in (two_runs / "c").iterdir()) == ["compare.csv", "compare.html", "compare.md"]
    done = fanbench("compare", "a", "b", "--format", "csv", cwd=two_runs)
    assert done.stdout == (two_runs / "c" / "compare.csv").read_text()


def test_the_verb_report_prints_csv_and_writes_nothing(two_runs):
    before = sorted(two_runs.rglob("*"))
    done = fanbench("report", "a", "--format", "csv", cwd=two_runs)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("name,workload,model,transport,calls")
    assert sorted(two_runs.rglob("*")) == before


@pytest.mark.parametrize("content, said", [
    (None, "no such file"), ('{"benchmarks": [', "not complete JSON"), ("[]", "expected Google Benchmark's JSON"),
    (json.dumps({"context": {"results_format": 3, "fanbench_version": "9.1.0", "commit": "abc"}, "benchmarks": []}),
     "another version of fanbench (format 3, expected 4): read them with what wrote them, fanbench 9.1.0, commit abc"),
    ("\udcff".encode("utf-8", "surrogateescape"), "not UTF-8")])
@pytest.mark.parametrize("verb", [["compare", "a", "x"], ["compare", "x", "a", "--out", "c"], ["report", "x"],
                                  ["report", "x", "--format", "csv"]])
def test_bad_results_get_one_line(two_runs, content, said, verb):
    (two_runs / "x").mkdir()
    if content is not None:
        (two_runs / "x" / "results.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    done = fanbench(*verb, cwd=two_runs)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and said in done.stderr and "results.json" in done.stderr
    assert sorted(p.name for p in two_runs.iterdir()) == ["a", "b", "x"]
    assert len(list((two_runs / "x").iterdir())) == (content is not None)


@pytest.mark.parametrize("content", ['{"round":', '{"round": 1}', "[]", '{"context": {}, "benchmarks": {}}'])
def test_rounds_that_are_cut_off_get_one_line(two_runs, content):
    """A run that was killed has rounds, and no results.json yet."""
    (two_runs / "x" / "rounds").mkdir(parents=True)
    (two_runs / "x" / "rounds" / "round-001.json").write_text(content)
    done = fanbench("report", "x", cwd=two_runs)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "round-001.json: not a finished round" in done.stderr
    assert [p.name for p in (two_runs / "x").iterdir()] == ["rounds"]
