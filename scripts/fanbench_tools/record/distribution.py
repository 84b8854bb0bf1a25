"""Latencies as quantiles and as a picture of text. Pure functions."""

from __future__ import annotations

import bisect
import math
from typing import Sequence

from ..results.wording import seconds as in_words

WIDTH = 80
ROWS = 10
BEYOND = 10  # samples, of which a quantile has fewer beyond it only roughly


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest of the values, which are in order, on a straight line."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    return ordered[low] + (at - low) * (ordered[math.ceil(at)] - ordered[low])


def summary(values: Sequence[float]) -> str:
    """count, p50, p90, p99 and the greatest, in a line; what is rough has a ~."""
    ordered = sorted(values)
    shown = [f"{_rough(len(ordered), share)}p{100 * share:.0f} {in_words(quantile(ordered, share))}"
             for share in (0.5, 0.9, 0.99)]
    return "   ".join([f"{len(ordered):,} latencies", *shown, f"max {in_words(ordered[-1])}"])


def _rough(number: int, share: float) -> str:
    return "" if is_sure(number, share) else "~"


def is_sure(number: int, share: float) -> bool:
    """Ten samples lie beyond it."""
    return round(number * (1 - share), 6) >= BEYOND


def histogram(values: Sequence[float]) -> list[str]:
    """Ten lines at most, of WIDTH columns at most: from, to, a bar, how many. Steps are factors where the greatest is many
    times the least."""
    edges = _edges(min(values), max(values))
    counts = [0] * (len(edges) - 1)
    for value in values:
        counts[min(len(counts), max(1, bisect.bisect_right(edges, value))) - 1] += 1
    labels = [(in_words(low), in_words(high)) for low, high in zip(edges, edges[1:])]
    from_width, to_width = (max(len(label[i]) for label in labels) for i in (0, 1))
    number_width = max(len(f"{count:,}") for count in counts)
    room = WIDTH - len("  ") - from_width - len(" to ") - to_width - len("  ") - len(" ") - number_width
    return [f"  {low:>{from_width}} to {high:>{to_width}}  {_bar(count, max(counts), room)}{count:,}"
            for (low, high), count in zip(labels, counts)]


def _edges(least: float, greatest: float) -> list[float]:
    if not greatest > least:
        return [least, greatest]
    if least > 0 and greatest > 4 * least:
        factor = (greatest / least) ** (1 / ROWS)
        return [least * factor ** i for i in range(ROWS)] + [greatest]
    return [least + (greatest - least) * i / ROWS for i in range(ROWS)] + [greatest]


def _bar(count: int, most: int, room: int) -> str:
    """With a space behind it, where there is any."""
    return "━" * max(1, round(room * count / most)) + " " if count else ""
