"""What makes two runs comparable: the same machine, compiler and flags. Defined here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple


@dataclass(frozen=True)
class Trait:
    """Something of a run's context. What is needed the same, or figures say nothing of the programs that were run; the
    rest is worth a word."""

    label: str
    keys: tuple[str, ...]  # of the context: the first that is there
    needed: bool = False


TRAITS = (
    Trait("CPU", ("cpu",), needed=True),
    Trait("number of CPUs", ("num_cpus",), needed=True),
    Trait("machine", ("host_name",), needed=True),
    Trait("compiler", ("compiler",), needed=True),
    Trait("flags", ("flags",), needed=True),  # those of optimization at link time included
    Trait("linker's flags", ("linker_flags",), needed=True),
    Trait("build type", ("build_type",), needed=True),
    Trait("client's CPUs", ("client_cpus",)),
    Trait("server's CPUs", ("server_cpus",)),
    Trait("kernel", ("kernel",)),
    Trait("Boost", ("boost",)),
    Trait("libcurl", ("libcurl",)),
    Trait("oneTBB", ("tbb",)),
)


class Difference(NamedTuple):
    trait: Trait
    one: str
    other: str


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """What both contexts say, and say otherwise."""
    pairs = ((trait, said(one, trait), said(other, trait)) for trait in TRAITS)
    return [Difference(*pair) for pair in pairs if pair[1] is not None and pair[2] is not None and pair[1] != pair[2]]


def said(context: Mapping[str, Any], trait: Trait) -> str | None:
    """None where the context says nothing of it. Libraries may stand by themselves; CPUs may be a list, or text as the
    kernel has it."""
    libraries = context.get("libraries")
    for key in trait.keys:
        for place in (context, libraries if isinstance(libraries, Mapping) else {}):
            if key in place:
                return ",".join(map(str, place[key])) if isinstance(place[key], list) else str(place[key])
    return None
