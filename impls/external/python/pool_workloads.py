"""The workloads that concurrent.futures does alike with threads and with processes, a function each."""

import queue
from concurrent.futures import as_completed
from heapq import heappop, heappush

import kernel
import service
from pool import Pool
from waits import backoff_ns, priority


def gather(pool: Pool, run) -> None:
    calls = [pool.submit(service.call, id) for id in range(run.calls)]
    pool.records.attempts += [call.result() for call in calls]


all_settled = gather  # a failure is a result like any other


def timeout(pool: Pool, run) -> None:
    """A blocking call must bring its own clock. Ours is for each read, of which a reply that comes at once needs one."""
    if run.scope == "call":
        calls = [pool.submit(service.call, id, within_ns=run.deadline_ns) for id in range(run.calls)]
    else:
        pool.needs_a_worker_for_each_call(run, "those that wait for one would time out unasked")
        calls = [pool.submit(service.call_until, id, run.deadline_ns) for id in range(run.calls)]
    pool.records.attempts += filter(None, (call.result() for call in calls))


def pipeline(pool: Pool, run) -> None:
    heads = range(0, run.calls, run.stages)
    if run.mode == "streamed":
        for item in [pool.submit(service.chain, head, run.stages) for head in heads]:
            pool.take_down(item.result())
        return
    replies = [call.result() for call in [pool.submit(service.call, head) for head in heads]]
    pool.records.attempts += replies
    for _ in range(1, run.stages):
        for reply in replies:
            pool.records.is_ready(reply.id + 1)
        stage = [pool.submit(service.call, reply.id + 1, cursor=reply.answer) for reply in replies]
        replies = [call.result() for call in stage]
        pool.records.attempts += replies


def retry(pool: Pool, run) -> None:
    if run.limit:
        retry_within_limit(pool, run)
        return
    for call in [pool.submit(service.call_until_ok, run, id) for id in range(run.calls)]:
        pool.records.attempts += call.result()


def retry_within_limit(pool: Pool, run) -> None:
    """Whoever waits holds neither a permit nor a worker: this thread has the calls that are to be made, by their time."""
    due = [(0, id, 0) for id in range(run.calls)]  # a heap
    ended = queue.SimpleQueue()
    under_way = 0
    while due or under_way:
        if under_way < run.limit and due and due[0][0] <= pool.records.now():
            _, id, number = heappop(due)
            pool.submit(service.call, id, number).add_done_callback(ended.put)
            under_way += 1
            continue
        wait_s = None
        if under_way < run.limit and due:
            wait_s = max(0, due[0][0] - pool.records.now()) / 1e9
        try:
            attempt = ended.get(timeout=wait_s).result()
        except queue.Empty:
            continue
        under_way -= 1
        pool.records.attempts.append(attempt)
        if attempt.verdict != "ok" and attempt.number + 1 < run.attempts:
            wait = backoff_ns(run, attempt.id, attempt.number, attempt.retry_after)
            heappush(due, (attempt.finished + wait, attempt.id, attempt.number + 1))


def paginate(pool: Pool, run) -> None:
    streams = [pool.submit(service.read, first, run.consume_ns, run.prefetch) for first in range(0, run.calls, run.pages)]
    for stream in streams:
        pool.take_down(stream.result())


def mixed(pool: Pool, run) -> None:
    if run.placement == "in_line":
        calls = [pool.submit(service.call_and_compute, id, run.kernel_steps) for id in range(run.calls)]
        pool.records.attempts += [call.result() for call in calls]
        return
    pieces = []
    for call in as_completed([pool.submit(service.call, id) for id in range(run.calls)]):
        x = int(call.result().answer, 16)
        pieces.append((call.result(), pool.compute(run.cpus, kernel.timed, x, run.kernel_steps)))
    for attempt, piece in pieces:
        _, result, ended = piece.result()
        attempt.answer, attempt.finished = f"{result:x}", ended - pool.records.began
        pool.records.attempts.append(attempt)


def early_start(pool: Pool, run) -> None:
    calls = [pool.submit(service.call, id) for id in range(run.calls)]
    pool.records.event(0)
    result = pool.compute(run.cpus, kernel.compute, run.seed, run.kernel_steps).result()
    pool.records.event(result, number=1)
    pool.records.attempts += [call.result() for call in calls]


def cpu(pool: Pool, run) -> None:
    pieces = [pool.workers.submit(kernel.timed, priority(run.seed, id), run.kernel_steps) for id in range(run.calls)]
    for id, piece in enumerate(pieces):
        began, result, ended = piece.result()
        attempt = pool.records.attempt(id)
        attempt.started, attempt.finished = began - pool.records.began, ended - pool.records.began
        attempt.verdict, attempt.answer = "ok", f"{result:x}"


WORKLOADS = {"gather": gather, "all_settled": all_settled, "timeout": timeout, "pipeline": pipeline, "retry": retry,
             "paginate": paginate, "mixed": mixed, "early_start": early_start, "cpu": cpu}
