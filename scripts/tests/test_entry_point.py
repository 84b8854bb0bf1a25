"""scripts/fanbench in a pretend checkout, with pretend package manager, cmake and ninja that note their calls."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import SCRIPTS, Ran, clean_environment, wait_until
from fanbench_tools import cli
from fanbench_tools.setup import interpreter, packages

CPUS = min(len(os.sched_getaffinity(0)), 8)
CPP = ("g++ cmake ninja-build libcurl4-openssl-dev libtbb-dev liburing-dev libbenchmark-dev libgtest-dev libgmock-dev libfmt-dev "
       "libtomlplusplus-dev libcli11-dev nlohmann-json3-dev").split()

NOTE_THE_CALL = '#!/bin/bash\necho "${0##*/} $*" >>"$FAKE/calls"\n'
TOOLS = {
    "dpkg-query": 'for p in "$@"; do grep -qx -- "$p" "$FAKE/installed" && echo "$p installed"; done; exit 1',
    "apt-get": """
[ "$1" != update ] && [ "${3-}" != update ] || { touch "$FAKE/updated"; exit 0; }
if [ -e "$FAKE/apt-fails" ] || { [ -e "$FAKE/lists-are-old" ] && [ ! -e "$FAKE/updated" ]; }; then
  echo "E: Unable to locate package" >&2; exit 100
fi
case " $* " in
  *" --simulate "*) cat "$FAKE/simulated" 2>/dev/null; exit 0 ;;
esac
for p in "$@"; do echo "$p" >>"$FAKE/installed"; done
[ -e "$FAKE/boost-stays-old" ] || echo "#define BOOST_VERSION 108100" >"$FAKE/include/boost/version.hpp"
""",
    "sudo": 'exec "$@"',
    "cmake": """
[ ! -e "$FAKE/cmake-fails" ] || { echo "CMake Error at CMakeLists.txt:1: no TBB" >&2; exit 1; }
build=$FAKE/checkout/build
mkdir -p "$build/bin"; touch "$build/build.ninja"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$FAKE/checkout" >"$build/CMakeCache.txt"
""",
    "ninja": """
if [ -e "$FAKE/ninja-waits" ]; then touch "$FAKE/ninja-runs"; trap 'exit 2' TERM; while :; do sleep 0.01; done; fi
if [ -e "$FAKE/built" ]; then echo "ninja: no work to do."; exit 0; fi
for i in 1 2 3 4; do echo "[$i/4] Building CXX object $i.o"; done
if [ -e "$FAKE/ninja-fails" ]; then echo "FAILED: 4.o"; echo "a.cpp:7:3: error: expected ';'"; exit 1; fi
touch "$FAKE/built"
""",
}
# The verbs only say that they were called, after all that comes before them.
PRETEND_VERBS = """

real_parse = parse

def parse(argv):
    arguments = real_parse(argv)
    arguments.do = lambda _: pretend(argv)
    return arguments

def pretend(argv):
    import colorsys
    print('verb:', *argv, '| in', os.getcwd(), '| preset', os.environ['FANBENCH_PRESET'])
    return 0
"""


class Checkout:
    """A copy of scripts/fanbench among pretend tools, on a machine that has everything until a test takes it away."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "checkout"
        package = self.root / "scripts" / "fanbench_tools"
        shutil.copytree(SCRIPTS / "fanbench_tools", package)
        with open(package / "cli.py", "a") as cli:
            cli.write(PRETEND_VERBS)
        self.entry = Path(shutil.copy(SCRIPTS / "fanbench", self.root / "scripts"))
        shutil.copy(SCRIPTS.parent / "CMakeLists.txt", self.root)
        shutil.copytree(SCRIPTS.parent / "bench" / "suites", self.root / "bench" / "suites")
        (folder / "bin").mkdir()
        for name, script in TOOLS.items():
            self.tool(name, NOTE_THE_CALL + script)
        self.tool("python3", f'#!/bin/bash\nexec {sys.executable} "$@"\n')
        self.installed(CPP)
        self.boost(108100)

    def repository(self, *branches: str) -> None:
        """Makes it one, with these branches."""
        for command in (["init", "--quiet"], ["add", "bench"], ["commit", "--quiet", "--message", "all"],
                        *(["branch", "--force", name] for name in branches)):
            subprocess.run(["git", "-C", str(self.root), "-c", "user.name=t", "-c", "user.email=t@example.org",
                            "-c", "init.defaultBranch=trunk", *command], check=True)

    def tool(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    def installed(self, packages: list[str]) -> None:
        (self.folder / "installed").write_text("\n".join(packages) + "\n")

    def boost(self, version: int | None) -> None:
        folder = self.folder / "include" / "boost"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "version.hpp").write_text(f"#define BOOST_VERSION {version}\n" if version else "")

    def so(self, what: str) -> None:
        """Switches a behaviour of the pretend tools on."""
        (self.folder / what).touch()

    def start(self, *arguments: str, entry: Path | None = None, cwd: Path | None = None,
              to: str = "", **environment: str) -> subprocess.Popen[str]:
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return subprocess.Popen(
            [str(entry or self.entry), *arguments], cwd=cwd or self.folder, stdin=subprocess.DEVNULL, text=True,
            stdout=open(to, "w") if to else subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment(PATH=path, FAKE=str(self.folder),
                                  FANBENCH_BOOST_INCLUDE=str(self.folder / "include"), **environment))

    def run(self, *arguments: str, **options: object) -> Ran:
        child = self.start(*arguments, **options)  # type: ignore[arg-type]
        out, err = child.communicate(timeout=60)
        return Ran(child.returncode, out, err)

    def calls(self, tool: str = "") -> list[str]:
        """The calls of pretend tools so far, or of one of them, without the tool's name."""
        log = self.folder / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{tool} ")] if tool else lines

    def forget_calls(self) -> None:
        (self.folder / "calls").unlink(missing_ok=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def handed_over(verb: str, checkout: Checkout) -> str:
    return f"verb: {verb} | in {checkout.folder} | preset release\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_needs_nothing(checkout: Checkout, arguments: list[str]) -> None:
    ran = checkout.run(*arguments)
    assert (ran.code, ran.err, checkout.calls()) == (0, "", [])
    assert "usage: fanbench" in ran.out
    for verb in ("run", "list", "report", "compare", "gate", "doctor", "contestant", "record", "serve",
                 "test"):
        assert f"\n  {verb} " in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_an_unknown_verb_gets_one_line(checkout: Checkout) -> None:
    ran = checkout.run("frobnicate")
    assert (ran.code, ran.out, ran.err.count("\n"), checkout.calls()) == (2, "", 1, [])
    assert 'no verb "frobnicate"; expected run, list,' in ran.err


def test_the_version_is_the_projects(checkout: Checkout) -> None:
    ran = checkout.run("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("fanbench ") and ran.out.strip("fanbench \n")[0].isdigit()


@pytest.mark.parametrize("arguments", [["run", "smoke"], ["doctor"]])
def test_the_first_call_builds_and_the_second_does_nothing_twice(checkout: Checkout, arguments: list[str]) -> None:
    first = checkout.run(*arguments)
    assert (first.code, first.err) == (0, "")
    assert "Configuring build\n" in first.out and "Building: 4 of 4\n" in first.out
    checkout.forget_calls()
    second = checkout.run(*arguments)
    assert (second.code, second.err, second.out) == (0, "", handed_over(" ".join(arguments), checkout))
    assert checkout.calls("cmake") == checkout.calls("apt-get") == []
    assert len(checkout.calls("ninja")) == 1
    assert checkout.calls("ninja")[0].endswith("bin/fanbench-bench bin/fanbench-server")


def test_test_builds_everything(checkout: Checkout) -> None:
    assert checkout.run("test").code == 0
    assert checkout.calls("ninja")[0].endswith(" all")


@pytest.mark.parametrize(("arguments", "tests"), [(["test"], "test_short\n"),
                                                  (["test", "--long"], "test_short\ntest_long\n")])
def test_what_takes_minutes_is_run_when_asked_for(checkout: Checkout, arguments: list[str], tests: str) -> None:
    shutil.copy(SCRIPTS / "fanbench_tools" / "cli.py", checkout.root / "scripts" / "fanbench_tools")  # the real verb
    folder = checkout.root / "scripts" / "tests"
    folder.mkdir()
    shutil.copy(SCRIPTS / "tests" / "conftest.py", folder)
    (folder / "test_it.py").write_text("""import os, pytest
def note(name):
    with open(os.environ["FAKE"] + "/ran", "a") as out: out.write(name + "\\n")
def test_short(): note("test_short")
@pytest.mark.long
def test_long(): note("test_long")
""")
    checkout.tool("ctest", NOTE_THE_CALL)
    ran = checkout.run(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert (checkout.folder / "ran").read_text() == tests
    everything = f"--preset release --parallel {4 * CPUS} --output-junit {checkout.root / 'build' / 'ctest.xml'}"
    assert checkout.calls("ctest") == [everything if "--long" in arguments else f"{everything} --label-exclude ^long$"]


@pytest.mark.parametrize("xdist_is_here", [True, False])
def test_python_tests_run_several_at_a_time_where_they_can(checkout: Checkout, xdist_is_here: bool) -> None:
    if xdist_is_here and (CPUS == 1 or not find_spec("xdist")):
        pytest.skip("one CPU, or no xdist here")
    shutil.copy(SCRIPTS / "fanbench_tools" / "cli.py", checkout.root / "scripts" / "fanbench_tools")
    tests, hidden = checkout.root / "scripts" / "tests", checkout.folder / "hidden"
    for folder in (tests, hidden):
        folder.mkdir()
    for name in "ab":
        (tests / f"test_{name}.py").write_text("def test_it(): pass\n")
    if not xdist_is_here:
        (hidden / "sitecustomize.py").write_text("""import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "xdist" else find_spec(name, *more)
""")
    checkout.tool("ctest", NOTE_THE_CALL)
    ran = checkout.run("--no-install", "test", PYTHONPATH=str(hidden))
    assert (ran.code, ran.err) == (0, "") and "2 passed" in ran.out
    assert (f" --numprocesses {CPUS} --dist loadfile" in ran.out) == xdist_is_here
    assert max(map(len, (line for line in ran.out.splitlines() if not line.startswith("$ ")))) <= 80


def test_modules_of_the_tests_are_installed_with_what_builds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "choose", lambda _: None)
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=""))
    of_the_tests = {"python3-pytest", "python3-pytest-xdist", "python3-selenium"}
    assert of_the_tests < set(packages._missing(True, ())) and not of_the_tests & set(packages._missing(False, ()))


@pytest.mark.parametrize("failing", ["ctest", "pytest"])
def test_a_test_that_fails_is_the_end_of_neither(checkout: Checkout, failing: str) -> None:
    shutil.copy(SCRIPTS / "fanbench_tools" / "cli.py", checkout.root / "scripts" / "fanbench_tools")
    (checkout.root / "scripts" / "tests").mkdir()
    (checkout.root / "scripts" / "tests" / "test_it.py").write_text(f"def test_it(): assert {failing != 'pytest'}\n")
    checkout.tool("ctest", f"{NOTE_THE_CALL}exit {8 if failing == 'ctest' else 0}")
    ran = checkout.run("test")
    assert ran.code == 1 and len(checkout.calls("ctest")) == 1
    assert ("1 failed" if failing == "pytest" else "1 passed") in ran.out


def test_what_failed_in_the_first_tests_is_told_again_at_the_end(checkout: Checkout) -> None:
    shutil.copy(SCRIPTS / "fanbench_tools" / "cli.py", checkout.root / "scripts" / "fanbench_tools")
    (checkout.root / "scripts" / "tests").mkdir()
    (checkout.root / "scripts" / "tests" / "test_it.py").write_text("def test_it(): pass\n")
    checkout.tool("ctest", NOTE_THE_CALL + """cat > build/ctest.xml << END
<testsuite><testcase name="good"><system-out>fine</system-out></testcase>
<testcase name="smoke"><failure message=""/><system-out>first
case 3: one too many</system-out></testcase></testsuite>
END
exit 8
""")
    ran = checkout.run("test")
    assert ran.code == 1 and ran.out.endswith("\nsmoke failed:\nfirst\ncase 3: one too many\n")


@pytest.mark.parametrize("arguments", [["report", "DIR"], ["compare", "A", "B"]])
def test_what_needs_no_build_does_not_build(checkout: Checkout, arguments: list[str]) -> None:
    checkout.installed([])
    for folder in arguments[1:]:
        (checkout.folder / folder).mkdir()
    ran = checkout.run(*arguments)
    assert (ran.code, ran.err, ran.out) == (0, "", handed_over(" ".join(arguments), checkout))
    assert checkout.calls("cmake") == checkout.calls("ninja") == checkout.calls("apt-get") == []


def test_recording_needs_neither_a_compiler_nor_what_reports_need(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.installed([])
    ran = checkout.run("record", "localhost:8080/x")
    assert (ran.code, ran.err, ran.out) == (0, "", handed_over("record localhost:8080/x", checkout))
    assert checkout.calls("cmake") == checkout.calls("ninja") == checkout.calls("apt-get") == []
    monkeypatch.setattr(interpreter, "choose", lambda _: None)
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=""))
    assert packages._missing(False, interpreter.OF_RECORD) == ["python3", "python3-pycurl"]


@pytest.mark.parametrize("arguments", [["run", "--help"], ["--no-install", "serve", "-h"]])
def test_help_of_a_verb_needs_nothing_but_python(checkout: Checkout, arguments: list[str]) -> None:
    checkout.installed([])
    ran = checkout.run(*arguments)
    assert (ran.code, ran.err, checkout.calls()) == (0, "", [])
    assert f"usage: fanbench {arguments[-2]} [-h]" in ran.out


@pytest.mark.parametrize(("line", "message"), [
    ("run --rounds 0", "expected a whole number from 1"),
    ("run --budget -3m", 'argument --budget: expected a time such as 90s or 3m30s, got "-3m"'),
    ("run --server nowhere", "expected a server's HOST:PORT"),
    ("run nosuch", 'no suite "nosuch"; expected ci, claims, crawler, languages, limit, llm, loops, microservices, patterns, quick, scaling-out, scaling, seeds or smoke, or a path to a TOML file'),
    ("run qick", 'no suite "qick" (did you mean quick?); expected ci, claims,'),
    ("run ./nosuch.toml", "./nosuch.toml: no such file"),
    ("run --filter (", "--filter: expected a regular expression"),
    ("run --out file", "file: is there already"),
    ("run --out file/below", "file/below: can't be made: Not a directory"),
    ("list --frob", "what is --frob?"),
    ("list nosuch", 'no suite "nosuch"'),
    ("report", "the following arguments are required: DIR"),
    ("report nosuch", "nosuch: no such folder"),
    ("compare . nosuch", "nosuch: no such folder"),
    ("record", "the following arguments are required: URL"),
    ("record ftp://h", "no URL that can be asked"),
    ("record h --out file/below", "file/below.txt: can't be written"),
    ("gate", "the following arguments are required: --base"),
    ("gate --base nosuch", '"nosuch": neither a folder nor a commit of this repository'),
    ("gate --base main --head nosuch", '"nosuch": neither a folder nor a commit'),
    ("gate --base main --suite nosuch", 'no suite "nosuch"; expected ci, '),
    ("gate --base main --head mine --suite nosuch", 'mine has no suite "nosuch"; expected ci, '),
    ("gate --base main --head mine --suite clams", 'mine has no suite "clams" (did you mean claims?); expected ci, '),
    ("gate --base main --filter (", "--filter: expected a regular expression"),
    ("gate --base main --json nowhere/gate.json", "nowhere/gate.json: can't be written"),
    ("gate --base main --head .", ". is a folder of results, main is not"),
    ("gate --contestant nosuch --base main", "nosuch: no such folder; expected a contestant's"),
    ("gate --contestant . --base main", ".: expected a folder in a git repository, whose commits are compared"),
    ("gate --contestant checkout/bench --base main", "main (X) has no bench/contestant.toml: expected a commit of"),
])
def test_what_is_wrong_gets_one_line_before_anything_is_built(checkout: Checkout, line: str, message: str) -> None:
    checkout.repository("main", "mine")
    (checkout.folder / "file").touch()
    ran = checkout.run(*line.split())
    assert (ran.code, ran.out, ran.err.count("\n"), checkout.calls()) == (2, "", 1, [])
    assert message in re.sub(r"\b[0-9a-f]{12}\b", "X", ran.err)


def test_results_that_can_not_be_written_mention_another_folder(checkout: Checkout) -> None:
    """A file stands for a folder that may not be written to, as root may."""
    (checkout.root / "results").touch()
    ran = checkout.run("run")
    assert (ran.code, ran.err.count("\n"), checkout.calls()) == (2, 1, [])
    assert "results: nothing can be written there: File exists; --out DIR puts results elsewhere" in ran.err
    assert checkout.run("run", "--out", "elsewhere").code == 0


def test_the_command_line_is_read_with_the_standard_library_alone() -> None:
    code = "from fanbench_tools import cli; print(cli.parse(['gate', '--base', 'main']).base)"
    ran = subprocess.run([sys.executable, "-S", "-P", "-c", code], env=clean_environment(), text=True, check=True,
                         capture_output=True)
    assert ran.stdout == "main\n"


def test_the_gate_builds_this_tree_only_where_it_is_head_or_measures_a_contestant(checkout: Checkout) -> None:
    (checkout.root / "bench" / "client").mkdir()
    (checkout.root / "bench" / "client" / "contestant.toml").touch()
    checkout.repository("main", "mine")
    of_client = ("gate", "--contestant", "checkout/bench/client", "--base", "main", "--head", "mine")
    (checkout.folder / "main").mkdir()  # no results: with a contestant refs are commits
    assert checkout.run(*of_client).code == 0
    assert checkout.calls("ninja")[0].endswith("bin/fanbench-bench bin/fanbench-server")
    checkout.forget_calls()
    (checkout.folder / "main").rmdir()
    assert checkout.run("gate", "--base", "main").code == 0
    assert checkout.calls("ninja")[0].endswith("bin/fanbench-bench bin/fanbench-server")
    checkout.forget_calls()
    assert checkout.run("gate", "--base=main", "--head", "mine").code == 0
    assert checkout.calls("ninja") == checkout.calls("cmake") == []
    checkout.installed([])  # no compiler
    (checkout.folder / "a").mkdir()
    ran = checkout.run("gate", "--base", "a", "--head", "a")
    assert (ran.code, ran.out) == (0, handed_over("gate --base a --head a", checkout))
    assert checkout.calls("apt-get") == []


def test_help_after_two_dashes_is_the_servers(checkout: Checkout) -> None:
    checkout.run("serve", "--", "--help", "--no-install")
    assert len(checkout.calls("ninja")) == 1
    assert checkout.run("serve", "--", "--help", "--no-install").out == \
        handed_over("serve -- --help --no-install", checkout)


@pytest.mark.parametrize("given", ["--port 8093 --log f", "-- --port 8093 --log f", "--port 8093 -- --log f",
                                   "--port 8093 --log f --"])
def test_the_servers_flags_may_stand_on_both_sides_of_two_dashes(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli.checkout, "server_binary", lambda: Path("server"))
    monkeypatch.setattr(cli.os, "execv", lambda _, argv: started.append(argv))
    cli.main(["serve", *given.split()])
    assert started == [["server", "--port", "8093", "--log", "f"]]


def test_help_says_where_the_servers_flags_are_and_shows_no_puzzle(capsys: pytest.CaptureFixture[str]) -> None:
    for verb, told in (("serve", "fanbench serve -- --help lists them"), ("report", "--decimal SIGN ")):
        with pytest.raises(SystemExit):
            cli.main([verb, "--help"])
        assert told in " ".join(capsys.readouterr().out.split())


def test_it_works_from_any_folder_and_through_links(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run("list")
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "fb").symlink_to("../checkout/scripts/fanbench")
    (elsewhere / "fb2").symlink_to("fb")
    for entry in (elsewhere / "fb", elsewhere / "fb2", Path("../checkout/scripts/fanbench")):
        ran = checkout.run("list", entry=entry, cwd=elsewhere)
        assert (ran.code, ran.err, ran.out) == (0, "", f"verb: list | in {elsewhere} | preset release\n")


def test_a_module_in_the_current_folder_is_not_taken_for_ours(checkout: Checkout) -> None:
    checkout.run("list")
    (checkout.folder / "colorsys.py").write_text("raise SystemExit('the wrong module')")
    assert checkout.run("list").out == handed_over("list", checkout)


@pytest.mark.parametrize("arguments", [["--no-install", "run"], ["run", "--no-install"]])
def test_no_install_prints_the_command_and_stops(checkout: Checkout, arguments: list[str]) -> None:
    checkout.installed([p for p in CPP if p not in ("libtbb-dev", "g++")])
    ran = checkout.run(*arguments)
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == f"{sudo}apt-get install --yes --no-install-recommends g++ libtbb-dev\n"
    assert checkout.calls("apt-get") == checkout.calls("cmake") == []


@pytest.mark.parametrize(("version", "missing"), [(None, True), (107400, True), (108100, False), (109000, False)])
def test_boost_is_judged_by_its_header(checkout: Checkout, version: int | None, missing: bool) -> None:
    checkout.boost(version)
    ran = checkout.run("--no-install", "run")
    assert ("libboost" in ran.out) == missing
    assert ran.code == (1 if missing else 0)


def test_what_is_missing_is_installed_once(checkout: Checkout) -> None:
    checkout.installed(CPP[:-2])
    ran = checkout.run("list")
    assert (ran.code, ran.err) == (0, "")
    assert f"Missing: {' '.join(CPP[-2:])}\n" in ran.out
    calls = checkout.calls("apt-get")
    assert len(calls) == 2 and "--simulate" in calls[0]
    assert calls[1].endswith(f"install --yes --no-install-recommends {' '.join(CPP[-2:])}")
    checkout.forget_calls()
    assert checkout.run("list").out == handed_over("list", checkout)
    assert checkout.calls("apt-get") == []


def test_a_package_that_was_removed_is_noticed(checkout: Checkout) -> None:
    assert checkout.run("list").code == 0
    checkout.installed(CPP[1:])
    assert checkout.run("--no-install", "list").out.endswith(" g++\n")


def test_old_package_lists_are_updated_first(checkout: Checkout) -> None:
    checkout.installed(CPP[1:])
    checkout.so("lists-are-old")
    assert checkout.run("list").code == 0
    assert [c.split()[-1] if "update" in c else "install" for c in checkout.calls("apt-get")] == [
        "install", "update", "install", "install"]


def test_what_is_removed_is_said(checkout: Checkout) -> None:
    checkout.installed(CPP[1:])
    (checkout.folder / "simulated").write_text("Remv libboost-dev [1.74]\nRemv libboost1.74-dev [1.74]\nInst g++\n")
    assert "Removing, as they can't be installed beside these: libboost-dev libboost1.74-dev\n" in \
        checkout.run("list").out


def test_a_failed_installation_says_so_and_stops(checkout: Checkout) -> None:
    checkout.installed(CPP[1:])
    checkout.so("apt-fails")
    ran = checkout.run("list")
    assert ran.code == 1
    assert ran.err == "E: Unable to locate package\nfanbench: these packages can't be installed here: g++\n"
    assert checkout.calls("cmake") == []


def test_a_distribution_with_an_old_boost_is_refused(checkout: Checkout) -> None:
    checkout.boost(107400)
    checkout.so("boost-stays-old")
    ran = checkout.run("list")
    assert ran.code == 1
    assert ran.err.startswith("fanbench: Boost 1.81 or newer is needed") and ran.err.count("\n") == 1


def test_a_failed_build_shows_what_the_compiler_said(checkout: Checkout) -> None:
    checkout.so("ninja-fails")
    ran = checkout.run("run")
    assert ran.code == 1
    assert ran.err == ("FAILED: 4.o\na.cpp:7:3: error: expected ';'\n"
                       f"fanbench: the build failed; all it said: {checkout.root}/build/fanbench-build.log\n")
    assert "verb:" not in ran.out


def test_a_gate_whose_build_fails_is_no_regression(checkout: Checkout) -> None:
    checkout.so("ninja-fails")
    checkout.repository("main")
    ran = checkout.run("gate", "--base", "main")
    assert ran.code == 2 and ran.err.splitlines()[-1].startswith("fanbench: the build failed; all it said: ")


def test_a_gate_that_only_says_what_is_missing_is_no_regression(checkout: Checkout) -> None:
    checkout.installed([p for p in CPP if p != "libtbb-dev"])
    checkout.repository("main")
    assert checkout.run("--no-install", "gate", "--base", "main").code == 2


def break_by(checkout: Checkout, what: str) -> None:
    package = checkout.root / "scripts" / "fanbench_tools"
    if what == "a build folder that is a file":
        (checkout.root / "build").touch()
    elif what == "an import that fails":
        (package / "gate" / "deciding.py").write_text("import a_module_that_is_not_there\n")
    elif what == "an import that fails at once":
        (package / "checkout.py").write_text("import a_module_that_is_not_there\n")
    elif what == "a file that is no Python":
        (package / "setup" / "preparing.py").write_text("def\n")
    elif what == "an exception":
        (package / "gate" / "verb.py").write_text("raise ValueError('unforeseen')\n")


REAL_VERBS = "\n\nparse = real_parse\n"  # undoes PRETEND_VERBS


@pytest.mark.parametrize(("what", "message"), [
    ("a build folder that is a file", "build: File exists; nothing can be built there"),
    ("an import that fails", "No module named 'a_module_that_is_not_there'"),
    ("an import that fails at once", "No module named 'a_module_that_is_not_there'"),
    ("a file that is no Python", "SyntaxError"),
    ("an exception", "the gate did not come to its end: ValueError: unforeseen"),
    ("nothing", "\"main\": neither a folder nor a commit of this repository; git says: fatal: not a git repository"),
])
def test_a_gate_that_fails_otherwise_is_no_regression(checkout: Checkout, what: str, message: str) -> None:
    with open(checkout.root / "scripts" / "fanbench_tools" / "cli.py", "a") as cli:
        cli.write(REAL_VERBS)
    break_by(checkout, what)
    if what != "nothing":
        checkout.repository("main")
    ran = checkout.run("gate", "--base", "main")
    assert ran.code == 2 and message in ran.err
    assert what not in ("a build folder that is a file", "nothing") or ran.err.count("\n") == 1


def test_a_gate_whose_words_find_no_room_is_no_regression(checkout: Checkout) -> None:
    with open(checkout.root / "scripts" / "fanbench_tools" / "cli.py", "a") as cli:
        cli.write("\n\ndef pretend(argv):\n    print('REGRESSION: 1')\n    return 1\n")
    for folder in "ab":
        (checkout.folder / folder).mkdir()
    assert checkout.run("gate", "--base", "a", "--head", "b").code == 1
    child = checkout.start("gate", "--base", "a", "--head", "b", to="/dev/full")
    assert child.wait(timeout=60) == 2


def test_a_failed_configuration_is_tried_again(checkout: Checkout) -> None:
    checkout.so("cmake-fails")
    ran = checkout.run("run")
    assert ran.code == 1
    assert ran.err.startswith("CMake Error at CMakeLists.txt:1: no TBB\nfanbench: cmake failed")
    assert checkout.calls("ninja") == []
    (checkout.folder / "cmake-fails").unlink()
    assert checkout.run("run").code == 0


def test_other_cmake_arguments_configure_again_and_none_keep_what_is(checkout: Checkout) -> None:
    for arguments, configured in (("-DA=ON", 1), ("-DA=ON", 1), ("-DA=OFF -DB=1", 2)):
        assert checkout.run("list", FANBENCH_CMAKE_ARGS=arguments).code == 0
        assert len(checkout.calls("cmake")) == configured
    assert checkout.run("list").code == 0
    assert checkout.calls("cmake") == ["--preset release -DA=ON", "--preset release -DA=OFF -DB=1"]


def test_a_build_folder_that_came_from_elsewhere_is_made_afresh(checkout: Checkout) -> None:
    build = checkout.root / "build"
    build.mkdir()
    (build / "build.ninja").touch()
    (build / "CMakeCache.txt").write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else\n")
    assert checkout.run("list").code == 0
    assert checkout.calls("cmake") == ["--preset release --fresh"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_building_leaves_no_ninja(checkout: Checkout, number: signal.Signals) -> None:
    checkout.so("ninja-waits")
    child = checkout.start("run")
    wait_until((checkout.folder / "ninja-runs").exists, "ninja runs")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)  # which also waits for all that hold the pipes
    assert child.returncode == -number
    assert err == "fanbench: stopped while building; the next call goes on from there\n"
    assert "verb:" not in out


def test_a_second_build_waits_for_the_first(checkout: Checkout) -> None:
    checkout.so("ninja-waits")
    first = checkout.start("run")
    wait_until((checkout.folder / "ninja-runs").exists, "ninja runs")
    second = checkout.start("run")
    assert second.stdout and second.stdout.readline() == f"Waiting for another build in {checkout.root}/build\n"
    assert len(checkout.calls("ninja")) == 1
    (checkout.folder / "ninja-waits").unlink()
    first.terminate()
    first.communicate(timeout=60)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, err) == (0, "") and out.endswith(handed_over("run", checkout))


def test_a_stop_while_waiting_for_another_build_gets_one_line(checkout: Checkout) -> None:
    (checkout.root / "build").mkdir()
    with open(checkout.root / "build" / ".fanbench-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = checkout.start("run")
        assert child.stdout and child.stdout.readline().startswith("Waiting for another build")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "fanbench: interrupted\n")


@pytest.fixture
def bare(checkout: Checkout) -> Checkout:
    """No Python, until the pretend package manager installs one."""
    python = checkout.folder / "usr-bin-python3"
    checkout.entry.write_text(checkout.entry.read_text().replace("/usr/bin/python3", str(python)))
    checkout.tool("python3", "#!/bin/bash\nexit 127\n")
    checkout.tool("apt-get", f"""{NOTE_THE_CALL}{TOOLS["apt-get"]}
case " $* " in *" python3 "*) ln -sf {sys.executable} {python} ;; esac
""")
    return checkout


def test_a_machine_without_python_gets_one(bare: Checkout) -> None:
    bare.so("lists-are-old")
    assert bare.run("--help").code == 0 and bare.calls() == []
    ran = bare.run("list")
    assert (ran.code, ran.err) == (0, "")
    sudo = "" if os.geteuid() == 0 else "sudo "
    command = f"{sudo}apt-get install --yes --no-install-recommends python3"
    assert ran.out.startswith(f"Missing: python3\n{command}\n") and ran.out.endswith(handed_over("list", bare))
    assert [c.split()[2] for c in bare.calls("apt-get")] == ["install", "update", "install"]


def test_a_machine_without_python_may_keep_it_so(bare: Checkout) -> None:
    for arguments, code in ((["list", "--no-install"], 1), (["--no-install", "gate", "--base", "main"], 2)):
        ran = bare.run(*arguments)
        assert (ran.code, ran.err) == (code, "")
        assert ran.out.endswith("apt-get install --yes --no-install-recommends python3\n")
    assert bare.calls("apt-get") == []


def test_a_python_that_cannot_be_installed_says_so(bare: Checkout) -> None:
    bare.so("apt-fails")
    ran = bare.run("list")
    assert ran.code == 1 and ran.out.startswith("Missing: python3\n")
    assert ran.err.startswith("E: Unable to locate package\nfanbench: the installation failed: ")


@pytest.mark.parametrize("lacks", ["everything", "the modules"])
def test_a_python_without_what_is_needed_is_passed_over(checkout: Checkout, lacks: str) -> None:
    runs = f'exec {sys.executable} -S "$@"' if lacks == "the modules" else "exit 1"
    checkout.tool("python3", f'#!/bin/bash\necho tried >>"$FAKE/pyenv"\nPATH=$FAKE/versions:$PATH\n{runs}\n')
    (checkout.folder / "versions").mkdir()  # pyenv's python3 puts another one before itself
    (checkout.folder / "versions" / "python3").symlink_to(sys.executable)
    system = subprocess.run(["/usr/bin/python3", "-P", "-c", "import numpy, matplotlib, jinja2, rich, psutil"],
                            capture_output=True, check=False)
    if system.returncode != 0:
        pytest.skip("/usr/bin/python3 lacks the modules too")
    assert checkout.run("list").out.endswith(handed_over("list", checkout))
    tried = (checkout.folder / "pyenv").read_text()
    for _ in range(2):
        assert checkout.run("list").out == handed_over("list", checkout)
    assert (checkout.folder / "pyenv").read_text() == tried  # the choice is kept
    checkout.tool("python3", f'#!/bin/bash\nexec {sys.executable} "$@"\n')
    assert checkout.run("list").code == 0


def test_shellcheck_finds_nothing() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck here")
    for script in (SCRIPTS / "fanbench", SCRIPTS.parent / ".ci" / "run"):
        subprocess.run(["shellcheck", str(script)], check=True)
