"""What the bench says of itself: workloads with their keys, models, transports and figures, in the order of reports."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Mapping, TypeVar

from . import wording

OWN = "own"  # the transport of contestants
ALWAYS_SAID = ("calls", "latency", "start")  # of the keys of all workloads; the others where they are not the default
HOW_IT_WAS_RUN = ("iterations", "timeline")  # keys that are no part of a scenario
T = TypeVar("T")


class CatalogueError(ValueError):
    """A catalogue that can't be read. The message is one line."""


_SHARES = ("_share", "_pages", "extra_calls")  # how their names end


@dataclass(frozen=True)
class Figure:
    """A number that rows have: what it is called, its unit, and what a change of it means."""

    name: str  # the row's field
    unit: str = ""
    label: str = ""
    help: str = ""
    better: str = ""  # "less", "more", or neither
    gated: bool = False
    least: float = 0.0  # gated: changes are relative to the base's median, but to no less than this
    least_change: float = 0.05  # gated: smaller changes, as a share, are not spoken of
    counting: bool = False  # measured in runs of its own, whose times mean nothing

    @property
    def plain(self) -> str:
        """The label within a sentence about calls: "System calls per call" is "system calls", "CPU per call" "CPU"."""
        return _lower(self.label.removesuffix(" per call"))

    @property
    def axis(self) -> str:
        """What a plot's axis is labelled. µs of a call stay µs, so that they can be compared."""
        return _lower(self.label) + (" (µs)" if self._micros else "")

    def tick(self, number: float) -> str:
        """A number on that axis."""
        return wording.count(number) if self._micros else self.words(number)

    def words(self, number: float | None) -> str:
        """The number with its unit."""
        if number is None:
            return wording.NOTHING
        if self.unit == "us":
            return wording.micros(number) if self._micros else wording.seconds(number / 1e6)
        if self.unit == "1":
            return wording.percent(number) if self.name.endswith(_SHARES) else wording.rate(number)
        return {"s": wording.seconds, "bytes": wording.memory}.get(self.unit, wording.count)(number)

    @property
    def _micros(self) -> bool:
        return self.unit == "us" and self.name.endswith("_per_call")


# Rows have it for each call; tables, CSV and comparisons show it of all calls together.
MEMORY = Figure("memory_bytes", "bytes", "Memory", better="less",
                help="peak PSS of the client's process tree, less what it had before the model was made; with few calls most of "
                     "it is what any run takes once, the harness's own records among it")

# What models are ranked by: derived as well, see the catalogue.
IDEAL_SERVER_MAKESPAN = "ideal_server_makespan_s"


@dataclass(frozen=True)
class Key:
    """A key of a scenario, and how a report says its values."""

    name: str
    meaning: str = ""
    example: str = ""
    default: str | None = None  # None: needed
    values: str = ""
    phrase: str | None = None  # with {} for the value
    phrases: Mapping[str, str] = field(default_factory=dict)  # of single values; "" says nothing


@dataclass(frozen=True)
class Workload:
    name: str
    short: str = ""
    sentence: str = ""
    keys: Mapping[str, Key] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    name: str
    has_workers: bool = False
    has_loops: bool = False  # its workers are event loops, each for any number of calls
    yardstick: bool = False  # no choice for anybody, but what the machine can do: a line in plots, never named a winner
    ready: str = ""  # what a warm case has before its clock starts
    made: str = ""  # what its runs make while the clock runs
    plainer: str = ""  # a model that does the same on the same loop and client, with less around it
    language: str = ""  # of a contestant: a program that is none of ours, with a client of its own


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The order of each mapping is the order in reports."""

    workloads: Mapping[str, Workload]
    keys: Mapping[str, Key]  # of all workloads
    models: Mapping[str, Model]
    transports: tuple[str, ...]
    figures: Mapping[str, Figure]
    document: Mapping[str, Any]  # as the bench printed it

    @property
    def leading(self) -> str:
        """The model that others are held against: the first that is no yardstick."""
        return next((m.name for m in self.models.values() if not m.yardstick), "")

    @property
    def gated(self) -> dict[str, Figure]:
        return {f.name: f for f in self.figures.values() if f.gated}

    def figure(self, name: str) -> Figure:
        return self.figures.get(name) or Figure(name, label=name)

    def with_contestants(self, entries: Any) -> Catalogue:
        """With those of a run's context, after our own models; what can't be read is passed over."""
        entries = [e for e in entries if isinstance(e, dict) and e.get("name")] if isinstance(entries, list) else []
        more = {name: model for name, model in _by_name(Model, entries).items() if name not in self.models}
        return replace(self, models={**self.models, **more})

    def plainer_than(self, model: str) -> str:
        """Empty where there is none."""
        return self.models[model].plainer if model in self.models else ""

    def is_yardstick(self, model: str) -> bool:
        return model in self.models and self.models[model].yardstick

    def workload(self, name: str) -> Workload:
        return self.workloads.get(name) or Workload(name)

    def belongs_to_scenario(self, workload: str, key: str, value: str) -> bool:
        """Whether it tells scenarios apart: a workload's own keys do, those of all where they are not the default."""
        if key in HOW_IT_WAS_RUN:
            return False
        known = self.keys.get(key)
        return key in self.workload(workload).keys or known is None or key in ALWAYS_SAID or value != known.default

    def phrase(self, workload: str, key: str, value: str) -> str:
        """A parameter in words; "" where it says nothing."""
        known = self.workload(workload).keys.get(key) or self.keys.get(key)
        if known is None or known.phrase is None:
            return f"{key} {value}".strip()
        if value in known.phrases:
            return known.phrases[value]
        words = known.phrase.replace("{}", wording.value(value))
        tried_again = "attempts" in self.workload(workload).keys
        return words + wording.kinds_of_failure(value, tried_again) if words else ""


def rank(name: str, known: Any) -> tuple[int, str]:
    """Sorts by the catalogue's order; what it does not know comes last, by name."""
    names = tuple(known)
    return (names.index(name), "") if name in names else (len(names), name)


def read(document: Any) -> Catalogue:
    """What `fanbench-bench --catalogue` prints. Raises CatalogueError."""
    try:
        figures = _by_name(Figure, document["figures"])
        if MEMORY.name not in figures:
            at = list(figures).index("pss_bytes_per_call") if "pss_bytes_per_call" in figures else len(figures)
            figures = dict([*list(figures.items())[:at], (MEMORY.name, MEMORY), *list(figures.items())[at:]])
        workloads = {w["name"]: Workload(w["name"], w["short"], w["sentence"], _by_name(Key, w["keys"]))
                     for w in document["workloads"]}
        return Catalogue(workloads, _by_name(Key, document["keys"]), _by_name(Model, document["models"]),
                         tuple(document["transports"]), figures, document)
    except (KeyError, TypeError, AttributeError) as e:
        raise CatalogueError(f"not a catalogue of workloads, models and figures: {e!r}") from None


def _by_name(kind: type[T], entries: Any) -> dict[str, T]:
    """What is not known of an entry, of a newer bench perhaps, is passed over."""
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    return {e["name"]: kind(**{k: v for k, v in e.items() if k in known}) for e in entries}


def _lower(label: str) -> str:
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
