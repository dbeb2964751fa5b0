"""The relay's own announcement on the local network: a small signed multicast packet.

`[version, realm, key, port, boot, sequence, interval_ms, signature]` to 239.255.72.66 and
ff02::484f:4c55:42 with one hop.  `realm` is the first 8 bytes of the realm id, so that other
realms are not dialled; the signature covers the whole id.  The address is the packet's source and
is not signed: whoever replays a beacon makes a hint and nothing else, which the handshake judges.
"""

import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

import trio

from holub_crypto import cbor
from holub_crypto.identity import PUBLIC_BYTES, SIGNATURE_BYTES, Identity, verify
from holub_relay.bucket import Bucket
from holub_relay.discovery.interfaces import Changes, Place, host_text, is_own_host, places
from holub_relay.limits import (
    BEACON_BYTES,
    BEACON_KEYS,
    BEACON_MEMORY_S,
    BEACON_S_EAGER,
    BEACON_S_MAX,
    BEACON_S_MIN,
    BEACON_SOURCES,
    BEACON_VERIFIES_PER_S,
    BEACONS_PER_SOURCE_BURST,
    BEACONS_PER_SOURCE_S,
)

PORT: Final = 24_658
GROUP_4: Final = "239.255.72.66"
GROUP_6: Final = "ff02::484f:4c55:42"
REALM_PREFIX_BYTES: Final = 8

_VERSION: Final = 1
_LABEL: Final = b"holub beacon 1"
_COUNTER_MAX: Final = 2**32 - 1
# linux/in.h and linux/in6.h; the socket module lacks them.  Without 0 here a socket hears every
# group that any process of the machine has joined, on any interface.
_IP_MULTICAST_ALL: Final = 49
_IPV6_MULTICAST_ALL: Final = 29
# After a change of interfaces the kernel announces several at once.
_SETTLE_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one beacon says: this key listens for TCP on `port` of the packet's source."""

    key: bytes
    port: int
    boot: int
    sequence: int
    interval_ms: int


class Deafness(StrEnum):
    """Why a packet was not listened to; also the label of a counter."""

    SIZE = "size"
    SOURCE_RATE = "source rate"
    FORM = "form"
    REALM = "realm"
    OWN = "own"
    OLD = "old"
    RATE = "rate"
    SIGNATURE = "signature"


def encode(announcement: Announcement, identity: Identity, realm_id: bytes) -> bytes:
    """The packet, signed by `identity`, whose key the announcement names."""
    fields = (
        _VERSION,
        realm_id[:REALM_PREFIX_BYTES],
        announcement.key,
        announcement.port,
        announcement.boot,
        announcement.sequence,
        announcement.interval_ms,
    )
    signature = identity.sign(_signed_content(fields, realm_id))
    return cbor.encode((*fields, signature))


def _signed_content(fields: tuple[cbor.Value, ...], realm_id: bytes) -> bytes:
    return _LABEL + realm_id + cbor.encode(fields)


def _parse(packet: bytes, realm_id: bytes) -> tuple[Announcement, bytes, bytes, bytes]:
    """The announcement, its realm prefix, signature and signed content; CborError for junk."""
    fields = cbor.as_tuple(cbor.decode(packet))
    if len(fields) != 8:
        raise cbor.CborError("not eight fields")
    version, realm, key, port, boot, sequence, interval_ms, signature = fields
    cbor.as_int(version, _VERSION, _VERSION)
    announcement = Announcement(
        cbor.as_bytes(key, PUBLIC_BYTES, PUBLIC_BYTES),
        cbor.as_int(port, 1, 65_535),
        cbor.as_int(boot, 0, _COUNTER_MAX),
        cbor.as_int(sequence, 0, _COUNTER_MAX),
        cbor.as_int(interval_ms, 0, _COUNTER_MAX),
    )
    return (
        announcement,
        cbor.as_bytes(realm, REALM_PREFIX_BYTES, REALM_PREFIX_BYTES),
        cbor.as_bytes(signature, SIGNATURE_BYTES, SIGNATURE_BYTES),
        _signed_content(fields[:-1], realm_id),
    )


class Ears:
    """Judges packets, cheapest check first, in bounded memory; no I/O."""

    def __init__(
        self,
        own_key: bytes,
        realm_id: bytes,
        granted: Callable[[bytes], bool],
        now_s: float,
        mine: Callable[[str, int], bool] = lambda _host, _port: True,
    ) -> None:
        """`granted` tells whose signatures are checked from a budget of their own, `mine` whether
        a packet with our key from a host, of a TCP port, is our own that came back."""
        self._own_key = own_key
        self._realm_id = realm_id
        self._granted, self._mine = granted, mine
        self._sources: dict[str, Bucket] = {}  # the least recently heard first
        self._last: dict[bytes, tuple[int, int, float]] = {}  # boot, sequence, time; same order
        self._budgets = {
            friend: Bucket(BEACON_VERIFIES_PER_S, BEACON_VERIFIES_PER_S, now_s)
            for friend in (True, False)
        }

    def hear(self, packet: bytes, host: str, now_s: float) -> Announcement | Deafness:
        """What a packet from `host` says, or why nobody listens; never raises for junk."""
        if len(packet) > BEACON_BYTES:
            return Deafness.SIZE
        if not self._source(host, now_s).take(now_s):
            return Deafness.SOURCE_RATE
        try:
            announcement, realm, signature, content = _parse(packet, self._realm_id)
        except ValueError:
            return Deafness.FORM
        deafness = self._judge(announcement, realm, host, now_s)
        if deafness is not None:
            return deafness
        if not verify(announcement.key, content, signature):
            return Deafness.SIGNATURE
        self._remember(announcement, now_s)
        return announcement

    def _judge(
        self, announcement: Announcement, realm: bytes, host: str, now_s: float
    ) -> Deafness | None:
        """All that can be said without looking at the signature."""
        if realm != self._realm_id[:REALM_PREFIX_BYTES]:
            return Deafness.REALM
        if announcement.key == self._own_key and self._mine(host, announcement.port):
            return Deafness.OWN
        if self._is_old(announcement, now_s):
            return Deafness.OLD
        if not self._budgets[self._granted(announcement.key)].take(now_s):
            return Deafness.RATE
        return None

    def _source(self, host: str, now_s: float) -> Bucket:
        bucket = self._sources.pop(host, None)
        if bucket is None:
            bucket = Bucket(BEACONS_PER_SOURCE_S, BEACONS_PER_SOURCE_BURST, now_s)
        self._sources[host] = bucket
        if len(self._sources) > BEACON_SOURCES:
            del self._sources[next(iter(self._sources))]
        return bucket

    def _is_old(self, announcement: Announcement, now_s: float) -> bool:
        boot, sequence, heard_s = self._last.get(announcement.key, (-1, -1, now_s))
        not_newer = (announcement.boot, announcement.sequence) <= (boot, sequence)
        return not_newer and now_s - heard_s < BEACON_MEMORY_S

    def _remember(self, announcement: Announcement, now_s: float) -> None:
        self._last.pop(announcement.key, None)
        self._last[announcement.key] = (announcement.boot, announcement.sequence, now_s)
        if len(self._last) > BEACON_KEYS:
            del self._last[next(iter(self._last))]


class Beacon:
    """Announces this relay and listens for others on every fitting interface."""

    def __init__(
        self,
        identity: Identity,
        realm_id: bytes,
        *,
        listen_host: str | None,
        tcp_port: int,
        boot: int,
        hint: Callable[[str, int, bytes], None],
        granted: Callable[[bytes], bool],
        missing: Callable[[], bool],
        rng: Random,
        suspect: Callable[[str, int], None] = lambda _host, _port: None,
        port: int = PORT,
    ) -> None:
        """`boot` rises with every start of this key; make it inside trio.run.

        `hint(host, port, key)` is called for every believable announcement; `missing` tells
        whether a known peer has no link, which keeps the beacon awake; `suspect(host, port)` is
        called where another machine announces itself with our key, or replays what we said.
        """
        self._identity = identity
        self._realm_id = realm_id
        self._listen_host = listen_host
        self._tcp_port = tcp_port
        self._boot = boot
        self._hint = hint
        self._missing = missing
        self._rng = rng
        self._port = port
        self._sequence = 0
        self._suspect = suspect
        self._ears = Ears(identity.public, realm_id, granted, trio.current_time(), self._is_mine)
        self._sockets: dict[Place, trio.socket.SocketType] = {}
        self._reset = trio.Event()
        self._deaf: Counter[Deafness] = Counter()
        self._heard = 0

    def heard(self) -> int:
        """Announcements believed so far."""
        return self._heard

    def deaf(self) -> Mapping[Deafness, int]:
        """Packets not listened to, by reason."""
        return dict(self._deaf)

    def places(self) -> tuple[Place, ...]:
        """Where it announces and listens now."""
        return tuple(self._sockets)

    async def run(self) -> None:
        """Announce and listen; returns only by cancellation."""
        changes = Changes()
        try:
            async with trio.open_nursery() as nursery:
                self._settle(nursery)
                nursery.start_soon(self._announce)
                while True:
                    await changes.wait()
                    await trio.sleep(_SETTLE_S)
                    self._settle(nursery)
        finally:
            changes.close()
            for sock in self._sockets.values():
                sock.close()

    def _settle(self, nursery: trio.Nursery) -> None:
        """Open and close sockets so that they fit the interfaces there are now."""
        wanted = places(self._listen_host)
        for place in [place for place in self._sockets if place not in wanted]:
            self._sockets.pop(place).close()
        for place in wanted:
            if place in self._sockets:
                continue
            try:
                sock = _open(place, self._port)
            except OSError:  # not ready yet, or without multicast: the next look tries again
                continue
            self._sockets[place] = sock
            nursery.start_soon(self._listen, sock)
            self._reset.set()

    async def _announce(self) -> None:
        interval_s = BEACON_S_MIN
        while True:
            self._reset = trio.Event()
            for place, sock in list(self._sockets.items()):
                await self._shout(place, sock, interval_s)
            with trio.move_on_after(interval_s * self._rng.uniform(0.9, 1.0)):
                await self._reset.wait()
            longest_s = BEACON_S_EAGER if self._missing() else BEACON_S_MAX
            interval_s = BEACON_S_MIN if self._reset.is_set() else min(2 * interval_s, longest_s)

    async def _shout(self, place: Place, sock: trio.socket.SocketType, interval_s: float) -> None:
        # Every packet has its own number: else only the first interface's would be believed,
        # and perhaps that address cannot be reached while another can.
        self._sequence += 1
        announcement = Announcement(
            self._identity.public, self._tcp_port, self._boot, self._sequence, int(interval_s * 1e3)
        )
        packet = encode(announcement, self._identity, self._realm_id)
        ipv4 = place.family == socket.AF_INET
        to = (GROUP_4, self._port) if ipv4 else (GROUP_6, self._port, 0, place.index)
        # If the network went away, the kernel will announce its return.
        with suppress(OSError, trio.ClosedResourceError):
            await sock.sendto(packet, to)

    async def _listen(self, sock: trio.socket.SocketType) -> None:
        while True:
            try:
                packet, sockaddr = await sock.recvfrom(BEACON_BYTES + 1)
            except trio.ClosedResourceError:
                return
            except OSError:
                if sock.fileno() < 0:
                    return
                await trio.sleep(1)  # e.g. the network is down
                continue
            host = host_text(sockaddr)
            said = self._ears.hear(packet, host, trio.current_time())
            if isinstance(said, Deafness):
                self._deaf[said] += 1
            elif said.key == self._identity.public:
                self._suspect(host, said.port)
            else:
                self._heard += 1
                self._hint(host, said.port, said.key)

    def _is_mine(self, host: str, port: int) -> bool:
        """Our own packets come back from our own addresses, and with our own port."""
        return port == self._tcp_port and is_own_host(host)


def _open(place: Place, port: int) -> trio.socket.SocketType:
    """A socket that hears and reaches this one interface only."""
    sock = socket.socket(place.family, socket.SOCK_DGRAM)
    try:
        # Several relays of one machine hear the group together.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if place.family == socket.AF_INET:
            _join_4(sock, place)
            sock.bind((GROUP_4, port))  # the group's address: no unicast junk
        else:
            _join_6(sock, place)
            sock.bind((GROUP_6, port, 0, place.index))
    except OSError:
        sock.close()
        raise
    return trio.socket.from_stdlib_socket(sock)


def _join_4(sock: socket.socket, place: Place) -> None:
    local = socket.inet_aton(place.address)
    member = struct.pack("4s4si", socket.inet_aton(GROUP_4), local, place.index)
    sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, local)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)


def _join_6(sock: socket.socket, place: Place) -> None:
    member = socket.inet_pton(socket.AF_INET6, GROUP_6) + struct.pack("@I", place.index)
    sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, place.index)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
