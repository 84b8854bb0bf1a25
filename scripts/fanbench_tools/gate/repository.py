"""A git repository as the gate asks it: for commits, and for what is in them."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class BuildError(Exception):
    """A commit that is not there or can't be built. The message is one line."""


@dataclass(frozen=True)
class Repository:
    top: Path  # of its working tree, or any folder in it

    def git(self, *arguments: str | Path, said: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
        """`said` is its input. Hooks are not run. Raises BuildError where there is no git."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}  # inside a hook they name its files
        try:
            return subprocess.run(["git", "-C", self.top, "-c", "core.hooksPath=/dev/null", *arguments], input=said,
                                  capture_output=True, env=clean | environment, check=False)
        except FileNotFoundError:
            raise BuildError("git: command not found; commits are compared with it") from None

    def told(self, *arguments: str | Path, said: bytes = b"", **environment: str) -> bytes:
        """What git prints. Raises BuildError where it fails."""
        done = self.git(*arguments, said=said, **environment)
        check(done, f"git {arguments[0]}")
        return done.stdout

    def commit_of(self, ref: str, otherwise: str) -> str:
        """The commit that a ref names. Raises BuildError, which calls a ref that is none `otherwise`."""
        parsed = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if parsed.returncode != 0:
            raise BuildError(f'"{ref}": {otherwise}{self._why_no_commit(ref)}')
        return parsed.stdout.decode().strip()

    def check_out(self, commit: str, tree: Path) -> None:
        """In a worktree of its own, which is made where it is not there, and else changed where it differs. Raises
        BuildError."""
        self.git("worktree", "prune")
        if not (tree / ".git").exists() or self.git("-C", tree, "rev-parse", "HEAD").returncode != 0:  # a restored cache
            shutil.rmtree(tree, ignore_errors=True)
            check(self.git("worktree", "add", "--detach", "--force", tree, commit), f"git worktree add {commit[:12]}")
        else:
            check(self.git("-C", tree, "checkout", "--detach", "--force", commit), f"git checkout {commit[:12]}")

    def _why_no_commit(self, ref: str) -> str:
        asked = self.git("rev-parse", "--is-shallow-repository")
        if asked.returncode != 0:
            return f"; git says: {what_it_says(asked)}"
        if asked.stdout.strip() == b"true":
            return "; this clone is shallow, fetch it with its history"
        names = self.git("for-each-ref", "--format=%(refname:short)").stdout.decode(errors="replace").split()
        nearest = difflib.get_close_matches(ref, names, 3)
        return f"; nearest: {', '.join(nearest)}" if nearest else ""


def check(done: subprocess.CompletedProcess[bytes], what: str) -> None:
    """Raises BuildError where it failed."""
    if done.returncode != 0:
        raise BuildError(f"{what} failed: {what_it_says(done)}")


def what_it_says(done: subprocess.CompletedProcess[bytes]) -> str:
    """What is fatal, or the last word."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if line.startswith("fatal:")), lines[-1] if lines else "nothing")
