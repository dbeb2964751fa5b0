"""Pairs of runs that differ in nothing but the attackers."""

from holub_sim.pairs import pairs
from support_sim import small


def test_the_same_relays_are_asked_in_both() -> None:
    """A blackhole at the bridge: what it could have passed on is asked of neither run."""
    plan = small('[[attackers]]\nkind = "flood"\nwho = "d2/r2"\nrate = "1k"\n', duration='"4m"')
    ((base, attacked),) = pairs(plan, (1,))
    assert base.held == attacked.held == 1.0
    assert attacked.bytes_sent > base.bytes_sent
