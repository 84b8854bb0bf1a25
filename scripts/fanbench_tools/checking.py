"""What can be told of a verb's arguments before anything is installed, built or measured: with the standard library and
git alone."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import itertools
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol, Sequence, TypeVar
from urllib.parse import urlsplit

from . import checkout
from .contestants import ContestantError, description
from .contestants.description import Contestant
from .files import plain_name
from .gate import builds, places


class Refused(Exception):
    """Input that can't be used. The message is one line."""


class Named(Protocol):
    name: str


N = TypeVar("N", bound=Named)


def check(arguments: argparse.Namespace) -> None:
    """Raises Refused."""
    look = {"run": _run, "list": _list, "report": _report, "compare": _compare, "gate": _gate,
            "record": _record, "contestant": _contestant}.get(arguments.verb)
    if look:
        look(arguments)


def _run(arguments: argparse.Namespace) -> None:
    suite_path(arguments.suite)
    pattern(arguments.filter)
    if arguments.out:
        given(arguments.out)
    else:
        _see_that_files_can_be_written(checkout.RESULTS, make=True)


def _list(arguments: argparse.Namespace) -> None:
    if arguments.suite:
        suite_path(arguments.suite)


def _report(arguments: argparse.Namespace) -> None:
    _results(arguments.folder)


def _compare(arguments: argparse.Namespace) -> None:
    _results(arguments.first)
    _results(arguments.second)


def _contestant(arguments: argparse.Namespace) -> None:
    described(arguments.folder)


def described(folder: Path) -> Contestant:
    """What the contestant in this folder says of itself. Raises Refused."""
    if not os.path.isdir(folder):
        raise Refused(f"{folder}: no such folder; expected a contestant's (impls/external/PROTOCOL.md)")
    try:
        return description.read(folder)
    except ContestantError as e:
        raise Refused(str(e)) from None


def _record(arguments: argparse.Namespace) -> None:
    url = with_scheme(arguments.url)
    out = out_of_record(arguments)
    if not _can_be_asked(url):
        raise Refused(f"{arguments.url!r}: no URL that can be asked; expected one such as https://example.org/items")
    if not re.fullmatch(r"[\w-][\w.-]*", out.name):
        raise Refused(f"--out: expected a name of letters, digits, _, - and . that NAME.txt and NAME.toml are made of, got "
                      f'"{out.name}"')
    for path in (out.with_name(f"{out.name}{suffix}") for suffix in (".txt", ".toml")):
        if os.path.lexists(path) and not arguments.force:
            raise Refused(f"{path}: is there already; --force writes over it, --out NAME another file")
        _file(path)


def _can_be_asked(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and \
            not re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", url)
    except ValueError:  # a bad port, or IPv6 address
        return False


def with_scheme(url: str) -> str:
    """As curl has it: http:// where none is named."""
    return url if "://" in url else f"http://{url}"


def out_of_record(arguments: argparse.Namespace) -> Path:
    """What NAME.txt and NAME.toml are made of: --out, or the URL's host."""
    if arguments.out:
        return arguments.out.with_suffix("") if arguments.out.suffix in (".txt", ".toml") else arguments.out
    host = re.sub(r"[/?#].*", "", with_scheme(arguments.url).partition("://")[2], flags=re.DOTALL).rpartition("@")[2]
    return Path(plain_name(host).strip("-") or "service")


def _gate(arguments: argparse.Namespace) -> None:
    pattern(arguments.filter)
    for path in filter(None, (arguments.markdown, arguments.json)):
        _file(path)
    if arguments.contestant:
        _gate_of_contestant(arguments)
        return
    folders = [side is not None and os.path.isdir(side) for side in (arguments.base, arguments.head)]
    if all(folders):
        return
    if any(folders):
        folder, other = (arguments.base, arguments.head or "the working tree")[::1 if folders[0] else -1]
        raise Refused(f"{folder} is a folder of results, {other} is not: expected two folders or two commits")
    try:
        commits = [None if ref is None else builds.commit_of(ref) for ref in (arguments.base, arguments.head)]
        if commits[1] is None or is_path(arguments.suite):
            suite_path(arguments.suite)
        elif arguments.suite not in (names := builds.suites_of(commits[1])):
            raise Refused(f'{arguments.head} has no suite "{arguments.suite}"{_nearest(arguments.suite, names)}; expected '
                          f"{_one_of(names)}")
    except builds.BuildError as e:
        raise Refused(str(e)) from None


def _gate_of_contestant(arguments: argparse.Namespace) -> None:
    try:
        place = places.place_of(arguments.contestant)
        for ref in (arguments.base, arguments.head):
            if ref is not None:
                place.commit_of(ref)
        if arguments.head is None:
            place.see_that_it_is_there()
    except builds.BuildError as e:
        raise Refused(str(e)) from None
    suite_path(arguments.suite)


def is_path(suite: str) -> bool:
    return suite.endswith(".toml") or "/" in suite


def suite_path(suite: str) -> Path:
    """A name means one of the suites that come with fanbench, else it is a path. Raises Refused."""
    path = Path(suite) if is_path(suite) else checkout.SUITES / f"{suite}.toml"
    if os.path.isfile(path):
        try:
            path.open("rb").close()
            return path.resolve()
        except OSError as e:
            raise Refused(f"{suite}: can't be read: {e.strerror}") from None
    if is_path(suite):
        raise Refused(f"{suite}: no such file; expected a suite's name or TOML file")
    names = [p.stem for p in sorted(checkout.SUITES.glob("*.toml"))]
    raise Refused(f'no suite "{suite}"{_nearest(suite, names)}; expected {_one_of(names or ["one in bench/suites"])}, or a '
                  "path to a TOML file")


def pattern(regex: str | None) -> re.Pattern[str]:
    """What --filter names. Raises Refused."""
    try:
        return re.compile(regex or "")
    except re.error as e:
        raise Refused(f'--filter: expected a regular expression, got "{regex}": {e}') from None


def selected(cases: Sequence[N], wanted: re.Pattern[str], of: str, all_of_them: str) -> tuple[N, ...]:
    """The cases in whose name the pattern is found. Raises Refused where it is in none: with the names that are nearest,
    and what shows all."""
    found = tuple(case for case in cases if wanted.search(case.name))
    if found or not cases:
        return found
    nearest = ", ".join(nearest_names(wanted.pattern, [case.name for case in cases]))
    raise Refused(f'--filter: no case of {of} matches "{wanted.pattern}"; nearest of {len(cases):,}: {nearest} '
                  f"({all_of_them} shows all)")


def nearest_names(regex: str, names: Sequence[str], number: int = 2) -> list[str]:
    """Those whose parts are the most like the words of a regular expression."""
    words = re.findall(r"[\w:.]+", regex)

    def likeness(name: str) -> float:
        return sum(max(difflib.SequenceMatcher(None, word, part).ratio() for part in name.split("/")) for word in words)

    return sorted(names, key=likeness, reverse=True)[:number]


def given(out: Path) -> Path:
    """The folder that --out names, made if it is not there. Raises Refused."""
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise Refused(f"{out}: is there already, and nothing is overwritten; expected a new or empty folder")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise Refused(f"{out}: can't be made: {e.strerror}") from None
    _see_that_files_can_be_written(out)
    return out


def new_folder(wanted: Path) -> Path:
    """Makes it, or where another run has it by then, the same with -2, -3 … behind it. Raises Refused."""
    for n in itertools.count(1):
        path = wanted if n == 1 else wanted.with_name(f"{wanted.name}-{n}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                return path
        except OSError as e:
            raise Refused(f"{path}: can't be made: {e.strerror}; --out DIR puts results elsewhere") from None
    raise AssertionError("numbers never end")


def _see_that_files_can_be_written(folder: Path, make: bool = False) -> None:
    """By writing one, which is gone at once. Raises Refused."""
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as e:
        elsewhere = "; --out DIR puts results elsewhere" if make else ""
        raise Refused(f"{folder}: nothing can be written there: {e.strerror}{elsewhere}") from None


def _file(path: Path) -> None:
    """Raises Refused where it can't be written."""
    folder = path.absolute().parent
    if not os.path.isdir(folder) or (os.path.lexists(path) and not os.path.isfile(path)):
        raise Refused(f"{path}: can't be written: expected a file in a folder that is there")
    _see_that_files_can_be_written(folder)


def _results(folder: Path) -> None:
    """Raises Refused where a run can't have left results."""
    if not os.path.isdir(folder):
        raise Refused(f"{folder}: no such folder; expected one with the results of a run")


def _nearest(came: str, names: Sequence[str]) -> str:
    """Of the names the one that may be meant, as a question; nothing where none is like it."""
    nearest = difflib.get_close_matches(came, names, 1)
    return f" (did you mean {nearest[0]}?)" if nearest else ""


def _one_of(names: Sequence[str]) -> str:
    *others, last = names or ["none: it has no suites"]
    return f"{', '.join(others)} or {last}" if others else last
