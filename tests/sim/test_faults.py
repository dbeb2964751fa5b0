"""Actions over stretches of time."""

from holub_sim.faults import Action, Fault, crossing, cut, jam, schedule, staggered, stop, touching
from holub_sim.world import World
from support_sim import city

S = 1_000_000


def noting(world: World, seen: list[tuple[int, str]], name: str) -> Action:
    """An action that writes down when it is done and undone."""
    return Action(
        lambda: seen.append((world.now_us, f"+{name}")),
        lambda: seen.append((world.now_us, f"-{name}")),
    )


def test_a_partition_cuts_what_crosses_it_and_nothing_else() -> None:
    """Links within the group, and among the rest, stay."""
    town = city()
    inside = [host for host in town.hosts if host.district == "d2"]
    wires = crossing(inside, town.wires)
    assert [(wire.ends[side].name, side) for wire, side in wires] == [("d2/r1", 1)]
    action = cut(wires)
    action.do()
    assert [wire.cut_off for wire in town.wires] == [False, False, True]
    action.undo()
    assert not any(wire.cut_off for wire in town.wires)
    assert len(touching(inside, town.wires)) == 2


def test_one_sided_cuts_are_told_apart() -> None:
    """What d2 says is lost, or what it hears; the other direction is never cut."""
    town = city()
    town.world.run(60 * S)
    ((wire, side),) = crossing([town.hosts[2]], town.wires[2:])
    assert wire.connection is not None
    for way, mute in (("out", side), ("in", 1 - side)):
        action = cut([(wire, side)], way)
        action.do()
        assert wire.connection.pipes[mute].stalled
        assert not wire.connection.pipes[1 - mute].stalled
        action.undo()
        assert not wire.connection.pipes[mute].stalled


def test_a_jam_adds_loss_and_takes_it_away() -> None:
    """Two jams of a half lose three quarters."""
    wire = city().wires[0]
    action = jam([(wire, 0)], 500_000) + jam([(wire, 0)], 500_000)
    action.do()
    assert wire.quality.loss_ppm == 750_000
    action.undo()
    assert wire.quality.loss_ppm == 0


def test_a_stop_holds_until_every_cause_is_over() -> None:
    """A host that two faults hold down boots after the second has ended."""
    town = city()
    town.world.run(10 * S)
    host = town.hosts[0]
    fault = stop(host, silently=True) + stop(host, silently=False)
    fault.do()
    assert not host.running
    host.let_up()
    assert not host.running
    host.let_up()
    assert host.running
    assert host.boots == 2


def test_staggered_begins_anywhere_within() -> None:
    """Each at a moment of its own, none after its end."""
    world = World(1, 0)
    seen: list[tuple[int, str]] = []
    actions = [noting(world, seen, str(i)) for i in range(20)]
    faults = staggered("s", 100, 150, 80, actions, world.stream("s"))
    assert all(100 <= fault.from_us <= 150 == fault.until_us for fault in faults)
    assert len({fault.from_us for fault in faults}) > 5


def test_the_heal_ends_everything() -> None:
    """What would last longer ends with the chaos; what would begin later never does."""
    world = World(1, 0)
    seen: list[tuple[int, str]] = []
    faults = [
        Fault(name, from_us, until_us, noting(world, seen, name))
        for name, from_us, until_us in (("a", 1, 3), ("b", 2, 50), ("c", 10, 20))
    ]
    schedule(world, faults, heal_us=10)
    world.run(100)
    assert seen == [(1, "+a"), (2, "+b"), (3, "-a"), (10, "-b")]
