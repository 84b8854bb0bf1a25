"""What `contestant` does: starts the program, checks its workloads, and says what is wrong or missing."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Sequence

from ..run import process, runner
from . import ContestantError
from .description import Contestant
from .verifying import CORE, Checked, Verifier


def run(bench: Path, contestant: Contestant, only: Sequence[str]) -> int:
    """The exit code: 0 all is verified, 1 something is not. Raises ContestantError where the program does not start, or
    a workload is asked for that nobody has."""
    with process.StopRequest() as stop:
        verifier = Verifier(bench, contestant, stop)
        if unknown := [workload for workload in only if workload not in verifier.workloads]:
            raise ContestantError(f"--workload: expected one of {', '.join(verifier.workloads)}, got {unknown[0]}")
        hello = runner.hello(bench, contestant.folder)
        claimed = verifier.in_order(hello["workloads"])
        print(f"{contestant.name} ({contestant.language}): {hello.get('versions') or 'says nothing of its versions'}",
              flush=True)
        wanted = verifier.in_order(only) or claimed
        width = max(map(len, wanted), default=0)
        wrong = unsure = 0
        for workload in wanted:
            checked = verifier.check(workload) if workload in claimed else \
                [Checked(workload, "", "not checked: it does not say that it has it")]
            if stop.number:
                break
            wrong += any(one.error for one in checked) or all(one.not_applicable for one in checked)
            unsure += any(one.at_first for one in checked)
            _show(workload, checked, width)
    if stop.number:
        print(f"fanbench: interrupted by {signal.Signals(stop.number).name}", file=sys.stderr)
        return 128 + stop.number
    if unsure:
        print(f"{unsure} only when tried again: this machine is busy, or the program is not right each time")
    return _end(contestant, claimed, wanted, wrong, bool(only))


def _show(workload: str, checked: Sequence[Checked], width: int) -> None:
    """In a line where all is well, else in a line each."""
    if not any(one.error or one.at_first or one.not_applicable for one in checked):
        print(f"  {workload:<{width}}  {'  '.join(f'{one.case} ✓' for one in checked)}", flush=True)
        return
    for i, one in enumerate(checked):
        print(f"  {'' if i else workload:<{width}} ", *filter(None, [one.case]), _result(one), flush=True)


def _result(checked: Checked) -> str:
    if checked.error:
        return f"✗ {checked.error}"
    if checked.not_applicable:
        return f"n/a: {checked.not_applicable}"
    return f"✓ when tried again; at first: {checked.at_first}" if checked.at_first else "✓"


def _end(contestant: Contestant, claimed: Sequence[str], wanted: Sequence[str], wrong: int, is_part: bool) -> int:
    if not is_part and (missing := [workload for workload in CORE if workload not in claimed]):
        print(f"It does not have {', '.join(missing)}: rows of these say so, and fail nobody.")
    if not wanted:
        print(f"fanbench: {contestant.name}: expected a workload at least, it says that it has none", file=sys.stderr)
        return 1
    print(f"{len(wanted) - wrong} of {len(wanted)} workload{'' if len(wanted) == 1 else 's'} verified, warm and cold",
          flush=True)
    return 1 if wrong else 0
