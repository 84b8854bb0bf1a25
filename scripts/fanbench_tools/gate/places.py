"""Where a contestant lies in its repository, and both sides' copies of that: checked out apart, at paths of one length."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..contestants import building
from ..contestants.description import FILE
from . import builds
from .repository import BuildError, Repository, what_it_says

# A commit of what was never committed, the same for the same files.
NOBODY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
          for what, value in (("NAME", "fanbench"), ("EMAIL", "fanbench@localhost"), ("DATE", "@0 +0000"))}


class Commit(NamedTuple):
    id: str
    title: str  # what it is


@dataclass(frozen=True)
class Place:
    repository: Repository
    inside: Path  # the contestant's folder, in the repository

    def commit_of(self, ref: str) -> Commit:
        """With this contestant in it. Raises BuildError."""
        commit = self.repository.commit_of(ref, f"no commit of {self.repository.top}, the contestant's repository")
        if self.repository.git("cat-file", "-e", f"{commit}:{(self.inside / FILE).as_posix()}").returncode != 0:
            raise BuildError(f"{ref} ({commit[:12]}) has no {self.inside / FILE}: expected a commit of {self.repository.top} "
                             "in which the contestant is there")
        return Commit(commit, commit[:12] if ref == commit[:len(ref)] else f"{ref} ({commit[:12]})")

    def working_tree(self) -> Commit:
        """The working tree as it is, as a commit: with files that git does not know yet, but for those that it is told to
        ignore. Raises BuildError."""
        self.see_that_it_is_there()
        git = self.repository
        head = git.commit_of("HEAD", f"no commit in {git.top}")
        with tempfile.TemporaryDirectory(prefix="fanbench-gate-") as folder:
            index = Path(folder) / "index"
            with contextlib.suppress(FileNotFoundError):  # so that git reads what has changed alone
                shutil.copy2(git.top / os.fsdecode(git.told("rev-parse", "--git-path", "index").rstrip(b"\n")), index)
            here = {"GIT_INDEX_FILE": str(index)}
            git.told("add", "--update", "--", git.top, **here)
            new = git.told("ls-files", "--others", "--exclude-standard", "-z", "--", git.top, **here).split(b"\0")
            # Neither what is built nor, with / at its end, another repository.
            new = [path for path in new if not path.endswith(b"/") and b".build" not in path.split(b"/")]
            git.told("update-index", "--add", "-z", "--stdin", said=b"\0".join(new), **here)
            tree = git.told("write-tree", **here).decode().strip()
        if tree == git.told("rev-parse", f"{head}^{{tree}}").decode().strip():
            return Commit(head, f"the working tree ({head[:12]})")
        made = git.told("commit-tree", tree, "-p", head, "-m", "The working tree", **NOBODY).decode().strip()
        return Commit(made, f"the working tree ({head[:12]}, with changes)")

    def see_that_it_is_there(self) -> None:
        """In the working tree. Raises BuildError."""
        if not (self.repository.top / self.inside / FILE).is_file():
            raise BuildError(f"{self.repository.top / self.inside}: expected a contestant's {FILE} "
                             "(impls/external/PROTOCOL.md), got none; --head REF compares commits alone")

    def cache(self) -> Path:
        """For both sides' copies: measured where they are, as what is built may know its path."""
        top = str(self.repository.top)
        return builds.CACHE / "contestants" / f"{self.repository.top.name}-{hashlib.sha256(top.encode()).hexdigest()[:8]}"

    def checked_out(self, commit: Commit, side: str) -> Path:
        """The contestant's folder in a copy with that commit's files and no others, but for what was built of the copy's
        last commit: to be built again where that was another. Raises BuildError."""
        tree = self.cache() / side
        git, folder = self.repository, tree / self.inside
        if git.git("-C", tree, "rev-parse", "HEAD^{tree}").stdout != git.told("rev-parse", f"{commit.id}^{{tree}}"):
            (folder / ".build" / building.STAMP).unlink(missing_ok=True)
        git.check_out(commit.id, tree)
        git.told("-C", tree, "clean", "-ffdxq", "-e", ".build")
        if (tree / ".gitmodules").exists():
            git.told("-C", tree, "submodule", "--quiet", "update", "--init", "--recursive", "--force")
        return folder


def place_of(folder: Path) -> Place:
    """Raises BuildError."""
    if not folder.is_dir():
        raise BuildError(f"{folder}: no such folder; expected a contestant's, with {FILE} (impls/external/PROTOCOL.md)")
    asked = [Repository(folder).git("rev-parse", what) for what in ("--show-toplevel", "--show-prefix")]
    for one in asked:
        if one.returncode != 0:
            raise BuildError(f"{folder}: expected a folder in a git repository, whose commits are compared; git says: "
                             f"{what_it_says(one)}")
    top, inside = (Path(os.fsdecode(one.stdout.removesuffix(b"\n"))) for one in asked)
    return Place(Repository(top), inside)
