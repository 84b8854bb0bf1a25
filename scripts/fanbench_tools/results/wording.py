"""Numbers and scenarios in words: three significant digits at most, a unit on everything, nothing made up."""

from __future__ import annotations

import math
import re
from typing import Any

NOTHING = "–"

# A workload in a few words for plots, and in a sentence for the report; in the catalogue's order.
WORKLOADS = {
    "gather": ("all calls at once, wait for all",
               "All calls are started at once, and the fan-out ends when the last has its reply "
               "(asyncio.gather, Promise.all). Ideal: the longest delay."),
    "all_settled": ("all calls at once, some fail, every outcome is kept",
                    "All calls are started at once, some of them fail as planned, and every outcome is kept beside "
                    "its call (gather with return_exceptions, Promise.allSettled). Ideal: the longest delay."),
    "task_group": ("the first failure cancels the rest",
                   "All calls are started at once, and the first that fails cancels the others; the group ends when "
                   "all of them have ended (TaskGroup, nursery, errgroup). Ideal: the shortest delay among the calls "
                   "that fail."),
    "first_completed": ("the first reply wins, the rest are cancelled",
                        "All calls are started at once, the first reply wins and the others are cancelled "
                        "(FIRST_COMPLETED, Promise.race). Ideal: the shortest delay."),
    "timeout": ("calls that are late are given up",
                "All calls are started at once, and those that have no reply at their deadline are given up; each has "
                "a deadline of its own, or all have the same (wait_for, asyncio.timeout). Ideal: the longest delay, "
                "but at most the deadline."),
    "semaphore": ("all calls are there, a limited number runs at once",
                  "All calls exist from the start, but only a limited number may be under way at once, in order of "
                  "arrival (Semaphore, bulkhead, connection limit). Ideal: the delays packed into that many lanes."),
    "worker_pool": ("a few workers take the calls from one queue",
                    "A fixed number of workers take the calls from one source until it is empty, and there are never "
                    "more tasks than workers (ThreadPoolExecutor.map). Ideal: the delays packed into that many lanes."),
    "producer_consumer": ("producers fill a bounded queue, consumers make the calls",
                          "Producers put the calls into a queue and wait while it is full, and consumers take and "
                          "make them: oldest first, newest first or by priority (Queue(maxsize), channel, "
                          "backpressure). Ideal: the plan simulated with a queue that takes no time."),
    "pipeline": ("three calls for each item, one after another",
                 "Each item is fetched, enriched and saved, three calls of which each needs the answer of the one "
                 "before; stage by stage (barrier) or item by item (streamed). Ideal: the sum of each stage's longest "
                 "delay, or the longest item."),
    "retry": ("failed calls are made again after a growing wait",
              "Calls that fail are made again after a wait that doubles each time, with jitter. Ideal: the longest "
              "chain of delays and waits."),
    "paginate": ("streams of pages, each page names the next",
                 "Streams are read page by page: each page brings the cursor of the next and is consumed, before the "
                 "next is asked for or, with prefetch, while it is fetched (async generator, cursor). Ideal: the "
                 "longest stream."),
    "mixed": ("each reply is followed by computing",
              "All calls are started at once, and each reply is followed by computing: inline, where the reply came "
              "in, or offloaded to a pool. The loop lag says how late a heartbeat of 10 ms was beside it. Ideal: the "
              "work begins with its reply and keeps all CPUs busy."),
    "cpu": ("computing only, no calls",
            "Pieces of computing without any input or output (ProcessPoolExecutor.map). Ideal: the work shared out "
            "evenly over the CPUs."),
}


def workload_short(name: str) -> str:
    return WORKLOADS.get(name, ("", ""))[0]


def workload_sentence(name: str) -> str:
    return WORKLOADS.get(name, ("", ""))[1]


_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_THAT_SAY_NOTHING = {("connection", "reuse"), ("attempts", "1"), ("failures", "0"), ("consume", "0ms"),
                     ("prefetch", "0"), ("producers", "1")}


def count(value: float | None) -> str:
    """A bare figure: 0.42, 7.9, 213, 198,800."""
    if not value:
        return NOTHING if value is None else "0"
    if abs(value) < 0.995:
        return f"{value:.2f}"
    if abs(value) < 9.95:
        return f"{value:.1f}"
    return f"{_three_digits(value):,.0f}"


def seconds(value: float | None) -> str:
    """A time: 213 ms, 2.04 s, 850 µs."""
    if value is None:
        return NOTHING
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(value) >= 0.9995 * size:
            return f"{_significant(value / size)} {unit}"
    return f"{value / 1e-9:.0f} ns" if value else "0 s"


def micros(value: float | None) -> str:
    """Microseconds, kept as such so that a column can be compared: 7.9 µs, 1,300 µs."""
    return NOTHING if value is None else f"{count(value)} µs"


def memory(value: float | None) -> str:
    """Bytes in decimal units: 35 MB, 4.1 KB."""
    if value is None:
        return NOTHING
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if abs(value) >= 0.9995 * size:
            return f"{count(value / size)} {unit}"
    return f"{value:.0f} B"


def rate(value: float | None) -> str:
    """An efficiency: 0.94; small ones keep two digits: 0.022."""
    if value is None:
        return NOTHING
    return f"{value:.2f}" if value >= 0.095 or value <= 0 else f"{value:.3f}" if value >= 0.00095 else f"{value:.2g}"


def percent(share: float | None) -> str:
    """A share: 0.94 is 94 %."""
    return NOTHING if share is None else f"{count(100 * share)} %"


def times(interval: Any) -> str:
    """A ratio with its interval: "1.21 × (1.15 to 1.28)"."""
    if interval is None:
        return NOTHING
    low, high = factor(interval.low), factor(interval.high)
    return f"{factor(interval.estimate)} ×" + (f" ({low} to {high})" if low != high else "")


def factor(value: float) -> str:
    """0.314 is 0.31, 12.34 is 12.3, 1234 is 1,230; what is small keeps two digits."""
    if value < 0.0995:
        return f"{value:.2g}"
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{_three_digits(value):,.0f}"


def latency_seconds(text: str) -> float:
    """A delay's typical length, for sorting: `200ms` is 0.2, a distribution its first duration. Unknown: infinity."""
    found = re.search(r"(?:^|=)(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)\b", text or "")
    if found:
        return float(found[1]) * _UNIT_SECONDS[found[2]]
    return 0.0 if text in ("0", "") else math.inf


def fixed_seconds(text: str) -> float | None:
    """The delay where it is a fixed one, else None."""
    return latency_seconds(text) if re.fullmatch(r"\d+(\.\d+)?(ns|us|µs|ms|s)|0", text or "") else None


def latency(text: str) -> str:
    """`uniform:min=10ms,max=50ms` → "10 ms to 50 ms (uniform)"."""
    kind, _, rest = text.partition(":")
    values = {k: _spaced(v) for k, _, v in (part.partition("=") for part in rest.split(",")) if v}
    if kind == "uniform" and values.keys() >= {"min", "max"}:
        return f"{values['min']} to {values['max']} (uniform)"
    if kind == "lognormal" and values.keys() >= {"p50", "p99"}:
        return f"p50 {values['p50']}, p99 {values['p99']} (lognormal)"
    if kind == "bimodal" and values.keys() >= {"fast", "slow"}:
        share = f" for {_percent(values['slow_share'])}" if "slow_share" in values else ""
        return f"{values['fast']}, {values['slow']}{share} (bimodal)"
    if kind == "file":
        return f"as measured in {rest}"
    return _spaced(text)


def scenario_line(params: tuple[tuple[str, str], ...]) -> str:
    """A scenario in one line: "1,000 calls · 200 ms · warm · limit 10"."""
    phrases = (_phrase(k, v, dict(params)) for k, v in params if (k, v) not in _THAT_SAY_NOTHING)
    return " · ".join(phrase for phrase in phrases if phrase)


def _phrase(key: str, value: str, beside: dict[str, str]) -> str:
    """A parameter in words; "" where another one, of those beside it, has it in its own."""
    number = f"{int(value):,}" if value.isdigit() else value
    phrases = {
        "calls": f"{number} call{_s(value)}",
        "latency": latency(value),
        "start": f"{value} start",
        "limit": f"at most {number} at once",
        "connection": "a connection per call" if value == "per_call" else f"connection {value}",
        "attempts": f"up to {number} attempts",
        "backoff": f"backoff from {_spaced(value)}",
        "failures": _failures(value, "attempts" in beside),
        "deadline": _deadline(value, beside.get("scope", "")),
        "scope": "" if "deadline" in beside else f"scope {value}",
        "producers": f"{number} producer{_s(value)}",
        "consumers": f"{number} consumer{_s(value)}",
        "capacity": f"queue of {number}",
        "order": {"priority": "by priority"}.get(value, value),
        "mode": {"barrier": "stage by stage", "streamed": "item by item"}.get(value, value),
        "pages": f"{number} page{_s(value)} a stream",
        "prefetch": "next page fetched ahead" if value == "1" else f"prefetch {value}",
        "consume": f"{_spaced(value)} to consume a page",
        "cpu_per_call": f"{_spaced(value)} of work each",
        "placement": {"inline": "work inline", "offload": "work offloaded"}.get(value, value),
        "body_bytes": f"{number}-byte bodies",
        "seed": f"seed {value}",
        "workers": f"{number} workers",
    }
    return phrases.get(key, f"{key} {value}".strip())


def _s(number: str) -> str:
    return "" if number == "1" else "s"


def _deadline(text: str, scope: str) -> str:
    return f"deadline {_spaced(text)}" + {"call": " for each call", "group": " for the group"}.get(scope, "")


def _failures(text: str, retried: bool) -> str:
    """`rate=0.3:attempts=2:kinds=503-reset:retry_after=20ms` → "30 % fail at first (503, reset)"."""
    parts = dict(part.partition("=")[::2] for part in text.split(":"))
    kinds = f" ({parts['kinds'].replace('-', ', ')})" if parts.get("kinds") else ""
    return f"{_percent(parts.get('rate', text))} fail{' at first' * retried}{kinds}"


def _spaced(text: str) -> str:
    return re.sub(r"^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)$", lambda m: f"{m[1]} {m[2].replace('us', 'µs')}", text)


def _percent(text: str) -> str:
    try:
        return f"{100 * float(text):g} %"
    except ValueError:
        return text


def _significant(value: float) -> str:
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def _three_digits(value: float) -> float:
    if abs(value) < 1000:
        return value
    return round(value, 2 - int(math.floor(math.log10(abs(value)))))
