"""Quantiles and the picture of text: inputs with a known answer."""

from __future__ import annotations

import random

import pytest

from fanbench_tools.record.distribution import histogram, is_sure, quantile, summary


def test_quantiles_lie_between_the_nearest_two() -> None:
    assert [quantile([1, 2, 3, 4, 5], share) for share in (0, 0.5, 0.9, 1)] == [1, 3, pytest.approx(4.6), 5]
    assert quantile([7], 0.99) == 7


def test_what_has_fewer_than_ten_beyond_it_is_rough() -> None:
    assert is_sure(1000, 0.99) and not is_sure(999, 0.99) and is_sure(100, 0.9) and not is_sure(90, 0.9)
    line = summary([i / 1000 for i in range(200)])
    assert line == "200 latencies   p50 99.5 ms   p90 179 ms   ~p99 197 ms   max 199 ms"


def counts(lines: list[str]) -> list[int]:
    return [int(line.rsplit(" ", 1)[1].replace(",", "")) for line in lines]


@pytest.mark.parametrize("values", [[0.02], [0.02] * 300, [0.0, 0.0], [1e-6, 3600.0], [0.02, 0.021, 0.5],
                                    [0.0, 1.0], [random.Random(7).lognormvariate(-4, 1) for _ in range(5000)]])
def test_a_histogram_has_each_value_once_and_fits(values: list[float]) -> None:
    lines = histogram(values)
    assert sum(counts(lines)) == len(values) and 1 <= len(lines) <= 10
    assert max(map(len, lines)) <= 80
    assert all(("━" in line) == (count > 0) for line, count in zip(lines, counts(lines)))


def test_steps_are_factors_where_the_greatest_is_many_times_the_least() -> None:
    assert histogram([1e-3, 1.024])[0].startswith("  1.00 ms to 2.00 ms  ━")
    assert histogram([1e-3, 2e-3])[1].startswith("  1.10 ms to 1.20 ms  0")
