"""Results for tools that keep a history: the gated figures of each case, as Bencher and github-action-benchmark read
them. Each figure is the median over the rounds; beside it their least and greatest.

Formats: bencher.dev/docs/reference/bencher-metric-format; github.com/benchmark-action/github-action-benchmark, its tool
customSmallerIsBetter.
"""

from __future__ import annotations

import json
from typing import Any, Iterator

from ..files import short_name
from ..results.cases import CaseResult, Results, Spread
from ..results.catalogue import Figure


class NothingToExport(ValueError):
    """No case has a gated figure. The message is one line."""


def to_bencher(results: Results) -> str:
    """Bencher Metric Format: a measure for each figure, by its field's name. Raises NothingToExport."""
    cases: dict[str, dict[str, Any]] = {}
    for c, figure, spread in _gated(results):
        metric = {"value": spread.median, "lower_value": spread.low, "upper_value": spread.high}
        cases.setdefault(c.name if len(c.name) <= 1024 else short_name(c.name), {})[figure.name] = metric
    return json.dumps(cases, indent=1, ensure_ascii=False) + "\n"


def to_github_action_benchmark(results: Results) -> str:
    """A list of benchmarks of which smaller is better: one for each case and figure. Raises NothingToExport."""
    entries = []
    for c, figure, spread in _gated(results):
        off = max(spread.high - spread.median, spread.median - spread.low)
        entries.append({
            "name": f"{c.name}: {figure.label}", "unit": figure.unit, "value": spread.median, "range": f"± {off:.3f}",
            "extra": f"median of {spread.rounds} round{'' if spread.rounds == 1 else 's'}, {spread.low:.6g} to "
                     f"{spread.high:.6g}"})
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def _gated(results: Results) -> Iterator[tuple[CaseResult, Figure, Spread]]:
    """Of the verified cases alone: an error has no number, and must not look like one that got better. Of a run that
    counts allocations nothing else, as its times mean nothing."""
    told = [(c, figure, spread) for c in results.cases for figure in results.catalogue.gated.values()
            if figure.better == "less" and (figure.counting or not c.values("counts_allocations"))
            and (spread := c.spread(figure.name))]
    if not told:
        raise NothingToExport("nothing to export: no verified case has a gated figure")
    return iter(told)
