"""What goes wrong: cuts between groups of hosts, and hosts that stop and come back.

A fault is a pair of functions, to do it and to undo it, over a stretch of time. Faults overlap
freely: cuts of one wire add up, and a host that is down already stays down.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from holub_sim.host import Host
from holub_sim.network import Wire
from holub_sim.world import World


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is done at `from_us` and undone at `until_us`."""

    name: str
    from_us: int
    until_us: int
    do: Callable[[], None]
    undo: Callable[[], None]


def partition(
    name: str, from_us: int, until_us: int, apart: Iterable[Host], wires: Iterable[Wire]
) -> Fault:
    """Cut every wire that leads out of the group `apart`; within it nothing changes."""
    inside = {host.name: None for host in apart}
    crossing = [
        wire for wire in wires if (wire.ends[0].name in inside) != (wire.ends[1].name in inside)
    ]

    def cut() -> None:
        for wire in crossing:
            wire.cut()

    def heal() -> None:
        for wire in crossing:
            wire.heal()

    return Fault(name, from_us, until_us, cut, heal)


def outage(name: str, from_us: int, until_us: int, hosts: Sequence[Host], silently: bool) -> Fault:
    """Crash hosts, and boot them again."""

    def crash() -> None:
        for host in hosts:
            host.crash(silently)

    def boot() -> None:
        for host in hosts:
            host.boot()

    return Fault(name, from_us, until_us, crash, boot)


def schedule(world: World, faults: Iterable[Fault], heal_us: int) -> None:
    """Plan them all; at `heal_us` the chaos is over, so what would last longer ends there and
    what would begin later does not happen."""
    for fault in faults:
        if fault.from_us < heal_us:
            world.at(fault.from_us, _run, world, f"{fault.name} begins", fault.do)
            until_us = min(max(fault.until_us, fault.from_us), heal_us)
            world.at(until_us, _run, world, f"{fault.name} ends", fault.undo)


def _run(world: World, what: str, call: Callable[[], None]) -> None:
    world.trace.note(world.now_us, "fault", what)
    call()
