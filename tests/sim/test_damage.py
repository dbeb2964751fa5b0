"""Paired differences and their intervals."""

import pytest

from holub_sim.damage import Outcome, damages


def test_the_interval_is_students() -> None:
    """Differences of -1, -2 and -3 points: mean -2, half width 4.303 x 1 / sqrt(3)."""
    base = Outcome(1.0, 100.0, 1_000_000)
    pairs = [(base, Outcome(1 - lost / 100, 150.0, 3_000_000)) for lost in (1, 2, 3)]
    held, late, sent = damages(pairs)
    assert held.mean == pytest.approx(-2)
    assert (held.low, held.high) == pytest.approx((-2 - 2.4843, -2 + 2.4843), abs=1e-3)
    assert (late.mean, late.low, late.high) == (50, 50, 50)
    assert (sent.mean, sent.unit, sent.pairs) == (2.0, "MB", 3)


def test_one_pair_has_no_interval() -> None:
    """The error says what is needed."""
    one = Outcome(1.0, 0.0, 0)
    with pytest.raises(ValueError, match="two seeds or more"):
        damages([(one, one)])
