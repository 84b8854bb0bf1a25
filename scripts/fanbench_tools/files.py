"""Writes files whole or not at all, and names them so that any file system takes them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

LONGEST = 200  # bytes of a name: file systems take 255, and what is written beside it and then renamed is longer


def write_atomically(path: Path, content: bytes | str) -> None:
    """Writes beside the target and renames: a reader sees the old file or the new one, never half of one. Text is
    written as UTF-8, names of files in it as they are. An OSError names the target."""
    data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(path, data)
    except OSError as e:
        raise OSError(e.errno, e.strerror, str(path)) from None


def short_name(text: str) -> str:
    """The text as it is, if it is not too long for a file's name; else its beginning with a digest of it all."""
    data = text.encode()
    if len(data) <= LONGEST:
        return text
    digest = hashlib.sha256(data).hexdigest()[:16]
    return f"{data[:LONGEST - 1 - len(digest)].decode(errors='ignore')}-{digest}"


def plain_name(text: str) -> str:
    """A file's name, or an id, of letters, digits, `_` and `-` alone, whatever the text."""
    return short_name(re.sub(r"[^A-Za-z0-9_-]", "-", text))


def _write_and_rename(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())  # else a crash after the rename could leave an empty file under the name
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
