"""The run's table for the terminal, and what is said of all rows together."""

from __future__ import annotations

from typing import Any

from ..terminal import say
from . import marks
from .cases import CaseResult, Results
from .catalogue import MEMORY, Figure
from .rows import ERROR, LIMIT, NOT_APPLICABLE, OK
from .wording import count, many

# Headings that leave room for 80 columns; of a figure in µs the heading has the unit.
_COLUMNS = (("makespan_s", "makespan", 8), ("efficiency", "effic.", 6), ("client_overhead_us_per_call", "own µs", 7),
            ("cpu_us_per_call", "CPU µs", 6), (MEMORY.name, "memory", 6))
_WIDE = (("latency_p50_us", "p50", 7), ("latency_p90_us", "p90", 7), ("latency_p99_us", "p99", 7),
         ("latency_max_us", "longest", 7))
# What a workload is about, where there is room for it; and what it is.
_OF_WORKLOADS = (("crawled", "crawled", 7, "pages completed, of those that the ideal completes in the time"),
                 ("slow_pages", "slow", 6, "pages that took longer than `slow_after`"),
                 ("extra_calls", "extra", 6, "second copies, of the calls"),
                 ("refused_per_call", "refused", 7, "attempts that the quota refused, per call"),
                 ("time_to_first_us", "first", 7, "until a stream's first event, median"),
                 ("delivery_p99_us", "brought", 7, "from a message's being said to a subscriber's having it, p99"),
                 ("loop_lag_max_us", "lag", 7, "the latest tick of a 10 ms heartbeat"))
_WIDTH, _GAP = 80, 2
POOLED_MARK = "*"


def print_table(results: Results, console: Any, wide: bool = False) -> None:
    """The run's table for the terminal, grouped by scenario, within 80 columns; wide, with the latency of single calls,
    within 120."""
    from rich.markup import escape
    from rich.table import Table

    widest = _widest(results)
    for scenario, cases in results.scenarios().items():
        say(console, f"{scenario.workload} · {scenario.line}", bold=len(scenario.workload))
        columns = _columns(cases, widest, wide)
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("model", no_wrap=True, min_width=widest)
        table.add_column("client", no_wrap=True, min_width=6)
        for _, heading, width in columns:
            table.add_column(heading, justify="right", no_wrap=True, min_width=width)
        table.add_column("", no_wrap=True, min_width=1)
        for c in cases:
            table.add_row(escape(c.case.label), escape(c.case.transport), *_cells(c, columns))
        console.print(table, highlight=False)
        for status, message, labels in grouped_reasons(cases):
            say(console, f"{status}: {labels}: {message}", "red" if status == ERROR else "dim")
        for c in (c for c in cases if c.name in results.fewer_in_flight):
            say(console, f"not ranked: {c.case.label} / {c.case.transport}: {results.fewer_in_flight[c.name]}", "dim")
        say(console)
    for line in legend(results, wide):
        say(console, line, "dim")
    say(console, verification_line(results), "bold red" if results.with_status(ERROR) else "green")


def _widest(results: Results) -> int:
    return min(23, max((len(c.case.label) for c in results.cases), default=0))


def _columns(cases: list[CaseResult], widest: int, wide: bool) -> tuple[tuple[str, str, int], ...]:
    """Those of all workloads, and of this one's own as many as there is room for."""
    columns = _COLUMNS + _WIDE if wide else _COLUMNS
    client = max(len(c.case.transport) for c in cases)
    room = _WIDTH - widest - max(client, 6) - sum(_GAP + width for _, _, width in _COLUMNS) - 2 * _GAP - 3
    for name, heading, width, _ in _OF_WORKLOADS:
        if room >= _GAP + width and any(c.median(name) is not None for c in cases):
            columns += ((name, heading, width),)
            room -= _GAP + width
    return columns


def legend(results: Results, wide: bool = False) -> list[str]:
    """What headings and marks mean, and how many rows are marked."""
    lines = ["own: overhead (makespan − ideal) per call, less the server's part; CPU: the client's, per call; memory: "
             "peak PSS over idle."]
    shown = {name for cases in results.scenarios().values() for name, _, _ in _columns(cases, _widest(results), wide)}
    if own := [f"{heading}: {meaning}" for name, heading, _, meaning in _OF_WORKLOADS if name in shown]:
        lines.append("; ".join(own) + ".")
    if wide:
        lines.append("p50 to longest: latency of a call; a quantile with fewer than ten calls beyond it is not shown.")
    if wide and any(_is_pooled(c) for c in results.cases):
        lines.append(f"{POOLED_MARK}: of the calls of all rounds together, as no round alone has enough of them.")
    if results.with_status(OK):
        lines.append("✓: verified, that is, the answers are the plan's and the server saw each call; of noise it says "
                     "nothing.")
    for mark in marks.of_run(results):
        lines.append(f"{f'{mark.letter}: ' if mark.letter else ''}{mark.word}, {mark.number}: {mark.meaning}.")
    return lines


def grouped_reasons(cases: list[CaseResult]) -> list[tuple[str, str, str]]:
    """Why rows have no number: (status, message, which rows), errors first, the same reason said once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for c in cases:
        if not c.ok:
            groups.setdefault((c.status, c.message), []).append(f"{c.case.label} / {c.case.transport}")
    order = (ERROR, LIMIT, NOT_APPLICABLE)
    return [(s, m, ", ".join(who)) for (s, m), who in sorted(groups.items(), key=lambda g: order.index(g[0][0]))]


def verification_line(results: Results) -> str:
    """ "158 of 160 rows verified, 2 errors; 8 not applicable, 1 beyond a limit, of 169": what can't run is not counted
    among those that are verified."""
    verified, errors = len(results.with_status(OK)), len(results.with_status(ERROR))
    line = f"{verified:,} of {many(verified + errors, 'row')} verified"
    if errors:
        line += f", {many(errors, 'error')}"
    rest = [f"{number:,} {what}" for status, what in ((NOT_APPLICABLE, "not applicable"), (LIMIT, "beyond a limit"))
            if (number := len(results.with_status(status)))]
    return line + (f"; {', '.join(rest)}, of {len(results.cases):,}" if rest else "")


def _cells(c: CaseResult, columns: tuple[tuple[str, str, int], ...]) -> list[str]:
    if not c.ok:
        colour = {ERROR: "[bold red]error[/]", LIMIT: "[yellow]limit[/]"}.get(c.status, "[dim]n/a[/]")
        return [colour, *[""] * (len(columns) - 1), "[red]✗[/]" if c.status == ERROR else ""]
    figures = c.case.catalogue.figure
    return [*(count(c.median(name)) if "µs" in heading else _words(c, figures(name)) for name, heading, _ in columns),
            f"[green]✓[/][yellow]{marks.letters(c)}[/]"]


def _words(c: CaseResult, figure: Figure) -> str:
    return figure.words(c.value(figure.name)) + POOLED_MARK * (c.pooled(figure.name) is not None)


def _is_pooled(c: CaseResult) -> bool:
    return any(c.pooled(name) is not None for name, _, _ in _WIDE)
