"""What only threads do, as they share memory, beside what all pools do (pool_workloads.py)."""

import math
import queue
import threading
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, wait

import pool_workloads
import service
from giving_up import all_calls_given_up
from pool import Pool
from records import Attempt, CallFailed
from waits import priority


def task_group(pool: Pool, run) -> None:
    calls = [pool.submit(call_or_raise, id) for id in range(run.calls)]
    done, others = wait(calls, return_when=FIRST_EXCEPTION)
    give_up(others)
    failures = [call.exception().attempt for call in done if call.exception()]
    if failures:
        pool.records.chosen = min(failures, key=lambda attempt: attempt.finished).id
    pool.records.attempts += outcomes(calls)


def first_completed(pool: Pool, run) -> None:
    pool.needs_a_worker_for_each_call(run, "one that waits for a worker cannot win")
    calls = [pool.submit(call_or_raise, id) for id in range(run.calls)]
    done, others = wait(calls, return_when=FIRST_COMPLETED)
    give_up(others)
    pool.records.chosen = min((call.result() for call in done), key=lambda reply: reply.finished).id
    pool.records.attempts += outcomes(calls)


def call_or_raise(run: service.Run, id: int) -> Attempt:
    attempt = service.call(run, id)
    if attempt.verdict != "ok":
        raise CallFailed(attempt)
    return attempt


def give_up(others: set[Future]) -> None:
    begun = [call for call in others if not call.cancel()]
    with all_calls_given_up():
        wait(begun)
    for call in begun:
        if (failed := call.exception()) and failed.attempt.verdict == "transport_error":
            failed.attempt.verdict = "cancelled"


def outcomes(calls: list[Future]) -> list[Attempt]:
    begun = [call for call in calls if not call.cancelled()]
    return [failed.attempt if (failed := call.exception()) else call.result() for call in begun]


def semaphore(pool: Pool, run) -> None:
    permits = threading.Semaphore(run.limit)

    def with_permit(id: int) -> Attempt:
        with permits:
            return service.call(pool.run, id)

    pool.records.tasks = run.calls
    pool.records.attempts += pool.workers.map(with_permit, range(run.calls))


def worker_pool(pool: Pool, run) -> None:
    ids: queue.SimpleQueue[int] = queue.SimpleQueue()
    for id in range(run.calls):
        ids.put(id)

    def worker() -> None:
        while True:
            try:
                id = ids.get_nowait()
            except queue.Empty:
                return
            pool.records.attempts.append(service.call(pool.run, id))

    pool.records.tasks = min(run.limit, run.calls)
    for ended in [pool.workers.submit(worker) for _ in range(pool.records.tasks)]:
        ended.result()


QUEUES = {"fifo": queue.Queue, "lifo": queue.LifoQueue, "priority": queue.PriorityQueue}
END_OF_ITEMS = (math.inf, -1)


def producer_consumer(pool: Pool, run) -> None:
    class Items(QUEUES[run.order]):
        def _put(self, item: tuple[float, int]) -> None:  # with the queue's lock: nobody has taken it yet
            pool.records.is_ready(item[1])
            super()._put(item)

    items = Items(maxsize=run.capacity)

    def produce(first: int) -> None:
        for id in range(first, run.calls, run.producers):
            items.put((-priority(run.seed, id), id))  # the least is the first of a PriorityQueue

    def consume() -> None:
        while (item := items.get()) != END_OF_ITEMS:
            pool.records.attempts.append(service.call(pool.run, item[1]))
            items.task_done()

    consumers = [pool.workers.submit(consume) for _ in range(run.consumers)]
    producers = [threading.Thread(target=produce, args=[first]) for first in range(run.producers)]  # none of the pool's
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()
    items.join()
    for _ in consumers:
        items.put(END_OF_ITEMS)
    for ended in consumers:
        ended.result()


WORKLOADS = pool_workloads.WORKLOADS | {workload.__name__: workload for workload in (
    task_group, first_completed, semaphore, worker_pool, producer_consumer)}
