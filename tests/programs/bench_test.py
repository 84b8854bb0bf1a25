"""Runs the bench's program: its rows, its server or another one, the machine, and --count-allocations."""

import http.server
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from mock_server import MockServer

SUITE = """
description = "For tests"
[defaults]
transports = "native"
latency = "1ms"
iterations = 2
[[scenario]]
workload = "gather"
models = ["coroutines", "processes"]
calls = 200
"""
COROUTINES = "gather/coroutines/native/calls:200/latency:1ms/start:warm"
PROCESSES = "gather/processes/native/calls:200/latency:1ms/start:warm"
ALL_CLIENTS = """
description = "For tests"
[defaults]
latency = "1ms"
iterations = 1
[[scenario]]
workload = "gather"
models = ["coroutines", "threads", "processes", "floor"]
transports = ["native", "curl"]
calls = 20
"""
ALL_WORKLOADS = (pathlib.Path(__file__).parents[2] / "bench" / "suites" / "smoke.toml").read_text().replace(
    "[defaults]", '[defaults]\nmodels = ["coroutines", "threads", "processes"]\ntransports = "native"')
WITHOUT_FIGURES = """
description = "For tests"
[defaults]
transports = "native"
latency = "40ms"
[[scenario]]
workload = "producer_consumer"
models = "sequential"
calls = 2
consumers = 1
capacity = 1
[[scenario]]
workload = "gather"
models = "threads"
calls = 1000000
"""
PROGRAM = pathlib.Path(os.environ["FANBENCH_BENCH"])


def bench(*words: str, program: pathlib.Path = PROGRAM, text: str = SUITE,
          told: str = "") -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory() as folder:
        suite = pathlib.Path(folder, "tests.toml")
        suite.write_text(text)
        return subprocess.run([program, "--suite", suite, "--benchmark_format=json", *words], capture_output=True,
                              text=True, timeout=300, input=told)  # with sanitizers, too


def row(case: str, *words: str, text: str = SUITE) -> dict:
    done = bench("--case", case, *words, text=text)
    assert done.returncode == 0, done.stdout + done.stderr
    (only,) = json.loads(done.stdout)["benchmarks"]
    assert "error_message" not in only, only["error_message"]
    return only


@unittest.skipUnless(os.environ.get("FANBENCH_SANITIZE"), "a build without sanitizers")
class WithSanitizers(unittest.TestCase):
    def test_refuses_to_count_allocations(self):
        done = bench("--count-allocations")
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected a build without sanitizers", done.stderr)


@unittest.skipIf(os.environ.get("FANBENCH_SANITIZE"), "sanitizers have an allocator of their own")
class CountAllocations(unittest.TestCase):
    def test_says_the_same_each_time(self):
        first, second = (row(COROUTINES, "--count-allocations") for _ in range(2))
        self.assertEqual(first["counts_allocations"], 1)
        for name in ("allocations_per_call", "allocated_bytes_per_call"):
            self.assertAlmostEqual(first[name] / second[name], 1, delta=0.01)
        self.assertGreater(first["allocations_per_call"], 1)
        self.assertGreater(first["allocated_bytes_per_call"], 100)

    def test_counts_in_worker_processes(self):
        # This process only hands the calls out: what libcurl allocates for each is so by a worker.
        case = "gather/processes/curl/calls:20/latency:1ms/start:warm"
        self.assertGreater(row(case, "--count-allocations", text=ALL_CLIENTS)["allocations_per_call"], 10)

    def test_leaves_the_server_out(self):
        with tempfile.TemporaryDirectory() as folder:
            server, seen = pathlib.Path(folder, "server"), pathlib.Path(folder, "seen")
            server.write_text(f'#!/bin/sh\nenv > {seen}\nexec {os.environ["FANBENCH_SERVER"]} "$@"\n')
            server.chmod(0o755)
            row(COROUTINES, "--count-allocations", "--server-program", str(server))
            self.assertNotIn("LD_PRELOAD", seen.read_text())
            self.assertNotIn("FANBENCH_ALLOCATION", seen.read_text())
            self.assertIn("PATH=", seen.read_text())

    def test_is_not_on_by_itself(self):
        self.assertNotIn("counts_allocations", row(COROUTINES))

    def test_says_that_the_library_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "fanbench-bench")
            shutil.copy(PROGRAM, program)
            done = bench("--count-allocations", program=program)
        self.assertEqual(done.returncode, 2)
        self.assertIn("libfanbench-count-allocations.so, which is missing: build it", done.stderr)

    def test_says_that_the_library_cannot_be_preloaded(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "a folder", "fanbench-bench")
            program.parent.mkdir()
            for built in (PROGRAM, PROGRAM.with_name("libfanbench-count-allocations.so")):
                shutil.copy(built, program.with_name(built.name))
            done = bench("--count-allocations", program=program)
        self.assertEqual(done.returncode, 2)
        self.assertIn("was not preloaded: does its path have a space", done.stderr)


class Rows(unittest.TestCase):
    def test_have_figures_for_what_calls_cost_and_for_what_held_them_up(self):
        names = row(COROUTINES).keys()
        self.assertLessEqual({"from_start_p50_us", "from_start_p90_us", "from_start_max_us", "late_start_p50_us",
                              "latency_mean_us", "voluntary_switches_per_call", "involuntary_switches_per_call",
                              "threads_peak", "descriptors_peak", "recording_us_per_call", "server_cpu_share",
                              "server_bound"}, names)
        self.assertNotIn("from_start_p99_us", names)  # four hundred samples are too few

    def test_have_real_time_and_the_iterations_of_the_suite(self):
        one = row(COROUTINES)
        self.assertEqual((one["iterations"], one["time_unit"]), (2, "ms"))
        self.assertAlmostEqual(one["real_time"], 1000 * one["makespan_s"], delta=1e-6)  # of two, mean and median

    def test_have_the_cpu_time_of_the_whole_client(self):
        for case in (COROUTINES, PROCESSES):
            one = row(case)
            self.assertAlmostEqual(one["cpu_time"], one["cpu_us_per_call"] * 200 / 1000, places=6)
            self.assertGreater(one["cpu_time"], 0)

    def test_have_their_case_as_list_shows_it(self):
        (listed,) = (c for c in json.loads(bench("--list").stdout)["cases"] if c["name"] == COROUTINES)
        one = row(COROUTINES)
        self.assertEqual(one["case"], {key: listed[key] for key in ("workload", "model", "transport", "parameters")})
        self.assertEqual(one["status"], "verified")

    def test_too_small_for_a_percentile_have_their_greatest_latencies(self):
        one = row(COROUTINES)
        tail = one["latency_tail"]
        self.assertNotIn("latency_p99_us", one)
        self.assertEqual((tail["calls"], len(tail["greatest_us"])), (400, 40))  # of two hundred calls, made twice
        self.assertEqual(tail["greatest_us"], sorted(tail["greatest_us"], reverse=True))
        self.assertAlmostEqual(tail["greatest_us"][0], one["latency_max_us"], delta=0.1)

    def test_without_figures_say_why_and_what_that_is(self):
        done = bench(text=WITHOUT_FIGURES)
        self.assertEqual(done.returncode, 0, done.stderr)
        impossible, large = json.loads(done.stdout)["benchmarks"]
        self.assertTrue(impossible["error_occurred"] and large["error_occurred"])
        self.assertEqual((impossible["status"], large["status"]), ("not_applicable", "limit"))
        self.assertRegex(large["error_message"], r"^needs .* allowed \(.*\)$")
        self.assertNotIn("applicable", impossible["error_message"])

    def test_of_a_server_that_does_not_start_are_errors(self):
        done = bench("--case", COROUTINES, "--server-program", "/no/such/server")
        (only,) = json.loads(done.stdout)["benchmarks"]
        self.assertEqual((done.returncode, only["status"]), (1, "error"))
        self.assertIn("/no/such/server did not start", only["error_message"])

    def test_say_in_words_what_they_are_where_people_read_them(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "rows.json")
            done = bench("--benchmark_format=console", f"--benchmark_out={out}", text=WITHOUT_FIGURES)
            written = json.loads(out.read_text())
        self.assertIn("'not applicable: ", done.stdout)
        self.assertIn("'limit: needs ", done.stdout)
        self.assertEqual([r["status"] for r in written["benchmarks"]], ["not_applicable", "limit"])


class Turns(unittest.TestCase):
    def test_are_what_the_row_is_made_of(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "rows.json")
            done = bench("--turns", "--case", COROUTINES, f"--benchmark_out={out}", told="turn\nturn\nturn\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            (one,) = json.loads(out.read_text())["benchmarks"]
        ready, *turns = map(json.loads, done.stdout.splitlines())
        self.assertEqual(ready["ready"].keys(), {"turn_s", "iterations"})
        self.assertEqual((len(turns), one["iterations"]), (3, 3 * ready["ready"]["iterations"]))
        cpu = [turn["turn"]["cpu_us_per_call"] for turn in turns]
        self.assertAlmostEqual(one["cpu_us_per_call"], sum(cpu) / 3, delta=0.001 * cpu[0])

    def test_that_fail_make_an_error_row(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "rows.json")
            for told, message in (("", "at least once"), ("turn\nstop\n", 'got "stop"')):
                done = bench("--turns", "--case", COROUTINES, f"--benchmark_out={out}", told=told)
                (one,) = json.loads(out.read_text())["benchmarks"]
                self.assertEqual((done.returncode, one["status"]), (1, "error"))
                self.assertIn(message, one["error_message"])

    def test_are_those_of_one_case(self):
        done = bench("--turns")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--turns takes one --case, got 0", done.stderr)


class ARunningServer(unittest.TestCase):
    def rows(self, address: str) -> dict[tuple[str, str], dict]:
        done = bench("--server", address, text=ALL_CLIENTS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(document["context"]["server"], address)
        return {(r["case"]["model"], r["case"]["transport"]): r for r in document["benchmarks"]}

    def test_is_measured_by_address_and_by_name(self):
        with MockServer() as server:
            for host in ("127.0.0.1", "localhost"):
                rows = self.rows(f"{host}:{server.port}")
                self.assertEqual(len(rows), 7)
                for name, one in rows.items():
                    self.assertEqual(one["status"], "verified", name)
                    self.assertGreater(one["cpu_us_per_call"], 0)
                    for figure in ("server_cpu_us_per_call", "server_cpu_share", "other_load_cores", "noisy"):
                        self.assertNotIn(figure, one)

    def test_is_measured_over_ipv6_but_for_the_floor(self):
        with MockServer("--address", "::1") as server:
            rows = self.rows(f"[::1]:{server.port}")
            self.assertEqual({name: one["status"] for name, one in rows.items()},
                             {(model, transport): "verified" for model in ("coroutines", "threads", "processes")
                              for transport in ("native", "curl")} | {("floor", "native"): "not_applicable"})
            self.assertIn("IPv4", rows["floor", "native"]["error_message"])

    def test_that_is_none_is_refused_in_a_line(self):
        with MockServer() as server:
            closed = server.port
        with http.server.HTTPServer(("127.0.0.1", 0), Silent) as other, socket.create_server(("127.0.0.1", 0)) as rude:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            threading.Thread(target=talk_nonsense, args=(rude,), daemon=True).start()
            for address, told in ((f"127.0.0.1:{closed}", "no server can be reached at 127.0.0.1:"),
                                  (f"127.0.0.1:{other.server_port}", "is no fanbench server: GET /healthz came to: "),
                                  (f"127.0.0.1:{rude.getsockname()[1]}", "is no fanbench server: GET /healthz came to: "),
                                  ("localhost", "expected a server's HOST:PORT"),
                                  ("no-such-host.invalid:80", "the host no-such-host.invalid is not known")):
                with self.subTest(address):
                    done = bench("--server", address)
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    self.assertIn(told, done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1)
            other.shutdown()


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("ip") and shutil.which("unshare"), "needs root, ip and unshare")
class AServerElsewhere(unittest.TestCase):
    """In a network and a time of its own: to the client as another machine's, with another clock."""

    def test_is_measured_by_durations(self):
        name = f"fanbench{os.getpid()}"
        here, there = f"{name}a"[-15:], f"{name}b"[-15:]
        set_up = [f"ip netns add {name}", f"ip link add {here} type veth peer name {there}",
                  f"ip link set {there} netns {name}", f"ip address add 10.213.77.1/30 dev {here}",
                  f"ip link set {here} up", f"ip -n {name} address add 10.213.77.2/30 dev {there}",
                  f"ip -n {name} link set {there} up"]
        self.addCleanup(subprocess.run, ["ip", "netns", "delete", name], capture_output=True)
        for command in set_up:
            done = subprocess.run(command.split(), capture_output=True, text=True)
            if done.returncode != 0:
                self.skipTest(f"{command}: {done.stderr}")
        under = ("ip", "netns", "exec", name, "unshare", "--time", "--fork", "--monotonic", "100000")
        with MockServer("--address", "10.213.77.2", under=under, stderr=subprocess.DEVNULL) as server:
            done = bench("--server", f"10.213.77.2:{server.port}", text=ALL_WORKLOADS)
        rows = json.loads(done.stdout)["benchmarks"]
        wrong = [f"{r['name']}: {r['error_message']}" for r in rows if r["status"] not in ("verified", "not_applicable")]
        self.assertEqual(wrong, [])
        self.assertNotIn("server_cpu_share", rows[0])


class Silent(http.server.BaseHTTPRequestHandler):
    """Answers 501 to all, without a word in the log."""

    def log_message(self, *_: object) -> None:
        pass


def talk_nonsense(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.recv(1000)
    connection.sendall(b"220 mail.example.org at your service\r\n")
    connection.close()


class Machine(unittest.TestCase):
    def test_is_described_without_a_suite(self):
        done = subprocess.run([PROGRAM, "--machine"], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        machine = json.loads(done.stdout)
        self.assertEqual(machine["cores"], sorted(os.sched_getaffinity(0)))
        self.assertEqual(sorted({*machine["client_cpus"], *machine["server_cpus"]}), machine["cores"])
        self.assertEqual(sorted(sum(machine["physical_cores"], [])), machine["cores"])
        self.assertEqual((machine["descriptor_soft"], machine["descriptor_hard"]),
                         resource.getrlimit(resource.RLIMIT_NOFILE))
        self.assertGreater(machine["memory_bytes"], machine["memory_available_bytes"])
        limits = machine["limits"]
        for allowance in (limits["descriptors"], limits["mappings"], limits["ports"], limits["memory_mb"],
                          *limits["tasks"]):
            self.assertEqual(set(allowance), {"count", "by"})
        self.assertEqual(limits["ports"]["count"], machine["ports"]["last"] - machine["ports"]["first"] + 1)
        self.assertEqual(machine["kernel"], f"{os.uname().sysname} {os.uname().release}")
        self.assertEqual(set(machine["libraries"]), {"boost", "libcurl", "tbb"})

    def test_is_that_of_the_rows(self):
        machine = json.loads(subprocess.run([PROGRAM, "--machine"], capture_output=True, text=True, timeout=60).stdout)
        context = json.loads(bench("--case", COROUTINES).stdout)["context"]
        for key in ("cpu", "kernel", "compiler", "flags", "fanbench"):
            self.assertEqual(context[key], machine[key])
        self.assertEqual(context["client_cpus"], ",".join(map(str, machine["client_cpus"])))


if __name__ == "__main__":
    unittest.main(verbosity=2)
