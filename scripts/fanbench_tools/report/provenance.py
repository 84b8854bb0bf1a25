"""Where a run's figures are from: its context in groups, each thing said once, though bench and runner both say some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping

from ..results.rows import is_number
from ..results.wording import memory

Lines = list[tuple[str, str]]  # what, and what is said of it


@dataclass(frozen=True)
class Entry:
    """A line. Of the places of the context where it may stand the first that is there is said; others too where they
    say otherwise, unless they are but another form of the same."""

    label: str
    places: tuple[str, ...]
    forms: tuple[str, ...] = ()
    words: Callable[[Any], str] | None = None


def _entry(label: str, *places: str, forms: tuple[str, ...] = (), words: Callable[[Any], str] | None = None) -> Entry:
    return Entry(label, places, forms, words)


def _bytes(value: Any) -> str:
    return memory(value) if is_number(value) else _plain(value)


def _number(value: Any) -> str:
    return f"{value:,.0f}" if is_number(value) else _plain(value)


def _contestants(value: Any) -> str:
    """ "go (Go): go1.19.8; node (JavaScript): node 18.19.0"."""
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        return _plain(value)
    return "; ".join(f"{v.get('name')} ({v.get('language')}){': ' if v.get('versions') else ''}{v.get('versions') or ''}"
                     for v in value)


_GROUPS: Mapping[str, tuple[Entry, ...]] = {
    "The run": (
        _entry("Suite", "suite"), _entry("Description", "description"),
        _entry("Command, but for rounds and budget", "again"), _entry("Started", "started", forms=("date",)),
        _entry("Rounds of all cases", "rounds"), _entry("Rounds finished", "rounds_finished"),
        _entry("Budget for them and for open ones, in seconds", "budget_s"), _entry("Looks at what is open", "looks"),
        _entry("Seed of the order", "order_seed"), _entry("Interrupted", "interrupted"), _entry("Server", "server")),
    "The programs": (
        _entry("fanbench", "fanbench_version", "fanbench", "machine.fanbench"), _entry("Commit", "commit"),
        _entry("Contestants", "contestants", words=_contestants),
        _entry("Program", "executable"), _entry("Compiler", "compiler", "machine.compiler"),
        _entry("Flags", "flags", "machine.flags"),
        _entry("Linker's flags", "linker_flags"), _entry("Build type", "build_type"), _entry("CMake", "machine.cmake"),
        _entry("Boost", "boost", "machine.libraries.boost"), _entry("libcurl", "libcurl", "machine.libraries.libcurl"),
        _entry("oneTBB", "tbb", "machine.libraries.tbb"), _entry("Google Benchmark", "benchmark"),
        _entry("Google Benchmark's build", "library_build_type"), _entry("Packages", "machine.packages"),
        _entry("Format of the results", "results_format")),
    "The machine": (
        _entry("Host", "host_name"), _entry("CPU", "cpu", "machine.cpu"), _entry("Cores", "num_cpus"),
        _entry("CPUs of this process", "machine.cores"), _entry("Its physical cores", "machine.physical_cores"),
        _entry("Client's CPUs, where pinned apart", "client_cpus", "machine.client_cpus"),
        _entry("Server's CPUs, where pinned apart", "server_cpus", "machine.server_cpus"),
        _entry("MHz", "mhz_per_cpu"), _entry("Governor of the clock", "machine.governor"),
        _entry("Clock is scaled", "cpu_scaling_enabled"), _entry("Caches", "caches"),
        _entry("Memory", "machine.memory_bytes", words=_bytes),
        _entry("Memory available at the start", "machine.memory_available_bytes", words=_bytes),
        _entry("Kernel", "kernel", "machine.kernel"), _entry("Distribution", "machine.distribution"),
        _entry("Addresses are drawn by lot", "aslr_enabled"),
        _entry("Load average at the start", "load_avg", forms=("machine.load_1m",)),
        _entry("Cores that others kept busy", "machine.busy_cores"),
        _entry("Steps of work in a millisecond", "machine.kernel_steps_per_ms", words=_number)),
    "What it allows": (
        _entry("Descriptors", "machine.limits.descriptors",
                 forms=("descriptor_limit", "machine.descriptor_hard", "machine.descriptor_soft")),
        _entry("Threads and processes", "machine.limits.tasks"), _entry("Mappings", "machine.limits.mappings"),
        _entry("Memory, in MB", "machine.limits.memory_mb"),
        _entry("Ports", "machine.limits.ports", forms=("machine.ports.first", "machine.ports.last")),
        _entry("Ports are used again within a second", "machine.ports.reused"),
        _entry("System calls are counted", "machine.counts_syscalls"),
        _entry("Tracepoints are readable", "machine.tracepoints_readable"),
        _entry("kernel.perf_event_paranoid", "machine.perf_event_paranoid"), _entry("Root", "machine.root")),
}
_HOSTS, _OTHER = "The hosts of the ranks", "Besides"


def provenance(context: Mapping[str, Any]) -> dict[str, Lines]:
    """The context's lines by group, in a fixed order; what it holds besides comes last."""
    left = dict(_flat(context))
    groups = {group: list(_lines(entries, left)) for group, entries in _GROUPS.items()}
    groups[_HOSTS] = [(place.removeprefix("hosts."), _plain(left.pop(place))) for place in sorted(left)
                      if place.startswith("hosts.")]
    groups[_OTHER] = [(place, _plain(value)) for place, value in sorted(left.items())]
    return {group: lines for group, lines in groups.items() if lines}


def side_by_side(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
    """Both contexts' lines by group: what, and what each says of it, "" where it says nothing."""
    both = [provenance(context) for context in (one, other)]
    groups = {}
    for group in (*_GROUPS, _HOSTS, _OTHER):
        first, second = (dict(said.get(group, ())) for said in both)
        groups[group] = [(label, first.get(label, ""), second.get(label, "")) for label in {**first, **second}]
    return {group: lines for group, lines in groups.items() if lines}


def _lines(entries: tuple[Entry, ...], left: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Takes what it says out of what is left."""
    for entry in entries:
        there = {place: (entry.words or _plain)(left.pop(place)) for place in entry.places if place in left}
        if there:
            for form in entry.forms:
                left.pop(form, None)
        first = next(iter(there.values()), None)
        for i, (place, text) in enumerate(there.items()):
            if i == 0 or text != first:
                yield (f"{entry.label} ({place})" if i else entry.label), text


def _flat(context: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    """With the names of what is inside of what: "machine.limits.ports"."""
    for key, value in context.items():
        place = f"{under}{key}"
        if isinstance(value, dict) and not _is_one(place, value):
            yield from _flat(value, f"{place}.")
        else:
            yield place, value


def _is_one(place: str, value: dict[str, Any]) -> bool:
    return value.keys() == {"count", "by"} or place == "machine.packages"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return (" | " if value and all(isinstance(v, list) for v in value) else ", ").join(_plain(v) for v in value)
    if isinstance(value, dict):
        if {"level", "type", "size"} <= value.keys():
            return f"L{value['level']} {value['type']} {_kib(value['size'])}"
        if value.keys() == {"count", "by"}:
            return f"{_count(value['count'])} ({value['by']})"
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if value is None or isinstance(value, bool):
        return {None: "not known", True: "yes", False: "no"}[value]
    if value == "":
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _count(count: Any) -> str:
    return "no limit" if count is None else f"{count:,}" if is_number(count) else str(count)


def _kib(size: Any) -> str:
    return f"{size / 1024:,.0f} KiB" if isinstance(size, (int, float)) else str(size)
