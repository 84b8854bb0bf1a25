"""Writes report.md and report.html, with their plots, from a run's results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from . import plots as plotting
from .claims import judge
from .files import write_atomically
from .results import CaseResult, Results, grouped_reasons, load, load_records, verification_line
from .wording import NOTHING, count, memory, micros, rate, seconds, workload_sentence

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Column:
    counter: str
    heading: str
    words: Callable[[float | None], str]
    help: str
    brief: bool = False  # also in report.md


def _us(value: float | None) -> str:
    return NOTHING if value is None else seconds(value / 1e6)


COLUMNS = (  # what only some workloads have comes early, where it is seen without scrolling
    Column("makespan_s", "Makespan", seconds, "from the first call's intended start to the end of the fan-out", True),
    Column("efficiency", "Efficiency", rate, "ideal / makespan; 1 is perfect", True),
    Column("overhead_us_per_call", "Overhead per call", micros, "(makespan − ideal) / calls", True),
    Column("cpu_us_per_call", "CPU per call", micros, "the client's process tree, user and system", True),
    Column("memory_bytes", "Memory", memory, "peak PSS of the client's process tree, less what it had idle", True),
    Column("cancel_latency_us", "Time to cancel", _us,
           "from the decision (first reply, first failure, deadline) to the end of the fan-out", True),
    Column("wasted_calls", "Wasted calls", count, "calls given up that the server still completed, for nobody", True),
    Column("loop_lag_p50_us", "Loop lag, p50", _us, "how late a heartbeat of 10 ms was, median", True),
    Column("loop_lag_p99_us", "Loop lag, p99", _us, "how late a heartbeat of 10 ms was, 99th percentile", True),
    Column("loop_lag_max_us", "Loop lag, max", _us, "how late a heartbeat of 10 ms was at most", True),
    Column("bytes_per_task", "Memory per task", memory, "memory over idle / tasks", True),
    Column("pss_bytes_per_call", "Memory per call", memory, "memory over idle / calls"),
    Column("peak_pss_bytes", "Peak PSS", memory, "peak PSS of the client's process tree, idle process included"),
    Column("latency_p50_us", "p50", _us, "latency of a call from its intended start, median"),
    Column("latency_p90_us", "p90", _us, "latency of a call from its intended start, 90th percentile"),
    Column("latency_p99_us", "p99", _us, "latency of a call from its intended start, 99th percentile", True),
    Column("latency_max_us", "Max", _us, "greatest latency of a call"),
    Column("tasks_peak", "Tasks", count, "most coroutines, threads or jobs that existed at once, waiting or running"),
    Column("in_flight_peak", "In flight", count, "most calls in flight at once, as the server saw it"),
    Column("connections", "Connections", count, "accepted by the server during the run"),
    Column("retries", "Retries", count, "attempts beyond each call's first"),
    Column("cancelled", "Cancelled", count, "calls given up by the client, or not begun any more"),
    Column("timed_out", "Timed out", count, "calls given up at their deadline"),
    Column("failed", "Failed", count, "calls that ended without success"),
    Column("server_cpu_us_per_call", "Server CPU per call", micros, "the mock server's CPU"),
    Column("lateness_p99_us", "Server late, p99", _us, "how late the server itself was"),
    Column("kernel_steps_per_ms", "Steps per ms", count, "what a millisecond of computing was taken for"),
)
_USUALLY_ZERO = {"retries", "cancelled", "timed_out", "failed"}
_OF_ALL_OR_NONE = {"tasks_peak", "bytes_per_task"}  # processes count their jobs everywhere, which compares with nothing

_PROVENANCE = {
    "suite": "Suite", "description": "Description", "started": "Started", "date": "Date", "rounds": "Rounds",
    "order_seed": "Seed of the order", "host_name": "Host", "cpu": "CPU", "num_cpus": "Cores", "mhz_per_cpu": "MHz",
    "client_cpus": "Client pinned to CPUs", "server_cpus": "Server pinned to CPUs", "kernel": "Kernel",
    "load_avg": "Load average at the start", "caches": "Caches", "compiler": "Compiler", "flags": "Flags",
    "library_build_type": "Google Benchmark's build", "commit": "Commit", "boost": "Boost", "libcurl": "libcurl",
    "tbb": "oneTBB", "benchmark": "Google Benchmark",
}


def write(out_dir: Path) -> None:
    """Reads DIR/results.json and DIR/records/, writes DIR/plots/, report.md and report.html. Raises ResultsError."""
    out_dir = Path(out_dir)
    results = load(out_dir)
    plots = plotting.draw_all(results, load_records(out_dir))
    plotting.write_all(plots, out_dir / "plots")
    write_atomically(out_dir / "report.md", to_markdown(results, plots))
    write_atomically(out_dir / "report.html", to_html(results, plots))


def to_markdown(results: Results, plots: list[plotting.Plot]) -> str:
    text = _environment(autoescape=False).get_template("report.md.j2").render(contents(results, plots, brief=True))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def to_html(results: Results, plots: list[plotting.Plot]) -> str:
    return _environment(autoescape=True).get_template("report.html.j2").render(contents(results, plots, brief=False))


def contents(results: Results, plots: list[plotting.Plot], brief: bool) -> dict[str, Any]:
    """All that the templates show, in words."""
    general = [p for p in plots if not p.workload]
    return {
        "suite": results.suite,
        "description": str(results.context.get("description") or ""),
        "headline": headline(results.context, results.rounds),
        "interrupted": results.interrupted,
        "verification": verification_line(results),
        "rows": len(results.cases),
        "errors": [(c.name, c.message) for c in results.with_status("error")],
        "main_plots": general[:1] or plots[:1],
        "general_plots": general[1:],
        "claims": judge(results) if results.suite == "claims" else [],
        "sections": [_section(results, w, plots, brief) for w in results.workloads],
        "unreadable": results.unreadable_names,
        "columns": COLUMNS,
        "rounds": results.rounds,
        "provenance": provenance(results.context),
    }


def headline(context: dict[str, Any], rounds: int) -> str:
    """The run in a line: "3 rounds · 2026-11-20 17:04 · Some CPU, 2 cores · Linux 6.1.0"."""
    date = str(context.get("started") or context.get("date") or "")
    about = context.get("machine") if isinstance(context.get("machine"), dict) else {}
    cores = context.get("num_cpus") or about.get("cores")
    machine = ", ".join(p for p in (str(context.get("cpu") or about.get("cpu") or context.get("host_name") or ""),
                                    f"{cores} core{'' if cores == 1 else 's'}" if cores else "") if p)
    parts = [f"{rounds} round{'' if rounds == 1 else 's'}", date[:16].replace("T", " "), machine,
             str(context.get("kernel") or about.get("kernel") or "")]
    return " · ".join(p for p in parts if p)


def provenance(context: dict[str, Any]) -> list[tuple[str, str]]:
    """The context in a fixed order: what is known first, then whatever else it holds."""
    known = [(label, context[key]) for key, label in _PROVENANCE.items() if key in context]
    rest = [(key, value) for key, value in sorted(context.items()) if key not in _PROVENANCE]
    rows = []
    for label, value in known + rest:
        parts = value.items() if isinstance(value, dict) else [("", value)]
        rows += [(f"{label}: {key}" if key else label, _plain(part)) for key, part in parts]
    return rows


def _section(results: Results, workload: str, plots: list[plotting.Plot], brief: bool) -> dict[str, Any]:
    groups = results.scenarios(workload)
    cases = [c for group in groups.values() for c in group]
    columns = [c for c in COLUMNS if (c.brief or not brief) and _worth_showing(c, cases)]
    columns = columns or [COLUMNS[0]]
    return {
        "name": workload,
        "sentence": workload_sentence(workload),
        "columns": columns,
        "scenarios": [{"line": scenario.line, "rows": [_row(c, columns) for c in group],
                       "reasons": grouped_reasons(group)} for scenario, group in groups.items()],
        "plots": [p for p in plots if p.workload == workload],
        "notes": [(status, message, who) for status, message, who in grouped_reasons(cases) if status != "error"],
        "ideal": _ideal(groups),
    }


def _row(c: CaseResult, columns: list[Column]) -> dict[str, Any]:
    return {"name": c.name, "label": c.case.label, "model": c.case.model, "transport": c.case.transport,
            "status": c.status, "message": c.message, "cells": [_cell(c, column) for column in columns] if c.ok else []}


def _cell(c: CaseResult, column: Column) -> dict[str, Any]:
    spread = c.spread(column.counter)
    if spread is None:
        return {"text": NOTHING, "value": "", "range": ""}
    low, high = column.words(spread.low), column.words(spread.high)
    return {"text": column.words(spread.median), "value": spread.median,
            "range": _range(low, high) if spread.rounds > 1 and low != high else ""}


def _range(low: str, high: str) -> str:
    """ "502 µs" and "535 µs" → "502 to 535 µs"."""
    number, _, unit = low.rpartition(" ")
    return f"{number if number and high.endswith(f' {unit}') else low} to {high}"


def _worth_showing(column: Column, cases: list[CaseResult]) -> bool:
    values = [v for c in cases for v in c.values(column.counter)]
    if column.counter in _OF_ALL_OR_NONE:
        return bool(values) and all(c.values(column.counter) for c in cases if c.ok)
    return any(values) if column.counter in _USUALLY_ZERO else bool(values)


def _ideal(groups: dict) -> dict[str, str]:
    """The ideal makespan of each scenario, as its line names it."""
    found = {}
    for scenario, cases in groups.items():
        values = [v for c in cases if (v := c.median("ideal_s")) is not None]
        if values:
            found[scenario.line] = seconds(min(values))
    return found


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(v) for v in value)
    if isinstance(value, dict):
        if {"level", "type", "size"} <= value.keys():
            return f"L{value['level']} {value['type']} {_kib(value['size'])}"
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    return "yes" if value is True else "no" if value is False else str(value)


def _kib(size: Any) -> str:
    return f"{size / 1024:,.0f} KiB" if isinstance(size, (int, float)) else str(size)


def inline_svg(plot: plotting.Plot) -> str:
    """The plot as an <svg> element whose ink follows the page: colours by CSS, ids of its own, no size of its own."""
    from markupsafe import Markup, escape

    from .plot_style import GRID, INK, MUTED, PAPER, RED

    text = plot.svg.decode()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = text.replace(' id="', f' id="{plot.name}-').replace(' xlink:href="#', f' href="#{plot.name}-')
    text = text.replace("url(#", f"url(#{plot.name}-")
    for colour, variable in ((INK, "ink"), (MUTED, "muted"), (GRID, "grid"), (PAPER, "paper"), (RED, "bad")):
        text = text.replace(colour, f"var(--{variable})")
    view = re.search(r'viewBox="[^"]+"', text)
    head = f'<svg role="img" aria-label="{escape(plot.alt)}" {view[0] if view else ""}>'
    return Markup(re.sub(r"<svg\b[^>]*>", lambda _: head, text, count=1))


def _colour(model: str) -> str:
    from .plot_style import style_of

    return style_of(model).colour


def _markdown_cell(text: Any) -> str:
    """Text that can neither end a table's cell nor start markup."""
    return re.sub(r"([|*`\[\]<>\\])", r"\\\1", " ".join(str(text).split()))


def _environment(autoescape: bool) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=autoescape, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters |= {"svg": inline_svg, "cell": _markdown_cell, "colour": _colour}
    return environment
