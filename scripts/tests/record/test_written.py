"""The two files' texts: what is in them, and what must not be."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import replace

import pytest

from fanbench_tools.record import written
from fanbench_tools.record.client import Reply, SetUp
from fanbench_tools.record.measuring import Measured
from fanbench_tools.record.written import Origin, duration, latencies, plain_url, suite

ORIGIN = Origin("https://me:secret@example.org/items?key=secret", "2026-11-22T17:04:05+00:00", 200, "5/s", 30.0,
                ("X-Key", "Accept"), "0.1.0")


def measured(*seconds: float, **more: object) -> Measured:
    first = Reply(200, 0.1, 512, "HTTP/2", 1, SetUp(0.001, 0.002, 0.003))
    return Measured(first, list(seconds), [512] * len(seconds), **more)  # type: ignore[arg-type]


def test_the_file_has_what_was_measured_in_its_order() -> None:
    lines = latencies(ORIGIN, measured(0.0125, 0.5, 0.0000004, 2.0)).splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["12.5ms", "500ms", "0.001ms", "2000ms"]
    about = "\n".join(line for line in lines if line.startswith("# "))
    for said in ("https://example.org/items?…", "4 calls", "2026-11-22T17:04:05+00:00", "0.1.0", "HTTP/2", "at most 5/s",
                 "timeout 30 s", "with X-Key and Accept", "last byte", "kept connection", "set-up, not in it: 6.00 ms",
                 "Failed, and left out: 0."):
        assert said in about
    assert lines[:len(about.splitlines())] == about.splitlines()


def test_nothing_secret_is_in_the_files() -> None:
    both = latencies(ORIGIN, measured(0.1)) + suite("api", ORIGIN, measured(0.1))
    assert "secret" not in both and "me:" not in both and "key=" not in both
    assert plain_url("http://localhost:8080/delay/20ms") == "http://localhost:8080/delay/20ms"


def test_failures_and_a_stop_are_in_the_file() -> None:
    text = latencies(ORIGIN, measured(*[0.1] * 30, failures=Counter({"503": 2}), reconnected=4, stopped=True))
    assert "connect anew: 4." in text and "left out: 2 (503: 2 times). Stopped after 32 of 200 calls." in text


@pytest.mark.parametrize(("seconds", "text"), [(0.02, "20ms"), (0.0204567, "20.457ms"), (1.5, "1500ms"), (0.0, "0.001ms")])
def test_a_duration_is_in_ms_to_the_microsecond(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_suite_is_toml_that_reads_the_file_beside_it() -> None:
    read = tomllib.loads(suite("api", ORIGIN, measured(*[0.02] * 100)))
    assert read["defaults"]["latency"] == "file:api.txt" and read["defaults"]["body_bytes"] == 512
    assert [(s["workload"], s["calls"]) for s in read["scenario"]] == [("gather", [100, 500]), ("semaphore", [100, 500])]
    assert read["scenario"][1]["limit"] == 20 and (read["rounds"], read["budget"]) == (5, "170s")
    assert read["description"] == \
        "https://example.org/items?…: median 20.0 ms, one in ten over 20.0 ms, as measured 2026-11-22"


def test_a_url_with_quotes_stays_a_description() -> None:
    origin = replace(ORIGIN, url='http://h/a"b\\c')
    assert tomllib.loads(suite("api", origin, measured(0.02)))["description"].startswith('http://h/a"b\\c: ')


def test_a_slow_service_gets_fewer_calls_and_at_last_fewer_rounds() -> None:
    sizes = [written.size([s])[:2] for s in (0.02, 1.0, 2.0, 5.0, 60.0)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == ((100, 500), 5) and sizes[-1] == ((10,), 1)
    assert written.size([0.02])[2] == written.BUDGET_S < written.size([60.0])[2]
    assert suite("api", ORIGIN, measured(0.02)).splitlines()[0].endswith("About three minutes. All keys: bench/README.md")
    assert re.search("About [0-9]+ minutes", suite("api", ORIGIN, measured(60.0)).splitlines()[0])


def test_the_slowest_of_many_draws() -> None:
    assert written.of_gather([1.0, 2.0], 1) == 1.5 and written.of_gather([1.0, 2.0], 2) == 1.75
    assert written.of_gather([0.02] * 9 + [5.0], 100) == pytest.approx(5.0, rel=1e-3)


@pytest.mark.parametrize(("sizes", "bytes_of"), [([0, 0, 0], 16), ([100, 200, 900], 200), ([5_000_000], 100_000)])
def test_bodies_are_as_large_as_the_median_within_bounds(sizes: list[int], bytes_of: int) -> None:
    assert written.body_bytes(sizes) == bytes_of
