"""Statistics on inputs with a known answer: from the definitions, by brute force, and by how often they are right."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from fanbench_tools.analysis import stats


def test_the_median_interval_is_of_medians_of_the_sample_and_the_seed_repeats_it() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 100.0]
    interval = stats.median_interval(values)
    assert (interval.estimate, interval.n, interval.level) == (3.0, 5, 0.95)
    assert (interval.low, interval.high) == (1.0, 100.0)  # P(median of 5 drawn is the least) = 0.058, above 0.025
    assert stats.median_interval(values, 0.8) == stats.median_interval(values, 0.8, seed=0)
    assert stats.median_interval(values, 0.8).high == 4.0
    assert stats.median_interval([5.0] * 9) == stats.Interval(5.0, 5.0, 5.0, 0.95, 9)


def test_the_median_interval_covers_the_median() -> None:
    random = np.random.default_rng(1)
    hits = sum(not stats.median_interval(random.lognormal(size=25), 0.95, seed=i).excludes(1.0) for i in range(300))
    assert 270 <= hits <= 298  # 0.95 of 300 is 285, and the percentile interval of 25 values covers 0.93 to 0.96


@pytest.mark.parametrize("function", [stats.median_interval])
def test_two_values_are_too_few(function) -> None:
    assert function([1.0, 2.0]) is None
    assert stats.ratio_interval([1.0, 2.0], [1.0, 2.0]) is None


def test_the_ratio_interval_is_students_of_the_mean_log() -> None:
    interval = stats.ratio_interval([2.0, 4.0, 8.0], [1.0, 1.0, 1.0])  # logs ln 2 · 1, 2, 3: mean 2, deviation 1
    half = 4.302652729749464 / math.sqrt(3) * math.log(2)
    assert interval.estimate == pytest.approx(4)
    assert (interval.low, interval.high) == (pytest.approx(4 * math.exp(-half)), pytest.approx(4 * math.exp(half)))
    assert stats.ratio_interval([1.0, 1.0, 0.0], [1.0] * 3) is None
    assert stats.ratio_interval([1.0] * 3, [1.0, -1.0, 1.0]) is None
    with pytest.raises(ValueError, match="3 numerators and 2 denominators"):
        stats.ratio_interval([1.0] * 3, [1.0] * 2)


@pytest.mark.parametrize(("probability", "degrees", "value"), [  # tables of Student's t
    (0.975, 1, 12.7062), (0.975, 2, 4.3027), (0.975, 5, 2.5706), (0.995, 10, 3.1693), (0.95, 29, 1.6991),
    (0.975, 120, 1.9799), (0.025, 5, -2.5706), (0.5, 7, 0.0)])
def test_students_t_is_that_of_the_tables(probability: float, degrees: int, value: float) -> None:
    assert stats.t_quantile(probability, degrees) == pytest.approx(value, abs=1e-4)


def test_the_signed_rank_p_counts_all_signs() -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        values = random.integers(-4, 6, size=8).astype(float)  # with ties and zeros
        sizes = np.abs(values)
        ranks = [(sizes < s).sum() + (1 + (sizes == s).sum()) / 2 for s in sizes]
        moved = [r for r, v in zip(ranks, values) if v]
        above = sum(r for r, v in zip(ranks, values) if v > 0)
        sums = [sum(r for r, plus in zip(moved, signs) if plus)
                for signs in itertools.product((0, 1), repeat=len(moved))]
        lower, upper = np.mean([s <= above for s in sums]), np.mean([s >= above for s in sums])
        assert stats.signed_rank_p(values) == pytest.approx(min(1.0, 2 * min(lower, upper)))


def test_the_signed_rank_p_of_the_extremes() -> None:
    assert stats.signed_rank_p([1.0, 2, 3, 4, 5]) == 2 / 32
    assert stats.signed_rank_p([-0.08] * 12) == 2 / 2**12
    assert stats.signed_rank_p(range(1, 61)) == pytest.approx(2 / 2**60)
    assert stats.signed_rank_p([]) == stats.signed_rank_p([0.0] * 9) == 1.0


@pytest.mark.parametrize(("n", "outside"), [(6, 1), (8, 4), (10, 9), (12, 14), (20, 53)])  # the tables' critical T, + 1
def test_the_signed_rank_interval_ends_at_the_tables_walsh_average(n: int, outside: int) -> None:
    values = [2.0**i for i in range(n)]
    averages = sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))
    interval = stats.signed_rank_interval(values, 0.95)
    assert (interval.low, interval.high) == (averages[outside - 1], averages[-outside])
    assert interval.estimate == np.median(averages)


def test_the_signed_rank_interval_has_no_ends_where_there_are_too_few() -> None:
    interval = stats.signed_rank_interval([1.0, 2, 3, 4, 5], 0.95)
    assert (interval.estimate, interval.low, interval.high) == (3.0, -math.inf, math.inf)
    assert stats.signed_rank_interval([], 0.95) is None
    assert stats.least_blocks(0.025) == 6 and stats.least_blocks(0.05 / 130) == 12
    assert stats.least_blocks(0.05 / 130, controls=2) == 8


def test_the_signed_rank_interval_covers_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    hits = sum(not stats.signed_rank_interval(random.standard_cauchy(12), 0.9).excludes(0.0) for _ in range(1000))
    assert 875 <= hits <= 935


def test_with_one_control_the_aligned_rank_test_is_wilcoxons_of_ranks_less_a_half() -> None:
    random = np.random.default_rng(4)
    for _ in range(20):
        treated, control = random.normal(0.5, size=(2, 9))
        moves = treated - control
        ranks = np.argsort(np.argsort(np.abs(moves))) + 0.5
        sums = [np.dot(ranks, signs) for signs in itertools.product((0, 1), repeat=9)]
        expected = np.mean([s >= ranks[moves > 0].sum() for s in sums])
        assert stats.aligned_rank_p(treated, control[:, None])[0] == pytest.approx(expected)


def test_the_aligned_rank_p_counts_all_lots() -> None:
    random = np.random.default_rng(5)
    for _ in range(10):
        blocks = random.integers(0, 7, size=(5, 3)).astype(float)
        left = (blocks * 3 - blocks.sum(axis=1, keepdims=True)).ravel()  # times 3: whole numbers, so that ties are ties
        ranks = np.array([(left < v).sum() + (left <= v).sum() + 1 for v in left]).reshape(blocks.shape)
        treated = ranks[:, 0].sum()
        sums = [sum(ranks[i, lot] for i, lot in enumerate(lots)) for lots in itertools.product(range(3), repeat=5)]
        expected = np.mean([s >= treated for s in sums]), np.mean([s <= treated for s in sums])
        assert stats.aligned_rank_p(blocks[:, 0], blocks[:, 1:]) == pytest.approx(expected)


def test_the_aligned_rank_test_is_right_as_often_as_it_says_under_skewed_noise_that_drifts() -> None:
    random = np.random.default_rng(6)
    wrong = 0
    for _ in range(2000):
        blocks = random.exponential(size=(8, 3)) ** 2 + np.linspace(0, 5, 8)[:, None]
        wrong += min(stats.aligned_rank_p(blocks[:, 0], blocks[:, 1:])) <= 0.025
    assert wrong <= 130  # 0.05 of 2000 is 100


def test_the_aligned_rank_interval_turns_the_test_round() -> None:
    random = np.random.default_rng(7)
    for _ in range(10):
        controls = random.normal(size=(12, 2))
        treated = controls.mean(axis=1) + random.normal(1.0, 0.5, size=12)
        interval = stats.aligned_rank_interval(treated, controls, 0.95)
        assert interval.low < interval.estimate < interval.high
        p = stats.aligned_rank_p(treated, controls)
        assert interval.excludes(0.0) == (min(p) <= 0.025)
        moved = stats.aligned_rank_interval(treated + 3, controls, 0.95)
        assert (moved.low, moved.estimate, moved.high) == pytest.approx(
            (interval.low + 3, interval.estimate + 3, interval.high + 3), abs=1e-6)


def test_the_aligned_rank_interval_of_values_without_scatter_is_a_point() -> None:
    interval = stats.aligned_rank_interval([1.08] * 8, [[1.0, 1.0]] * 8, 0.99)
    assert (interval.low, interval.estimate, interval.high) == pytest.approx((0.08,) * 3, abs=1e-6)
    few = stats.aligned_rank_interval([1.08] * 3, [[1.0, 1.0]] * 3, 0.99)
    assert (few.low, few.high) == (-math.inf, math.inf) and few.estimate == pytest.approx(0.08, abs=1e-6)


def test_holm_multiplies_the_least_by_all_and_keeps_the_order() -> None:
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert stats.holm([0.5, 0.9]) == [1.0, 1.0]
    assert stats.holm([]) == []


@pytest.mark.parametrize("values", [[1.0, float("nan"), 2.0], [1.0, float("inf"), 2.0]])
def test_what_is_no_number_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        stats.signed_rank_p(values)
