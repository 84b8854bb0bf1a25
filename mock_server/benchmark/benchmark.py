#!/usr/bin/env python3
"""Prints what the mock server does per second, per request, per connection, and how late it is.

usage: benchmark.py [FOLDER WITH fanbench-server AND fanbench-load] [--quick]

The server has core 0 to itself, and the load core 1. wrk, and nginx to compare with, are used where they are installed.
Figures mean something on a machine that does nothing else.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROUNDS = 5
SECONDS = 5
TICK = os.sysconf("SC_CLK_TCK")


def pinned(core: int, *command: str, **more) -> subprocess.Popen:
    return subprocess.Popen(["taskset", "--cpu-list", str(core), *command], text=True, **more)


def cpu_seconds(pid: int) -> float:
    """Of a process and its children."""
    total = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) == pid or int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def pss_bytes(pid: int) -> int:
    return int(re.search(r"^Pss: +(\d+) kB", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) * 1024


class Server:
    def __init__(self, folder: pathlib.Path, *flags: str, core: str = "0"):
        self.process = pinned(core, str(folder / "fanbench-server"), *flags, stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.pid, self.port = ready["pid"], ready["port"]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def ask(self, path: str, data: str | None = None) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data and data.encode())
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def create_run(self, delay: str) -> int:
        return self.ask("/runs", json.dumps({"delay": delay}))["run"]


class Nginx:
    """`return 200` with as many bytes as a call's reply has."""

    CONFIG = """daemon off; worker_processes 1; error_log /dev/null; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }} }}"""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.port = 18080
        config = pathlib.Path(self.folder.name, "nginx.conf")
        config.write_text(self.CONFIG.format(folder=self.folder.name, port=self.port, body="." * 64))
        self.process = pinned(0, shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", str(config))
        self.pid = self.process.pid
        time.sleep(0.5)

    def __enter__(self) -> "Nginx":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def drive(server: Server | Nginx, path: str, connections: int = 64) -> tuple[float, float, float]:
    """Requests per second, per CPU second of the server, and per CPU second of wrk."""
    load = pinned(1, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", f"http://127.0.0.1:{server.port}{path}",
                  stdout=subprocess.PIPE)
    before = cpu_seconds(server.pid)
    time.sleep(SECONDS * 0.98)
    used, own = cpu_seconds(server.pid) - before, cpu_seconds(load.pid)
    told = load.communicate()[0]
    requests = int(re.search(r"(\d+) requests in", told)[1]) * 0.98
    return requests / (SECONDS * 0.98), requests / used, requests / own


def call(folder: pathlib.Path, server: Server, run: int, *flags: str) -> tuple[subprocess.Popen, dict]:
    load = pinned(1, str(folder / "fanbench-load"), "--port", str(server.port), "--run", str(run), *flags,
                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    line = load.stdout.readline()
    if not line:
        sys.exit(1)
    return load, json.loads(line)


def all_ended(server: Server, run: int) -> dict:
    while (ledger := server.ask(f"/runs/{run}?calls=0"))["open"] > 0:
        time.sleep(0.2)
    return server.ask(f"/runs/{run}")


def speed(folder: pathlib.Path) -> float:
    """Alternating with nginx, so that both see the same machine. Returns requests per second."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        with Server(folder) as server:
            run = server.create_run("0")
            ours.append(drive(server, f"/runs/{run}/calls/1"))
        if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
            with Nginx() as nginx:
                theirs.append(drive(nginx, "/"))
    rate, per_cpu, wrk = (statistics.median(column) for column in zip(*ours))
    print(f"no delay, 64 connections     {rate:9,.0f} calls/s  {1e6 / per_cpu:6.2f} µs CPU per call"
          f"   (wrk: {1e6 / wrk:.2f} µs)")
    if theirs:
        nginx_rate, nginx_per_cpu, wrk = (statistics.median(column) for column in zip(*theirs))
        print(f"nginx `return 200`           {nginx_rate:9,.0f} calls/s  {1e6 / nginx_per_cpu:6.2f} µs CPU per call"
              f"   (wrk: {1e6 / wrk:.2f} µs)\n"
              f"calls per CPU second, ours / nginx's   {per_cpu / nginx_per_cpu:.2f}")
    return rate


def scaling(folder: pathlib.Path) -> None:
    per_cpu = []
    for threads in ("1", "2"):
        figures = []
        for _ in range(ROUNDS):
            with Server(folder, "--threads", threads, core="0" if threads == "1" else "0,1") as server:
                run = server.create_run("0")
                figures.append(drive(server, f"/runs/{run}/calls/1"))
        rate, each, wrk = (statistics.median(column) for column in zip(*figures))
        per_cpu.append(each)
        print(f"--threads {threads}                  {rate:9,.0f} calls/s  {1e6 / each:6.2f} µs CPU per call"
              f"   (wrk, on core 1: {1e6 / wrk:.2f} µs)")
    print(f"two threads on two cores of their own would do {2 * per_cpu[1] / per_cpu[0]:.2f} × as many calls, by their"
          f" CPU per call")


def lateness(folder: pathlib.Path) -> None:
    """Of each quantile, the median of the rounds."""
    for name, delay, spacing, connections, calls in (
            ("1,000 in flight, 200 ms", "200ms", "200us", 1250, 25_000), ("one now and then, 20 ms", "20ms", "50ms", 1, 200)):
        rounds, peak, latest = [], 0, 0.0
        for _ in range(ROUNDS):
            with Server(folder) as server:
                run = server.create_run(delay)
                load, told = call(folder, server, run, "--connections", str(connections), "--calls", str(calls),
                                  "--spacing", spacing)
                ledger = all_ended(server, run)
                load.communicate("\n")
                rounds.append([ledger["lateness_us"][key] for key in ("p50", "p99", "max")])
                peak, latest = max(peak, ledger["in_flight_peak"]), max(latest, told["latest_start_us"])
        p50, p99, most = map(statistics.median, zip(*rounds))
        print(f"{name:28} late by p50 {p50:6.0f}   p99 {p99:6.0f}   max {most:6.0f} µs"
              f"   (in flight at most {peak:,}; latest start {latest:.0f} µs)")


def held(folder: pathlib.Path, connections: int) -> tuple[float, float, float]:
    """Bytes of PSS for each connection; replies that were due in one instant, per second; how long that instant was."""
    with Server(folder) as server:
        delay = "uniform:min=1s,max=6s"
        run = server.create_run(delay)
        idle = pss_bytes(server.pid)
        load, _ = call(folder, server, run, "--connections", str(connections), "--calls", str(connections),
                       "--delay", delay, "--together")
        pss = pss_bytes(server.pid) - idle
        calls = all_ended(server, run)["calls"]
        load.communicate("\n")
        ended = sorted(row[4] for row in calls)
        due = [row[3] for row in calls]
        seconds = (ended[-1] - min(ended[0], min(due))) / 1e9
        return pss / connections, len(calls) / seconds, (max(due) - min(due)) / 1e6


def many(folder: pathlib.Path, connections: int, no_delay_rate: float) -> None:
    """The rate of replies due at once is compared with that of replies without delay over as many connections too:
    so many sockets do not fit in the processor's caches, whatever the server does."""
    pss, rate, instant = map(statistics.median, zip(*(held(folder, connections) for _ in range(ROUNDS))))
    print(f"{connections:,} connections held     {pss / 1000:6.2f} KB of PSS per connection over idle\n"
          f"their replies, all due within {instant:.0f} ms: {rate:,.0f} per second"
          + (f", {rate / no_delay_rate:.0%} of the rate without delay over 64 connections" if no_delay_rate else ""))
    if no_delay_rate:
        with Server(folder) as server:
            same, per_cpu, _ = drive(server, f"/runs/{server.create_run('0')}/calls/1", connections)
        print(f"no delay, {connections:,} connections {same:9,.0f} calls/s  {1e6 / per_cpu:6.2f} µs CPU per call\n"
              f"replies due at once / replies without delay, over {connections:,} connections   {rate / same:.2f}")


def main() -> None:
    global ROUNDS, SECONDS
    words = [word for word in sys.argv[1:] if word != "--quick"]
    if len(words) < len(sys.argv) - 1:
        ROUNDS, SECONDS = 1, 1
    folder = pathlib.Path(words[0] if words else "build/bin")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for wrk
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores, {ROUNDS} rounds of {SECONDS} s, medians")
    rate = 0.0
    if shutil.which("wrk"):
        rate = speed(folder)
        scaling(folder)
    else:
        print("no wrk here: no figures without delay")
    lateness(folder)
    many(folder, 15_000, rate)


if __name__ == "__main__":
    main()
