"""A contestant of the tests: in Python's standard library, a thread for each call. It does what it should, unless its
arguments name something that it should not do."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

LIE = sys.argv[1] if len(sys.argv) > 1 else ""
PHASE = sys.argv[2] if len(sys.argv) > 2 else ""
FACTOR, ADDEND, MASK = 6364136223846793005, 1442695040888963407, 2**64 - 1
IN_GRANDCHILD = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
held = bytearray(os.urandom(1)) * (64 << 20) if sys.argv[1] == "memory" else b""
end = time.process_time() + (0.3 if sys.argv[1] == "cpu" else 0)
while time.process_time() < end: pass
open(sys.argv[2], "w").write("ready")
time.sleep(600)
"""


def draw(seed, id, k):
    x = (seed * 0x9E3779B97F4A7C15 + (id << 32 | k) + 0x9E3779B97F4A7C15) & MASK
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def kernel(x, steps):
    for _ in range(steps):
        x = (x * FACTOR + ADDEND) & MASK
    return x


class Run:
    def __init__(self, order, server):
        self.began = time.monotonic_ns()
        self.order, self.server = order, server
        self.calls = range(order["calls"])
        self.records, self.connections = {}, {}
        self.chosen = None
        self.decided = threading.Lock()

    def now(self):
        return time.monotonic_ns() - self.began

    def fetch(self, id, attempt=0):
        connection = self.connections[id] = http.client.HTTPConnection(*self.server)
        connection.request("GET", f"/runs/{self.order['run']}/calls/{id}?attempt={attempt}")
        reply = connection.getresponse()
        answer = reply.read()[:16].decode()
        connection.close()
        return reply.status, answer

    def call(self, id):
        started = self.now()
        try:
            status, answer = self.fetch(id)
        except (OSError, AttributeError, http.client.HTTPException):
            self.records[id] = [0, started, self.now(), 1, "cancelled", 0, "0"]
            return
        if LIE == "twice" and id == 0:
            self.fetch(id)
        if LIE == "unrecorded_attempt" and id == 0:
            self.fetch(id, 1)
        if LIE == "invented_answer" and id == 1:
            answer = "0123456789abcdef"
        finished = self.now()
        if LIE == "finished_early" and id % 2:
            finished = started + 1_000_000
        if LIE == "started_late" and id % 2:
            started += 25_000_000
        self.records[id] = [0, started, finished, 1, "ok" if status < 300 else "http_error", status, answer]

    def all_at_once(self, work):
        threads = [threading.Thread(target=work, args=(id,), daemon=True) for id in self.calls]
        for thread in threads:
            thread.start()
            if LIE == "one_by_one":
                thread.join()
        return threads

    def gather(self):
        if LIE == "left_out":
            self.calls = self.calls[:-1]
            self.records[len(self.calls)] = [0, 1, self.now(), 1, "ok", 200, "0123456789abcdef"]
        self.threads = self.all_at_once(self.call)
        if LIE == "done_early":
            return
        for thread in self.threads:
            thread.join()

    def semaphore(self):
        permits = threading.Semaphore(1000 if LIE == "too_many" else self.order["limit"])

        def limited(id):
            with permits:
                self.call(id)

        for thread in self.all_at_once(limited):
            thread.join()

    def first_completed(self):
        def racing(id):
            self.call(id)
            with self.decided:
                if self.chosen is not None or self.records[id][4] != "ok":
                    return
                self.chosen = id
            if LIE == "not_cancelled":
                return
            for other, connection in list(self.connections.items()):
                if other != id and connection.sock:
                    connection.sock.shutdown(2)

        threads = self.all_at_once(racing)
        for thread in threads:
            thread.join()
        if LIE == "false_winner":
            self.chosen = (self.chosen + 1) % len(threads)

    def cpu(self):
        for id in self.calls:
            started = self.now()
            answer = kernel(draw(self.order["seed"], id, 2**32 - 1), self.order["kernel_steps"] // (LIE != "lazy" or 2))
            self.records[id] = [0, started, self.now(), 1, "ok", 0, f"{answer:x}"]

    def write(self, path):
        if LIE == "done_early":
            for thread in self.threads:
                thread.join()
        lines = [f"call {id} {' '.join(map(str, fields))}" for id, fields in sorted(self.records.items())]
        if LIE == "lost_record":
            lines.pop()
        if LIE == "two_records":
            lines.append(lines[0])
        if LIE == "garbage_record":
            lines[0] = "call me maybe"
        if LIE == "unknown_call":
            lines.append("call 99 0 1 2 1 ok 200 0")
        if self.chosen is not None:
            lines.append(f"chosen {self.chosen}")
        lines.append(f"tasks {len(self.records)}")
        if LIE == "no_file":
            return
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")


def misbehave(phase):
    if phase != PHASE:
        return
    if LIE == "crash":
        print("it is all too much", file=sys.stderr)
        os._exit(3)
    if LIE == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if LIE == "hang":
        time.sleep(600)
    if LIE == "nonsense":
        print("nonsense", flush=True)
    if LIE == "flood":
        while True:
            os.write(1, b"x" * 65536)
    if LIE == "two_lines":
        print('{"hello":"toy","ready":true,"done":true,"written":true}', flush=True)
    if LIE == "complain":
        os.write(2, b"so much to say\n" * 100_000)
    if LIE == "not_here":
        print("there is no moon tonight", file=sys.stderr)
        os._exit(77)


def grandchild(what):
    """A process that leaves our tree, and what it has is there before this returns."""
    path = f"/tmp/fanbench-grandchild-{os.getpid()}"
    subprocess.run([sys.executable, "-c", IN_GRANDCHILD, what, path], check=True)
    while not os.path.exists(path):
        time.sleep(0.005)
    os.remove(path)


def main():
    server, run = None, None
    for line in sys.stdin:
        order = json.loads(line)
        misbehave(order["do"])
        if order["do"] == "hello":
            workloads = ["gather", "semaphore", "first_completed", "cpu"]
            answer = {"hello": "toy", "protocol": 1, "workloads": workloads, "kernel_steps_per_ms": 30_000}
        elif order["do"] == "prepare":
            server = order["host"], order["port"]
            answer = {"ready": True}
        elif order["do"] == "run":
            run = Run(order, server)
            if LIE == "grandchild":
                grandchild(PHASE)
            getattr(run, order["workload"])()
            answer = {"done": True}
        else:
            run.write(order["path"])
            answer = {"written": True}
        print(json.dumps(answer), flush=True)
    if LIE == "stays":
        time.sleep(600)


main()
