"""A whole contestant (see ../../PROTOCOL.md) in Python's standard library alone: a thread for each call. To be copied."""

import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

idle: list[http.client.HTTPConnection] = []  # kept between runs; threads may share a list


def fetch(path: str) -> tuple[int, str]:
    """The reply's status and body. Raises OSError or HTTPException where none comes."""
    try:
        connection = idle.pop()
    except IndexError:
        connection = http.client.HTTPConnection(setup.host, setup.port)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    if setup.connection == "reuse":
        idle.append(connection)
    else:
        connection.close()
    return response.status, body


def call(run: SimpleNamespace, id: int) -> None:
    started = time.monotonic_ns()
    try:
        status, body = fetch(f"/runs/{run.run}/calls/{id}?attempt=0")
        verdict, answer = "ok" if 200 <= status < 300 else "http_error", body[:16]
    except (OSError, http.client.HTTPException):
        verdict, status, answer = "transport_error", 0, "0"
    finished = time.monotonic_ns()
    records.append(f"call {id} 0 {started - began} {finished - began} 1 {verdict} {status} {answer}")


def gather(run: SimpleNamespace) -> None:
    with ThreadPoolExecutor(run.calls) as threads:
        for id in range(run.calls):
            threads.submit(call, run, id)


def worker_pool(run: SimpleNamespace) -> None:
    ids = iter(range(run.calls))

    def worker() -> None:
        for id in ids:  # one after another, whoever asks
            call(run, id)

    with ThreadPoolExecutor(run.limit) as threads:
        for _ in range(run.limit):
            threads.submit(worker)
    records.append(f"tasks {run.limit}")


WORKLOADS = {"gather": gather, "all_settled": gather, "worker_pool": worker_pool}

for line in sys.stdin:
    began = time.monotonic_ns()
    asked = SimpleNamespace(**json.loads(line))
    if asked.do == "hello":
        answer = {"hello": "python_example", "protocol": 1, "versions": f"Python {sys.version.split()[0]}",
                  "workloads": list(WORKLOADS)}
    elif asked.do == "prepare":
        setup, answer = asked, {"ready": True}
        with ThreadPoolExecutor(asked.connections or 1) as threads:
            list(threads.map(fetch, [asked.warm_path] * asked.connections))
    elif asked.do == "run":
        records: list[str] = []
        WORKLOADS[asked.workload](asked)
        answer = {"done": True}
    elif asked.do == "report":
        with open(asked.path, "w") as file:
            file.write("\n".join(records) + "\n")
        answer = {"written": True}
    print(json.dumps(answer), flush=True)
