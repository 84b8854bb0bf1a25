"""Cases and their rounds: what a report, a plot or a comparison is made of."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Iterable, Mapping

from .catalogue import ALWAYS_SAID, Catalogue, rank
from .pooling import POOLED, pooled_quantile
from .rows import OK, Row, is_number
from .wording import count, fixed_seconds, latency_seconds, many

# Of calls in flight, by Little's law: with a tenth fewer of the same latency the throughput is at most a tenth less, the
# difference between makespans that is passed over, too.
SAME_DEGREE = 0.9

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scenario:
    """What cases have in common when only model, workers and transport differ."""

    workload: str
    params: Params
    catalogue: Catalogue = field(compare=False, repr=False)

    def get(self, key: str, default: str | None = None) -> str | None:
        return dict(self.params).get(key, default)

    def without(self, *keys: str) -> Scenario:
        return Scenario(self.workload, tuple(p for p in self.params if p[0] not in keys), self.catalogue)

    @property
    def calls(self) -> int:
        return _number(self.get("calls")) or 0

    @property
    def latency(self) -> str:
        return self.get("latency", "")

    @property
    def short(self) -> str:
        """The workload in a few words."""
        return self.catalogue.workload(self.workload).short

    @property
    def line(self) -> str:
        """All but the workload in a line: "1,000 calls · 200 ms · warm start · at most 10 at once"."""
        phrases = (self.catalogue.phrase(self.workload, *param) for param in self.params)
        return " · ".join(phrase for phrase in phrases if phrase)

    @property
    def order(self) -> tuple:
        """Workloads in the catalogue's order, warm first, plain before special, short before long, few before many."""
        special = tuple((k, _amount(v), v) for k, v in self.params if k not in ALWAYS_SAID)
        return (rank(self.workload, self.catalogue.workloads), self.get("start", "warm") != "warm", len(special),
                special, latency_seconds(self.latency), self.latency, self.calls)


@dataclass(frozen=True)
class Case:
    """scenario × model × transport."""

    workload: str
    model: str
    transport: str
    params: Params
    catalogue: Catalogue = field(compare=False, repr=False)

    @staticmethod
    def of(data: Mapping[str, Any], catalogue: Catalogue) -> Case:
        """A row's `case`. Only what tells cases apart is kept, in the order of rows' names."""
        workload = data["workload"]
        texts = {key: _text(value) for key, value in data.get("parameters", {}).items()}
        own = catalogue.workload(workload).keys
        order = {key: i for i, key in enumerate(ALWAYS_SAID)}
        params = sorted((p for p in texts.items() if catalogue.belongs_to_scenario(workload, *p)),
                        key=lambda p: order.get(p[0], len(order) + (p[0] not in own)))
        return Case(workload, data["model"], data["transport"], tuple(params), catalogue)

    def get(self, key: str, default: str | None = None) -> str | None:
        return dict(self.params).get(key, default)

    @property
    def calls(self) -> int | None:
        return _number(self.get("calls"))

    @property
    def latency(self) -> str:
        return self.get("latency", "")

    @property
    def start(self) -> str:
        return self.get("start", "warm")

    @property
    def workers(self) -> int | None:
        """The number of workers where one was chosen."""
        return _number(self.get("workers")) or None

    @property
    def most_at_once(self) -> int | None:
        """The calls that its workers can have open, where a number was chosen; an event loop has any number of them."""
        return None if self._has_loops else self.workers

    @property
    def series(self) -> tuple[str, int | None]:
        """What is one line in a plot: the model with its concurrency degree."""
        return self.model, self.workers

    @property
    def label(self) -> str:
        """With 10 workers a model is another line than without a number of its own."""
        if self.workers is None:
            return self.model
        return f"{self.model}, {many(self.workers, 'loop' if self._has_loops else 'worker')}"

    @property
    def _has_loops(self) -> bool:
        model = self.catalogue.models.get(self.model)
        return model is not None and model.has_loops

    @property
    def is_yardstick(self) -> bool:
        return self.catalogue.is_yardstick(self.model)

    @property
    def scenario(self) -> Scenario:
        return Scenario(self.workload, tuple(p for p in self.params if p[0] != "workers"), self.catalogue)


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds: the median, with the least and the greatest value."""

    median: float
    low: float
    high: float
    rounds: int


@dataclass
class CaseResult:
    """One row of the report: its rounds, or why there is no number."""

    name: str
    case: Case
    rounds: list[Row] = field(default_factory=list)
    status: str = OK
    message: str = ""  # why, where the status is not ok

    @property
    def ok(self) -> bool:
        return self.status == OK

    def values(self, figure: str) -> list[float]:
        """The figure's finite values, one per round; none for a row that is not ok."""
        return [float(r[figure]) for r in self.rounds if is_number(r.get(figure))] if self.ok else []

    def spread(self, figure: str) -> Spread | None:
        values = self.values(figure)
        if not values:
            return None
        return Spread(statistics.median(values), min(values), max(values), len(values))

    def median(self, figure: str) -> float | None:
        spread = self.spread(figure)
        return spread.median if spread else None

    def pooled(self, figure: str) -> float | None:
        """A quantile of the calls of all rounds together, where no round alone has enough of them for it."""
        return pooled_quantile(self.rounds, figure) if self.ok and figure in POOLED and not self.values(figure) else None

    def value(self, figure: str) -> float | None:
        """The median over the rounds, else what is pooled."""
        median = self.median(figure)
        return self.pooled(figure) if median is None else median

    @property
    def parameters(self) -> dict[str, str]:
        """All that the row's case says, defaults included, as rows' names have it."""
        said = self.rounds[0]["case"].get("parameters", {}) if self.rounds else {}
        return {key: _text(value) for key, value in said.items()}

    def share_of_rounds(self, mark: str) -> float:
        """The share of the rounds that carry this mark (`noisy`, `server_bound`), of those that say anything of it."""
        values = self.values(mark)
        return sum(v > 0 for v in values) / len(values) if values else 0.0

    @property
    def order(self) -> tuple:
        c = self.case
        return (*c.scenario.order, rank(c.transport, c.catalogue.transports), rank(c.model, c.catalogue.models),
                c.workers or 0, self.name)


@dataclass
class Results:
    """A whole results.json: the context, and the cases in the report's order."""

    context: dict[str, Any]
    cases: list[CaseResult]
    catalogue: Catalogue
    unreadable_names: list[str] = field(default_factory=list)

    @property
    def suite(self) -> str:
        return str(self.context.get("suite") or "unnamed")

    @property
    def interrupted(self) -> bool:
        return self.context.get("interrupted") in (True, "true", "True", 1, "1")

    @property
    def rounds(self) -> int:
        """Rounds that were finished for at least one row."""
        return max((len(c.rounds) for c in self.cases), default=0)

    @property
    def rounds_words(self) -> str:
        return rounds_words(self.cases)

    @property
    def budget_s(self) -> float | None:
        """What the run was given to spend on rounds where answers were open; None: all rows had the same rounds."""
        given = self.context.get("budget_s")
        return float(given) if is_number(given) else None

    @property
    def looks(self) -> int:
        """How often the run looked at what its rounds say, the report's look included."""
        told = self.context.get("looks")
        return max(1, int(told)) if is_number(told) else 1

    def with_status(self, status: str) -> list[CaseResult]:
        return [c for c in self.cases if c.status == status]

    @cached_property
    def fewer_in_flight(self) -> dict[str, str]:
        return fewer_in_flight(self.cases)

    @cached_property
    def workloads(self) -> list[str]:
        return list(dict.fromkeys(c.case.workload for c in self.cases))

    @cached_property
    def transports(self) -> list[str]:
        return sorted({c.case.transport for c in self.cases}, key=lambda t: rank(t, self.catalogue.transports))

    def scenarios(self, workload: str | None = None) -> dict[Scenario, list[CaseResult]]:
        """The cases by scenario, in the report's order."""
        groups: dict[Scenario, list[CaseResult]] = {}
        for c in self.cases:
            if workload in (None, c.case.workload):
                groups.setdefault(c.case.scenario, []).append(c)
        return groups


def yardstick_of(cases: Iterable[CaseResult], figure: str = "cpu_us_per_call") -> CaseResult | None:
    """What the machine can do in a scenario: the yardstick with the least of a figure, for a floor that is beaten is
    none. Of a figure that nothing is known of: the first."""
    def least(c: CaseResult) -> tuple[float, tuple]:
        median = c.median(figure)
        return (float("inf") if median is None else median), c.order

    return min((c for c in cases if c.case.is_yardstick and c.ok), key=least, default=None)


def yardstick_names(shown: Iterable[Case]) -> str:
    """Those that are shown: which of them is the lowest may differ from scenario to scenario."""
    return " or ".join(sorted({case.model for case in shown}))


def in_flight(c: CaseResult) -> float:
    """The most calls that were in flight at once; 0 where nothing is known of it. With a quota who is in flight and who
    has been refused is a matter of moments: as many as there are workers may be."""
    peak = c.median("in_flight_peak") or 0.0
    if peak <= 1 or c.case.get("per_second") is None:
        return peak
    limit = float(c.case.get("limit") or peak)
    return min(limit, c.case.most_at_once or limit)


def same_degree(one: CaseResult, other: CaseResult) -> bool:
    """Whether both had about as many calls in flight."""
    low, high = sorted((in_flight(one), in_flight(other)))
    return low >= SAME_DEGREE * high


def in_flight_words(peak: float, most: float) -> str:
    return f"{count(peak)} of {count(most)} in flight"


def fewer_in_flight(cases: Iterable[CaseResult]) -> dict[str, str]:
    """Of the rows that had fewer calls in flight than others of their scenario: "602 of 1,000 in flight", by name. Not of
    those that make one call after another, as they say so by their name."""
    cases, most = list(cases), {}
    for c in cases:
        key = c.case.scenario, c.case.workers
        most[key] = max(most.get(key, 0.0), in_flight(c))
    return {c.name: in_flight_words(in_flight(c), highest) for c in cases
            if 1 < in_flight(c) < SAME_DEGREE * (highest := most[c.case.scenario, c.case.workers])}


def rounds_had(cases: Iterable[CaseResult]) -> list[int]:
    """How many rounds rows had, each number once, rising; of those with a number, where there are any."""
    cases = list(cases)
    return sorted({len(c.rounds) for c in cases if c.ok} or {len(c.rounds) for c in cases})


def rounds_words(cases: Iterable[CaseResult]) -> str:
    """"5 rounds", or "5 to 14 rounds" where some rows had more than others."""
    least, *more = rounds_had(cases) or [0]
    return f"{least} to {more[-1]} rounds" if more else f"{least} round{'' if least == 1 else 's'}"


def _text(value: Any) -> str:
    """A parameter as rows' names have it; planned failures as "rate=0.3:attempts=2:kinds=503-reset"."""
    if isinstance(value, Mapping):
        return ":".join(f"{k}={_text(v)}" for k, v in value.items() if _text(v) not in ("0", "0ms"))
    if isinstance(value, list):
        return "-".join(_text(v) for v in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _amount(value: str) -> float:
    """Of a number or a duration; words come after them."""
    amount = int(value) if value.isdigit() else fixed_seconds(value)
    return math.inf if amount is None else amount
