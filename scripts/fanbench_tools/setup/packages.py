"""Finds out which of the distribution's packages are missing, and installs them."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Sequence

from . import SetupError, interpreter

CPP = ("g++", "cmake", "ninja-build", "libcurl4-openssl-dev", "libtbb-dev", "liburing-dev", "libbenchmark-dev", "libgtest-dev",
       "libgmock-dev", "libfmt-dev", "libtomlplusplus-dev", "libcli11-dev", "nlohmann-json3-dev")
LIBRARIES = "g++ 12 or clang++ 14, CMake 3.25, Ninja, Boost 1.81 headers, libcurl, oneTBB, liburing, Google Benchmark, " \
            "GoogleTest, {fmt}, toml++, CLI11, nlohmann-json, and Python 3.11 with " \
            f"{', '.join((*interpreter.OF_THE_PACKAGE, *interpreter.OF_RECORD))}, {' and '.join(interpreter.OF_THE_TESTS)}"
NAMED_OTHERWISE = {"xdist": "pytest-xdist"}  # modules whose package has not their name
OPTIONS = ("--yes", "--no-install-recommends")


def can_be_installed() -> bool:
    return bool(shutil.which("apt-get") and shutil.which("dpkg-query"))


def see_to(cpp: bool, modules: Sequence[str], may_install: bool) -> None:
    """Returns when all is there. Without `may_install` it prints the command that would install the rest."""
    if not can_be_installed():
        if not interpreter.choose(modules):
            raise SetupError(f"not a Debian-like system: install what is missing of {LIBRARIES}")
        return
    if missing := _missing(cpp, modules):
        _install(missing, may_install)
    if cpp and not _boost_is_there():
        raise SetupError(f"Boost 1.81 or newer is needed; this distribution's {_boost_package()} is older")


def see_to_these(wanted: Sequence[str], may_install: bool) -> None:
    """The same of packages by their names. Where there is no package manager, what they are for has to do without it."""
    if can_be_installed() and (missing := _not_installed(wanted)):
        _install(missing, may_install)


def _missing(cpp: bool, modules: Sequence[str]) -> list[str]:
    wanted = list(CPP if cpp else ())
    if not interpreter.choose(modules):
        # Those of the tests too where there will be a build: `test` will need them.
        of_the_tests = (*interpreter.OF_RECORD, *interpreter.OF_THE_TESTS, *interpreter.WELCOME_IN_TESTS) if cpp else ()
        wanted += ["python3", *dict.fromkeys(map(_package_of, (*modules, *of_the_tests)))]
    boost = [_boost_package()] if cpp and not _boost_is_there() else []
    return boost + _not_installed(wanted)


def _not_installed(wanted: Sequence[str]) -> list[str]:
    if not wanted:
        return []
    shown = subprocess.run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    installed = set(shown.stdout.splitlines())
    return [package for package in wanted if f"{package} installed" not in installed]


def _package_of(module: str) -> str:
    return f"python3-{NAMED_OTHERWISE.get(module, module)}"


def _boost_package() -> str:
    """Debian 12's default Boost is 1.74; newer distributions have a default that is new enough."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    name = release.get("DEBIAN_CODENAME") or release.get("VERSION_CODENAME")
    return "libboost1.81-dev" if name == "bookworm" else "libboost-dev"


def _boost_is_there() -> bool:
    """By its header, for every distribution names the package after another version."""
    root = os.environ.get("BOOST_ROOT")
    folders = os.environ.get("FANBENCH_BOOST_INCLUDE") or \
        f"{root + '/include:' if root else ''}/usr/local/include:/usr/include"
    headers = (Path(folder, "boost", "version.hpp") for folder in folders.split(":"))
    found = (re.search(r"^#define BOOST_VERSION (\d+)", h.read_text(errors="replace"), re.MULTILINE)
             for h in headers if h.is_file())
    return any(version and int(version[1]) >= 108100 for version in found)


def _install(missing: Sequence[str], may_install: bool) -> None:
    as_root = () if os.geteuid() == 0 else ("sudo",)
    command = " ".join((*as_root, "apt-get", "install", *OPTIONS, *missing))
    if not may_install:
        print(command)
        raise SetupError
    if as_root and not shutil.which("sudo"):
        raise SetupError(f"not root, and no sudo here; as root: {command.removeprefix('sudo ')}")
    print("Missing:", *missing, flush=True)
    apt = (*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120")
    install = (*apt, "install", *OPTIONS, *missing)
    simulate = ("apt-get", "--simulate", "install", *OPTIONS, *missing)
    # Package lists may be absent or old: what can't be found, or fetched, gets a second try with new ones.
    code, said = _call(simulate)
    if code:
        _check(*_call((*apt, "update")), "apt-get update failed")
        code, said = _call(simulate)
        _check(code, said, f"these packages can't be installed here: {' '.join(missing)}")
    if removed := re.findall(r"^Remv (\S+)", said, re.MULTILINE):
        print("Removing, as they can't be installed beside these:", *removed, flush=True)
    print(f"{command}   (takes a minute or two)", flush=True)
    if _call(install)[0]:
        _check(*_call((*apt, "update")), f"the installation failed: {command}")
        _check(*_call(install), f"the installation failed: {command}")


def _call(argv: Sequence[str]) -> tuple[int, str]:
    """The exit code, and all that was said."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, encoding="utf-8", errors="replace")
    try:
        said, _ = child.communicate()
    except KeyboardInterrupt:
        child.communicate()  # it was told too; killed, dpkg would be left in the middle of a package
        raise
    return child.returncode, said


def _check(code: int, said: str, failure: str) -> None:
    if code:
        print(*said.splitlines()[-20:], sep="\n", file=sys.stderr)
        raise SetupError(failure)
