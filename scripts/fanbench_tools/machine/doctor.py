"""Judges a machine: what limits or disturbs a measurement, each finding with what to do."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Callable, Sequence

from .facts import UNLIMITED, Machine

OK, NOTE, WARNING, IMPOSSIBLE = "ok", "note", "warning", "impossible"

MOST_CALLS = 10_000  # in flight at once in the suites that come with fanbench
SPARE = 200  # descriptors, threads … that a program needs besides its calls'


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` says what to do, and is empty where nothing is to be done."""

    level: str
    what: str
    seen: str
    advice: str = ""

    def line(self) -> str:
        return f"{self.what}: {self.seen}{'. ' + self.advice if self.advice else ''}"


def examine(machine: Machine) -> list[Finding]:
    """All findings, in the order in which doctor prints them."""
    return [look(machine) for look in LOOKS]


def worth_saying_before_a_run(findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.level in (WARNING, IMPOSSIBLE)]


def report(findings: Sequence[Finding], width: int = 80) -> str:
    """The findings as text, wrapped, the level in front."""
    lines: list[str] = []
    for f in findings:
        lines += textwrap.wrap(f.line(), width, initial_indent=f"{f.level:<11}", subsequent_indent=" " * 11,
                               break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _cores(m: Machine) -> Finding:
    seen = f"{m.cores}{', ' + m.cpu if m.cpu else ''}"
    if m.cores < 2:
        return Finding(WARNING, "cores", seen, "Client and server share it, so each slows the other: "
                       "use a machine with two cores or more for figures that are to count")
    if m.cores < 4:
        return Finding(NOTE, "cores", seen, "Client and server get a core each, nothing is left for the rest: "
                       "leave the machine alone during a run")
    return Finding(OK, "cores", seen)


def _load(m: Machine) -> Finding:
    seen = f"other programs keep {m.busy_cores:.1f} of {m.cores} cores busy (load average {m.load_1m:.2f})"
    if m.busy_cores > max(0.3, 0.1 * m.cores):
        return Finding(WARNING, "load", seen, "End them, or wait: what runs beside a measurement is in its figures")
    return Finding(OK, "load", seen)


def _governor(m: Machine) -> Finding:
    if m.governor is None:
        return Finding(OK, "governor", "not visible here (a virtual machine sets no frequency)")
    if m.governor == "performance":
        return Finding(OK, "governor", m.governor)
    return Finding(WARNING, "governor", f"{m.governor}: the clock changes with the load",
                   "As root: cpupower frequency-set --governor performance")


def _memory(m: Machine) -> Finding:
    gib = 1 << 30
    seen = f"{m.memory_available_bytes / gib:.1f} of {m.memory_bytes / gib:.1f} GiB available"
    if m.memory_available_bytes < gib // 4:
        return Finding(IMPOSSIBLE, "memory", seen, "A run needs 0.25 GiB at least: end other programs")
    if m.memory_available_bytes < 2 * gib:
        return Finding(WARNING, "memory", seen, "The build, and cases with thousands of threads or processes, may run "
                       "out of it")
    return Finding(OK, "memory", seen)


def _descriptors(m: Machine) -> Finding:
    needed = MOST_CALLS + SPARE
    seen = f"{_count(m.descriptors_soft)}, may be raised to {_count(m.descriptors_hard)}"
    if m.descriptors_hard < 256:
        return Finding(IMPOSSIBLE, "descriptors", seen, "As root: ulimit -Hn 65536")
    if m.descriptors_hard < needed:
        return Finding(WARNING, "descriptors", seen, f"{MOST_CALLS:,} calls at once need {needed:,}; cases beyond the "
                       "limit say so instead of running. As root: ulimit -Hn 65536, or LimitNOFILE= in the service")
    return Finding(OK, "descriptors", seen)


def _threads(m: Machine) -> Finding:
    needed = MOST_CALLS + SPARE
    limits = {"ulimit -u": m.processes, "kernel.threads-max": m.threads_max, "kernel.pid_max": m.pid_max,
              "the control group's pids.max": m.pids_cgroup, "vm.max_map_count / 2": m.max_map_count // 2}
    name, least = min(limits.items(), key=lambda limit: limit[1])
    seen = f"{_count(least)} at most, set by {name}"
    if least < needed:
        return Finding(WARNING, "threads and processes", seen, f"{MOST_CALLS:,} threads need {needed:,}; cases beyond "
                       f"the limit say so instead of running. As root: {_raise_advice(name)}")
    return Finding(OK, "threads and processes", seen)


def _raise_advice(name: str) -> str:
    return {"ulimit -u": "ulimit -u 65536", "the control group's pids.max": "raise TasksMax= of the service or container",
            "vm.max_map_count / 2": "sysctl vm.max_map_count=262144"}.get(name, f"sysctl {name}=131072")


def _ports(m: Machine) -> Finding:
    low, high = m.ports
    many = high - low + 1
    seen = f"{many:,} for connections ({low} to {high})"
    if many < 2 * MOST_CALLS:
        return Finding(WARNING, "ports", seen, "A closed connection keeps its port for a minute, so a connection per "
                       "call runs out of them. As root: sysctl net.ipv4.ip_local_port_range='16384 60999'")
    return Finding(OK, "ports", seen)


def _system_calls(m: Machine) -> Finding:
    if m.tracepoints_readable and (m.root or (m.perf_event_paranoid is not None and m.perf_event_paranoid <= 1)):
        return Finding(OK, "system calls", "can be counted")
    if not m.tracepoints_readable:
        return Finding(NOTE, "system calls", "can't be counted: no readable tracepoints",
                       "As root, where the kernel has them: mount -t tracefs nodev /sys/kernel/tracing")
    return Finding(NOTE, "system calls", f"can't be counted: kernel.perf_event_paranoid is {m.perf_event_paranoid}",
                   "As root: sysctl kernel.perf_event_paranoid=1")


def _system(m: Machine) -> Finding:
    return Finding(OK, "system", ", ".join(filter(None, (m.kernel, m.distribution))) or "unknown")


def _compiler(m: Machine) -> Finding:
    if not m.compiler or not m.cmake:
        return Finding(NOTE, "compiler", "no C++ compiler or no CMake here", "fanbench run installs what is missing")
    return Finding(OK, "compiler", f"{m.compiler}; CMake {m.cmake}")


def _libraries(m: Machine) -> Finding:
    seen = ", ".join(f"{name} {version}" for name, version in m.libraries.items()) or "none found"
    boost = m.libraries.get("boost", "")
    if not boost or tuple(int(part) for part in boost.split(".")[:2]) < (1, 81):
        return Finding(NOTE, "libraries", seen, "Boost 1.81 or newer is needed: fanbench run installs what is missing")
    return Finding(OK, "libraries", seen)


def _count(value: int) -> str:
    return "no limit" if value >= UNLIMITED else f"{value:,}"


LOOKS: tuple[Callable[[Machine], Finding], ...] = (
    _cores, _load, _governor, _memory, _descriptors, _threads, _ports, _system_calls, _system, _compiler, _libraries)
