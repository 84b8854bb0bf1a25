"""The run's table for the terminal, and what is said of all rows together."""

from __future__ import annotations

from typing import Any

from .cases import CaseResult, Results
from .catalogue import MEMORY
from .rows import ERROR, LIMIT, NOT_APPLICABLE, OK
from .wording import count

# Headings that leave room for 80 columns; of a figure in µs the heading has the unit.
_COLUMNS = (("makespan_s", "makespan", 8), ("efficiency", "effic.", 6), ("client_overhead_us_per_call", "own µs", 7),
            ("cpu_us_per_call", "CPU µs", 6), (MEMORY.name, "memory", 6))
_WIDE = (("latency_p50_us", "p50", 7), ("latency_p90_us", "p90", 7), ("latency_p99_us", "p99", 7),
         ("latency_max_us", "longest", 7))


def print_table(results: Results, console: Any, wide: bool = False) -> None:
    """The run's table for the terminal, grouped by scenario, within 80 columns; wide, with the latency of single calls,
    within 120."""
    from rich.markup import escape
    from rich.table import Table

    def say(text: str = "", style: str = "") -> None:
        console.print(text, style=style, highlight=False)

    columns = _COLUMNS + _WIDE if wide else _COLUMNS
    widest = max((len(c.case.label) for c in results.cases), default=0)
    for scenario, cases in results.scenarios().items():
        say(f"[bold]{escape(scenario.workload)}[/] · {escape(scenario.line)}")
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("model", no_wrap=True, min_width=min(widest, 23))
        table.add_column("client", no_wrap=True, min_width=6)
        for _, heading, width in (*columns, ("", "", 1)):
            table.add_column(heading, justify="right", no_wrap=True, min_width=width)
        for c in cases:
            table.add_row(escape(c.case.label), escape(c.case.transport), *_cells(c, columns))
        console.print(table, highlight=False)
        for status, message, labels in grouped_reasons(cases):
            say(f"{status}: {escape(labels)}: {escape(message)}", "red" if status == ERROR else "dim")
        for c in (c for c in cases if c.name in results.fewer_in_flight):
            say(f"not ranked: {escape(c.case.label)} / {escape(c.case.transport)}: {results.fewer_in_flight[c.name]}", "dim")
        say()
    say("own: overhead (makespan − ideal) per call, less the server's part; CPU: the client's, per call; "
        "memory: peak PSS over idle.", "dim")
    if wide:
        say("p50 to longest: latency of a call; a quantile with fewer than ten calls beyond it is not shown.", "dim")
    say(verification_line(results), "bold red" if results.with_status(ERROR) else "green")


def grouped_reasons(cases: list[CaseResult]) -> list[tuple[str, str, str]]:
    """Why rows have no number: (status, message, which rows), errors first, the same reason said once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for c in cases:
        if not c.ok:
            groups.setdefault((c.status, c.message), []).append(f"{c.case.label} / {c.case.transport}")
    order = (ERROR, LIMIT, NOT_APPLICABLE)
    return [(s, m, ", ".join(who)) for (s, m), who in sorted(groups.items(), key=lambda g: order.index(g[0][0]))]


def verification_line(results: Results) -> str:
    """ "158 of 160 rows verified, 2 errors; 8 not applicable, 1 beyond a limit": what can't run is not counted."""
    verified, errors = len(results.with_status(OK)), len(results.with_status(ERROR))
    line = f"{verified:,} of {verified + errors:,} row{'' if verified + errors == 1 else 's'} verified"
    if errors:
        line += f", {errors:,} error{'' if errors == 1 else 's'}"
    rest = [f"{number:,} {what}" for status, what in ((NOT_APPLICABLE, "not applicable"), (LIMIT, "beyond a limit"))
            if (number := len(results.with_status(status)))]
    return line + ("; " + ", ".join(rest) if rest else "")


def _cells(c: CaseResult, columns: tuple[tuple[str, str, int], ...]) -> list[str]:
    if not c.ok:
        colour = {ERROR: "[bold red]error[/]", LIMIT: "[yellow]limit[/]"}.get(c.status, "[dim]n/a[/]")
        return [colour, *[""] * (len(columns) - 1), "[red]✗[/]" if c.status == ERROR else ""]
    figures = c.case.catalogue.figure
    return [*(count(c.median(name)) if "µs" in heading else figures(name).words(c.median(name))
              for name, heading, _ in columns), "[green]✓[/]"]
