"""What a node hands to its driver: writes to commit, bytes to send, links to close, events.

The driver sends `urgent` at once; it commits `writes`, and only then sends `sends`, batch
after batch in order. So an acknowledgement never leaves before what it acknowledges is on
disk, while an alert's own bytes wait for no disk.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from holub_protocol.frames import PeerAddress
from holub_protocol.refusal import Refusal
from holub_protocol.storage import Writes


@dataclass(frozen=True, slots=True)
class Taken:
    """A message was taken in; `link` is None for one published or imported here."""

    id: bytes
    kind: int
    area: int
    link: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A message was refused; `link` is None for one published or imported here."""

    reason: Refusal
    link: int | None


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """What holds somewhere has changed: pages show it anew."""


@dataclass(frozen=True, slots=True)
class LinkLive:
    """A peer has said HELLO."""

    link: int
    peer: bytes


@dataclass(frozen=True, slots=True)
class PeersHeard:
    """A peer has said where it met other relays: hints, which give no trust."""

    link: int
    entries: tuple[PeerAddress, ...]


@dataclass(frozen=True, slots=True)
class Misbehaved:
    """The holder of a key did what no honest relay does, and its link is among `closes`: keep it
    away, also if it has gone by itself."""

    peer: bytes


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people must look into, as a token for logs and pages."""

    token: str


Event: TypeAlias = Taken | Refused | StatusChanged | LinkLive | PeersHeard | Misbehaved | Alarm


@dataclass(frozen=True, slots=True)
class Batch:
    """All that a node wants done since it was last asked. `closes` pairs a link with a reason."""

    urgent: tuple[tuple[int, bytes], ...] = ()
    writes: Writes = field(default_factory=Writes)
    sends: tuple[tuple[int, bytes], ...] = ()
    closes: tuple[tuple[int, str], ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def durable(self) -> bool:
        """Whether there is anything to commit."""
        w = self.writes
        return bool(w.rows or w.deletes or w.states or w.chunks or w.counters or w.notes)
