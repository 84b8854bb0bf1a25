"""Statistics on inputs with a known answer: from the definitions, by brute force, and by how often they are right."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from fanbench_tools.analysis import stats


NORMAL, LONG, SKEWED = "normal", "long-tailed", "skewed"


def drawn(random: np.random.Generator, shape: str, size: tuple[int, ...]) -> np.ndarray:
    """Scatter around a median of 0; long tails are those of Student's t with 3 degrees of freedom."""
    return {NORMAL: random.normal, LONG: lambda size: random.standard_t(3, size),
            SKEWED: lambda size: random.exponential(size=size) - math.log(2)}[shape](size=size)


def at_least(hits: int, of: int, level: float) -> bool:
    """Within three standard errors of a simulation."""
    return hits >= of * level - 3 * math.sqrt(of * level * (1 - level))


def student_p(values, centre: float = 0.0) -> float:
    return stats.student_p(float(np.mean(values)), float(np.std(values, ddof=1)), len(values), centre)


@pytest.mark.parametrize("n", [3, 5, 8])
@pytest.mark.parametrize("shape", [NORMAL, LONG, SKEWED])
def test_an_interval_covers_what_it_is_called(n: int, shape: str) -> None:
    random, runs = np.random.default_rng(n), 2000
    intervals = [stats.median_interval(values) for values in drawn(random, shape, (runs, n))]
    assert {i.level for i in intervals} == {1 - 2.0 ** (1 - n)}  # all n on one side of the median, or on the other
    hits = sum(not i.excludes(0.0) for i in intervals)
    assert at_least(hits, runs, intervals[0].level) and hits < runs
    unpaired = [stats.rank_sum_interval(*both) for both in drawn(random, shape, (runs, 2, n))]
    assert at_least(sum(not i.excludes(0.0) for i in unpaired), runs, unpaired[0].level)


@pytest.mark.parametrize("n", [3, 5, 8])
@pytest.mark.parametrize("shape", [NORMAL, LONG])
def test_a_p_value_is_low_as_seldom_as_it_says(n: int, shape: str) -> None:
    random, runs = np.random.default_rng(n), 4000
    for level in (0.05, 0.01):
        paired = sum(student_p(values) <= level for values in drawn(random, shape, (runs, n)))
        unpaired = sum(stats.welch_p(*both) <= level for both in drawn(random, shape, (runs, 2, n)))
        assert at_least(runs - paired, runs, 1 - level) and at_least(runs - unpaired, runs, 1 - level)
        assert paired > 0


def test_the_median_interval_ends_at_order_statistics() -> None:
    assert stats.median_interval([4.0, 1.0, 2.0, 100.0, 3.0]) == stats.Interval(3.0, 1.0, 100.0, 0.9375, 5)
    assert (stats.ends(3), stats.share(0.9375)) == ("least to greatest of 3 rounds", "93 %")
    ten = stats.median_interval(range(1, 11))  # tables of the sign test: 2nd to 9th of 10 is 0.979
    assert (ten.low, ten.high, ten.level) == (2.0, 9.0, pytest.approx(0.9785, abs=1e-4))
    assert stats.ends(10) == "2nd least to 2nd greatest of 10 rounds"
    assert stats.median_interval(range(1, 11), 0.8).low == 3.0
    assert stats.median_interval([5.0] * 9).high == 5.0


def test_two_values_are_too_few() -> None:
    assert stats.median_interval([1.0, 2.0]) is None and stats.rank_sum_interval([1.0, 2.0], [1.0] * 9) is None
    assert student_p([8.0, 8.1]) == stats.welch_p([1.0, 1.0], [2.0, 2.0, 2.0]) == 1.0


def test_students_p_is_that_of_the_tables() -> None:
    assert student_p([1.0, 2.0, 3.0]) == pytest.approx(0.0371, abs=1e-4)  # t = 3.464, 2 degrees
    assert student_p([-1.0, -2.0, -3.0]) == pytest.approx(1 - 0.0371, abs=1e-4)
    assert (student_p([2.0] * 3), student_p([2.0] * 3, 2.0), student_p([2.0] * 3, 3.0)) == (0, 0.5, 1)


def test_welchs_p_is_students_where_the_scatter_is_the_same() -> None:
    assert stats.welch_p([1.0, 2, 3, 4, 5], [6.0, 7, 8, 9, 10]) == pytest.approx(0.00105, abs=1e-5)  # t = 5, 8 degrees
    assert stats.welch_p([1.0, 2, 3], [1.0, 2, 3]) == 1.0


@pytest.mark.parametrize(("m", "n"), [(3, 3), (3, 5), (5, 4)])
def test_the_rank_sum_interval_is_that_of_all_orders(m: int, n: int) -> None:
    counts = [sum(sum(i < j for i in range(m + n) if i not in second) for j in second)
              for second in itertools.combinations(range(m + n), n)]
    random = np.random.default_rng(8)
    first, second = random.normal(size=m), random.normal(size=n)
    interval = stats.rank_sum_interval(first, second)
    differences = sorted(b - a for a in first for b in second)
    k = differences.index(interval.low)
    assert interval.level == pytest.approx(1 - 2 * np.mean([c <= k for c in counts]))
    assert interval.high == differences[-1 - k] and interval.estimate == np.median(differences)
    wider = k + 1 < len(differences) // 2 and 1 - 2 * np.mean([c <= k + 1 for c in counts]) >= 0.95
    assert not wider and (interval.level >= 0.95 or k == 0)


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
    for p_values in ([0.01, 0.04, 0.03], [0.001, 0.02, 0.026, 0.9], [0.026, 0.03], [0.2], [0.01], []):
        critical = stats.holm_critical(p_values)
        assert [p <= critical for p in p_values] == [p <= 0.05 for p in stats.holm(p_values)]
    assert stats.holm([]) == []


@pytest.mark.parametrize("values", [[1.0, float("nan"), 2.0], [1.0, float("inf"), 2.0]])
def test_what_is_no_number_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        stats.signed_rank_p(values)
