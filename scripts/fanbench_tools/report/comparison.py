"""A comparison of two runs for readers: the terminal's table, compare.md, compare.html and compare.csv."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..analysis.compare import FIGURES, NOT_SEPARATED, Change, Comparison, Pair, how_it_was_judged, opening, what_differs
from ..files import write_atomically
from ..results.cases import CaseResult
from ..results.catalogue import Figure
from ..results.wording import NOTHING, factor
from ..terminal import say
from .pages import headline, template
from .provenance import side_by_side
from .spreadsheet import PLAIN, Form, heading, parameters_of, values_of
from .spreadsheet import write as write_csv


def write(compared: Comparison, folder: Path, form: Form = PLAIN) -> list[Path]:
    """Writes compare.md, compare.html and compare.csv into the folder, and returns their paths."""
    files = {"compare.md": to_markdown(compared), "compare.html": to_html(compared),
             "compare.csv": to_csv(compared, form)}
    for name, text in files.items():
        write_atomically(folder / name, text)
    return [folder / name for name in files]


def to_markdown(compared: Comparison) -> str:
    text = template("compare.md.j2", compared.catalogue, autoescape=False).render(contents(compared))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def to_html(compared: Comparison) -> str:
    return template("compare.html.j2", compared.catalogue, autoescape=True).render(contents(compared))


def contents(compared: Comparison) -> dict[str, Any]:
    """All that the templates show, in words."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for scenario, pairs in compared.scenarios.items():
        groups.setdefault(scenario.workload, []).append(
            {"line": scenario.line, "rows": [_row(pair, compared.figures) for pair in pairs]})
    return {
        "names": compared.names,
        "headlines": [headline(r.context, r.rounds_words) for r in compared.runs],
        "differs": what_differs(compared),
        "different": bool(compared.differences),
        "opening": opening(compared),
        "costs": [figure.label for figure in compared.figures],
        "moved": [(pair.other.name, figure.label, pair.changes[figure.name].words) for pair in compared.pairs
                  for figure in compared.figures if pair.changes[figure.name].separated],
        "pairs": len(compared.pairs),
        "judged": how_it_was_judged(compared),
        "can_separate": any(c.interval for p in compared.pairs for c in p.changes.values()),
        "sections": [{"name": name, "sentence": compared.catalogue.workload(name).sentence, "scenarios": scenarios}
                     for name, scenarios in groups.items()],
        "models": list(dict.fromkeys(p.other.case.model for p in compared.pairs)),
        "transports": list(dict.fromkeys(p.other.case.transport for p in compared.pairs)),
        "provenance": side_by_side(*(r.context for r in compared.runs)),
    }


def _row(pair: Pair, figures: list[Figure]) -> dict[str, Any]:
    case = pair.other.case
    return {"name": pair.other.name, "label": case.label, "model": case.model, "transport": case.transport,
            "cells": [_cell(pair.changes[figure.name], figure) for figure in figures],
            "rounds": f"{len(pair.one.rounds)}, {len(pair.other.rounds)}"}


def _cell(change: Change, figure: Figure) -> dict[str, Any]:
    return {"words": change.words, "separated": change.separated, "value": "" if change.ratio is None else change.ratio,
            "ratio": NOTHING if change.ratio is None else f"{factor(change.ratio)} ×",
            "up": change.ratio is not None and change.ratio > 1,
            "range": f"{factor(change.interval.low)} to {factor(change.interval.high)}" if change.interval else "",
            "from": f"{figure.words(change.before)} → {figure.words(change.after)}"}


def to_csv(compared: Comparison, form: Form = PLAIN) -> str:
    """A line per case; the ratio is the second run's median over the first's, with its interval."""
    every = [c for results in compared.runs for c in results.cases]
    parameters = parameters_of(every, compared.catalogue)
    head = ["name", "workload", "model", "transport", *parameters, "in"]
    for name in FIGURES:
        figure = compared.catalogue.figure(name)
        head += [heading(figure, f"_{end}") for end in ("first", "second")]
        head += [f"{name}_{end}" for end in ("ratio", "ratio_low", "ratio_high")]

    def line(c: CaseResult, where: str, figures: list[Any]) -> list[Any]:
        return [c.name, c.case.workload, c.case.model, c.case.transport, *values_of(c, parameters), where, *figures]

    lines = [line(pair.other, "both", [v for change in pair.changes.values() for v in _csv(change)])
             for pair in compared.pairs]
    lone = ((compared.only_first, "first", compared.runs[0]), (compared.only_second, "second", compared.runs[1]))
    for names, where, results in lone:
        cases = {c.name: c for c in results.cases}
        lines += [line(cases[n], where, [None] * (5 * len(FIGURES))) for n in names]
    return write_csv(head, lines, form)


def _csv(change: Change) -> list[float | None]:
    interval = change.interval
    return [change.before, change.after, change.ratio, *((interval.low, interval.high) if interval else (None, None))]


def print_table(compared: Comparison, console: Any) -> None:
    """For the terminal, within 80 columns: the ratio of each cost, in brackets where it is not separated."""
    from rich.markup import escape
    from rich.table import Table

    for which, name, results in zip(("first:  ", "second: "), compared.names, compared.runs):
        say(console, f"{which}{name}")
        say(console, f"        {headline(results.context, results.rounds_words)}", "dim", indent=" " * 8)
    if differs := what_differs(compared):
        say(console, differs, "yellow" if compared.differences else "")
    for line in opening(compared, names_at_most=3):
        say(console, line, "yellow", indent="  ")
    for scenario, pairs in compared.scenarios.items():
        say(console)
        say(console, f"{scenario.workload} · {scenario.line}", bold=len(scenario.workload))
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("model", no_wrap=True, min_width=16)
        table.add_column("client", no_wrap=True)
        for figure in compared.figures:
            table.add_column(figure.plain, justify="right", no_wrap=True, min_width=9)
        for pair in pairs:
            table.add_row(escape(pair.other.case.label), escape(pair.other.case.transport),
                          *(_short(pair.changes[figure.name]) for figure in compared.figures))
        console.print(table, highlight=False)
    if not compared.pairs:
        return
    say(console)
    say(console, f"Second over first, of medians per call; (in brackets): {NOT_SEPARATED}.", "dim")
    say(console, how_it_was_judged(compared), "dim")


def _short(change: Change) -> str:
    if change.ratio is None:
        return NOTHING
    if not change.separated:
        return f"[dim]({factor(change.ratio)})[/]"
    return f"[{'red' if change.ratio > 1 else 'green'}]{factor(change.ratio)}[/]"
