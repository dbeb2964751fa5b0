"""Counts for operators: immutable snapshots, taken when asked."""

from dataclasses import dataclass

from holub_protocol.holdings import HoldingStats
from holub_protocol.kinds import Class
from holub_protocol.refusal import Refusal


@dataclass(frozen=True, slots=True)
class LinkStats:
    """One link: the peer's key, frames and bytes both ways, messages taken and known already,
    refusals by reason, and for each class whether both sides' sets were last seen equal."""

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
    equal: tuple[tuple[Class, bool], ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class NodeStats:
    """One node: what it holds, its links, refusals by reason over all ways in, messages parked
    for want of a grant or held back as from the future, verifications made."""

    holdings: HoldingStats
    links: tuple[LinkStats, ...]
    refusals: tuple[tuple[Refusal, int], ...]
    parked: int
    penned: int
    verifications: int
    charter: int
    forked: bool
