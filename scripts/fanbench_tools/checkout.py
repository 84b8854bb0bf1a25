"""Where things are in the checkout that this package is part of."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITES = ROOT / "bench" / "suites"
RESULTS = ROOT / "results"


def preset() -> str:
    """The CMake preset that scripts/fanbench has built."""
    return os.environ.get("FANBENCH_PRESET", "release")


def build_folder() -> Path:
    return Path(os.environ.get("FANBENCH_BUILD", ROOT / "build"))


def bench_binary() -> Path:
    """The measuring program; FANBENCH_BENCH names another one (the tests' pretend bench)."""
    return Path(os.environ.get("FANBENCH_BENCH", build_folder() / "bin" / "fanbench-bench"))


def is_another_bench() -> bool:
    """Whether it is not ours to build."""
    return "FANBENCH_BENCH" in os.environ


def server_binary() -> Path:
    return build_folder() / "bin" / "fanbench-server"


def version() -> str:
    """The version that CMakeLists.txt gives."""
    match = re.search(r"project\(fanbench VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text("utf-8"))
    return match[1] if match else "unknown"


def commit() -> str:
    """The checkout's, with "+changes" where files differ from it; "" where there is none, or no git."""
    head = _git("rev-parse", "--verify", "--short=12", "HEAD")
    return head + ("+changes" if head and _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", errors="replace", check=False).stdout.strip()
    except FileNotFoundError:
        return ""
