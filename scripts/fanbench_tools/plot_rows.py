"""Plots with a row per model, in blocks of one scenario each, a column per transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Sequence

from .plot_style import (INK, MUTED, PAPER, RED, SMALL, Frame, LegendItem, hatch_of, log_axis, panel_title, series_of,
                         style_of, text_width)
from .results import TRANSPORTS, CaseResult, Results, Scenario, _rank
from .wording import count, rate, seconds, workload_short

ROW = 0.235  # inches
QUANTILES = (("latency_p50_us", "p50", "o"), ("latency_p90_us", "p90", "|"), ("latency_p99_us", "p99", "D"),
             ("latency_max_us", "max", ">"))


@dataclass(frozen=True)
class Block:
    scenario: Scenario
    cases: tuple[CaseResult, ...]

    def rows(self) -> list[tuple[str, int | None]]:
        return series_of(self.cases)

    def find(self, row: tuple[str, int | None], transport: str) -> CaseResult | None:
        return next((c for c in self.cases if (c.case.model, c.case.workers) == row
                     and c.case.transport == transport), None)


def efficiency(results: Results) -> Any:
    """ideal / makespan per workload and model. None without data."""
    blocks = _blocks(results, "efficiency")

    def draw(ax: Any, y: float, c: CaseResult) -> None:
        spread, style = c.spread("efficiency"), style_of(c.case.model, c.case.workers)
        ax.barh(y, spread.median, height=0.66, color=style.colour, hatch=hatch_of(c.case.transport), edgecolor=PAPER,
                linewidth=0, zorder=2)
        if spread.rounds > 1:
            ax.plot([spread.low, spread.high], [y, y], color=INK, linewidth=1.1, zorder=3, solid_capstyle="butt")
        _value(ax, y, spread.high, rate(spread.median))

    def axis(ax: Any) -> None:
        ax.set_xlim(0, 1.17)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
        ax.set_xlabel("efficiency (ideal / makespan)")

    return _draw("Efficiency by workload and model", "1 is the least makespan that the plan allows on any machine",
                 blocks, results.rounds, "efficiency", draw, axis, spread="thin lines")


def cpu_per_call(results: Results) -> Any:
    """Client CPU per call, per workload and model. None without data."""
    return _dots(results, "cpu_us_per_call", "Client CPU per call by workload and model",
                 "User and system time of the client's whole process tree", "client CPU per call (µs)", count)


def cancel_latency(results: Results) -> Any:
    """From the first reply to the end of the fan-out, the losers cancelled. None without data."""
    return _dots(results, "cancel_latency_us", "Time to cancel the losing calls",
                 "From the first reply to the end of the fan-out, all other calls cancelled", "time to cancel",
                 lambda us: seconds(us / 1e6))


def latency_percentiles(results: Results, workload: str) -> Any:
    """Latency of single calls for the workload's largest scenario. None without data."""
    scenarios = [Block(s, tuple(cs)) for s, cs in results.scenarios(workload).items()
                 if any(c.median("latency_p50_us") for c in cs) and s.get("start", "warm") == "warm"]
    if not scenarios:
        return None
    best = max(scenarios, key=lambda b: (b.scenario.calls, _models(b, "latency_p50_us")))
    legend = [LegendItem(label, {"color": MUTED, "linewidth": 0, "marker": marker, "markeredgewidth": 1.4,
                                  "fillstyle": "none" if marker == ">" else "full"})
              for key, label, marker in QUANTILES if any(c.median(key) for c in best.cases)]
    values = [v / 1e6 for c in best.cases for key, _, _ in QUANTILES if (v := c.median(key))]
    low, high = min(values), max(values)

    def draw(ax: Any, y: float, c: CaseResult) -> None:
        style = style_of(c.case.model, c.case.workers)
        found = [(c.median(key), marker) for key, _, marker in QUANTILES if c.median(key)]
        xs = [v / 1e6 for v, _ in found]
        ax.plot([min(xs), max(xs)], [y, y], color=style.colour, linewidth=1.6, alpha=0.5, zorder=2)
        for x, (_, marker) in zip(xs, found):
            ax.plot(x, y, marker=marker, color=style.colour, markersize=7 if marker == "|" else 5.5,
                    markeredgewidth={"|": 1.8, ">": 1.2}.get(marker, 0.6), markerfacecolor=PAPER if marker == ">"
                    else style.colour, markeredgecolor=style.colour if marker in "|>" else PAPER, zorder=3)

    def axis(ax: Any) -> None:
        if high > 6 * low:
            log_axis(ax.xaxis, low, high, seconds)
        else:
            room = max((high - low) * 0.08, low * 0.01)
            ax.set_xlim(low - room, high + room)
            ax.locator_params(axis="x", nbins=6)
            ax.xaxis.set_major_formatter(lambda v, _: f"{v * 1e3:,.4g} ms" if high < 2 else f"{v:.3g} s")
        ax.set_xlabel("latency of a call, from its intended start")

    return _draw(f"{workload}: latency of single calls",
                 "A quantile with fewer than ten samples beyond it is not shown", [best], results.rounds,
                 "latency_p50_us", draw, axis, legend, spread="")


def _dots(results: Results, counter: str, title: str, subtitle: str, label: str, words: Callable[[float], str]) -> Any:
    blocks = _blocks(results, counter)
    values = [v for b in blocks for c in b.cases for v in c.values(counter) if v > 0]
    if not values:
        return None
    low, high = min(values), max(values)

    def draw(ax: Any, y: float, c: CaseResult) -> None:
        spread, style = c.spread(counter), style_of(c.case.model, c.case.workers)
        if spread.median <= 0:
            return _words(ax, y, f"{words(spread.median)}", MUTED)
        ax.axhline(y, color=MUTED, linewidth=0.4, alpha=0.35, zorder=1)
        if spread.rounds > 1 and spread.low > 0:
            ax.plot([spread.low, spread.high], [y, y], color=style.colour, linewidth=3.4, alpha=0.4, zorder=2)
        hollow = style.fill == "none"
        ax.plot(spread.median, y, marker=style.marker, color=style.colour, markersize=6.5,
                markerfacecolor=PAPER if hollow else style.colour, markeredgewidth=1.2 if hollow else 0.7,
                markeredgecolor=style.colour if hollow else PAPER, zorder=3)
        _value(ax, y, spread.high, words(spread.median))

    def axis(ax: Any) -> None:
        log_axis(ax.xaxis, low, high * 1.9, words)
        ax.set_xlabel(f"{label}, log scale")

    return _draw(title, subtitle, blocks, results.rounds, counter, draw, axis)


def _draw(title: str, subtitle: str, blocks: Sequence[Block], rounds: int, counter: str,
          draw: Callable[[Any, float, CaseResult], Any], axis: Callable[[Any], None], legend: Sequence[LegendItem] = (), spread: str = "shaded bars") -> Any:
    if not blocks:
        return None
    transports = sorted({c.case.transport for b in blocks for c in b.cases}, key=lambda t: _rank(t, TRANSPORTS))
    labels = {(c.case.model, c.case.workers): c.case.label for b in blocks for c in b.cases}
    head = 1.25 if len(blocks) > 1 else 0.1  # a single block's scenario goes into the subtitle
    subtitle = subtitle if len(blocks) > 1 else f"{_sentence(blocks[0].scenario)}. {subtitle}."
    lines = sum(len(b.rows()) + head for b in blocks) - 0.15
    left = 0.3 + max(text_width(label, SMALL + 0.5) for label in labels.values())
    note = f"Median of {rounds} rounds" + (f"; {spread}: least to greatest." if spread else ".")
    note = note if rounds > 1 else "One round."
    frame = Frame(title, subtitle, legend, note, panels=(1, len(transports)), panel_height=ROW * lines, left=left,
                  column_gap=0.25)
    for i, (ax, transport) in enumerate(zip(frame.axes[0], transports)):
        axis(ax)
        ax.set_zorder(2 - i)  # the headings reach over the panels to the right
        ax.set_ylim(lines - 0.1, 0)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.grid(True, axis="x")
        panel_title(ax, f"{transport} client")
        y = 0.0
        for block in blocks:
            if i == 0 and len(blocks) > 1:
                _heading(ax, y + 0.62, left, block.scenario)
            for k, row in enumerate(block.rows()):
                at = y + head + 0.3 + k
                if i == 0:
                    ax.annotate(labels[row], (0, at), xytext=(-7, 0), xycoords=("axes fraction", "data"), ha="right",
                                va="center", textcoords="offset points", size=SMALL + 0.5, annotation_clip=False)
                _row(ax, at, block.find(row, transport), counter, draw)
            y += len(block.rows()) + head
    return frame.figure


def _sentence(scenario: Scenario) -> str:
    what = workload_short(scenario.workload)
    return " · ".join(part for part in (what[:1].upper() + what[1:], scenario.line) if part)


def _heading(ax: Any, y: float, left: float, scenario: Scenario) -> None:
    """The block's scenario, from the figure's left edge, over the grid."""
    place = dict(xycoords=("axes fraction", "data"), textcoords="offset points", va="center", annotation_clip=False,
                 bbox=dict(facecolor=PAPER, edgecolor="none", pad=1.5), zorder=4)
    start = -72 * left + 11
    ax.annotate(scenario.workload, (0, y), xytext=(start, 0), weight="bold", size=SMALL + 0.5, **place)
    ax.annotate(scenario.line, (0, y), xytext=(start + 72 * text_width(scenario.workload, SMALL + 0.5) * 1.13 + 8, 0),
                size=SMALL, color=MUTED, **place)


def _row(ax: Any, y: float, c: CaseResult | None, counter: str,
         draw: Callable[[Any, float, CaseResult], Any]) -> None:
    if c is None:
        return _words(ax, y, "not run", MUTED)
    if not c.ok:
        what = {"n/a": "not applicable", "limit": "beyond a limit"}.get(c.status, "error")
        return _words(ax, y, what, RED if c.status == "error" else MUTED)
    if c.median(counter) is None:
        return _words(ax, y, "no figure", MUTED)
    return draw(ax, y, c)


def _words(ax: Any, y: float, text: str, colour: str) -> None:
    ax.annotate(text, (0, y), xytext=(4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                va="center", size=SMALL, color=colour, style="italic")


def _value(ax: Any, y: float, x: float, text: str) -> None:
    ax.annotate(text, (x, y), xytext=(6, 0), textcoords="offset points", va="center", size=SMALL, color=INK, zorder=4,
                bbox=dict(facecolor=PAPER, edgecolor="none", pad=0.8))


def _blocks(results: Results, counter: str) -> list[Block]:
    """Of each workload the scenario that most models share (of equals the one with most calls, then the shortest
    latency), and the one with most calls where that is another and two models share it."""
    blocks = []
    for workload in results.workloads:
        candidates = [Block(s, tuple(cs)) for s, cs in results.scenarios(workload).items()]
        candidates = [b for b in candidates if _models(b, counter)]
        if candidates:  # they come shortest latency first and warm first, and max keeps the first of equals
            shared = max(candidates, key=lambda b: (_models(b, counter), b.scenario.calls))
            wide = [b for b in candidates if _models(b, counter) > 1 and b.scenario.calls > shared.scenario.calls
                    and _plain(b.scenario) == _plain(shared.scenario)]
            blocks += [shared] + sorted(wide, key=lambda b: b.scenario.calls)[-1:]
    return blocks


def _plain(scenario: Scenario) -> tuple:
    """What two scenarios of one picture must have in common."""
    return (scenario.get("start", "warm"), scenario.get("connection", "reuse"))


def _models(block: Block, counter: str) -> int:
    """How many models the block has this counter of."""
    return len({c.case.model for c in block.cases if c.values(counter)})
