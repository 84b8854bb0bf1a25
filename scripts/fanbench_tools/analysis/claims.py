"""What guides to asynchronous programming claim, beside what was measured; each verdict by a rule that is shown.

The rules look at medians over the rounds, transport by transport; where transports disagree the verdict says so. The
guides are about Python: where its contestants were measured, the same rules are put to them, apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Callable

from ..results.cases import CaseResult, Results
from ..results.catalogue import MEMORY, OWN
from ..results.wording import NOTHING, count, factor, fixed_seconds, latency, memory, percent, seconds

HOLDS, FAILS, NOT_MEASURED = "holds", "does not hold", "not measured"
LATENCY = 0.2  # seconds: the guides' figure
CLIENTS = ("native", "curl")  # of the claim about a faster loop
HEDGED_AFTER = "hedge_after"
SLOW_PAGES = 1 - 0.99**100
CONCURRENT = ("coroutines", "threads", "thread_pool", "processes")

# Python's contestants by what they are to a rule: a pool as large as the fan-out has a thread for each call, and one of a
# single worker makes one call after another.
_IN_PYTHON = {"python_asyncio": "coroutines", "python_threads": "threads", "python_processes": "processes"}
FASTER_LOOP = "python_uvloop"


def _only_if(condition: str) -> str:
    return f"holds only if {condition}"


@dataclass(frozen=True)
class Finding:
    """What one transport's rows say of a claim."""

    verdict: str
    measured: str = ""


@dataclass(frozen=True)
class Claim:
    text: str
    figure: str  # the guides'
    rule: str
    judge: Callable[["Rows"], Finding]
    across: Callable[["Rows", "Rows"], Finding] | None = None  # where the claim is about the clients: native and curl
    in_python: Callable[["Rows"], Finding] | None = None  # where that is another rule


@dataclass(frozen=True)
class Judged:
    claim: Claim
    verdict: str
    measured: tuple[str, ...]  # a line per transport
    in_python: Finding = Finding(NOT_MEASURED)

    @property
    def was_measured(self) -> bool:
        return (self.verdict, self.in_python.verdict) != (NOT_MEASURED, NOT_MEASURED)


class Rows:
    """The rows of one transport, or of Python's contestants under the names of models; `find` looks among gather at
    200 ms per call, the guides' example."""

    def __init__(self, results: Results, transport: str):
        about = results.context.get("machine")
        self._cpus = {"apart": cpus_in(results.context.get("client_cpus")),
                      "shared": len(about.get("cores") or []) if isinstance(about, dict) else None}
        self.all = [c for c in results.cases if c.case.transport == transport]
        if transport == OWN:
            self.all = [_as_model(c) for c in self.all if c.case.model in (*_IN_PYTHON, FASTER_LOOP)]
        self._cases = [c for c in self.all if c.case.workload == "gather" and fixed_seconds(c.case.latency) == LATENCY]

    def find(self, model: str, calls: int, workers: int | None = None, connection: str = "reuse") -> CaseResult | None:
        """The row, warm before cold; None where it was not run. It may still have no number: see CaseResult.ok."""
        rows = [c for c in self._cases if c.case.model == model and c.case.calls == calls
                and c.case.workers == workers and c.case.get("connection", "reuse") == connection]
        return min(rows, key=lambda c: (c.case.start != "warm", c.name), default=None)

    def cpus_of(self, row: CaseResult) -> int | None:
        """That its client may use; None where nobody knows."""
        return self._cpus.get(row.case.get("pin", "apart")) or None

    def value(self, counter: str, *which: object, **more: object) -> float | None:
        row = self.find(*which, **more)
        return row.median(counter) if row else None

    def calls_of(self, model: str) -> list[int]:
        return sorted({c.case.calls for c in self._cases if c.ok and c.case.model == model and c.case.calls
                       and c.case.workers is None and c.case.get("connection", "reuse") == "reuse"})


def _hundred_calls(rows: Rows) -> Finding:
    pool = rows.value("makespan_s", "thread_pool", 100, workers=10)
    got = (rows.value("makespan_s", "coroutines", 100), pool, rows.value("makespan_s", "sequential", 100))
    measured = " / ".join(seconds(v) for v in got)
    if None in got:
        return Finding(NOT_MEASURED, measured if any(got) else "")
    return Finding(HOLDS if all(abs(v / g - 1) <= 0.25 for v, g in zip(got, (0.2, 2, 20))) else FAILS, measured)


def _thousand_in_turn(rows: Rows) -> Finding:
    turn, note = rows.value("makespan_s", "sequential", 1000), ""
    if turn is None and (hundred := rows.value("makespan_s", "sequential", 100)) is not None:
        turn, note = 10 * hundred, " (ten times the 100 measured)"
    concurrent = {m: v for m in CONCURRENT
                  if (v := rows.value("makespan_s", m, 1000)) is not None}
    parts = [f"one after another {seconds(turn) if turn else NOT_MEASURED}{note}"]
    parts += [f"{m} {seconds(v)}" for m, v in concurrent.items()]
    if turn is None or not concurrent:
        return Finding(NOT_MEASURED, ", ".join(parts) if turn or concurrent else "")
    slow = [m for m, v in concurrent.items() if v >= 10]
    if turn <= 180 or len(slow) == len(concurrent):
        return Finding(FAILS, ", ".join(parts))
    return Finding(_only_if(f"not {' or '.join(slow)}") if slow else HOLDS, ", ".join(parts))


def _memory_of_thousand(rows: Rows) -> Finding:
    loop, threads = (rows.value(MEMORY.name, m, 1000) for m in ("coroutines", "threads"))
    measured = f"{memory(loop)} / {memory(threads)}"
    if loop is None or threads is None:
        return Finding(NOT_MEASURED, measured if loop or threads else "")
    measured += f" ({threads / loop:.1f} ×)" if loop > 0 else ""
    if 25e6 <= loop <= 100e6 and 250e6 <= threads <= 1000e6:
        return Finding(HOLDS, measured)
    if loop > 0 and threads >= 1.5 * loop:
        return Finding(_only_if("read as an order, threads above the loop, not as figures"), measured)
    return Finding(FAILS, measured)


def _ten_thousand(rows: Rows) -> Finding:
    many = [c for c in rows.all if (c.case.model, c.case.workload) == ("coroutines", "gather") and (c.case.calls or 0) >= 10_000
            and c.case.get("connection", "reuse") == "reuse"]
    row = max(many, key=lambda c: (c.ok, c.median("in_flight_peak") or 0, c.case.calls), default=None)
    if row and row.ok:
        flight = row.median("in_flight_peak")
        measured = (f"{row.case.calls:,} calls of {latency(row.case.latency)}, {count(flight)} in flight, "
                    f"{seconds(row.median('makespan_s'))}")
        return Finding(HOLDS if flight is not None and flight >= 10_000 else FAILS, measured)
    if row and row.status == "limit":
        return Finding(_only_if(f"the machine allows it: {row.message}"), "not started here")
    return Finding(NOT_MEASURED)


def _threads_below_hundred(rows: Rows) -> Finding:
    both = [n for n in rows.calls_of("threads") if n in rows.calls_of("coroutines")]
    ratio = {n: t / c for n in both if (t := rows.value("makespan_s", "threads", n))
             and (c := rows.value("makespan_s", "coroutines", n))}
    measured = ", ".join(f"{r:.2f} × at {n:,}" for n, r in ratio.items())
    below, above = [n for n in ratio if n <= 100], [n for n in ratio if n > 100]
    if not below or not above:
        return Finding(NOT_MEASURED, measured)
    behind = [n for n in ratio if ratio[n] > 1.10]
    if not behind:
        return Finding(FAILS, measured)
    if behind == above:
        return Finding(HOLDS, measured)
    if behind[0] > 100:
        return Finding(_only_if(f"“about 100” reads “fewer than {behind[0]:,}”"), measured)
    return Finding(_only_if("the bound is set lower: they fall behind at " + f"{behind[0]:,}"), measured)


def _three_take_the_longest(rows: Rows) -> Finding:
    three = [c for c in rows.all if c.ok and c.case.workload == "gather" and c.case.calls == 3 and not c.case.workers]
    three = [c for c in three if c.case.scenario == three[0].case.scenario and c.median("efficiency") is not None]
    got = {c.case.model: c for c in three if c.case.model in CONCURRENT}
    if not got:
        return Finding(NOT_MEASURED)
    turn = [c for c in three if c.case.model == "sequential"]
    measured = ", ".join(f"{c.case.model} {seconds(c.median('makespan_s'))}" for c in [*got.values(), *turn])
    measured += f"; the longest {seconds(three[0].median('ideal_s'))}"
    slow = [m for m, c in got.items() if c.median("efficiency") < 1 / 1.1]
    if len(slow) == len(got):
        return Finding(FAILS, measured)
    return Finding(_only_if(f"not {' or '.join(slow)}") if slow else HOLDS, measured)


def _session_per_call(rows: Rows) -> Finding:
    kept = {c.case.scenario.without("connection"): c for c in rows.all if _reuses(c)}
    pairs = [(c, kept[c.case.scenario.without("connection")]) for c in rows.all
             if c.case.model == "coroutines" and c.case.workload == "gather" and c.case.get("connection") == "per_call"
             and c.case.scenario.without("connection") in kept]
    parts, costs, times = [], [], []
    for one, other in pairs:
        ratios = [_ratio(one.median(k), other.median(k)) for k in ("makespan_s", "cpu_us_per_call")]
        if None not in ratios:
            times.append(ratios[0])
            costs.append(ratios[1])
            parts.append(f"{one.case.calls:,} calls of {latency(one.case.latency)}: {ratios[0]:.2f} × the makespan, "
                         f"{ratios[1]:.1f} × the client CPU")
    if not parts:
        return Finding(NOT_MEASURED)
    if max(times) >= 1.1:
        return Finding(HOLDS, "; ".join(parts))
    if max(costs) >= 1.5:
        return Finding(_only_if("CPU is what counts: the makespan hardly moves"), "; ".join(parts))
    return Finding(FAILS, "; ".join(parts))


def _reuses(c: CaseResult) -> bool:
    return (c.case.model, c.case.workload) == ("coroutines", "gather") and c.case.get("connection", "reuse") == "reuse"


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _million(rows: Rows) -> Finding:
    million = next((c for c in rows.all if c.case.model == "coroutines" and (c.case.calls or 0) >= 1_000_000), None)
    if not million:
        return Finding(NOT_MEASURED)
    if not million.ok:
        return Finding(NOT_MEASURED, million.message)  # an error row proves nothing, not even a crash
    return Finding(FAILS, f"{million.case.calls:,} coroutines, {memory(million.median(MEMORY.name))}, "
                          f"{seconds(million.median('makespan_s'))}")


def _no_sibling_left(rows: Rows) -> Finding:
    groups = {c.case.model: c for c in rows.all if c.case.workload == "task_group" and c.case.model in CONCURRENT}
    ends = {m: v for m, c in groups.items() if (v := c.median("cancel_latency_us")) is not None}
    if not ends:
        return Finding(NOT_MEASURED)
    measured = "from the first failure to the end of the group: "
    measured += ", ".join(f"{m} {seconds(v / 1e6)}" for m, v in ends.items())
    wasted = {m: v for m in ends if (v := groups[m].median("wasted_calls"))}
    if wasted:
        measured += "; calls completed for nobody: " + ", ".join(f"{m} {count(v)}" for m, v in wasted.items())
    late = [m for m, v in ends.items() if v > 100e3]
    if len(late) == len(ends):
        return Finding(FAILS, measured)
    return Finding(_only_if(f"not {' or '.join(late)}") if late else HOLDS, measured)


def _blocking_freezes(rows: Rows) -> Finding:
    lags: dict[tuple[str, str], CaseResult] = {}
    for c in rows.all:
        if c.case.workload == "mixed" and c.median("loop_lag_max_us") is not None:
            lags.setdefault((c.case.model, c.case.get("placement", "inline")), c)
    inline, offload = lags.get(("coroutines", "inline")), lags.get(("coroutines", "offload"))
    if inline is None or offload is None:
        return Finding(NOT_MEASURED)
    lag = {key: c.median("loop_lag_max_us") for key, c in lags.items()}
    work = 1e6 * (fixed_seconds(inline.case.get("cpu_per_call", "")) or 0)
    others = ", ".join(f"{m} {seconds(v / 1e6)}" for (m, placement), v in lag.items()
                       if placement == "inline" and m != "coroutines")
    frozen, free = lag["coroutines", "inline"], lag["coroutines", "offload"]
    measured = (f"a heartbeat on the loop waits up to {seconds(frozen / 1e6)} for {inline.case.calls} × "
                f"{seconds(work / 1e6)} of work, {seconds(free / 1e6)} with the work offloaded")
    measured += f"; work inline in other models: {others}" if others else ""
    return Finding(HOLDS if frozen >= 2 * work and frozen >= 2 * free else FAILS, measured)


def _cpu_needs_processes(rows: Rows) -> Finding:
    done = [c for c in rows.all if c.case.workload == "cpu" and c.median("makespan_s")]
    done = [c for c in done if c.case.scenario == done[0].case.scenario and c.case.workers is None]
    time = {c.case.model: c.median("makespan_s") for c in done}
    measured = ", ".join(f"{m} {seconds(v)}" for m, v in time.items())
    threads = [time[m] for m in ("threads", "thread_pool") if m in time]
    if "processes" not in time or not threads:
        return Finding(NOT_MEASURED, measured)
    if rows.cpus_of(done[0]) == 1:
        return Finding(NOT_MEASURED, measured + "; the client has one CPU, on which nothing computes side by side")
    return Finding(FAILS if min(threads) <= 1.1 * time["processes"] else HOLDS, measured)


def _faster_loop(native: Rows, curl: Rows) -> Finding:
    ratios = {}  # calls that don't wait, and the guides' calls of 200 ms
    for one in native.all:
        other = next((c for c in curl.all if c.case == replace(one.case, transport="curl")), None)
        waits = _waits(one)
        pair = [c.median("makespan_s") for c in (one, other) if c]
        if not other or waits is None or not all(pair) or (waits and one.case.calls > 1000):
            continue  # beyond the guides' sizes it is about limits
        if waits not in ratios or one.case.calls > ratios[waits][0]:
            cpu = _ratio(other.median("cpu_us_per_call"), one.median("cpu_us_per_call"))
            ratios[waits] = (one.case.calls, pair[1] / pair[0], cpu)
    return _of_two_loops(ratios, "curl", "native")


def _of_two_loops(ratios: dict[bool, tuple[int, float, float | None]], slow: str, fast: str) -> Finding:
    """Of calls that don't wait (False) and of those that do: how many, and how often the fast one's makespan and CPU."""
    measured = "; ".join(f"{calls:,} calls of {'200 ms' if waits else 'no latency'}: {slow} takes {factor(ratio)} × the "
                         f"makespan and {factor(cpu) if cpu else NOTHING} × the client CPU of {fast}"
                         for waits, (calls, ratio, cpu) in sorted(ratios.items()))
    if False not in ratios:
        return Finding(NOT_MEASURED, measured)
    if ratios[False][1] < 2:
        return Finding(FAILS, measured)
    waiting = ratios.get(True)
    return Finding(HOLDS if waiting and waiting[1] >= 2 else _only_if("calls hardly wait"), measured)


def _tail_at_scale(rows: Rows) -> Finding:
    pages = {c.case.model: c for c in _pages(rows, hedged=False) if "slow_share=0.01" in c.case.latency
             and c.case.get("services") == "100" and c.median("slow_pages") is not None}
    if not pages:
        return Finding(NOT_MEASURED)
    slow, planned = ({m: c.median(key) for m, c in pages.items()} for key in ("slow_pages", "planned_slow_pages"))
    measured = "slow pages: " + ", ".join(f"{m} {percent(v)}" for m, v in slow.items())
    told = [v for v in planned.values() if v is not None]
    measured += f"; by their calls' delays alone {percent(told[0])}" if told else ""
    off = [m for m, v in slow.items() if not _most_slow(v)]
    if len(off) == len(slow):
        late = any(map(_most_slow, told)) and min(slow.values()) > SLOW_PAGES
        return Finding(_only_if("the machine keeps up: here it makes other pages late, too") if late else FAILS, measured)
    return Finding(_only_if(f"not {' or '.join(off)}") if off else HOLDS, measured)


def _most_slow(share: float) -> bool:
    return abs(share - SLOW_PAGES) <= 0.05


def _hedging(rows: Rows) -> Finding:
    plain = {(c.case.model, c.case.scenario): c for c in _pages(rows, hedged=False)}
    parts, holds = {}, []
    for c in _pages(rows, hedged=True):
        other = plain.get((c.case.model, c.case.scenario.without(HEDGED_AFTER, "hedge_budget")))
        tails = [one.median("latency_p999_us") if one else None for one in (other, c)]
        extra = c.median("extra_calls")
        if None in (*tails, extra) or not tails[0] or c.case.model in parts:
            continue
        parts[c.case.model] = (f"{c.case.model} {seconds(tails[0] / 1e6)} → {seconds(tails[1] / 1e6)} for "
                               f"{percent(extra)} more calls")
        if tails[1] <= tails[0] * 2 / 3 and extra <= 0.1:
            holds.append(c.case.model)
    if not parts:
        return Finding(NOT_MEASURED)
    measured = "p99.9 of calls: " + ", ".join(parts.values())
    if not holds:
        return Finding(FAILS, measured)
    others = [m for m in parts if m not in holds]
    return Finding(_only_if(f"not {' or '.join(others)}") if others else HOLDS, measured)


def _pages(rows: Rows, hedged: bool) -> list[CaseResult]:
    """The rows of pages that wait for all of their calls."""
    pages = [c for c in rows.all if c.ok and c.case.workload == "page"
             and not fixed_seconds(c.case.get("deadline", "")) and not c.case.is_yardstick]
    return [c for c in pages if bool(fixed_seconds(c.case.get(HEDGED_AFTER, ""))) == hedged]


def _waits(c: CaseResult) -> bool | None:
    """Whether the calls of this row of coroutines wait; None where it says nothing of the loop."""
    if c.case.model != "coroutines" or c.case.start != "warm" or c.case.get("connection", "reuse") != "reuse":
        return None
    if c.case.workload in ("gather", "semaphore") and fixed_seconds(c.case.latency) in (0, LATENCY):
        return fixed_seconds(c.case.latency) == LATENCY
    return None


def cpus_in(text: Any) -> int | None:
    """How many CPUs a list such as "0-2,5" or [0, 1] names; None where it is no such list."""
    if isinstance(text, list):
        return len(text)
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", str(text)):
        return None
    ranges = [part.partition("-") for part in str(text).split(",")]
    return sum(int(last or first) - int(first) + 1 for first, _, last in ranges)


def _faster_python_loop(rows: Rows) -> Finding:
    """Another loop under the same program: of calls that don't wait, and of the guides' calls of 200 ms."""
    plain = {c.case.scenario: c for c in rows.all if c.case.model == "coroutines"}
    ratios: dict[bool, tuple[int, float, float | None]] = {}
    for one in rows.all:
        other = plain.get(one.case.scenario)
        waits = fixed_seconds(one.case.latency)
        if one.case.model != FASTER_LOOP or other is None or waits not in (0, LATENCY):
            continue
        pair = [_ratio(other.median(k), one.median(k)) for k in ("makespan_s", "cpu_us_per_call")]
        if None not in pair and one.case.calls > ratios.get(waits > 0, (0,))[0]:
            ratios[waits > 0] = (one.case.calls, *pair)
    return _of_two_loops(ratios, "asyncio's own loop", "uvloop")


def _as_model(c: CaseResult) -> CaseResult:
    """A contestant's row under the name that rules know."""
    model, workers = _IN_PYTHON.get(c.case.model, c.case.model), c.case.workers
    params = c.case.params
    if model == "threads" and workers == 1:
        model, params = "sequential", tuple(p for p in params if p[0] != "workers")
    elif model == "threads" and workers:
        model = "thread_pool"
    return replace(c, case=replace(c.case, model=model, params=params))


def _of_python(finding: Finding) -> Finding:
    """With Python's words in the place of models."""
    words = {"coroutines": "asyncio", "thread_pool": "ThreadPoolExecutor"}

    def said(text: str) -> str:
        return re.sub("|".join(words), lambda found: words[found[0]], text)

    return Finding(said(finding.verdict), said(finding.measured))


CLAIMS = (
    Claim("100 calls of 200 ms: event loop / 10 threads / one after another", "0.2 s / 2 s / 20 s",
          "each makespan within 25 % of the guides' figure", _hundred_calls),
    Claim("1,000 calls of 200 ms one after another take minutes; concurrent, seconds",
          "more than 3 minutes; a few seconds",
          "one after another above 180 s (ten times 100 calls, where 1,000 were not run) and concurrent under 10 s",
          _thousand_in_turn),
    Claim("Memory of 1,000 concurrent operations: event loop / threads", "about 50 MB / about 500 MB",
          "both within a factor of two; as an order, if threads need at least 1.5 × the loop's memory",
          _memory_of_thousand),
    Claim("One loop handles more than 10,000 operations at once", "yes",
          "10,000 calls or more verified, with at least 10,000 in flight", _ten_thousand),
    Claim("Threads are for fewer than about 100 operations", "–",
          "makespan of threads over that of coroutines: above 1.10 at each N > 100, and at no N up to 100",
          _threads_below_hundred),
    Claim("Three concurrent calls take the longest, not the sum", "max, not Σ",
          "makespan at most 1.1 × the ideal, for each concurrent model", _three_take_the_longest),
    Claim("A task group leaves no sibling running after an error", "yes",
          "verified rows (each sibling had ended, and the server had none open), the group's end within 100 ms of the "
          "first failure", _no_sibling_left),
    Claim("A blocking call in the loop freezes everything", "yes",
          "coroutines with the work inline: a heartbeat of the loop is late by twice the work of one call or more, and "
          "by twice what it is with the work offloaded", _blocking_freezes),
    Claim("One session per call is slow", "how much slower",
          "coroutines, a connection per call over kept ones: makespan at least 1.1 ×; or CPU at least 1.5 ×",
          _session_per_call),
    Claim("CPU-bound work needs processes", "true with an interpreter lock",
          "does not hold if threads or a pool need at most 1.1 × the makespan of processes, on two CPUs or more",
          _cpu_needs_processes),
    Claim("A faster loop makes the same code 2 to 4 × faster", "2 to 4 ×",
          "the same coroutines over libcurl's loop and over the native client: makespan of calls that don't wait at "
          "least 2 ×; of calls of 200 ms too, or it holds only if calls hardly wait; of Python the same, of asyncio's own loop "
          "and uvloop",
          lambda _: Finding(NOT_MEASURED), across=_faster_loop, in_python=_faster_python_loop),
    Claim("A million tasks at once may crash", "may crash",
          "does not hold if a row of a million coroutines or more, each of them alive, was verified", _million),
    Claim("The tail at scale: of pages that ask 100 services most are slow where 1 call in 100 is",
          "63 % (1 − 0.99¹⁰⁰)",
          "pages of 100 services, a call in a hundred slow, none hedged: the share of slow pages within 5 percentage "
          "points of 63 %", _tail_at_scale),
    Claim("Hedging after the 95th percentile cuts the tail for a few per cent more load",
          "p99.9 from 1,800 ms to 74 ms, 2 % more calls",
          "the same pages with and without: p99.9 of calls at most two thirds of that without, for at most 10 % more "
          "calls", _hedging),
)


def judge(results: Results) -> list[Judged]:
    """Every claim with its verdict, from the transports that have the rows."""
    ours = [t for t in results.transports if t != OWN]
    rows = {t: Rows(results, t) for t in (*CLIENTS, OWN, *ours)}
    judged = [_judge(claim, {"": claim.across(*(rows[t] for t in CLIENTS))} if claim.across
                     else {t: claim.judge(rows[t]) for t in ours}) for claim in CLAIMS]
    return [replace(j, in_python=_of_python((j.claim.in_python or j.claim.judge)(rows[OWN]))) for j in judged]


def _judge(claim: Claim, findings: dict[str, Finding]) -> Judged:
    measured = tuple(f"{t}: {f.measured}" if t else f.measured for t, f in findings.items() if f.measured)
    verdicts = {t: f.verdict for t, f in findings.items() if f.verdict != NOT_MEASURED}
    different = list(dict.fromkeys(verdicts.values()))
    if not different:
        return Judged(claim, NOT_MEASURED, measured)
    if len(different) == 1:
        return Judged(claim, different[0], measured)
    if set(different) == {HOLDS, FAILS}:
        return Judged(claim, _only_if("the client is " + " or ".join(t for t, v in verdicts.items() if v == HOLDS)),
                      measured)
    return Judged(claim, "; ".join(f"{t}: {v}" for t, v in verdicts.items()), measured)
