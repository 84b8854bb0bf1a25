"""Judges what the bench says of this machine: what limits or disturbs a measurement, each finding with what to do."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Callable, Sequence

from .facts import Allowance, Machine, Software

OK, NOTE, WARNING, IMPOSSIBLE = "ok", "note", "warning", "impossible"

MOST_CALLS = 10_000  # in flight at once in the suites that come with fanbench
# And what a program needs besides its calls', generously: idle_process in impls/contract/model.hpp.
NEEDED = MOST_CALLS + 256


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` says what to do, and is empty where nothing is to be done."""

    level: str
    what: str
    seen: str
    advice: str = ""

    def line(self) -> str:
        return f"{self.what}: {self.seen}{'. ' + self.advice if self.advice else ''}"


def examine(machine: Machine, software: Software) -> list[Finding]:
    """All findings, in the order in which doctor prints them."""
    return [*(look(machine) for look in LOOKS), *_made_of(machine, software)]


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
    many = len(m.cores)
    seen = f"{many}, {m.cpu}"
    if many < 2:
        return Finding(WARNING, "cores", seen, "Client and server share it, so each slows the other: "
                       "use a machine with two cores or more for figures that are to count")
    if many < 4:
        return Finding(NOTE, "cores", seen, "Client and server get a core each, nothing is left for the rest: "
                       "leave the machine alone during a run")
    return Finding(OK, "cores", seen)


def _topology(m: Machine) -> Finding:
    """Whether the server has a whole physical core: what runs on the other thread of a core slows it down."""
    cores, server = len(m.physical_cores), ", ".join(map(str, m.server_cpus))
    if cores == len(m.cores):
        return Finding(OK, "topology", f"each CPU is a physical core, as far as the kernel is told; the server has {server}")
    seen = f"{len(m.cores)} CPUs are threads of {cores} physical core{'' if cores == 1 else 's'}; the server has {server}"
    if cores == 1:
        return Finding(WARNING, "topology", seen, "Client and server slow each other down: use a machine with two "
                       "physical cores or more for figures that are to count")
    return Finding(OK, "topology", f"{seen}, a core of its own")


def _load(m: Machine) -> Finding:
    if m.busy_cores is None:
        return Finding(NOTE, "load", "not visible here", "Look yourself whether other programs are at work")
    average = "" if m.load_1m is None else f" (load average {m.load_1m:.2f})"
    seen = f"other programs keep {m.busy_cores:.1f} of {len(m.cores)} cores busy{average}"
    if m.busy_cores > max(0.3, 0.1 * len(m.cores)):
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
    count, by = m.memory_mb
    of = "" if m.memory_bytes is None else f" of {m.memory_bytes / 1e9:.1f}"
    seen = f"{count / 1e3:.1f}{of} GB available ({by})" if count < math.inf else "no limit is visible"
    if count < 256:
        return Finding(IMPOSSIBLE, "memory", seen, f"A run needs 0.3 GB at least: {_raise_memory(by)}")
    if count < 2000:
        return Finding(WARNING, "memory", seen, "The build, and cases with thousands of threads or processes, may run "
                       f"out of it: {_raise_memory(by)}")
    return Finding(OK, "memory", seen)


def _raise_memory(by: str) -> str:
    return "raise MemoryMax= of the service or container" if "cgroup" in by else "end other programs"


def _descriptors(m: Machine) -> Finding:
    count, by = m.descriptors
    seen = _most(m.descriptors)
    if count < 256:
        return Finding(IMPOSSIBLE, "descriptors", seen, "As root: ulimit -Hn 65536")
    if count < NEEDED:
        return Finding(WARNING, "descriptors", seen, f"{MOST_CALLS:,} calls at once need {NEEDED:,}; cases beyond the "
                       "limit say so instead of running. As root: ulimit -Hn 65536, or LimitNOFILE= in the service")
    return Finding(OK, "descriptors", seen)


def _threads(m: Machine) -> Finding:
    threads_mapped = Allowance(m.mappings.count // 2, f"{m.mappings.by} / 2")  # a stack and its guard page
    least = min((*m.tasks, threads_mapped), key=lambda allowance: allowance.count)
    if least.count < NEEDED:
        return Finding(WARNING, "threads and processes", _most(least), f"{MOST_CALLS:,} threads need {NEEDED:,}; cases "
                       f"beyond the limit say so instead of running. As root: {_raise_tasks(least.by)}")
    return Finding(OK, "threads and processes", _most(least))


def _raise_tasks(by: str) -> str:
    if "cgroup" in by:
        return "raise TasksMax= of the service or container"
    return {"RLIMIT_NPROC": "ulimit -u 65536", "vm.max_map_count / 2": "sysctl vm.max_map_count=262144"}.get(
        by, f"sysctl {by}=131072")


def _ports(m: Machine) -> Finding:
    widen = "As root: sysctl net.ipv4.ip_local_port_range='16384 60999'"
    if m.ports.count < NEEDED:
        return Finding(WARNING, "ports", _most(m.ports), f"{MOST_CALLS:,} calls at once need {NEEDED:,}; cases beyond "
                       f"the limit say so instead of running. {widen}")
    if not m.ports_reused and m.ports.count < 2 * MOST_CALLS:
        return Finding(WARNING, "ports", _most(m.ports), "A closed connection keeps its port for a minute, so a "
                       f"connection per call runs out of them. {widen}")
    return Finding(OK, "ports", _most(m.ports))


def _system_calls(m: Machine) -> Finding:
    if m.counts_syscalls:
        return Finding(OK, "system calls", "can be counted")
    if not m.tracepoints_readable:
        return Finding(NOTE, "system calls", "can't be counted: no readable tracepoints",
                       "As root, where the kernel has them: mount -t tracefs nodev /sys/kernel/tracing")
    return Finding(NOTE, "system calls", f"can't be counted: kernel.perf_event_paranoid is {m.perf_event_paranoid}",
                   "As root: sysctl kernel.perf_event_paranoid=1")


def _made_of(m: Machine, software: Software) -> list[Finding]:
    """Nothing to judge, but to be known with all that is measured here."""
    cmake = software.cmake and f"; CMake {software.cmake}"
    versions = {**m.libraries, **software.packages}
    return [Finding(OK, "system", ", ".join(filter(None, (m.kernel, software.distribution)))),
            Finding(OK, "compiler", f"{m.compiler} {m.flags}{cmake}"),
            Finding(OK, "libraries", ", ".join(f"{name} {version}" for name, version in versions.items()))]


def _most(allowance: Allowance) -> str:
    count, by = allowance
    return f"{count:,.0f} at most, set by {by}" if count < math.inf else "no limit"


LOOKS: tuple[Callable[[Machine], Finding], ...] = (
    _cores, _topology, _load, _governor, _memory, _descriptors, _threads, _ports, _system_calls)
