"""Quantiles of the calls of all rounds together, exact, and only where ten lie beyond: a round of few calls has none."""

from __future__ import annotations

import math
from typing import Any, Sequence

from .rows import Row, is_number

POOLED = {"latency_p99_us": ("latency_tail", 0.99)}  # where rows have their greatest values, and which quantile that is
LEAST_BEYOND = 10  # as the bench has it for a round's own


def pooled_quantile(rounds: Sequence[Row], figure: str) -> float | None:
    """Of the calls of all rounds, as bench/measure/quantiles.hpp defines it; None where a round does not say its greatest
    values, where fewer than ten lie beyond, and where a round may have had more of them than it says."""
    field, q = POOLED[figure]
    tails = [row.get(field) for row in rounds]
    if not tails or not all(_readable(tail) for tail in tails):
        return None
    number = sum(tail["calls"] for tail in tails)
    beyond = number - math.ceil(q * number)
    greatest = sorted((v for tail in tails for v in tail["greatest_us"]), reverse=True)
    if not LEAST_BEYOND <= beyond < len(greatest):
        return None
    value = greatest[beyond]
    told = all(len(tail["greatest_us"]) == tail["calls"] or min(tail["greatest_us"], default=math.inf) <= value
               for tail in tails)
    return float(value) if told else None


def _readable(tail: Any) -> bool:
    return (isinstance(tail, dict) and is_number(tail.get("calls")) and isinstance(tail.get("greatest_us"), list)
            and all(is_number(v) for v in tail["greatest_us"]) and len(tail["greatest_us"]) <= tail["calls"])
