"""Starts the mock server for tests that are written in Python: its program is the environment's FANBENCH_SERVER."""

import json
import os
import re
import signal
import subprocess
import urllib.request


class MockServer:
    """A running server, ended when the block is left. `under`: words before the program's, of one that starts it."""

    def __init__(self, *flags: str, stderr: int | None = None, under: tuple[str, ...] = ()):
        self.process = subprocess.Popen([*under, os.environ["FANBENCH_SERVER"], *flags], stdout=subprocess.PIPE,
                                        stderr=stderr, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.port, self.pid = ready["port"], ready["pid"]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "MockServer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()

    def get(self, path: str, data: str | None = None) -> str:
        request = urllib.request.Request(self.url + path, data.encode() if data is not None else None)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.read().decode()

    def connections(self) -> int:
        """Accepted so far, without the one that asks."""
        return int(re.search(r"^fanbench_connections_accepted_total (\d+)", self.get("/metrics"), re.M)[1]) - 1
