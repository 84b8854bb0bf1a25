"""CSV for people with spreadsheets: every row, figures that can be read, units, and the signs of their locale."""

import csv
import io
import re
import subprocess
import sys

import pytest
from conftest import clean_environment

from fanbench_tools.report import spreadsheet
from fanbench_tools.report.spreadsheet import Form
from fanbench_tools.results.reader import load
from fixtures.synthetic_data import CATALOGUE, QUICK, folder, from_rows, row

NAME = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
POOL = NAME.replace("coroutines", "thread_pool")


def of_bench(name, **counters):
    """A row whose case says its defaults too, as the bench's rows do."""
    made = row(name, **counters)
    made["case"]["parameters"] |= {"connection": "reuse", "seed": 1, "pin": "apart", "iterations": 3}
    if "thread_pool" in name:
        made["case"]["parameters"]["workers"] = 0
    return made


def lines_of(text, separator=","):
    return list(csv.DictReader(io.StringIO(text), delimiter=separator))


def test_every_row_is_there(tmp_path):
    results = load(folder(tmp_path, QUICK))
    lines = lines_of(spreadsheet.to_csv(results))
    assert [line["name"] for line in lines] == [c.name for c in results.cases]
    first = results.cases[0]
    assert float(lines[0]["makespan_s [s]"]) == pytest.approx(first.median("makespan_s"), rel=1e-4) and lines[0]["calls"] == "1"
    assert float(lines[0]["makespan_s_low [s]"]) <= float(lines[0]["makespan_s [s]"]) <= float(lines[0]["makespan_s_high [s]"])
    broken = next(line for line in lines if line["status"] == "error")
    assert broken["message"].startswith("expected at most 10 calls") and broken["makespan_s [s]"] == ""


def test_figures_are_of_a_sensible_length(tmp_path):
    text = spreadsheet.to_csv(load(folder(tmp_path, QUICK)))
    numbers = re.findall(r"(?<=,)-?\d+\.\d+(?=[,\n])", text)
    assert len(numbers) > 500 and max(len(re.sub(r"^-?0*\.?0*|\.", "", n)) for n in numbers) <= spreadsheet.DIGITS
    assert not re.search(r"\de[+-]\d", text)


@pytest.mark.parametrize(("value", "text"), [
    (0.021605117, "0.021605"), (12.473040000000001, "12.473"), (4628.533138700429, "4628.5"), (123456.7, "123457"),
    (7449600.0, "7449600"), (25276510208, "25276510208"), (0.0033333333333333335, "0.0033333"), (-3.25, "-3.25"), (0.0, "0"),
    (1e-9, "0.000000001"), (9.99999, "10"), (100.0, "100"), (3, "3")])
def test_a_number_has_five_digits_and_no_exponent(value, text):
    assert spreadsheet.number(value) == text


def test_units_are_in_the_header():
    results = from_rows([of_bench(NAME, cpu_us_per_call=10.0, syscalls_per_call=3.5, noisy=0, calls_per_s=9.0)], {})
    (head,) = csv.reader(io.StringIO(spreadsheet.to_csv(results).split("\n")[0]))
    assert {"makespan_s [s]", "makespan_s_low [s]", "cpu_us_per_call [us]", "syscalls_per_call [system calls]", "calls_per_s [1/s]",
            "efficiency", "noisy"} <= set(head)
    fields = {name.split(" [")[0] for name in head}
    assert {k for k in results.cases[0].rounds[0] if k in CATALOGUE.figures} - {"verified"} <= fields


def test_what_a_case_is_is_in_columns_the_defaults_too():
    seven = of_bench(NAME.replace("10/", "11/"))
    seven["case"]["parameters"] |= {"seed": 7, "connection": "per_call"}
    rows = [of_bench(NAME), of_bench(POOL), of_bench(POOL + "/workers:4") | {"run_name": "4"}, seven]
    rows[2]["case"]["parameters"]["workers"] = 4
    lines = lines_of(spreadsheet.to_csv(from_rows(rows, {})))
    assert sorted((line["model"], line["calls"], line["seed"], line["connection"], line["workers"]) for line in lines) == [
        ("coroutines", "10", "1", "reuse", ""), ("coroutines", "11", "7", "per_call", ""),
        ("thread_pool", "10", "1", "reuse", "0"), ("thread_pool", "10", "1", "reuse", "4")]
    assert "iterations" not in lines[0] and "pin" in lines[0]


def test_long_has_a_line_for_each_round():
    rows = [of_bench(NAME, repetition_index=i, cpu_us_per_call=10.0 + i) for i in (0, 1, 3)]
    rows += [of_bench(POOL, repetition_index=0, cpu_us_per_call=5.0), of_bench(POOL, repetition_index=1, error_message="lost a call")]
    lines = lines_of(spreadsheet.to_long_csv(from_rows(rows, {})))
    assert [(line["model"], line["round"], line["status"], line["cpu_us_per_call [us]"]) for line in lines] == [
        ("coroutines", "1", "ok", "10"), ("coroutines", "2", "ok", "11"), ("coroutines", "4", "ok", "13"),
        ("thread_pool", "1", "ok", ""), ("thread_pool", "2", "error", "")]  # a failed case has no number in any round
    assert lines[4]["message"] == "lost a call" and "makespan_s_low [s]" not in lines[0]


@pytest.mark.parametrize("write", [spreadsheet.to_csv, spreadsheet.to_long_csv])
def test_other_locales_have_other_signs(write):
    results = from_rows([of_bench(NAME, cpu_us_per_call=10.5, client_overhead_us_per_call=-2.5)], {})
    (line,) = lines_of(write(results, Form(",", ";")), ";")
    assert (line["cpu_us_per_call [us]"], line["client_overhead_us_per_call [us]"], line["makespan_s [s]"]) == ("10,5", "-2,5", "0,21")
    (tabbed,) = lines_of(write(results, Form(",", "\t")), "\t")
    assert tabbed == line


def test_text_never_becomes_a_formula():
    assert spreadsheet.write(["a", "b"], [["=1+1", -2.5]]) == "a,b\n'=1+1,-2.5\n"
    assert spreadsheet.write(["a", "b"], [["-x", -2.5]], Form(",", ";")) == "a;b\n'-x;-2,5\n"


@pytest.fixture
def run(tmp_path):
    folder(tmp_path / "a", ({"catalogue": CATALOGUE.document, "context": {}, "benchmarks": [of_bench(NAME, cpu_us_per_call=10.5)]}, []))
    return tmp_path


def fanbench(*arguments, cwd):
    return subprocess.run([sys.executable, "-P", "-m", "fanbench_tools", *arguments], cwd=cwd, text=True,
                          capture_output=True, env=clean_environment(), timeout=120, check=False)


@pytest.mark.parametrize(("options", "separator", "decimal"), [
    ([], ",", "."), (["--decimal", ","], ";", ","), (["--decimal", ",", "--separator", ";"], ";", ","),
    (["--separator", "tab"], "\t", "."), (["--separator", ";"], ";", "."), (["--decimal", ",", "--separator", "|"], "|", ",")])
@pytest.mark.parametrize("long", [[], ["--long"]])
def test_the_options_of_csv(run, options, separator, decimal, long):
    done = fanbench("report", "a", "--format", "csv", *long, *options, cwd=run)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = lines_of(done.stdout, separator)
    assert line["cpu_us_per_call [us]"] == f"10{decimal}5" and ("round" in line) == bool(long)
    to_file = fanbench("report", "a", "--format", "csv", *long, *options, "--out", "b.csv", cwd=run)
    assert (to_file.returncode, to_file.stdout) == (0, "") and (run / "b.csv").read_text() == done.stdout


def test_compare_has_them_too(run):
    done = fanbench("compare", "a", "a", "--format", "csv", "--decimal", ",", cwd=run)
    assert done.returncode == 0 and lines_of(done.stdout, ";")[0]["cpu_us_per_call_first [us]"] == "10,5"
    to_files = fanbench("compare", "a", "a", "--out", "c", "--decimal", ",", cwd=run)
    assert to_files.returncode == 0 and (run / "c" / "compare.csv").read_text() == done.stdout


@pytest.mark.parametrize(("arguments", "said"), [
    (["report", "a", "--format", "csv", "--decimal", ",", "--separator", ","],
     'fanbench: --separator: "," is the decimal sign as well: expected another, such as ;'),
    (["report", "a", "--format", "csv", "--separator", "ab"],
     'fanbench report: argument --separator: expected one character such as ; or tab, got "ab" (fanbench report --help says more)'),
    (["report", "a", "--format", "csv", "--separator", "5"],
     'fanbench report: argument --separator: expected one character such as ; or tab, got "5" (fanbench report --help says more)'),
    (["report", "a", "--decimal", ","], "fanbench: --decimal: expected with --format csv"),
    (["report", "a", "--format", "bencher", "--separator", ";"], "fanbench: --separator: expected with --format csv"),
    (["report", "a", "--long"], "fanbench: --long: expected with --format csv"),
    (["compare", "a", "a", "--decimal", ","], "fanbench: --decimal: expected with --format csv or --out"),
    (["compare", "a", "a", "--format", "csv", "--decimal", ",", "--separator", ","],
     'fanbench: --separator: "," is the decimal sign as well: expected another, such as ;')])
def test_what_makes_no_sense_gets_one_line(run, arguments, said):
    done = fanbench(*arguments, cwd=run)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{said}\n")
    assert sorted(p.name for p in run.rglob("*")) == ["a", "records", "results.json"]
