"""A tunnel between relays of an attacker."""

from holub_sim.faults import schedule
from support_sim import city


def test_the_tunnel_is_open_as_long_as_the_attack_lasts() -> None:
    """Two relays that had no link are joined by one of a microsecond, and no longer."""
    text = '[[attackers]]\nkind = "wormhole"\nwho = ["d1/r2", "d2/r2"]\nfrom = "20s"\nuntil = "50s"'
    town = city(text)
    schedule(town.world, town.faults, 360_000_000)
    (tunnel,) = [wire for wire, _ in town.hosts[1].wires if wire not in town.wires]
    assert [end.name for end in tunnel.ends] == ["d1/r2", "d2/r2"]
    town.world.run(19_000_000)
    assert not tunnel.up
    town.world.run(40_000_000)
    assert tunnel.up
    town.world.run(80_000_000)
    assert not tunnel.up
