"""The two files: the latencies, and a suite that reads them. Pure functions."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import Sequence
from urllib.parse import urlsplit

from ..results.wording import seconds as in_words
from .distribution import quantile
from .measuring import Measured

MODELS = ("coroutines", "threads", "thread_pool")
BUDGET_S = 170.0
PROCESS_S = 0.6  # what a case's process takes beside its fan-outs
FAN_OUTS = 2.3  # that it makes in a round, on average over the rounds: watched, warmed up, measured
SIZES = (((100, 500), 5), ((100, 500), 3), ((50, 200), 3), ((20, 100), 3), ((20, 40), 3), ((10, 20), 3), ((10,), 3),
         ((10,), 1))  # calls and rounds, the first that fits
MOST_BODY = 100_000  # bytes: more would measure this machine's memory


@dataclass(frozen=True)
class Origin:
    """Where, when and how the latencies were measured."""

    url: str
    began: str  # UTC
    calls: int  # that were to be made
    rate: str
    timeout_s: float
    headers: tuple[str, ...]  # their names: values may be secret
    version: str  # of fanbench


def plain_url(url: str) -> str:
    """Without what may be secret: user, password, and the query's values."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{'?…' if parts.query else ''}"


def latencies(origin: Origin, measured: Measured) -> str:
    """A line each, in the order in which they were measured, after some that say what they are."""
    first = measured.first
    assert first
    about = [
        f"Latencies of {plain_url(origin.url)}, {len(measured.seconds):,} calls with a status of 200 to 299.",
        f"Measured from {origin.began} on by fanbench record {origin.version}: GET, {first.version}, one call at a time, "
        f"at most {origin.rate}, timeout {origin.timeout_s:g} s{_names(origin.headers)}.",
        "From sending the request to the last byte of the reply, over a kept connection: no set-up is in it.",
        f"The first connection's set-up, not in it: {in_words(first.set_up.all)}; calls that had to connect anew: "
        f"{measured.reconnected:,}.",
        f"Failed, and left out: {measured.failed:,}{f' ({measured.reasons()})' if measured.failed else ''}."
        + (f" Stopped after {measured.made:,} of {origin.calls:,} calls." if measured.stopped else "")]
    return "\n".join([*(f"# {line}" for line in about), *map(duration, measured.seconds)]) + "\n"


def _names(headers: Sequence[str]) -> str:
    return f", with {' and '.join(headers)}" if headers else ""


def duration(seconds: float) -> str:
    """12.5ms, to the microsecond, which is the server's step; at least that."""
    return f"{max(1, round(1e6 * seconds)) / 1000:.3f}".rstrip("0").rstrip(".") + "ms"


def suite(name: str, origin: Origin, measured: Measured) -> str:
    """That reads NAME.txt beside it."""
    calls, rounds, takes_s = size(measured.seconds)
    ordered = sorted(measured.seconds)
    described = (f"{plain_url(origin.url)}: median {in_words(quantile(ordered, 0.5))}, one in ten over "
                 f"{in_words(quantile(ordered, 0.9))}, as measured {origin.began[:10]}")
    return f"""\
# Which model should make these calls? {about(takes_s).capitalize()}. All keys: bench/README.md
description = {_text(described)}
rounds = {rounds}
budget = "{BUDGET_S:.0f}s"  # further rounds, where answers are open

[defaults]
models = [{', '.join(map(_text, MODELS))}]
transports = "native"
latency = {_text(f"file:{name}.txt")}
body_bytes = {body_bytes(measured.bytes)}  # of a reply, the median{_cut(measured.bytes)}
iterations = 1

[[scenario]]  # all at once, wait for all
workload = "gather"
calls = {list(calls)}

[[scenario]]  # at most so many at once
workload = "semaphore"
calls = {list(calls)}
limit = {limit(calls)}
"""


def limit(calls: Sequence[int]) -> int:
    return max(calls[0] // 5, min(10, calls[0] // 2))


def body_bytes(sizes: Sequence[int]) -> int:
    """Within what a server takes, and a suite should."""
    return min(MOST_BODY, max(16, round(statistics.median(sizes))))


def _cut(sizes: Sequence[int]) -> str:
    median = round(statistics.median(sizes))
    return f" ({median:,}), cut to what one machine can do" if median > MOST_BODY else ""


def size(seconds: Sequence[float]) -> tuple[tuple[int, ...], int, float]:
    """Calls and rounds of a suite that takes some three minutes, fewer of a slow service; and how long it takes at most."""
    for calls, rounds in SIZES:
        makespans = (makespan for number in calls for makespan in
                     (of_gather(seconds, number), of_semaphore(seconds, number, limit(calls))))
        takes_s = rounds * len(MODELS) * sum(PROCESS_S + FAN_OUTS * makespan for makespan in makespans)
        if takes_s <= BUDGET_S:
            break
    return calls, rounds, max(takes_s, BUDGET_S)


def of_gather(seconds: Sequence[float], calls: int) -> float:
    """The slowest of so many draws, as expected."""
    ordered, number = sorted(seconds), len(seconds)
    return sum(value * (((i + 1) / number) ** calls - (i / number) ** calls) for i, value in enumerate(ordered))


def of_semaphore(seconds: Sequence[float], calls: int, limit: int) -> float:
    """About: all lanes busy, and one that ends last."""
    return calls * statistics.fmean(seconds) / limit + of_gather(seconds, limit) / 2


def about(seconds: float) -> str:
    """In words."""
    return "about three minutes" if seconds <= BUDGET_S else f"about {round(seconds / 60 + 0.5)} minutes"


def _text(value: str) -> str:
    """As TOML writes it; its escapes are JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
