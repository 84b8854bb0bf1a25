"""What the bench says of a machine, read: whole, not known, missing and broken."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from conftest import Pretend
from fanbench_tools.machine.facts import Allowance, MachineError, read, read_software
from fixtures.machines import PRINTED


def printed_with(where: str, value: Any) -> dict[str, Any]:
    """A printed machine, changed in one place: "limits.ports.count"."""
    document = copy.deepcopy(PRINTED)
    *path, last = where.split(".")
    inner: Any = document
    for key in path:
        inner = inner[int(key) if key.isdigit() else key]
    if value is Ellipsis:
        del inner[last]
    else:
        inner[last] = value
    return document


def test_a_machine_is_what_the_bench_prints() -> None:
    machine = read(PRINTED)
    assert (len(machine.cores), machine.kernel, machine.governor) == (8, "Linux 6.1.0", "performance")
    assert machine.tasks[:2] == (Allowance(math.inf, "RLIMIT_NPROC"), Allowance(60_000, "kernel.threads-max"))
    assert machine.memory_mb == Allowance(6000, "MemAvailable") and machine.ports_reused
    assert machine.printed == PRINTED


@pytest.mark.parametrize(("where", "field"), [("busy_cores", "busy_cores"), ("load_1m", "load_1m"),
                                              ("governor", "governor"), ("memory_bytes", "memory_bytes"),
                                              ("perf_event_paranoid", "perf_event_paranoid")])
def test_null_is_not_known(where: str, field: str) -> None:
    assert getattr(read(printed_with(where, None)), field) is None


def test_without_a_range_of_ports_none_are_reused() -> None:
    assert not read(printed_with("ports", None)).ports_reused


@pytest.mark.parametrize(("where", "value", "said"), [
    *((key, ..., f'no "{key}"') for key in (
        "cores", "cpu", "kernel", "busy_cores", "load_1m", "governor", "memory_bytes", "limits", "ports",
        "counts_syscalls", "tracepoints_readable", "perf_event_paranoid", "compiler", "flags", "libraries")),
    *((f"limits.{key}", ..., f'no "{key}"') for key in ("descriptors", "tasks", "mappings", "ports", "memory_mb")),
    ("limits.ports.count", ..., 'no "count"'),
    ("limits.tasks.0.by", ..., 'no "by"'),
    ("ports.reused", ..., 'no "reused"'),
    ("cores", 8, '"cores" is 8'),
    ("cores", [], '"cores" is empty'),
    ("busy_cores", "much", '"busy_cores" is "much"'),
    ("busy_cores", True, '"busy_cores" is true'),
    ("limits", None, '"limits" is null'),
    ("limits.tasks", {}, '"tasks" is {}'),
    ("limits.descriptors", 20_000, '"descriptors" is 20000'),
    ("limits.descriptors.count", 1.5, '"count" is 1.5'),
    ("limits.descriptors.by", None, '"by" is null'),
    ("counts_syscalls", 1, '"counts_syscalls" is 1'),
])
def test_what_is_missing_or_broken_is_named(where: str, value: Any, said: str) -> None:
    with pytest.raises(MachineError) as raised:
        read(printed_with(where, value))
    assert str(raised.value) == said


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_what_is_no_object_is_refused(document: Any) -> None:
    with pytest.raises(MachineError, match='no "limits"'):
        read(document)


def test_this_systems_software_can_be_read() -> None:
    software = read_software()
    json.dumps(software.packages)
    assert all(version and " " not in version for version in software.packages.values())


@pytest.mark.parametrize("verb", ["doctor", "run"])
@pytest.mark.parametrize(("machine", "said"), [
    ({"cores": "all"}, 'fanbench: bench --machine printed what can\'t be read: "cores" is "all"'),
    ("fanbench-bench: open /proc: Permission denied", "fanbench: fanbench-bench: open /proc: Permission denied"),
])
def test_a_bench_that_does_not_say_gets_one_line(pretend: Pretend, verb: str, machine: Any, said: str) -> None:
    pretend.cases({"gather/threads/native/calls:10/latency:20ms/start:warm": "ok"}, machine=machine)
    ran = pretend.run(verb=verb)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{said}\n")


def test_a_bench_that_is_not_there_gets_one_line(pretend: Pretend) -> None:
    pretend.bench.unlink()
    ran = pretend.run(verb="doctor")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (f"fanbench: {pretend.bench} can't be started (No such file or directory): "
                       "./scripts/fanbench list builds it\n")
