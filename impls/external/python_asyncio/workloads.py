"""The workloads that every guide to asyncio has, a function each. Where a call fails, `call` raises CallFailed."""

import asyncio
from typing import AsyncIterator

import kernel
from client import Client
from records import Attempt, CallFailed
from waits import backoff_ns, priority


async def gather(client: Client, run) -> None:
    await asyncio.gather(*(client.call(id) for id in range(run.calls)))


async def all_settled(client: Client, run) -> None:
    await asyncio.gather(*(client.call(id) for id in range(run.calls)), return_exceptions=True)


async def task_group(client: Client, run) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for id in range(run.calls):
                group.create_task(client.call(id))
    except* CallFailed as failed:
        client.records.chosen = failed.exceptions[0].attempt.id


async def first_completed(client: Client, run) -> None:
    calls = [asyncio.create_task(client.call(id)) for id in range(run.calls)]
    done, others = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    client.records.chosen = min((task.result() for task in done), key=lambda reply: reply.finished).id


async def timeout(client: Client, run) -> None:
    deadline = run.deadline_ns / 1e9

    async def in_time(id: int) -> None:
        try:
            async with asyncio.timeout(deadline):
                await client.call(id)
        except TimeoutError:
            pass

    try:
        if run.scope == "call":
            await asyncio.gather(*(in_time(id) for id in range(run.calls)))
        else:
            async with asyncio.timeout(deadline):
                await gather(client, run)
    except TimeoutError:
        pass
    for attempt in client.records.attempts:
        if attempt.verdict == "cancelled":
            attempt.verdict = "timed_out"


async def semaphore(client: Client, run) -> None:
    permits = asyncio.Semaphore(run.limit)

    async def with_permit(id: int) -> None:
        async with permits:
            await client.call(id)

    client.records.tasks = run.calls
    await asyncio.gather(*(with_permit(id) for id in range(run.calls)))


async def worker_pool(client: Client, run) -> None:
    ids = iter(range(run.calls))  # all the queue that one thread needs

    async def worker() -> None:
        for id in ids:
            await client.call(id)

    workers = min(run.limit, run.calls)
    client.records.tasks = workers
    await asyncio.gather(*(worker() for _ in range(workers)))


QUEUES = {"fifo": asyncio.Queue, "lifo": asyncio.LifoQueue, "priority": asyncio.PriorityQueue}


async def producer_consumer(client: Client, run) -> None:
    queue = QUEUES[run.order](maxsize=run.capacity)

    async def produce(first: int) -> None:
        for id in range(first, run.calls, run.producers):
            await queue.put((-priority(run.seed, id), id))  # the least is the first of a PriorityQueue
            client.records.is_ready(id)

    async def consume() -> None:
        while True:
            _, id = await queue.get()
            await client.call(id)
            queue.task_done()

    async with asyncio.TaskGroup() as group:
        consumers = [group.create_task(consume()) for _ in range(run.consumers)]
        await asyncio.gather(*(produce(first) for first in range(run.producers)))
        await queue.join()
        for consumer in consumers:
            consumer.cancel()


async def pipeline(client: Client, run) -> None:
    heads = range(0, run.calls, run.stages)

    async def item(head: int) -> None:
        reply = await client.call(head)
        for id in range(head + 1, head + run.stages):
            reply = await next_call(client, id, reply)

    if run.mode == "streamed":
        await asyncio.gather(*(item(head) for head in heads))
        return
    replies = await asyncio.gather(*(client.call(head) for head in heads))
    for _ in range(1, run.stages):
        replies = await asyncio.gather(*(next_call(client, reply.id + 1, reply) for reply in replies))


async def next_call(client: Client, id: int, before: Attempt) -> Attempt:
    """Of a chain."""
    client.records.is_ready(id)
    return await client.call(id, cursor=before.answer)


async def retry(client: Client, run) -> None:
    permits = asyncio.Semaphore(run.limit or run.calls)
    await asyncio.gather(*(call_until_ok(client, run, id, permits) for id in range(run.calls)))


async def call_until_ok(client: Client, run, id: int, permits: asyncio.Semaphore) -> None:
    for number in range(run.attempts):
        try:
            async with permits:
                await client.call(id, number)
            return
        except CallFailed as failed:
            if number + 1 < run.attempts:
                await client.wait(backoff_ns(run, id, number, failed.attempt.retry_after))


async def paginate(client: Client, run) -> None:
    async def pages(first: int) -> AsyncIterator[Attempt]:
        page = await client.call(first)
        yield page
        while page.more:
            page = await next_call(client, page.id + 1, page)
            yield page

    async def consume(_page: Attempt) -> None:
        await client.wait(run.consume_ns)

    async def one_by_one(first: int) -> None:
        async for page in pages(first):
            await consume(page)

    async def one_ahead(first: int) -> None:
        page = await client.call(first)
        while page.more:
            async with asyncio.TaskGroup() as group:
                following = group.create_task(next_call(client, page.id + 1, page))
                await consume(page)
            page = following.result()
        await consume(page)

    stream = one_ahead if run.prefetch else one_by_one
    await asyncio.gather(*(stream(first) for first in range(0, run.calls, run.pages)))


async def mixed(client: Client, run) -> None:
    async def digested(id: int) -> None:
        reply = await client.call(id)
        x = int(reply.answer, 16)
        if run.placement == "offload":
            result = await on_another_core(client, run, x)
        else:
            result = kernel.compute(x, run.kernel_steps)  # and all others wait
        reply.answer = f"{result:x}"
        reply.finished = client.records.now()

    await asyncio.gather(*(digested(id) for id in range(run.calls)))


async def on_another_core(client: Client, run, x: int) -> int:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(client.workers(run.cpus), kernel.compute, x, run.kernel_steps)


async def early_start(client: Client, run) -> None:
    async with asyncio.TaskGroup() as group:
        for id in range(run.calls):
            group.create_task(client.call(id))
        client.records.event(0)
        result = await on_another_core(client, run, run.seed)
        client.records.event(result, number=1)


async def cpu(client: Client, run) -> None:
    loop = asyncio.get_running_loop()
    pool = client.workers(run.cpus)

    async def piece(id: int) -> None:
        attempt = client.records.attempt(id)
        began, result, ended = await loop.run_in_executor(
            pool, kernel.timed, priority(run.seed, id), run.kernel_steps)
        attempt.started, attempt.finished = began - client.records.began, ended - client.records.began
        attempt.verdict, attempt.answer = "ok", f"{result:x}"

    await asyncio.gather(*(piece(id) for id in range(run.calls)))


WORKLOADS = {workload.__name__: workload for workload in (
    gather, all_settled, task_group, first_completed, timeout, semaphore, worker_pool, producer_consumer, pipeline,
    retry, paginate, mixed, early_start, cpu)}
