"""Writes what the gate says: for the terminal, as Markdown, as JSON and as annotations of GitHub Actions."""

from __future__ import annotations

import json
import math
import textwrap
from typing import Any, Iterable

import numpy as np

from ..results.catalogue import Figure
from .deciding import Judged
from .verdict import Verdict

FORMAT = 3  # of the JSON; in 2 there was one least change for all counters
WIDTH = 80
MOSTLY = 0.5  # of the runs: a pass of which so many were noisy says so
NAMED = 5  # cases, of those of which the same is to be said; JSON has all
_HEADINGS = {"regression": "Regressions", "improvement": "Improvements",
             "untested": "Suspected, without time to confirm", "unconfirmed": "Suspected, and not confirmed",
             "control moved": "Base against itself moved"}


def lines(verdict: Verdict) -> list[str]:
    """For the terminal: 80 columns, the verdict at the end."""
    text = [f"{verdict.base} → {verdict.head}, suite {verdict.suite}", ""]
    for kind, heading in _HEADINGS.items():
        these = verdict.decision.of(kind)
        text += [f"{heading}:"] * bool(these)
        for j in these:
            text += [f"  {_size(j)}", *_wrapped(j.key.case, "    ")]
        text += [""] * bool(these)
    if verdict.decision.judged:
        rows = [("counter", "cases", "rounds", "could be missed"), *_sensitivity(verdict)]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        text += ["  ".join(cell.ljust(width) if i in (0, 3) else cell.rjust(width)
                           for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows] + [""]
    for note in verdict.notes:
        text += _wrapped(f"note: {note.line(NAMED)}", "")
    for kind, line in _why(verdict):
        text += _wrapped(f"{kind}: {line}", "")
    return [*text, *_wrapped(_verdict(verdict), "")]


def markdown(verdict: Verdict) -> str:
    """For a pull request or a job's summary: first what its word is about."""
    text = [f"### fanbench gate: {verdict.word}", ""]
    why = [f"- **{kind}**: {_escaped(line)}" for kind, line in _why(verdict)]
    why += [""] * bool(why)
    about_sides = [f"{_code(verdict.base)} → {_code(verdict.head)}, suite {_code(verdict.suite)}. {_verdict(verdict)}", ""]
    text += [*_section(verdict, "regression"), *about_sides, *why] if verdict.word == "regression" \
        else [*about_sides, *why, *_section(verdict, "regression")]
    for kind in _HEADINGS:
        text += _section(verdict, kind) if kind != "regression" else []
    if verdict.decision.judged:
        text += ["| counter | cases | rounds | could be missed |", "|---|---|---|---|",
                 *(f"| {' | '.join(row)} |" for row in _sensitivity(verdict)), ""]
    text += [f"- {_escaped(note.line(NAMED))}" for note in verdict.notes]
    return "\n".join(text).rstrip() + "\n"


def _section(verdict: Verdict, kind: str) -> list[str]:
    these = verdict.decision.of(kind)
    if not these:
        return []
    text = [f"#### {_HEADINGS[kind]}", "", "| case | counter | base | head | change | interval |",
            "|---|---|---|---|---|---|"]
    for j in these:
        about = _about(j)
        text += [f"| {_code(j.key.case)} | {about.plain} | {about.words(j.best.base)} | {about.words(j.best.head)} | "
                 f"{_percent(j.best.move)} | {_interval(j)} |"]
    return [*text, ""]


def _why(verdict: Verdict) -> list[tuple[str, str]]:
    """Why it is not what it could be: the kind of each reason, and the reason."""
    return [*(("invalid", cause.line(NAMED)) for cause in verdict.invalid),
            *(("unproven", reason) for reason in verdict.unproven)]


def document(verdict: Verdict) -> str:
    """All that was found and measured, as JSON. Ends that are infinite are null."""
    rules = verdict.decision.rules
    whole = {
        "format": FORMAT, "verdict": verdict.word, "exit_code": verdict.code,
        "base": verdict.base, "head": verdict.head,
        "suite": verdict.suite, "stored": verdict.stored, "seed": verdict.seed, "took_s": round(verdict.took_s, 1),
        "rules": {"least_change": {name: rules.least_change_of(f) for name, f in rules.figures.items()},
                  "surely": rules.surely, "search_level": rules.search_level,
                  "confirm_level": rules.confirm_level},
        "invalid": [cause.line() for cause in verdict.invalid], "unproven": list(verdict.unproven),
        "notes": [note.line() for note in verdict.notes],
        "comparisons": [_judged(j) for j in verdict.decision.judged],
        "rounds": [{"case": key.case, "counter": key.figure, "stage": stage, "base": blocks.base,
                    "base_again": blocks.again, "head": blocks.head}
                   for stage, samples in (("search", verdict.search), ("confirmation", verdict.confirmation))
                   for key, blocks in samples.items()]}
    return json.dumps(whole, indent=1, allow_nan=False) + "\n"


def annotations(verdict: Verdict) -> list[str]:
    """GitHub's workflow commands: what is shown beside the change, one for each figure that moved and each reason."""
    levels = {"invalid": "error", "unproven": "warning"}
    return [*_moved(verdict, "regression", "error"),
            *(f"::{levels[kind]} title=fanbench: {kind}::{_command(line)}" for kind, line in _why(verdict)),
            *_moved(verdict, "improvement", "notice")]


def _moved(verdict: Verdict, kind: str, level: str) -> list[str]:
    """The largest first, with the cases that moved the most."""
    by_figure: dict[str, list[Judged]] = {}
    for j in verdict.decision.of(kind):
        by_figure.setdefault(j.key.figure, []).append(j)
    text = []
    for these in by_figure.values():
        title = f"{_about(these[0]).plain} {_percent(these[0].best.move)}"
        told = [f"{j.key.case}: {_size(j)}" for j in these[:NAMED]]
        if len(these) > 1:
            title = f"{_about(these[0]).plain} in {len(these):,} cases, up to {_percent(these[0].best.move)}"
            told += [f"and {len(these) - NAMED:,} cases more"] * (len(these) > NAMED)
        lines = _command("\n".join(told))
        text.append(f"::{level} title=fanbench: {title.replace(',', '%2C')}::{lines}")  # else a comma would end it
    return text


def _verdict(verdict: Verdict) -> str:
    number = len(verdict.decision.judged)
    among = _many(number, "comparison")
    regressions, improvements = (len(verdict.decision.of(what)) for what in ("regression", "improvement"))
    noisy = f" (noisy in {100 * verdict.noisy:.0f} % of the runs)" if verdict.noisy > MOSTLY else ""
    said = {"pass": f"PASS{noisy}: no regression found in {among}", "regression": f"REGRESSION: {regressions} in {among}",
            "unproven": f"UNPROVEN: nothing found in {among}, but a regression could hide" if number
            else "UNPROVEN: nothing was compared",
            "invalid": f"INVALID: in part; {_many(regressions, 'regression')} in {among} of the rest"
            if number else "INVALID: base and head can't be compared"}[verdict.word]
    also = f", {_many(improvements, 'improvement')}" if improvements else ""
    return f"{said}{also} ({verdict.took_s:.0f} s)"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _size(j: Judged) -> str:
    about = _about(j)
    return (f"{about.plain} {_percent(j.best.move)} ({_interval(j)}): {about.words(j.best.base)} → "
            f"{about.words(j.best.head)}")


def _about(j: Judged) -> Figure:
    return j.search.about


def _interval(j: Judged) -> str:
    """Without ends where the rounds are too few for this level."""
    if not math.isfinite(j.interval.low) or not math.isfinite(j.interval.high):
        return f"{j.best.rounds} rounds"
    return f"{_percent(j.interval.low)} … {_percent(j.interval.high)}"


def _sensitivity(verdict: Verdict) -> Iterable[tuple[str, str, str, str]]:
    """Of each figure: cases, rounds, and the smallest rise that would surely have been found, in the middle case and in
    the noisiest."""
    for figure, about in verdict.decision.rules.figures.items():
        these = [j for j in verdict.decision.judged if j.key.figure == figure]
        if these:
            missed = [j.missed for j in these]
            rounds = [j.search.rounds for j in these]
            span = f"{min(rounds)}" if min(rounds) == max(rounds) else f"{min(rounds)}–{max(rounds)}"
            middle, worst = _up_to(float(np.median(missed))), _up_to(max(missed))
            yield (about.plain, f"{len(these)}", span, middle if middle == worst else f"{middle}, noisiest {worst}")


def _judged(j: Judged) -> dict[str, Any]:
    c = j.search
    said = {"case": j.key.case, "counter": j.key.figure, "verdict": j.verdict, "base": j.best.base,
             "head": j.best.head, "change": j.best.move,
             "low": _finite(j.interval.low), "high": _finite(j.interval.high), "level": j.interval.level,
             "rounds": j.best.rounds, "could_be_missed": _finite(j.missed),
             "search": {"change": c.move, "base_against_itself": c.control, "p_rise": c.p[0], "p_fall": c.p[1],
                        "rounds": c.rounds}}
    if j.confirmation:
        said["confirmation"] = {"change": j.confirmation.move, "base_against_itself": j.confirmation.control,
                                 "p_rise": j.confirmation.p[0], "p_fall": j.confirmation.p[1],
                                 "rounds": j.confirmation.rounds}
    return said


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _percent(move: float) -> str:
    value = 100 * move
    return f"{value:+.1f} %" if abs(value) < 99.95 else f"{value:+,.0f} %"


def _up_to(move: float) -> str:
    if not math.isfinite(move):
        return "anything"
    return f"up to {100 * move:.1f} %" if move < 0.0995 else f"up to {100 * move:,.0f} %"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                         break_on_hyphens=False, break_long_words=False)


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def _escaped(text: str) -> str:
    for mark in "\\`*_<>|":
        text = text.replace(mark, f"\\{mark}")
    return text


def _command(text: str) -> str:
    """A workflow command is one line, and % begins an escape."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
