"""Messages that can't be judged yet: their signer is unknown, or they come from the future.

Both waits are bounded in number, bytes and time, so that a peer can fill only its own link's
share. Nothing here has been verified.
"""

import heapq
from dataclasses import dataclass

from holub_protocol.limits import (
    PARKED_BYTES_PER_LINK,
    PARKED_LIFETIME_US,
    PARKED_PER_LINK,
    PENNED,
)
from holub_protocol.message import Now

LOCAL = -1
"""Stands for the link where a message came from a file or this machine."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits: its bytes, the link it came by, its age then, when it came."""

    raw: bytes
    link: int
    age_s: int
    since_us: int

    def age_now_s(self, now: Now) -> int:
        """Return how old the message is at least by now."""
        return self.age_s + (now.mono_us - self.since_us) // 1_000_000


class Parked:
    """Messages of unknown signers, by the hint of the key, each link with its own share."""

    def __init__(self) -> None:
        """Start empty."""
        self._links: dict[int, dict[bytes, tuple[bytes, Waiting]]] = {}
        self._bytes: dict[int, int] = {}

    def __len__(self) -> int:
        """How many messages wait."""
        return sum(map(len, self._links.values()))

    def add(self, id_: bytes, hint: bytes, waiting: Waiting) -> None:
        """Keep a message; the link's oldest make room for it."""
        share = self._links.setdefault(waiting.link, {})
        if id_ in share:
            return
        share[id_] = (hint, waiting)
        used = self._bytes.get(waiting.link, 0) + len(waiting.raw)
        while len(share) > PARKED_PER_LINK or used > PARKED_BYTES_PER_LINK:
            oldest = next(iter(share))
            used -= len(share.pop(oldest)[1].raw)
        self._bytes[waiting.link] = used

    def take(self, hints: frozenset[bytes] | None) -> tuple[Waiting, ...]:
        """Take out the messages of those hints, or of all (None), links in order."""
        taken = []
        for link, share in self._links.items():
            for id_ in [i for i, (hint, _) in share.items() if hints is None or hint in hints]:
                waiting = share.pop(id_)[1]
                self._bytes[link] -= len(waiting.raw)
                taken.append(waiting)
        return tuple(taken)

    def drop_link(self, link: int) -> None:
        """Forget what came by a link that is down: its peer offers it again."""
        self._links.pop(link, None)
        self._bytes.pop(link, None)

    def expire(self, now: Now) -> None:
        """Forget what has waited too long."""
        for link, share in self._links.items():
            for id_, (_, waiting) in list(share.items()):
                if now.mono_us - waiting.since_us < PARKED_LIFETIME_US:
                    break
                del share[id_]
                self._bytes[link] -= len(waiting.raw)

    def next_due_us(self) -> int | None:
        """Return when `expire` next has something to do."""
        oldest = [next(iter(share.values()))[1].since_us for share in self._links.values() if share]
        return min(oldest) + PARKED_LIFETIME_US if oldest else None


class Pen:
    """Messages from the future, by the steady microsecond at which they come due."""

    def __init__(self) -> None:
        """Start empty."""
        self._due: list[tuple[int, bytes, Waiting]] = []
        self._ids: dict[bytes, None] = {}

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._due)

    def add(self, id_: bytes, due_us: int, waiting: Waiting) -> None:
        """Keep a message until `due_us`; when full, whatever is furthest off goes."""
        if id_ in self._ids:
            return
        self._ids[id_] = None
        heapq.heappush(self._due, (due_us, id_, waiting))
        if len(self._due) > PENNED:
            furthest = max(self._due)
            self._due.remove(furthest)
            heapq.heapify(self._due)
            del self._ids[furthest[1]]

    def take(self, now: Now) -> tuple[Waiting, ...]:
        """Take out what has come due."""
        taken = []
        while self._due and self._due[0][0] <= now.mono_us:
            _, id_, waiting = heapq.heappop(self._due)
            del self._ids[id_]
            taken.append(waiting)
        return tuple(taken)

    def take_all(self) -> tuple[Waiting, ...]:
        """Take out everything, the soonest due first: their time is reckoned anew."""
        taken = tuple(waiting for _, _, waiting in sorted(self._due, key=lambda due: due[:2]))
        self._due.clear()
        self._ids.clear()
        return taken

    def next_due_us(self) -> int | None:
        """Return when `take` next has something to give."""
        return self._due[0][0] if self._due else None
