"""What the workloads call: the service over aiohttp, a pool of processes for work, and a clock to wait by."""

import asyncio
import contextlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Awaitable, Callable

import aiohttp
from records import Attempt, CallFailed, Records
from yarl import URL


class Client:
    """Keeps its connections and worker processes from run to run."""

    records: Records
    session: aiohttp.ClientSession | None = None
    pool: ProcessPoolExecutor | None = None

    async def prepare(self, setup: SimpleNamespace) -> None:
        await self.close_session()
        self.origin = f"http://{setup.host}:{setup.port}"
        connector = aiohttp.TCPConnector(limit=0, force_close=True) if setup.connection == "per_call" else \
            aiohttp.TCPConnector(limit=0, keepalive_timeout=3600)
        self.session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None),
                                             cookie_jar=aiohttp.DummyCookieJar())
        warm = URL(self.origin + setup.warm_path)
        await asyncio.gather(*(self.fetch(warm) for _ in range(setup.connections)))

    async def run(self, workload: Callable[..., Awaitable[None]], run: SimpleNamespace, records: Records) -> None:
        self.records = records
        self.calls = f"{self.origin}/runs/{run.run}/calls"
        async with self.heartbeat() if run.watchdog or run.workload == "mixed" else contextlib.nullcontext():
            await workload(self, run)
        await asyncio.sleep(0)  # connections that were given up are closed by then

    async def fetch(self, url: URL) -> bytes:
        async with self.session.get(url) as response:
            return await response.read()

    async def call(self, id: int, number: int = 0, cursor: str | None = None) -> Attempt:
        """A call's reply. Raises CallFailed where it is no success; whoever cancels this gives the call up."""
        url = f"{self.calls}/{id}?attempt={number}"
        if cursor:
            url += f"&cursor={cursor}"
        attempt = self.records.attempt(id, number)
        try:
            async with self.session.get(URL(url, encoded=True)) as response:
                body = await response.read()
            attempt.replied(response.status, body, response.headers)
        except (aiohttp.ClientError, OSError):
            attempt.verdict = "transport_error"
        finally:
            attempt.finished = self.records.now()
        if attempt.verdict != "ok":
            raise CallFailed(attempt)
        return attempt

    async def wait(self, ns: int) -> None:
        """At least so long: a loop's timers may be early by its clock's resolution, a millisecond in uvloop."""
        due = self.records.now() + ns
        while (left := due - self.records.now()) > 0:
            await asyncio.sleep(max(left, 1_000_000) / 1e9)

    def workers(self, processes: int) -> ProcessPoolExecutor:
        """For work: threads would only take turns. Forked by a server, so that nobody inherits our sockets."""
        if self.pool is None:
            self.pool = ProcessPoolExecutor(processes, mp_context=get_context("forkserver"))
        return self.pool

    @contextlib.asynccontextmanager
    async def heartbeat(self):
        """Beside what is done meanwhile: a tick each 10 ms, and none is left out, however late."""
        records = self.records

        async def beat() -> None:
            while True:
                await self.wait(records.next_beat() - records.now())
                records.make_due_beats()

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            records.make_due_beats()

    async def close_session(self) -> None:
        if self.session:
            await self.session.close()

    async def close(self) -> None:
        await self.close_session()
        if self.pool:
            self.pool.shutdown()
