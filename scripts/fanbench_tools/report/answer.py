"""The report's first sentences: which model for these calls, what it costs, where that turns, what could not be told."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable

from ..analysis.findings import Choice, Crossover
from ..results.cases import CaseResult, Results
from ..results.catalogue import MEMORY, rank
from ..results.rows import ERROR, LIMIT
from ..results.wording import latency_seconds, micros

AT_MOST = 3  # names of a kind in a sentence
Sentence = tuple[str, str]  # the question, and what is said of it


def answer(results: Results, lines: Iterable[Choice], turns: Iterable[Crossover], advice: str) -> list[Sentence]:
    """Of the lines of "which model for what", which must be some."""
    lines, turns = list(lines), list(turns)
    told = [("Which model", _which(lines)), ("What it costs", _cost(results, lines)), ("Where it turns", _turns(turns)),
            ("What could not be told", _open(results, lines, advice))]
    return [(question, text) for question, text in told if text]


def _which(lines: list[Choice]) -> str:
    ranked = [c for c in lines if c.comparable]
    named = [c for c in ranked if c.winner]
    if not ranked:
        return "none: no two models had as many calls in flight."
    medians = ", ".join(f"{model} in {n:,}" for model, n in Counter(c.cheapest for c in ranked).most_common())
    if not named:
        return f"none is named: the rounds separate nothing in {_many(len(ranked), 'comparison')}; by the medians {medians}."
    of_all = f" of {_many(len(ranked), 'comparison')}"
    parts = [f"{model} in {n:,}{'' if i else of_all} ({_some(_workloads(c for c in named if c.winner == model))})"
             for i, (model, n) in enumerate(Counter(c.winner for c in named).most_common())]
    also = f"; by the medians alone {medians}" if len(named) < len(ranked) else ""
    return f"{', '.join(parts)}: the least CPU per call among those within 10 % of the best makespan{also}."


def _cost(results: Results, lines: list[Choice]) -> str:
    """Of the winner where most is known: the first workload, the leanest client, most calls, with somebody next."""
    known = results.catalogue
    named = [c for c in lines if c.winner]
    if not named:
        return ""
    best = min(named, key=lambda c: (rank(c.scenario.workload, known.workloads), rank(c.transport, known.transports),
                                     not c.cpu, -c.scenario.calls, -latency_seconds(c.scenario.latency)))
    row = next(c for c in _rows(results, best) if c.case.model == best.winner)
    makespan, ideal = (known.figure(name).words(row.median(name)) for name in ("makespan_s", "ideal_s"))
    text = (f"{best.scenario.workload} ({best.scenario.line}, over {best.transport}): {best.winner} took {makespan} where "
            f"the plan allows {ideal}, and {micros(row.median('cpu_us_per_call'))} of CPU a call")
    if (memory := row.median(MEMORY.name)) is not None:
        text += f", {known.figure(MEMORY.name).words(memory)} in all"
    yardstick = next((c for c in _rows(results, best) if c.case.is_yardstick and c.ok), None)
    if yardstick and yardstick.median("cpu_us_per_call"):
        text += f"; the machine's own part is {micros(yardstick.median('cpu_us_per_call'))}"
    if best.cpu:
        model, ratio = best.cpu[0]
        text += f". The next, {model}, takes {ratio} its CPU"
    return f"{text}."


def _rows(results: Results, choice: Choice) -> list[CaseResult]:
    return [c for c in results.scenarios(choice.scenario.workload)[choice.scenario]
            if c.case.transport == choice.transport and (c.case.workers == choice.workers or c.case.is_yardstick)]


def _turns(turns: list[Crossover]) -> str:
    """Of the first scenario over which anything turns."""
    falls = [t for t in turns if t.axis == "calls" and t.first is not None]
    if not falls:
        return ""
    first = falls[0]
    alike = [t for t in falls if (t.scenario, t.transport) == (first.scenario, first.transport)]
    models = ", ".join(f"{t.behind} from {t.first:,.0f} calls" for t in alike)
    return (f"in {first.scenario.workload} ({first.scenario.line}, {first.transport}) more than 10 % slower than "
            f"{first.ahead}: {models}.")


def _open(results: Results, lines: list[Choice], advice: str) -> str:
    ranked = [c for c in lines if c.comparable]
    unsure = [c for c in ranked if not c.winner]
    apart = [c for c in lines if c.apart]
    noisy = sum(c.share_of_rounds("noisy") > 0 for c in results.cases)
    bound = sum(c.share_of_rounds("server_bound") > 0.5 for c in results.cases)
    unjudged = sum(c.ok and not c.values("noisy") for c in results.cases)
    failed, limited = (len(results.with_status(status)) for status in (ERROR, LIMIT))
    parts = [f"{len(unsure)} of {_many(len(ranked), 'comparison')}, not separated ({_some(_workloads(unsure))})"
             if unsure else "", f"models with fewer calls in flight than others, not ranked, in {len(apart)}"
             if apart else "",
             f"{_many(failed, 'error')}, without a number" if failed else "",
             f"{_many(limited, 'row')} beyond this machine's limits" if limited else "",
             f"{_many(bound, 'row')} bound by the server in most rounds" if bound else "", f"{_many(noisy, 'noisy row')}" if noisy else "",
             f"whether {_many(unjudged, 'row')} of {len(results.cases)} {'was' if unjudged == 1 else 'were'} noisy"
             if unjudged else ""]
    said = "; ".join(part for part in parts if part)
    if not said:
        return f"nothing: each of the {_many(len(ranked), 'comparison')} is separated."
    return f"{said}.{f' {advice}' if advice and unsure else ''}"


def _workloads(choices: Iterable[Choice]) -> list[str]:
    return list(dict.fromkeys(c.scenario.workload for c in choices))


def _some(names: list[str]) -> str:
    rest = len(names) - AT_MOST
    return ", ".join(names[:AT_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
