"""Intervals and tests over rounds: pure functions on numpy, each with the source of its formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Callable, Sequence

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate and the interval around it, which covers the truth in a share `level` of all experiments, or more."""

    estimate: float
    low: float
    high: float
    level: float
    n: int  # values, or pairs of values, that it was made of

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def median_interval(values: Sequence[float], level: float = 0.95) -> Interval | None:
    """The median and the interval between two order statistics, whatever the values' distribution (David and Nagaraja,
    Order Statistics, 2003, 7.1): the narrowest that covers the true median in a share `level` of all experiments. Where
    even from the least to the greatest is less, it is that; `level` of the interval is what it really covers.

    None below 3 values, as nothing can be said.
    """
    sample = np.sort(_finite(values))
    n = len(sample)
    if n < 3:
        return None
    outside = left_out(n, level)
    return Interval(float(np.median(sample)), float(sample[outside]), float(sample[n - 1 - outside]),
                    covered(n, outside), n)


def left_out(n: int, level: float = 0.95) -> int:
    """How many of n values `median_interval` leaves outside at each end: 0 is from the least to the greatest."""
    return next((k for k in range((n - 1) // 2, 0, -1) if covered(n, k) >= level), 0)


def ends(n: int) -> str:
    """What the ends of `median_interval` over n rounds are: "least to greatest of 3 rounds"."""
    outside = left_out(n)
    least, greatest = ("least", "greatest") if not outside else (f"{_th(outside + 1)} least", f"{_th(outside + 1)} greatest")
    return f"{least} to {greatest} of {n} rounds"


def share(level: float) -> str:
    """A level in words, never more than it is: 0.9375 is "93 %"."""
    return f"{math.floor(100 * level + 1e-9)} %"


def covered(n: int, outside: int) -> float:
    """How often n values, less so many at each end, have their median between them: a coin's n throws."""
    return 1 - 2 * sum(math.comb(n, k) for k in range(outside + 1)) / 2**n


def student_p(mean: float, deviation: float, n: int, centre: float = 0.0) -> float:
    """The one-sided p-value that the mean is above the centre, by Student's t, of n values with this mean and standard
    deviation. Exact for normal values; for scatter with longer tails it errs on the safe side (Benjamini 1983). 1.0
    below 3 values."""
    return _upper_tail(mean - centre, deviation / math.sqrt(n), n - 1) if n >= 3 else 1.0


def rank_sum_interval(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Interval | None:
    """By how much the second sample is above the first: the Hodges-Lehmann estimate and the exact interval that belongs
    to Wilcoxon's rank sum test (Hollander, Wolfe and Chicken 2014, 4.2 and 4.3), for values that don't belong together.
    Where even the widest is less than `level` it is that; `level` of the interval is what it really covers.

    None below 3 values on either side.
    """
    one, other = _finite(first), _finite(second)
    if min(len(one), len(other)) < 3:
        return None
    differences = np.sort((other[:, None] - one[None, :]).ravel())
    below = np.cumsum(_rank_sums(len(one), len(other)))  # of Mann and Whitney's count: the probability to be at or below
    fits = [k for k in range(len(differences) // 2) if 1 - 2 * below[k] >= level]
    k = max(fits, default=0)
    return Interval(float(np.median(differences)), float(differences[k]), float(differences[-1 - k]),
                    float(1 - 2 * below[k]), min(len(one), len(other)))


def welch_p(first: Sequence[float], second: Sequence[float]) -> float:
    """The two-sided p-value that the means differ, by Welch's t (1947), with its degrees of freedom rounded down. 1.0
    below 3 values on either side."""
    one, other = _finite(first), _finite(second)
    if min(len(one), len(other)) < 3:
        return 1.0
    shares = [float(x.var(ddof=1)) / len(x) for x in (one, other)]
    error = sum(shares)
    degrees = error**2 / sum(s**2 / (len(x) - 1) for s, x in zip(shares, (one, other))) if error else 1.0
    return min(1.0, 2 * _upper_tail(abs(float(other.mean() - one.mean())), math.sqrt(error), max(1, int(degrees))))


def _upper_tail(move: float, error: float, degrees: int) -> float:
    """That a t of these degrees of freedom is above move / error. Values without scatter leave no doubt, except where
    they did not move either."""
    if abs(move) < 1e-12:
        return 0.5
    if error <= 1e-12 * abs(move):
        return 0.0 if move > 0 else 1.0
    return 1 - t_probability(move / error, degrees) if move > 0 else t_probability(-move / error, degrees)


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


def holm_critical(p_values: Sequence[float], level: float = 0.05) -> float:
    """The p-value up to which Holm's procedure at this level calls one significant: level / (those that it does not)."""
    left = sum(p > level for p in holm(p_values))
    return level / max(1, left)


def least_blocks(tail: float, controls: int = 1) -> int:
    """The fewest blocks (pairs, where there is one control) with which a one-sided p-value can be as low as `tail`."""
    return math.ceil(-math.log(tail * (1 + 1e-9)) / math.log(controls + 1))


def least_rounds_of_unlike(tail: float, controls: int = 1) -> int:
    """The fewest rounds of one treated value and so many controls with which the probability that all of the treated
    are beyond all of the controls by chance can be as low as `tail`: 1 in all ways to choose the treated."""
    rounds = 1
    while 1 / math.comb((controls + 1) * rounds, rounds) > tail * (1 + 1e-9):
        rounds += 1
    return rounds


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


def _th(n: int) -> str:
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


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


@lru_cache(maxsize=64)
def _rank_sums(m: int, n: int) -> np.ndarray:
    """The probability of each count of pairs in which the second is above the first, without an effect: by the ways to
    write the count as at most m parts of at most n each (Mann and Whitney 1947), a Gaussian binomial's coefficients."""
    ways = [1] + [0] * (m * n)  # whole numbers, so that nothing is lost where they are large
    for i in range(1, m + 1):
        for k in range(m * n, n + i - 1, -1):  # times 1 - q^(n + i)
            ways[k] -= ways[k - n - i]
        for k in range(i, m * n + 1):  # over 1 - q^i
            ways[k] += ways[k - i]
    return np.array([count / math.comb(m + n, m) for count in ways])


@lru_cache(maxsize=4096)
def _cut(n: int, tail: float) -> int:
    """How many Walsh averages lie outside the interval at each end: the most whose probability is at most `tail`, plus
    the end itself; 0 where not even the outermost is rare enough."""
    cumulated = np.cumsum(_ways(tuple(range(1, n + 1))))
    return int(np.searchsorted(cumulated, tail * (1 + 1e-9), "right"))
