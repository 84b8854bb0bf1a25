"""How the ranks of a case are started: with OpenMPI's mpirun, each as a relay with its bench (bench/RANKS.md)."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from .rounds import ListedCase

RELAY = "fanbench-relay"
PACKAGES = ("openmpi-bin", "libopenmpi-dev")
TARGET = f"bin/{RELAY}"

# Ranks wait for each other by relays that sleep, so there may be more of them than CPUs; the bench itself says where
# client and server run. Between relays plain sockets and shared memory do: what else OpenMPI would find, it need not
# look for.
_OPTIONS = ("--mca", "orte_keep_fqdn_hostnames", "1", "--oversubscribe", "--bind-to", "none", "--mca", "pml", "ob1")
# Of the launcher's own connections: else it would wait eight minutes for a host that is gone.
_NOTICE_DEAD_LINKS = tuple(word for name, seconds in (("time", 5), ("intvl", 2), ("probes", 3))
                           for word in ("--mca", f"oob_tcp_keepalive_{name}", str(seconds)))
_NOTICED = re.compile(r"mpirun noticed that process rank (\d+) with PID \d+ on node (\S+) (.+?)\.?$", re.MULTILINE)
_RELAY_SAID = re.compile(r"^fanbench-relay: (.+)$", re.MULTILINE)
_NO_WAY = re.compile(r"from (\S+) to: (\S+) Unable to connect to the peer (\S+)")
_NOT_BUILT = re.compile(r"could not access\s+or execute an executable:\s+Executable: (\S+)\s+Node: (\S+)")
_SSH = re.compile(r"^(ssh: .+|\S+@\S+: Permission denied.*|Host key verification failed\.?)$", re.MULTILINE)
UNREACHABLE = "a host cannot be reached, or has no OpenMPI of this version"
_NO_DAEMON = "ORTE was unable to reliably start one or more daemons"


@dataclass(frozen=True)
class Hosts:
    """Where ranks run. Of several hosts the first is this one: rank 0 writes its results here."""

    names: tuple[str, ...] = ()  # none: on this machine alone
    file: Path | None = None  # instead, as mpirun reads it

    @property
    def are_several(self) -> bool:
        return bool(self.names or self.file)

    @property
    def each(self) -> tuple[str, ...]:
        """The names alone, without numbers of ranks. Raises OSError where the file can't be read."""
        lines = self.file.read_text().splitlines() if self.file else self.names
        return tuple(words[0].partition(":")[0] for line in lines if (words := line.partition("#")[0].split()))

    def launch_of(self, case: ListedCase, bench: Path) -> tuple[str, ...]:
        """What to put before the words of a case's bench; nothing where it has no ranks."""
        return self.launch(case.ranks, bench.parent / RELAY) if case.ranks else ()

    def launch(self, ranks: int, relay: Path) -> tuple[str, ...]:
        here = f"localhost:{ranks}"  # else it would take the nodes of a Slurm allocation
        where = ("--hostfile", str(self.file)) if self.file else ("--host", ",".join(self.names) or here)
        between = "self,vader,tcp" if self.are_several else "self,vader"
        spread = ("--map-by", "node", *_NOTICE_DEAD_LINKS) if self.are_several else ()
        root = ("--allow-run-as-root",) if os.geteuid() == 0 else ()
        return ("mpirun", *root, *_OPTIONS, "--mca", "btl", between, *where, *spread, "-n", str(ranks), str(relay))


def is_here(host: str) -> bool:
    """Whether the name is this machine's."""
    with contextlib.suppress(OSError):
        for family, kind, _, _, address in socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM):
            with contextlib.suppress(OSError), socket.socket(family, kind) as one:
                one.bind(address)
                return True
    return host == socket.gethostname()


def what_a_relay_says(words: str) -> str:
    """Whom it has lost; the launcher's end may take long then, where a host is gone. Empty: nobody."""
    match = _RELAY_SAID.search(words)
    return match[1] if match else ""


def last_words(words: str) -> str:
    """Of a bench that has ended by itself."""
    match = re.search(r"^fanbench-bench: (.+)$", words, re.MULTILINE)
    return f"; its last words: {match[1]}" if match else ""


def what_mpirun_says(words: str) -> str:
    """Why there is no result, in one line, of all that it printed; empty where it says nothing that explains it."""
    if match := _RELAY_SAID.search(words):
        return match[1]
    if match := _NO_WAY.search(words):
        return f"{match[1]} does not reach {match[2]} at {match[3]}: does a firewall shut the ports between them?"
    if match := _NOTICED.search(words):
        return f"rank {match[1]} ({match[2]}) {match[3]}"
    if match := _NOT_BUILT.search(words):
        return f"{match[2]} has no {match[1]}: build the same commit there, in the same place"
    if match := _SSH.search(words):
        return f"a host cannot be reached: {match[1].strip()}"
    if _NO_DAEMON in words:
        return f"{UNREACHABLE}: fanbench doctor --hosts says which"
    return ""
