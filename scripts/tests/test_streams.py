"""What a verb does where its output can't show, can't take or doesn't want what it says: never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import SCRIPTS, Pretend, clean_environment
from fanbench_tools import cli, files

COROUTINES = "gather/coroutines/native/calls:10/latency:20ms/start:warm"
THREADS = "gather/threads/native/calls:10/latency:20ms/start:warm"
ASCII, LOCALE, LATIN_1 = ({"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"},
                          {"PYTHONIOENCODING": "latin-1"})
FULL = "fanbench: standard output: No space left on device: not all that was said is in it\n"


@pytest.fixture
def ran(pretend: Pretend) -> Pretend:
    """There is a run to report, in a folder with a name of its own kind."""
    pretend.out = pretend.folder / "grün x"
    pretend.cases({COROUTINES: "ok", THREADS: "dear"}, rounds=2)
    assert pretend.run().code == 0
    return pretend


def words(verb: str, ran: Pretend) -> list[str]:
    out = ran.out.name
    return {"run": [], "list": [], "doctor": [], "report": [out, "--format", "csv"], "compare": [out, out],
            "gate": ["--base", out, "--head", out]}[verb]


CODES = {"run": 0, "list": 0, "doctor": 0, "report": 0, "compare": 0, "gate": 2}  # too few rounds for the gate


def started(verb: str, ran: Pretend, **options: Any) -> subprocess.Popen[str]:
    return ran.start(*words(verb, ran), verb=verb, out=ran.folder / "öther", **options)


@pytest.mark.parametrize("verb", CODES)
@pytest.mark.parametrize("environment", [ASCII, LOCALE, LATIN_1])
def test_characters_that_an_output_has_not_are_replaced(ran: Pretend, verb: str, environment: dict[str, str]) -> None:
    child = started(verb, ran, environment=environment, encoding="latin-1")
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (CODES[verb], "")
    if environment is not LATIN_1:
        assert out.isascii()
    if verb == "run":
        assert ("CPU us" if environment is not LATIN_1 else "CPU µs") in out


def test_what_is_written_is_utf_8_whatever_the_locale(ran: Pretend) -> None:
    for environment in (LOCALE, {}):
        assert ran.run(ran.out.name, verb="report", environment=environment).code == 0
        assert "µs" in (ran.out / "report.md").read_text("utf-8")
        assert ran.run(*[ran.out.name] * 2, "--out", "both", verb="compare", environment=environment).code == 0
        assert "grün x" in (ran.folder / "both" / "compare.md").read_text("utf-8")


def test_a_name_that_is_no_text_is_written_as_it_is(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "a", os.fsdecode(b"gr\xfcn"))
    assert (tmp_path / "a").read_bytes() == b"gr\xfcn"
    assert cli.default_name("größe", cli.datetime(2026, 1, 2)) == os.fsdecode("größe-2026-01-02T000000Z".encode())


@pytest.mark.parametrize("verb", CODES)
def test_a_full_output_is_said_and_makes_a_2(ran: Pretend, verb: str) -> None:
    with open("/dev/full", "w") as full:
        child = started(verb, ran, stdout=full)
    assert (child.communicate(timeout=60)[1], child.returncode) == (FULL, 2)
    assert verb != "run" or (ran.folder / "öther" / "results.json").exists()  # measured all the same


@pytest.mark.parametrize("verb", CODES)
def test_a_reader_that_is_gone_ends_it(ran: Pretend, verb: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    child = started(verb, ran, stdout=writer)
    os.close(writer)
    assert (child.communicate(timeout=60)[1], child.returncode) == ("", 128 + signal.SIGPIPE)
    assert ran.processes() == []


@pytest.mark.parametrize("verb", CODES)
def test_a_closed_output_changes_nothing(ran: Pretend, verb: str) -> None:
    child = started(verb, ran, preexec_fn=lambda: os.close(1))
    assert (child.communicate(timeout=60)[1], child.returncode) == ("", CODES[verb])


def close_all() -> None:
    for descriptor in range(3):
        os.close(descriptor)


def fill_errors() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)


@pytest.mark.parametrize("do", [close_all, fill_errors])
@pytest.mark.parametrize("arguments", [["gate", "--base", "nosuch"], ["run", "--filter", "("]])
def test_errors_that_nobody_hears_keep_their_code(pretend: Pretend, do: Callable[[], None], arguments: list[str]) -> None:
    verb, *rest = arguments
    assert pretend.start(*rest, verb=verb, preexec_fn=do).wait(timeout=60) == 2


@pytest.mark.parametrize("ending", [">&-", "2>&-", "<&- >&- 2>&-", "| head -1", "> /dev/full"])
def test_the_entry_points_own_words_may_go_unheard(ending: str, tmp_path: Path) -> None:
    for arguments in ("--help", "nosuch"):
        ran = subprocess.run(["bash", "-c", f"{SCRIPTS / 'fanbench'} {arguments} {ending}"], env=clean_environment(),
                             cwd=tmp_path, text=True, capture_output=True, check=False, timeout=60)
        assert "Traceback" not in ran.stderr and ran.stderr.count("\n") <= 1
        if ending != "> /dev/full" and "|" not in ending:
            assert ran.returncode == (2 if arguments == "nosuch" else 0)


def test_a_file_that_is_opened_later_does_not_get_what_was_closed(tmp_path: Path) -> None:
    code = ("from fanbench_tools import streams; streams.guard(); file = open('later', 'w'); print('said', flush=True); "
            "import sys; print('said', file=sys.stderr); file.write(str(file.fileno())); file.close()")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=clean_environment(), preexec_fn=close_all, check=True)
    assert int((tmp_path / "later").read_text()) > 2
