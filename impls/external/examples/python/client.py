"""A whole contestant (see ../../PROTOCOL.md) in Python's standard library: a thread for each call. To be copied."""

import itertools
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from types import SimpleNamespace

idle: list[HTTPConnection] = []  # kept between runs; threads may share a list


def fetch(path: str) -> tuple[int, str]:
    """The reply's status and body. Raises OSError or HTTPException where none comes."""
    try:
        connection = idle.pop()
    except IndexError:
        connection = HTTPConnection(setup.host, setup.port)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    idle.append(connection) if setup.connection == "reuse" else connection.close()
    return response.status, body


def call(run: SimpleNamespace, id: int) -> None:
    started = time.monotonic_ns()
    try:
        status, body = fetch(f"/runs/{run.run}/calls/{id}?attempt=0")
        verdict, answer = "ok" if 200 <= status < 300 else "http_error", body[:16]
    except (OSError, HTTPException):
        verdict, status, answer = "transport_error", 0, "0"
    records.append(f"call {id} 0 {started - began} {time.monotonic_ns() - began} 1 {verdict} {status} {answer}")


def gather(run: SimpleNamespace) -> None:
    with ThreadPoolExecutor(run.calls) as threads:
        threads.map(lambda id: call(run, id), range(run.calls))


def worker_pool(run: SimpleNamespace) -> None:
    ids = iter(range(run.calls))  # each worker takes the next one of it
    with ThreadPoolExecutor(run.limit) as threads:
        threads.map(lambda _: [call(run, id) for id in ids], range(run.limit))
    records.append(f"tasks {run.limit}")


def heartbeat(over: threading.Event) -> None:
    for n in itertools.count():
        due = began + (n + 1) * 10_000_000
        over.wait(max(0, due - time.monotonic_ns()) / 1e9)
        if (now := time.monotonic_ns()) < due:
            return
        records.append(f"beat {n} {now - began}")


WORKLOADS = {"gather": gather, "all_settled": gather, "worker_pool": worker_pool}
for line in sys.stdin:
    began, asked, over = time.monotonic_ns(), SimpleNamespace(**json.loads(line)), threading.Event()
    if asked.do == "hello":
        python = "Python " + sys.version.split()[0]
        answer = {"hello": "python_example", "protocol": 1, "versions": python, "workloads": list(WORKLOADS)}
    elif asked.do == "prepare":
        setup, answer = asked, {"ready": True}
        list(ThreadPoolExecutor(asked.connections or 1).map(fetch, [asked.warm_path] * asked.connections))
    elif asked.do == "run":
        records, answer = [], {"done": True}
        with ThreadPoolExecutor() as beside:
            if asked.watchdog:
                beside.submit(heartbeat, over)
            WORKLOADS[asked.workload](asked)
            over.set()
    else:
        with open(asked.path, "w") as file:
            file.write("\n".join(records) + "\n")
        answer = {"written": True}
    print(json.dumps(answer), flush=True)
