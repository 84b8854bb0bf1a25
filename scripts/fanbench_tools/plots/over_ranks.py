"""What more ranks bring: calls in flight, and calls per second, over the number of ranks, with the line on which each rank
does as much as the ranks of the leftmost point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

from ..results.cases import CaseResult, Results, Scenario
from .style import INK, SMALL, Frame, calls_axis, draw_line, log_axis, of_rounds, panel_title, series_legend, series_of

IN_FLIGHT, PER_SECOND = "in_flight_peak", "calls_per_s"


@dataclass(frozen=True)
class Group:
    """Cases that differ in their ranks, in calls that may grow with them, and in model and transport."""

    scenario: Scenario  # without calls and ranks
    cases: tuple[CaseResult, ...]

    @property
    def ranks(self) -> list[int]:
        return sorted({ranks_of(c) for c in self.cases})

    @property
    def grows(self) -> bool:
        """Whether more ranks have more calls: else they are the same calls, of which as many are in flight."""
        return len({c.case.calls for c in self.cases}) > 1

    @property
    def slug(self) -> str:
        special = [f"{key}{value}" for key, value in self.scenario.params if key not in ("start", "latency")]
        return "_".join([self.scenario.workload, *special])


def ranks_of(c: CaseResult) -> int:
    return int(c.case.scenario.get("ranks") or 0)


def groups_over_ranks(results: Results) -> list[Group]:
    """Those with measured rows at two numbers of ranks or more."""
    alike: dict[Scenario, list[CaseResult]] = {}
    for c in results.cases:
        if c.ok and ranks_of(c):
            alike.setdefault(c.case.scenario.without("calls", "ranks"), []).append(c)
    groups = [Group(scenario, tuple(cases)) for scenario, cases in alike.items()]
    return sorted((g for g in groups if len(g.ranks) > 1), key=lambda g: g.scenario.order)


def over_ranks(group: Group) -> Any:
    catalogue = group.scenario.catalogue
    figures = [IN_FLIGHT, PER_SECOND] if group.grows else [PER_SECOND]
    series = series_of(group.cases)
    words = f"{group.scenario.short[:1].upper()}{group.scenario.short[1:]} · {group.scenario.line}"
    frame = Frame(f"{group.scenario.workload}: what more ranks bring", words, series_legend(series.values()),
                  _note(group), panels=(1, len(figures)), panel_height=2.1, left=0.9, column_gap=0.85)
    for ax, figure in zip(frame.axes[0], figures):
        panel_title(ax, catalogue.figure(figure).axis)
        _panel(ax, group, figure)
    return frame.figure


def _panel(ax: Any, group: Group, figure: str) -> None:
    lines = [sorted((c for c in group.cases if c.case.series == one and c.median(figure)), key=ranks_of)
             for one in series_of(group.cases)]
    lines = [line for line in lines if line]
    ideals = _ideal(lines, figure)
    values = [v for line in lines for c in line for v in (c.spread(figure).low, c.spread(figure).high)] + list(ideals.values())
    log_axis(ax.yaxis, min(values), max(values), group.scenario.catalogue.figure(figure).tick)
    calls_axis(ax, group.ranks, label=False)
    ax.set_xlabel("ranks")
    ax.grid(True, axis="y")
    ax.plot(list(ideals), list(ideals.values()), color=INK, linewidth=1.1, linestyle=(0, (1, 1.6)), zorder=2)
    ranks, value = list(ideals.items())[-1]
    ax.annotate("ideal", (ranks, value), xytext=(-14, -2), textcoords="offset points", ha="right", va="bottom", size=SMALL,
                color=INK)
    for line in lines:
        draw_line(ax, [ranks_of(c) for c in line], line, figure)


def _ideal(lines: Sequence[Sequence[CaseResult]], figure: str) -> dict[int, float]:
    """As much per rank as the best series has at its least number of ranks."""
    first = max((line[0] for line in lines), key=lambda c: c.median(figure) / ranks_of(c))
    each = first.median(figure) / ranks_of(first)
    return {n: n * each for n in sorted({ranks_of(c) for line in lines for c in line})}


def _note(group: Group) -> str:
    calls = sorted({c.case.calls for c in group.cases})
    what = f"{calls[0]:,} to {calls[-1]:,} calls, as many for each rank" if group.grows else f"{calls[0]:,} calls, whoever makes them"
    return (f"{of_rounds(group.cases, 'points: ', 'shaded bars')} {what[:1].upper()}{what[1:]}. The ideal is as much for each "
            "rank as at the leftmost point: ranks that share CPUs cannot have it.")
