"""Decides by two runs of the past."""

from __future__ import annotations

import time
from typing import Any, Callable

from ..analysis.pairing import rows_of_both
from ..results.cases import Results
from ..results.rows import ERROR
from . import deciding, searching
from .deciding import Key, Rules, Samples
from .verdict import Verdict, absent, differences


def judge(base: Results, head: Results, titles: tuple[str, str], rules: Rules, wanted: Callable[[str], Any],
          force: bool) -> Verdict:
    began = time.monotonic()
    invalid, notes = differences(base.context, head.context, force)
    cases = {c.name: c for c in base.cases if wanted(c.name)}
    others = {c.name: c for c in head.cases if wanted(c.name)}
    invalid += [f"{name}: head has no such case" for name in cases if name not in others]
    notes += [f"new, not judged: base has no {name}" for name in others if name not in cases]
    samples: Samples = {}
    for name in (n for n in cases if n in others):
        pair = {"base": cases[name], "head": others[name]}
        without = {side: c for side, c in pair.items() if not c.ok}
        for side, c in without.items():
            if c.status == ERROR:
                invalid.append(f"{name}: error row of {side}: {c.message}")
            elif len(without) == 1:
                invalid.append(f"{name}: no number of {side} only: {c.message}")
        if len(without) == 2 and not any(c.status == ERROR for c in without.values()):
            notes.append(f"{name}: neither side has numbers: {cases[name].message}")
        if not without:
            for figure in rules.figures:
                for one, other in rows_of_both(*pair.values(), figure):
                    searching.add(samples, {Key(name, figure): (float(one[figure]), None, float(other[figure]))})
    notes += absent(samples, rules, True)
    for figure in _watched_once(samples):
        samples = {key: blocks for key, blocks in samples.items() if key.figure != figure}
        notes.append(f"not judged, as a run watches it in its first round alone: {figure}")
    notes.append("two runs of the past: without base again and without a fresh run to confirm, the least change is "
                 "doubled and the level is that of the confirmation")
    return Verdict(*titles, head.suite, deciding.judge_stored(samples, rules), invalid, notes, samples,
                   took_s=time.monotonic() - began, stored=True)


def _watched_once(samples: Samples) -> list[str]:
    """The figures that no case has in a second round, where other figures have more."""
    rounds: dict[str, int] = {}
    for key, blocks in samples.items():
        rounds[key.figure] = max(rounds.get(key.figure, 0), len(blocks.base))
    return [figure for figure, number in rounds.items() if number == 1 < max(rounds.values())]
