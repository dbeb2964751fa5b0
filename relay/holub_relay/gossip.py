"""Addresses passed on between peers: what we tell of relays that we have met, and what we hear.

Whoever tells has proven a key, and nothing about what it says: an address that comes this way is
a hint of the weakest kind, and only one on our own networks.  We tell only what we know ourselves:
where a granted relay that is linked now has proven its key, and only to peers on the same network.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Protocol

from holub_protocol.frames import PeerAddress
from holub_protocol.limits import PEER_ADDRESSES
from holub_relay.discovery.hints import Source
from holub_relay.discovery.interfaces import Own, near
from holub_relay.links import PeerState

TELL_S: Final = 15.0
"""Shortest pause between two frames to one peer: half as long again as it must be for the peer to
listen, since a slow link may hold the first one back."""


class Table(Protocol):
    """What this needs of the links (see holub_relay.links.LinkManager)."""

    def peers(self) -> tuple[PeerState, ...]:
        """The links that stand."""

    def proven(self) -> tuple[tuple[bytes, str, int], ...]:
        """Key, host and port of where granted relays were met."""

    def hint(self, host: str, port: int, key: bytes | None, source: Source) -> None:
        """A relay may be there."""


@dataclass(slots=True)
class _Talk:
    """What a live link's peer was told, by key; at most one entry for each link that stands."""

    told: dict[bytes, PeerAddress] = field(default_factory=dict)
    next_s: float = -math.inf


@dataclass(frozen=True, slots=True)
class _Met:
    """An address worth telling, and the interfaces on whose networks it is."""

    entry: PeerAddress
    names: frozenset[str]


class Gossip:
    """Who was told of whom; the caller brings the time in seconds."""

    def __init__(self, table: Table, own: Callable[[], tuple[Own, ...]]) -> None:
        """`own` returns the addresses at which this relay can be reached now."""
        self._table, self._own = table, own
        self._talks: dict[int, _Talk] = {}

    def live(self, link_id: int) -> None:
        """A link's peer can be told things from now on."""
        self._talks[link_id] = _Talk()

    def gone(self, link_id: int) -> None:
        """A link is down."""
        self._talks.pop(link_id, None)

    def heard(self, entries: tuple[PeerAddress, ...]) -> None:
        """A peer said this: keep as hints what is on our own networks, and not this machine."""
        own = self._own()
        for entry in entries:
            address = ip_address(entry.address)
            host = near(str(address), own)
            if host is not None and not address.is_loopback:
                self._table.hint(host, entry.port, entry.key, Source.PEER)

    def introduce(self, tell: Callable[[int, tuple[PeerAddress, ...]], int], now_s: float) -> float:
        """Tell each live link's peer what it was not told yet; return when to come again.

        `tell` takes a link and entries and returns how many of the first of them it has said.
        """
        own, peers = self._own(), self._table.peers()
        met = self._met(own, frozenset(peer.key for peer in peers))
        soonest_s = math.inf
        for peer in peers:
            talk = self._talks.get(peer.link_id)
            if talk is None:
                continue
            news = _news(peer, talk, met, own)
            if news and now_s >= talk.next_s:
                said = tell(peer.link_id, tuple(news[:PEER_ADDRESSES]))
                talk.told |= {entry.key: entry for entry in news[:said]}
                talk.next_s = now_s + TELL_S
                news = news[said:]
            if news:
                soonest_s = min(soonest_s, talk.next_s)
        return soonest_s

    def _met(self, own: tuple[Own, ...], linked: frozenset[bytes]) -> list[_Met]:
        found = []
        for key, host, port in self._table.proven():
            names = _names(host, own)
            if key in linked and names:
                address = ip_address(host.partition("%")[0])
                if not address.is_loopback:
                    found.append(_Met(PeerAddress(address.packed, port, key), names))
        return found


def _news(peer: PeerState, talk: _Talk, met: list[_Met], own: tuple[Own, ...]) -> list[PeerAddress]:
    """What a peer was not told yet: of each other relay on its network the first address."""
    here = _names(peer.address[0], own)
    worth: dict[bytes, PeerAddress] = {}
    for other in met:
        if other.entry.key != peer.key and other.names & here:
            worth.setdefault(other.entry.key, other.entry)
    # Who has gone is told of anew when it is back.
    talk.told = {key: entry for key, entry in talk.told.items() if key in worth}
    return [entry for key, entry in worth.items() if talk.told.get(key) != entry]


def _names(host: str, own: tuple[Own, ...]) -> frozenset[str]:
    """The interfaces on whose networks a host is; none for a name or a far address."""
    return frozenset(mine.name for mine in own if near(host, (mine,)) is not None)
