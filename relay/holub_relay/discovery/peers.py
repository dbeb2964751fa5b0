"""The one place that turns hints into dials: who might be where, and when to try.

No I/O and no trust: a hint costs a bounded table row and a bounded attempt, nothing else.
Configured peers and keys with a relay grant are tried again and again; a stranger only when it
is heard of.  Both have dialling places and a rate of their own.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from holub_relay.bucket import Bucket
from holub_relay.discovery.hints import LINKED, Addresses, HintState, Source
from holub_relay.limits import (
    DIAL_BURST,
    DIALS,
    DIALS_PER_S,
    NEW_STRANGERS_BURST,
    NEW_STRANGERS_PER_S,
    PEERS,
    REDIAL_S_MAX,
    REDIAL_S_MIN,
    STRANGER_DIALS,
    STRANGER_DIALS_PER_S,
    STRANGERS_PER_HOST,
    UNSIGNED_STRANGERS,
)

_NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Dial:
    """One attempt to make."""

    host: str
    port: int
    expected_key: bytes | None
    row: bytes  # of the table; only Peers reads it


@dataclass(slots=True)
class _Peer:
    expected_key: bytes | None
    heard_s: float
    configured: bool = False
    addresses: Addresses = field(default_factory=Addresses)
    key: bytes | None = None  # proven or claimed
    came_from: str = ""  # the host from which it dialled us
    met: bool = False
    linked: bool = False
    doubted: bool = False  # linked, but nothing comes over the link
    dialling: bool = False
    failures: int = 0
    tried_s: float = -_NEVER
    next_s: float = _NEVER

    @property
    def settled(self) -> bool:
        """Whether no attempt is wanted: a good link stands, or one is being made."""
        return self.dialling or (self.linked and not self.doubted)


def _row_of(host: str, port: int, key: bytes | None) -> bytes:
    return key if key is not None else f"{host} {port}".encode()


class Peers:
    """Rows of peers and their addresses; the caller brings the time in seconds."""

    def __init__(self, granted: Callable[[bytes], bool], rng: Random, now_s: float) -> None:
        """`granted` tells whether a key has a relay grant; `rng` spreads the pauses."""
        self._granted = granted
        self._rng = rng
        self._rows: dict[bytes, _Peer] = {}
        self._bucket = Bucket(DIALS_PER_S, DIAL_BURST, now_s)
        self._stranger_bucket = Bucket(STRANGER_DIALS_PER_S, DIAL_BURST, now_s)
        # Unsigned hints have a budget of their own, so that a flood of them takes nothing from
        # what beacons say.
        self._newcomers = {
            source: Bucket(NEW_STRANGERS_PER_S, NEW_STRANGERS_BURST, now_s) for source in Source
        }

    def __len__(self) -> int:
        return len(self._rows)

    def configure(self, host: str, port: int, key: bytes | None, now_s: float) -> None:
        """Add a peer that the operator named; with `key`, nobody else is accepted there."""
        peer = self._row(_row_of(host, port, key), key, now_s)
        peer.configured = True
        peer.addresses.add(host, port, Source.CONFIGURED, now_s)
        peer.next_s = now_s

    def hint(
        self,
        host: str,
        port: int,
        key: bytes | None,
        now_s: float,
        source: Source = Source.BEACON,
    ) -> None:
        """Something says that a relay is at this address: try at once unless linked."""
        row = _row_of(host, port, key)
        if row not in self._rows and not self._is_friend(key):
            if not self._newcomers[source].take(now_s):
                return
            self._make_room_on(host)
            if source.weak:
                self._make_room_for_unsigned()
        peer = self._row(row, key, now_s)
        peer.heard_s = now_s
        peer.addresses.add(host, port, source, now_s)
        if peer.linked:
            peer.addresses.prove(peer.came_from)
        if not peer.linked or peer.doubted:
            soonest_s = max(now_s, peer.tried_s + REDIAL_S_MIN)
            peer.next_s = min(peer.next_s, soonest_s)

    def doubt(self, key: bytes) -> None:
        """The link to `key` is silent although the peer speaks elsewhere: the next hint dials,
        and a new link will replace it."""
        peer = self._rows.get(key)
        if peer is not None:
            peer.doubted = peer.linked

    def again(self, key: bytes, now_s: float) -> None:
        """The link to `key` ended by a change of our own: try its addresses at once."""
        peer = self._rows.get(key)
        if peer is not None and not peer.linked:
            peer.failures = 0
            peer.next_s = now_s

    def due(self, now_s: float, room: bool, stranger_room: bool) -> list[Dial]:
        """The attempts to begin now; each must end in `failed` or `linked`.

        `room` and `stranger_room` tell whether a granted relay's, a stranger's link would be
        taken at all.
        """
        dials: list[Dial] = []
        free, stranger_free = self._places()
        waiting = [
            (row, peer)
            for row, peer in self._rows.items()
            if peer.next_s <= now_s and not peer.settled
        ]
        for row, peer in sorted(waiting, key=lambda item: self._precedence(item[1])):
            hint = peer.addresses.next()
            if hint is None:
                continue
            friend = self._is_wanted(peer)
            if free < 1 or not (room if friend else stranger_room and stranger_free > 0):
                continue
            if not (self._bucket if friend else self._stranger_bucket).take(now_s):
                continue
            free -= 1
            stranger_free -= not friend
            peer.addresses.tried(hint.host, hint.port, now_s)
            peer.dialling, peer.tried_s, peer.next_s = True, now_s, _NEVER
            dials.append(Dial(hint.host, hint.port, peer.expected_key, row))
        return dials

    def next_s(self, now_s: float, room: bool, stranger_room: bool) -> float:
        """When `due` may have something again if nothing else happens; infinity for never."""
        free, stranger_free = self._places()
        soonest_s = {True: _NEVER, False: _NEVER}
        for peer in self._rows.values():
            if peer.next_s < _NEVER and peer.addresses and not peer.settled:
                friend = self._is_wanted(peer)
                soonest_s[friend] = min(soonest_s[friend], peer.next_s)
        # Without a free place the end of a dial is what to wait for.
        friends_s = max(soonest_s[True], now_s + self._bucket.wait_s(now_s))
        strangers_s = max(soonest_s[False], now_s + self._stranger_bucket.wait_s(now_s))
        return min(
            friends_s if room and free > 0 else _NEVER,
            strangers_s if stranger_room and min(free, stranger_free) > 0 else _NEVER,
        )

    def failed(
        self, dial: Dial, now_s: float, final: bool = False, outcome: str = "failed"
    ) -> None:
        """The attempt failed, by `outcome`; `final` when this address can never be a peer (it is
        ourselves)."""
        peer = self._rows.get(dial.row)
        if peer is None:
            return
        peer.dialling = False
        peer.addresses.ended(dial.host, dial.port, outcome)
        if final:
            peer.addresses.remove(dial.host, dial.port)
        if peer.linked:  # the doubt was wrong, or the next beacon brings it back
            peer.doubted = False
            peer.next_s = _NEVER
            return
        peer.failures += 1
        if peer.heard_s > peer.tried_s and peer.addresses:
            # Heard of again in the meantime: that word counts, not the failure before it.
            peer.next_s = max(now_s, peer.tried_s + REDIAL_S_MIN)
        else:
            self._plan(peer, now_s)

    def linked(self, key: bytes, dial: Dial | None, now_s: float, host: str = "") -> None:
        """A link to `key` stands; `dial` is the attempt that made it, if it was ours, and `host`
        where the peer came from if it was not."""
        if dial is not None:
            self._learn(key, dial)
        peer = self._row(key, key, now_s)
        peer.came_from = host
        peer.addresses.prove(host)
        peer.met = peer.linked = True
        peer.doubted = False
        peer.next_s = _NEVER

    def unlinked(self, key: bytes, lasted_s: float, now_s: float) -> None:
        """The link to `key` is gone after `lasted_s`; a short one counts as a failure."""
        peer = self._rows.get(key)
        if peer is None:
            return
        peer.linked = peer.doubted = False
        peer.failures = 0 if lasted_s >= REDIAL_S_MAX else peer.failures + 1
        self._plan(peer, now_s)

    def missing(self) -> bool:
        """Is a peer that we know and want not linked?"""
        return any(
            not peer.linked and (peer.configured or (peer.met and self._is_friend(peer.key)))
            for peer in self._rows.values()
        )

    def proven(self) -> tuple[tuple[bytes, str, int], ...]:
        """Key, host and port of each address where a granted relay has proven its key, the
        peers heard of last first."""
        rows = sorted(self._rows.values(), key=lambda peer: -peer.heard_s)
        return tuple(
            (peer.key, hint.host, hint.port)
            for peer in rows
            if peer.key is not None and self._is_friend(peer.key)
            for hint in peer.addresses
            if hint.proven
        )

    def hints(self, now_s: float) -> tuple[HintState, ...]:
        """Every hint there is, for people: linked and granted peers first."""
        found = [
            HintState(
                key=peer.key,
                granted=self._is_friend(peer.key),
                linked=peer.linked,
                host=hint.host,
                port=hint.port,
                source=hint.source,
                heard_ago_s=now_s - hint.heard_s,
                tried_ago_s=None if hint.tried_s == -_NEVER else now_s - hint.tried_s,
                outcome=hint.outcome,
                proven=hint.proven,
            )
            for peer in self._rows.values()
            for hint in peer.addresses
        ]
        return tuple(sorted(found, key=lambda hint: (not hint.linked, not hint.granted)))

    def _plan(self, peer: _Peer, now_s: float) -> None:
        if not self._is_wanted(peer):
            peer.next_s = _NEVER  # until it is heard of again
            return
        pause_s = min(REDIAL_S_MAX, REDIAL_S_MIN * 2 ** min(max(peer.failures - 1, 0), 10))
        peer.next_s = now_s + pause_s * self._rng.uniform(0.75, 1.25)

    def _learn(self, key: bytes, dial: Dial) -> None:
        """Move what we dialled to the row of the key that answered."""
        peer = self._rows.get(dial.row)
        if peer is None:
            return
        peer.dialling = False
        peer.addresses.ended(dial.host, dial.port, LINKED)
        if dial.row == key:
            return
        del self._rows[dial.row]
        known = self._rows.get(key)
        if known is None:
            peer.key = key
            self._rows[key] = peer
            return
        if peer.expected_key is None:  # the operator named an address, whoever is there
            known.expected_key = None
        known.configured |= peer.configured
        known.addresses.merge(peer.addresses)

    def _is_friend(self, key: bytes | None) -> bool:
        return key is not None and self._granted(key)

    def _is_wanted(self, peer: _Peer) -> bool:
        return peer.configured or self._is_friend(peer.key)

    def _precedence(self, peer: _Peer) -> int:
        """Whom to dial first: who is wanted, then strangers that signed, then the rest."""
        return 0 if self._is_wanted(peer) else 1 if peer.addresses.trusted else 2

    def _places(self) -> tuple[int, int]:
        """Free dialling places, and how many of them a stranger may take."""
        dialling = [peer for peer in self._rows.values() if peer.dialling]
        strangers = sum(not self._is_wanted(peer) for peer in dialling)
        return DIALS - len(dialling), STRANGER_DIALS - strangers

    def _row(self, row: bytes, key: bytes | None, now_s: float) -> _Peer:
        peer = self._rows.get(row)
        if peer is None:
            if len(self._rows) >= PEERS:
                self._forget(self._rows)
            peer = self._rows[row] = _Peer(key, now_s, key=key)
        return peer

    def _make_room_on(self, host: str) -> None:
        """Keep one host's strangers from filling the table."""
        own = {
            row: peer
            for row, peer in self._rows.items()
            if not self._is_friend(peer.key) and peer.addresses.has_host(host)
        }
        if len(own) >= STRANGERS_PER_HOST:
            self._forget(own)

    def _make_room_for_unsigned(self) -> None:
        """Keep strangers that only somebody else names from filling the table."""
        unsigned = {
            row: peer
            for row, peer in self._rows.items()
            if not (self._is_friend(peer.key) or peer.addresses.trusted)
        }
        if len(unsigned) >= UNSIGNED_STRANGERS:
            self._forget(unsigned)

    def _forget(self, among: dict[bytes, _Peer]) -> None:
        """Drop the row that matters least; one that is linked, dialled or configured stays."""
        candidates = [
            (self._is_friend(peer.key), peer.heard_s, row)
            for row, peer in among.items()
            if not (peer.linked or peer.dialling or peer.configured)
        ]
        if candidates:
            del self._rows[min(candidates)[2]]
