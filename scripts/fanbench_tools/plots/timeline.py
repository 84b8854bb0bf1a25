"""One fan-out as a timeline: a panel per model, each call a thin bar from its start to its end, or one for each of its
attempts; and lines at the moments that concern all of them."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ..results.cases import Case
from ..results.catalogue import rank
from ..results.wording import rate, seconds
from .style import INK, MUTED, PAPER, RED, SMALL, Frame, LegendItem, style_of, text_width

KINDS = ("scope", "order", "mode", "prefetch", "placement")  # parameters that make the same workload another story
GAPS_UP_TO = 60  # calls: above, bars are too thin for a gap, and neighbours are drawn as one shape
OK, CANCELLED, TIMED_OUT, FAILED, WAITING = "ok", "cancelled", "timed_out", "failed", "waiting"
ALPHAS = {WAITING: 0.22, OK: 1.0, CANCELLED: 0.5, TIMED_OUT: 0.5, FAILED: 0.75}
MARKS = {TIMED_OUT: "|", FAILED: "x"}  # in red, at the call's end
LINES = ("-", (0, (4, 1.5)))  # in red, at moments: a signal, the end of a grace

Record = dict[str, Any]
Recorded = tuple[Case, Record]


def choose(records: Sequence[Record], cases: Mapping[str, Case]) -> dict[str, list[Recorded]]:
    """Per workload the records of the scenario and transport that most models share, in the models' order; where it
    comes in kinds, those of each: `pipeline_barrier` and `pipeline_streamed`."""
    groups: dict[tuple, list[Recorded]] = {}
    for record in records:
        case = cases.get(record["name"])
        if case and not case.is_yardstick and any(_times(call) for call in record["calls"]):
            groups.setdefault((case.workload, case.transport, case.scenario), []).append((case, record))
    best: dict[str, tuple] = {}
    for key in groups:
        if key[0] not in best or _worth(key, groups) > _worth(best[key[0]], groups):
            best[key[0]] = key
    chosen = {}
    for workload, (_, transport, scenario) in best.items():
        kinds = [key for key in groups if key[:2] == (workload, transport)
                 and key[2].without(*KINDS) == scenario.without(*KINDS)]
        for key in sorted(kinds, key=lambda k: k[2].order):
            name = [workload] + [_word(*p) for p in key[2].params if p[0] in KINDS and len(kinds) > 1]
            chosen["_".join(name)] = sorted(groups[key], key=lambda recorded: _model_order(recorded[0]))
    return chosen


def timeline(recorded: Sequence[Recorded]) -> Any:
    """The records of one scenario over one transport, model above model on one time axis. None without data."""
    if not recorded:
        return None
    cases, records = [case for case, _ in recorded], [record for _, record in recorded]
    ends = [_makespan(r) for r in records]
    ideal = next((float(r["ideal_s"]) for r in records if _positive(r.get("ideal_s"))), None)
    limit = _time_limit(ends, ideal)
    left = 0.3 + max(text_width(c.label, SMALL + 0.5) for c in cases)
    case, calls = cases[0], max(len(r["calls"]) for r in records)
    what = case.scenario.short
    subtitle = " · ".join(filter(None, (what[:1].upper() + what[1:], case.scenario.line, f"{case.transport} client")))
    shown = [call for r in records for call in r["calls"] if _times(call)]
    never, often = any(map(_never_begun, shown)), any(map(_attempts, shown))
    kinds = {bar[1] for call in shown for bar in _parts(call)}
    legend = _legend(kinds, never or _any_wait(shown, limit), "attempt" if often else "call") + _moments(records)
    if any(map(_events, shown)):
        legend.append(LegendItem("event", {"color": INK, "linewidth": 0, "marker": "|", "markeredgewidth": 1.1}))
    frame = Frame(f"{case.workload}: one fan-out, call by call", subtitle, legend, _note(ends, limit, never, shown),
                  panels=(len(records), 1), panel_height=0.95 if calls > 30 else 0.6, left=left, row_gap=0.16,
                  panel_titles=True)
    unit = next((u for u in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)) if limit >= u[1]), ("µs", 1e-6))
    for i, (record, one, end, row) in enumerate(zip(records, cases, ends, frame.axes)):
        ax = row[0]
        _bars(ax, record, one, limit, unit[1])
        _panel(ax, one, record, end, limit, unit, last=i == len(records) - 1)
        if ideal is not None:
            ax.axvline(ideal / unit[1], color=INK, linewidth=1.1, linestyle=(0, (1, 1.6)), zorder=4)
            if i == 0:
                ax.annotate(f"ideal {seconds(ideal)}", (ideal / unit[1], 1), xycoords=("data", "axes fraction"),
                            xytext=(0, 4), textcoords="offset points", ha="center", size=SMALL, annotation_clip=False)
        for line, (_, at) in zip(LINES, _moments_of(record)):
            ax.axvline(at / unit[1], color=RED, linewidth=1.1, linestyle=line, zorder=4)
    return frame.figure


def _panel(ax: Any, case: Case, record: Record, end: float, limit: float, unit: tuple[str, float], last: bool) -> None:
    ax.set_xlim(0, limit * 1.16 / unit[1])
    ax.set_ylim(len(record["calls"]) - 0.5, -0.5)
    ax.set_yticks([])
    ax.grid(True, axis="x")
    ax.locator_params(axis="x", nbins=8)
    ax.annotate(case.label, (0, 0.5), xycoords="axes fraction", xytext=(-8, 0), textcoords="offset points", ha="right",
                va="center", size=SMALL + 0.5, annotation_clip=False)
    if last:
        ax.set_xlabel(f"time since the first call's intended start ({unit[0]})")
    else:
        ax.tick_params(labelbottom=False, bottom=False)
    efficiency = record.get("efficiency")
    text = seconds(end) + (f"\n{rate(float(efficiency))}" if _positive(efficiency) else "")
    at = min(end, limit) / unit[1]
    if end > limit:
        text = f"→ {text}"
    ax.annotate(text, (at, 0.5), xycoords=("data", "axes fraction"), xytext=(6, 0), textcoords="offset points",
                va="center", size=SMALL, color=INK, linespacing=1.35,
                bbox=dict(facecolor=PAPER, edgecolor="none", pad=1), zorder=5)


def _bars(ax: Any, record: Record, case: Case, limit: float, unit: float) -> None:
    """Waiting light, in flight solid; what did not end well is drawn lighter and marked at its end. Attempts of a call
    that were under way at once share its row."""
    from matplotlib.collections import PolyCollection

    colour = style_of(case).colour
    layers: dict[str, list] = {kind: [] for kind in ALPHAS}
    marks: dict[str, list] = {kind: [] for kind in MARKS}
    for i, call in enumerate(record["calls"]):
        for lane, kind, begin, end in _parts(call):
            at = i + lane / 4
            layers[kind].append((at, 0.5 if lane else 1.0, min(begin, limit) / unit, min(end, limit) / unit))
            if kind in marks and end <= limit:
                marks[kind].append((end / unit, at))
    gaps = len(record["calls"]) <= GAPS_UP_TO
    for kind, spans in layers.items():
        shapes = _shapes([s for s in spans if s[3] > s[2]], gaps)
        if shapes:
            ax.add_collection(PolyCollection(shapes, facecolors=colour, edgecolors="none", linewidths=0,
                                             alpha=ALPHAS[kind], zorder=2, snap=not gaps), autolim=False)
    events = [(at / unit, i) for i, call in enumerate(record["calls"]) for at in _events(call) if at <= limit]
    if events:
        ax.plot(*zip(*events), linestyle="", marker="|", color=INK, markersize=3.2, markeredgewidth=0.7, zorder=3)
    for kind, points in marks.items():
        if points:
            ax.plot(*zip(*points), linestyle="", marker=MARKS[kind], color=RED, markersize=4, markeredgewidth=1.1,
                    zorder=5, clip_on=False)


def _shapes(spans: Sequence[tuple[float, float, float, float]], gaps: bool) -> list[list[tuple[float, float]]]:
    """(row, height, begin, end) as polygons: one per bar, or one for each run of rows, so that no seam shows between."""
    half, shapes, previous = (0.38 if gaps else 0.5), [], None
    for row, height, begin, end in spans:
        top, bottom = row - half * height, row + half * height
        if gaps or previous is None or row != previous + 1:
            shapes.append(([], []))
        shapes[-1][0].extend([(end, top), (end, bottom)])
        shapes[-1][1].extend([(begin, top), (begin, bottom)])
        previous = row
    return [right + left[::-1] for right, left in shapes]


def _word(key: str, value: str) -> str:
    return key + value if value.isdigit() else value


def _kind(call: Record) -> str:
    verdict = str(call.get("verdict", OK))
    return verdict if verdict in (OK, CANCELLED, TIMED_OUT) else FAILED


def _parts(call: Any) -> list[tuple[int, str, float, float]]:
    """(lane, kind, begin, end) of each bar of a call, in seconds: its waits, and its attempts. Lane -1 is the upper half
    of the call's row and 1 the lower, 0 all of it."""
    times = _times(call)
    if times is None:
        return []
    intended, started, finished = times
    attempts = _attempts(call)
    if not attempts:
        return [(0, WAITING, intended, started), (0, _kind(call), started, finished)]
    if any(after[1] < before[2] for before, after in zip(attempts, attempts[1:])):
        return [(-1 if i % 2 == 0 else 1, kind, begin, end) for i, (kind, begin, end) in enumerate(attempts)]
    parts, at = [], intended
    for kind, begin, end in attempts:
        parts += [(0, WAITING, at, begin), (0, kind, begin, end)]
        at = end
    return parts + [(0, WAITING, at, finished)]


def _attempts(call: Record) -> list[tuple[str, float, float]]:
    """(kind, begin, end) of each attempt, in seconds; none where they are not recorded."""
    try:
        made = [(_kind(a), float(a["started_us"]) / 1e6, float(a["finished_us"]) / 1e6) for a in call.get("made", ())]
    except (AttributeError, TypeError, KeyError, ValueError):
        return []
    return made if all(0 <= begin <= end for _, begin, end in made) else []


def _events(call: Record) -> list[float]:
    """When each event of a call's stream came, in seconds."""
    try:
        return [float(at) / 1e6 for at in call.get("events_us", ())]
    except (AttributeError, TypeError, ValueError):
        return []


def _moments_of(record: Record) -> list[tuple[str, float]]:
    """(what happened, when in seconds) to all calls together."""
    try:
        return [(str(m["what"]), float(m["at_us"]) / 1e6) for m in record.get("moments", ())]
    except (TypeError, KeyError, ValueError):
        return []


def _moments(records: Sequence[Record]) -> list[LegendItem]:
    words = next(filter(None, map(_moments_of, records)), [])
    return [LegendItem(what, {"color": RED, "linewidth": 1.1, "linestyle": line, "marker": ""})
            for line, (what, _) in zip(LINES, words)]


def _never_begun(call: Record) -> bool:
    return call.get("attempts") == 0


def _legend(kinds: set[str], waits: bool, thing: str) -> list[LegendItem]:
    bar = {"color": MUTED, "linewidth": 6, "marker": ""}
    mark = {"color": RED, "linewidth": 0}
    items = [LegendItem(f"{thing} under way", bar)]
    if waits:
        items.append(LegendItem("waiting to start", {**bar, "alpha": 0.3}))
    if CANCELLED in kinds:
        items.append(LegendItem(f"{thing} that was cancelled", {**bar, "alpha": 0.6}))
    if TIMED_OUT in kinds:
        items.append(LegendItem(f"{thing} that timed out", {**mark, "marker": MARKS[TIMED_OUT], "markeredgewidth": 1.4}))
    if FAILED in kinds:
        items.append(LegendItem(f"{thing} that failed", {**mark, "marker": MARKS[FAILED]}))
    return items


def _note(ends: Sequence[float], limit: float, never_begun: bool, calls: Sequence[Record]) -> str:
    text = "Each panel has a bar per call, the first call on top. "
    if any(part[0] for call in calls for part in _parts(call)):
        text += "Where a call was made twice at once, the lower half of its row is its second copy. "
    text += "Calls that only wait were cancelled before they began. " * never_begun
    text += "At the right: makespan and efficiency."
    return text + (" →: goes on beyond the picture." if any(e > limit for e in ends) else "")


def _time_limit(ends: Sequence[float], ideal: float | None) -> float:
    """The end of the time axis: the longest that is within four times the shortest makespan, at least the ideal."""
    near = [e for e in ends if e <= 4 * min(ends)]
    return max(near + ([ideal] if ideal and ideal <= 4 * min(ends) else []))


def _any_wait(calls: Sequence[Record], limit: float) -> bool:
    return any(kind == WAITING and end - begin > 0.01 * limit for call in calls for _, kind, begin, end in _parts(call))


def _times(call: Any) -> tuple[float, float, float] | None:
    """(intended, started, finished) in seconds, None where they are missing or out of order. A call that was never
    begun has waited until its end."""
    try:
        intended, started, finished = (float(call[k]) / 1e6 for k in ("intended_us", "started_us", "finished_us"))
    except (TypeError, KeyError, ValueError):
        return None
    started = finished if _never_begun(call) else max(started, intended)
    return (intended, started, finished) if 0 <= intended <= started <= finished else None


def _makespan(record: Record) -> float:
    if _positive(record.get("makespan_s")):
        return float(record["makespan_s"])
    return max(t[2] for call in record["calls"] if (t := _times(call)))


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and value > 0


def _worth(key: tuple, groups: dict) -> tuple:
    """More models first, then the better known transport, then about fifty calls, where a picture says most."""
    _, transport, scenario = key
    known = rank(transport, scenario.catalogue.transports)[0]
    return (len(groups[key]), -known, -abs(scenario.calls - 50), str(scenario.params))


def _model_order(case: Case) -> tuple:
    return (rank(case.model, case.catalogue.models), case.workers or 0)
