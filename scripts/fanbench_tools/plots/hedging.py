"""What hedging buys, and for how much: the tail over the extra load, a point for each time and budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Sequence

from matplotlib.ticker import MaxNLocator

from ..results.cases import Case, CaseResult, Results, Scenario
from ..results.catalogue import rank
from ..results.wording import fixed_seconds, percent, seconds, value
from .style import (INK, MUTED, PAPER, SMALL, Frame, LegendItem, log_axis, of_rounds, panel_title, series_of, short,
                    style_of, text_width)

AFTER, BUDGET, EXTRA = "hedge_after", "hedge_budget", "extra_calls"
SLOW = "slow_pages"  # a share; the other tails are times in µs
TAILS = {SLOW: "slow pages", "page_p99_us": "p99 of a page", "latency_p999_us": "p99.9 of a call", "latency_p99_us": "p99 of a call"}
INSTEAD = {"latency_p99_us": "latency_p999_us"}  # shown where rows have not this one
LOOKS = (("o", "-"), ("s", (0, (5, 2))), ("^", (0, (1, 1.5))), ("D", (0, (5, 1, 1, 1))))  # of the times to hedge after
PLAIN = (0, (4, 1.5))
MOST_COLUMNS = 3
FAR = 10  # a log axis where tails differ by more
LETTER = 7.5  # points
# Of a label, in points: the first that is free.
PLACES = ((6, 0), (0, 9), (0, -9), (8, 8), (8, -8), (-6, 0), (-8, 8), (-8, -8))

Spot = tuple[float, float]  # on the axes


@dataclass(frozen=True)
class Choice:
    """How the calls of a case are hedged."""

    after: str
    budget: float

    @staticmethod
    def of(case: Case) -> Choice | None:
        """None where no call is."""
        after = case.get(AFTER, "")
        budget = float(case.get(BUDGET, "1")) if fixed_seconds(after) else 0.0
        return Choice(after, budget) if budget > 0 else None


@dataclass(frozen=True)
class Group:
    """Cases of one transport that differ in their model and in how they are hedged."""

    scenario: Scenario
    transport: str
    cases: tuple[CaseResult, ...]

    @property
    def choices(self) -> set[Choice | None]:
        return {Choice.of(c.case) for c in self.cases}

    @property
    def tails(self) -> list[str]:
        have = [name for name in TAILS if any(_is_drawn(c, name) for c in self.cases)]
        return [name for name in have if INSTEAD.get(name) not in have]


def extra_load(results: Results, workload: str) -> Any:
    """Of the scenario in which most was chosen, a panel for each figure and model that hedges. None where nothing
    compares."""
    group = _group(results, workload)
    if group is None:
        return None
    models = list(series_of(c for c in group.cases
                            if Choice.of(c.case) and any(_is_drawn(c, tail) for tail in group.tails)).values())
    columns = -(-len(models) // -(-len(models) // MOST_COLUMNS))
    rows = [(tail, models[i:i + columns]) for tail in group.tails for i in range(0, len(models), columns)]
    looks = _looks(group)
    frame = Frame(f"{workload}: what hedging buys, and for how much extra load",
                  " · ".join(filter(None, (group.scenario.line, f"{group.transport} client"))), _legend(group, looks),
                  f"{of_rounds(group.cases, 'points: ', 'shaded bars')} Beside a point its budget: how many calls of "
                  "a hundred may have a second copy. Lower is a shorter tail, further right is more load on the service.",
                  panels=(len(rows), columns), panel_height=1.9 if len(rows) < 3 else 1.6, left=0.85, row_gap=0.5,
                  column_gap=0.25)
    for r, ((tail, some), axes) in enumerate(zip(rows, frame.axes)):
        for ax, model in zip(axes, some):
            _panel(ax, group, model, tail, looks)
            ax.tick_params(labelleft=ax is axes[0])
            panel_title(ax, model.label)
            if r + 1 == len(rows) or len(rows[r + 1][1]) <= axes.index(ax):
                ax.set_xlabel("extra calls")
        axes[0].set_ylabel(TAILS[tail])
        for ax in axes[len(some):]:
            ax.set_axis_off()
    return frame.figure


def _group(results: Results, workload: str) -> Group | None:
    alike: dict[tuple[Scenario, str], list[CaseResult]] = {}
    for c in results.cases:
        if c.case.workload == workload and not c.case.is_yardstick and any(_is_drawn(c, tail) for tail in TAILS):
            alike.setdefault((c.case.scenario.without(AFTER, BUDGET), c.case.transport), []).append(c)
    groups = [Group(*key, tuple(cases)) for key, cases in alike.items()]
    groups = [g for g in groups if len(g.choices) > 1]
    transports = results.catalogue.transports
    return max(groups, default=None, key=lambda g: (len(g.choices), len(g.cases), g.scenario.order,
                                                    -rank(g.transport, transports)[0]))


def _is_drawn(c: CaseResult, tail: str) -> bool:
    return c.value(tail) is not None and (Choice.of(c.case) is None or c.median(EXTRA) is not None)


def _looks(group: Group) -> dict[str, tuple[str, Any]]:
    afters = sorted({choice.after for choice in group.choices if choice}, key=lambda text: fixed_seconds(text) or 0.0)
    return {after: LOOKS[i % len(LOOKS)] for i, after in enumerate(afters)}


def _legend(group: Group, looks: dict[str, tuple[str, Any]]) -> list[LegendItem]:
    items = [LegendItem(f"hedged after {value(after)}",
                        {"color": MUTED, "marker": marker, "linestyle": line, "linewidth": 1.4})
             for after, (marker, line) in looks.items()]
    plain = LegendItem("not hedged", {"color": INK, "linewidth": 1.1, "linestyle": PLAIN})
    return items + [plain] * (None in group.choices)


def _panel(ax: Any, group: Group, model: Case, tail: str, looks: dict[str, tuple[str, Any]]) -> None:
    cases = [c for c in group.cases if c.case.series == model.series and _is_drawn(c, tail)]
    _axes(ax, group, tail)
    colour, points, lines = style_of(model).colour, [], []
    for after, (marker, line) in looks.items():
        chosen = [(c, choice) for c in cases if (choice := Choice.of(c.case)) and choice.after == after]
        chosen.sort(key=lambda one: one[1].budget)
        xs, ys = [100 * c.median(EXTRA) for c, _ in chosen], [_height(tail, c.value(tail)) for c, _ in chosen]
        ax.plot(xs, ys, color=colour, marker=marker, linestyle=line, linewidth=1.3, markersize=6, markeredgecolor=PAPER,
                markeredgewidth=0.7, zorder=3)
        lines += list(zip(zip(xs, ys), zip(xs[1:], ys[1:])))
        points += [((x, y), choice.budget) for x, y, (_, choice) in zip(xs, ys, chosen)]
    for c in cases:
        spread, choice = c.spread(tail), Choice.of(c.case)
        if choice is None:
            height = _height(tail, c.value(tail))
            ax.axhline(height, color=INK, linewidth=1.1, linestyle=PLAIN, zorder=2)
            ax.annotate(_words(tail)(height), (1, height), xycoords=("axes fraction", "data"),
                        xytext=(0, 4), textcoords="offset points", ha="right", va="bottom", size=SMALL,
                        bbox=dict(facecolor=PAPER, edgecolor="none", pad=0.8))
        elif spread and spread.rounds > 1:
            ax.plot([100 * c.median(EXTRA)] * 2, [_height(tail, v) for v in (spread.low, spread.high)], color=colour,
                    linewidth=3.2, alpha=0.35, zorder=2.5)
    _say(ax, points, lines)


def _height(tail: str, figure: float) -> float:
    return figure if tail == SLOW else figure / 1e6


def _words(tail: str) -> Any:
    return percent if tail == SLOW else seconds


def _axes(ax: Any, group: Group, tail: str) -> None:
    """The same for all models."""
    drawn = [c for c in group.cases if _is_drawn(c, tail)]
    tails = [_height(tail, v) for c in drawn for v in (c.values(tail) or [c.value(tail)])]
    most = max(100 * c.median(EXTRA) for c in drawn if Choice.of(c.case))
    end = 1.25 * most or 1.0
    ax.set_xlim(0, end)
    ax.set_xticks([t for t in MaxNLocator(5).tick_values(0, end) if t <= 0.9 * end])  # the next panel begins there
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:g} %")
    ax.grid(True)
    if tail != SLOW and max(tails) > FAR * min(tails):
        return log_axis(ax.yaxis, min(tails), max(tails), seconds)
    ax.set_ylim(0, 1.15 * max(tails) or 1)
    ax.locator_params(axis="y", nbins=5)
    return ax.yaxis.set_major_formatter(lambda v, _: short(_words(tail)(v)))


def _budgets(shares: Iterable[float]) -> str:
    """"2, 5 %", or "10 %, no limit"."""
    shares = sorted(set(shares))
    limited = ", ".join(f"{100 * share:g}" for share in shares if share < 1)
    return ", ".join([f"{limited} %"] * bool(limited) + ["no limit"] * (1 in shares))


def _say(ax: Any, points: Sequence[tuple[Spot, float]], lines: Sequence[tuple[Spot, Spot]]) -> None:
    """The budget beside each point, of those on one spot together, where it covers neither points nor lines nor texts."""
    of_a_pixel = 72 / ax.figure.dpi  # in points

    def at(spot: Spot) -> Any:
        return ax.transData.transform(spot) * of_a_pixel

    budgets: dict[Spot, list[float]] = {}
    for spot, budget in points:
        near = next((other for other in budgets if max(abs(at(other) - at(spot))) < 4), spot)
        budgets.setdefault(near, []).append(budget)
    covered = [(x - 3, y - 3, x + 3, y + 3) for x, y in map(at, budgets)]
    for begin, end in lines:
        along = [at(begin) + (at(end) - at(begin)) * i / 40 for i in range(41)]
        covered += [(x - 1, y - 1, x + 1, y + 1) for x, y in along]
    frame = ax.get_window_extent()
    for spot, shares in budgets.items():
        text = _budgets(shares)
        boxes = [(place, _box(*at(spot), place, text)) for place in PLACES]
        free = [b for b in boxes if frame.x0 * of_a_pixel < b[1][0] and b[1][2] < frame.x1 * of_a_pixel
                and not _overlaps(b[1], covered)]
        place, box = (free or boxes)[0]
        covered.append(box)
        ax.annotate(text, spot, xytext=place, textcoords="offset points", ha=_side(place), va="center", size=LETTER,
                    color=INK, zorder=4, bbox=dict(facecolor=PAPER, edgecolor="none", pad=0.4))


def _side(place: tuple[int, int]) -> str:
    return "left" if place[0] > 0 else "right" if place[0] < 0 else "center"


def _box(x: float, y: float, place: tuple[int, int], text: str) -> tuple[float, float, float, float]:
    width = 72 * text_width(text, LETTER)
    left = x + place[0] - {"left": 0.0, "right": width, "center": width / 2}[_side(place)]
    return left, y + place[1] - LETTER / 2, left + width, y + place[1] + LETTER / 2


def _overlaps(box: tuple[float, ...], others: Iterable[tuple[float, ...]]) -> bool:
    return any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)
