"""A comparison of two runs for readers: the terminal's table, compare.md, compare.html and compare.csv."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..analysis.compare import COUNTERS, NOT_SEPARATED, Change, Comparison, Pair, opening
from ..files import write_atomically
from ..results.wording import NOTHING, factor, workload_sentence
from .pages import headline, provenance, template
from .spreadsheet import write as write_csv


def write(found: Comparison, folder: Path) -> list[Path]:
    """Writes compare.md, compare.html and compare.csv into the folder, and returns their paths."""
    files = {"compare.md": to_markdown(found), "compare.html": to_html(found), "compare.csv": to_csv(found)}
    for name, text in files.items():
        write_atomically(folder / name, text)
    return [folder / name for name in files]


def to_markdown(found: Comparison) -> str:
    return re.sub(r"\n{3,}", "\n\n", template("compare.md.j2", autoescape=False).render(contents(found))).strip() + "\n"


def to_html(found: Comparison) -> str:
    return template("compare.html.j2", autoescape=True).render(contents(found))


def contents(found: Comparison) -> dict[str, Any]:
    """All that the templates show, in words."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for scenario, pairs in found.scenarios.items():
        groups.setdefault(scenario.workload, []).append(
            {"line": scenario.line, "rows": [_row(pair, found.counters) for pair in pairs]})
    return {
        "names": found.names,
        "headlines": [headline(r.context, r.rounds) for r in found.runs],
        "opening": opening(found),
        "counters": [COUNTERS[k][0] for k in found.counters],
        "moved": [(pair.other.name, COUNTERS[k][0], pair.changes[k].words) for pair in found.pairs
                  for k in found.counters if pair.changes[k].separated],
        "pairs": len(found.pairs),
        "can_separate": any(c.interval for p in found.pairs for c in p.changes.values()),
        "sections": [{"name": name, "sentence": workload_sentence(name), "scenarios": scenarios}
                     for name, scenarios in groups.items()],
        "models": list(dict.fromkeys(p.other.case.model for p in found.pairs)),
        "transports": list(dict.fromkeys(p.other.case.transport for p in found.pairs)),
        "provenance": [provenance(r.context) for r in found.runs],
    }


def _row(pair: Pair, counters: list[str]) -> dict[str, Any]:
    case = pair.other.case
    return {"name": pair.other.name, "label": case.label, "model": case.model, "transport": case.transport,
            "cells": [_cell(pair.changes[k], k) for k in counters],
            "rounds": f"{len(pair.one.rounds)}, {len(pair.other.rounds)}"}


def _cell(change: Change, counter: str) -> dict[str, Any]:
    words = COUNTERS[counter][1]
    return {"words": change.words, "separated": change.separated, "value": "" if change.ratio is None else change.ratio,
            "ratio": NOTHING if change.ratio is None else f"{factor(change.ratio)} ×",
            "up": change.ratio is not None and change.ratio > 1,
            "range": f"{factor(change.interval.low)} to {factor(change.interval.high)}" if change.interval else "",
            "from": f"{words(change.before)} → {words(change.after)}"}


def to_csv(found: Comparison) -> str:
    """A line per case; the ratio is the second run's median over the first's, with its interval."""
    head = ["name", "workload", "model", "transport", "in"]
    for counter in COUNTERS:
        head += [f"{counter}_first", f"{counter}_second", f"{counter}_ratio", f"{counter}_ratio_low",
                 f"{counter}_ratio_high"]
    lines = []
    for pair in found.pairs:
        case, line = pair.other.case, []
        for c in pair.changes.values():
            line += [c.before, c.after, c.ratio, *((c.interval.low, c.interval.high) if c.interval else (None, None))]
        lines.append([pair.other.name, case.workload, case.model, case.transport, "both", *line])
    lone = ((found.only_first, "first", found.runs[0]), (found.only_second, "second", found.runs[1]))
    for names, where, results in lone:
        cases = {c.name: c.case for c in results.cases}
        lines += [[n, cases[n].workload, cases[n].model, cases[n].transport, where, *[None] * (5 * len(COUNTERS))]
                  for n in names]
    return write_csv(head, lines)


def print_table(found: Comparison, console: Any) -> None:
    """For the terminal, within 80 columns: the ratio of each counter, in brackets where it is not separated."""
    from rich.markup import escape
    from rich.table import Table

    def say(text: str = "", style: str = "") -> None:
        console.print(text, style=style, highlight=False)

    say(f"first: {escape(found.names[0])}\nsecond: {escape(found.names[1])}")
    for line in opening(found, names_at_most=3):
        say(escape(line), "yellow")
    headings = {"overhead_us_per_call": "overhead", "cpu_us_per_call": "CPU", "memory_bytes": "memory",
                "makespan_s": "makespan"}
    for scenario, pairs in found.scenarios.items():
        say(f"\n[bold]{escape(scenario.workload)}[/] · {escape(scenario.line)}")
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("model", no_wrap=True, min_width=16)
        table.add_column("client", no_wrap=True)
        for counter in found.counters:
            table.add_column(headings[counter], justify="right", no_wrap=True, min_width=9)
        for pair in pairs:
            table.add_row(escape(pair.other.case.label), escape(pair.other.case.transport),
                          *(_short(pair.changes[k]) for k in found.counters))
        console.print(table, highlight=False)
    say(f"\nSecond over first, of medians per call; (in brackets): {NOT_SEPARATED} by an interval of 95 %.", "dim")


def _short(change: Change) -> str:
    if change.ratio is None:
        return NOTHING
    if not change.separated:
        return f"[dim]({factor(change.ratio)})[/]"
    return f"[{'red' if change.ratio > 1 else 'green'}]{factor(change.ratio)}[/]"
