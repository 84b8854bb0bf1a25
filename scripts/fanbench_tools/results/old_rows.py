"""Reads what benches before format 3 wrote: rows whose case is in their name alone and whose messages begin with what
they are, and --list without durations. The gate meets them where base is an older commit, `report` in older folders."""

from __future__ import annotations

from typing import Any, Mapping

_KINDS = {"not applicable: ": "n/a", "limit: ": "limit"}
# Suffixes that Google Benchmark itself adds to names: they say how it was run, not what.
_BENCHMARK_SUFFIXES = {"iterations", "repeats", "min_time", "min_warmup_time", "threads", "real_time", "manual_time",
                       "process_time"}


def status_of(message: str) -> tuple[str, str]:
    """The status that a row's message begins with, and the rest of it."""
    for beginning, status in _KINDS.items():
        if message.startswith(beginning):
            return status, message.removeprefix(beginning)
    return "error", message


def case_of(name: str) -> dict[str, Any] | None:
    """The case that `<workload>/<model>/<transport>/<key>:<value>/…` names, as new rows carry it; None where the name
    has another shape."""
    parts = name.split("/")
    if len(parts) < 3 or not all(parts[:3]) or any(":" in p for p in parts[:3]):
        return None
    parameters = {key: value for key, _, value in (part.partition(":") for part in parts[3:])
                  if key and key not in _BENCHMARK_SUFFIXES}
    if "cpu_per_call" in parameters and "placement" not in parameters:  # makes no calls: nobody waits for a delay
        parameters.pop("latency", None)
    return {"workload": parts[0], "model": parts[1], "transport": parts[2], "parameters": parameters}


def listed(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case of an old --list as new ones are: workers are a parameter where they were chosen, which the name says."""
    parameters = {k: v for k, v in case["parameters"].items() if k != "workers" or "/workers:" in case["name"]}
    return {**case, "parameters": parameters}
