"""What this machine is and allows, as the bench prints it, and the software that only this side can see. doctor.py judges
it."""

from __future__ import annotations

import json
import math
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Mapping, NamedTuple

# Which libraries the bench was built with it says itself, of these it knows nothing.
PACKAGES = ("libbenchmark-dev", "libgtest-dev", "libfmt-dev", "libtomlplusplus-dev", "libcli11-dev",
            "nlohmann-json3-dev")


class MachineError(ValueError):
    """What can't be read as a machine. The message is one line."""


class Allowance(NamedTuple):
    """So many are to be had, and who says so."""

    count: float  # inf: no limit
    by: str


@dataclass(frozen=True)
class Machine:
    """What `fanbench-bench --machine` prints, as far as it is judged. None where the machine does not say."""

    cores: tuple[int, ...]  # CPUs that this process may use
    physical_cores: tuple[tuple[int, ...], ...]  # these by the core that they are threads of
    server_cpus: tuple[int, ...]  # where the server runs; the client has the others, or this one too where it is alone
    cpu: str
    kernel: str
    kernel_steps_per_ms: float  # of work: what a millisecond of computing is
    busy_cores: float | None  # that others keep busy just now
    load_1m: float | None
    governor: str | None
    memory_bytes: int | None
    descriptors: Allowance
    tasks: tuple[Allowance, ...]  # each must be kept
    mappings: Allowance
    memory_mb: Allowance
    ports: Allowance
    ports_reused: bool  # within a second of a connection's end, else after a minute
    counts_syscalls: bool
    tracepoints_readable: bool
    perf_event_paranoid: int | None
    compiler: str
    flags: str
    libraries: Mapping[str, str]
    printed: Mapping[str, Any]  # all of it, as results carry it


def read(printed: Any) -> Machine:
    """Raises MachineError."""
    limits, ports = _take(printed, "limits", dict), _take(printed, "ports", dict, NoneType)
    cores, tasks = _take(printed, "cores", list), _take(limits, "tasks", list)
    if not cores:
        raise MachineError('"cores" is empty')
    return Machine(
        cores=tuple(cores),
        physical_cores=tuple(map(tuple, _take(printed, "physical_cores", list))),
        server_cpus=tuple(_take(printed, "server_cpus", list)),
        cpu=_take(printed, "cpu", str),
        kernel=_take(printed, "kernel", str),
        kernel_steps_per_ms=_take(printed, "kernel_steps_per_ms", float, int),
        busy_cores=_take(printed, "busy_cores", float, int, NoneType),
        load_1m=_take(printed, "load_1m", float, int, NoneType),
        governor=_take(printed, "governor", str, NoneType),
        memory_bytes=_take(printed, "memory_bytes", int, NoneType),
        descriptors=_allowance(_take(limits, "descriptors", dict)),
        tasks=tuple(map(_allowance, tasks)),
        mappings=_allowance(_take(limits, "mappings", dict)),
        memory_mb=_allowance(_take(limits, "memory_mb", dict)),
        ports=_allowance(_take(limits, "ports", dict)),
        ports_reused=ports is not None and _take(ports, "reused", bool),
        counts_syscalls=_take(printed, "counts_syscalls", bool),
        tracepoints_readable=_take(printed, "tracepoints_readable", bool),
        perf_event_paranoid=_take(printed, "perf_event_paranoid", int, NoneType),
        compiler=_take(printed, "compiler", str),
        flags=_take(printed, "flags", str),
        libraries=_take(printed, "libraries", dict),
        printed=printed,
    )


def _take(of: Any, key: str, *kinds: type) -> Any:
    if not isinstance(of, dict) or key not in of:
        raise MachineError(f'no "{key}"')
    if type(of[key]) not in kinds:  # a bool is no int here
        raise MachineError(f'"{key}" is {json.dumps(of[key])}')
    return of[key]


def _allowance(of: Any) -> Allowance:
    count = _take(of, "count", int, NoneType)
    return Allowance(math.inf if count is None else count, _take(of, "by", str))


@dataclass(frozen=True)
class Software:
    """What the bench cannot know of the machine that it runs on. "" where there is none."""

    distribution: str = ""
    cmake: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)  # versions


def read_software() -> Software:
    try:
        distribution = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        distribution = ""
    cmake = re.search(r"version (\S+)", _output("cmake", "--version"))
    shown = _output("dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *PACKAGES)
    versions = dict(line.partition(" ")[::2] for line in shown.splitlines())
    return Software(distribution, cmake[1] if cmake else "", {name: v for name, v in versions.items() if v})


def _output(*argv: str) -> str:
    """What a program prints; nothing where it is not there."""
    if not shutil.which(argv[0]):
        return ""
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
                          check=False).stdout.strip()
