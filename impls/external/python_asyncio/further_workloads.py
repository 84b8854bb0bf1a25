"""What guides to asyncio have in their later chapters: who is spared, asked twice, left behind, waited for elsewhere."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from client import Client
from records import CallFailed
from workloads import call_until_ok, next_call


async def shield(client: Client, run) -> None:
    critical = [asyncio.create_task(client.call(id)) for id in range(0, run.calls, run.critical_every)]
    others = [client.call(id) for id in range(run.calls) if id % run.critical_every]
    try:
        async with asyncio.timeout(run.deadline_ns / 1e9):
            await asyncio.gather(*map(asyncio.shield, critical), *others)
    except TimeoutError:
        await asyncio.gather(*critical)  # what is shielded goes on, and is nobody's unless it is awaited


async def hedged(client: Client, run) -> None:
    tokens = run.copies

    async def hedged_call(id: int) -> None:
        nonlocal tokens
        copies = {asyncio.create_task(client.call(id))}
        done, _ = await asyncio.wait(copies, timeout=run.hedge_after_ns / 1e9)
        if not done and tokens:
            tokens -= 1
            copies.add(asyncio.create_task(client.call(id, number=1)))
        _, slower = await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        for copy in slower:
            copy.cancel()
        await asyncio.gather(*slower, return_exceptions=True)

    await asyncio.gather(*(hedged_call(id) for id in range(run.calls)))


async def background(client: Client, run) -> None:
    def report(side_call: asyncio.Task) -> None:
        if failed := side_call.exception():
            client.records.event(failed.attempt.status, id=failed.attempt.id)

    side_calls = [asyncio.create_task(client.call(id)) for id in range(1, run.calls)]  # a loop alone would lose them
    for side_call in side_calls:
        side_call.add_done_callback(report)
    with suppress(CallFailed):
        await client.call(0)
    client.records.event(0)  # the request returns
    await asyncio.gather(*side_calls, return_exceptions=True)


async def bridge(client: Client, run) -> None:
    loop = asyncio.get_running_loop()
    each = run.calls // run.callers

    def ask(first: int) -> None:  # in a thread of its own, which blocks
        reply = asyncio.run_coroutine_threadsafe(client.call(first), loop).result()
        for id in range(first + 1, first + each):
            reply = asyncio.run_coroutine_threadsafe(next_call(client, id, reply), loop).result()

    with ThreadPoolExecutor(run.callers) as callers:
        await asyncio.gather(*(loop.run_in_executor(callers, ask, first) for first in range(0, run.calls, each)))


async def rate_limited(client: Client, run) -> None:
    ids = iter(range(run.calls))
    no_limit = asyncio.Semaphore(run.limit)  # but that of the workers

    async def worker() -> None:
        for id in ids:
            await call_until_ok(client, run, id, no_limit)

    await asyncio.gather(*(worker() for _ in range(run.limit)))


WORKLOADS = {workload.__name__: workload for workload in (shield, hedged, background, bridge, rate_limited)}
