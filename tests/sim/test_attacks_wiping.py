"""Wiper malware."""

from holub_protocol.kinds import Class
from holub_sim.faults import schedule
from support_sim import city


def test_a_wiped_relay_comes_back_with_nothing_and_gets_all_again() -> None:
    """It is dark while the attack lasts, its disk is empty, and its neighbours fill it."""
    town = city('[[attackers]]\nkind = "wipe"\nwho = "d2/r2"\nfrom = "70s"\nuntil = "90s"')
    schedule(town.world, town.faults, 360_000_000)
    host = town.hosts[3]
    town.world.run(80_000_000)
    assert not host.running
    assert list(host.disk.store.rows()) == []
    town.world.run(150_000_000)
    others = set(town.hosts[2].node.holdings.held_ids(Class.ALERT))
    assert others
    assert others <= set(host.node.holdings.held_ids(Class.ALERT))
    assert town.watch.violations == []
