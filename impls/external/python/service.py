"""What a worker does, a thread or a process: calls over requests, in a session of its own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Iterator, NamedTuple

import kernel
import requests
from records import Attempt
from waits import backoff_ns

setup: SimpleNamespace  # of this process, see `begin`
all_workers: Any  # a barrier of theirs
of_worker = threading.local()
adapter: type[requests.adapters.HTTPAdapter] = requests.adapters.HTTPAdapter


def begin(prepared: SimpleNamespace, barrier: Any) -> None:
    """In each process, before its calls."""
    global setup, all_workers
    setup, all_workers = prepared, barrier


def session() -> requests.Session:
    """This worker's. As its calls come one after another, one connection is all that it pools."""
    if not hasattr(of_worker, "session"):
        of_worker.session = requests.Session()
        of_worker.session.trust_env = False  # no proxies and passwords are looked up at each call
        of_worker.session.mount("http://", adapter())
        if setup.connection == "per_call":
            of_worker.session.headers["Connection"] = "close"
    return of_worker.session


def get_ready() -> None:
    """Of each worker: it opens its connection, if there are to be any, and waits until all others are there too."""
    if setup.connections:
        session().get(f"http://{setup.host}:{setup.port}{setup.warm_path}")
    all_workers.wait(timeout=30)


class Run(NamedTuple):
    """What a worker has to know of a run: its number, and when it began, by time.monotonic_ns()."""

    number: int
    began: int

    def now(self) -> int:
        return time.monotonic_ns() - self.began


def call(run: Run, id: int, number: int = 0, cursor: str = "", within_ns: int = 0) -> Attempt:
    """An attempt at a call, and what came of it. It is given up after so long without a byte, if that is above 0."""
    url = f"http://{setup.host}:{setup.port}/runs/{run.number}/calls/{id}?attempt={number}"
    if cursor:
        url += f"&cursor={cursor}"
    attempt = Attempt(id, number, run.now())
    try:
        response = session().get(url, timeout=within_ns / 1e9 or None)
        attempt.finished = run.now()
        if is_whole(response):
            attempt.replied(response.status_code, response.content, response.headers)
        else:
            attempt.verdict = "transport_error"
    except requests.RequestException as failure:
        attempt.finished = run.now()
        attempt.verdict = "timed_out" if isinstance(failure, requests.Timeout) else "transport_error"
    return attempt


def is_whole(response: requests.Response) -> bool:
    """Nobody else looks: requests hands out a body that was cut off as if it were all."""
    return len(response.content) == int(response.headers.get("Content-Length", len(response.content)))


def call_until(run: Run, id: int, deadline_ns: int) -> Attempt | None:
    """A call until so long after the run's beginning; None where it is too late to begin."""
    left = deadline_ns - run.now()
    return call(run, id, within_ns=left) if left > 0 else None


def call_until_ok(run: Run, scenario: SimpleNamespace, id: int) -> list[Attempt]:
    attempts = [call(run, id)]
    while attempts[-1].verdict != "ok" and len(attempts) < scenario.attempts:
        last = attempts[-1]
        time.sleep(backoff_ns(scenario, id, last.number, last.retry_after) / 1e9)
        attempts.append(call(run, id, last.number + 1))
    return attempts


def call_and_compute(run: Run, id: int, steps: int) -> Attempt:
    attempt = call(run, id)
    attempt.answer = f"{kernel.compute(int(attempt.answer, 16), steps):x}"
    attempt.finished = run.now()
    return attempt


def chain(run: Run, head: int, length: int) -> list[Attempt]:
    """Calls of which each needs the answer of the one before."""
    attempts = [call(run, head)]
    for id in range(head + 1, head + length):
        attempts.append(call(run, id, cursor=attempts[-1].answer))
    return attempts


def read(run: Run, first: int, consume_ns: int, prefetch: int) -> list[Attempt]:
    """A stream page by page, each consumed for a while; with prefetch by another thread, while the next one is fetched."""
    attempts: list[Attempt] = []
    with ThreadPoolExecutor(max_workers=1) as consumer:
        consumed = None
        for page in pages(run, first):
            attempts.append(page)
            if not prefetch:
                time.sleep(consume_ns / 1e9)
                continue
            if consumed:
                consumed.result()
            consumed = consumer.submit(time.sleep, consume_ns / 1e9)
    return attempts


def pages(run: Run, first: int) -> Iterator[Attempt]:
    page = call(run, first)
    yield page
    while page.more:
        page = call(run, page.id + 1, cursor=page.answer)
        yield page
