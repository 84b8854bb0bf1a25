"""What processes do in ways of their own, beside what all pools do (pool_workloads.py)."""

import threading
from types import SimpleNamespace
from typing import Any

import pool_workloads
import service
from pool import Pool
from records import Attempt

next_id: Any  # of worker_pool, in memory that all workers share


def begin(setup: SimpleNamespace, barrier: Any, counter: Any) -> None:
    global next_id
    next_id = counter
    service.begin(setup, barrier)


def semaphore(pool: Pool, run) -> None:
    """The permits stay here: a call is handed out with one, and brings it back."""
    permits = threading.Semaphore(run.limit)
    calls = []
    for id in range(run.calls):
        permits.acquire()
        calls.append(pool.submit(service.call, id))
        calls[-1].add_done_callback(lambda _: permits.release())
    pool.records.tasks = min(run.limit, run.calls)
    pool.records.attempts += [call.result() for call in calls]


def worker_pool(pool: Pool, run) -> None:
    next_id.value = 0
    pool.records.tasks = min(run.limit, run.calls)
    for worker in [pool.submit(take_calls, run.calls) for _ in range(pool.records.tasks)]:
        pool.records.attempts += worker.result()


def take_calls(run: service.Run, end: int) -> list[Attempt]:
    attempts = []
    while (id := take_id()) < end:
        attempts.append(service.call(run, id))
    return attempts


def take_id() -> int:
    with next_id.get_lock():
        next_id.value += 1
        return next_id.value - 1


WORKLOADS = pool_workloads.WORKLOADS | {"semaphore": semaphore, "worker_pool": worker_pool}
