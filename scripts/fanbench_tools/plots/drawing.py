"""Which plots a result set has, and their files. Nothing here brings in matplotlib before a plot is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from ..files import plain_name, write_atomically
from ..results.cases import Results


@dataclass(frozen=True)
class Plot:
    """A plot that was made: its file's stem, what it shows for those who can't see it, and where it belongs."""

    name: str
    alt: str
    workload: str  # "" where it is about all of them
    svg: bytes
    png: bytes
    source: str = ""  # the workload whose rows it was drawn from, where it stands elsewhere


def draw_all(results: Results, records: list[dict[str, Any]]) -> list[Plot]:
    """Every plot that there is data for, in the report's order."""
    from .style import render

    plots = []
    for name, alt, workload, figure in _figures(results, records):
        if figure is not None:
            source = _source_of_overview(results) if name == "overview" else workload
            plots.append(Plot(plain_name(name), alt, workload, **render(figure), source=source))
    return plots


def write_all(plots: list[Plot], folder: Path) -> list[Path]:
    """Writes PNG and SVG of each; older plots in the folder that this result set does not have are removed."""
    folder = Path(folder)
    written = []
    for plot in plots:
        for kind in ("png", "svg"):
            path = folder / f"{plot.name}.{kind}"
            write_atomically(path, getattr(plot, kind))
            written.append(path)
    for stale in (p for kind in ("png", "svg") for p in folder.glob(f"*.{kind}") if p not in written):
        stale.unlink()
    return written


def _source_of_overview(results: Results) -> str:
    from .over_calls import groups_over_calls

    return groups_over_calls(results)[0].scenario.workload


def _nth(page: int) -> str:
    return f"_{page + 1}" if page else ""


def _figures(results: Results, records: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, Any]]:
    """(name, alternative text, workload, figure or None)."""
    from . import by_model, client_cost, hedging, over_calls, over_ranks, overhead, timeline

    groups = over_calls.groups_over_calls(results)
    if groups:
        yield ("overview", "makespan, client's CPU, overhead and memory over the number of calls, a line per model", "",
               over_calls.overview(groups[0]))
    for page in range(by_model.pages(results, "efficiency")):
        yield f"efficiency{_nth(page)}", "efficiency by workload and model", "", by_model.efficiency(results, page)
    for page in range(by_model.pages(results, "cpu_us_per_call")):
        yield (f"cpu_per_call{_nth(page)}", "client CPU per call by workload and model", "",
               by_model.cpu_per_call(results, page))
    yield ("cancel_latency", "time to cancel calls that are not needed any more, by workload and model", "",
           by_model.cancel_latency(results))
    yield ("model_and_client", "client CPU per call over the native client and over libcurl, model by model", "",
           client_cost.client_cost(results))
    timelines = timeline.choose(records, {c.name: c.case for c in results.cases if c.ok})
    for workload in results.workloads:
        for name, recorded in timelines.items():
            if recorded[0][0].workload == workload:
                yield (f"timeline_{name}", f"timeline of one {workload} fan-out, model beside model", workload,
                       timeline.timeline(recorded))
        for group in (g for g in groups if g.scenario.workload == workload):
            yield (f"makespan_{group.slug}", f"makespan of {workload} over the number of calls, with the ideal",
                   workload, over_calls.makespan_over_calls(group))
            yield (f"cost_{group.slug}", f"the client's overhead and CPU per call of {workload} over the number of calls",
                   workload, over_calls.cost_over_calls(group))
            yield (f"overhead_{group.slug}", f"overhead per call of {workload}, the client's part and the server's",
                   workload, overhead.parts(group))
            yield (f"memory_{group.slug}", f"peak memory of {workload} over the number of calls", workload,
                   over_calls.memory_over_calls(group))
        for group in (g for g in over_ranks.groups_over_ranks(results) if g.scenario.workload == workload):
            yield (f"ranks_{group.slug}", f"calls in flight and calls per second of {workload} over the number of ranks",
                   workload, over_ranks.over_ranks(group))
        yield (f"latency_{workload}", f"latency percentiles of single calls in {workload}", workload,
               by_model.latency_percentiles(results, workload))
        yield (f"extra_load_{workload}", f"tail of {workload} over the extra calls of hedging, a point for each time and budget",
               workload, hedging.extra_load(results, workload))
        yield (f"first_event_{workload}", f"time to the first event in {workload}, from the intended start and from sending",
               workload, by_model.first_events(results, workload))
        yield (f"event_gaps_{workload}", f"gaps between the events of a stream in {workload}, median and 99th percentile",
               workload, by_model.event_gaps(results, workload))
        yield (f"loop_lag_{workload}", f"how late a heartbeat is beside {workload}, its work inline and offloaded",
               workload, by_model.loop_lag(results, workload))
