"""The look of all plots: colours and markers of the models, and a frame with title, legend and note laid out in inches.

Import it only where plots are made: it brings in matplotlib, on the Agg backend.
"""

from __future__ import annotations

import io
import math
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterable, Sequence

import matplotlib

matplotlib.use("Agg")
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.textpath import TextPath  # noqa: E402
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: E402

from ..results.cases import Case, CaseResult, rounds_had, rounds_words, yardstick_names
from ..results.catalogue import Catalogue, rank
from ..results.wording import count

# Okabe and Ito's colour-blind safe palette, with a marker for each model as a second sign, in the catalogue's order of
# models without the yardsticks. The second, third and sixth came later: the others keep the looks that readers know.
MODEL_STYLES = (("#0072B2", "o"), ("#44AA99", "<"), ("#882255", ">"), ("#D55E00", "s"), ("#E69F00", "^"), ("#56B4E9", "P"),
                ("#009E73", "D"), ("#CC79A7", "v"), ("#8C6D31", "*"), ("#6F4FA0", "h"), ("#A8A030", "p"), ("#117733", "<"),
                ("#332288", "d"), ("#B5651D", "H"), ("#2E86AB", "8"), ("#7A5195", "X"))
YARDSTICK_STYLE = ("#7A7A7A", "X")
UNKNOWN_STYLES = (("#3B3B3B", "<"), ("#B07AA1", "8"), ("#4E9A9A", "H"))
TRANSPORT_LINES = ("-", (0, (5, 2)), (0, (1, 1.5)))
TRANSPORT_HATCHES = ("", "////", "....")

# report.py gives these four to CSS in inlined SVGs, so that they follow light and dark.
INK, MUTED, GRID, PAPER = "#1f2328", "#59636e", "#d8dee4", "#ffffff"
RED = "#b3261e"

WIDTH = 8.0  # inches: 800 px at README size
DPI = 200
FONT, SMALL, TITLE = 9.5, 8.5, 12.5  # points: 13, 12 and 17 px at README size
LEAST_SPAN = 5  # a log axis shows at least this ratio
LEFT, RIGHT, TOP, BOTTOM = 0.75, 0.2, 0.3, 0.1

matplotlib.rcParams.update({
    "font.family": "DejaVu Sans", "font.size": FONT, "text.parse_math": False, "svg.fonttype": "path", "svg.hashsalt": "fanbench",
    "text.color": INK, "axes.labelcolor": MUTED, "axes.edgecolor": GRID, "axes.facecolor": "none",
    "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": SMALL, "ytick.labelsize": SMALL,
    "axes.labelsize": SMALL, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8,
    "grid.color": GRID, "grid.linewidth": 0.7, "axes.axisbelow": True, "figure.facecolor": PAPER,
    "hatch.linewidth": 0.8, "lines.solid_capstyle": "butt", "path.simplify": True,
})


@dataclass(frozen=True)
class Style:
    colour: str
    marker: str
    fill: str  # "full", or another marker filling where a number of workers was chosen


@dataclass(frozen=True)
class LegendItem:
    label: str
    handle: dict[str, Any]  # Line2D's properties


def style_of(case: Case) -> Style:
    """The same model looks the same everywhere; one with a chosen number of workers has a half-filled marker."""
    return Style(*look_of(case.model, case.catalogue), "full" if case.workers is None else "none")


def look_of(model: str, catalogue: Catalogue) -> tuple[str, str]:
    """A model's colour and marker."""
    if catalogue.is_yardstick(model):
        return YARDSTICK_STYLE
    models = [m.name for m in catalogue.models.values() if not m.yardstick]
    if model in models and models.index(model) < len(MODEL_STYLES):
        return MODEL_STYLES[models.index(model)]
    return UNKNOWN_STYLES[zlib.crc32(model.encode()) % len(UNKNOWN_STYLES)]


def line_of(case: Case) -> Any:
    return TRANSPORT_LINES[min(rank(case.transport, case.catalogue.transports)[0], len(TRANSPORT_LINES) - 1)]


def hatch_of(case: Case) -> str:
    return TRANSPORT_HATCHES[min(rank(case.transport, case.catalogue.transports)[0], len(TRANSPORT_HATCHES) - 1)]


def yardstick_words(drawn: Iterable[CaseResult]) -> str:
    return f"Dashed grey: {yardstick_names(c.case for c in drawn)}, what the machine can do"


def of_rounds(cases: Iterable[CaseResult], what: str = "", spread: str = "") -> str:
    """How what is drawn came about: "Points: median of 5 to 14 rounds; shaded bars: least to greatest."."""
    cases = list(cases)
    if max(rounds_had(cases), default=0) < 2:
        return "One round."
    said = f"{what}median of {rounds_words(cases)}" + (f"; {spread}: least to greatest." if spread else ".")
    return said[:1].upper() + said[1:]


def series_of(cases: Iterable[CaseResult]) -> dict[tuple[str, int | None], Case]:
    """A case of each (model, workers), which is a line of its own, in the order that is the same everywhere."""
    series = {c.case.series: c.case for c in cases}
    return dict(sorted(series.items(), key=lambda s: (rank(s[0][0], s[1].catalogue.models), s[0][1] or 0)))


def series_legend(series: Iterable[Case]) -> list[LegendItem]:
    styles = ((case.label, style_of(case)) for case in series)
    return [LegendItem(label, {"color": s.colour, "marker": s.marker, "fillstyle": s.fill, "linewidth": 1.8})
            for label, s in styles]


class Frame:
    """A figure whose parts have sizes in inches: title, subtitle, legend strip, a grid of panels, a note."""

    def __init__(self, title: str, subtitle: str, legend: Sequence[LegendItem], note: str, *, panels: tuple[int, int],
                 panel_height: float, left: float = LEFT, row_gap: float = 0.62, column_gap: float = 0.3,
                 bottom_axis: float = 0.5, panel_titles: bool = True):
        rows, columns = panels
        note_lines = wrap(note, WIDTH - 0.3, SMALL) if note else []
        subtitle_lines = wrap(subtitle, WIDTH - 0.3, FONT) if subtitle else []
        legend_rows = _flow(legend, WIDTH - 0.3)
        head = TOP + 0.2 * len(subtitle_lines) + 0.22 * len(legend_rows) + 0.1 + (0.24 if panel_titles else 0.05)
        foot = BOTTOM + 0.17 * len(note_lines) + bottom_axis
        self.height = head + rows * panel_height + (rows - 1) * row_gap + foot
        self.figure = Figure(figsize=(WIDTH, self.height), dpi=DPI)
        y = self.height - 0.27
        self._text(0.15, y, title, size=TITLE, weight="bold")
        for line in subtitle_lines:
            y -= 0.2
            self._text(0.15, y, line, color=MUTED)
        for row in legend_rows:
            y -= 0.22
            self._legend_row(row, y + 0.045)
        for i, line in enumerate(reversed(note_lines)):
            self._text(0.15, BOTTOM + 0.17 * i, line, size=SMALL, color=MUTED)
        width = (WIDTH - left - RIGHT - (columns - 1) * column_gap) / columns
        self.axes = [[self._panel(left + c * (width + column_gap),
                                  foot + (rows - 1 - r) * (panel_height + row_gap), width, panel_height)
                      for c in range(columns)] for r in range(rows)]

    def _panel(self, x: float, y: float, width: float, height: float) -> Any:
        return self.figure.add_axes((x / WIDTH, y / self.height, width / WIDTH, height / self.height))

    def _text(self, x: float, y: float, text: str, **properties: Any) -> None:
        self.figure.text(x / WIDTH, y / self.height, text, **properties)

    def _legend_row(self, row: list[tuple[float, LegendItem]], y: float) -> None:
        for x, item in row:
            place = dict(transform=self.figure.transFigure, markersize=6, clip_on=False)
            xs = [(x + dx) / WIDTH for dx in (0, 0.13, 0.26)]
            self.figure.add_artist(Line2D(xs, [y / self.height] * 3, markevery=[1], **{**place, **item.handle}))
            self._text(x + 0.31, y - 0.045, item.label)


def text_width(text: str, size: float) -> float:
    """In inches."""
    return size * _width_at_ten(text) / 720


@lru_cache(maxsize=4096)
def _width_at_ten(text: str) -> float:
    vertices = TextPath((0, 0), text, size=10).vertices
    return float(vertices[:, 0].max()) if len(vertices) else 0.0


def wrap(text: str, width: float, size: float) -> list[str]:
    """Breaks at spaces so that no line is wider than this many inches."""
    text = text.replace(" · ", "\u00a0· ")  # no line begins with a separator
    text = re.sub(r"(?<=\d) (?=\D)", "\u00a0", text)  # a figure stays with its unit
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _flow(items: Sequence[LegendItem], width: float) -> list[list[tuple[float, LegendItem]]]:
    """Legend items in rows, each with its x in inches."""
    rows: list[list[tuple[float, LegendItem]]] = []
    x = width
    for item in items:
        needs = 0.31 + text_width(item.label, FONT) + 0.13
        if x + needs > width + 0.13 or not rows:
            rows.append([])
            x = 0.15
        rows[-1].append((x, item))
        x += needs
    return rows


def draw_line(ax: Any, xs: Sequence[float], line: Sequence[CaseResult], figure: str) -> None:
    """A series' medians over these places, each with what its rounds spread over."""
    case = line[0].case
    style, spreads = style_of(case), [c.spread(figure) for c in line]
    for x, s in zip(xs, spreads):
        if s.rounds > 1 and s.low > 0:
            ax.plot([x, x], [s.low, s.high], color=style.colour, linewidth=3.2, alpha=0.35, zorder=2.5)
    hollow = style.fill == "none"
    ax.plot(xs, [s.median for s in spreads], color=style.colour, linestyle=line_of(case), linewidth=1.7,
            marker=style.marker, markersize=6, markerfacecolor=PAPER if hollow else style.colour,
            markeredgecolor=style.colour if hollow else PAPER, markeredgewidth=1.2 if hollow else 0.7, zorder=3)


def panel_title(ax: Any, text: str) -> None:
    ax.annotate(text, (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points", weight="bold",
                size=FONT, annotation_clip=False)


def calls_axis(ax: Any, calls: Sequence[int], label: bool = True) -> None:
    """A log axis over N with a tick at each N that was run."""
    low, high = min(calls), max(calls)
    ax.set_xscale("log")
    ax.set_xlim(low / (high / low) ** 0.06, high * (high / low) ** 0.06)
    ax.xaxis.set_major_locator(FixedLocator(_apart(calls)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    if label:
        ax.set_xlabel("calls")


def _apart(calls: Sequence[int]) -> list[int]:
    """Of the Ns, those whose tick labels do not touch: at least a sixth of the axis apart, the last always kept."""
    kept = [calls[-1]]
    for n in reversed(calls[:-1]):
        if kept[-1] / n >= (calls[-1] / calls[0]) ** 0.16:
            kept.append(n)
    return kept[::-1]


def log_ticks(low: float, high: float) -> list[float]:
    """Round values over the range: powers of ten, with 2 and 5 between them where there are few."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [s * 10.0**e for e in exponents for s in steps if low <= s * 10.0**e <= high]
        if len(ticks) >= 3:
            break
    every = -(-len(ticks) // 6)
    return ticks[::every]


def log_axis(axis: Any, low: float, high: float, formatter: Any = count, room: float = 1.25) -> None:
    """A log axis from low to high, widened a little, with round ticks in words."""
    low, high = low / room, high * 1.25
    if high / low < LEAST_SPAN:  # scatter must not look like a difference
        widen = (LEAST_SPAN / (high / low)) ** 0.5
        low, high = low / widen, high * widen
    ax = axis.axes
    if axis.axis_name == "y":
        ax.set_yscale("log")
        ax.set_ylim(low, high)
    else:
        ax.set_xscale("log")
        ax.set_xlim(low, high)
    axis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda v, _: short(formatter(v))))


def short(text: str) -> str:
    """A tick's text without noughts that say nothing: "1.00 s" is "1 s"."""
    return re.sub(r"(\.\d*?)0+(?=\D|$)", lambda m: "" if m[1] == "." else m[1], text)


def render(figure: Figure) -> dict[str, bytes]:
    """PNG and SVG, the same bytes for the same data."""
    out = {}
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=metadata)
        out[kind] = buffer.getvalue()
    return out
