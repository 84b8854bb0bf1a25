"""Chooses a Python that has the modules needed: the one on PATH may lack those of the distribution's packages."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Sequence

from .. import checkout
from . import SetupError

OF_THE_PACKAGE = ("numpy", "matplotlib", "jinja2", "rich", "psutil")
OF_RECORD = ("pycurl",)
OF_THE_TESTS = ("pytest", "selenium")
WELCOME_IN_TESTS = ("xdist",)  # several at a time; without it they run one after another

KEPT = checkout.ROOT / ".cache" / "fanbench-python"  # scripts/fanbench starts what is kept there
CHOSEN = "FANBENCH_PYTHON_CHOSEN"
# Finding is enough: importing matplotlib takes a second.
PROBE = """import sys
from importlib.util import find_spec
sys.exit(sys.version_info < (3, 11) or not all(map(find_spec, sys.argv[1:])))"""


def choose(modules: Sequence[str]) -> str | None:
    """The first that has the modules: this one, python3 on PATH, the distribution's."""
    on_path = os.environ.get("FANBENCH_PYTHON_ON_PATH", "")  # from scripts/fanbench: pyenv's python3 changes PATH
    if _are_here(modules):
        chosen = sys.executable
    else:
        chosen = next((python for python in (on_path, "/usr/bin/python3") if _has(python, modules)), None)
    if chosen and modules:
        _keep(f"{on_path}|{chosen}\n")
    return chosen


def go_on_with(modules: Sequence[str], words: Sequence[str]) -> None:
    """Returns where this interpreter has the modules; else one that has them is called in its place."""
    chosen = choose(modules)
    if chosen is None:
        raise SetupError(f"no Python 3.11 or newer with {' '.join(modules)}: neither python3 on PATH nor "
                         "/usr/bin/python3 has them")
    if not _are_here(modules):
        os.execve(chosen, [chosen, "-P", "-m", "fanbench_tools.setup", *words], {**os.environ, CHOSEN: "1"})


def was_chosen() -> bool:
    """This is the interpreter that `go_on_with` called: packages and modules are there."""
    return os.environ.pop(CHOSEN, None) is not None


def _are_here(modules: Sequence[str]) -> bool:
    return all(map(find_spec, modules))


def _has(python: str, modules: Sequence[str]) -> bool:
    return bool(python) and subprocess.run([python, "-P", "-c", PROBE, *modules], stderr=subprocess.DEVNULL,
                                           check=False).returncode == 0


def _keep(line: str) -> None:
    with contextlib.suppress(OSError):  # a folder that can't be written costs a little time at each start
        kept = os.fsencode(line)  # paths, whatever the locale
        if not KEPT.exists() or KEPT.read_bytes() != kept:
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_bytes(kept)
