"""Comparisons: pairs of seeds, and intervals of their differences."""

from typing import Any

import pytest

from holub_sim.compare import compare


def rows(*values: float | None) -> list[dict[str, Any]]:
    """A run for each value of one figure."""
    return [{"seed": i, "figures": {"x": value}} for i, value in enumerate(values)]


def test_what_both_share_by_chance_cancels() -> None:
    """Values that spread widely and differ by about one give a narrow interval around one."""
    (found,) = compare(rows(10, 200, 3000), rows(11, 201.2, 3000.8))
    assert found.change.mean == pytest.approx(1.0)
    assert 0.4 < found.change.low < 1 < found.change.high < 1.6
    assert found.clear
    assert found.base.high > 1000


def test_a_difference_that_may_be_none_is_not_clear() -> None:
    """The interval holds 0."""
    (found,) = compare(rows(1, 2, 3), rows(2, 1, 3))
    assert not found.clear


def test_seeds_with_nothing_to_measure_are_left_out() -> None:
    """And counted; other seeds than those of the base are refused."""
    (found,) = compare(rows(1, None, 3), rows(2, 5, 5))
    assert (found.skipped, found.base.count) == (1, 2)
    assert compare(rows(None), rows(1)) == []
    with pytest.raises(ValueError, match="same seeds"):
        compare(rows(1), rows(1, 2))
