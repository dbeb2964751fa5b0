"""Counts for operators: immutable snapshots, taken when asked."""

from dataclasses import dataclass

from holub_protocol.holdings import HoldingStats
from holub_protocol.kinds import Class
from holub_protocol.refusal import Refusal


@dataclass(frozen=True, slots=True)
class ClassStats:
    """How far a peer and this node are apart in one class.

    `ours` and `theirs` are the ids that each compares, the peer's by its last root (None before
    the first); `waiting` are messages queued for it; `equal` is what the last comparison said,
    False while something newer is not counted there.
    """

    cls: Class
    ours: int
    theirs: int | None
    waiting: int
    equal: bool | None


@dataclass(frozen=True, slots=True)
class LinkStats:
    """One link: the peer's key, since when (steady microseconds), frames and bytes both ways,
    messages taken and known already, refusals by reason, how long a frame takes to be consumed
    and credited (None before the first credit), and how far the peer is behind by class."""

    link: int
    peer: bytes
    live: bool
    since_us: int
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    messages_in: int
    messages_out: int
    duplicates: int
    unknown_frames: int
    refusals: tuple[tuple[Refusal, int], ...]
    round_trip_us: int | None
    classes: tuple[ClassStats, ...]

    @property
    def waiting(self) -> int:
        """How many messages wait for this peer."""
        return sum(entry.waiting for entry in self.classes)


@dataclass(frozen=True, slots=True)
class PayloadStats:
    """Payloads held whole and in part; chunks taken from peers, sent to them, come again though
    held already, and come wrong, since the start."""

    whole: int
    partial: int
    chunks_in: int
    chunks_out: int
    chunks_again: int
    chunks_wrong: int


@dataclass(frozen=True, slots=True)
class NodeStats:
    """One node: what it holds, its links, refusals by reason over all ways in, messages parked
    for want of a grant or held back as from the future, verifications made; its payloads."""

    holdings: HoldingStats
    links: tuple[LinkStats, ...]
    refusals: tuple[tuple[Refusal, int], ...]
    parked: int
    penned: int
    verifications: int
    charter: int
    forked: bool
    payloads: PayloadStats
