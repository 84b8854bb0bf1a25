"""CPU per call taken apart: what is the machine's, the model's over a lean client, and libcurl's."""

from __future__ import annotations

from typing import Any

from ..analysis.decomposition import FIGURE, Decomposition, decompositions, representative
from ..results.cases import Results, Scenario, yardstick_names
from ..results.wording import count
from .style import INK, MUTED, PAPER, SMALL, WIDTH, Frame, LegendItem, look_of, of_rounds, short, style_of, text_width

ROW, HEAD = 0.25, 1.3  # inches for a row; rows above a block


def client_cost(results: Results) -> Any:
    """A bar for each model that was measured over both clients: native in its colour, what curl adds hatched."""
    shown = [d for d in representative(decompositions(results)) if not d.scenario.get("cpu_per_call")]
    if not shown:
        return None
    blocks: dict[Scenario, list[Decomposition]] = {}
    for one in shown:
        blocks.setdefault(one.scenario, []).append(one)
    blue = {"color": look_of(results.catalogue.leading, results.catalogue)[0], "linewidth": 6}
    legend = [LegendItem("over the native client", blue), LegendItem("what libcurl adds", blue | {"alpha": 0.35})]
    if yardstick := yardstick_names(d.machine for d in shown if d.machine):
        legend.append(LegendItem(f"{yardstick}: the machine's own cost", {
            "color": INK, "linewidth": 0, "marker": "|", "markersize": 11, "markeredgewidth": 1.4}))
    lines = sum(len(b) + HEAD for b in blocks.values())
    left = 0.3 + max(text_width(d.case.label, SMALL + 0.5) for d in shown)
    scenarios = {d.scenario for d in shown}
    rows = [c for c in results.cases if c.case.scenario in scenarios]
    note = f"{of_rounds(rows)} The figures: native → curl."
    frame = Frame("Model and client apart",
                  "Client CPU per call, over the native client and over libcurl, model by model", legend, note,
                  panels=(1, 1), panel_height=ROW * lines, left=left, panel_titles=False)
    ax, greatest = frame.axes[0][0], max(max(d.native.value, d.curl.value) for d in shown)
    ax.set_xlim(0, greatest * 1.18)
    ax.set_ylim(lines, 0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(True, axis="x")
    ax.xaxis.set_major_formatter(lambda v, _: short(count(v)))
    ax.set_xlabel(results.catalogue.figure(FIGURE).axis)
    y = 0.0
    for scenario, rows in blocks.items():
        _heading(ax, y + 0.65, left, scenario)
        for k, one in enumerate(rows):
            _bar(ax, y + HEAD + 0.2 + k, one, greatest)
        y += len(rows) + HEAD
    return frame.figure


def _bar(ax: Any, y: float, one: Decomposition, greatest: float) -> None:
    colour = style_of(one.case).colour
    native, curl = one.native.value, one.curl.value
    ax.barh(y, native, height=0.66, color=colour, linewidth=0, zorder=2)
    if curl > native:
        ax.barh(y, curl - native, left=native, height=0.66, color=colour, alpha=0.35, linewidth=0, zorder=2)
    if one.yardstick:
        ax.plot([one.yardstick.value] * 2, [y - 0.45, y + 0.45], color=INK, linewidth=1.2, zorder=3)
    figures = f"{count(native)} → {count(curl)}"
    ax.annotate(figures, (max(native, curl), y), xytext=(5, 0), textcoords="offset points", va="center", size=SMALL,
                color=INK)
    ax.annotate(one.case.label, (0, y), xytext=(-7, 0), xycoords=("axes fraction", "data"), ha="right", va="center",
                textcoords="offset points", size=SMALL + 0.5, annotation_clip=False)


def _heading(ax: Any, y: float, left: float, scenario: Scenario) -> None:
    place = dict(xycoords=("axes fraction", "data"), textcoords="offset points", va="center", annotation_clip=False,
                 bbox=dict(facecolor=PAPER, edgecolor="none", pad=1.5), zorder=4)
    start = -72 * left + 11
    ax.annotate(scenario.workload, (0, y), xytext=(start, 0), weight="bold", size=SMALL + 0.5, **place)
    width = 72 * text_width(scenario.workload, SMALL + 0.5) * 1.13
    line = _that_fits(scenario.line, WIDTH - 0.5 - width / 72)
    ax.annotate(line, (0, y), xytext=(start + width + 8, 0), size=SMALL, color=MUTED, **place)


def _that_fits(line: str, width: float) -> str:
    """The scenario's first phrases, as many as there is room for; the table beside the plot has them all."""
    phrases = line.split(" · ")
    while text_width(line, SMALL) > width and len(phrases) > 1:
        phrases.pop()
        line = " · ".join([*phrases, "…"])
    return line
