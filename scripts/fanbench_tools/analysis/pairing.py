"""What cases did in the same round or turn, beside each other: the noise of a turn falls on all who take it."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from ..results.cases import CaseResult
from ..results.rows import Row, is_number


def levelled(turns: Sequence[Sequence[Any]]) -> list[float] | None:
    """A figure of several cases, without what was common to all in a turn: for each case how far it was from the mean of
    all in the median turn, put on the level of the median turn. No case is preferred. `turns` has a sequence for each
    case, a value for each turn; a turn that lacks one is left out, None where none is whole.

    Noise multiplies: by logarithms, unless a value is not above 0.
    """
    whole = [values for values in zip(*turns) if all(is_number(value) for value in values)]
    if not whole:
        return None
    values = np.array(whole, dtype=float)
    multiplies = (values > 0).all()
    scaled = np.log(values) if multiplies else values
    common = scaled.mean(axis=1)
    cases = np.median(common) + np.median(scaled - common[:, np.newaxis], axis=0)
    return [float(value) for value in (np.exp(cases) if multiplies else cases)]


def paired_rounds(one: CaseResult, other: CaseResult, figure: str) -> list[tuple[float, float]]:
    """A figure of two rows of one run in the rounds that both have it in, by their turns where they took some."""
    pairs = []
    for first, second in rows_of_both(one, other, figure):
        of_turns = levelled([_turns(first, figure), _turns(second, figure)])
        pairs.append(tuple(of_turns) if of_turns else (float(first[figure]), float(second[figure])))
    return pairs


def rows_of_both(one: CaseResult, other: CaseResult, figure: str) -> list[tuple[Row, Row]]:
    """Two cases' rows of the same round, where both have the figure."""
    first, second = ({row.get("repetition_index", i): row for i, row in enumerate(c.rounds)
                      if c.ok and is_number(row.get(figure))} for c in (one, other))
    return [(row, second[i]) for i, row in first.items() if i in second]


def _turns(row: Row, figure: str) -> Sequence[Any]:
    turns = row.get("turns")
    return turns.get(figure, ()) if isinstance(turns, Mapping) else ()
