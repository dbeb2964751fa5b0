"""Coverage: what honest relays got of what they could have had."""

from holub_sim.build import City
from holub_sim.coverage import coverage, desk_alerts
from holub_sim.faults import schedule
from support_sim import CUT, city

S = 1_000_000


def ran(text: str = "", until_us: int = 359 * S) -> City:
    """The small city after a run."""
    town = city(text)
    schedule(town.world, town.faults, 360 * S)
    town.world.run(until_us)
    return town


def test_without_an_attacker_everything_that_is_due_comes() -> None:
    """Three alerts to three others; nobody gets one earlier than possible."""
    town = ran()
    seen = coverage(town, 359 * S)
    assert (seen.alerts, seen.honest, seen.due, seen.came) == (3, 4, 9, 9)
    assert seen.held == 1.0
    assert seen.late_p50_ms is not None
    assert seen.late_p50_ms >= 0


def test_what_no_link_could_carry_is_not_due() -> None:
    """During a cut that outlasts the measurement only the first alert could cross."""
    town = ran(CUT, 280 * S)
    assert coverage(town, 280 * S).due == 3 + 1 + 0
    assert len(desk_alerts(town, 280 * S)) == 3


def test_attackers_are_asked_nothing_and_lend_no_way() -> None:
    """With the only bridge in his hand the other side is not due; what he keeps back among
    those who have no other way is not counted against the node."""
    town = ran('[[attackers]]\nkind = "blackhole"\nwho = "d2/r1"\n')
    seen = coverage(town, 359 * S)
    assert (seen.honest, seen.due, seen.came) == (3, 3, 3)


def test_a_missing_alert_shows() -> None:
    """Whoever is made to forget an arrival is found."""
    town = ran()
    del desk_alerts(town, 359 * S)[0].arrived_us["d2/r2"]
    assert coverage(town, 359 * S).held == 8 / 9
