"""Runs the bench's program: what its rows have, and what --count-allocations adds to them."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

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
PROGRAM = pathlib.Path(os.environ["FANBENCH_BENCH"])


def bench(*words: str, program: pathlib.Path = PROGRAM) -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory() as folder:
        suite = pathlib.Path(folder, "tests.toml")
        suite.write_text(SUITE)
        return subprocess.run([program, "--suite", suite, "--benchmark_format=json", *words], capture_output=True,
                              text=True, timeout=60)


def row(case: str, *words: str) -> dict:
    done = bench("--case", case, *words)
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
        # This process only hands the calls out: what is allocated for each is so by a worker.
        self.assertGreater(row(PROCESSES, "--count-allocations")["allocations_per_call"], 1)

    def test_leaves_the_server_out(self):
        with tempfile.TemporaryDirectory() as folder:
            server, seen = pathlib.Path(folder, "server"), pathlib.Path(folder, "seen")
            server.write_text(f'#!/bin/sh\nenv > {seen}\nexec {os.environ["FANBENCH_SERVER"]} "$@"\n')
            server.chmod(0o755)
            row(COROUTINES, "--count-allocations", "--server", str(server))
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
