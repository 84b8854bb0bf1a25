"""What the report says above its tables of rows: which model for what, where it turns, model and client apart."""

from __future__ import annotations

from typing import Any, Iterable

from .. import checkout
from ..analysis import decomposition, findings, memory_slope, open_questions, stats
from ..results.cases import CaseResult, Results, Scenario, rounds_had, yardstick_names
from ..results.catalogue import Model, rank
from ..results.wording import many, memory, micros
from .answer import answer
from .tables import cell, columns_of, span

AT_LEAST = 3  # rounds: fewer give no interval
ENOUGH = 10  # rounds, of which Student's t is hardly wider than of many more


def which(results: Results, chosen: list[findings.Choice]) -> dict[str, Any]:
    """The opening: the answer, a line per scenario with what was found over each client, and where it turns."""
    nothing: dict[str, Any] = {"lines": [], "answer": [], "why_not": ""}
    if any(c.values("counts_allocations") for c in results.cases):
        return nothing | {"why_not": "This run counted allocations, which takes time: its times are not comparable."}
    transports = sorted({c.transport for c in chosen}, key=lambda t: rank(t, results.catalogue.transports))
    lines = []
    for scenario, choices in findings.representative(chosen).items():
        for workers in dict.fromkeys(c.workers for c in choices):
            of = {c.transport: c for c in choices if c.workers == workers}
            degree = f" · {many(workers, 'worker')}" if workers else ""
            lines.append({"workload": scenario.workload, "line": scenario.line + degree,
                          "cells": [of.get(t) for t in transports]})
    if why_not := _too_few_rounds(results) if chosen else "":
        return nothing | {"why_not": why_not, "answer": answer(results, chosen, why_not, "")}
    advice = _advice(results, [c for c in chosen if not c.winner])
    return {"why_not": "", "advice": advice, "transports": transports, "lines": lines,
            "answer": answer(results, chosen, "", advice), "judged": how_it_was_judged(results, chosen),
            "leading": results.catalogue.leading, "turns": turns(findings.crossovers(results))}


def _too_few_rounds(results: Results) -> str:
    """Why no model can be named; "" where there are rounds enough."""
    if results.rounds >= AT_LEAST:
        return ""
    so_far = "One round" if results.rounds == 1 else f"{results.rounds} rounds"
    return (f"{so_far}: no model can be named, as it takes three for an interval "
            f"({again(results)} --rounds {AT_LEAST}).")


def again(results: Results) -> str:
    """The command that makes such a run once more, but for its rounds and budget."""
    if said := results.context.get("again"):
        return str(said)
    shipped = results.suite in {path.stem for path in checkout.SUITES.glob("*.toml")}
    return f"fanbench run {results.suite if shipped else 'FILE.toml'}"


def _advice(results: Results, unsure: list[findings.Choice]) -> str:
    """What would answer some of these lines; "" where nothing is likely to."""
    if results.budget_s is not None:
        return (f"More time makes the doubt smaller ({again(results)} --budget {2 * results.budget_s:.0f}s)."
                if any(open_questions.is_open(results, c) for c in unsure) else "")
    return (f"More rounds make the doubt smaller ({again(results)} --rounds {ENOUGH})."
            if unsure and results.rounds < ENOUGH else "")


def how_it_was_judged(results: Results, chosen: list[findings.Choice]) -> str:
    """What stands in brackets, and when a model is named."""
    number = sum(c.comparable for c in chosen)
    reasons = [f"(Holm) for the {number} comparisons of this run"] if number > 1 else []
    if results.looks > 1:
        whose = "its" if number > 1 else "this run’s"
        reasons.append(f"for {whose} {results.looks} looks, before its further rounds and after")
    corrected = f", corrected {' and '.join(reasons)}" if reasons else ""
    return (f"In brackets: {ends(rounds_had(results.cases))}. A model is named where Student’s t of the ratios’ "
            f"logarithms, round by round, separates it from all others{corrected}: in at most "
            f"{stats.share(findings.DOUBT)} of such runs any name is wrong.")


def ends(numbers: list[int]) -> str:
    """What an interval is, by the numbers of rounds that there are: "least to greatest of 3 rounds, which has the true
    median in it in 75 % of cases". "" where rounds are too few for one."""
    shares = [(stats.ends(n), stats.share(stats.covered(n, stats.left_out(n)))) for n in numbers if n >= AT_LEAST]
    words = [f"{what}, which has the true median in it in {share} of cases" for what, share in shares[:1]]
    return ", or ".join(words + [f"{what}, in {share}" for what, share in shares[1:]])


def turns(crossovers: list[findings.Crossover]) -> list[dict[str, Any]]:
    """Those of one scenario and client together."""
    grouped: dict[tuple, list[findings.Crossover]] = {}
    for turn in crossovers:
        grouped.setdefault((turn.scenario, turn.transport, turn.axis), []).append(turn)
    return [{"workload": scenario.workload, "line": scenario.line, "transport": transport, "axis": axis,
             "models": [(x.behind if axis == "calls" else x.ahead, x.where) for x in some]}
            for (scenario, transport, axis), some in grouped.items()]


def harness(results: Results) -> str:
    """What the harness's own records cost, of what a call costs with the leading model over the leanest client."""
    known = results.catalogue
    rows = [c for c in results.cases if (c.case.model, c.case.transport) == (known.leading, known.transports[0])
            and c.median("recording_us_per_call") and c.median("cpu_us_per_call") and not c.case.get("cpu_per_call")]
    if not rows:
        return ""
    first = next(iter(known.workloads), "")
    row = max(rows, key=lambda c: (c.case.workload == first, c.case.start == "warm", c.case.calls or 0))
    cost, cpu = row.median("recording_us_per_call"), row.median("cpu_us_per_call")
    share = f"{100 * cost / cpu:.1f} %"
    client = f"{row.case.model} over the {row.case.transport} client"
    return (f"Of {micros(cpu)} CPU per call ({row.case.workload}, {client}, "
            f"{row.case.scenario.line}) the harness's own records are {micros(cost)}, {share}.")


def warm(results: Results) -> list[Model]:
    """Of each model with a warm case what such a case has made before its clock starts, and what it makes then."""
    measured = {c.case.model for c in results.cases if c.case.start == "warm"}
    return [m for m in results.catalogue.models.values() if m.name in measured and m.ready]


def decomposition_table(results: Results) -> dict[str, Any]:
    """CPU per call taken apart, per scenario; the work of workloads that compute is no model's cost."""
    shown = [d for d in decomposition.representative(decomposition.decompositions(results))
             if not d.scenario.get("cpu_per_call")]
    yardstick = yardstick_names(d.machine for d in shown if d.machine)
    blocks: dict[Scenario, list[decomposition.Decomposition]] = {}
    for one in shown:
        blocks.setdefault(one.scenario, []).append(one)
    of_yardstick = [yardstick.capitalize(), f"Native − {yardstick}"] if yardstick else []
    return {"yardstick": yardstick,
            "headings": ["Native", *of_yardstick, "Curl − native", "Curl"],
            "blocks": [{"workload": s.workload, "line": s.line,
                        "rows": [{"model": d.case.model, "label": d.case.label, "cells": _costs(d, bool(yardstick))}
                                 for d in rows]} for s, rows in blocks.items()]}


def pairs_tables(results: Results) -> list[dict[str, Any]]:
    """Models beside their plainer ones, a table for each two."""
    tables: dict[tuple[str, str], dict[str, Any]] = {}
    for one in decomposition.pairs(results):
        if one.case.scenario.get("cpu_per_call"):
            continue
        model, plainer = one.case.model, one.plainer.model
        table = tables.setdefault((model, plainer), {
            "model": model, "plainer": plainer, "title": f"{model.capitalize()} and {plainer} apart", "lines": [],
            "headings": [plainer.capitalize(), f"{model.capitalize()} − {plainer}", model.capitalize()]})
        table["lines"].append({"workload": one.case.workload, "line": one.case.scenario.line, "transport": one.case.transport,
                               "cells": [_cost(c) for c in (one.plain, one.difference, one.own)]})
    return list(tables.values())


def _costs(one: decomposition.Decomposition, with_yardstick: bool) -> list[dict[str, Any] | None]:
    costs = [one.native, *([one.yardstick, one.over_yardstick] if with_yardstick else []), one.client, one.curl]
    return [_cost(cost) if cost else None for cost in costs]


def _cost(cost: decomposition.Cost) -> dict[str, Any]:
    ends = [_minus(micros(v)) for v in (cost.interval.low, cost.interval.high)] if cost.interval else ["", ""]
    return {"text": _minus(micros(cost.value)), "range": span(*ends) if ends[0] != ends[1] else "",
            "value": cost.value}


def _minus(text: str) -> str:
    return text.replace("-", "−")


def slopes_table(results: Results) -> dict[str, Any]:
    """Fitted memory per call: a line per scenario and client, a column per model."""
    lines: dict[tuple, dict[str, memory_slope.Slope]] = {}
    for s in memory_slope.memory_slopes(results):
        lines.setdefault((s.scenario, s.transport), {})[s.label] = s
    labels = list(dict.fromkeys(label for slopes in lines.values() for label in slopes))
    return {"labels": labels,
            "lines": [{"workload": scenario.workload, "line": f"{scenario.line} · {_span_of_calls(slopes.values())}",
                       "transport": transport, "cells": [_slope(slopes[x]) if x in slopes else None for x in labels]}
                      for (scenario, transport), slopes in lines.items()]}


def _slope(s: memory_slope.Slope) -> dict[str, Any]:
    ends = [memory(v) for v in (s.interval.low, s.interval.high)] if s.interval else ["", ""]
    return {"text": memory(s.bytes_per_call), "value": s.bytes_per_call,
            "range": span(*ends) if ends[0] != ends[1] else ""}


def _span_of_calls(slopes: Iterable[memory_slope.Slope]) -> str:
    calls = [n for s in slopes for n in s.calls]
    return f"{min(calls):,} to {max(calls):,} calls"


def figures(blocks: list[Any], figure: str) -> dict[str, Any]:
    """The figures of a plot with a block per scenario: a line per scenario and client, a column per model."""
    known = blocks[0].scenario.catalogue
    column = next(c for c in columns_of(known) if c.figure.name == figure)
    cases = [c for b in blocks for c in (*b.cases, *([b.yardstick] if b.yardstick else []))]
    labels = sorted({_series(c) for c in cases if c.values(figure)}, key=lambda s: (rank(s[0], known.models), s[1]))
    lines: dict[tuple, dict[tuple, CaseResult]] = {}
    for c in cases:
        lines.setdefault((c.case.scenario, c.case.transport), {})[_series(c)] = c
    order = sorted(lines, key=lambda key: (key[0].order, rank(key[1], known.transports)))
    return {"heading": column.figure.label, "labels": [label for _, _, label in labels],
            "lines": [{"workload": s.workload, "line": s.line, "transport": t,
                       "cells": [cell(lines[s, t][series], column) if series in lines[s, t] else None
                                 for series in labels]} for s, t in order]}


def _series(c: CaseResult) -> tuple[str, int, str]:
    return c.case.model, c.case.workers or 0, c.case.label
