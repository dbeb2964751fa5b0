"""What goes wrong, as things to do and to undo, over stretches of time.

Actions add up (`a + b` does both), a stretch makes one a `Fault` (`during`), and `staggered`
gives each of several its own beginning. Faults overlap freely: cuts of one wire add up, and a
host comes back when the last cause to be down is over.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from holub_sim.host import Host
from holub_sim.network import Wire
from holub_sim.streams import Stream
from holub_sim.world import World


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done, and undone."""

    do: Callable[[], None]
    undo: Callable[[], None]

    def __add__(self, other: "Action") -> "Action":
        """Do both; undo both, the last one first."""

        def do() -> None:
            self.do()
            other.do()

        def undo() -> None:
            other.undo()
            self.undo()

        return Action(do, undo)


@dataclass(frozen=True, slots=True)
class Fault:
    """An action that is done at `from_us` and undone at `until_us`."""

    name: str
    from_us: int
    until_us: int
    action: Action


@dataclass(frozen=True, slots=True)
class Band:
    """What a report draws behind its curves: something is wrong from `from_us` to `until_us`."""

    name: str
    what: str
    from_us: int
    until_us: int


def staggered(
    name: str,
    from_us: int,
    until_us: int,
    within_us: int,
    actions: Iterable[Action],
    chance: Stream,
) -> list[Fault]:
    """Let each begin at a moment of its own in the first `within_us`, all end at `until_us`."""
    return [
        Fault(name, min(from_us + chance.randrange(within_us + 1), until_us), until_us, action)
        for action in actions
    ]


def crossing(hosts: Iterable[Host], wires: Iterable[Wire]) -> list[tuple[Wire, int]]:
    """Return the wires that lead out of a group of hosts, each with its side within."""
    inside = {host.name: None for host in hosts}
    found = []
    for wire in wires:
        within = [end.name in inside for end in wire.ends]
        if within[0] != within[1]:
            found.append((wire, within.index(True)))
    return found


def touching(hosts: Iterable[Host], wires: Iterable[Wire]) -> list[tuple[Wire, int]]:
    """Return the wires that end at one of the hosts, each with such a side."""
    names = {host.name: None for host in hosts}
    return [
        (wire, 0 if wire.ends[0].name in names else 1)
        for wire in wires
        if wire.ends[0].name in names or wire.ends[1].name in names
    ]


def cut(wires: Sequence[tuple[Wire, int]], way: str = "both") -> Action:
    """Cut wires: both ways, or for what the side says ("out"), or for what it hears ("in")."""

    def sides(side: int) -> tuple[int, ...]:
        return {"both": (0, 1), "out": (side,), "in": (1 - side,)}[way]

    def do() -> None:
        for wire, side in wires:
            wire.cut(*sides(side))

    def undo() -> None:
        for wire, side in wires:
            wire.heal(*sides(side))

    return Action(do, undo)


def jam(wires: Sequence[tuple[Wire, int]], loss_ppm: int) -> Action:
    """Lose so many of a million segments more."""

    def do() -> None:
        for wire, _ in wires:
            wire.jam(loss_ppm)

    def undo() -> None:
        for wire, _ in wires:
            wire.unjam(loss_ppm)

    return Action(do, undo)


def stop(host: Host, silently: bool, store: str = "kept") -> Action:
    """Crash a host, and boot it again (see Host.hold_down)."""
    if store == "torn":
        host.disk.keep_history()
    return Action(partial(host.hold_down, silently, store), host.let_up)


def mains(host: Host) -> Action:
    """Take the mains from a host; what happens then its battery decides."""
    return Action(host.supply.lose_mains, host.supply.regain_mains)


def misset(host: Host, by_us: Callable[[], int], reliable: bool) -> Action:
    """Set a host's wall clock wrong by what `by_us` says at that moment."""
    before: list[int] = []

    def do() -> None:
        jump_us = by_us()
        before.append(jump_us)
        host.clock.jump(jump_us)
        if not reliable:
            host.clock.doubt()
        host.tick()

    def undo() -> None:
        host.clock.jump(-before.pop())
        if not reliable:
            host.clock.vouch()
        host.tick()

    return Action(do, undo)


def schedule(world: World, faults: Iterable[Fault], heal_us: int) -> None:
    """Plan them all; at `heal_us` the chaos is over, so what would last longer ends there and
    what would begin later does not happen."""
    for fault in faults:
        if fault.from_us < heal_us:
            world.at(fault.from_us, _run, world, f"{fault.name} begins", fault.action.do)
            until_us = min(max(fault.until_us, fault.from_us), heal_us)
            world.at(until_us, _run, world, f"{fault.name} ends", fault.action.undo)


def _run(world: World, what: str, call: Callable[[], None]) -> None:
    world.trace.note(world.now_us, "fault", what)
    call()
