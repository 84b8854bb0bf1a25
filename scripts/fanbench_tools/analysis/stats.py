"""Intervals and tests over rounds: pure functions on numpy, each with the source of its formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Callable, Sequence

import numpy as np

RESAMPLES = 4000  # of a bootstrap: enough that another seed moves its ends by less than the data's own grain


@dataclass(frozen=True)
class Interval:
    """An estimate and the interval around it, which covers the truth in a share `level` of all experiments."""

    estimate: float
    low: float
    high: float
    level: float
    n: int  # values, or pairs of values, that it was made of

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def median_interval(values: Sequence[float], level: float = 0.95, seed: int = 0) -> Interval | None:
    """The median and its percentile bootstrap interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
    chapter 13); the seed decides the resamples. None below 3 values, as nothing can be said.

    Percentile and not BCa: the acceleration of BCa is a jackknife's, and the jackknife fails for the median (chapter
    11.6). With few values the interval ends at the extremes, and covers less often than `level`: 3 values give 0.75.
    """
    sample = _finite(values)
    if len(sample) < 3:
        return None
    drawn = np.random.default_rng(seed).integers(len(sample), size=(RESAMPLES, len(sample)))
    medians = np.median(sample[drawn], axis=1)
    # Quantiles that are values of the sample of medians, not between two of them: the distribution is one of steps.
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return Interval(float(np.median(sample)), float(low), float(high), level, len(sample))


def ratio_interval(numerators: Sequence[float], denominators: Sequence[float], level: float = 0.95) -> Interval | None:
    """The geometric mean of the ratios of values that belong together, with Student's t interval of the mean log ratio
    (Fleming and Wallace 1986 on why ratios are averaged so; Kalibera and Jones 2013 on ratios of benchmarks).

    None below 3 pairs, or where a value is not above 0. Raises ValueError where the two have different lengths.
    """
    if len(numerators) != len(denominators):
        raise ValueError(f"expected pairs, got {len(numerators)} numerators and {len(denominators)} denominators")
    above, below = np.asarray(numerators, float), np.asarray(denominators, float)
    n = len(above)
    if n < 3 or not (np.isfinite(above) & np.isfinite(below) & (above > 0) & (below > 0)).all():
        return None
    logs = np.log(above / below)
    centre = float(logs.mean())
    half = t_quantile((1 + level) / 2, n - 1) * float(logs.std(ddof=1)) / math.sqrt(n)
    return Interval(math.exp(centre), math.exp(centre - half), math.exp(centre + half), level, n)


def ratio_of_medians_interval(numerators: Sequence[float], denominators: Sequence[float], level: float = 0.95,
                              seed: int = 0) -> Interval | None:
    """The ratio of two medians and its percentile bootstrap interval, for values that do not belong together: both
    samples are drawn anew, each by itself (Efron and Tibshirani 1993, chapters 8 and 13).

    None below 5 values on either side, or where a value is not above 0: of two samples of 3 that differ by chance
    alone, an interval of 95 % excluded 1 in one of ten, of 5 and more in one of twenty or less.
    """
    above, below = _finite(numerators), _finite(denominators)
    if min(len(above), len(below)) < 5 or (above <= 0).any() or (below <= 0).any():
        return None
    random = np.random.default_rng(seed)
    medians = [np.median(sample[random.integers(len(sample), size=(RESAMPLES, len(sample)))], axis=1)
               for sample in (above, below)]
    low, high = np.quantile(medians[0] / medians[1], [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return Interval(float(np.median(above) / np.median(below)), float(low), float(high), level,
                    min(len(above), len(below)))


def signed_rank_interval(log_ratios: Sequence[float], level: float = 0.95) -> Interval | None:
    """The Hodges-Lehmann estimate of the centre of paired differences, and the exact interval that belongs to
    Wilcoxon's signed-rank test (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 2014, 3.2 and 3.3).

    It needs no distribution, only that each difference is as likely to be above the centre by so much as below: which
    drawing the order of the two anew in each round sees to. Ties make it longer than needed, never shorter. Where n is
    too small for the level its ends are infinite. None without a value.
    """
    values = _finite(log_ratios)
    n = len(values)
    if n == 0:
        return None
    first, second = np.triu_indices(n)
    averages = np.sort((values[first] + values[second]) / 2)  # Walsh averages, of each with itself and with each other
    cut = _cut(n, (1 - level) / 2)
    low, high = (averages[cut - 1], averages[-cut]) if cut else (-math.inf, math.inf)
    return Interval(float(np.median(averages)), float(low), float(high), level, n)


def signed_rank_p(log_ratios: Sequence[float]) -> float:
    """The exact two-sided p-value of Wilcoxon's signed-rank test that the differences are centred at 0, by counting all
    ways to set their signs. Ties share their mean rank; zeros are ranked and then left out (Pratt 1959).

    1.0 without a difference.
    """
    values = _finite(log_ratios)
    doubled = _doubled_ranks(np.abs(values))
    moved = values != 0
    ranks, above = doubled[moved], doubled[values > 0].sum()
    ways = _ways(tuple(ranks.tolist()))
    return float(min(1.0, 2 * min(ways[:above + 1].sum(), ways[above:].sum())))


def aligned_rank_p(treated: Sequence[float], controls: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Exact one-sided p-values that the treated are above, and below, their blocks' controls, by the aligned rank test
    (Hodges and Lehmann 1962; Rosenbaum, Observational Studies, 2002, chapter 2.4). `controls` has a row for each of
    `treated`.

    Each block's mean is taken off, all that is left is ranked together, and the treated ranks' sum is compared with
    what it would be had each block drawn its treated one by lot: which drawing the order of the block's runs makes true
    where there is no effect, whatever the noise is like. With one control it is the signed-rank test, each rank less a half.
    """
    values = _blocks(treated, controls)
    ranks = _aligned_ranks(values)
    least = ranks.min(axis=1)
    ways = np.ones(1)
    for block in ranks - least[:, None]:
        longer = np.zeros(len(ways) + block.max())
        for rank in block:
            longer[rank:rank + len(ways)] += ways
        ways = longer / len(block)
    sum_above_least = int((ranks[:, 0] - least).sum())
    return (float(min(1.0, ways[sum_above_least:].sum())), float(min(1.0, ways[:sum_above_least + 1].sum())))


def aligned_rank_interval(treated: Sequence[float], controls: Sequence[Sequence[float]],
                          level: float = 0.95) -> Interval | None:
    """The shift of the treated that fits the aligned ranks best, and all shifts that the test does not reject at this
    level (the test turned round, as in Rosenbaum 2002, chapter 2.4). Infinite ends where there are too few blocks for the
    level; None without a block."""
    if not len(treated):
        return None
    values = _blocks(treated, controls)
    n, width = values.shape
    shifts = values[:, :1] - values[:, 1:]
    reach = float(np.ptp(shifts)) + 1e-9
    outside = float(shifts.min()) - reach, float(shifts.max()) + reach
    tail = (1 - level) / 2

    def first_where(holds: Callable[[float], bool]) -> float:
        """The least shift from which on it holds."""
        low, high = outside
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if holds(middle) else (middle, high)
        return high

    def sum_of_ranks(shift: float) -> int:
        return int(_aligned_ranks(values - shift * _first_column(width))[:, 0].sum())

    middle = n * (n * width + 1)  # what the doubled ranks of the treated sum up to where there is no effect
    estimate = (first_where(lambda s: sum_of_ranks(s) <= middle) + first_where(lambda s: sum_of_ranks(s) < middle)) / 2
    if width ** -n > tail * (1 + 1e-9):
        return Interval(estimate, -math.inf, math.inf, level, n)
    low = first_where(lambda s: aligned_rank_p(values[:, 0] - s, values[:, 1:])[0] > tail)
    high = first_where(lambda s: aligned_rank_p(values[:, 0] - s, values[:, 1:])[1] <= tail)
    return Interval(estimate, low, high, level, n)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for their number, in their order (Holm 1979): to call all at or below a level significant
    is wrong about any of them with at most that probability, however they depend on each other."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, greatest = [0.0] * len(order), 0.0
    for rank, i in enumerate(order):
        greatest = max(greatest, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = greatest
    return adjusted


def least_blocks(tail: float, controls: int = 1) -> int:
    """The fewest blocks (pairs, where there is one control) with which a one-sided p-value can be as low as `tail`."""
    return math.ceil(-math.log(tail * (1 + 1e-9)) / math.log(controls + 1))


def t_quantile(probability: float, degrees: int) -> float:
    """Student's t: the value below which it is with this probability (Abramowitz and Stegun 26.7)."""
    if probability < 0.5:
        return -t_quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while t_probability(high, degrees) < probability:
        low, high = high, high * 2
    for _ in range(200):  # bisection to the last bit
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_probability(middle, degrees) < probability else (low, middle)
    return high


def t_probability(t: float, degrees: int) -> float:
    """Student's t: the probability to be at or below t, by the finite sums of Abramowitz and Stegun 26.7.3, 26.7.4."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    term, total = (cosine, 0.0) if degrees % 2 else (1.0, 0.0)
    for k in range(2 + degrees % 2, degrees + 1, 2):
        total += term
        term *= cosine * cosine * (k - 1) / k
    inside = 2 / math.pi * (angle + sine * total) if degrees % 2 else sine * total  # the probability between -t and t
    return (1 + inside) / 2


def _finite(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, float)
    if not np.isfinite(array).all():
        raise ValueError("expected finite numbers")
    return array


def _blocks(treated: Sequence[float], controls: Sequence[Sequence[float]]) -> np.ndarray:
    """A row for each block, the treated first."""
    return np.column_stack([_finite(treated), np.atleast_2d(_finite(controls))])


def _first_column(width: int) -> np.ndarray:
    return np.eye(1, width)


def _aligned_ranks(values: np.ndarray) -> np.ndarray:
    """Twice the rank of each value among all, once the means of their blocks are taken off."""
    left = values - values.mean(axis=1, keepdims=True)
    grain = 1e-9 * max(float(np.abs(values).max()), 1e-300)  # what was equal before the mean was taken off stays so
    return _doubled_ranks(np.round(left / grain).ravel()).reshape(values.shape)


def _doubled_ranks(sizes: np.ndarray) -> np.ndarray:
    """Twice the rank of each: whole numbers also where ties share a mean rank."""
    ordered = np.sort(sizes)
    return np.searchsorted(ordered, sizes, "left") + np.searchsorted(ordered, sizes, "right") + 1


@lru_cache(maxsize=4096)
def _ways(ranks: tuple[int, ...]) -> np.ndarray:
    """The probability of each sum of the ranks with a positive sign, when each sign is a coin's."""
    ways = np.zeros(sum(ranks) + 1)
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] += ways[:len(ways) - rank].copy()
        ways /= 2
    return ways


@lru_cache(maxsize=4096)
def _cut(n: int, tail: float) -> int:
    """How many Walsh averages lie outside the interval at each end: the most whose probability is at most `tail`, plus
    the end itself; 0 where not even the outermost is rare enough."""
    cumulated = np.cumsum(_ways(tuple(range(1, n + 1))))
    return int(np.searchsorted(cumulated, tail * (1 + 1e-9), "right"))
