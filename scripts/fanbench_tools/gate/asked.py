"""What a gate is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    base: str
    head: str | None  # None: the working tree
    suite: str
    wanted: re.Pattern[str]  # names of cases
    least_change: float | None  # None: each figure's own
    budget_s: float
    force: bool
    seed: int
    may_install: bool = False  # what contestants need
    contestant: Path | None = None  # whose commits base and head are; None: those of this repository
