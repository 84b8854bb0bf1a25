"""Whose the overhead is: the client's part and the server's, model by model, a column of panels per number of calls."""

from __future__ import annotations

from typing import Any, Sequence

from ..results.cases import CaseResult
from ..results.rows import ERROR
from ..results.wording import count, latency
from .over_calls import Group
from .style import (INK, MUTED, RED, SMALL, Frame, LegendItem, look_of, of_rounds, panel_title, series_of, short,
                    style_of, text_width)

CLIENT, SERVER = "client_overhead_us_per_call", "server_overhead_us_per_call"
ROW = 0.25  # inches
LEAST_CALLS, MOST_PANELS = 10, 3  # of fewer calls the overhead is the fan-out's own


def parts(group: Group) -> Any:
    """Stacked bars for the latency that was run at most values of N, at the greatest of them. None without data."""
    catalogue, text = group.scenario.catalogue, group.widest
    many = [c for c in group.at(text).cases if (c.case.calls or 0) >= LEAST_CALLS]
    in_turn = {c.case.label: None for c in many if c.median("in_flight_peak") == 1}
    cases = [c for c in many if c.case.label not in in_turn]
    calls = sorted({c.case.calls for c in cases if _has_parts(c)})[-MOST_PANELS:]
    if not calls:
        return None
    transports = [t for t in group.transports if any(c.case.transport == t and _has_parts(c) for c in cases)]
    series = series_of([c for c in cases if c.case.calls in calls and _has_parts(c)])
    colour = look_of(catalogue.leading, catalogue)[0]
    legend = [LegendItem("the client's part", {"color": colour, "linewidth": 6}),
              LegendItem("the server's part", {"color": colour, "linewidth": 6, "alpha": 0.3})]
    delay = f"{latency(text)} per call" if text else ""
    note = (f"{of_rounds(c for c in cases if c.case.calls in calls)} The figures: client's + server's part, in µs. Each "
            "panel has a scale of its own. What a client pays for receiving may hide behind a slower server: CPU per "
            "call shows it.")
    if in_turn:
        note += f" Not drawn, as it makes one call after another: {', '.join(in_turn)}."
    frame = Frame(f"{group.scenario.workload}: whose the overhead is",
                  " · ".join(part for part in (group.words, delay, "makespan − ideal, per call") if part), legend, note,
                  panels=(len(transports), len(calls)), panel_height=ROW * len(series),
                  left=0.3 + max(text_width(case.label, SMALL + 0.5) for case in series.values()), column_gap=0.25)
    for r, (transport, axes) in enumerate(zip(transports, frame.axes)):
        for i, (n, ax) in enumerate(zip(calls, axes)):
            rows = {c.case.series: c for c in cases if (c.case.transport, c.case.calls) == (transport, n)}
            _panel(ax, [rows.get(one) for one in series])
            panel_title(ax, f"{transport} client, {n:,} calls")
            if r == len(transports) - 1 and any(rows.values()):
                ax.set_xlabel("overhead per call (µs)")
            if i == 0:
                ax.set_ylim(len(series) - 0.4, -0.6)
                _names(ax, [case.label for case in series.values()])
    return frame.figure


def _has_parts(c: CaseResult) -> bool:
    return c.median(CLIENT) is not None and c.median(SERVER) is not None


def _panel(ax: Any, rows: Sequence[CaseResult | None]) -> None:
    bars = [(c.median(CLIENT), c.median(SERVER)) if c and _has_parts(c) else None for c in rows]
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    if not any(rows):
        ax.set_xticks([])
        ax.text(0.5, 0.5, "not run", transform=ax.transAxes, ha="center", va="center", size=SMALL, color=MUTED)
        return
    ends = [end for bar in bars if bar for end in (bar[0], bar[1], bar[0] + bar[1])]
    low, high = min([0.0, *ends]), max([0.0, *ends]) or 1.0
    ax.set_xlim(low * 1.05, high + 0.55 * (high - low))  # room for the figures
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(True, axis="x")
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter(lambda v, _: short(count(v)))
    for y, (c, bar) in enumerate(zip(rows, bars)):
        if c is None or bar is None:
            _words(ax, y, c.status if c else "not run")
        else:
            _bar(ax, y, style_of(c.case).colour, *bar)


def _words(ax: Any, y: float, status: str) -> None:
    words = {"n/a": "not applicable", "limit": "beyond a limit"}.get(status, status)
    ax.annotate(words, (0, y), xytext=(4, 0), textcoords="offset points", va="center", size=SMALL,
                color=RED if status == ERROR else MUTED, style="italic")


def _bar(ax: Any, y: float, colour: str, client: float, server: float) -> None:
    """Parts of one sign stand on each other, others at both sides of nought."""
    ax.barh(y, client, height=0.66, color=colour, linewidth=0, zorder=2)
    on = client if client * server > 0 else 0.0
    ax.barh(y, server, left=on, height=0.66, color=colour, alpha=0.3, linewidth=0, zorder=2)
    end = max(client, on + server, 0.0)
    sign = "+" if server >= 0 else "−"
    ax.annotate(f"{count(client)} {sign} {count(abs(server))}".replace("-", "−"), (end, y), xytext=(5, 0),
                textcoords="offset points", va="center", size=SMALL, color=INK)


def _names(ax: Any, labels: Sequence[str]) -> None:
    for y, label in enumerate(labels):
        ax.annotate(label, (0, y), xytext=(-7, 0), xycoords=("axes fraction", "data"), ha="right", va="center",
                    textcoords="offset points", size=SMALL + 0.5, annotation_clip=False)
