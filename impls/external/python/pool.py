"""A pool of workers, threads or processes, as a contestant: kept from run to run, each worker with its connection."""

import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import service
from conversation import cannot_run_here
from records import Attempt, Records


class Pool:
    records: Records
    run: service.Run

    def __init__(self, make_workers: Callable[[SimpleNamespace], Executor]) -> None:
        self.make_workers = make_workers
        self.workers: Executor | None = None
        self.work: ProcessPoolExecutor | None = None

    def prepare(self, setup: SimpleNamespace) -> None:
        if self.workers:
            self.workers.shutdown()
        self.workers, self.size = self.make_workers(setup), setup.workers
        for ready in [self.workers.submit(service.get_ready) for _ in range(setup.workers)]:
            ready.result()

    def do(self, workload: Callable[..., None], scenario: SimpleNamespace, records: Records) -> None:
        self.records = records
        self.run = service.Run(number=scenario.run, began=records.began)
        if scenario.watchdog or scenario.workload == "mixed":
            with self.heartbeat():
                workload(self, scenario)
        else:
            workload(self, scenario)

    def needs_a_worker_for_each_call(self, run: SimpleNamespace, why: str) -> None:
        if self.size < run.calls:
            cannot_run_here(f"{self.size} workers are too few for {run.calls} calls: {why}")

    def submit(self, function: Callable[..., Any], *words: Any, **more: Any) -> Future:
        """One of service's functions for this run, to be done by a worker."""
        return self.workers.submit(function, self.run, *words, **more)

    def take_down(self, chain: list[Attempt]) -> None:
        """Calls that waited for each other, and for nothing else."""
        self.records.attempts += chain
        self.records.ready.update((attempt.id, attempt.started) for attempt in chain[1:])

    def compute(self, processes: int, function: Callable[..., Any], *words: Any) -> Future:
        """In a pool of processes, as threads would only take turns. They are forked by a server without threads."""
        if self.work is None:
            self.work = ProcessPoolExecutor(processes, mp_context=get_context("forkserver"))
        return self.work.submit(function, *words)

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Beside what is done meanwhile: a tick each 10 ms, and none is left out, however late."""
        records, over = self.records, threading.Event()

        def beat() -> None:
            while not over.wait(max(0, records.next_beat() - records.now()) / 1e9):
                records.make_due_beats()
            records.make_due_beats()

        thread = threading.Thread(target=beat)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def close(self) -> None:
        for pool in (self.workers, self.work):
            if pool:
                pool.shutdown()
