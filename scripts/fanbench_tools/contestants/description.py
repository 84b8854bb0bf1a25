"""What a folder's contestant.toml says."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from . import ContestantError

FILE = "contestant.toml"


@dataclass(frozen=True)
class Contestant:
    name: str
    language: str
    folder: Path  # absolute
    command: str
    build: str = ""
    packages: tuple[str, ...] = ()

    @property
    def build_folder(self) -> Path:
        """For what is built; BUILD in the environment of `command` and `build`."""
        return self.folder / ".build"


def read(folder: Path) -> Contestant:
    """Raises ContestantError: the file, the key, what was expected and what came."""
    file = folder / FILE
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as e:
        raise ContestantError(f"{file}: expected a contestant's file (impls/external/PROTOCOL.md), got: {e.strerror}") from None
    except UnicodeDecodeError:
        raise ContestantError(f"{file}: expected UTF-8, got bytes that are none") from None
    except tomllib.TOMLDecodeError as e:
        raise ContestantError(f"{file}: expected TOML, got: {e}") from None
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else ", ".join(_KEYS)
            raise ContestantError(f"{file}: {key}: expected a known key ({hint})")
    for key, (needed, expected, is_right) in _KEYS.items():
        if key not in table and needed:
            raise ContestantError(f"{file}: {key}: expected {expected}, got nothing")
        if key in table and not is_right(table[key]):
            raise ContestantError(f"{file}: {key}: expected {expected}, got {_shown(table[key])}")
    return of_table(table, folder.resolve())


def of_table(table: Mapping[str, Any], folder: Path) -> Contestant:
    """Of one that is right."""
    return Contestant(table["name"], table["language"], folder, table["command"], table.get("build", ""),
                      tuple(table.get("packages", ())))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_packages(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(p, str) and re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", p) for p in value)


def _shown(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else \
        f'"{value}"' if isinstance(value, str) else str(value)


_KEYS = {  # whether it is needed, what is expected
    "name": (True, "a name of a-z, 0-9 and _ that begins with a letter",
             lambda value: _is_text(value) and bool(re.fullmatch("[a-z][a-z0-9_]*", value))),
    "language": (True, "the language, as reports show it", lambda value: _is_text(value) and bool(value.strip())),
    "command": (True, "the command that starts it", lambda value: _is_text(value) and bool(value.strip())),
    "build": (False, "the command that builds it", _is_text),
    "packages": (False, 'a list of the distribution\'s packages, such as ["golang-go"]', _are_packages),
    "has_workers": (False, "true or false", lambda value: isinstance(value, bool)),
}
