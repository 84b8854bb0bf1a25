"""How ranks are started, and what is made of what mpirun says when they are lost."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest
from conftest import Pretend
from fanbench_tools.machine import doctor
from fanbench_tools.machine.hosts import Host, examine, in_words
from fanbench_tools.plots.over_ranks import groups_over_ranks, over_ranks
from fanbench_tools.report.provenance import provenance
from fanbench_tools.run import ranks
from fanbench_tools.run.ranks import Hosts
from fanbench_tools.run.rounds import ListedCase
from fixtures.machines import GOOD
from fixtures.synthetic_data import from_rows, row

ALONE = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
TOGETHER = f"{ALONE}/ranks:3"
BENCH = Path("/somewhere/bin/fanbench-bench")


def words(hosts: Hosts, number: int = 3) -> str:
    return " ".join(hosts.launch_of(ListedCase(TOGETHER, parameters={"ranks": number}), BENCH))


def test_a_case_without_ranks_is_started_itself() -> None:
    assert Hosts(("a", "b")).launch_of(ListedCase(ALONE, parameters={"ranks": 0}), BENCH) == ()


def test_ranks_of_one_host_speak_through_its_memory() -> None:
    said = words(Hosts())
    assert said.startswith("mpirun ") and said.endswith("-n 3 /somewhere/bin/fanbench-relay")
    assert "btl self,vader --host localhost:3 " in said  # of which a Slurm allocation would have others
    assert "--oversubscribe --bind-to none" in said  # more of them than CPUs, and the bench itself says where they run
    assert ("--allow-run-as-root" in said) == (os.geteuid() == 0)


def test_ranks_are_dealt_to_hosts_in_turn(tmp_path: Path) -> None:
    assert "btl self,vader,tcp --host a,b:4 --map-by node" in words(Hosts(("a", "b:4")))
    file = tmp_path / "hosts"
    file.write_text("# ours\na slots=4\n\nb\n")
    assert f"--hostfile {file} --map-by node" in words(Hosts(file=file))
    assert Hosts(file=file).each == ("a", "b") == Hosts(("a", "b:4")).each


@pytest.mark.parametrize(("said", "line"), [
    ("-----\nmpirun noticed that process rank 1 with PID 0 on node b exited on signal 9 (Killed).\n-----\n",
     "rank 1 (b) exited on signal 9 (Killed)"),
    ("fanbench-relay: the bench of rank 0 (a) was ended by signal 9 (Killed)\nmpirun detected that one or more\n",
     "the bench of rank 0 (a) was ended by signal 9 (Killed)"),
    ("[[25506,1],1][btl_tcp_endpoint.c:793:start_connect] from b to: c Unable to connect to the peer 10.77.0.3 on port "
     "1024: Invalid argument\n", "b does not reach c at 10.77.0.3: does a firewall shut the ports between them?"),
    ("mpirun was unable to launch the specified application as it could not access\nor execute an executable:\n\n"
     "Executable: /x/bin/fanbench-relay\nNode: b\n\nwhile attempting to start process rank 1.\n",
     "b has no /x/bin/fanbench-relay: build the same commit there, in the same place"),
    ("ssh: Could not resolve hostname no.such: Name or service not known\n---\nORTE was unable to reliably start one or "
     "more daemons.\n", "a host cannot be reached: ssh: Could not resolve hostname no.such: Name or service not known"),
    ("ORTE was unable to reliably start one or more daemons.\n",
     "a host cannot be reached, or has no OpenMPI of this version: fanbench doctor --hosts says which"),
    ("something else\n", "")])
def test_of_all_that_mpirun_says_one_line_is_left(said: str, line: str) -> None:
    assert ranks.what_mpirun_says(said) == line


def test_this_machine_is_known_by_its_names() -> None:
    assert ranks.is_here("localhost") and ranks.is_here(socket.gethostname())
    assert not ranks.is_here("192.0.2.1")  # of documentation, RFC 5737
    assert not ranks.is_here("")


# -- A run, with an mpirun that is none

def pretend_mpirun(pretend: Pretend, script: str) -> dict[str, str]:
    """In place of mpirun on PATH: gets its words, with the bench's from "$bench" on. The environment to run with."""
    folder = pretend.folder / "path"
    folder.mkdir()
    (folder / "mpirun").write_text('#!/bin/bash\nwhile [[ $1 != */fanbench-relay ]]; do options+=" $1"; shift; done\nshift\n'
                                   f'echo "$options" >> {pretend.folder}/mpirun.log\n{script}\n')
    (folder / "mpirun").chmod(0o755)
    relay = pretend.folder / ranks.RELAY
    relay.write_text("")
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def run_together(pretend: Pretend, script: str) -> tuple[int, dict]:
    pretend.cases({TOGETHER: "ok"})
    ran = pretend.run(environment=pretend_mpirun(pretend, script))
    return ran.code, pretend.rows()[0]


def test_a_case_of_ranks_is_started_by_mpirun(pretend: Pretend) -> None:
    code, made = run_together(pretend, 'exec "$@"')
    assert code == 0 and made["verified"] == 1
    assert re.search(r"-n 3$", (pretend.folder / "mpirun.log").read_text())


@pytest.mark.parametrize(("script", "message"), [
    ("echo 'mpirun noticed that process rank 2 with PID 7 on node b exited on signal 9 (Killed).' >&2; exit 137",
     "rank 2 (b) exited on signal 9 (Killed)"),
    ("kill -9 $$", "the ranks' launcher was ended by SIGKILL (out of memory?)"),
    ("exit 3", "the ranks' launcher exited with 3")])
def test_ranks_that_are_lost_are_an_error_row_with_one_line(pretend: Pretend, script: str, message: str) -> None:
    code, made = run_together(pretend, script)
    assert code == 1 and made["error_message"] == message


def test_a_launcher_that_does_not_end_is_not_waited_for_where_a_rank_is_lost(pretend: Pretend) -> None:
    script = "echo 'fanbench-relay: rank 1 (b) has not been heard of for 10 s' >&2; sleep 600"
    pretend.cases({TOGETHER: "ok"})
    ran = pretend.run(environment=pretend_mpirun(pretend, script))  # not for the minute that a case has
    assert ran.code == 1 and pretend.rows()[0]["error_message"] == "rank 1 (b) has not been heard of for 10 s"


def test_a_bench_that_could_say_why_is_believed(pretend: Pretend) -> None:
    pretend.cases({TOGETHER: "error"})
    pretend.run(environment=pretend_mpirun(pretend, '"$@"; exit 1'))
    assert pretend.rows()[0]["error_message"] == "expected 10 calls, the ledger shows 9"


def test_the_first_host_has_to_be_this_one(pretend: Pretend) -> None:
    pretend.cases({TOGETHER: "ok"})
    file = pretend.folder / "hosts"
    file.write_text("192.0.2.1 slots=2\n")
    for words in (("--hosts", "192.0.2.1,192.0.2.2"), ("--hostfile", str(file))):
        ran = pretend.run(*words)
        assert ran.code == 2
        assert "the first host is 192.0.2.1, expected this machine" in ran.err
    ran = pretend.run("--hostfile", "nowhere")
    assert ran.code == 2 and ran.err == "fanbench: nowhere: No such file or directory\n"


@pytest.mark.parametrize(("words", "said"), [
    (("--hosts", "a b"), 'expected names of hosts such as a,b,c, got "a b"'),
    (("--hosts", "a,,b"), "expected names of hosts"),
    (("--hosts", "a", "--hostfile", "b"), "not allowed with argument --hosts"),
    (("--ranks", "0"), "expected a whole number from 1")])
def test_wrong_words_get_one_line(pretend: Pretend, words: tuple[str, ...], said: str) -> None:
    ran = pretend.run(*words)
    assert ran.code == 2 and said in ran.err and ran.err.count("\n") == 1


# -- What is said of hosts

def host(name: str, build: str = "x", offset: float = 0.0, uncertainty: float = 0.0) -> Host:
    return Host(name, build, GOOD, offset, uncertainty)


def test_hosts_are_examined_one_by_one_and_beside_the_first() -> None:
    found = dict(examine([host("a"), host("b", "y", -5e6, 12.3), host("c", uncertainty=4e3)]))
    levels = {name: {f.what: f.level for f in findings} for name, findings in found.items()}
    assert levels["a"]["cores"] == doctor.OK == levels["a"]["build"] == levels["a"]["clock"]
    assert levels["b"]["build"] == doctor.IMPOSSIBLE and levels["b"]["clock"] == doctor.OK
    assert levels["c"]["clock"] == doctor.WARNING
    clock = next(f for f in found["b"] if f.what == "clock")
    assert clock.seen == "-5,000,000 µs beside the first host's, known to ±12.3 µs, which is allowed for"


def test_results_say_what_each_host_was() -> None:
    said = in_words(host("b", offset=1e6, uncertainty=9.0))
    assert said.startswith(f"{GOOD.cpu}, 8 CPUs") and said.endswith("descriptors, clock +1,000,000 ± 9.0 µs")
    assert provenance({"hosts": {"a": "one", "b": "two"}}) == {"The hosts of the ranks": [("a", "one"), ("b", "two")]}


# -- The plot

def rows_over_ranks(calls: dict[int, int], peaks: dict[int, float], per_second: dict[int, float]) -> list[dict]:
    return [row(f"gather/coroutines/native/calls:{calls[r]}/latency:2s/start:warm/ranks:{r}", in_flight_peak=peaks[r],
                calls_per_s=per_second[r]) for r in calls]


def test_the_plot_over_ranks_has_the_ideal_of_the_leftmost_point() -> None:
    grown = rows_over_ranks({1: 100, 2: 200, 4: 400}, {1: 100, 2: 200, 4: 390}, {1: 50.0, 2: 90.0, 4: 120.0})
    group, = groups_over_ranks(from_rows(grown, {}))
    in_flight, per_second = over_ranks(group).axes
    assert [list(line.get_ydata()) for line in in_flight.lines] == [[100, 200, 400], [100, 200, 390]]
    assert [list(line.get_ydata()) for line in per_second.lines] == [[50, 100, 200], [50, 90, 120]]
    same = rows_over_ranks({1: 100, 2: 100}, {1: 10, 2: 10}, {1: 50.0, 2: 90.0})
    group, = groups_over_ranks(from_rows(same, {}))
    assert len(over_ranks(group).axes) == 1  # the same calls: as many are in flight, whoever makes them


def test_one_number_of_ranks_is_no_plot() -> None:
    assert groups_over_ranks(from_rows(rows_over_ranks({2: 10}, {2: 10}, {2: 1.0}), {})) == []
    assert groups_over_ranks(from_rows([row(ALONE, in_flight_peak=1.0, calls_per_s=1.0)], {})) == []
