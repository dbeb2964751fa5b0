"""One attack in one small city."""

from pathlib import Path

import pytest

from holub_sim.attacks.table import ATTACKS, Key
from holub_sim.attacks.trial import ROOM, reaches_all, trial

SHARED = Path(__file__).resolve().parents[3] / "shared"
TRACE = SHARED / "data" / "sim" / "contacts_infocom05.csv"


@pytest.mark.slow
def test_without_an_attacker_nothing_is_lost_and_the_same_seed_gives_the_same() -> None:
    """The city itself is not what an attack is blamed for."""
    seen = trial("flood", 0)
    assert seen.coverage.held == 1.0
    assert (seen.coverage.alerts, seen.coverage.honest, seen.broken) == (5, 20, ())
    assert seen == trial("flood", 0)


@pytest.mark.slow
@pytest.mark.skipif(not TRACE.exists(), reason="the trace is not there")
def test_an_attack_on_people_who_really_met() -> None:
    """Eight of 41 at a conference take everything in and pass nothing on: in twenty minutes all
    alerts reach whoever could have them without those."""
    room = ROOM.format(file=TRACE, skip="15h", duration="20m")
    seen = trial("blackhole", 0.2, city_text=room)
    assert (seen.coverage.alerts, seen.coverage.honest) == (1, 33)
    assert seen.coverage.due > 10
    assert seen.coverage.held == 1.0


def test_outsiders_are_told_from_insiders() -> None:
    """Those who stand next to a relay leave it honest."""
    outside = [name for name in ATTACKS if reaches_all(name)]
    assert outside == ["sybil", "bombs", "eclipse"]
    assert ATTACKS["stolen-key"].key is Key.DESK
