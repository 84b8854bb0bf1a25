"""Writes what the gate found: for the terminal, as Markdown, as JSON and as annotations of GitHub Actions."""

from __future__ import annotations

import json
import math
import textwrap
from typing import Any, Iterable

import numpy as np

from ..results.wording import count, memory
from .deciding import COUNTERS, Judged
from .measuring import Gate

FORMAT = 1  # of the JSON
WIDTH = 80
_HEADINGS = {"regression": "Regressions", "improvement": "Improvements",
             "untested": "Suspected, without time to confirm", "unconfirmed": "Suspected, and not confirmed",
             "control moved": "Base against itself moved"}


def lines(gate: Gate) -> list[str]:
    """For the terminal: 80 columns, the verdict at the end."""
    found = [f"{gate.base} → {gate.head}, suite {gate.suite}", ""]
    for verdict, heading in _HEADINGS.items():
        these = gate.decision.of(verdict)
        found += [f"{heading}:"] * bool(these)
        for j in these:
            found += [f"  {_size(j)}", *_wrapped(j.key.case, "    ")]
        found += [""] * bool(these)
    if gate.decision.judged:
        rows = [("counter", "cases", "rounds", "uncertainty (95 %)"), *_sensitivity(gate)]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        found += ["  ".join(cell.ljust(width) if i in (0, 3) else cell.rjust(width)
                            for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows] + [""]
    for note in gate.notes:
        found += _wrapped(f"note: {note}", "")
    for line in (*gate.invalid, *gate.decision.reasons):
        found += _wrapped(f"{'invalid' if line in gate.invalid else 'unproven'}: {line}", "")
    return [*found, *_wrapped(_verdict(gate), "")]


def markdown(gate: Gate) -> str:
    """For a pull request or a job's summary."""
    found = [f"### fanbench gate: {gate.word}", "",
             f"{_code(gate.base)} → {_code(gate.head)}, suite {_code(gate.suite)}. {_verdict(gate)}", ""]
    for line in (*gate.invalid, *gate.decision.reasons):
        found += [f"- **{'invalid' if line in gate.invalid else 'unproven'}**: {_escaped(line)}"]
    found += [""] * bool(gate.invalid or gate.decision.reasons)
    for verdict, heading in _HEADINGS.items():
        if these := gate.decision.of(verdict):
            found += [f"#### {heading}", "", "| case | counter | base | head | change | interval |",
                      "|---|---|---|---|---|---|"]
            for j in these:
                about = COUNTERS[j.key.counter]
                found += [f"| {_code(j.key.case)} | {about.label} | {_value(about.name, j.best.base)} | "
                          f"{_value(about.name, j.best.head)} | {_percent(j.best.move)} | {_interval(j)} |"]
            found += [""]
    if gate.decision.judged:
        found += ["| counter | cases | rounds | uncertainty (95 %) |", "|---|---|---|---|",
                  *(f"| {' | '.join(row)} |" for row in _sensitivity(gate)), ""]
    found += [f"- {_escaped(note)}" for note in gate.notes]
    return "\n".join(found).rstrip() + "\n"


def document(gate: Gate) -> str:
    """All that was found and measured, as JSON. Ends that are infinite are null."""
    rules = gate.decision.rules
    whole = {
        "format": FORMAT, "verdict": gate.word, "exit_code": gate.code, "base": gate.base, "head": gate.head,
        "suite": gate.suite, "stored": gate.stored, "seed": gate.seed, "took_s": round(gate.took_s, 1),
        "rules": {"floor": rules.floor, "search_level": rules.search_level, "confirm_level": rules.confirm_level},
        "invalid": gate.invalid, "unproven": list(gate.decision.reasons), "notes": gate.notes,
        "comparisons": [_judged(j) for j in gate.decision.judged],
        "rounds": [{"case": key.case, "counter": key.counter, "stage": stage, "base": blocks.base,
                    "base_again": blocks.again, "head": blocks.head}
                   for stage, samples in (("search", gate.search), ("confirmation", gate.confirmation))
                   for key, blocks in samples.items()]}
    return json.dumps(whole, indent=1, allow_nan=False) + "\n"


def annotations(gate: Gate) -> list[str]:
    """GitHub's workflow commands: what is shown beside the change."""
    found = [f"::error title=fanbench: {COUNTERS[j.key.counter].label} {_percent(j.best.move)}::"
             f"{_command(f'{j.key.case}: {_size(j)}')}" for j in gate.decision.of("regression")]
    found += [f"::error title=fanbench: invalid::{_command(line)}" for line in gate.invalid]
    found += [f"::warning title=fanbench: unproven::{_command(line)}" for line in gate.decision.reasons]
    return found + [f"::notice title=fanbench: {COUNTERS[j.key.counter].label} {_percent(j.best.move)}::"
                    f"{_command(f'{j.key.case}: {_size(j)}')}" for j in gate.decision.of("improvement")]


def _verdict(gate: Gate) -> str:
    number = len(gate.decision.judged)
    regressions, improvements = (len(gate.decision.of(what)) for what in ("regression", "improvement"))
    said = {"pass": "PASS: no regression", "regression": f"REGRESSION: {regressions}",
            "unproven": "UNPROVEN: nothing found, but a regression could hide",
            "invalid": f"INVALID: {len(gate.invalid)} of what must be comparable is not"}[gate.word]
    also = [f"{regressions} found"] if gate.word == "invalid" and regressions else []
    also += [f"{improvements} improvement{'' if improvements == 1 else 's'}"] if improvements else []
    return f"{said} in {number} comparisons{''.join(f', {what}' for what in also)} ({gate.took_s:.0f} s)"


def _size(j: Judged) -> str:
    about = COUNTERS[j.key.counter]
    return (f"{about.label} {_percent(j.best.move)} ({_interval(j)}): {_value(about.name, j.best.base)} → "
            f"{_value(about.name, j.best.head)}")


def _interval(j: Judged) -> str:
    """Without ends where the rounds are too few for this level."""
    if not math.isfinite(j.interval.low) or not math.isfinite(j.interval.high):
        return f"{j.best.rounds} rounds"
    return f"{_percent(j.interval.low)} … {_percent(j.interval.high)}"


def _sensitivity(gate: Gate) -> Iterable[tuple[str, str, str, str]]:
    """Of each counter: cases, rounds, and half of a move's interval, in the middle case and in the noisiest."""
    for counter, about in COUNTERS.items():
        these = [j for j in gate.decision.judged if j.key.counter == counter]
        if these:
            halves = [(high - low) / 2 for low, high in (j.search.rough for j in these)]
            rounds = [j.search.rounds for j in these]
            span = f"{min(rounds)}" if min(rounds) == max(rounds) else f"{min(rounds)}–{max(rounds)}"
            yield (about.label, f"{len(these)}", span,
                   f"±{_share(float(np.median(halves)))}, noisiest ±{_share(max(halves))}")


def _judged(j: Judged) -> dict[str, Any]:
    c = j.search
    found = {"case": j.key.case, "counter": j.key.counter, "verdict": j.verdict, "base": j.best.base,
             "head": j.best.head, "change": j.best.move,
             "low": _finite(j.interval.low), "high": _finite(j.interval.high), "level": j.interval.level,
             "rounds": j.best.rounds,
             "search": {"change": c.move, "base_against_itself": c.control, "p_rise": c.p[0], "p_fall": c.p[1],
                        "rounds": c.rounds}}
    if j.confirmation:
        found["confirmation"] = {"change": j.confirmation.move, "base_against_itself": j.confirmation.control,
                                 "p_rise": j.confirmation.p[0], "p_fall": j.confirmation.p[1],
                                 "rounds": j.confirmation.rounds}
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _percent(move: float) -> str:
    value = 100 * move
    return f"{value:+.1f} %" if abs(value) < 99.95 else f"{value:+,.0f} %"


def _share(move: float) -> str:
    return f"{100 * move:.1f} %" if move < 0.0995 else f"{100 * move:,.0f} %"


def _value(counter: str, value: float) -> str:
    about = COUNTERS[counter]
    return memory(value) if about.unit == "bytes" else f"{count(value)} {about.unit}".rstrip()


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def _escaped(text: str) -> str:
    for mark in "\\`*_<>|":
        text = text.replace(mark, f"\\{mark}")
    return text


def _command(text: str) -> str:
    """A workflow command is one line, and % begins an escape."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
