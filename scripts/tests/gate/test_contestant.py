"""fanbench gate --contestant as a real process, over commits of a repository of its own."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import Pretend, Ran, clean_environment, wait_until
from fanbench_tools import compiling
from fanbench_tools.gate import builds, places
from fanbench_tools.gate.repository import BuildError

GATHER = "gather/mine/own/calls:10/latency:20ms/start:warm"
RETRY = "retry/mine/own/calls:10/latency:20ms/start:warm"
GOOD = """name = "mine"
language = "C"
command = "true"
build = '''cp ../source "$BUILD/made" && echo made >> "$BUILD/calls"'''
"""


class Team:
    """A repository with a contestant in one of its folders, and the gate run on it."""

    def __init__(self, folder: Path) -> None:
        self.pretend = Pretend(folder)
        self.top = folder / "team"
        self.inside = self.top / "bench it"
        self.inside.mkdir(parents=True)
        self.cache = folder / "cache"
        self.git("init", "--quiet", "--initial-branch", "main")
        self.source("int one;\n")
        self.does({GATHER: "ok"})
        self.file(GOOD)
        self.first = self.commit()

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", "-C", str(self.top), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
                              check=True, capture_output=True, text=True).stdout.strip()

    def source(self, text: str) -> None:
        """Beside the contestant's folder, as a service's own is."""
        (self.top / "source").write_text(text)

    def does(self, cases: dict[str, str], hello: Any = ("gather", "retry")) -> None:
        (self.inside / "behaviours.json").write_text(json.dumps({"cases": cases, "hello": hello}))

    def file(self, text: str) -> None:
        (self.inside / "contestant.toml").write_text(text)

    def commit(self) -> str:
        self.git("add", "--all", ":!*.build")
        self.git("commit", "--quiet", "--message", "change", "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def start(self, *arguments: str, base: str = "HEAD", **environment: str) -> subprocess.Popen[str]:
        key, value = self.pretend.mark.split("=")
        program = ("import sys; from pathlib import Path; from fanbench_tools import cli; from fanbench_tools.gate import builds; "
                   f"builds.CACHE = Path({str(self.cache)!r}); sys.exit(cli.main(sys.argv[1:]))")
        argv = [sys.executable, "-P", "-c", program, "gate", "--contestant", str(self.inside), "--base", base,
                "--budget", "2m", *arguments]
        environment = {"FANBENCH_BENCH": str(self.pretend.bench), key: value, "GITHUB_ACTIONS": "",
                       "GITHUB_STEP_SUMMARY": "", "COLUMNS": "80", **environment}
        return subprocess.Popen(argv, env=clean_environment(**environment), cwd=self.pretend.folder, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments: str, **options: str) -> Ran:
        child = self.start(*arguments, **options)
        out, err = child.communicate(timeout=300)
        return Ran(child.returncode, out, err)

    def does_nothing(self) -> None:
        """From now on: nothing is measured, so a gate ends as soon as it has built both sides."""
        self.does({GATHER: "n/a"})
        self.commit()

    def builds(self, *arguments: str, base: str = "HEAD") -> int:
        """How many sides."""
        ran = self.run(*arguments, base=base)
        assert ran.err == "" and "\nUNPROVEN: nothing was compared" in ran.out
        return ran.out.count("Building mine (C): ")

    def copy(self, side: str) -> Path:
        """The contestant's folder as that side was measured."""
        (found,) = self.cache.glob(f"contestants/*/{side}/bench it")
        return found


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    made = Team(tmp_path)
    yield made
    assert made.pretend.processes() == []


def unfolded(ran: Ran) -> str:
    return " ".join(ran.out.split())


def test_a_commit_against_itself_passes(team: Team) -> None:
    ran = team.run("--head", "main", "--json", "gate.json")
    assert (ran.code, ran.err) == (0, "")
    assert f"mine of HEAD ({team.first[:12]}) → main ({team.first[:12]}): 1 case of pretend, about 120 s" in ran.out
    assert "note: base and head are the same commit" in ran.out and "\nPASS: no regression found in 3 comparisons" in ran.out
    assert set(team.pretend.started()) == {GATHER} and len(team.pretend.started()) == 3 * (8 + 3)
    found = json.loads((team.pretend.folder / "gate.json").read_text())
    assert (found["verdict"], found["suite"]) == ("pass", "pretend")


def test_what_the_working_tree_made_worse_is_a_regression(team: Team) -> None:
    """With its changes, files that git does not know yet among them; all of it stays as it was."""
    team.does({GATHER: "dear"})
    team.source("int two;\n")
    (team.inside / "new").write_text("new")
    (team.inside / ".build").mkdir()
    (team.inside / ".build" / "of people").write_text("")
    before = team.git("status", "--porcelain")
    ran = team.run()
    assert (ran.code, ran.err) == (1, "")
    assert f"→ the working tree ({team.first[:12]}, with changes)" in unfolded(ran)
    assert "Regressions: CPU +10.0 % (+10.0 % … +10.0 %): 10 µs → 11 µs" in unfolded(ran)
    assert (team.copy("head") / ".build" / "made").read_text() == "int two;\n"
    assert (team.copy("base") / ".build" / "made").read_text() == "int one;\n"
    assert (team.copy("head") / "new").exists() and not (team.copy("head") / ".build" / "of people").exists()
    assert team.git("status", "--porcelain") == before and team.git("rev-parse", "HEAD") == team.first


def test_both_sides_are_measured_at_paths_of_one_length(team: Team) -> None:
    team.does_nothing()
    team.builds()
    assert len(str(team.copy("base"))) == len(str(team.copy("head")))


def test_a_side_is_built_again_where_anything_of_its_repository_has_changed(team: Team) -> None:
    """Not its own folder alone: what it tests lies beside that."""

    def built(side: str) -> int:
        return len((team.copy(side) / ".build" / "calls").read_text().splitlines())

    team.does_nothing()
    for expected in (2, 0):
        assert team.builds() == expected and (built("base"), built("head")) == (1, 1)
    team.source("int two;\n")
    team.commit()
    assert team.builds(base="HEAD~1") == 1 and (built("base"), built("head")) == (1, 2)
    assert (team.copy("head") / ".build" / "made").read_text() == "int two;\n"


def test_what_one_commit_left_is_not_in_the_next(team: Team) -> None:
    team.does_nothing()
    team.file(GOOD.replace("cp ../source", "touch left && cp ../source"))
    team.commit()
    for head, is_left in (("HEAD", True), ("HEAD~1", False)):
        team.builds("--head", head)
        assert (team.copy("head") / "left").exists() == is_left


def test_workloads_that_it_does_not_have_are_not_judged(team: Team) -> None:
    team.does({GATHER: "ok", RETRY: "error"}, hello=["gather", "crawl"])
    team.commit()
    assert team.run().code == 0 and set(team.pretend.started()) == {GATHER}


def test_a_workload_that_head_lost_is_invalid_and_a_new_one_a_note(team: Team) -> None:
    team.does({GATHER: "ok", RETRY: "ok"}, hello=["gather", "retry", "crawl"])
    team.commit()
    team.does({GATHER: "ok", RETRY: "ok"}, hello=["gather"])
    ran = team.run("--json", "gate.json")
    assert (ran.code, ran.err) == (2, "")
    assert "invalid: head has no retry any more: its hello names gather" in unfolded(ran)
    assert "note: head has no crawl any more, which is not judged here" in unfolded(ran)
    assert team.pretend.started() == []
    assert team.run("--filter", "gather").code == 0
    ran = team.run("--head", "HEAD", base=team.first)
    assert ran.code == 0 and f"{RETRY}: new, not judged" in unfolded(ran)


def test_a_workload_of_which_the_suite_has_none_is_a_line(team: Team) -> None:
    team.does({GATHER: "ok"}, hello=["crawl"])
    ran = team.run()
    assert ran.code == 2
    assert "mine has no workload of pretend, which has gather; its hello names crawl; --suite FILE.toml" in unfolded(ran)


def test_a_side_that_does_not_build_shows_the_first_error(team: Team) -> None:
    team.file(GOOD.replace("cp ../source", "echo compiling; echo 'a.c:3:1: error: expected ;'; echo 'b.c:1: error: too'; false"))
    broken = team.commit()
    team.file(GOOD)
    team.commit()
    for arguments, title in (({"base": broken}, broken[:12]), ({"base": "HEAD~1"}, f"HEAD~1 ({broken[:12]})")):
        ran = team.run("--json", "gate.json", **arguments)
        assert ran.code == 2
        assert f"invalid: {title} can't be built: a.c:3:1: error: expected ; (all it said: " in unfolded(ran)
        assert ran.out.splitlines()[-1].startswith("INVALID: base and head can't be compared")
        assert json.loads((team.pretend.folder / "gate.json").read_text())["exit_code"] == 2
    assert team.pretend.started() == []


def test_a_build_that_was_broken_is_made_again(team: Team) -> None:
    """As what it said may have been of the machine."""
    team.does_nothing()
    team.file(GOOD.replace("cp ../source", "test -e ../../../../../allowed && cp ../source"))
    team.commit()
    assert "can't be built" in team.run("--head", "HEAD").out
    (team.cache.parent / "allowed").touch()
    team.builds("--head", "HEAD")


@pytest.mark.parametrize(("change", "message"), [
    (lambda team: team.file(GOOD.replace("mine", "yours")),
     "its name is mine in HEAD (X) and yours in the working tree (X, with changes): expected one name in both"),
    (lambda team: team.does({GATHER: "ok"}, hello="mine cannot run here: no libcurl"),
     "the working tree (X, with changes): fanbench-bench: mine cannot run here: no libcurl"),
])
def test_sides_that_can_not_be_compared(team: Team, change: Any, message: str) -> None:
    change(team)
    ran = team.run()
    assert (ran.code, ran.err) == (2, "") and message.replace("X", team.first[:12]) in unfolded(ran)
    assert team.pretend.started() == []


@pytest.mark.parametrize(("options", "message"), [
    ({"base": "mian"}, '"mian": no commit of TEAM, the contestant\'s repository; nearest: main'),
    ({"base": ""}, '"": no commit of TEAM'),
    ({"arguments": ["--head", "nosuch"]}, '"nosuch": no commit of TEAM'),
    ({"base": "empty"}, "has no bench it/contestant.toml: expected a commit of TEAM in which the contestant is there"),
    ({"arguments": ["--contestant", "nowhere"]}, "nowhere: no such folder; expected a contestant's, with contestant.toml"),
    ({"arguments": ["--contestant", "TEAM"]}, "has no contestant.toml: expected a commit"),
    ({"arguments": ["--contestant", "TEAM/.."]}, "expected a folder in a git repository, whose commits are compared; git says"),
    ({"arguments": ["--contestant", "TEAM/.git"]}, "expected a folder in a git repository, whose commits are compared"),
    ({"arguments": ["--suite", "nosuch"]}, 'no suite "nosuch"'),
    ({"arguments": ["--filter", "treads"]}, '--filter: no case of pretend for mine matches "treads"'),
    ({"arguments": ["--budget", "9s"]}, "fanbench: --budget: 9s is too short: 1 case needs "),
])
def test_bad_input_gets_one_line(team: Team, options: dict[str, Any], message: str) -> None:
    team.git("branch", "empty", team.git("commit-tree", "-m", "empty", team.git("mktree")))
    arguments = [word.replace("TEAM", str(team.top)) for word in options.pop("arguments", [])]
    ran = team.run(*arguments, **options)
    assert (ran.code, ran.err.count("\n")) == (2, 1) and message.replace("TEAM", str(team.top)) in ran.err
    assert team.pretend.started() == []


def test_a_folder_without_the_file_can_be_head_no_more(team: Team) -> None:
    team.does_nothing()
    (team.inside / "contestant.toml").unlink()
    ran = team.run()
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"{team.inside}: expected a contestant's contestant.toml" in ran.err
    team.builds("--head", "HEAD")


def test_a_second_gate_of_the_same_repository_waits(team: Team) -> None:
    place = places.place_of(team.inside)
    folder = team.cache / place.cache().relative_to(builds.CACHE)
    folder.mkdir(parents=True)
    with open(folder / ".lock", "w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        child = team.start()
        assert child.stdout and child.stdout.readline() == f"waiting for another gate of {team.top}, 0 s\n"
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (143, "fanbench: interrupted by SIGTERM; nothing is decided\n")


def test_a_stop_while_building_decides_nothing(team: Team) -> None:
    ready = team.pretend.folder / "building"
    team.file(GOOD.replace("cp ../source", f"touch '{ready}' && sleep 600 && cp ../source"))
    child = team.start()
    wait_until(ready.exists, "it is built")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: interrupted by SIGINT; nothing is decided\n")
    team.file(GOOD)
    team.does_nothing()
    team.builds()


def test_a_copy_whose_worktree_git_forgot_is_made_anew(team: Team) -> None:
    """As a cache that is restored into a fresh clone."""
    team.does_nothing()
    team.builds()
    for of_git in (team.top / ".git" / "worktrees").iterdir():
        (of_git / "HEAD").unlink()
    team.builds()


def test_a_working_tree_without_changes_is_its_commit(team: Team) -> None:
    (team.top / ".gitignore").write_text("ignored\n")
    commit = team.commit()
    (team.top / "ignored").write_text("")
    place = places.place_of(team.inside)
    assert place.working_tree() == (commit, f"the working tree ({commit[:12]})")
    (team.top / "source").unlink()
    other = place.working_tree()
    assert other == place.working_tree() and other.id != commit  # the same for the same files
    assert team.git("ls-tree", "--name-only", other.id) == ".gitignore\nbench it"


def test_hooks_of_the_repository_are_not_run(team: Team) -> None:
    hook = team.top / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{team.pretend.folder}/hooked'\n")
    hook.chmod(0o755)
    team.does_nothing()
    team.builds()
    assert not (team.pretend.folder / "hooked").exists()


def test_a_repository_that_can_not_be_written_is_a_line(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    (team.top / "new").write_text("new")
    monkeypatch.setattr(places, "NOBODY", {"GIT_AUTHOR_DATE": "never"})
    with pytest.raises(BuildError, match="^git commit-tree failed: fatal: "):
        places.place_of(team.inside).working_tree()


@pytest.mark.parametrize(("said", "first"), [
    ("g++ -Wall -Werror -c error.cpp\nerror.cpp:3:1: error: expected ;\nb.cpp:1: error: too", "error.cpp:3:1: error: expected ;"),
    ("x.c:1:10: fatal error: y.h: No such file", "x.c:1:10: fatal error: y.h: No such file"),
    ("/usr/bin/ld: a.o: in function `main':\na.c:3: undefined reference to `f'\ncollect2: error: ld returned 1 exit status",
     "a.c:3: undefined reference to `f'"),
    ("   Compiling mine\nerror[E0425]: cannot find value `x`\n --> src/main.rs:2:5", "error[E0425]: cannot find value `x`"),
    ("# mine\n./main.go:5:2: \"os\" imported and not used", "./main.go:5:2: \"os\" imported and not used"),
    ("src/a.ts(1,5): error TS2322: Type 'x'", "src/a.ts(1,5): error TS2322: Type 'x'"),
    ("Traceback:\n  File x\nSyntaxError: invalid syntax", "SyntaxError: invalid syntax"),
    ("CMake Error at CMakeLists.txt:3 (message):\n  broken", "CMake Error at CMakeLists.txt:3 (message):"),
    ("sh: 1: nosuch: not found\n\n", "sh: 1: nosuch: not found"),
    ("", ""),
])
def test_the_first_error_of_a_build(said: str, first: str) -> None:
    assert compiling.first_error(said.splitlines()) == first
