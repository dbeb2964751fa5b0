"""Partitions and outages over stretches of time."""

from holub_sim.faults import Fault, outage, partition, schedule
from holub_sim.world import World
from support_sim import city

S = 1_000_000


def test_a_partition_cuts_what_crosses_it_and_nothing_else() -> None:
    """Links within the group, and among the rest, stay."""
    town = city()
    inside = [host for host in town.hosts if host.district == "d2"]
    fault = partition("cut", 0, S, inside, town.wires)
    fault.do()
    crossing = [w for w in town.wires if w.ends[0].name[:2] != w.ends[1].name[:2]]
    assert [wire for wire in town.wires if wire.cut_off] == crossing
    assert len(crossing) == 1
    fault.undo()
    assert not any(wire.cut_off for wire in town.wires)


def test_an_outage_stops_hosts_and_starts_them() -> None:
    """Also one that was down already comes back."""
    town = city()
    town.world.run(10 * S)
    fault = outage("dark", 0, S, town.hosts[:2], silently=True)
    fault.do()
    fault.do()
    assert [host.running for host in town.hosts] == [False, False, True, True]
    fault.undo()
    assert all(host.running for host in town.hosts)
    assert [host.boots for host in town.hosts] == [2, 2, 1, 1]


def test_the_heal_ends_everything() -> None:
    """What would last longer ends with the chaos; what would begin later never does."""
    world = World(1, 0)
    seen: list[tuple[int, str]] = []

    def fault(name: str, from_us: int, until_us: int) -> Fault:
        return Fault(
            name,
            from_us,
            until_us,
            lambda: seen.append((world.now_us, f"+{name}")),
            lambda: seen.append((world.now_us, f"-{name}")),
        )

    schedule(world, [fault("a", 1, 3), fault("b", 2, 50), fault("c", 10, 20)], heal_us=10)
    world.run(100)
    assert seen == [(1, "+a"), (2, "+b"), (3, "-a"), (10, "-b")]
