"""Decides by two runs of the past."""

from __future__ import annotations

import re
import time

from ..analysis.pairing import rows_of_both
from ..checking import selected
from ..results.cases import Results
from ..results.rows import ERROR
from . import deciding, searching
from .deciding import Decision, Key, Rules, Samples
from .verdict import Cause, Verdict, absent, causes, differences, nothing_judged


def judge(base: Results, head: Results, titles: tuple[str, str], rules: Rules, wanted: re.Pattern[str],
          force: bool) -> Verdict:
    """Raises Refused where no case is wanted."""
    began = time.monotonic()

    def verdict(decision: Decision, invalid: list[Cause], samples: Samples) -> Verdict:
        return Verdict(*titles, head.suite, decision, invalid, notes, samples, took_s=time.monotonic() - began, stored=True)

    incomparable, notes = differences(base.context, head.context, force)
    if incomparable:  # else every case would say it once more
        return verdict(nothing_judged(rules), incomparable, {})
    cases, others = ({c.name: c for c in side.cases} for side in (base, head))
    selected(list((cases | others).values()), wanted, "both runs", f"fanbench report {titles[0]} --format csv")
    cases, others = ({name: c for name, c in side.items() if wanted.search(name)} for side in (cases, others))
    problems = [(name, "head has no such case") for name in cases if name not in others]
    remarks = [(name, "new, not judged: base has no such case") for name in others if name not in cases]
    samples: Samples = {}
    for name in (n for n in cases if n in others):
        pair = {"base": cases[name], "head": others[name]}
        without = {side: c for side, c in pair.items() if not c.ok}
        for side, c in without.items():
            if c.status == ERROR:
                problems.append((name, f"error row of {side}: {c.message}"))
            elif len(without) == 1:
                problems.append((name, f"no number of {side} only: {c.message}"))
        if len(without) == 2 and not any(c.status == ERROR for c in without.values()):
            remarks.append((name, f"neither side has numbers: {cases[name].message}"))
        if not without:
            for figure in rules.figures:
                for one, other in rows_of_both(*pair.values(), figure):
                    searching.add(samples, {Key(name, figure): (float(one[figure]), None, float(other[figure]))})
    notes += [*causes(remarks), *absent(samples, rules, True)]
    if once := _watched_once(samples):
        samples = {key: blocks for key, blocks in samples.items() if key.figure not in once}
        names = ", ".join(rules.figures[name].plain for name in once)
        notes.append(Cause(f"not judged, as a run watches it in its first round alone: {names}"))
    notes.append(Cause("two runs of the past: without base again and without a fresh run to confirm, the least change is "
                       "doubled and the level is that of the confirmation"))
    return verdict(deciding.judge_stored(samples, rules), causes(problems), samples)


def _watched_once(samples: Samples) -> list[str]:
    """The figures that no case has in a second round, where other figures have more."""
    rounds: dict[str, int] = {}
    for key, blocks in samples.items():
        rounds[key.figure] = max(rounds.get(key.figure, 0), len(blocks.base))
    return [figure for figure, number in rounds.items() if number == 1 < max(rounds.values())]
