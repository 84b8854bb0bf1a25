"""What doctor says of pretended machines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Pretend
from fanbench_tools.machine import doctor
from fanbench_tools.machine.doctor import IMPOSSIBLE, NOTE, OK, WARNING, Finding
from fanbench_tools.machine.facts import UNLIMITED, Machine, read_machine

GOOD = Machine(cores=8, tracepoints_readable=True, root=True, compiler="c++ 12", cmake="3.25.1",
               libraries={"boost": "1.81"})


def finding(machine: Machine, what: str) -> Finding:
    return next(f for f in doctor.examine(machine) if f.what == what)


def test_a_good_machine_needs_nothing() -> None:
    assert [f for f in doctor.examine(GOOD) if f.level != OK or f.advice] == []


@pytest.mark.parametrize(("change", "what", "level", "said"), [
    ({"cores": 1}, "cores", WARNING, "Client and server share it"),
    ({"cores": 2}, "cores", NOTE, "a core each"),
    ({"busy_cores": 1.5}, "load", WARNING, "other programs keep 1.5 of 8 cores busy"),
    ({"busy_cores": 0.2}, "load", OK, "0.2 of 8"),
    ({"governor": "powersave"}, "governor", WARNING, "cpupower frequency-set"),
    ({"governor": None}, "governor", OK, "virtual machine"),
    ({"memory_available_bytes": 1 << 30}, "memory", WARNING, "1.0 of 8.0 GiB"),
    ({"memory_available_bytes": 100 << 20}, "memory", IMPOSSIBLE, "0.25 GiB at least"),
    ({"descriptors_soft": 1024, "descriptors_hard": 4096}, "descriptors", WARNING, "1,024, may be raised to 4,096"),
    ({"descriptors_soft": 1024, "descriptors_hard": 1 << 20}, "descriptors", OK, "1,024"),
    ({"descriptors_hard": 64}, "descriptors", IMPOSSIBLE, "ulimit -Hn"),
    ({"descriptors_soft": UNLIMITED, "descriptors_hard": UNLIMITED}, "descriptors", OK, "no limit"),
    ({"processes": 4000}, "threads and processes", WARNING, "4,000 at most, set by ulimit -u"),
    ({"pids_cgroup": 5000}, "threads and processes", WARNING, "TasksMax"),
    ({"max_map_count": 10_000}, "threads and processes", WARNING, "sysctl vm.max_map_count"),
    ({"threads_max": 9000}, "threads and processes", WARNING, "sysctl kernel.threads-max"),
    ({"ports": (32768, 33767)}, "ports", WARNING, "1,000 for connections"),
    ({"tracepoints_readable": False}, "system calls", NOTE, "mount -t tracefs"),
    ({"root": False, "perf_event_paranoid": 2}, "system calls", NOTE, "kernel.perf_event_paranoid is 2"),
    ({"root": False, "perf_event_paranoid": 1}, "system calls", OK, "can be counted"),
    ({"compiler": ""}, "compiler", NOTE, "installs what is missing"),
    ({"libraries": {"boost": "1.74"}}, "libraries", NOTE, "1.81 or newer"),
    ({"libraries": {}}, "libraries", NOTE, "none found"),
])
def test_each_shortage_is_said_with_its_cure(change: dict, what: str, level: str, said: str) -> None:
    found = finding(replace(GOOD, **change), what)
    assert found.level == level
    assert said in found.line()
    assert bool(found.advice) == (level != OK)


def test_only_warnings_are_said_before_a_run() -> None:
    findings = doctor.examine(replace(GOOD, cores=2, governor="powersave"))
    assert [f.what for f in doctor.worth_saying_before_a_run(findings)] == ["governor"]


def test_the_report_fits_80_columns() -> None:
    poor = replace(GOOD, cores=1, governor="powersave", descriptors_hard=300, processes=300, ports=(1, 2), cpu="X" * 40)
    assert max(map(len, doctor.report(doctor.examine(poor)).splitlines())) <= 80


def test_this_machine_can_be_read() -> None:
    machine = read_machine()
    assert machine.cores >= 1 and machine.memory_bytes > 0 and machine.kernel.startswith("Linux")
    assert 0 <= machine.busy_cores <= 4096
    assert 0 < machine.memory_available_bytes <= machine.memory_bytes


def test_doctor_as_a_command(pretend: Pretend) -> None:
    ran = pretend.run(verb="doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("\n") >= len(doctor.LOOKS)
