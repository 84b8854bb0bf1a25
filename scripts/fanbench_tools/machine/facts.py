"""Reads what this machine allows and what it is made of: facts only, doctor.py judges them."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import checkout

UNLIMITED = 2**63 - 1  # how an absent limit is written in Machine

_LIBRARIES = {"boost": "", "libcurl": "libcurl4-openssl-dev", "tbb": "libtbb-dev", "benchmark": "libbenchmark-dev",
              "googletest": "libgtest-dev", "fmt": "libfmt-dev", "tomlplusplus": "libtomlplusplus-dev",
              "cli11": "libcli11-dev", "nlohmann_json": "nlohmann-json3-dev"}


@dataclass(frozen=True)
class Machine:
    """What was found. None or "" where the machine does not say."""

    cores: int = 2  # that this process may use
    cpu: str = ""
    busy_cores: float = 0.0  # that other programs keep busy right now
    load_1m: float = 0.0
    governor: str | None = "performance"
    memory_bytes: int = 8 << 30
    memory_available_bytes: int = 6 << 30
    descriptors_soft: int = 1 << 20
    descriptors_hard: int = 1 << 20
    processes: int = UNLIMITED  # RLIMIT_NPROC: processes and threads of this user
    threads_max: int = 100_000
    pid_max: int = 4_194_304
    pids_cgroup: int = UNLIMITED  # what the control group allows
    max_map_count: int = 65_530
    ports: tuple[int, int] = (32_768, 60_999)
    perf_event_paranoid: int | None = 2
    tracepoints_readable: bool = False
    root: bool = False
    kernel: str = ""
    distribution: str = ""
    compiler: str = ""
    cmake: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    commit: str = ""

    def as_context(self) -> dict[str, Any]:
        """What results carry of it."""
        return asdict(self)


def read_machine() -> Machine:
    """Reads this machine. Takes a quarter of a second: the load is sampled."""
    soft, hard = (_limit(v) for v in resource.getrlimit(resource.RLIMIT_NOFILE))
    memory = _memory()
    low, high = (int(v) for v in (_read("/proc/sys/net/ipv4/ip_local_port_range") or "32768 60999").split())
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_first(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo")),
        busy_cores=_busy_cores(0.2),
        load_1m=os.getloadavg()[0],
        governor=_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
        memory_bytes=memory.get("MemTotal", 0),
        memory_available_bytes=memory.get("MemAvailable", 0),
        descriptors_soft=soft,
        descriptors_hard=hard,
        processes=_limit(resource.getrlimit(resource.RLIMIT_NPROC)[0]),
        threads_max=_number("/proc/sys/kernel/threads-max", UNLIMITED),
        pid_max=_number("/proc/sys/kernel/pid_max", UNLIMITED),
        pids_cgroup=_pids_of_control_group(),
        max_map_count=_number("/proc/sys/vm/max_map_count", UNLIMITED),
        ports=(low, high),
        perf_event_paranoid=_number("/proc/sys/kernel/perf_event_paranoid", None),
        tracepoints_readable=any(_read(f"{top}/events/raw_syscalls/sys_enter/id")
                                 for top in ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")),
        root=os.geteuid() == 0,
        kernel=f"{os.uname().sysname} {os.uname().release}",
        distribution=_first(r'^PRETTY_NAME="?([^"\n]*)', _read("/etc/os-release")),
        compiler=_first(r"^(.+)$", _output(os.environ.get("CXX", "c++"), "--version")),
        cmake=_first(r"version (\S+)", _output("cmake", "--version")),
        libraries=_libraries(),
        commit=_commit(),
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""


def _number(path: str, otherwise: Any) -> Any:
    text = _read(path)
    return int(text) if text.lstrip("-").isdigit() else otherwise


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else ""


def _output(*argv: str) -> str:
    """What a program prints; nothing where it is not there or fails."""
    if not shutil.which(argv[0]):
        return ""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _limit(value: int) -> int:
    return UNLIMITED if value == resource.RLIM_INFINITY else value


def _memory() -> dict[str, int]:
    """/proc/meminfo in bytes; a control group's limit is the total where it is less."""
    lines = re.findall(r"^(\w+):\s+(\d+) kB$", _read("/proc/meminfo"), re.MULTILINE)
    memory = {key: 1024 * int(kb) for key, kb in lines}
    for limit, used in (("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
                        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes")):
        allowed = _number(limit, UNLIMITED)
        if allowed < memory.get("MemTotal", 0):
            memory["MemTotal"] = allowed
            memory["MemAvailable"] = min(memory["MemAvailable"], max(0, allowed - _number(used, 0)))
    return memory


def _pids_of_control_group() -> int:
    """The least pids.max from our control group up, of version 2 or 1."""
    least = UNLIMITED
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "pids"):
            top = Path("/sys/fs/cgroup") / controllers
            folder = top / path.lstrip("/")
            for place in (folder, *folder.parents):
                least = min(least, _number(str(place / "pids.max"), UNLIMITED))
                if place == top:
                    break
    return least


def _busy_cores(seconds: float) -> float:
    """How many cores' worth of work is done on this machine. The load average would still show the build before."""

    def sample() -> tuple[int, int]:
        numbers = [int(v) for v in _read("/proc/stat").split("\n", 1)[0].split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]

    total, idle = sample()
    time.sleep(seconds)
    total_after, idle_after = sample()
    if total_after <= total:
        return 0.0
    return (os.cpu_count() or 1) * (1 - (idle_after - idle) / (total_after - total))


def _libraries() -> dict[str, str]:
    versions = {}
    for folder in ("/usr/local/include", "/usr/include"):
        if number := _first(r"^#define BOOST_VERSION (\d+)", _read(f"{folder}/boost/version.hpp")):
            versions["boost"] = f"{int(number) // 100000}.{int(number) // 100 % 1000}"
            break
    packages = [p for p in _LIBRARIES.values() if p]
    if shutil.which("dpkg-query"):
        shown = subprocess.run(["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *packages],
                               capture_output=True, text=True, check=False).stdout
        installed = dict(line.split(" ", 1) for line in shown.splitlines() if " " in line)
        versions |= {name: installed[p] for name, p in _LIBRARIES.items() if installed.get(p)}
    return versions


def _commit() -> str:
    """The checkout's commit, with "+changes" where files differ from it."""
    git = ("git", "-C", str(checkout.ROOT))
    head = _output(*git, "rev-parse", "--short=12", "HEAD")
    return head + ("+changes" if head and _output(*git, "status", "--porcelain", "--untracked-files=no") else "")
