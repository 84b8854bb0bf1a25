"""From words to a verb: sees to what a verb needs (packages, an interpreter, a build), then does it."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass

from .. import checkout, cli, ending
from . import SetupError, build, interpreter, packages

PROGRAMS = ("bin/fanbench-bench", "bin/fanbench-server")


@dataclass(frozen=True)
class Needs:
    modules: tuple[str, ...] = ()
    cpp: bool = False  # a compiler and its libraries
    targets: tuple[str, ...] = ()  # what is built of this tree
    welcome: tuple[str, ...] = ()  # modules that it can do without


TO_REPORT = Needs(interpreter.OF_THE_PACKAGE)
TO_BUILD_COMMITS = Needs(interpreter.OF_THE_PACKAGE, cpp=True)
TO_MEASURE = Needs(interpreter.OF_THE_PACKAGE, cpp=True, targets=PROGRAMS)
TO_RECORD = Needs(interpreter.OF_RECORD)
TO_TEST = Needs((*interpreter.OF_THE_PACKAGE, *interpreter.OF_RECORD, *interpreter.OF_THE_TESTS), cpp=True,
                targets=("all",), welcome=interpreter.WELCOME_IN_TESTS)
NEEDS = {"run": TO_MEASURE, "list": TO_MEASURE, "report": TO_REPORT, "compare": TO_REPORT, "gate": TO_MEASURE,
         "doctor": TO_MEASURE, "serve": TO_MEASURE, "record": TO_RECORD,
         "contestant": TO_MEASURE, "test": TO_TEST}


def main(words: list[str]) -> int:
    may_install, words = _without_no_install(words)
    verb = words[0] if words else ""
    if verb == "--version":
        print(f"fanbench {checkout.version()}")
        return 0
    if verb not in NEEDS:
        *others, last = NEEDS
        print(f'fanbench: no verb "{verb}"; expected {", ".join(others)} or {last} (fanbench --help says more)',
              file=sys.stderr)
        return cli.USAGE_ERROR
    return cli.main(words, lambda arguments: _set_up(arguments, words, may_install))


def _without_no_install(words: list[str]) -> tuple[bool, list[str]]:
    """It may stand anywhere, but what follows -- is the server's."""
    end = words.index("--") if "--" in words else len(words)
    ours = [word for word in words[:end] if word != "--no-install"]
    return len(ours) == end, ours + words[end:]


def _set_up(arguments: argparse.Namespace, words: list[str], may_install: bool) -> None:
    arguments.may_install = may_install  # of contestants, which a suite names
    needs = _of_gate(arguments) if arguments.verb == "gate" else NEEDS[arguments.verb]
    preset = checkout.preset()
    os.environ["FANBENCH_PRESET"] = preset
    os.environ["FANBENCH_BUILD"] = str(checkout.ROOT / ("build" if preset == "release" else f"build-{preset}"))
    try:
        if not interpreter.was_chosen():
            modules = _modules(needs, may_install)
            packages.see_to(needs.cpp, modules, may_install)
            interpreter.go_on_with(modules, words if may_install else ["--no-install", *words])
        if needs.targets:
            build.build(needs.targets)
    except (SetupError, OSError) as e:
        if str(e):
            print(f"fanbench: {_in_one_line(e)}", file=sys.stderr)
        sys.exit(ending.FAILED if arguments.verb == "gate" else 1)


def _modules(needs: Needs, may_install: bool) -> tuple[str, ...]:
    """What is welcome is among them where it is here, or can be had."""
    every = (*needs.modules, *needs.welcome)
    had = (may_install and packages.can_be_installed()) or interpreter.choose(every)
    return every if had else needs.modules


def _in_one_line(error: Exception) -> str:
    """What the system refuses says where, and what to do."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; nothing can be built there: remove it, or make room"
    return str(error)


def _of_gate(arguments: argparse.Namespace) -> Needs:
    """Folders need no compiler, commits are built apart, else this tree is head; contestants are measured by it."""
    if arguments.contestant:
        return TO_MEASURE
    if os.path.isdir(arguments.base):
        return TO_REPORT
    return TO_BUILD_COMMITS if arguments.head else TO_MEASURE
