"""bench/TUTORIAL.md, typed from top to bottom: its files and its commands, with the real bench."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import clean_environment
from fanbench_tools import checkout

PAGE = (checkout.ROOT / "bench" / "TUTORIAL.md").read_text()
BENCH = checkout.bench_binary()  # as scripts/fanbench has built it, before the tests' environment is cleaned
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
MS = (21, 19, 24, 33, 22, 20, 47, 23, 26, 310, 18, 25, 29, 22, 21, 38, 24, 20, 27, 23)


@pytest.fixture
def port() -> str:
    """Of a mock server."""
    server = subprocess.Popen([BENCH.with_name("fanbench-server")], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    yield re.search(r'"port": ?(\d+)', server.stdout.readline())[1]
    server.terminate()
    server.communicate(timeout=20)


def test_all_that_is_typed_works(tmp_path: Path, port: str) -> None:
    (log,) = (code for kind, code in BLOCK.findall(PAGE) if not kind)
    line = log.splitlines()[0].rsplit(" ", 1)[0]
    (tmp_path / "access.log").write_text("".join(f"{line} {ms / 1000:.3f}\n" for ms in MS))
    fanbench = shlex.join([sys.executable, "-P", "-m", "fanbench_tools"])
    ran = []
    for kind, code in BLOCK.findall(PAGE):
        if kind == "toml":
            with open(tmp_path / "mine.toml", "a") as suite:
                suite.write(f"{code}\n")
        if kind == "sh":
            typed = code.replace("./scripts/fanbench", fanbench).replace("localhost:8080", f"127.0.0.1:{port}")
            typed = typed.replace("run mine.toml", f"run mine.toml --out out{len(ran)} --no-report")
            done = subprocess.run(["bash", "-euc", typed], cwd=tmp_path, capture_output=True, text=True, timeout=300,
                                  check=False, env=clean_environment(FANBENCH_BENCH=str(BENCH)))
            assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
            ran.append(done.stdout)
    assert (tmp_path / "api.txt").read_text().split() == [f"{ms / 1000:.3f}s" for ms in MS]
    lines = (tmp_path / "measured.txt").read_text().splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == 20 and (tmp_path / "measured.toml").exists()
    measured = [re.search(r"^(\d+) of \1 rows verified$", out, re.MULTILINE) for out in ran if "Does the time" in out]
    assert [found and found[1] for found in measured] == ["2", "2", "2", "2", "2", "6"]
    assert "as measured in api.txt" in ran[2] and "samples:" not in "".join(ran)


def test_each_scenario_adds_to_the_suite_what_the_page_speaks_of() -> None:
    """A workload of its own each, and a run of it right behind."""
    codes = [(kind, code) for kind, code in BLOCK.findall(PAGE) if kind]
    for (kind, code), (_, then) in zip(codes, codes[1:]):
        workload = re.search(r'workload = "(\w+)"', code)
        if kind == "toml" and not code.startswith("# mine.toml"):
            assert then == f"./scripts/fanbench run mine.toml --filter ^{workload[1]}/\n"
