"""Hosts that are network namespaces of this machine, each with a name, an address and a clock of its own: a launch agent
enters them in place of ssh. As root, where OpenMPI is installed and the kernel has such namespaces."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest
from conftest import Pretend, clean_environment, wait_until
from fanbench_tools import checkout
from fanbench_tools.run import ranks

BENCH = checkout.bench_binary()
HOSTS = ("hosta", "hostb", "hostc")
CLOCK_STEP_S = 1000  # by so much each host's clock is ahead of the one before


def _can() -> bool:
    there = os.geteuid() == 0 and shutil.which("mpirun") and shutil.which("ip") and (BENCH.parent / ranks.RELAY).exists()
    return bool(there) and subprocess.run(["unshare", "--net", "--uts", "--time", "--fork", "true"], check=False,
                                          stderr=subprocess.DEVNULL).returncode == 0


pytestmark = pytest.mark.skipif(not _can(), reason="needs root, ip, OpenMPI, a relay, and network and time namespaces")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _is_done(*words: str) -> bool:
    return subprocess.run(["ip", *words], check=False, capture_output=True).returncode == 0


_number = itertools.count()


class Network:
    """The hosts, on one bridge."""

    def __init__(self, folder: Path) -> None:
        self._tag = f"fb{next(_number)}x{os.getpid() % 10_000}"
        self.etc_hosts, self.agent = folder / "etc-hosts", folder / "agent"
        self.etc_hosts.write_text("127.0.0.1 localhost\n" +
                                  "".join(f"10.77.0.{i} {name}\n" for i, name in enumerate(HOSTS, 1)))
        self.agent.write_text("#!/bin/bash\nhost=$1; shift\ncase $host in\n" + "".join(
            f"{name}) in={self._namespace(i)}; clock={i * CLOCK_STEP_S} ;;\n" for i, name in enumerate(HOSTS)) +
            "*) echo \"ssh: Could not resolve hostname $host: Name or service not known\" >&2; exit 255 ;;\nesac\n"
            'exec ip netns exec $in unshare --uts --time --fork --monotonic $clock bash -c '
            f'"hostname $host; mount --bind {self.etc_hosts} /etc/hosts; $*"\n')
        self.agent.chmod(0o755)

    def __enter__(self) -> Network:
        _ip("link", "add", self._tag, "type", "bridge")
        _ip("link", "set", self._tag, "up")
        for i in range(len(HOSTS)):
            _ip("netns", "add", self._namespace(i))
            _ip("link", "add", self._namespace(i), "type", "veth", "peer", "name", "eth0", "netns", self._namespace(i))
            _ip("link", "set", self._namespace(i), "master", self._tag, "up")
            for device in ("lo", "eth0"):
                _ip("-n", self._namespace(i), "link", "set", device, "up")
            _ip("-n", self._namespace(i), "addr", "add", f"10.77.0.{i + 1}/24", "dev", "eth0")
        return self

    def __exit__(self, *_: object) -> None:
        each = [self._namespace(i) for i in range(len(HOSTS))]  # cables first: a namespace outlives its last connections
        for words in (*(("link", "del", one) for one in each), *(("netns", "del", one) for one in each),
                      ("link", "del", self._tag)):
            wait_until(lambda: _is_done(*words), f"ip {' '.join(words)}")  # it is busy as long as its last process ends

    def _namespace(self, i: int) -> str:
        return f"{self._tag}{'abc'[i]}"

    def pull(self, i: int) -> None:
        _ip("link", "set", self._namespace(i), "down")

    def start(self, run: Pretend, *words: str, verb: str = "run") -> subprocess.Popen[str]:
        """fanbench on the first of the hosts."""
        key, value = run.mark.split("=")
        where = ["--out", str(run.out), "--no-report"] if verb == "run" else []
        environment = clean_environment(FANBENCH_BENCH=str(BENCH), OMPI_MCA_plm_rsh_agent=str(self.agent),
                                        OMPI_MCA_oob_tcp_if_include="eth0", OMPI_MCA_btl_tcp_if_include="eth0",
                                        **{key: value})
        inside = f'hostname {HOSTS[0]}; mount --bind {self.etc_hosts} /etc/hosts; exec "$@"'
        return subprocess.Popen(["ip", "netns", "exec", self._namespace(0), "unshare", "--uts", "bash", "-c", inside, "-",
                                 sys.executable, "-P", "-m", "fanbench_tools", verb, *words, *where],
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, cwd=run.folder)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with Network(tmp_path) as made:
        yield made


def suite(run: Pretend, more: str) -> str:
    run.suite.write_text('description = "hosts"\n[[scenario]]\nworkload = "gather"\nmodels = "coroutines"\n'
                         f'transports = "native"\nlatency = "300ms"\n{more}\n')
    return str(run.suite)


def test_hosts_whose_clocks_differ_make_a_case_together(pretend: Pretend, network: Network) -> None:
    child = network.start(pretend, suite(pretend, "calls = 30\niterations = 2"), "--hosts", ",".join(HOSTS))
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, out + err
    row, = pretend.rows()
    assert row["verified"] == 1 and row["ranks"] == 3
    assert 0 < row["clock_uncertainty_us"] < 1e6  # of clocks that are a thousand seconds apart
    assert row["in_flight_peak"] == 30  # by times that were put on one clock
    assert set(pretend.results()["context"]["hosts"]) == set(HOSTS)


def test_doctor_says_how_clocks_differ_and_who_cannot_be_reached(pretend: Pretend, network: Network) -> None:
    out, _ = network.start(pretend, "--hosts", ",".join(HOSTS), verb="doctor").communicate(timeout=60)
    assert "\nhostc\n" in out and f"+{2 * CLOCK_STEP_S:,}," in out  # and so many µs
    child = network.start(pretend, "--hosts", "hosta,nobody", verb="doctor")
    _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert err.startswith("fanbench: nobody: nothing can be started there") and err.count("\n") == 1


def test_a_pulled_cable_ends_the_run_with_one_line(pretend: Pretend, network: Network) -> None:
    child = network.start(pretend, suite(pretend, "calls = 30\niterations = 100"), "--hosts", ",".join(HOSTS))
    wait_until(lambda: len([p for p in pretend.processes() if "fanbench-server" in p]) >= 3, "three servers")
    network.pull(1)
    child.communicate(timeout=60)
    assert child.returncode == 1
    message = pretend.rows()[0]["error_message"]
    assert "hostb" in message or "a host cannot be reached" in message  # where it had not begun
    wait_until(lambda: not pretend.processes(), "nothing is left")
