"""Means and their intervals."""

import math

import pytest

from holub_sim.stats import interval


def test_an_interval_is_that_of_student() -> None:
    """Of 1, 2, 3, 4: t is 3.182 at three degrees of freedom, the deviation 1.291."""
    over = interval([1, 2, 3, 4])
    assert (over.count, over.mean) == (4, 2.5)
    assert over.high == pytest.approx(2.5 + 3.182 * 1.2909944 / 2, abs=1e-6)
    assert over.low == pytest.approx(5 - over.high)


def test_one_value_says_nothing_of_the_next() -> None:
    """Its interval has no bounds; equal values have none either side."""
    assert (interval([7]).low, interval([7]).high) == (-math.inf, math.inf)
    assert (interval([3, 3, 3]).low, interval([3, 3, 3]).high) == (3, 3)


def test_many_values_are_normal() -> None:
    """Beyond thirty the quantile is 1.96."""
    over = interval([0.0, 1.0] * 50)
    assert over.high - over.mean == pytest.approx(1.96 * 0.5025189 / 10, abs=1e-6)
