"""What is printed to a pipe or a file: nothing is broken in the middle of a word, and no table is cropped."""

from __future__ import annotations

import pytest
from fanbench_tools import terminal
from rich.table import Table

NAME = "gather/coroutines/native/calls:10/latency:" + "lognormal:p50=35ms," * 6


def test_text_is_broken_between_words_only(capsys: pytest.CaptureFixture[str]) -> None:
    console = terminal.console()
    terminal.say(console, f"error: {NAME}, {NAME}: expected 10 calls, the ledger shows 9", bold=5, indent="  ")
    terminal.say(console, "word " * 40)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith(f"  {NAME}")] and len(lines) > 4
    assert max(len(line) for line in lines if NAME not in line) <= terminal.TEXT_WIDTH


def test_a_table_is_as_wide_as_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None)
    for column in "abc":
        table.add_column(column, no_wrap=True)
    table.add_row(NAME, NAME, "[green]end[/]")
    table.add_row("short", "", "")
    terminal.console().print(table, highlight=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [NAME, NAME, "end"] and lines[2].split() == ["short"]
