"""Reads a run's results.json into cases, each with its rounds or the reason why it has no number."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Iterable

from .wording import WORKLOADS, count, fixed_seconds, latency_seconds, memory, rate, scenario_line, seconds

# Of results.json: another number means that fields have changed their meaning. In 1 memory over idle had the program's
# pages in it that a run first touched.
FORMAT = 2
FLOOR = "floor"  # no model, but what the machine can do: a line in plots, never chosen
MODELS = (FLOOR, "coroutines", "threads", "thread_pool", "processes", "sequential")
TRANSPORTS = ("native", "curl")

# Suffixes that Google Benchmark itself adds to names: they say how it was run, not what.
_BENCHMARK_SUFFIXES = {"iterations", "repeats", "min_time", "min_warmup_time", "threads", "real_time", "manual_time",
                       "process_time"}
_NOT_APPLICABLE = "not applicable: "
_LIMIT = "limit: "
_NUMBER_COLUMNS = (("makespan", 8), ("effic.", 6), ("over µs", 7), ("CPU µs", 6), ("memory", 6), ("", 1))


class ResultsError(Exception):
    """Results that can't be read. The message is one line: which file, what is wrong."""


@dataclass(frozen=True)
class Case:
    """scenario × model × transport, as a row's name says it."""

    workload: str
    model: str
    transport: str
    params: tuple[tuple[str, str], ...] = ()

    def get(self, key: str, default: str | None = None) -> str | None:
        return dict(self.params).get(key, default)

    @property
    def calls(self) -> int | None:
        text = self.get("calls") or ""
        return int(text) if text.isdigit() else None

    @property
    def latency(self) -> str:
        return self.get("latency", "")

    @property
    def start(self) -> str:
        return self.get("start", "warm")

    @property
    def workers(self) -> int | None:
        text = self.get("workers") or ""
        return int(text) if text.isdigit() else None

    @property
    def label(self) -> str:
        """The model with its concurrency degree: "thread_pool, 10 workers" is another line than "thread_pool"."""
        if self.workers is None:
            return self.model
        return f"{self.model}, {self.workers:,} worker{'' if self.workers == 1 else 's'}"

    @property
    def scenario(self) -> Scenario:
        return Scenario(self.workload, tuple(p for p in self.params if p[0] != "workers"))


@dataclass(frozen=True)
class Scenario:
    """What cases have in common when only model, workers and transport differ."""

    workload: str
    params: tuple[tuple[str, str], ...]

    def get(self, key: str, default: str | None = None) -> str | None:
        return dict(self.params).get(key, default)

    def without(self, *keys: str) -> Scenario:
        return Scenario(self.workload, tuple(p for p in self.params if p[0] not in keys))

    @property
    def calls(self) -> int:
        text = self.get("calls") or ""
        return int(text) if text.isdigit() else 0

    @property
    def latency(self) -> str:
        return self.get("latency", "")

    @property
    def line(self) -> str:
        return scenario_line(self.params)

    @property
    def order(self) -> tuple:
        """Workloads in the catalogue's order, warm first, plain before special, short before long, few before many."""
        special = tuple((k, _amount(v), v) for k, v in self.params if k not in ("calls", "latency", "start"))
        return (_rank(self.workload, tuple(WORKLOADS)), self.get("start", "warm") != "warm", len(special), special,
                latency_seconds(self.latency), self.latency, self.calls)


@dataclass(frozen=True)
class Spread:
    """A counter over the rounds: the median, with the least and the greatest value."""

    median: float
    low: float
    high: float
    rounds: int


@dataclass
class CaseResult:
    """One row of the report: its rounds, or why there is no number."""

    name: str
    case: Case
    rounds: list[dict[str, Any]] = field(default_factory=list)
    status: str = "ok"  # ok, n/a, limit, error
    message: str = ""  # why, where the status is not ok

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    def values(self, counter: str) -> list[float]:
        """The counter's finite values, one per round; none for a row that is not ok."""
        if not self.ok:
            return []
        found = (r.get(counter) for r in self.rounds)
        return [float(v) for v in found if _is_number(v)]

    def spread(self, counter: str) -> Spread | None:
        values = self.values(counter)
        if not values:
            return None
        return Spread(statistics.median(values), min(values), max(values), len(values))

    def median(self, counter: str) -> float | None:
        spread = self.spread(counter)
        return spread.median if spread else None

    def share_of_rounds(self, mark: str) -> float:
        """The share of the rounds that carry this mark (`noisy`, `server_bound`), of those that say anything of it."""
        values = self.values(mark)
        return sum(v > 0 for v in values) / len(values) if values else 0.0

    @property
    def order(self) -> tuple:
        c = self.case
        return (*c.scenario.order, _rank(c.transport, TRANSPORTS), _rank(c.model, MODELS), c.workers or 0, self.name)


@dataclass
class Results:
    """A whole results.json: the context, and the cases in the report's order."""

    context: dict[str, Any]
    cases: list[CaseResult]
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

    def with_status(self, status: str) -> list[CaseResult]:
        return [c for c in self.cases if c.status == status]

    @cached_property
    def workloads(self) -> list[str]:
        return list(dict.fromkeys(c.case.workload for c in self.cases))

    def scenarios(self, workload: str | None = None) -> dict[Scenario, list[CaseResult]]:
        """The cases by scenario, in the report's order."""
        groups: dict[Scenario, list[CaseResult]] = {}
        for c in self.cases:
            if workload in (None, c.case.workload):
                groups.setdefault(c.case.scenario, []).append(c)
        return groups


def rounds_of_both(one: CaseResult, other: CaseResult, counter: str) -> list[tuple[float, float]]:
    """A counter of two rows in the rounds that both have it in."""
    first, second = ({row.get("repetition_index", i): row.get(counter) for i, row in enumerate(c.rounds) if c.ok}
                     for c in (one, other))
    return [(float(first[i]), float(second[i])) for i in first
            if _is_number(first[i]) and _is_number(second.get(i))]


def parse_name(name: str) -> Case | None:
    """Reads `<workload>/<model>/<transport>/<key>:<value>/…`. None where the name has another shape."""
    parts = name.split("/")
    if len(parts) < 3 or not all(parts[:3]) or any(":" in p for p in parts[:3]):
        return None
    params = []
    for part in parts[3:]:
        key, _, value = part.partition(":")
        without_calls = key == "latency" and parts[0] == "cpu"  # whose delay nobody waits for
        if key and key not in _BENCHMARK_SUFFIXES and not without_calls:
            params.append((key, value))
    return Case(*parts[:3], tuple(params))


def load(out_dir: Path) -> Results:
    """Reads DIR/results.json. Raises ResultsError with one line that says what is wrong."""
    path = Path(out_dir) / "results.json"
    data = _read_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("benchmarks"), list):
        raise ResultsError(f'{path}: expected Google Benchmark\'s JSON, an object with a list "benchmarks"')
    context = data.get("context") if isinstance(data.get("context"), dict) else {}
    if (found := context.get("results_format", FORMAT)) != FORMAT:
        raise ResultsError(f"{path}: results of another version of fanbench (format {found}, expected {FORMAT}): read "
                           f"them with what wrote them, fanbench {context.get('fanbench_version') or 'unknown'}"
                           f"{f', commit {commit}' if (commit := context.get('commit')) else ''}, or measure again")
    return from_rows(data["benchmarks"], context)


def load_records(out_dir: Path) -> list[dict[str, Any]]:
    """The call records kept for the timeline, those that can be read, in the order of their names."""
    found = []
    for path in sorted((Path(out_dir) / "records").glob("*.json")):
        try:
            record = _read_json(path)
        except ResultsError:
            continue  # a timeline is an extra: one that is cut off must not cost the report
        if isinstance(record, dict) and isinstance(record.get("calls"), list) and parse_name(str(record.get("name"))):
            found.append(record)
    return sorted(found, key=lambda r: r["name"])


def from_rows(rows: Iterable[Any], context: dict[str, Any]) -> Results:
    """Groups Google Benchmark's rows by case. Medians are computed from the rounds, so aggregate rows are skipped."""
    cases: dict[str, CaseResult] = {}
    unreadable: list[str] = []
    for row in rows:
        if not isinstance(row, dict) or row.get("run_type") == "aggregate":
            continue
        name = str(row.get("run_name") or row.get("name") or "")
        case = parse_name(name)
        if case is None:
            unreadable.append(name or "(no name)")
            continue
        result = cases.setdefault(name, CaseResult(name, case))
        result.rounds.append(_with_memory(row, case))
    for result in cases.values():
        result.status, result.message = _judge(result.rounds)
    return Results(context, sorted(cases.values(), key=lambda c: c.order), list(dict.fromkeys(unreadable)))


def _with_memory(row: dict[str, Any], case: Case) -> dict[str, Any]:
    """Adds `memory_bytes`, all calls' memory over the idle baseline: `peak_pss_bytes` has the idle process in it."""
    per_call = row.get("pss_bytes_per_call")
    return {**row, "memory_bytes": per_call * case.calls} if _is_number(per_call) and case.calls else row


def _judge(rounds: list[dict[str, Any]]) -> tuple[str, str]:
    """A case's status: the worst of its rounds. A row that nobody verified is an error, not a number."""
    found: dict[str, list[str]] = {}
    for row in rounds:
        status, message = _judge_round(row)
        found.setdefault(status, []).append(message)
    for status in ("error", "limit", "n/a"):
        if status in found:
            share = f" ({len(found[status])} of {len(rounds)} rounds)" if len(found[status]) < len(rounds) else ""
            return status, found[status][0] + share
    return "ok", ""


def _judge_round(row: dict[str, Any]) -> tuple[str, str]:
    message = " ".join(str(row.get("error_message") or row.get("skip_message") or "").split())
    if row.get("error_occurred") or row.get("skipped"):
        if message.startswith(_NOT_APPLICABLE):
            return "n/a", message[len(_NOT_APPLICABLE):]
        if message.startswith(_LIMIT):
            return "limit", message[len(_LIMIT):]
        return "error", message or "failed without a message"
    if row.get("verified") != 1:
        return "error", "not verified: the row carries no `verified` mark"
    return "ok", ""


def print_table(results: Results, console: Any) -> None:
    """The run's table for the terminal, grouped by scenario, within 80 columns."""
    from rich.markup import escape
    from rich.table import Table

    def say(text: str = "", style: str = "") -> None:
        console.print(text, style=style, highlight=False)

    widest = max((len(c.case.label) for c in results.cases), default=0)
    for scenario, cases in results.scenarios().items():
        say(f"[bold]{escape(scenario.workload)}[/] · {escape(scenario.line)}")
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("model", no_wrap=True, min_width=min(widest, 23))
        table.add_column("client", no_wrap=True, min_width=6)
        for heading, width in _NUMBER_COLUMNS:
            table.add_column(heading, justify="right", no_wrap=True, min_width=width)
        for c in cases:
            table.add_row(escape(c.case.label), escape(c.case.transport), *_cells(c))
        console.print(table, highlight=False)
        for status, message, labels in grouped_reasons(cases):
            say(f"{status}: {escape(labels)}: {escape(message)}", "red" if status == "error" else "dim")
        say()
    say("overhead: makespan − ideal, per call; CPU: the client's, per call; memory: peak PSS over idle.", "dim")
    say(verification_line(results), "bold red" if results.with_status("error") else "green")


def grouped_reasons(cases: list[CaseResult]) -> list[tuple[str, str, str]]:
    """Why rows have no number: (status, message, which rows), errors first, the same reason said once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for c in cases:
        if not c.ok:
            groups.setdefault((c.status, c.message), []).append(f"{c.case.label} / {c.case.transport}")
    rank = ("error", "limit", "n/a")
    return [(s, m, ", ".join(who)) for (s, m), who in sorted(groups.items(), key=lambda g: rank.index(g[0][0]))]


def verification_line(results: Results) -> str:
    """ "158 of 160 rows verified, 2 errors; 8 not applicable, 1 beyond a limit": what can't run is not counted."""
    verified, errors = len(results.with_status("ok")), len(results.with_status("error"))
    line = f"{verified:,} of {verified + errors:,} row{'' if verified + errors == 1 else 's'} verified"
    if errors:
        line += f", {errors:,} error{'' if errors == 1 else 's'}"
    rest = [f"{len(found):,} {what}" for found, what in ((results.with_status("n/a"), "not applicable"),
                                                         (results.with_status("limit"), "beyond a limit")) if found]
    return line + ("; " + ", ".join(rest) if rest else "")


def _cells(c: CaseResult) -> list[str]:
    if not c.ok:
        colour = {"error": "[bold red]error[/]", "limit": "[yellow]limit[/]"}.get(c.status, "[dim]n/a[/]")
        return [colour, "", "", "", "", "[red]✗[/]" if c.status == "error" else ""]
    return [seconds(c.median("makespan_s")), rate(c.median("efficiency")), count(c.median("overhead_us_per_call")),
            count(c.median("cpu_us_per_call")), memory(c.median("memory_bytes")), "[green]✓[/]"]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file; expected the results of a run") from None
    except OSError as e:
        raise ResultsError(f"{path}: can't be read: {e.strerror}") from None
    except UnicodeDecodeError:
        raise ResultsError(f"{path}: not UTF-8 text; expected JSON") from None
    except (json.JSONDecodeError, RecursionError) as e:
        where = f" (line {e.lineno}, column {e.colno}: {e.msg})" if isinstance(e, json.JSONDecodeError) else ""
        raise ResultsError(f"{path}: not complete JSON{where}; was the run cut off?") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _amount(value: str) -> float:
    """Of a number or a duration; words come after them."""
    found = int(value) if value.isdigit() else fixed_seconds(value)
    return math.inf if found is None else found


def _rank(name: str, known: tuple[str, ...]) -> tuple[int, str]:
    return (known.index(name), "") if name in known else (len(known), name)
