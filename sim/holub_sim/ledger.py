"""What really happened, seen from above: who published what, who took it in and when.

Nodes never see it. The checks compare them with it, and the report counts in it.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from holub_crypto.identity import key_hint
from holub_protocol.kinds.alert import INCIDENT_BYTES
from holub_protocol.proofs import Conflict
from holub_protocol.storage import Row

HEAD_BYTES = 40
"""So much of a message tells it from all others: it holds key, kind, time and counter."""


@dataclass(slots=True)
class Published:
    """One message: what it is, when (the world's `t_us`) and where it was published, and at which
    hosts it has arrived, each with the first moment; `holders` are those that have not lost it
    since. `durable`: it was on its author's disk. `lost`: nobody has it, for its host crashed
    before that, or the disks that had it have lost it."""

    row: Row
    raw: bytes
    t_us: int
    host: str
    durable: bool = False
    lost: bool = False
    arrived_us: dict[str, int] = field(default_factory=dict)
    holders: dict[str, None] = field(default_factory=dict)

    def arrive(self, host: str, t_us: int) -> None:
        """A host has taken it in."""
        self.arrived_us.setdefault(host, t_us)
        self.holders[host] = None


@dataclass(frozen=True, slots=True)
class Incident:
    """An alert as its desk means it: on in `area` since the message `start`."""

    start: bytes
    area: int
    t_us: int

    @property
    def name(self) -> bytes:
        """What ends and updates call it by."""
        return self.start[:INCIDENT_BYTES]


class Ledger:
    """All messages of a run, when the last was published (`last_us`), which of them are grants
    of the keys with a hint (`grants`), which incidents are on in the minds of those at the
    desks, and what has `ended` others: the name of an incident -> the id of the end. `forged` are
    messages that an attacker signed with a key that he has, with the hosts that took them in and
    when; `disputed` are starts that he has ended so."""

    def __init__(self) -> None:
        """Start empty."""
        self.published: dict[bytes, Published] = {}
        self.forged: dict[bytes, dict[str, int]] = {}
        self.disputed: dict[bytes, None] = {}
        self.revoked: dict[bytes, tuple[bytes, ...]] = {}
        self.last_us = 0
        self.grants: dict[bytes, list[bytes]] = {}
        self.proofs: dict[Conflict, list[bytes]] = {}
        self.ended: dict[bytes, bytes] = {}
        self._heads: dict[bytes, Published] = {}
        self._forged_heads: dict[bytes, None] = {}
        self._by_end: list[tuple[int, bytes]] = []
        self._open: dict[int, dict[bytes, Incident]] = {}

    def publish(self, row: Row, raw: bytes, t_us: int, host: str) -> None:
        """A host has taken in a message of its own; the same one again, as after a crash or
        where all hold the charter, changes nothing."""
        known = self.published.get(row.id)
        if known is None:
            known = self.published[row.id] = Published(row, raw, t_us, host)
            self._heads.setdefault(raw[:HEAD_BYTES], known)
            self.last_us = t_us
        known.lost = False
        known.arrive(host, t_us)

    def grant(self, subject: bytes, id_: bytes) -> None:
        """That message is a grant of that key."""
        self.grants.setdefault(key_hint(subject), []).append(id_)

    def prove(self, conflict: Conflict, id_: bytes) -> None:
        """That message proves that a key has used a point twice."""
        self.proofs.setdefault(conflict, []).append(id_)

    def spared(self) -> set[bytes]:
        """The proofs that nobody needs beside another of the same: of all that exist everybody
        keeps the one with the lowest id."""
        return {
            id_
            for proofs in self.proofs.values()
            for id_ in sorted(id_ for id_ in proofs if not self.published[id_].lost)[1:]
        }

    def beginning(self, piece: bytes) -> Published | None:
        """Return the message that begins with a piece; None if nobody has published it."""
        return self._heads.get(piece[:HEAD_BYTES])

    def revoke(self, key: bytes, keep: tuple[bytes, ...]) -> None:
        """A registrar has revoked a key: of what it signed, only `keep` stays."""
        self.revoked[key] = keep

    def stays(self, signer: bytes, id_: bytes) -> bool:
        """Whether a message must be held: those of a revoked key stay with whoever had them
        before, and are taken in by nobody after."""
        return id_ in self.revoked.get(signer, (id_,))

    def forge(self, id_: bytes, raw: bytes) -> None:
        """An attacker has signed a message with a key that may sign it."""
        self.forged.setdefault(id_, {})
        self._forged_heads[raw[:HEAD_BYTES]] = None

    def is_forged(self, piece: bytes) -> bool:
        """Whether a piece is the beginning of such a message."""
        return piece[:HEAD_BYTES] in self._forged_heads

    def dispute(self, start: bytes) -> None:
        """An attacker has ended an alert with a key that may end it."""
        self.disputed[start] = None

    def arrive(self, id_: bytes, t_us: int, host: str) -> str | None:
        """A host has taken in a message over a link. Returns what is wrong with that: nobody has
        published it, or it was not yet on the disk of the one who did."""
        if (taken := self.forged.get(id_)) is not None:
            taken.setdefault(host, t_us)
            return None
        known = self.published.get(id_)
        if known is None:
            return "nobody has published it"
        known.arrive(host, t_us)
        if not known.durable:
            return "it left before it was on its author's disk"
        known.lost = False  # it was under way when its author's disk lost it
        return None

    def store(self, id_: bytes, host: str) -> None:
        """A message is on a host's disk."""
        known = self.published.get(id_)
        if known is not None and known.host == host:
            known.durable = True

    def lose(self, id_: bytes, host: str) -> None:
        """A host has crashed with a message not yet on its disk, or had no room for it."""
        known = self.published.get(id_)
        if known is not None:
            known.arrived_us.pop(host, None)
            self.ruin(id_, host)

    def ruin(self, id_: bytes, host: str) -> None:
        """A host's disk has lost a message: it did arrive there, once."""
        known = self.published.get(id_)
        if known is not None:
            known.holders.pop(host, None)
            known.lost = not known.holders

    def over(self, wall_s: int) -> Iterator[bytes]:
        """The ids of the messages whose time was over before `wall_s`."""
        if len(self._by_end) != len(self.published):
            self._by_end = sorted((each.row.expires_s, id_) for id_, each in self.published.items())
        return (id_ for _, id_ in self._by_end[: bisect_left(self._by_end, (wall_s, b""))])

    def begin(self, incident: Incident) -> None:
        """A desk has started an alert, or what ended it was lost before anybody saw it."""
        self.ended.pop(incident.name, None)
        self._open.setdefault(incident.area, {})[incident.start] = incident

    def end(self, incident: Incident, by: bytes) -> None:
        """A desk has ended an alert with the message `by`, or (b"") its start was lost before
        anybody saw it."""
        if by:
            self.ended[incident.name] = by
        here = self._open.get(incident.area, {})
        here.pop(incident.start, None)
        if not here:
            self._open.pop(incident.area, None)

    def on_at(self, area: int) -> tuple[Incident, ...]:
        """Return what is on in exactly this area."""
        return tuple(self._open.get(area, {}).values())

    def areas_on(self) -> tuple[int, ...]:
        """Return the areas in which anything is on, in the order in which they began."""
        return tuple(self._open)

    def existing(self) -> Iterator[Published]:
        """Every message that was not lost with its host."""
        return (each for each in self.published.values() if not each.lost)
