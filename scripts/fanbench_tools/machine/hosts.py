"""Asks each host that is to have ranks what it is, and judges what they are together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from ..run import process, ranks
from ..run.turns import last_line
from . import doctor, facts
from .doctor import IMPOSSIBLE, OK, WARNING, Finding
from .facts import Machine, Software

PATIENCE_S = 60.0  # for all of them together
PATIENCE_OF_ONE_S = 25.0
MOST_UNCERTAINTY_US = 1000.0  # of a clock; beyond it, starts are no longer of one time


class HostsError(Exception):
    """Hosts that can't be asked. The message is a line for each that is the cause."""


@dataclass(frozen=True)
class Host:
    name: str
    build: str  # the bench there, in one line
    machine: Machine
    clock_offset_us: float  # its clock beside the first host's
    clock_uncertainty_us: float


def ask(bench: Path, hosts: ranks.Hosts) -> list[Host]:
    """Raises HostsError."""
    command = [*hosts.launch(len(hosts.each), bench.parent / ranks.RELAY), bench, "--hosts"]
    ended = process.run(command, timeout_s=PATIENCE_S)
    try:
        return [_read(one) for one in json.loads(ended.stdout)]
    except (ValueError, KeyError, TypeError):
        why = ranks.what_mpirun_says(ended.stderr) or last_line(ended.stderr) or f"no answer within {PATIENCE_S:g} s"
    raise HostsError("\n".join(_those_that_do_not_start(hosts)) or why)


def _those_that_do_not_start(hosts: ranks.Hosts) -> list[str]:
    """A line for each host where not even a program that does nothing can be started."""
    lines = []
    for name in hosts.each:
        alone = ranks.Hosts((name,)).launch(1, Path("true"))
        ended = process.run(alone, timeout_s=PATIENCE_OF_ONE_S)
        if ended.returncode:
            why = (ranks.what_mpirun_says(ended.stderr) or last_line(ended.stderr) or "no answer").partition(": fanbench")[0]
            lines.append(f"{name}: nothing can be started there by mpirun ({why}): does ssh {name} true work without a "
                         "password, and is OpenMPI there?")
    return lines


def _read(one: Any) -> Host:
    return Host(one["host"], one["build"], facts.read(one["machine"]), float(one["clock_offset_us"]),
                float(one["clock_uncertainty_us"]))


def in_words(host: Host) -> str:
    """As results carry it."""
    m = host.machine
    memory = "" if m.memory_bytes is None else f", {m.memory_bytes / 1e9:.1f} GB"
    clock = f", clock {host.clock_offset_us:+,.0f} ± {host.clock_uncertainty_us:,.1f} µs" if host.clock_uncertainty_us else ""
    return (f"{m.cpu}, {len(m.cores)} CPU{'' if len(m.cores) == 1 else 's'}{memory}, {m.kernel}, "
            f"{m.descriptors.count:,.0f} descriptors{clock}")


def examine(hosts: Sequence[Host]) -> list[tuple[str, list[Finding]]]:
    """What is found of each host: as doctor has it of this machine, and how it goes with the first."""
    return [(host.name, [*doctor.examine(host.machine, Software()), _build(host, hosts[0]), _clock(host, hosts[0])])
            for host in hosts]


def _build(host: Host, first: Host) -> Finding:
    if host.build == first.build:
        return Finding(OK, "build", "the same as on the first host")
    return Finding(IMPOSSIBLE, "build", f"{host.build}; the first host has {first.build}",
                   "Ranks have to be of one build: copy the first host's checkout with its build folder, to the same place")


def _clock(host: Host, first: Host) -> Finding:
    if host is first:
        return Finding(OK, "clock", "the one that the others are compared with")
    if not host.clock_uncertainty_us:
        return Finding(OK, "clock", "the first host's own")
    seen = f"{host.clock_offset_us:+,.0f} µs beside the first host's, known to ±{host.clock_uncertainty_us:,.1f} µs"
    if host.clock_uncertainty_us > MOST_UNCERTAINTY_US:
        return Finding(WARNING, "clock", seen, "The network between them is slow or busy: ranks will not begin at one time")
    return Finding(OK, "clock", f"{seen}, which is allowed for")
