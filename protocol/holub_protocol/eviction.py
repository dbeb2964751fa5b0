"""What goes when the store is full, and in which order.

Rows whose successors stand, bodies that their addressee has had for a day, then BULK, PEOPLE and
OFFICIAL: the heaviest source first, and of that what ends soonest. Charters, alerts and grants
are never evicted. A class that holds no more than its share of what alerts leave loses nothing
to another, and a source nothing to a heavier one: whoever fills the store empties himself.
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from holub_protocol.holdings import Held, Holdings
from holub_protocol.kinds import CLASS_WEIGHTS, Class
from holub_protocol.limits import ALERT_SHARE_PERCENT
from holub_protocol.message import Now
from holub_protocol.storage import ROW_BYTES, State

_NEVER_S = 2**40
_FREED_SHARE = 32
_FREED_MOST_BYTES = 1 << 20
_SECOND_US = 1_000_000


class Newcomer(NamedTuple):
    """Who asks for room: a message's class and source, when it ends (steady seconds), and how
    many bytes it needs."""

    cls: Class
    source: int
    deadline_s: int
    need_bytes: int


class Clearing(NamedTuple):
    """Whether there is room, once the bodies in `evict` and `delivered` and the rows in
    `forget` are gone."""

    enough: bool
    evict: tuple[bytes, ...] = ()
    delivered: tuple[bytes, ...] = ()
    forget: tuple[bytes, ...] = ()


class Eviction:
    """Chooses what makes room in one node's holdings."""

    def __init__(self, holdings: Holdings) -> None:
        """Choose among what these hold."""
        self._holdings = holdings
        self._barren: dict[tuple[Class, int], tuple[int, int]] = {}

    def clear(self, newcomer: Newcomer, delivered: Iterable[bytes], now: Now) -> Clearing:
        """Return what makes room for a newcomer; `delivered` are bodies that may go at once.

        For grants and alerts rows of what was evicted before go too, at last; peers offer those
        again.
        """
        holdings = self._holdings
        over = holdings.used_bytes + newcomer.need_bytes - holdings.quota_bytes
        if over <= 0:
            return Clearing(True)
        forget = tuple(islice(holdings.aside(State.SUPERSEDED), -(-over // ROW_BYTES)))
        over -= ROW_BYTES * len(forget)
        had: list[bytes] = []
        for id_ in delivered if over > 0 else ():
            had.append(id_)
            over -= holdings.size_bytes(id_)
            if over <= 0:
                break
        evict = self._victims(newcomer, over, frozenset(had), now) if over > 0 else ()
        over -= sum(map(holdings.freed_bytes, evict))
        if over > 0 and newcomer.cls <= Class.GRANT:
            for state in (State.RECEIPTED, State.EVICTED):
                gone = tuple(islice(holdings.aside(state), max(0, -(-over // ROW_BYTES))))
                over -= ROW_BYTES * len(gone)
                forget += gone
        return Clearing(over <= 0, evict, tuple(had), forget)

    def _victims(
        self, newcomer: Newcomer, over: int, gone: frozenset[bytes], now: Now
    ) -> tuple[bytes, ...]:
        """Return what to evict so that `over` bytes come free, or as many as may go.

        A little more than needed goes at once, and where nothing could the next second does not
        look again, so that a full store does not sort itself for every message.
        """
        second = now.mono_us // _SECOND_US
        asked = (newcomer.cls, newcomer.source)
        if self._barren.get(asked, (-1, 0)) >= (second, newcomer.deadline_s):
            return ()
        goal = max(over, min(self._holdings.quota_bytes // _FREED_SHARE, _FREED_MOST_BYTES))
        chosen: list[bytes] = []
        # What others hold beyond their share goes before what a class's own members have.
        for cls in sorted(CLASS_WEIGHTS, key=lambda cls: (cls is newcomer.cls, -cls)):
            if goal <= 0:
                break
            for held in self._of(cls, newcomer, gone):
                chosen.append(held.id)
                goal -= held.size_bytes
                if goal <= 0:
                    break
        if not chosen:
            self._barren[asked] = (second, newcomer.deadline_s)
        return tuple(chosen)

    def _of(self, cls: Class, newcomer: Newcomer, gone: frozenset[bytes]) -> Iterator[Held]:
        """Yield what of a class may go for a newcomer, heaviest source and soonest end first."""
        spare = self._spare(cls, newcomer)
        if spare <= 0:
            return
        rows: dict[int, list[tuple[int, bytes, Held]]] = {}
        for held in self._holdings.held(cls):
            if held.id not in gone:
                rows.setdefault(held.source, []).append((held.deadline_s, held.id, held))
        weights = {source: self._holdings.source_bytes(source) for source in rows}
        own = self._holdings.source_bytes(newcomer.source) + newcomer.need_bytes
        rivals = cls is newcomer.cls
        heaviest = [(-weights[source], source) for source in rows]
        heapq.heapify(heaviest)
        for queue in rows.values():
            queue.sort(reverse=True)
        while heaviest and spare > 0:
            weight, source = heapq.heappop(heaviest)
            mine = rivals and (source == newcomer.source or -weight <= own)
            limit_s = newcomer.deadline_s if mine else _NEVER_S
            if mine and source != newcomer.source:
                continue
            deadline_s, _, held = rows[source].pop()
            if deadline_s >= limit_s:
                continue
            yield held
            spare -= held.size_bytes + ROW_BYTES
            if rows[source]:
                heapq.heappush(heaviest, (weight + held.size_bytes, source))

    def _spare(self, cls: Class, newcomer: Newcomer) -> int:
        """Return how many bytes a class may lose to a newcomer of another."""
        if newcomer.cls in (cls, *_ABOVE):
            return self._holdings.quota_bytes
        mine = self._holdings.held_bytes(newcomer.cls) + newcomer.need_bytes
        if newcomer.cls > cls and mine > self._share(newcomer.cls):
            return 0
        return self._holdings.held_bytes(cls) - self._share(cls)

    def _share(self, cls: Class) -> int:
        """Return what a class may keep against the others below alerts."""
        left = self._holdings.quota_bytes * (100 - ALERT_SHARE_PERCENT) // 100
        return left * CLASS_WEIGHTS[cls] // sum(CLASS_WEIGHTS.values())


_ABOVE = (Class.TRUST, Class.ALERT, Class.GRANT)
