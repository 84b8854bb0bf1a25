"""Reads what benches before format 3 say: rows whose messages begin with what they are, and --list without durations.
The gate meets them where base is an older commit."""

from __future__ import annotations

from typing import Any, Mapping

_KINDS = {"not applicable: ": "n/a", "limit: ": "limit"}


def status_of(message: str) -> tuple[str, str]:
    """The status that a row's message begins with, and the rest of it."""
    for beginning, status in _KINDS.items():
        if message.startswith(beginning):
            return status, message.removeprefix(beginning)
    return "error", message


def listed(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case of an old --list as new ones are: workers are a parameter where they were chosen, which the name says."""
    parameters = {k: v for k, v in case["parameters"].items() if k != "workers" or "/workers:" in case["name"]}
    return {**case, "parameters": parameters}
