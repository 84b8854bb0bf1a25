"""The first sentences of report and terminal: does the time differ, what does a fan-out cost, what limits it, and which
model then, or that it does not matter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Iterable, Sequence

from ..analysis import findings
from ..analysis.findings import WHOLE_MAKESPAN, WITHIN, Choice, has_makespan, makespan_figure
from ..analysis.limits import AT_ONCE, CLIENT, PLAN, SERVER, Limit, limit_of
from ..results.cases import CaseResult, Results, Scenario, in_flight, yardstick_of
from ..results.catalogue import MEMORY, rank
from ..results.wording import count, factor, latency_seconds, listed, many, memory, percent, seconds
from .tables import span

AT_MOST = 3  # names of a kind in a sentence
_LESS_SERVER = "less the mock server's part"
_OR_ALL = "where that is not most of it"
Sentence = tuple[str, str]  # the question, and what is said of it


@dataclass(frozen=True)
class Place:
    """A scenario over one client, with the rows that are compared there, the one with the least CPU first."""

    rows: tuple[CaseResult, ...]
    choice: Choice | None  # None: there is nobody to compare with
    name: str = ""  # what tells it from the run's other places

    @property
    def scenario(self) -> Scenario:
        return self.rows[0].case.scenario

    @property
    def transport(self) -> str:
        return self.rows[0].case.transport

    @property
    def title(self) -> str:
        return f"{self.scenario.workload} ({self.scenario.line}, over {self.transport})"

    @property
    def chosen(self) -> CaseResult:
        """The row of the model that is named, or would be by the medians."""
        return next((c for c in self.rows if self.choice and c.case.model == self.choice.cheapest), self.rows[0])

    @property
    def figure(self) -> str:
        """As models are ranked; of rows that are not, the makespan."""
        return makespan_figure(self.rows) if all(map(has_makespan, self.rows)) else WHOLE_MAKESPAN

    @property
    def less_server(self) -> bool:
        return self.figure != WHOLE_MAKESPAN

    def makespan(self, c: CaseResult) -> float:
        return c.median(self.figure)

    @property
    def best(self) -> CaseResult:
        return min(self.rows, key=self.makespan)

    @property
    def slow(self) -> dict[str, float]:
        """By the medians: those whose makespan is more than 10 % above the best, with the ratio."""
        ratios = {c.case.label: self.makespan(c) / self.makespan(self.best) for c in self.rows}
        return {label: ratio for label, ratio in ratios.items() if ratio > WITHIN}

    @property
    def slow_for_sure(self) -> bool:
        return bool(self.choice and self.choice.too_slow)

    @property
    def indifferent(self) -> bool:
        """Whether the rounds show that neither time nor CPU differ by more than 10 %."""
        c = self.choice
        return bool(c and c.cpu and not c.winner and not c.too_slow and not self.slow and all(
            ratio and ratio.p_below(WITHIN) <= c.critical for _, ratio in c.cpu))


def answer(results: Results, compared: Iterable[Choice], unnamed: str, advice: str) -> list[Sentence]:
    """Of these comparisons; where there are none, of the rows. `unnamed`: why no model can be named, "" where one can."""
    places = _places(results, list(compared))
    if not places:
        return []
    rivals = [p for p in places if p.choice and p.choice.comparable]
    which = unnamed or (_which(rivals, advice) if rivals else "")
    told = [("Does the time differ?", _time(places, rivals)), ("What does it cost?", _cost(results, rivals or places)),
            ("What limits it?", _limits(rivals or places)), ("Which model, then?", which)]
    return [(question, text) for question, text in told if text]


def _places(results: Results, compared: Sequence[Choice]) -> list[Place]:
    chosen = {(c.scenario, c.transport, c.workers): c for c in compared}
    made = []
    for key, cases in findings.lines(results).items():
        choice = chosen.get(key)
        among = choice and {choice.cheapest, choice.best, *(m for m, _ in (*choice.cpu, *choice.too_slow))}
        rows = [c for c in cases if (not among or c.case.model in among) and c.median("cpu_us_per_call") is not None
                and c.median("makespan_s") and c.case.calls]
        if rows and (choice or not chosen):
            made.append(Place(tuple(sorted(rows, key=lambda c: c.median("cpu_us_per_call"))), choice))
    return [replace(place, name=_name(place, made)) for place in made]


def _name(place: Place, among: Sequence[Place]) -> str:
    """The workload, with what others of it have otherwise: "gather, 1,000 calls, over curl"."""
    alike = [p for p in among if p.scenario.workload == place.scenario.workload]
    phrases = (place.scenario.catalogue.phrase(place.scenario.workload, key, value)
               for key, value in place.scenario.params if any(p.scenario.get(key) != value for p in alike))
    workers = place.rows[0].case.workers
    over = {p.transport for p in alike if p.scenario == place.scenario} != {place.transport}
    return ", ".join([place.scenario.workload, *filter(None, phrases), *([many(workers, "worker")] if workers else []),
                      *([f"over {place.transport}"] if over else [])])


# -- does the time differ? ---------------------------------------------------------------------------------------------

def _time(places: Sequence[Place], rivals: Sequence[Place]) -> str:
    if not rivals:
        return _nothing_to_compare(places)
    said = _time_of_one(rivals[0]) if len(rivals) == 1 else _time_of_many(rivals)
    return f"{said}{_left_out(rivals)}"


def _time_of_many(rivals: Sequence[Place]) -> str:
    sure = [p for p in rivals if p.slow_for_sure]
    perhaps = [p for p in rivals if not p.slow_for_sure and p.slow]
    same = len(rivals) - len(sure) - len(perhaps)
    less = _LESS_SERVER if all(p.less_server for p in rivals) else f"{_LESS_SERVER} {_OR_ALL}"
    alike = f"the models compared are within 10 % of the best by their median makespan, {less}"
    if same == len(rivals):
        return f"No: {_of(same, len(rivals), 'comparisons')} {alike}."
    groups = ((same, f"no: {alike}"), (len(sure), f"it does: {_some([_slow_words(p) for p in sure], '; ')}"),
              (len(perhaps), f"perhaps, by the medians: {_some([_slow_words(p) for p in perhaps], '; ')}"))
    told = [(number, what) for number, what in groups if number]
    return " ".join(f"{_capital(_of(number, len(rivals), '' if i else 'comparisons', i == 0))} {what}."
                    for i, (number, what) in enumerate(told))


def _time_of_one(place: Place) -> str:
    takes = f"{place.best.case.label} takes {_takes(place)}"
    less = _LESS_SERVER if place.less_server else "most of it the mock server's part"
    if place.choice.too_slow:
        slow = ", ".join(f"{model} takes {ratio}" for model, ratio in place.choice.too_slow)
        return f"Yes: {slow} as long as the best, {less}, in {place.title}; {takes}."
    if place.slow:
        slow = ", ".join(f"{label} {factor(ratio)} ×" for label, ratio in place.slow.items())
        return (f"Perhaps: by the medians {slow} as long as the best, {less}, in {place.title}, but the rounds do "
                f"not tell whether it is more than 10 %; {takes}.")
    times = sorted(map(place.makespan, place.rows))
    return (f"No: {less}, {listed([c.case.label for c in place.rows])} take "
            f"{span(seconds(times[0]), seconds(times[-1]))} for {place.title}{_allowed(place.best, ',')}.")


def _left_out(rivals: Sequence[Place]) -> str:
    """Who is in none of the sentences."""
    apart = [(model, words) for p in rivals for model, words in p.choice.apart]
    if not apart:
        return ""
    if len(rivals) == 1:
        return f" Not compared: {listed([f'{model} ({words})' for model, words in apart])}."
    times = Counter(model for model, _ in apart).most_common()
    return (" Not compared, with fewer calls in flight: "
            + ", ".join(f"{model} {_of(n, len(rivals), first=i == 0)}" for i, (model, n) in enumerate(times)) + ".")


def _nothing_to_compare(places: Sequence[Place]) -> str:
    if any(p.choice for p in places):
        return "It can't be told: no two models had as many calls in flight."
    if len(places) > 1:
        return "There is nothing to compare: no scenario has verified rows of two models that make calls at once."
    (place,) = places
    return (f"There is nothing to compare: of models that make calls at once {place.chosen.case.label} alone has a "
            f"number. It takes {seconds(place.chosen.median('makespan_s'))}{_allowed(place.chosen)} for {place.title}.")


def _takes(place: Place) -> str:
    return seconds(place.makespan(place.best)) + _allowed(place.best)


def _allowed(c: CaseResult, comma: str = "") -> str:
    ideal = c.median("ideal_s")
    return f"{comma} where the plan allows {seconds(ideal)}" if ideal is not None else ""


def _slow_words(place: Place) -> str:
    ratios = {m: r.interval.estimate for m, r in place.choice.too_slow} if place.slow_for_sure else place.slow
    return f"{place.name} ({', '.join(f'{model} {factor(ratio)} ×' for model, ratio in ratios.items())})"


# -- what does it cost? ------------------------------------------------------------------------------------------------

def _cost(results: Results, places: Sequence[Place]) -> str:
    """Where most is known: the first workload, the leanest client, most models, most calls."""
    known = results.catalogue
    place = min(places, key=lambda p: (rank(p.scenario.workload, known.workloads), rank(p.transport, known.transports),
                                       -len(p.rows), -p.scenario.calls, -latency_seconds(p.scenario.latency)))
    first, *others = place.rows
    calls = f"{first.case.calls:,} × {seconds(first.median('cpu_us_per_call') / 1e6)} = "
    told = [f"{calls}{seconds(_cpu_s(first))} of CPU with {_with_memory(first, ' of memory')}"]
    shown = len(others) if len(others) <= AT_MOST + 1 else AT_MOST
    told += [f"{seconds(_cpu_s(c))} with {_with_memory(c)}" for c in others[:shown]]
    if rest := others[shown:]:
        told.append(f"up to {seconds(_cpu_s(rest[-1]))} with {len(rest)} more")
    where = f"In {place.name}: " if len(places) > 1 else ""
    beside = results.scenarios(place.scenario.workload)[place.scenario]
    yardstick = yardstick_of(c for c in beside if c.case.transport == place.transport and c.median("cpu_us_per_call"))
    machine = f"; the machine's own part is {seconds(_cpu_s(yardstick))}" if yardstick else ""
    return f"{where}{', '.join(told)}{machine}."


def _cpu_s(c: CaseResult) -> float:
    return c.median("cpu_us_per_call") * c.case.calls / 1e6


def _with_memory(c: CaseResult, unit: str = "") -> str:
    held = c.median(MEMORY.name)
    return c.case.label + (f" ({memory(held)}{unit})" if held is not None else "")


# -- what limits it? ---------------------------------------------------------------------------------------------------

def _limits(places: Sequence[Place]) -> str:
    """Of the model that is named, or would be by the medians."""
    limits = [limit for p in places if (limit := limit_of(p.chosen))]
    if not limits:
        return ""
    if len(places) == 1:
        return _limit_of_one(places[0].chosen, *limits)
    kinds = Counter(limit.what for limit in limits).most_common()
    told = [f"{what} {_of(n, len(limits), first=i == 0)}" for i, (what, n) in enumerate(kinds)]
    shares = sorted(limit.client for limit in limits)
    return f"{_capital(', '.join(told))}. With the leanest model the client's part of the makespan is {span(percent(shares[0]), percent(shares[-1]))}."


def _limit_of_one(c: CaseResult, limit: Limit) -> str:
    parts = {PLAN: limit.plan, CLIENT: limit.client, SERVER: limit.server}
    greatest = max(parts, key=parts.__getitem__)
    number = f" ({count(in_flight(c))} of {count(c.case.calls)})" if limit.what == AT_ONCE else ""
    others = " and ".join(f"{part} {percent(share)}" for part, share in parts.items() if part != greatest)
    return f"{_capital(limit.what)}{number}: {percent(parts[greatest])} of the makespan with {c.case.label}; {others}."


# -- which model, then? ------------------------------------------------------------------------------------------------

def _which(rivals: Sequence[Place], advice: str) -> str:
    unsure = [p for p in rivals if not p.choice.winner and not p.indifferent]
    text = _which_of_one(rivals[0]) if len(rivals) == 1 else _which_of_many(rivals, unsure)
    return f"{text} {advice}" if advice and unsure else text


def _which_of_one(place: Place) -> str:
    c = place.choice
    if place.indifferent:
        return "It does not matter: neither time nor CPU differ by more than 10 %."
    by_cpu = "By CPU" if place.slow else "For the time it does not matter; by CPU"
    if not c.winner:
        return f"{by_cpu} not separated: {c.words}."
    if not c.cpu:
        return f"{c.winner}, the only one within 10 % of the best makespan."
    model, ratio = c.cpu[0]
    return f"{by_cpu} {c.winner}: the next, {model}, takes {ratio} as much."


def _which_of_many(rivals: Sequence[Place], unsure: Sequence[Place]) -> str:
    named, alike = [p for p in rivals if p.choice.winner], [p for p in rivals if p.indifferent]
    parts = []
    for model, n in Counter(p.choice.winner for p in named).most_common():
        where = _where([p for p in named if p.choice.winner == model], rivals)
        parts.append(f"{model} {_of(n, len(rivals), first=not parts)} ({where})" if n < len(rivals) else
                     f"{model} {_of(n, n)}")
    told = [f"{', '.join(parts)}: the least CPU among those within 10 % of the best makespan."] if named else []
    if alike:
        told.append(f"{_capital(_of(len(alike), len(rivals), first=not told))} it does not matter: neither time nor CPU "
                    "differ by more than 10 %.")
    if unsure:
        medians = ", ".join(f"{m} in {n:,}" for m, n in Counter(p.choice.cheapest for p in unsure).most_common())
        where = f" ({_where(unsure, rivals)})" if len(unsure) < len(rivals) else ""
        told.append(f"{_capital(_of(len(unsure), len(rivals), first=not told))}{where} the rounds separate none; by the "
                    f"medians {medians}.")
    if len(alike) == len(rivals) or any(p.slow for p in rivals):
        return " ".join(told)
    return f"For the time it does not matter. By CPU: {' '.join(told)}"


def _of(number: int, of_all: int, what: str = "", first: bool = True) -> str:
    """ "in 9 of 15 comparisons", "in both", "in all 4"; behind the first "in 6"."""
    if number == of_all > 1:
        said = "in both" if number == 2 else f"in all {number:,}"
    else:
        said = f"in {number:,} of {of_all:,}" if first else f"in {number:,}"
    return f"{said} {what}".rstrip()


def _where(places: Sequence[Place], among: Sequence[Place]) -> str:
    """Their workloads; where there is but one, what tells them apart."""
    if len({p.scenario.workload for p in among}) > 1:
        return _some(list(dict.fromkeys(p.scenario.workload for p in places)))
    return _some([p.name.removeprefix(f"{p.scenario.workload}, ") for p in places], "; ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _some(names: Sequence[str], between: str = ", ") -> str:
    rest = len(names) - AT_MOST
    return between.join(names[:AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
