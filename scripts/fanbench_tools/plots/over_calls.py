"""Plots over N, log-log: a line per model, a column of panels per transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from ..results.cases import Case, CaseResult, Results, Scenario, fewer_in_flight, yardstick_of
from ..results.catalogue import MEMORY, OWN, Figure, rank
from ..results.wording import latency, latency_seconds
from .style import (INK, MUTED, SMALL, Frame, calls_axis, draw_line, log_axis, of_rounds, panel_title, series_legend,
                    series_of, yardstick_words)


MAKESPAN, OVERHEAD, CPU = "makespan_s", "client_overhead_us_per_call", "cpu_us_per_call"


@dataclass(frozen=True)
class Group:
    """Cases that may share axes: one workload, one start, one of everything but calls, latency, model, transport."""

    scenario: Scenario  # without calls and latency
    cases: tuple[CaseResult, ...]

    @property
    def slug(self) -> str:
        """The workload and what is special, as a file name: `NAME`, `NAME_cold`, `NAME_limit10`."""
        parts = [self.scenario.workload]
        for key, value in self.scenario.params:
            if (key, value) not in (("start", "warm"), ("connection", "reuse")):
                parts.append(value if key == "start" else f"{key}{value}")
        return "".join(ch if ch.isalnum() or ch in "_-" else "-" for ch in "_".join(parts))

    @property
    def words(self) -> str:
        what = self.scenario.short
        return _joined(what[:1].upper() + what[1:], self.scenario.line)

    @property
    def latencies(self) -> list[str]:
        return sorted({c.case.latency for c in self.cases}, key=lambda t: (latency_seconds(t), t))

    @property
    def transports(self) -> list[str]:
        return sorted({c.case.transport for c in self.cases}, key=lambda t: rank(t, self.scenario.catalogue.transports))

    @property
    def widest(self) -> str:
        """The latency that was run at the most values of N; of equals that with the most rows, and of these the longest,
        where most calls are in flight."""
        def rows(text: str) -> tuple[int, int]:
            measured = [c for c in self.at(text).cases if c.ok]
            return len({c.case.calls for c in measured}), len(measured)

        return max(reversed(self.latencies), key=rows)

    def at(self, latency_text: str) -> Group:
        return Group(self.scenario, tuple(c for c in self.cases if c.case.latency == latency_text))


def groups_over_calls(results: Results) -> list[Group]:
    """The groups with measured rows at two values of N or more, at one latency at least."""
    alike: dict[Scenario, list[CaseResult]] = {}
    for c in results.cases:
        if c.case.calls:
            alike.setdefault(c.case.scenario.without("calls", "latency"), []).append(c)
    groups = []
    for scenario, cases in alike.items():
        wide = [c for c in cases if len({o.case.calls for o in cases if o.ok and o.case.latency == c.case.latency}) > 1]
        if wide:
            groups.append(Group(scenario, tuple(wide)))
    return sorted(groups, key=lambda g: g.scenario.order)


def makespan_over_calls(group: Group) -> Any:
    """Makespan with the ideal: a row of panels per latency, a column per transport. None without data."""
    return _figure(group, f"{group.scenario.workload}: makespan over the number of calls",
                   [(MAKESPAN, text) for text in group.latencies])


def cost_over_calls(group: Group) -> Any:
    """The client's overhead and CPU per call, at the group's widest latency. None without data."""
    text = group.widest
    return _figure(group, f"{group.scenario.workload}: what a call costs, over the number of calls",
                   [(OVERHEAD, text), (CPU, text)])


def memory_over_calls(group: Group) -> Any:
    """Peak memory, at the group's widest latency. None without data."""
    text = group.widest
    return _figure(group, f"{group.scenario.workload}: memory over the number of calls", [(MEMORY.name, text)])


def _per_call(latency_text: str) -> str:
    return f"{latency(latency_text)} per call" if latency_text else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def overview(group: Group) -> Any:
    """Makespan, the client's overhead, CPU and memory over N, side by side for the first transport, and as systems the
    contestants beside it. None without data."""
    text, first = group.widest, group.transports[0]
    shown = [first, *([OWN] if OWN in group.transports and first != OWN else [])]
    chosen = Group(group.scenario, tuple(c for c in group.at(text).cases if c.case.transport in shown))
    panels = [[_Panel(name, group.scenario.catalogue.figure(name).axis, chosen) for name in row]
              for row in ((MAKESPAN, CPU), (OVERHEAD, MEMORY.name))]
    title = f"{group.scenario.workload}: time and cost over the number of calls"
    return _draw(title, _joined(group.words, _per_call(text), _clients(shown)), panels, share_y=False,
                 panel_height=1.85)


def _clients(transports: list[str]) -> str:
    """"native client", "own clients of other languages"; of both that these are systems."""
    words = ["own clients of other languages" if t == OWN else f"{t} client" for t in transports]
    return words[0] if len(words) < 2 else f"systems: {', '.join(words)}"


@dataclass(frozen=True)
class _Panel:
    figure: str
    title: str
    group: Group

    @property
    def about(self) -> Figure:
        return self.group.scenario.catalogue.figure(self.figure)

    def points(self) -> list[CaseResult]:
        return [c for c in self.group.cases if (c.median(self.figure) or 0) > 0]


def _figure(group: Group, title: str, rows: list[tuple[str, str]]) -> Any:
    panels = []
    for figure, text in rows:
        row = []
        for transport in group.transports:
            cases = tuple(c for c in group.at(text).cases if c.case.transport == transport)
            what = _clients([transport]) + (f", {_per_call(text)}" if len({t for _, t in rows}) > 1 else "")
            row.append(_Panel(figure, what, Group(group.scenario, cases)))
        panels.append(row)
    shown = {text for _, text in rows}
    subtitle = group.words if len(shown) > 1 else _joined(group.words, _per_call(shown.pop()))
    return _draw(title, subtitle, panels, share_y=True, panel_height=2.1 if len(rows) < 3 else 1.7)


def _draw(title: str, subtitle: str, panels: list[list[_Panel]], *, share_y: bool,
          panel_height: float) -> Any:
    panels = [row for row in panels if any(p.points() for p in row)]
    if not panels or (not share_y and not all(p.points() for row in panels for p in row)):
        return None
    every = [c for row in panels for p in row for c in p.points()]
    series = {s: case for s, case in series_of(every).items() if not case.is_yardstick}
    calls = sorted({c.case.calls for c in every})
    if len(calls) < 2:
        return None
    frame = Frame(title, subtitle, series_legend(series.values()), _note(panels),
                  panels=(len(panels), len(panels[0])), panel_height=panel_height, left=0.9 if share_y else 0.75,
                  column_gap=0.3 if share_y else 0.85)
    for r, (row, axes) in enumerate(zip(panels, frame.axes)):
        for i, (panel, ax) in enumerate(zip(row, axes)):
            _panel(panel, ax, calls, series, row if share_y else [panel])
            panel_title(ax, panel.title[:1].upper() + panel.title[1:] if not share_y else panel.title)
            if r < len(panels) - 1:
                ax.set_xlabel("")
            if share_y and i == 0:
                ax.set_ylabel(panel.about.axis)
            elif share_y:
                ax.tick_params(labelleft=False)
    return frame.figure


def _panel(panel: _Panel, ax: Any, calls: Sequence[int], series: Mapping[tuple[str, int | None], Case],
           shared: list[_Panel]) -> None:
    figure = panel.figure
    spreads = [c.spread(figure) for p in shared for c in p.points()]
    ideals = _ideals(panel.group.cases) if figure == MAKESPAN else {}
    lows = [s.low for s in spreads if s.low > 0] + list(ideals.values())
    low, high = min(lows), max([s.high for s in spreads] + list(ideals.values()))
    log_axis(ax.yaxis, low, high, panel.about.tick, room=max(1.6, (high / low) ** 0.15) if ideals else 1.25)
    calls_axis(ax, calls)
    ax.grid(True, axis="y")
    if ideals:
        _draw_ideal(ax, ideals)
    if not panel.points():
        why = "no verified rows" if panel.group.cases else "not run"
        ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", size=SMALL, color=MUTED)
    step = (calls[-1] / calls[0]) ** 0.011  # points of the same N stand a little apart, so that none hides another
    for k, one in enumerate(series):
        line = sorted((c for c in panel.points() if c.case.series == one), key=lambda c: c.case.calls)
        if line:
            shift = step ** (k - (len(series) - 1) / 2)
            draw_line(ax, [c.case.calls * shift for c in line], line, figure)
    _ring_fewer_in_flight(ax, panel, series, step)
    yardstick = _yardsticks((c for p in shared for c in p.points()), figure)
    if yardstick:
        ax.plot([c.case.calls for c in yardstick], [c.median(figure) for c in yardstick], color=MUTED, linewidth=1.2,
                linestyle=(0, (4, 1.5)), zorder=2)


def _yardsticks(cases: Iterable[CaseResult], figure: str) -> list[CaseResult]:
    """That with the least of the figure for each number of calls."""
    by_calls: dict[int, list[CaseResult]] = {}
    for c in cases:
        by_calls.setdefault(c.case.calls, []).append(c)
    return [lowest for _, same in sorted(by_calls.items()) if (lowest := yardstick_of(same, figure))]


def _ring_fewer_in_flight(ax: Any, panel: _Panel, series: Mapping[tuple[str, int | None], Case], step: float) -> None:
    """Rows that did what others did not: they are no worse or better for it, but another thing."""
    fewer, places = fewer_in_flight(panel.group.cases), list(series)
    for c in panel.points():
        if c.name in fewer and c.case.series in series:
            x = c.case.calls * step ** (places.index(c.case.series) - (len(series) - 1) / 2)
            ax.plot(x, c.median(panel.figure), marker="o", markersize=11, markerfacecolor="none", markeredgecolor=INK,
                    markeredgewidth=0.9, zorder=3.5)


def _ideals(cases: Sequence[CaseResult]) -> dict[int, float]:
    ideals = {c.case.calls: c.median("ideal_s") for c in cases}
    return {n: v for n, v in sorted(ideals.items()) if v and v > 0}


def _draw_ideal(ax: Any, ideals: dict[int, float]) -> None:
    xs, ys = list(ideals), list(ideals.values())
    ax.plot(xs, ys, color=INK, linewidth=1.1, linestyle=(0, (1, 1.6)), zorder=2)
    rises = ys[-1] > 1.5 * ys[0]  # then there is room above the line, else below
    ax.annotate("ideal", (xs[-1], ys[-1]), xytext=(-14, -2) if rises else (4, -5), textcoords="offset points",
                ha="right", va="bottom" if rises else "top", size=SMALL, color=INK)


def _note(panels: list[list[_Panel]]) -> str:
    """How the points came about, and which rows are missing from the picture."""
    cases = list({c.name: c for row in panels for p in row for c in p.group.cases}.values())
    said = [of_rounds(cases, "points: ", "shaded bars"), "Points of the same number of calls are set a little apart."]
    if yardsticks := [c for c in cases if c.case.is_yardstick and c.ok]:
        said.append(f"{yardstick_words(yardsticks)}.")
    names = {c.name: c.case for c in cases}
    if fewer := [f"{names[name].label} / {names[name].transport} {words}" for name, words in
                 fewer_in_flight(cases).items() if not names[name].is_yardstick]:
        said.append(f"Ringed, as others had more calls in flight: {'; '.join(fewer)}.")
    missing: dict[str, list[str]] = {}
    for c in cases:
        if not c.ok:
            missing.setdefault(c.status, []).append(f"{c.case.label} / {c.case.transport} at {c.case.calls:,}")
    for status, who in sorted(missing.items()):
        some = ", ".join(who[:3]) + (f" and {len(who) - 3} more" if len(who) > 3 else "")
        said.append(f"Not drawn ({status}): {some}.")
    if any(p.figure == MEMORY.name for row in panels for p in row):
        once = all(c.spread(MEMORY.name) is None or c.spread(MEMORY.name).rounds == 1 for c in cases)
        said.append(("Memory is watched in the first round; of few calls it" if once else "Memory of few calls") +
                    " is mostly what any run takes once, the harness's own records among it.")
    return " ".join(said)
