"""`fanbench record` against the mock server, and against services that are worse."""

from __future__ import annotations

import http.server
import json
import re
import signal
import socketserver
import subprocess
import sys
import threading
import tomllib
import urllib.request
from pathlib import Path
from typing import Any, Iterator

import pytest

from conftest import Ran, clean_environment, wait_until
from fanbench_tools import checkout, cli

pytest.importorskip("pycurl")
BENCH = checkout.bench_binary()  # as scripts/fanbench has built it, before the tests' environment is cleaned
FAST = ("--rate", "1000/s")


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-P", "-m", "fanbench_tools", "record", *arguments], cwd=folder, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=clean_environment(**{"FANBENCH_BENCH": str(BENCH), "no_proxy": "*", **environment}))


def record(folder: Path, *arguments: str, **environment: str) -> Ran:
    child = start(folder, *arguments, **environment)
    out, err = child.communicate(timeout=120)
    return Ran(child.returncode, out, err)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """HOST:PORT of a mock server."""
    program = BENCH.with_name("fanbench-server")
    assert program.exists(), f"{program} is not built: run the tests with ./scripts/fanbench test"
    child = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    yield f"127.0.0.1:{json.loads(child.stdout.readline())['port']}"
    child.terminate()
    child.communicate(timeout=20)


def new_run(server: str, plan: dict[str, Any]) -> str:
    """The URL of a call in a new run with this plan."""
    made = urllib.request.urlopen(f"http://{server}/runs", json.dumps(plan).encode(), timeout=20)
    return f"{server}/runs/{json.load(made)['run']}/calls/1?attempt=auto"


def arrivals(server: str, call: str) -> int:
    run = call.split("/")[2]
    with urllib.request.urlopen(f"http://{server}/runs/{run}?calls=0", timeout=20) as ledger:
        return json.load(ledger)["arrivals"]


class Handler(http.server.BaseHTTPRequestHandler):
    """/refuse: 429 once; /to/PATH: a redirect there; /close: no kept connection; all else: what was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        body = b"x" * 300
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to"))
        elif self.path == "/refuse" and len(self.asked) == 2:
            self.send_response(429)
            self.send_header("Retry-After", "1")
        else:
            self.send_response(200)
        if self.path == "/close":
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    """HOST:PORT of one that notes what it is asked."""
    Handler.asked.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


def test_it_writes_the_latencies_and_a_suite_that_the_bench_reads(tmp_path: Path, server: str) -> None:
    ran = record(tmp_path, f"{server}/delay/5ms", "--calls", "25", "--out", "api", *FAST)
    assert (ran.code, ran.err) == (0, "")
    lines = (tmp_path / "api.txt").read_text().splitlines()
    assert [line.startswith("# ") for line in lines] == [True] * 5 + [False] * 25
    assert all(re.fullmatch(r"\d+(\.\d{1,3})?ms", line) for line in lines[5:])
    assert f"Latencies of http://{server}/delay/5ms, 25 calls" in lines[0]
    listed = subprocess.run([BENCH, "--suite", tmp_path / "api.toml", "--list"], capture_output=True, text=True, check=True)
    cases = json.loads(listed.stdout)["cases"]
    assert sorted({case["workload"] for case in cases}) == ["gather", "semaphore"] and len(cases) == 12
    assert {case["parameters"]["latency"] for case in cases} == {"file:api.txt"}
    assert "25 latencies   p50 " in ran.out and "connected in " in ran.out and "fanbench run api.toml" in ran.out
    shown = ran.out.split("latencies   p50")[1].splitlines()
    assert max(map(len, shown)) <= 80 and sum("━" in line for line in shown) >= 1


def test_who_asks_and_for_what_is_in_each_request(tmp_path: Path, service: str) -> None:
    ran = record(tmp_path, f"{service}/items?key=secret", "--calls", "20", *FAST, "--header", "X-Key: secret", "--header",
                 "Accept: text/plain")
    assert (ran.code, ran.err, len(Handler.asked)) == (0, "", 20)
    assert {path for path, _ in Handler.asked} == {"/items?key=secret"}
    for _, headers in Handler.asked:
        assert headers["user-agent"].startswith(f"fanbench-record/{checkout.version()} (") and \
            "at most 1000/s" in headers["user-agent"]
        assert (headers["x-key"], headers["accept"]) == ("secret", "text/plain")
    written = "".join(path.read_text() for path in tmp_path.glob("127-0-0-1-*.t*"))
    assert "X-Key" in written and "secret" not in written + ran.out
    assert tomllib.loads(next(tmp_path.glob("*.toml")).read_text())["defaults"]["body_bytes"] == 300


def test_the_mock_server_has_the_header_too(tmp_path: Path, server: str) -> None:
    """It answers with what it was asked: 40 more bytes of a header are 40 more bytes of a body."""
    sizes = []
    for value in ("a", "a" * 41):
        ran = record(tmp_path, f"{server}/anything/at/all", "--calls", "20", *FAST, "--header", f"X-Long: {value}", "--force",
                     "--out", "api")
        assert ran.code == 0
        sizes.append(tomllib.loads((tmp_path / "api.toml").read_text())["defaults"]["body_bytes"])
    assert sizes[1] - sizes[0] == 40


def test_failures_are_counted_said_and_left_out(tmp_path: Path, server: str) -> None:
    call = new_run(server, {"failures": {"rate": 1, "at_least": 2, "attempts": 2}})
    ran = record(tmp_path, call, "--calls", "20", "--out", "api", *FAST)
    assert (ran.code, ran.err) == (0, "")
    assert "failed, and left out: 2 of 20 calls (503: 2 times)\n" in ran.out
    text = (tmp_path / "api.txt").read_text()
    assert "left out: 2 (503: 2 times)" in text and len(re.findall("^[^#]", text, re.MULTILINE)) == 18
    assert arrivals(server, call) == 20


def test_more_than_one_in_ten_failing_is_refused(tmp_path: Path, server: str) -> None:
    call = new_run(server, {"failures": {"rate": 1, "at_least": 3, "attempts": 3}})
    ran = record(tmp_path, call, "--calls", "20", "--out", "api", *FAST)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "3 of 3 calls failed (503: 3 times); expected 200 to 299, of nine in ten" in ran.err
    assert list(tmp_path.iterdir()) == [] and arrivals(server, call) == 3  # and no more is asked


def test_a_broken_reply_is_a_failure_like_others(tmp_path: Path, server: str) -> None:
    call = new_run(server, {"failures": {"rate": 1, "at_least": 1, "attempts": 1, "kinds": ["cut"]}})
    urllib.request.urlopen(f"http://{call}", timeout=20).close()  # takes the first, broken one
    assert record(tmp_path, call, "--calls", "20", "--out", "api", *FAST).code == 0
    call = new_run(server, {"failures": {"rate": 1, "at_least": 1, "attempts": 1, "kinds": ["cut"]}})
    ran = record(tmp_path, call, "--calls", "20", "--out", "other", *FAST)
    assert (ran.code, ran.err.count("\n")) == (1, 1) and "connection broke" in ran.err


def test_redirects_are_followed(tmp_path: Path, service: str) -> None:
    ran = record(tmp_path, f"{service}/to/there", "--calls", "20", *FAST)
    assert ran.code == 0 and [path for path, _ in Handler.asked] == ["/to/there", "/there"] * 20


def test_a_pause_that_is_asked_for_is_made_and_said(tmp_path: Path, service: str) -> None:
    ran = record(tmp_path, f"{service}/refuse", "--calls", "20", *FAST)
    assert ran.code == 0 and "the service asks for a pause of 1 s\n" in ran.out
    assert "1 of 20 calls (429: once)" in ran.out


def test_a_service_that_closes_its_connections_is_told_of(tmp_path: Path, service: str) -> None:
    ran = record(tmp_path, f"{service}/close", "--calls", "20", "--out", "api", *FAST)
    assert ran.code == 0 and "connected anew for 19 of 20 calls" in ran.out
    assert "connect anew: 19." in (tmp_path / "api.txt").read_text()


@pytest.mark.parametrize(("url", "code", "message"), [
    ("http://nosuch.invalid/x", 1, "nosuch.invalid: name unknown: "),
    ("http://127.0.0.1:1/", 1, "127.0.0.1:1: nobody answers there: "),
    ("https://{server}/", 1, "TLS failed: "),
    ("http://{server}/delay/10s --timeout 1s", 1, "expected a reply within 1 s, none came; "),
    ("http://{service}/to/to/to/to/to/to/to/to/to/to/to/to/end", 1, "redirected without end: "),
    ("http://{server}/status/404", 1, "3 of 3 calls failed (404: 3 times)"),
    ("ftp://example.org/", 2, "'ftp://example.org/': no URL that can be asked; expected one such as https://"),
    ("http://localhost:99999/", 2, "no URL that can be asked"),
    ("http://[::1", 2, "no URL that can be asked"),
    ("http://", 2, "no URL that can be asked"),
    ("{server}/ --calls 19", 2, "expected a whole number from 20 to 50,000"),
    ("{server}/ --rate 5", 2, "expected a rate such as 5/s, 30/min or 100/h"),
    ("{server}/ --rate 0/s", 2, "expected a rate such as"),
    ("{server}/ --header X-Key", 2, 'expected a header such as "Accept: text/plain", got "X-Key"'),
    ("{server}/ --out a,b", 2, "--out: expected a name of letters, digits"),
    ("{server}/ --out nowhere/api", 2, "nowhere/api.txt: can't be written"),
])
def test_what_can_not_be_measured_gets_one_line(tmp_path: Path, server: str, service: str, url: str, code: int,
                                                message: str) -> None:
    words = url.format(server=server, service=service).split()
    ran = record(tmp_path, "--calls", "20", *FAST, *words)
    assert (ran.code, ran.err.count("\n")) == (code, 1), ran.err
    assert message in ran.err and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["api.txt", "api.toml"])
def test_a_file_that_is_there_stays_without_force(tmp_path: Path, server: str, name: str) -> None:
    (tmp_path / name).write_text("mine")
    words = (f"{server}/status/200", "--calls", "20", "--out", "api", *FAST)
    ran = record(tmp_path, *words)
    assert (ran.code, ran.out) == (2, "") and f"{name}: is there already; --force writes over it" in ran.err
    assert (tmp_path / name).read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
    assert record(tmp_path, *words, "--force").code == 0 and (tmp_path / name).read_text() != "mine"


def test_an_interrupt_keeps_what_has_come(tmp_path: Path, server: str) -> None:
    call = new_run(server, {"delay": "5ms"})
    child = start(tmp_path, call, "--calls", "50000", "--out", "api", *FAST)
    wait_until(lambda: arrivals(server, call) >= 25, "calls are made")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130 and err.count("\n") == 1
    made = int(re.search(r"interrupted by SIGINT after (\d+) of 50,000 calls, which are kept", err)[1])
    text = (tmp_path / "api.txt").read_text()
    assert made >= 20 and len(re.findall("^[^#]", text, re.MULTILINE)) == made
    assert f"Stopped after {made} of 50,000 calls." in text and (tmp_path / "api.toml").exists()


def test_an_interrupt_before_there_is_enough_leaves_nothing(tmp_path: Path, server: str) -> None:
    call = new_run(server, {"delay": "60s"})
    child = start(tmp_path, call, "--out", "api", *FAST)
    wait_until(lambda: arrivals(server, call) == 1, "the first call is made")
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 143 and list(tmp_path.iterdir()) == []
    assert err == ("fanbench: interrupted by SIGTERM after 0 of 200 calls, expected 20 with a status of 200 to 299 at least: "
                   "nothing is written\n")


def test_a_proxy_of_the_environment_is_asked(tmp_path: Path, service: str) -> None:
    ran = record(tmp_path, "http://far.invalid/items", "--calls", "20", *FAST, http_proxy=f"http://{service}", no_proxy="")
    assert ran.code == 0 and {path for path, _ in Handler.asked} == {"http://far.invalid/items"}


@pytest.mark.parametrize(("rate", "interval_s"), [("5/s", 0.2), ("30/min", 2.0), ("100/h", 36.0), ("0.5/s", 2.0)])
def test_a_rate_is_an_interval(rate: str, interval_s: float) -> None:
    assert cli.parse(["record", "http://h", "--rate", rate]).rate == (rate, pytest.approx(interval_s))


def test_defaults_are_polite() -> None:
    asked = cli.parse(["record", "http://h"])
    assert (asked.calls, asked.rate, asked.timeout, asked.header) == (200, ("5/s", 0.2), 30.0, [])
