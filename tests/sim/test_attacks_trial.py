"""One attack in one small city."""

import pytest

from holub_sim.attacks.table import ATTACKS, Key
from holub_sim.attacks.trial import reaches_all, trial


@pytest.mark.slow
def test_without_an_attacker_nothing_is_lost_and_the_same_seed_gives_the_same() -> None:
    """The city itself is not what an attack is blamed for."""
    seen = trial("flood", 0)
    assert seen.coverage.held == 1.0
    assert (seen.coverage.alerts, seen.coverage.honest, seen.broken) == (5, 20, ())
    assert seen == trial("flood", 0)


def test_outsiders_are_told_from_insiders() -> None:
    """Those who stand next to a relay leave it honest."""
    outside = [name for name in ATTACKS if reaches_all(name)]
    assert outside == ["sybil", "bombs", "eclipse"]
    assert ATTACKS["stolen-key"].key is Key.DESK
