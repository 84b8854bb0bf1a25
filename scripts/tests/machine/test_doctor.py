"""What doctor says of pretended machines."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from conftest import Pretend
from fanbench_tools.machine import doctor
from fanbench_tools.machine.doctor import IMPOSSIBLE, NOTE, OK, WARNING, Finding
from fanbench_tools.machine.facts import Allowance, Machine, Software
from fixtures.machines import GOOD

DEBIAN = Software("Debian GNU/Linux 12 (bookworm)", "3.25.1", {"libfmt-dev": "9.1.0"})


def examine(machine: Machine) -> list[Finding]:
    return doctor.examine(machine, DEBIAN)


def finding(machine: Machine, what: str) -> Finding:
    return next(f for f in examine(machine) if f.what == what)


def test_a_good_machine_needs_nothing() -> None:
    assert [f for f in examine(GOOD) if f.level != OK or f.advice] == []


@pytest.mark.parametrize(("change", "what", "level", "said"), [
    ({"cores": (3,)}, "cores", WARNING, "Client and server share it"),
    ({"cores": (0, 1)}, "cores", NOTE, "a core each"),
    ({"physical_cores": ((0, 4), (1, 5), (2, 6), (3, 7)), "server_cpus": (3, 7)}, "topology", OK,
     "8 CPUs are threads of 4 physical cores; the server has 3, 7, a core of its own"),
    ({"cores": (0, 1), "physical_cores": ((0, 1),), "server_cpus": (1,)}, "topology", WARNING, "slow each other down"),
    ({"busy_cores": 1.5}, "load", WARNING, "other programs keep 1.5 of 8 cores busy (load average 0.25)"),
    ({"busy_cores": 0.2, "load_1m": None}, "load", OK, "0.2 of 8 cores busy"),
    ({"busy_cores": None}, "load", NOTE, "not visible here"),
    ({"governor": "powersave"}, "governor", WARNING, "cpupower frequency-set"),
    ({"governor": None}, "governor", OK, "virtual machine"),
    ({"memory_mb": Allowance(1100, "MemAvailable")}, "memory", WARNING, "1.1 of 8.0 GB available (MemAvailable)"),
    ({"memory_mb": Allowance(100, "MemAvailable")}, "memory", IMPOSSIBLE, "end other programs"),
    ({"memory_mb": Allowance(100, "memory.max of cgroup /a")}, "memory", IMPOSSIBLE, "MemoryMax"),
    ({"memory_mb": Allowance(6000, "MemAvailable"), "memory_bytes": None}, "memory", OK, "6.0 GB available"),
    ({"memory_mb": Allowance(math.inf, "MemAvailable")}, "memory", OK, "no limit"),
    ({"descriptors": Allowance(4096, "RLIMIT_NOFILE")}, "descriptors", WARNING, "4,096 at most, set by RLIMIT_NOFILE"),
    ({"descriptors": Allowance(64, "RLIMIT_NOFILE")}, "descriptors", IMPOSSIBLE, "ulimit -Hn"),
    ({"descriptors": Allowance(math.inf, "RLIMIT_NOFILE")}, "descriptors", OK, "no limit"),
    ({"tasks": (Allowance(4000, "RLIMIT_NPROC"),)}, "threads and processes", WARNING, "ulimit -u 65536"),
    ({"tasks": (Allowance(90_000, "kernel.pid_max"), Allowance(5000, "pids.max of cgroup /a"))},
     "threads and processes", WARNING, "5,000 at most, set by pids.max of cgroup /a"),
    ({"tasks": (Allowance(5000, "pids.max of cgroup /a"),)}, "threads and processes", WARNING, "TasksMax"),
    ({"tasks": (Allowance(9000, "kernel.threads-max"),)}, "threads and processes", WARNING, "sysctl kernel.threads-max"),
    ({"mappings": Allowance(20_000, "vm.max_map_count")}, "threads and processes", WARNING, "sysctl vm.max_map_count"),
    ({"tasks": (), "mappings": Allowance(math.inf, "vm.max_map_count")}, "threads and processes", OK, "no limit"),
    ({"ports": Allowance(1000, "net.ipv4.ip_local_port_range")}, "ports", WARNING, "1,000 at most"),
    ({"ports": Allowance(15_000, "net.ipv4.ip_local_port_range")}, "ports", OK, "15,000 at most"),
    ({"ports": Allowance(15_000, "net.ipv4.ip_local_port_range"), "ports_reused": False}, "ports", WARNING, "a minute"),
    ({"ports": Allowance(25_000, "net.ipv4.ip_local_port_range"), "ports_reused": False}, "ports", OK, "25,000"),
    ({"counts_syscalls": False, "tracepoints_readable": False}, "system calls", NOTE, "mount -t tracefs"),
    ({"counts_syscalls": False}, "system calls", NOTE, "kernel.perf_event_paranoid is 2"),
])
def test_each_shortage_is_said_with_its_cure(change: dict, what: str, level: str, said: str) -> None:
    found = finding(replace(GOOD, **change), what)
    assert found.level == level
    assert said in found.line()
    assert bool(found.advice) == (level != OK)


def test_only_warnings_are_said_before_a_run() -> None:
    findings = examine(replace(GOOD, cores=(0, 1), governor="powersave"))
    assert [f.what for f in doctor.worth_saying_before_a_run(findings)] == ["governor"]


def test_what_is_said_before_a_run_fits_80_columns(pretend: Pretend) -> None:
    pretend.cases({"gather/threads/native/calls:10/latency:20ms/start:warm": "ok"}, machine={"busy_cores": 1.5})
    said = pretend.run().out.partition("pretend: ")[0]
    assert said.startswith("warning: load: other programs keep 1.5 ") and "End them, or wait" in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 80


def test_the_report_fits_80_columns() -> None:
    few = Allowance(300, "pids.max of cgroup /system.slice/fanbench.service")
    poor = replace(GOOD, cores=(0,), governor="powersave", descriptors=few, tasks=(few,), ports=few, cpu="X" * 40)
    assert max(map(len, doctor.report(examine(poor)).splitlines())) <= 80


def test_what_a_machine_is_made_of_is_said_too() -> None:
    text = " ".join(doctor.report(examine(GOOD)).split())
    for said in ("system: Linux 6.1.0, Debian GNU/Linux 12 (bookworm)", "compiler: GNU 12.2.0 -O2 -g -DNDEBUG; CMake 3.25.1",
                 "libraries: boost 1.81.0, libcurl 7.88.1, tbb 2021.8, libfmt-dev 9.1.0"):
        assert said in text
    assert doctor.examine(GOOD, Software())[-2].seen == "GNU 12.2.0 -O2 -g -DNDEBUG"


@pytest.mark.parametrize(("machine", "code"), [({}, 0), ({"governor": "powersave"}, 0), ({"limits": {
    **GOOD.printed["limits"], "descriptors": {"count": 64, "by": "RLIMIT_NOFILE"}}}, 1)])
def test_doctor_as_a_command(pretend: Pretend, machine: dict, code: int) -> None:
    pretend.cases({}, machine=machine)
    ran = pretend.run(verb="doctor")
    assert (ran.code, ran.err) == (code, "")
    assert ran.out.count("\n") >= len(doctor.LOOKS)
    assert ("impossible descriptors: 64 at most" in ran.out) == bool(code)
