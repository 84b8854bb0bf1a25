"""Children and what they start: none outlives the call that started it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Iterator

import psutil
import pytest
from fanbench_tools.run import process


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    process.adopt_orphans()
    before, files = psutil.Process().children(), len(os.listdir("/proc/self/fd"))
    yield
    assert psutil.Process().children() == before  # not even one that is dead and not reaped
    assert len(os.listdir("/proc/self/fd")) == files


def shell(script: str, timeout_s: float = 30.0, **options: object) -> process.Ended:
    return process.run(["/bin/sh", "-c", script], timeout_s=timeout_s, **options)  # type: ignore[arg-type]


def test_output_and_exit_code_come_back() -> None:
    ended = shell("echo out; echo err >&2; exit 3")
    assert (ended.returncode, ended.stdout, ended.stderr, ended.timed_out) == (3, "out\n", "err\n", False)


def test_output_may_go_to_a_file_as_it_comes(tmp_path: Path) -> None:
    def end_it_when_it_has_spoken() -> None:
        if "err" in (tmp_path / "log").read_text():
            (tmp_path / "end").touch()

    with open(tmp_path / "log", "wb") as log:
        ended = shell("echo out; echo err >&2; echo $0 $A; pwd; while [ ! -e end ]; do sleep 0.01; done", output=log,
                      cwd=tmp_path, env={"A": "b", "PATH": os.environ["PATH"]}, tick=end_it_when_it_has_spoken,
                      tick_s=0.01)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (tmp_path / "log").read_text() == f"out\nerr\n/bin/sh b\n{tmp_path}\n"


def test_a_signal_is_a_negative_exit_code() -> None:
    assert shell("kill -SEGV $$").returncode == -signal.SIGSEGV


def test_a_program_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        process.run(["/nowhere/bench"], timeout_s=1)


def test_a_grandchild_that_holds_the_output_open_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = shell("sleep 600 & exit 0")
    assert (ended.returncode, ended.left_behind) == (0, ("sleep",))


def test_all_that_is_left_below_a_grandchild_is_named() -> None:
    assert shell("(sleep 600; :) & exit 0").left_behind == ("sh", "sleep")


def test_a_grandchild_in_a_session_of_its_own_does_not_get_away() -> None:
    script = f"{sys.executable} -c 'import os, time; os.setsid(); os.fork() and os._exit(0); time.sleep(600)'"
    assert len(shell(script).left_behind) == 1


def test_a_grandchild_that_ends_by_itself_in_time_is_no_offence() -> None:
    assert shell("sleep 0.05 & exit 0").left_behind == ()


def test_a_time_out_ends_the_whole_group() -> None:
    ended = shell("sleep 600 & sleep 600", timeout_s=0.1)
    assert ended.timed_out and ended.returncode == -signal.SIGTERM


def test_a_child_may_end_in_its_own_way_when_told_to() -> None:
    ended = shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done", timeout_s=0.5)
    assert (ended.timed_out, ended.returncode, ended.stdout) == (True, 7, "ready\nbye\n")


def test_a_deaf_child_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ENDING_S", 0.2)
    assert shell("trap '' TERM; sleep 600; sleep 600", timeout_s=0.3).returncode == -signal.SIGKILL


def test_a_stop_reaches_the_child_as_the_same_signal() -> None:
    with process.StopRequest() as stop:
        ended = shell(f"trap 'exit 9' INT; kill -INT {os.getpid()}; while :; do sleep 0.01; done", stop=stop)
    assert (stop.number, ended.returncode, ended.timed_out) == (signal.SIGINT, 9, False)


def test_a_stop_before_the_child_ends_it_at_once() -> None:
    with process.StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        ended = shell("sleep 600", stop=stop)
    assert (stop.number, ended.returncode) == (signal.SIGTERM, -signal.SIGTERM)


def test_handlers_are_as_before_after_a_stop_request() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with process.StopRequest():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_ticks_come_while_the_child_runs() -> None:
    ticks: list[int] = []
    shell("sleep 0.3", tick=lambda: ticks.append(1), tick_s=0.05)
    assert len(ticks) >= 2


def test_the_child_is_ended_when_a_tick_throws() -> None:
    def throw() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        shell("sleep 600", tick=throw, tick_s=0.01)


def test_names_with_brackets_and_blanks_are_read_right(tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 ("
    odd.symlink_to("/bin/sleep")
    assert shell(f'"{odd}" 600 & exit 0').left_behind == ("a) R 1 (",)


def talking(script: str) -> process.Child:
    return process.Child(["/bin/sh", "-c", script], talks=True)


def test_lines_are_exchanged_until_one_side_ends() -> None:
    child = talking('while read -r line; do echo "heard $line"; done; echo bye')
    child.tell("one")
    assert child.hear(30.0) == "heard one"
    child.tell("two")
    child.hush()
    assert [child.hear(30.0) for _ in range(3)] == ["heard two", "bye", None]
    assert child.end(30.0).returncode == 0


def test_one_that_says_nothing_is_a_time_out_and_one_that_has_ended_is_not() -> None:
    silent, over = talking("sleep 600"), talking("exit 3")
    with pytest.raises(TimeoutError):
        silent.hear(0.05)
    assert over.hear(30.0) is None
    over.tell("nobody hears this")
    assert over.end(30.0).returncode == 3
    assert silent.end(0.0).timed_out


def test_the_end_of_one_is_heard_though_its_child_holds_the_pipe() -> None:
    child = talking("sleep 600 & exit 0")
    assert child.hear(30.0) is None
    assert child.end(30.0).left_behind == ("sleep",)


def test_a_stop_is_heard_at_once() -> None:
    with process.StopRequest() as stop:
        child = talking("while :; do sleep 0.01; done")
        os.kill(os.getpid(), signal.SIGINT)
        assert child.hear(30.0, stop) is None
        assert child.end(30.0, stop).returncode == -signal.SIGINT


def test_what_is_below_another_child_is_neither_blamed_nor_ended() -> None:
    leaving, staying = talking("read -r _; sleep 600 & exit 0"), talking("sleep 0.5 & wait; echo still here; read -r _")
    leaving.hush()
    assert leaving.end(30.0).left_behind == ("sleep",)
    assert staying.hear(30.0) == "still here"
    assert staying.end(30.0).left_behind == ()


def test_to_kill_more_than_once_does_nothing() -> None:
    child = talking("sleep 600")
    child.kill()
    child.kill()
