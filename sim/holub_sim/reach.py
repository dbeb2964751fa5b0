"""What could have been: who could reach whom and when, and how early a message could arrive.

A run's links log when their paths were open and its hosts when they ran. From that the earliest
arrival of each message follows, whatever the nodes do: an upper bound that no protocol beats, and,
with the attackers' hosts left out, what attackers are measured against.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holub_sim.host import Host
from holub_sim.network import Wire

_BITS = 8


@dataclass(frozen=True, slots=True)
class Contact:
    """What `a` says reaches `b` from `from_us` until `until_us`; a message takes `latency_us`, and
    a second for each `bits_per_s`."""

    a: str
    b: str
    from_us: int
    until_us: int
    latency_us: int
    bits_per_s: int


def contacts(
    hosts: Sequence[Host], wires: Sequence[Wire], end_us: int, without: Iterable[str] = ()
) -> list[Contact]:
    """Return every stretch before `end_us` in which a path was open and both of its hosts ran;
    none of those `without`."""
    left_out = dict.fromkeys(without)
    running = {
        host.name: _stretches(((t_us, on) for t_us, on in host.power_log), False, end_us)
        for host in hosts
        if host.name not in left_out
    }
    found = []
    for wire in wires:
        names = [end.name for end in wire.ends]
        if not all(name in running for name in names):
            continue
        both = _overlap(running[names[0]], running[names[1]])
        quality = wire.quality
        for side in (0, 1):
            log = ((t_us, is_open) for t_us, of, is_open in wire.path_log if of == side)
            for from_us, until_us in _overlap(both, _stretches(log, wire.open_at_first, end_us)):
                found.append(
                    Contact(
                        names[side],
                        names[1 - side],
                        from_us,
                        until_us,
                        quality.latency_us,
                        quality.bits_per_s,
                    )
                )
    return found


class Reach:
    """Contacts, ordered for the question how early a message could arrive."""

    def __init__(self, found: Iterable[Contact]) -> None:
        """Take them in any order."""
        self._outgoing: dict[str, list[Contact]] = {}
        for contact in found:
            self._outgoing.setdefault(contact.a, []).append(contact)

    def arrivals(self, source: str, t_us: int, size_bytes: int = 0) -> dict[str, int]:
        """Return when a message of `size_bytes` that `source` has at `t_us` could reach each
        host: the shortest path in time, where waiting costs nothing (Dijkstra)."""
        best: dict[str, int] = {}
        heap = [(t_us, source)]
        while heap:
            at_us, name = heapq.heappop(heap)
            if name in best:
                continue
            best[name] = at_us
            for contact in self._outgoing.get(name, ()):
                if contact.b in best or contact.until_us <= at_us:
                    continue
                way_us = contact.latency_us + size_bytes * _BITS * 1_000_000 // contact.bits_per_s
                there_us = max(at_us, contact.from_us) + way_us
                if there_us <= contact.until_us:
                    heapq.heappush(heap, (there_us, contact.b))
        return best


def _stretches(
    log: Iterable[tuple[int, bool]], at_first: bool, end_us: int
) -> list[tuple[int, int]]:
    """The stretches in which a log of changes says True."""
    since_us = 0 if at_first else None
    found = []
    for t_us, is_on in log:
        if is_on and since_us is None:
            since_us = t_us
        elif not is_on and since_us is not None:
            found.append((since_us, min(t_us, end_us)))
            since_us = None
    if since_us is not None:
        found.append((since_us, end_us))
    return [(from_us, until_us) for from_us, until_us in found if from_us < until_us]


def _overlap(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches that are in both; each list ascends."""
    found = []
    i = j = 0
    while i < len(a) and j < len(b):
        from_us, until_us = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if from_us < until_us:
            found.append((from_us, until_us))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return found
