"""fanbench run, as a real process over a pretend bench."""

from __future__ import annotations

import resource
import json
import os
import pty
import re
import signal
from pathlib import Path

import pytest
from conftest import CATALOGUE, Pretend, wait_until
from fanbench_tools import cli
from fanbench_tools.results.reader import load_records
from fixtures.machines import PRINTED

A = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
B = "gather/threads/native/calls:10/latency:20ms/start:warm"
C = "gather/processes/curl/calls:10/latency:20ms/start:warm"
ALL_OK = {f"gather/{model}/{transport}/calls:{calls}/latency:20ms/start:warm": "ok"
          for model in ("coroutines", "threads", "processes") for transport in ("native", "curl") for calls in (1, 10)}


def test_each_round_runs_every_case_once_in_another_order(pretend: Pretend) -> None:
    pretend.cases(ALL_OK, rounds=3)
    ran = pretend.run()
    assert (ran.code, ran.err) == (0, "")
    started = pretend.started()
    rounds = [started[i:i + len(ALL_OK)] for i in range(0, len(started), len(ALL_OK))]
    assert [sorted(r) for r in rounds] == [sorted(ALL_OK)] * 3
    assert rounds[0] != rounds[1] != rounds[2]
    for number, order in enumerate(rounds, 1):
        assert json.loads((pretend.out / f"rounds/round-00{number}.json").read_text())["order"] == order


def test_the_recorded_seed_repeats_the_order(pretend: Pretend) -> None:
    pretend.cases(ALL_OK, rounds=2)
    assert pretend.run().code == 0
    seed, first = pretend.results()["context"]["order_seed"], pretend.started()
    assert pretend.run("--order-seed", str(seed), out=pretend.folder / "again").code == 0
    assert pretend.started() == first + first


def test_results_are_google_benchmarks_json(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "ok"}, rounds=3)
    assert pretend.run().code == 0
    results = pretend.results()
    assert [(r["name"], r.get("repetition_index")) for r in results["benchmarks"]] == [
        (A, 0), (A, 1), (A, 2), (f"{A}_median", None), (B, 0), (B, 1), (B, 2), (f"{B}_median", None)]
    for row in results["benchmarks"]:
        assert row["run_name"] in (A, B)
        assert row["repetitions"] == 3
        assert {"real_time", "cpu_time", "time_unit", "iterations", "threads", "family_index"} <= row.keys()
    median = pretend.rows(A, "aggregate")[0]
    assert (median["real_time"], median["makespan_s"], median["aggregate_name"]) == (200.0, 0.2, "median")
    context = results["context"]
    assert (context["suite"], context["rounds"], context["rounds_finished"]) == ("pretend", 3, 3)
    assert context["num_cpus"] == 2 and context["started"]
    assert PRINTED.items() <= context["machine"].items() and "distribution" in context["machine"]
    assert "interrupted" not in context and context["results_format"] == 4
    assert results["catalogue"] == json.loads(CATALOGUE.read_text())
    assert all(row["case"]["parameters"]["calls"] == 10 for row in results["benchmarks"])


def test_the_report_and_the_table_come_at_the_end(pretend: Pretend) -> None:
    pytest.importorskip("fanbench_tools.report.pages")
    pretend.cases({A: "ok", B: "ok"})
    ran = pretend.run(report=True)
    assert (ran.code, ran.err) == (0, "")
    assert "2 of 2 rows verified" in ran.out
    assert re.search(r"\ntook [0-9:]+\nreport: out/report.html\n$", ran.out)
    assert (pretend.out / "report.md").exists() and (pretend.out / "report.html").exists()


def test_the_answer_comes_before_the_table(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "dear"})
    ran = pretend.run()
    assert ran.code == 0
    places = [ran.out.index(text) for text in ("Does the time differ?", "What does it cost?", "Which model, then?", "\nmodel ",
                                               "✓: verified", "2 of 2 rows verified")]
    assert places == sorted(places)


@pytest.mark.parametrize(("suite", "more", "said"), [
    ("pretend.toml", [], "fanbench run pretend.toml"), ("./pretend.toml", [], "fanbench run pretend.toml"),
    ("a ü/my suite.toml", [], "fanbench run 'a ü/my suite.toml'"), ("./plain", [], "fanbench run ./plain"),
    ("pretend.toml", ["--filter", "gather|x"], "fanbench run pretend.toml --filter 'gather|x'")])
def test_the_command_of_such_a_run_is_kept(pretend: Pretend, suite: str, more: list[str], said: str) -> None:
    """As it was typed: the suite's name would be another suite."""
    pretend.cases({A: "ok", B: "dear"})
    (pretend.folder / suite).parent.mkdir(exist_ok=True)
    (pretend.folder / suite).write_text("")
    ran = pretend.run(*more, suite=suite, report=True)
    assert (ran.code, ran.err) == (0, "")
    assert pretend.results()["context"]["again"] == said
    text = (pretend.out / "report.md").read_text()
    assert f"({said} --rounds 3)" in text.replace("\\", "") and f"({said} --rounds 3)" in " ".join(ran.out.split())


def test_the_table_fits_80_columns(pretend: Pretend) -> None:
    pretend.cases(ALL_OK)
    table = pretend.run().out.partition("model")[2]
    assert max(map(len, table.splitlines())) <= 80 and "p99" not in table
    assert table.endswith("results: out/results.json\n")


def test_a_second_run_in_the_same_second_has_a_folder_of_its_own(tmp_path: Path) -> None:
    wanted = tmp_path / "results" / "quick-2026-11-21T200000Z"
    made = [cli.new_folder(wanted) for _ in range(3)]
    assert [p.name for p in made] == [wanted.name, f"{wanted.name}-2", f"{wanted.name}-3"]
    (tmp_path / "file").write_text("")
    with pytest.raises(cli.Refused, match="can't be made: (File exists|Not a directory)"):
        cli.new_folder(tmp_path / "file" / "quick")


def test_a_timeline_of_a_long_name_has_a_file(pretend: Pretend) -> None:
    """Two that differ at their ends alone have one each."""
    names = [f"{A}/timeline:1", *(f"{A}/timeline:{'x' * 300}{n}" for n in (1, 2))]
    pretend.cases(dict.fromkeys(names, "ok"))
    ran = pretend.run()
    assert (ran.code, ran.err) == (0, "")
    assert [record["name"] for record in load_records(pretend.out)] == sorted(names)
    assert (pretend.out / "records" / f"{names[0].replace('/', '_')}.json").exists()


def test_an_error_row_fails_the_run_and_the_others_go_on(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "error", C: "ok"}, rounds=2)
    ran = pretend.run()
    assert ran.code == 1
    assert ran.err == ("fanbench: 1 case failed:\n"
                       f"  {B}: expected 10 calls, the ledger shows 9\n")
    assert len(pretend.rows(A)) == len(pretend.rows(C)) == 2
    assert all(r["error_occurred"] for r in pretend.rows(B))
    assert pretend.rows(B, "aggregate") == []


def test_a_case_that_fails_in_one_round_only_fails_the_run(pretend: Pretend) -> None:
    pretend.cases({A: "ok+error+ok"}, rounds=3)
    assert pretend.run().code == 1
    median = pretend.rows(A, "aggregate")[0]
    assert (median["makespan_s"], median["iterations"], median["verified"]) == (pytest.approx(0.2), 2, 0)


def test_what_can_not_be_done_here_fails_nothing_and_is_asked_once(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "n/a", C: "limit"}, rounds=3)
    ran = pretend.run()
    assert (ran.code, ran.err) == (0, "")
    assert sorted(pretend.started()) == sorted([A] * 3 + [B, C])
    assert [(r["status"], r["error_message"]) for r in pretend.rows(B)] == [("not_applicable", "nothing to race")]
    assert [r["status"] for r in pretend.rows(C)] == ["limit"]


@pytest.mark.parametrize(("word", "message"), [
    ("crash", "the bench was ended by SIGABRT; its last words: assertion failed: permits >= 0"),
    ("exit3", "the bench exited with 3; its last words: the plan was refused"),
    ("nothing", "the bench exited with 0 and left no row"),
    ("half", "the bench exited with 0 and left no row"),
    ("liar", "the bench exited with 1 and left a row without an error"),
    ("unverified", "not verified: the bench gave a number without saying that it is right"),
    ("leaves", "left processes behind: sleep"),
])
def test_a_bench_that_misbehaves_makes_an_error_row(pretend: Pretend, word: str, message: str) -> None:
    pretend.cases({A: "ok", B: word})
    ran = pretend.run()
    assert ran.code == 1
    assert f"  {B}: {message}\n" in ran.err
    assert (pretend.rows(B)[0]["status"], pretend.rows(B)[0]["error_message"]) == ("error", message)
    assert pretend.rows(B)[0]["case"]["model"] == "threads"
    assert pretend.rows(A)[0]["verified"] == 1


def test_a_case_that_hangs_is_ended_with_all_that_it_started(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "hang"})
    ran = pretend.run("--timeout", "0.5")
    assert ran.code == 1
    assert pretend.rows(B)[0]["error_message"] == "no sign of it for 0.5 s, ended"
    assert pretend.rows(A)[0]["verified"] == 1
    assert pretend.processes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_keeps_the_finished_rounds_and_leaves_no_process(pretend: Pretend, number: signal.Signals) -> None:
    pretend.cases({A: "ok", B: "ok+ok+hang"}, rounds=5)
    child = pretend.start()
    wait_until((pretend.folder / "ready").exists, "the third round's case hangs")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert pretend.processes() == []
    assert child.returncode == 128 + number
    assert err == f"fanbench: interrupted by {number.name}; 2 finished rounds of 5 kept in out\n"
    assert "out/results.json" in out
    assert sorted(p.name for p in (pretend.out / "rounds").glob("round*")) == ["round-001.json", "round-002.json"]
    context = pretend.results()["context"]
    assert context["interrupted"] is True and context["rounds_finished"] == 2
    assert [r["repetition_index"] for r in pretend.rows(B)] == [0, 1]


def test_a_stop_in_the_first_round_leaves_no_results(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B.replace("calls:10", "calls:1"): "hang"}, rounds=2)
    child = pretend.start()
    wait_until((pretend.folder / "ready").exists, "the case hangs")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: interrupted by SIGINT; no round was finished in out\n")
    assert not (pretend.out / "results.json").exists()
    done = [r["name"] for r in json.loads((pretend.out / "rounds/partial.json").read_text())["benchmarks"]] \
        if (pretend.out / "rounds/partial.json").exists() else []
    assert done == pretend.started()[:-1]


def test_a_bench_that_is_deaf_to_signals_is_killed(pretend: Pretend) -> None:
    pretend.cases({A: "stubborn"})
    child = pretend.start()
    wait_until((pretend.folder / "ready").exists, "the case hangs")
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 143
    assert pretend.processes() == []


def test_a_second_ctrl_c_does_not_wait(pretend: Pretend) -> None:
    pretend.cases({A: "stubborn"})
    child = pretend.start()
    wait_until((pretend.folder / "ready").exists, "the case hangs")
    child.send_signal(signal.SIGINT)
    # The first is taken in when the handlers are back at what they were: the kernel shows who is caught.
    wait_until(lambda: not _catches(child.pid, signal.SIGTERM), "the first Ctrl-C is taken in")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: interrupted\n")
    assert pretend.processes() == []


def test_the_bench_dies_with_a_runner_that_is_killed(pretend: Pretend) -> None:
    pretend.cases({A: "hang"})
    child = pretend.start()
    ready = pretend.folder / "ready"
    bench = int(wait_until(lambda: ready.exists() and ready.read_text(), "the case hangs"))
    child.kill()
    child.communicate(timeout=60)
    wait_until(lambda: not _lives(bench), "the bench dies with the runner")
    for process in pretend.processes():  # the pretend server does not look after itself; the real one does
        os.kill(int(process.split()[0]), signal.SIGKILL)
    wait_until(lambda: not pretend.processes(), "the pretend server is gone")


def test_report_makes_results_of_a_run_that_was_killed(pretend: Pretend) -> None:
    pytest.importorskip("fanbench_tools.report.pages")
    pretend.cases({A: "ok", B: "ok"}, rounds=2)
    assert pretend.run().code == 0
    (pretend.out / "results.json").unlink()
    ran = pretend.run("out", verb="report")
    assert (ran.code, ran.err, ran.out) == (0, "", "out/report.md\nout/report.html\n")
    assert pretend.results()["context"]["interrupted"] is True
    assert len(pretend.rows(A)) == 2


def test_nothing_is_overwritten(pretend: Pretend) -> None:
    pretend.out.mkdir()
    (pretend.out / "precious").write_text("")
    ran = pretend.run()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"fanbench: {pretend.out}: is there already, and nothing is overwritten; " \
                      "expected a new or empty folder\n"
    assert pretend.started() == []


def test_an_empty_folder_is_fine(pretend: Pretend) -> None:
    pretend.out.mkdir()
    assert pretend.run().code == 0


@pytest.mark.parametrize(("arguments", "message"), [
    (["--filter", "("], '--filter: expected a regular expression, got "("'),
    (["--filter", "gathr/treads"], f'--filter: no case of pretend matches "gathr/treads"; nearest of 1: {A} (fanbench list '),
    (["--rounds", "0"], 'argument --rounds: expected a whole number from 1, got "0"'),
    (["--budget", "0s"], 'argument --budget: expected a time such as 90s or 3m30s, got "0s"'),
    (["--budget", "-3m"], 'argument --budget: expected a time such as 90s or 3m30s, got "-3m"'),
    (["--server", "here"], "expected a server's HOST:PORT, such as localhost:8080 or [::1]:8080, got \"here\""),
    (["--server", "here:66000"], 'got "here:66000"'),
    (["--budget", "soon"], 'argument --budget: expected a time such as 90s or 3m30s, got "soon"'),
    (["--timeout", "soon"], 'argument --timeout: expected seconds above 0, got "soon"'),
    (["--frobnicate"], "what is --frobnicate?"),
])
def test_bad_input_gets_one_line(pretend: Pretend, arguments: list[str], message: str) -> None:
    ran = pretend.run(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err
    assert pretend.started() == []


@pytest.mark.parametrize(("suite", "message"), [
    ("nosuch", 'no suite "nosuch"; expected '),
    ("./nosuch.toml", "./nosuch.toml: no such file; expected "),
    ("..", 'no suite ".."; expected '),
])
def test_a_suite_that_is_not_there_gets_one_line(pretend: Pretend, suite: str, message: str) -> None:
    ran = pretend.run(suite=suite)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err


def test_a_server_that_already_runs_is_the_benchs_matter(pretend: Pretend) -> None:
    pretend.cases({A: "ok"})
    assert pretend.run("--server", "[::1]:8080").code == 0
    assert pretend.results()["context"]["server"] == "[::1]:8080"


def test_a_folder_that_can_not_be_made_gets_one_line(pretend: Pretend) -> None:
    ran = pretend.run(out=Path("/proc/nothing"))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "/proc/nothing: can't be made: " in ran.err


def test_a_suite_that_the_bench_refuses_gets_the_benchs_line(pretend: Pretend) -> None:
    pretend.cases({A: "ok"}, complain="pretend.toml:3: latency: expected a delay, got 200")
    ran = pretend.run()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "fanbench: fanbench-bench: pretend.toml:3: latency: expected a delay, got 200\n"


def test_a_bench_that_is_missing_gets_one_line(pretend: Pretend) -> None:
    pretend.bench.unlink()
    ran = pretend.run()
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "can't be started (No such file or directory)" in ran.err


def test_a_bench_that_is_built_anew_meanwhile_is_not_what_is_measured(pretend: Pretend) -> None:
    pretend.bench.write_text(pretend.bench.read_text().replace("exec", f"rm -f {pretend.bench}\nexec"))
    assert pretend.run().code == 0 and not pretend.bench.exists()


def test_the_filter_and_rounds_are_obeyed(pretend: Pretend) -> None:
    pretend.cases(ALL_OK, rounds=5)
    assert pretend.run("--filter", "threads/native", "--rounds", "2").code == 0
    assert len(pretend.started()) == 4
    assert all("threads/native" in name for name in pretend.started())


THREADS_1, COROUTINES_1 = (name.replace("calls:10", "calls:1") for name in (B, A))
OPEN = {A: "ok", B: "dear+ok+dear", COROUTINES_1: "ok", THREADS_1: "dear"}  # of 10 calls, not of 1


def test_a_budget_is_spent_on_what_is_open(pretend: Pretend) -> None:
    """So long a one that only the number of rounds ends it."""
    pretend.cases(OPEN, rounds=3)
    ran = pretend.run("--budget", "60m")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("pretend: 4 cases, 3 rounds, then more where answers are open, 3600 s in all, into out\n")
    assert "\nopen after 3 rounds: gather; 1 of 2 lines answered\n" in ran.out
    assert [len(pretend.rows(name)) for name in (A, B, COROUTINES_1, THREADS_1)] == [24, 24, 3, 3]
    context = pretend.results()["context"]
    assert (context["rounds"], context["rounds_finished"], context["budget_s"], context["looks"]) == (3, 24, 3600, 2)


def test_a_suites_budget_is_used_and_another_overrides_it(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "ok"}, rounds=3, budget_s=3600.0)
    out = pretend.run().out
    assert "3 rounds, then more where answers are open, 3600 s in all" in out
    assert "\nnothing open after 3 rounds; 0 of 1 line answered, 1 would take more than 24 rounds\n" in out
    assert pretend.results()["context"]["budget_s"] == 3600 and len(pretend.rows()) == 6
    assert pretend.run("--budget", "50m10s", "--rounds", "2", out=pretend.folder / "b").out.startswith(
        "pretend: 2 cases, 2 rounds, then more where answers are open, 3010 s in all")
    assert "3 rounds, then more where answers are open, 3600 s in all)" in pretend.run(str(pretend.suite), verb="list").out


def test_rounds_without_a_budget_are_just_those(pretend: Pretend) -> None:
    pretend.cases(OPEN, rounds=3, budget_s=3600.0)
    ran = pretend.run("--rounds", "3")
    assert ran.out.startswith("pretend: 4 cases, 3 rounds, into out\n") and len(pretend.started()) == 12
    assert not {"budget_s", "looks"} & pretend.results()["context"].keys() and "open after" not in ran.out


def test_a_stop_beyond_the_rounds_of_all_cases_says_how_many_were_finished(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "dear+ok+dear+dear+hang"}, rounds=3)
    child = pretend.start("--budget", "60m")
    wait_until((pretend.folder / "ready").exists, "the fifth round's case hangs")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: interrupted by SIGINT; 4 finished rounds kept in out\n")


def test_records_are_kept_of_timeline_cases_in_the_first_round_only(pretend: Pretend) -> None:
    timeline = "gather/coroutines/native/calls:10/latency:20ms/start:warm/timeline:1"
    pretend.cases({timeline: "ok", B: "ok"}, rounds=2)
    assert pretend.run().code == 0
    kept = list((pretend.out / "records").iterdir())
    assert [p.name for p in kept] == [timeline.replace("/", "_") + ".json"]
    assert json.loads(kept[0].read_text())["start"] == 1


def test_without_a_terminal_progress_is_plain_lines(pretend: Pretend) -> None:
    pretend.cases(ALL_OK, rounds=2)
    out = pretend.run().out
    assert "\x1b" not in out and "\r" not in out
    assert re.search(r"round 1 of 2, 0 of 24 cases done, \d+:\d\d left\n", out)
    assert re.search(r"round 2 of 2, 12 of 24 cases done, \d+:\d\d left\n", out)


def test_on_a_terminal_there_is_a_bar(pretend: Pretend) -> None:
    pretend.cases(ALL_OK, rounds=2)
    ours, theirs = pty.openpty()
    child = pretend.start(stdout=theirs, term="xterm")
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert child.wait(timeout=60) == 0
    assert b"24/24" in shown
    assert re.search(rb"round 2/2.*\d:\d\d left", shown)


def test_list_shows_a_suites_cases(pretend: Pretend) -> None:
    pretend.cases({A: "ok", B: "ok"}, rounds=2)
    ran = pretend.run(str(pretend.suite), verb="list")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"pretend: Pretends. (2 cases, 2 rounds)\n{A}\n{B}\n"


def test_list_says_of_each_model_what_a_warm_case_has_and_what_its_runs_make(pretend: Pretend) -> None:
    ran = pretend.run(verb="list")
    assert ran.code == 0
    models = " ".join(ran.out.partition("\nModels: ")[2].split())
    for model in json.loads(CATALOGUE.read_text())["models"]:
        assert f"{model['name']} {model['ready']}; then {model['made']}" in models
    assert max(map(len, ran.out.partition("\nModels: ")[2].splitlines())) <= 80


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def _catches(pid: int, number: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return bool(int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (number - 1) & 1)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("most_bytes, kept", [(CATALOGUE.stat().st_size + 10_000, ["results.json", "rounds"]),
                                              (CATALOGUE.stat().st_size + 100, [])])
def test_what_cannot_be_written_is_said_in_one_line(pretend: Pretend, most_bytes: int, kept: list[str]) -> None:
    """A limit for the size of a file stands for a disk that is full: at the report, and at the first round."""
    ran = pretend.run(report=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes,) * 2))
    assert ran.code == 2 and ran.err.count("\n") == 1 and "Traceback" not in ran.err, ran.err
    assert "File too large; what was measured until then is in" in ran.err
    assert [p for p in pretend.out.rglob("*") if p.name.startswith(".")] == []  # no half of a file
    assert set(kept) <= {p.name for p in pretend.out.iterdir()}
