"""Plots with a row per model, in blocks of one scenario each, a column per transport (or per placement of work)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Sequence

from matplotlib.ticker import MaxNLocator

from ..results.cases import Case, CaseResult, Results, Scenario, fewer_in_flight, yardstick_of
from ..results.catalogue import rank
from ..results.wording import fixed_seconds, latency, seconds
from .style import (INK, MUTED, PAPER, RED, SMALL, Frame, LegendItem, hatch_of, log_axis, of_rounds, panel_title,
                    series_legend, series_of, style_of, text_width, yardstick_words)

LATENCIES = (("latency_p50_us", "p50", "o"), ("latency_p90_us", "p90", "|"), ("latency_p99_us", "p99", "D"),
             ("latency_max_us", "max", ">"))
LAGS = (("loop_lag_p50_us", "p50", "o"), ("loop_lag_p99_us", "p99", "D"), ("loop_lag_max_us", "max", ">"))
FIRST_EVENTS = (("first_after_sending_us", "from the sending of the request that passed", "|"),
                ("time_to_first_us", "from the intended start", "o"))
GAPS = (("gap_p50_us", "p50", "o"), ("gap_p99_us", "p99", "D"))
PLACEMENTS = {"inline": "Work inline, where the reply came in", "offload": "Work offloaded to a pool"}
BOLD = 1.13  # how much wider bold text is
PAGE = 13  # blocks: with more a picture is longer than a page


@dataclass(frozen=True)
class Block:
    """Rows under one heading; what a case's column is, its key says."""

    scenario: Scenario
    cases: tuple[CaseResult, ...]
    key: str = "transport"
    title: str = ""  # in place of the scenario
    yardstick: CaseResult | None = None  # what the machine can do: a line, not one more row

    @staticmethod
    def of(scenario: Scenario, cases: Sequence[CaseResult], key: str = "transport", title: str = "") -> Block:
        return Block(scenario, tuple(c for c in cases if not c.case.is_yardstick), key, title, yardstick_of(cases))

    def rows(self) -> dict[tuple[str, int | None], Case]:
        return series_of(self.cases)

    def column_of(self, c: CaseResult) -> str:
        return c.case.transport if self.key == "transport" else c.case.get(self.key, "")

    def find(self, row: tuple[str, int | None], column: str) -> CaseResult | None:
        return next((c for c in self.cases if c.case.series == row and self.column_of(c) == column), None)


@dataclass(frozen=True)
class Look:
    """Where rows stand, in inches and points."""

    row: float
    head: float  # rows above a block
    least: float  # rows that a block takes at least
    size: float  # of the figures beside bars and dots
    marker: float
    names: bool  # each row says its model; else the legend does

    @staticmethod
    def of(blocks: Sequence[Block]) -> Look:
        if len(blocks) > 6:
            return Look(row=0.135, head=0.9, least=3.8, size=7.5, marker=4.6, names=False)
        return Look(row=0.235, head=1.25 if len(blocks) > 1 else 0.1, least=0, size=SMALL, marker=6.5,
                    names=True)


def efficiency(results: Results, page: int = 0) -> Any:
    """ideal / makespan per workload and model. None without data, or such a page."""
    blocks, about = _page(results, "efficiency", page), results.catalogue.figure("efficiency")
    look, fewer = Look.of(blocks), _fewer(blocks)

    def draw(ax: Any, y: float, c: CaseResult) -> None:
        spread, style = c.spread("efficiency"), style_of(c.case)
        ax.barh(y, spread.median, height=0.66 if look.names else 0.8, color=style.colour,
                hatch=hatch_of(c.case), edgecolor=PAPER, linewidth=0, zorder=2)
        if spread.rounds > 1:
            ax.plot([spread.low, spread.high], [y, y], color=INK, linewidth=1.1, zorder=3, solid_capstyle="butt")
        _value(ax, y, spread.high, about.words(spread.median) + _star(c, fewer), look)

    def axis(ax: Any) -> None:
        ax.set_xlim(0, 1.17)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
        ax.set_xlabel(f"{about.axis} (ideal / makespan)")

    return _draw("Efficiency by workload and model" + _of_pages(results, "efficiency", page), "1 is the plan's own time, on a machine that costs nothing",
                 blocks, "efficiency", draw, axis, spread="thin lines",
                 yardstick=lambda c: c.median("efficiency"))


def cpu_per_call(results: Results, page: int = 0) -> Any:
    """Client CPU per call, per workload and model. None without data, or such a page."""
    return _dots(results, "cpu_us_per_call", "Client CPU per call by workload and model",
                 "User and system time of the client's whole process tree", page)


def cancel_latency(results: Results) -> Any:
    """From the decision that calls are needless to the end of the fan-out. None without data."""
    about = results.catalogue.figure("cancel_latency_us")
    return _dots(results, about.name, about.label, about.help[:1].upper() + about.help[1:].rstrip("."))


def latency_percentiles(results: Results, workload: str) -> Any:
    """Latency of single calls for the workload's largest scenario. None without data."""
    scenarios = [Block.of(s, cs) for s, cs in results.scenarios(workload).items()
                 if any(c.median("latency_p50_us") for c in cs) and s.get("start", "warm") == "warm"]
    if not scenarios:
        return None
    best = max(scenarios, key=lambda b: (b.scenario.calls, _models(b, "latency_p50_us")))
    pooled = [name for key, name, _ in LATENCIES if any(c.pooled(key) is not None for c in best.cases)]
    return _quantiles(f"{workload}: latency of single calls",
                      "A quantile with fewer than ten samples beyond it is not shown" +
                      f"; {', '.join(pooled)} is that of the calls of all rounds together" * bool(pooled), [best],
                      LATENCIES, "latency of a call, from its intended start")


def first_events(results: Results, workload: str) -> Any:
    """How long streams take to their first event, from two moments. None without data."""
    return _of_streams(results, workload, f"{workload}: time to the first event",
                       "Median of all streams. What lies between the two is waiting for a worker or the quota",
                       FIRST_EVENTS, "time to the first event")


def event_gaps(results: Results, workload: str) -> Any:
    """The time between a stream's events, as the client has them. None without data."""
    return _of_streams(results, workload, f"{workload}: gaps between events",
                       "From an event of a stream to the next, as the client has them", GAPS, "gap between events")


def _of_streams(results: Results, workload: str, title: str, what: str, figures: Sequence[tuple[str, str, str]],
                label: str) -> Any:
    """Of the scenario that most models share; of equals of the one with most calls, then of the first."""
    blocks = [Block.of(s, cs) for s, cs in results.scenarios(workload).items()]
    blocks = [b for b in blocks if any(_models(b, key) for key, _, _ in figures)]
    if not blocks:
        return None
    chosen = max(blocks, key=lambda b: (_models(b, figures[-1][0]), b.scenario.calls))
    return _quantiles(title, what, [chosen], figures, label, say_last=True)


def loop_lag(results: Results, workload: str) -> Any:
    """How late the heartbeat was beside the workload, work inline and offloaded side by side. None without data."""
    alike: dict[Scenario, list[CaseResult]] = {}
    for c in results.cases:
        if c.case.workload == workload and c.case.get("placement"):
            alike.setdefault(c.case.scenario.without("placement"), []).append(c)
    candidates = [(s, cs) for s, cs in alike.items() if any(c.median("loop_lag_max_us") for c in cs)]
    if not candidates:
        return None
    scenario, cases = max(candidates, key=lambda s: (len({c.case.get("placement") for c in s[1]}), s[0].calls,
                                                     fixed_seconds(s[0].get("cpu_per_call", "")) or 0))
    known = results.catalogue.transports
    transports = sorted({c.case.transport for c in cases}, key=lambda t: rank(t, known))
    blocks = [Block.of(scenario, [c for c in cases if c.case.transport == t], "placement", f"{t} client")
              for t in transports]
    what = _sentence(scenario) + (f" · {blocks[0].title}" if len(blocks) == 1 else "")
    return _quantiles(f"{workload}: how late a heartbeat is beside the work",
                      f"{what}. A tick every 10 ms, by what the model's calls depend on: its lag is what "
                      "all others wait while one computes", blocks, LAGS, "loop lag of the heartbeat",
                      titles=PLACEMENTS, say_last=True)


def _quantiles(title: str, subtitle: str, blocks: Sequence[Block],
               quantiles: Sequence[tuple[str, str, str]], label: str, titles: dict[str, str] | None = None,
               say_last: bool = False) -> Any:
    """Several figures in microseconds in each row, from the least to the greatest."""
    cases = [c for b in blocks for c in b.cases]
    legend = [LegendItem(name, {"color": MUTED, "linewidth": 0, "marker": marker, "markeredgewidth": 1.4,
                                "fillstyle": "none" if marker == ">" else "full"})
              for key, name, marker in quantiles if any(c.value(key) for c in cases)]
    values = [v / 1e6 for c in cases for key, _, _ in quantiles if (v := c.value(key))]

    def yardstick(c: CaseResult) -> float | None:
        least = c.median(quantiles[0][0])
        return None if least is None else least / 1e6

    values += _yardsticks(blocks, yardstick)
    low, high = min(values), max(values)

    def draw(ax: Any, y: float, c: CaseResult) -> None:
        style = style_of(c.case)
        points = [(v / 1e6, marker) for key, _, marker in quantiles if (v := c.value(key))]
        xs = [x for x, _ in points]
        ax.plot([min(xs), max(xs)], [y, y], color=style.colour, linewidth=1.6, alpha=0.5, zorder=2)
        for x, marker in points:
            ax.plot(x, y, marker=marker, color=style.colour, markersize=7 if marker == "|" else 5.5,
                    markeredgewidth={"|": 1.8, ">": 1.2}.get(marker, 0.6), markerfacecolor=PAPER if marker == ">"
                    else style.colour, markeredgecolor=style.colour if marker in "|>" else PAPER, zorder=3)
        if say_last:
            _value(ax, y, max(xs), seconds(max(xs)), Look.of(blocks))

    def axis(ax: Any) -> None:
        if high > 6 * low:
            log_axis(ax.xaxis, low, high * (_room(low, high) if say_last else 1), seconds)
        else:
            room = max((high - low) * 0.08, low * 0.01)
            ax.set_xlim(low - room, high + room * (4 if say_last else 1))
            left, right = ax.get_xlim()
            ticks = MaxNLocator(6).tick_values(left, right)
            ax.set_xticks([t for t in ticks if left <= t <= right - 0.04 * (right - left)])  # no room for a label
            ax.xaxis.set_major_formatter(lambda v, _: f"{v * 1e3:,.4g} ms" if high < 2 else f"{v:.3g} s")
        ax.set_xlabel(label)

    return _draw(title, subtitle, blocks, quantiles[-1][0], draw, axis, legend, spread="", titles=titles,
                 yardstick=yardstick)


def pages(results: Results, figure: str) -> int:
    """How many pictures a figure of all workloads needs."""
    return -(-len(blocks_of(results, figure)) // PAGE)


def _page(results: Results, figure: str, page: int) -> list[Block]:
    """The blocks of this picture: all have about as many."""
    blocks, number = blocks_of(results, figure), pages(results, figure)
    return blocks[len(blocks) * page // number:len(blocks) * (page + 1) // number] if page < number else []


def _of_pages(results: Results, figure: str, page: int) -> str:
    number = pages(results, figure)
    return f" ({page + 1} of {number})" if number > 1 else ""


def _dots(results: Results, figure: str, title: str, subtitle: str, page: int = 0) -> Any:
    blocks, about = _page(results, figure, page), results.catalogue.figure(figure)
    values = [v for b in blocks for c in b.cases for v in c.values(figure) if v > 0]
    if not values:
        return None

    def yardstick(c: CaseResult) -> float | None:
        return c.median(figure)

    values += _yardsticks(blocks, yardstick)
    low, high, look, fewer = min(values), max(values), Look.of(blocks), _fewer(blocks)

    def draw(ax: Any, y: float, c: CaseResult) -> None:
        spread, style = c.spread(figure), style_of(c.case)
        if spread.median <= 0:
            return _words(ax, y, about.tick(spread.median), MUTED, look)
        ax.axhline(y, color=MUTED, linewidth=0.4, alpha=0.35, zorder=1)
        if spread.rounds > 1 and spread.low > 0:
            ax.plot([spread.low, spread.high], [y, y], color=style.colour, linewidth=look.marker / 2, alpha=0.4,
                    zorder=2)
        hollow = style.fill == "none"
        ax.plot(spread.median, y, marker=style.marker, color=style.colour, markersize=look.marker,
                markerfacecolor=PAPER if hollow else style.colour, markeredgewidth=1.2 if hollow else 0.7,
                markeredgecolor=style.colour if hollow else PAPER, zorder=3)
        _value(ax, y, spread.high, about.tick(spread.median) + _star(c, fewer), look)

    def axis(ax: Any) -> None:
        log_axis(ax.xaxis, low, high * _room(low, high), about.tick)
        ax.set_xlabel(f"{about.axis}, log scale")

    return _draw(title + _of_pages(results, figure, page), subtitle, blocks, figure, draw, axis, yardstick=yardstick)


def _draw(title: str, subtitle: str, blocks: Sequence[Block], figure: str,
          draw: Callable[[Any, float, CaseResult], Any], axis: Callable[[Any], None],
          legend: Sequence[LegendItem] = (), spread: str = "shaded bars", titles: dict[str, str] | None = None,
          yardstick: Callable[[CaseResult], float | None] | None = None) -> Any:
    """`titles`: those of the columns, in their order, where they are no transports. `yardstick`: where on the axis the
    machine's own figure is drawn as a line."""
    if not blocks:
        return None
    look, cases = Look.of(blocks), [c for b in blocks for c in b.cases]
    there = {b.column_of(c) for b in blocks for c in b.cases}
    known = blocks[0].scenario.catalogue
    columns = [c for c in titles if c in there] if titles else sorted(there, key=lambda t: rank(t, known.transports))
    series = series_of(cases)
    if len(blocks) == 1 and not blocks[0].title:  # a single block's scenario goes into the subtitle
        subtitle = f"{_sentence(blocks[0].scenario)}. {subtitle}."
    heights = [max(len(b.rows()), look.least) + look.head for b in blocks]
    lines = sum(heights) - (0.15 if look.names else -0.2)
    if look.names:
        left = 0.3 + max(text_width(case.label, SMALL + 0.5) for case in series.values())
    else:
        legend = series_legend(series.values())
        left = 0.3 + max(text_width(line, SMALL) * BOLD for b in blocks for line in _place(b.scenario))
    note = of_rounds(cases, spread=spread)
    if yardstick and _yardsticks(blocks, yardstick):
        note += f" {yardstick_words(b.yardstick for b in blocks if b.yardstick)}."
    if fewer := _fewer(blocks):
        who = "; ".join(f"{c.case.label} / {c.case.transport} {fewer[c.name]}" for c in cases if c.name in fewer)
        note += f" *: others of the scenario had more calls in flight: {who}."
    frame = Frame(title, subtitle, legend, note, panels=(1, len(columns)), panel_height=look.row * lines, left=left,
                  column_gap=0.5)
    for i, (ax, column) in enumerate(zip(frame.axes[0], columns)):
        axis(ax)
        ax.set_zorder(2 - i)  # the headings reach over the panels to the right
        ax.set_ylim(lines - 0.1, 0)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.grid(True, axis="x")
        panel_title(ax, titles[column] if titles else f"{column} client")
        y = 0.0
        for block, height in zip(blocks, heights):
            if y and not look.names:
                ax.axhline(y + look.head / 2 - 0.1, color=MUTED, linewidth=0.4, alpha=0.5, zorder=1)
            if i == 0:
                _beside(ax, y, left, block, look, alone=len(blocks) == 1)
            _rows(ax, y + look.head + 0.3, block, column, figure, draw, look)
            if yardstick and block.yardstick and any(block.column_of(c) == column for c in block.cases):
                _yardstick_line(ax, y + look.head + 0.3, block, yardstick(block.yardstick))
            y += height
    return frame.figure


def _beside(ax: Any, y: float, left: float, block: Block, look: Look, alone: bool) -> None:
    """What is said at the left of a block: its scenario, and the models where rows are labelled."""
    if not look.names:
        return _side_heading(ax, y + look.head + 0.3, left, block.scenario)
    if not alone:
        _heading(ax, y + 0.62, left, block)
    for k, case in enumerate(block.rows().values()):
        ax.annotate(case.label, (0, y + look.head + 0.3 + k), xytext=(-7, 0), xycoords=("axes fraction", "data"),
                    ha="right", va="center", textcoords="offset points", size=SMALL + 0.5, annotation_clip=False)


def _rows(ax: Any, y: float, block: Block, column: str, figure: str, draw: Callable[[Any, float, CaseResult], Any],
          look: Look) -> None:
    if not any(block.column_of(c) == column for c in block.cases):
        return _words(ax, y, "not run", MUTED, look)
    for k, row in enumerate(block.rows()):
        _row(ax, y + k, block.find(row, column), figure, draw, look)


def _yardsticks(blocks: Sequence[Block], of: Callable[[CaseResult], float | None]) -> list[float]:
    return [value for b in blocks if b.yardstick and (value := of(b.yardstick)) and value > 0]


def _yardstick_line(ax: Any, y: float, block: Block, value: float | None) -> None:
    if value and value > 0:
        ax.plot([value, value], [y - 0.5, y + len(block.rows()) - 0.5], color=MUTED, linewidth=1.2,
                linestyle=(0, (4, 1.5)), zorder=1.5)


def _fewer(blocks: Sequence[Block]) -> dict[str, str]:
    return fewer_in_flight(c for b in blocks for c in (*b.cases, *([b.yardstick] if b.yardstick else [])))


def _star(c: CaseResult, fewer: dict[str, str]) -> str:
    return "*" if c.name in fewer else ""


def _sentence(scenario: Scenario) -> str:
    what = scenario.short
    return " · ".join(part for part in (what[:1].upper() + what[1:], scenario.line) if part)


def _heading(ax: Any, y: float, left: float, block: Block) -> None:
    """The block's scenario, from the figure's left edge, over the grid."""
    place = dict(xycoords=("axes fraction", "data"), textcoords="offset points", va="center", annotation_clip=False,
                 bbox=dict(facecolor=PAPER, edgecolor="none", pad=1.5), zorder=4)
    start = -72 * left + 11
    bold, rest = (block.title, "") if block.title else (block.scenario.workload, block.scenario.line)
    ax.annotate(bold, (0, y), xytext=(start, 0), weight="bold", size=SMALL + 0.5, **place)
    if rest:
        ax.annotate(rest, (0, y), xytext=(start + 72 * text_width(bold, SMALL + 0.5) * BOLD + 8, 0), size=SMALL,
                    color=MUTED, **place)


def _place(scenario: Scenario) -> tuple[str, ...]:
    """A block's heading in lines that are short enough to stand beside it."""
    delays = latency(scenario.latency).partition(" (")[0]
    calls = scenario.catalogue.phrase(scenario.workload, "calls", str(scenario.calls))
    return (scenario.workload, calls, *([delays] if delays else []))


def _side_heading(ax: Any, y: float, left: float, scenario: Scenario) -> None:
    for i, line in enumerate(_place(scenario)):
        ax.annotate(line, (0, y), xytext=(-72 * left + 11, -13 * i), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="center", annotation_clip=False, size=SMALL,
                    **({"color": MUTED} if i else {"weight": "bold"}))


def _row(ax: Any, y: float, c: CaseResult | None, figure: str, draw: Callable[[Any, float, CaseResult], Any],
         look: Look) -> None:
    if c is None:
        return _words(ax, y, "not run", MUTED, look)
    if not c.ok:
        what = {"n/a": "not applicable", "limit": "beyond a limit"}.get(c.status, "error")
        return _words(ax, y, what, RED if c.status == "error" else MUTED, look)
    if c.median(figure) is None:
        return _words(ax, y, "no figure", MUTED, look)
    return draw(ax, y, c)


def _words(ax: Any, y: float, text: str, colour: str, look: Look) -> None:
    ax.annotate(text, (0, y), xytext=(4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                va="center", size=look.size, color=colour, style="italic")


def _value(ax: Any, y: float, x: float, text: str, look: Look) -> None:
    ax.annotate(text, (x, y), xytext=(6, 0) if look.names else (4, 0), textcoords="offset points", va="center",
                size=look.size, color=INK, zorder=4, bbox=dict(facecolor=PAPER, edgecolor="none", pad=0.8))


def _room(low: float, high: float) -> float:
    """By what to lengthen a log axis for the figure beside its last point."""
    return max(1.9, (high / low) ** 0.25)


def blocks_of(results: Results, figure: str) -> list[Block]:
    """Of each workload the scenario that most models share (of equals the one with most calls, then the shortest
    latency), and the one with most calls where that is another and two models share it."""
    blocks = []
    for workload in results.workloads:
        candidates = [Block.of(s, cs) for s, cs in results.scenarios(workload).items()]
        candidates = [b for b in candidates if _models(b, figure)]
        if candidates:  # they come shortest latency first and warm first, and max keeps the first of equals
            shared = max(candidates, key=lambda b: (_models(b, figure), b.scenario.calls))
            wide = [b for b in candidates if _models(b, figure) > 1 and b.scenario.calls > shared.scenario.calls
                    and _plain(b.scenario) == _plain(shared.scenario)]
            blocks += [shared] + sorted(wide, key=lambda b: b.scenario.calls)[-1:]
    return blocks


def _plain(scenario: Scenario) -> tuple:
    """What two scenarios of one picture must have in common."""
    return (scenario.get("start", "warm"), scenario.get("connection", "reuse"))


def _models(block: Block, figure: str) -> int:
    """How many models the block has this figure of."""
    return len({c.case.model for c in block.cases if c.values(figure)})
