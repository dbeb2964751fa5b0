"""A world that a contact trace makes: nodes that have no wires, and meet."""

from collections.abc import Sequence

from holub_sim.contacts import Contact
from holub_sim.grid import quality
from holub_sim.host import Host, Site
from holub_sim.network import Meeting
from holub_sim.plans import Contacts
from holub_sim.world import World


def sites(plan: Contacts, contacts: Sequence[Contact]) -> list[Site]:
    """Return a site for each node of the trace, n0, n1 ..., at least `plan.nodes`."""
    count = max(plan.nodes, *(contact.b + 1 for contact in contacts))
    return [Site(f"n{i}", "trace", role="phone") for i in range(count)]


def wires(plan: Contacts, world: World, hosts: list[Host], contacts: Sequence[Contact]
          ) -> list[Meeting]:  # fmt: skip
    """Join whoever ever meets, and plan when; what was before `plan.skip` is left out."""
    radio = quality(plan.radio)
    meetings: dict[tuple[int, int], Meeting] = {}
    changes: list[tuple[int, int, Meeting]] = []
    for contact in contacts:
        up_us, down_us = contact.up_us - plan.skip.us, contact.down_us - plan.skip.us
        if down_us <= 0:
            continue
        pair = (contact.a, contact.b)
        meeting = meetings.get(pair)
        if meeting is None:
            meeting = meetings[pair] = Meeting(world, hosts[pair[0]], hosts[pair[1]], radio)
        changes += [(max(0, up_us), 1, meeting), (down_us, 0, meeting)]
    Schedule(world, sorted(changes, key=lambda change: change[:2]))
    return list(meetings.values())


class Schedule:
    """Meetings that begin (1) and end (0) at their times; those that end at a moment before
    those that begin, as contacts are half-open."""

    def __init__(self, world: World, changes: Sequence[tuple[int, int, Meeting]]) -> None:
        """`changes` come in order; only the next one is on the heap."""
        self._world, self._changes, self._next = world, changes, 0
        self._plan()

    def _plan(self) -> None:
        if self._next < len(self._changes):
            self._world.at(self._changes[self._next][0], self._turn)

    def _turn(self) -> None:
        while self._next < len(self._changes):
            t_us, begins, meeting = self._changes[self._next]
            if t_us > self._world.now_us:
                break
            self._next += 1
            if begins:
                meeting.meet()
            else:
                meeting.part()
        self._plan()
