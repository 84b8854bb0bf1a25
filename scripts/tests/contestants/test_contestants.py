"""Contestants are read, built once, and only where a run needs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import Pretend, Ran, clean_environment, wait_until
from fanbench_tools.contestants import ContestantError
from fanbench_tools.contestants.building import fingerprint
from fanbench_tools.contestants.description import Contestant, read

CASE = "gather/mine/own/calls:10/latency:20ms/start:warm"
OURS = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
GOOD = 'name = "mine"\nlanguage = "C#"\ncommand = "$BUILD/mine"\n'


def folder_of(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    (folder / "contestant.toml").write_text(text)
    return folder


def test_what_it_says_is_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD)
    assert read(folder) == Contestant("mine", "C#", folder.resolve(), "$BUILD/mine", "", ())
    folder_of(tmp_path, GOOD + 'build = "make"\npackages = ["golang-go", "g++"]\nhas_workers = true\n')
    assert read(folder) == Contestant("mine", "C#", folder.resolve(), "$BUILD/mine", "make", ("golang-go", "g++"))
    assert read(folder).build_folder == folder.resolve() / ".build"


@pytest.mark.parametrize(("text", "message"), [
    (GOOD.replace("mine", "Mine", 1), 'name: expected a name of a-z, 0-9 and _ that begins with a letter, got "Mine"'),
    (GOOD.replace('name = "mine"', ""), "name: expected a name of a-z, 0-9 and _ that begins with a letter, got nothing"),
    (GOOD.replace('"C#"', "7"), "language: expected the language, as reports show it, got 7"),
    (GOOD.replace('"$BUILD/mine"', '" "'), 'command: expected the command that starts it, got " "'),
    (GOOD + "build = ['make']", "build: expected the command that builds it, got ['make']"),
    (GOOD + 'packages = "g++"', 'packages: expected a list of the distribution\'s packages, such as ["golang-go"], got "g++"'),
    (GOOD + 'packages = ["--option"]', "packages: expected a list of the distribution's packages"),
    (GOOD + 'has_workers = "no"', 'has_workers: expected true or false, got "no"'),
    (GOOD + 'packges = []', "packges: expected a known key (did you mean packages?)"),
    (GOOD + "frob = 1", "frob: expected a known key (name, language, command, build, packages, has_workers)"),
    ("name = ", "expected TOML, got: "),
])
def test_a_mistake_gets_one_line(tmp_path: Path, text: str, message: str) -> None:
    folder = folder_of(tmp_path, text)
    with pytest.raises(ContestantError) as refused:
        read(folder)
    assert str(refused.value).startswith(f"{folder / 'contestant.toml'}: ") and "\n" not in str(refused.value)
    assert message in str(refused.value)


def test_a_folder_without_the_file_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ContestantError, match="expected a contestant's file .*, got: No such file or directory"):
        read(tmp_path)
    (tmp_path / "contestant.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ContestantError, match="expected UTF-8"):
        read(tmp_path)


def test_a_fingerprint_is_of_what_decides(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD)
    (folder / "src").mkdir()
    source = folder / "src" / "main.cs"
    source.write_text("a")
    mine = read(folder)
    prints = [fingerprint(mine)]
    for change in (lambda: source.write_text("b"), lambda: source.chmod(0o755), lambda: source.rename(folder / "src" / "x.cs"),
                   lambda: (folder / "link").symlink_to("src")):
        change()
        prints.append(fingerprint(mine))
    prints.append(fingerprint(Contestant(mine.name, mine.language, mine.folder, mine.command, "make all")))
    assert len(set(prints)) == len(prints)
    for left in (".build", "__pycache__", ".git", "src/__pycache__"):
        (folder / left).mkdir()
        (folder / left / "made").write_text("made")
    os.mkfifo(folder / "pipe")
    assert fingerprint(mine) == prints[-2]


class Suite:
    """A suite with a contestant whose build notes that it was called."""

    def __init__(self, pretend: Pretend, build: str = 'echo made >> "$BUILD/calls"; pwd > "$BUILD/where"') -> None:
        self.pretend, self.folder = pretend, pretend.folder / "my client"
        self.folder.mkdir()
        (self.folder / "source").write_text("1")
        self.listed(build)

    def listed(self, build: str, packages: tuple[str, ...] = (), cases: tuple[str, ...] = (CASE, OURS)) -> None:
        described = {"name": "mine", "language": "C#", "folder": str(self.folder), "build": build,
                     "packages": list(packages), "command": "$BUILD/mine"}
        self.pretend.cases(dict.fromkeys(cases, "ok"), contestants=[described])

    def run(self, *arguments: str, **options: Any) -> Ran:
        self.out = self.pretend.folder / f"out{len(list(self.pretend.folder.glob('out*')))}"
        return self.pretend.run(*arguments, out=self.out, **options)

    def builds(self) -> int:
        log = self.folder / ".build" / "calls"
        return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_run_builds_what_it_measures_before_the_first_case(pretend: Pretend) -> None:
    suite = Suite(pretend)
    ran = suite.run()
    assert (ran.code, ran.err, suite.builds(), len(pretend.started())) == (0, "", 1, 2)
    assert (suite.folder / ".build" / "where").read_text() == f"{suite.folder}\n"
    said = ran.out.splitlines()
    assert said[0].startswith("Building mine (C#): echo made") and said[1].startswith("Built mine (C#) in ")


def test_what_has_not_changed_is_not_built_again(pretend: Pretend) -> None:
    suite = Suite(pretend)
    assert [suite.run().code, suite.run().code, suite.builds()] == [0, 0, 1]
    assert "Buil" not in suite.run().out
    (suite.folder / "source").write_text("2")
    assert (suite.run().code, suite.builds()) == (0, 2)
    suite.listed('echo made >> "$BUILD/calls"')
    assert (suite.run().code, suite.builds()) == (0, 3)


def test_only_what_the_filter_leaves_is_built(pretend: Pretend) -> None:
    suite = Suite(pretend)
    assert suite.run("--filter", "coroutines").code == 0 and suite.builds() == 0
    assert suite.run("--filter", "mine").code == 0 and suite.builds() == 1


def test_a_list_builds_nothing(pretend: Pretend) -> None:
    suite = Suite(pretend)
    ran = pretend.run(str(pretend.suite), verb="list")
    assert ran.code == 0 and CASE in ran.out and not (suite.folder / ".build").exists()


def test_one_without_a_build_has_its_folder_all_the_same(pretend: Pretend) -> None:
    suite = Suite(pretend, build="")
    ran = suite.run()
    assert (ran.code, ran.err) == (0, "") and list((suite.folder / ".build").iterdir()) == []


def test_a_build_that_fails_is_told_and_nothing_is_measured(pretend: Pretend) -> None:
    suite = Suite(pretend, build="seq 30; echo error: no semicolon >&2; exit 3")
    ran = suite.run()
    assert (ran.code, pretend.started()) == (2, []) and list(suite.out.iterdir()) == []
    *said, last = ran.err.splitlines()
    assert said == [*map(str, range(12, 31)), "error: no semicolon"]
    assert last.startswith("fanbench: mine: its build exited with 3 after ")
    assert last.endswith(f"; all it said: {suite.folder}/.build/.fanbench-build.log")
    assert suite.run().code == 2  # it is tried again


def test_a_build_whose_source_did_not_change_but_failed_is_made_again(pretend: Pretend) -> None:
    suite = Suite(pretend, build='echo made >> "$BUILD/calls"; test -e "$BUILD/may"')
    assert (suite.run().code, suite.builds()) == (2, 1)
    (suite.folder / ".build" / "may").touch()
    assert (suite.run().code, suite.builds()) == (0, 2)


def test_what_a_build_leaves_running_is_ended(pretend: Pretend) -> None:
    suite = Suite(pretend, build="setsid sleep 600 &")
    assert suite.run().code == 0
    assert pretend.processes() == []


def test_a_stop_while_building_is_no_build(pretend: Pretend) -> None:
    suite = Suite(pretend, build='touch "$BUILD/runs"; sleep 600')
    child = pretend.start()
    wait_until((suite.folder / ".build" / "runs").exists, "it is being built")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: stopped while building; the next call goes on from there\n")
    assert not (suite.folder / ".build" / ".fanbench-built").exists() and pretend.started() == []


def test_a_folder_that_can_not_be_built_in_gets_one_line(pretend: Pretend) -> None:
    suite = Suite(pretend)
    (suite.folder / ".build").write_text("a file")
    ran = suite.run()
    assert (ran.code, ran.err) == (2, f"fanbench: mine: {suite.folder}/.build: File exists\n")


PACKAGE_MANAGER = {
    "dpkg-query": 'for p in "$@"; do grep -qxs -- "$p" "$FAKE/installed" && echo "$p installed"; done; exit 1',
    "apt-get": """echo "$*" >> "$FAKE/apt"
case " $* " in *" --simulate "*) [ ! -e "$FAKE/unknown" ] || { echo "E: Unable to locate"; exit 100; }; exit 0 ;; esac
for p in "$@"; do echo "$p" >> "$FAKE/installed"; done""",
    "sudo": 'exec "$@"',
}


@pytest.fixture
def fake(pretend: Pretend) -> dict[str, str]:
    """An environment with a pretend package manager."""
    tools = pretend.folder / "bin"
    tools.mkdir()
    for name, script in PACKAGE_MANAGER.items():
        (tools / name).write_text(f"#!/bin/bash\n{script}\n")
        (tools / name).chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "FAKE": str(pretend.folder)}


def as_the_set_up_does(pretend: Pretend, environment: dict[str, str], may_install: bool) -> Ran:
    """The verb `run`, as scripts/fanbench hands it over with or without --no-install."""
    code = ("import sys; from fanbench_tools import cli; "
            f"sys.exit(cli.main(sys.argv[1:], lambda a: setattr(a, 'may_install', {may_install})))")
    child = subprocess.run([sys.executable, "-P", "-c", code, "run", str(pretend.suite), "--no-report", "--out",
                            str(pretend.folder / f"out-{may_install}")], text=True, capture_output=True, check=False,
                           env=clean_environment(FANBENCH_BENCH=str(pretend.bench), **environment), timeout=120)
    return Ran(child.returncode, child.stdout, child.stderr)


def test_packages_are_installed_where_a_case_needs_them(pretend: Pretend, fake: dict[str, str]) -> None:
    suite = Suite(pretend)
    (pretend.folder / "installed").write_text("python3\n")
    suite.listed('grep -qx golang-go "$FAKE/installed"', packages=("python3", "golang-go"))
    told = as_the_set_up_does(pretend, fake, may_install=False)
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert (told.code, told.out, told.err) == (
        1, f"{sudo}apt-get install --yes --no-install-recommends golang-go\n", "")
    assert not (pretend.folder / "apt").exists()
    ran = as_the_set_up_does(pretend, fake, may_install=True)
    assert (ran.code, ran.err) == (0, "") and "Missing: golang-go\n" in ran.out
    assert (pretend.folder / "apt").read_text().splitlines()[-1].endswith(
        "install --yes --no-install-recommends golang-go")


def test_packages_that_can_not_be_had_are_told(pretend: Pretend, fake: dict[str, str]) -> None:
    suite = Suite(pretend)
    suite.listed("", packages=("nosuch",))
    (pretend.folder / "unknown").touch()
    ran = as_the_set_up_does(pretend, fake, may_install=True)
    assert ran.code == 2 and pretend.started() == []
    assert ran.err.splitlines()[-1] == "fanbench: mine: these packages can't be installed here: nosuch"
    suite.listed("", packages=("nosuch",), cases=(OURS,))  # nobody needs them
    assert as_the_set_up_does(pretend, fake, may_install=True).code == 0
