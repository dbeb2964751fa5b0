"""What peers say on a link: the fourteen frames, as values and as bytes.

A frame is a CBOR array `[type, ...]` of the strict profile. Each is complete in itself, so
that every frame that arrives is progress. Unknown types are ignored, so that later versions
can speak to this one; a known type with other fields than its own is malformed.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from holub_crypto import cbor
from holub_crypto.cbor import CborError, as_bytes, as_int, as_tuple
from holub_crypto.identity import HINT_BYTES, PUBLIC_BYTES
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    CHUNK_BYTES,
    CHUNKS_ASKED_MAX,
    FINGERPRINT_BYTES,
    FRAME_BYTES_MAX,
    FRAME_BYTES_MIN,
    LIST_ITEMS,
    MESSAGE_BYTES,
    NEED_HINTS,
    NONCE_BYTES,
    PAYLOAD_BYTES,
    PEER_ADDRESSES,
    RANGE_PARTS,
    ROOT_FINGERPRINT_BYTES,
    SHORT_ID_BYTES,
    WANT_BITS_BYTES,
    WINDOW_BYTES_MAX,
    WINDOW_BYTES_MIN,
)
from holub_protocol.payloads.layout import Layout

VERSION = 1
"""Version of the link protocol; it is also in the label that the handshake binds."""

_SECONDS_BYTES = 4
_PREFIX_BYTES_MAX = 32
_AGE_MAX_S = 2**32 - 1
_UINT_MAX = 2**32 - 1
_CLASSES = tuple(Class)
_PLACE_MAX = Layout(PAYLOAD_BYTES).count - 1
_BITMAP_BYTES = _PLACE_MAX // 8 + 3
_IPV4_BYTES, _IPV6_BYTES = 4, 16

_RANGE_FIXED_BYTES = 3
_BOUND_BYTES_MAX = 5 + 3 + _PREFIX_BYTES_MAX
RANGE_HEAD_BYTES_MAX = _RANGE_FIXED_BYTES + _BOUND_BYTES_MAX
PART_HEAD_BYTES_MAX = _BOUND_BYTES_MAX + 3
"""Bytes of a RANGE besides its parts, and of a part besides its short ids, at most."""

PEERS_HEAD_BYTES = 3
PEER_BYTES_MAX = 55
"""Bytes of a PEERS frame besides its entries, and of its largest entry."""


class FrameType(IntEnum):
    """The number of each frame."""

    HELLO = 0
    ROOT = 1
    RANGE = 2
    WANT = 3
    PUT = 4
    NEED = 5
    IHAVE = 6
    REFUSE = 7
    CHUNK = 8
    HAVE = 9
    CREDIT = 10
    BYE = 11
    PEERS = 12
    FETCH = 13


class FrameError(ValueError):
    """The bytes are no frame of this protocol; the text says how."""


@dataclass(frozen=True, slots=True)
class Hello:
    """First on a link: version, 16 random bytes, largest frame and unconsumed bytes accepted,
    version of the charter in force."""

    version: int
    nonce: bytes
    frame_bytes: int
    window_bytes: int
    charter: int


@dataclass(frozen=True, slots=True)
class Root:
    """What is held, class by class: (class, count, fingerprint). Its counting an id is the
    acknowledgement that the message is on disk. In a `whole` root a class left out is empty;
    otherwise nothing is said of it. One that `asks` wants to hear the peer's, also if equal."""

    whole: bool
    entries: tuple[tuple[Class, int, bytes], ...]
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """A part of a range of which nothing is said; `high` is its upper bound (b"": no bound)."""

    high: bytes


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A part of a range by its salted fingerprint."""

    high: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class IdList:
    """A part of a range by all its short ids, one after the other."""

    high: bytes
    short_ids: bytes


Part: TypeAlias = Skip | Fingerprint | IdList


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of one class from `low`, cut into parts, each beginning where the last ended.

    A bound is created (4 bytes, big-endian) and as many of the id's first bytes as it takes, or
    empty: below everything as `low`, above everything as the last `high`.
    """

    cls: Class
    low: bytes
    parts: tuple[Part, ...]

    @property
    def lists(self) -> bool:
        """Whether any id is listed, so that the peer may ask for it."""
        return any(isinstance(part, IdList) and part.short_ids for part in self.parts)


@dataclass(frozen=True, slots=True)
class Want:
    """Asks for bodies that the peer has offered, by their short ids."""

    cls: Class
    short_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class WantListed:
    """Asks for bodies that the peer's RANGE from `low` has listed: a bit for each listed id in
    its order, the most significant first, without zero bytes at the end."""

    cls: Class
    low: bytes
    bits: bytes


@dataclass(frozen=True, slots=True)
class Put:
    """A piece of a message: `total` bytes in all, `data` from `offset`, `age_s` how old at
    least the message is by the sender's reckoning."""

    short_id: bytes
    age_s: int
    total: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Need:
    """Asks for the grants of keys by their hints."""

    hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class IHave:
    """Offers ids that the sender has just taken in."""

    cls: Class
    short_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Says that a message was not taken and why (a Refusal's number); binds this link only."""

    short_id: bytes
    reason: int


@dataclass(frozen=True, slots=True)
class Credit:
    """Says how many more bytes have been consumed."""

    consumed_bytes: int


@dataclass(frozen=True, slots=True)
class Bye:
    """Closes the link: why, and after how many seconds to come back."""

    reason: int
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """Where a key's relay listens, as somebody says: 4 bytes of IPv4 or 16 of IPv6, a port."""

    address: bytes
    port: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Peers:
    """Where the sender has met other relays, one address each, ascending by key. Hints, no more."""

    entries: tuple[PeerAddress, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a payload's chunk: the manifest's short id, the chunk's place, `data` from
    `offset` of it."""

    short_id: bytes
    place: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Have:
    """Which chunks of a payload the sender holds, as a bitmap (see payloads.bitmap). One that
    lacks some asks by it to be told who has them."""

    short_id: bytes
    bitmap: bytes


@dataclass(frozen=True, slots=True)
class Fetch:
    """Asks for chunks of a payload; of the first from `offset` on, since its beginning came
    before the link broke."""

    short_id: bytes
    offset: int
    places: tuple[int, ...]


Frame: TypeAlias = (
    Hello | Root | Range | Want | WantListed | Put | Need | IHave | Refuse | Chunk | Have | Credit
    | Bye | Peers | Fetch
)  # fmt: skip


def encode(frame: Frame) -> bytes:
    """Return a frame's bytes, without the length that the stream puts before them."""
    return cbor.encode(_fields(frame))


def _fields(frame: Frame) -> tuple[cbor.Value, ...]:
    match frame:
        case Put():
            return _put_fields(frame)
        case Chunk() | Have() | Fetch():
            return _payload_fields(frame)
        case Credit(consumed_bytes):
            return (FrameType.CREDIT.value, consumed_bytes)
        case Root(whole, entries, asks):
            fields = tuple((cls.value, count, digest) for cls, count, digest in entries)
            return (FrameType.ROOT.value, whole | asks << 1, fields)
        case Range():
            return _range_fields(frame)
        case Want() | WantListed():
            return _want_fields(frame)
        case IHave(cls, short_ids):
            return (FrameType.IHAVE.value, cls.value, b"".join(short_ids))
        case Need(hints):
            return (FrameType.NEED.value, b"".join(hints))
        case Refuse(short_id, reason):
            return (FrameType.REFUSE.value, short_id, reason)
        case Hello(version, nonce, frame_bytes, window_bytes, charter):
            return (FrameType.HELLO.value, version, nonce, frame_bytes, window_bytes, charter)
        case Bye(reason, retry_after_s):
            return (FrameType.BYE.value, reason, retry_after_s)
        case Peers(peers):
            return (FrameType.PEERS.value, tuple((p.address, p.port, p.key) for p in peers))


def _payload_fields(frame: Chunk | Have | Fetch) -> tuple[cbor.Value, ...]:
    match frame:
        case Chunk(short_id, place, offset, data):
            return (FrameType.CHUNK.value, short_id, place, offset, data)
        case Have(short_id, bitmap):
            return (FrameType.HAVE.value, short_id, bitmap)
        case Fetch(short_id, offset, places):
            return (FrameType.FETCH.value, short_id, offset, places)


def _put_fields(put: Put) -> tuple[cbor.Value, ...]:
    piece = () if len(put.data) == put.total else (put.total, put.offset)
    return (FrameType.PUT.value, put.short_id, put.age_s, *piece, put.data)


def _range_fields(frame: Range) -> tuple[cbor.Value, ...]:
    fields: list[cbor.Value] = [FrameType.RANGE.value, frame.cls.value, _bound_field(frame.low, 0)]
    before_s = _seconds(frame.low)
    for part in frame.parts:
        fields.append(_bound_field(part.high, before_s) if part.high else None)
        match part:
            case Fingerprint(high, fingerprint):
                fields.append(fingerprint)
            case IdList(high, short_ids):
                fields.append(short_ids)
            case Skip(high):
                fields.append(None)
        before_s = _seconds(high)
    return tuple(fields)


def _want_fields(frame: Want | WantListed) -> tuple[cbor.Value, ...]:
    if isinstance(frame, WantListed):
        return (FrameType.WANT.value, frame.cls.value, _bound_field(frame.low, 0), frame.bits)
    return (FrameType.WANT.value, frame.cls.value, b"".join(frame.short_ids))


def _seconds(bound: bytes) -> int:
    return int.from_bytes(bound[:_SECONDS_BYTES], "big")


def _bound_field(bound: bytes, before_s: int) -> cbor.Value:
    """Return a bound as a step from the seconds of the bound before it."""
    step_s = _seconds(bound) - before_s
    return (step_s, bound[_SECONDS_BYTES:]) if len(bound) > _SECONDS_BYTES else step_s


def part_bytes(low: bytes, part: Part) -> int:
    """Return how many bytes a part that begins at `low` takes in its frame."""
    high = part.high
    size = 1
    if high:
        size = _int_bytes(_seconds(high) - _seconds(low))
        if len(high) > _SECONDS_BYTES:
            prefix_bytes = len(high) - _SECONDS_BYTES
            size += 1 + _int_bytes(prefix_bytes) + prefix_bytes
    if isinstance(part, Fingerprint):
        return size + 1 + FINGERPRINT_BYTES
    if isinstance(part, IdList):
        return size + _int_bytes(len(part.short_ids)) + len(part.short_ids)
    return size + 1


def range_head_bytes(low: bytes) -> int:
    """Return the most bytes that a RANGE from `low` takes besides its parts."""
    return _RANGE_FIXED_BYTES + part_bytes(b"", Skip(low))


def _int_bytes(number: int) -> int:
    """Return the size of an integer, or of the head of a string of that length."""
    return 1 if number < 24 else 2 if number < 2**8 else 3 if number < 2**16 else 5


def decode(data: bytes) -> Frame | None:
    """Read one frame; None for a type that is not known. Raises FrameError for anything else."""
    try:
        fields = as_tuple(cbor.decode(data))
        if not fields:
            raise FrameError("an empty frame")
        reader = _READERS.get(as_int(fields[0]))
        if reader is None:
            return None
        counts, read = reader
        if len(fields) not in counts:
            raise FrameError(f"frame {fields[0]!r} of {len(fields)} fields")
        return read(fields)
    except CborError as error:
        raise FrameError(str(error)) from None


def _read_hello(f: tuple[cbor.Value, ...]) -> Hello:
    return Hello(
        as_int(f[1], 1, 255),
        as_bytes(f[2], NONCE_BYTES, NONCE_BYTES),
        as_int(f[3], FRAME_BYTES_MIN, 65535),
        as_int(f[4], WINDOW_BYTES_MIN, WINDOW_BYTES_MAX),
        as_int(f[5], 1, 65535),
    )


def _read_root(f: tuple[cbor.Value, ...]) -> Root:
    entries = []
    for entry in as_tuple(f[2]):
        cls, count, fingerprint = _exactly(as_tuple(entry), 3)
        entries.append(
            (
                _class(cls),
                as_int(count, 0, _UINT_MAX),
                as_bytes(fingerprint, ROOT_FINGERPRINT_BYTES, ROOT_FINGERPRINT_BYTES),
            )
        )
    if any(low[0] >= high[0] for low, high in pairwise(entries)):
        raise FrameError("classes of a root are not ascending")
    flags = as_int(f[1], 0, 3)
    return Root(flags & 1 == 1, tuple(entries), flags & 2 == 2)


def _read_range(f: tuple[cbor.Value, ...]) -> Range:
    low = bound = _bound(f[2], 0)
    parts: list[Part] = []
    last = len(f) - 2
    for at in range(3, len(f), 2):
        value = f[at]
        high = b"" if value is None and at == last else _bound(value, _seconds(bound))
        if high <= bound and value is not None:
            raise FrameError("bounds of a range do not rise")
        parts.append(_part(high, f[at + 1]))
        bound = high
    return Range(_class(f[1]), low, tuple(parts))


def _bound(value: cbor.Value, before_s: int) -> bytes:
    """Read a step from the seconds of the bound before, alone or with the first bytes of an id."""
    prefix = b""
    if type(value) is tuple:
        step, more = _exactly(value, 2)
        value, prefix = step, as_bytes(more, 1, _PREFIX_BYTES_MAX)
    seconds = before_s + as_int(value, 0, _UINT_MAX - before_s)
    return seconds.to_bytes(_SECONDS_BYTES, "big") + prefix if seconds or prefix else b""


def _part(high: bytes, value: cbor.Value) -> Part:
    if value is None:
        return Skip(high)
    data = as_bytes(value, 0, SHORT_ID_BYTES * LIST_ITEMS)
    if len(data) == FINGERPRINT_BYTES:
        return Fingerprint(high, data)
    if len(data) % SHORT_ID_BYTES:
        raise FrameError(f"{len(data)} bytes are neither a fingerprint nor a list")
    return IdList(high, data)


def _read_want(f: tuple[cbor.Value, ...]) -> Want | WantListed:
    if len(f) == 3:
        return Want(_class(f[1]), _short_ids(f[2]))
    bits = as_bytes(f[3], 1, WANT_BITS_BYTES)
    if bits[-1] == 0:
        raise FrameError("a bitmap that ends in zeroes")
    return WantListed(_class(f[1]), _bound(f[2], 0), bits)


def _read_put(f: tuple[cbor.Value, ...]) -> Put:
    short = as_bytes(f[1], SHORT_ID_BYTES, SHORT_ID_BYTES)
    age_s = as_int(f[2], 0, _AGE_MAX_S)
    if len(f) == 4:
        whole = as_bytes(f[3], 1, MESSAGE_BYTES)
        return Put(short, age_s, len(whole), 0, whole)
    total = as_int(f[3], 1, MESSAGE_BYTES)
    offset = as_int(f[4], 0, total - 1)
    data = as_bytes(f[5], 1, total - offset)
    if len(data) == total:
        raise FrameError("a piece that is the whole")
    return Put(short, age_s, total, offset, data)


def _read_chunk(f: tuple[cbor.Value, ...]) -> Chunk:
    offset = as_int(f[3], 0, CHUNK_BYTES - 1)
    return Chunk(
        as_bytes(f[1], SHORT_ID_BYTES, SHORT_ID_BYTES),
        as_int(f[2], 0, _PLACE_MAX),
        offset,
        as_bytes(f[4], 1, CHUNK_BYTES - offset),
    )


def _read_fetch(f: tuple[cbor.Value, ...]) -> Fetch:
    places = tuple(as_int(place, 0, _PLACE_MAX) for place in as_tuple(f[3]))
    if not 1 <= len(places) <= CHUNKS_ASKED_MAX:
        raise FrameError(f"{len(places)} chunks asked for")
    return Fetch(
        as_bytes(f[1], SHORT_ID_BYTES, SHORT_ID_BYTES),
        as_int(f[2], 0, CHUNK_BYTES - 1),
        places,
    )


def _read_peers(f: tuple[cbor.Value, ...]) -> Peers:
    items = as_tuple(f[1])
    if not 1 <= len(items) <= PEER_ADDRESSES:
        raise FrameError(f"{len(items)} addresses of peers")
    entries = tuple(map(_read_peer, items))
    keys = [entry.key for entry in entries]
    if keys != sorted(set(keys)):
        raise FrameError("keys of peers are not ascending")
    return Peers(entries)


def _read_peer(value: cbor.Value) -> PeerAddress:
    host, port, key = _exactly(as_tuple(value), 3)
    address = as_bytes(host, _IPV4_BYTES, _IPV6_BYTES)
    if len(address) not in (_IPV4_BYTES, _IPV6_BYTES):
        raise FrameError(f"an address of {len(address)} bytes")
    return PeerAddress(address, as_int(port, 1, 65535), as_bytes(key, PUBLIC_BYTES, PUBLIC_BYTES))


def _class(value: cbor.Value) -> Class:
    return _CLASSES[as_int(value, 0, len(_CLASSES) - 1)]


def _exactly(fields: tuple[cbor.Value, ...], count: int) -> tuple[cbor.Value, ...]:
    if len(fields) != count:
        raise FrameError(f"{len(fields)} fields where {count} belong")
    return fields


def _strings(value: cbor.Value, size: int, most: int) -> tuple[bytes, ...]:
    joined = as_bytes(value, 0, size * most)
    if len(joined) % size:
        raise FrameError(f"{len(joined)} bytes are no list of {size}-byte strings")
    return tuple(joined[at : at + size] for at in range(0, len(joined), size))


def _short_ids(value: cbor.Value) -> tuple[bytes, ...]:
    return _strings(value, SHORT_ID_BYTES, FRAME_BYTES_MAX // SHORT_ID_BYTES)


_READERS: Mapping[int, tuple[Container[int], Callable[[tuple[cbor.Value, ...]], Frame]]] = (
    MappingProxyType(
        {
            FrameType.HELLO: ((6,), _read_hello),
            FrameType.ROOT: ((3,), _read_root),
            FrameType.RANGE: (range(5, 4 + 2 * RANGE_PARTS, 2), _read_range),
            FrameType.WANT: ((3, 4), _read_want),
            FrameType.PUT: ((4, 6), _read_put),
            FrameType.NEED: ((2,), lambda f: Need(_strings(f[1], HINT_BYTES, NEED_HINTS))),
            FrameType.IHAVE: ((3,), lambda f: IHave(_class(f[1]), _short_ids(f[2]))),
            FrameType.REFUSE: (
                (3,),
                lambda f: Refuse(
                    as_bytes(f[1], SHORT_ID_BYTES, SHORT_ID_BYTES), as_int(f[2], 1, 255)
                ),
            ),
            FrameType.CHUNK: ((5,), _read_chunk),
            FrameType.HAVE: (
                (3,),
                lambda f: Have(
                    as_bytes(f[1], SHORT_ID_BYTES, SHORT_ID_BYTES), as_bytes(f[2], 1, _BITMAP_BYTES)
                ),
            ),
            FrameType.FETCH: ((4,), _read_fetch),
            FrameType.CREDIT: ((2,), lambda f: Credit(as_int(f[1], 1, _UINT_MAX))),
            FrameType.BYE: ((3,), lambda f: Bye(as_int(f[1], 0, 255), as_int(f[2], 0, 86400))),
            FrameType.PEERS: ((2,), _read_peers),
        }
    )
)
