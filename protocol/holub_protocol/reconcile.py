"""The difference of two sets of ids, range by range, without memory between frames.

Range-based set reconciliation (Meyer, SRDS 2023) over ids sorted by (created, id): equal
ranges are skipped by a salted fingerprint, unequal ones split in eight, small ones sent as a
list. A list goes one way only: its receiver both asks for what it lacks and sends what the
list lacks. The salt comes from both peers' nonces after the items exist, so that nobody can
prepare ids whose fingerprints meet (an unsalted XOR falls in 5 ms, a 128-bit sum in 14 s).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, shake_128
from itertools import pairwise

from holub_crypto.digest import ID_BYTES, keyed
from holub_protocol.frames import Fingerprint, IdList, Part, Range, Skip
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    FINGERPRINT_BYTES,
    LEAF_ITEMS,
    RANGE_PARTS,
    SEND_ITEMS,
    SHORT_ID_BYTES,
    SPLIT,
)

_CREATED_BYTES = 4
_KEY_BYTES = _CREATED_BYTES + ID_BYTES
_LEAF_BYTES = 16
_LEAF_MODULUS = 1 << 8 * _LEAF_BYTES
_ROOT_BYTES = 256
_ROOT_MODULUS = 1 << 8 * _ROOT_BYTES
_RANGE_HEAD_BYTES = 48
_PART_HEAD_BYTES = 44


def session_salt(nonce: bytes, other_nonce: bytes) -> bytes:
    """Return the salt that both sides derive from their two nonces, whichever way round."""
    first, second = sorted((nonce, other_nonce))
    return keyed(b"holub session salt", first + second, 32)


def short_id(salt: bytes, id_: bytes) -> bytes:
    """Return the 8 bytes that stand for an id on one link."""
    return blake2b(id_, digest_size=SHORT_ID_BYTES + _LEAF_BYTES, key=salt).digest()[
        :SHORT_ID_BYTES
    ]


def sort_key(created_s: int, id_: bytes) -> bytes:
    """Return the 36 bytes by which the set is ordered."""
    return created_s.to_bytes(_CREATED_BYTES, "big") + id_


class RootSum:
    """A sum over a set of ids, kept as they come and go: an equal link costs no snapshot.

    Each id is expanded to 2048 bits, where Wagner's generalised birthday attack on a sum needs
    about 2^(2 sqrt(2048)) = 2^90 work; the sum never leaves, only its digest salted per session.
    """

    def __init__(self) -> None:
        """Start from the empty set."""
        self.count = 0
        self._sum = 0

    def add(self, id_: bytes) -> None:
        """Put an id in."""
        self.count += 1
        self._sum = (self._sum + _expanded(id_)) % _ROOT_MODULUS

    def remove(self, id_: bytes) -> None:
        """Take out an id that is in."""
        self.count -= 1
        self._sum = (self._sum - _expanded(id_)) % _ROOT_MODULUS

    def fingerprint(self, salt: bytes) -> bytes:
        """Return the 8 bytes that stand for the set on one link."""
        data = self._sum.to_bytes(_ROOT_BYTES, "big") + self.count.to_bytes(8, "big")
        return keyed(salt, data, FINGERPRINT_BYTES)


def _expanded(id_: bytes) -> int:
    return int.from_bytes(shake_128(id_).digest(_ROOT_BYTES), "big")


@dataclass(frozen=True, slots=True)
class Difference:
    """What a RANGE taught: parts to answer with and the ids behind the short ids that they
    list, short ids to ask for, and (short id, id) pairs to send."""

    parts: tuple[Part, ...]
    listed: tuple[tuple[bytes, bytes], ...] = ()
    want: tuple[bytes, ...] = ()
    send: tuple[tuple[bytes, bytes], ...] = ()


class Snapshot:
    """One class's set at one moment, under one session's salt."""

    def __init__(self, salt: bytes, keys: Iterable[bytes]) -> None:
        """Sort `keys` (as `sort_key` makes them) and hash each id once.

        Everything lies in three flat columns, 60 bytes an id: as objects it would be 150.
        """
        self._salt = salt
        self._keys = b"".join(sorted(keys))
        self._count = len(self._keys) // _KEY_BYTES
        self._shorts = bytearray()
        self._sums = bytearray(_LEAF_BYTES)
        total = 0
        for position in range(self._count):
            digest = blake2b(
                self._id(position), digest_size=SHORT_ID_BYTES + _LEAF_BYTES, key=salt
            ).digest()
            self._shorts += digest[:SHORT_ID_BYTES]
            total = (total + int.from_bytes(digest[SHORT_ID_BYTES:], "big")) % _LEAF_MODULUS
            self._sums += total.to_bytes(_LEAF_BYTES, "big")

    def __len__(self) -> int:
        """The number of ids."""
        return self._count

    def opening(self, list_items_max: int) -> Difference:
        """Return the parts that open a reconciliation: the whole set, split or listed."""
        listed: list[tuple[bytes, bytes]] = []
        parts = tuple(self._describe(0, self._count, b"", list_items_max, listed))
        return Difference(parts, tuple(listed))

    def answer(self, heard: Range, list_items_max: int) -> Difference:
        """Compare a peer's RANGE with the own set."""
        parts: list[Part] = []
        listed: list[tuple[bytes, bytes]] = []
        want: list[bytes] = []
        send: list[tuple[bytes, bytes]] = []
        low = heard.low
        for part in heard.parts:
            start, end = self._span(low, part.high)
            match part:
                case Skip():
                    parts.append(part)
                case Fingerprint(high, fingerprint):
                    if fingerprint == self._fingerprint(start, end):
                        parts.append(Skip(high))
                    else:
                        parts += self._describe(start, end, high, list_items_max, listed)
                case IdList(high, short_ids) if (
                    end - start + len(send) > len(short_ids) + SEND_ITEMS
                ):
                    parts += self._describe(start, end, high, list_items_max, listed)
                case IdList(high, short_ids):
                    parts.append(Skip(high))
                    theirs = dict.fromkeys(short_ids)
                    for position in range(start, end):
                        short = self._short(position)
                        if short in theirs:
                            del theirs[short]
                        else:
                            send.append((short, self._id(position)))
                    want += theirs
            low = part.high
        return Difference(_merged(parts), tuple(listed), tuple(want), tuple(send))

    def _describe(
        self,
        start: int,
        end: int,
        high: bytes,
        list_items_max: int,
        listed: list[tuple[bytes, bytes]],
    ) -> Iterator[Part]:
        """Cut positions [start, end) into lists, noted in `listed`, or eight fingerprints."""
        count = end - start
        if count < LEAF_ITEMS:
            step = max(1, min(list_items_max, LEAF_ITEMS))
            for low in range(start, max(end, start + 1), step):
                stop = min(low + step, end)
                bound = high if stop == end else self._bound(stop)
                shorts = tuple(map(self._short, range(low, stop)))
                listed += zip(shorts, map(self._id, range(low, stop)), strict=True)
                yield IdList(bound, shorts)
            return
        cuts = [start + count * i // SPLIT for i in range(SPLIT + 1)]
        for low, stop in pairwise(cuts):
            bound = high if stop == end else self._bound(stop)
            yield Fingerprint(bound, self._fingerprint(low, stop))

    def _span(self, low: bytes, high: bytes) -> tuple[int, int]:
        start = self._find(low)
        end = self._find(high) if high else self._count
        return start, max(start, end)

    def _find(self, bound: bytes) -> int:
        """Return the first position whose key is not below a bound."""
        return bisect_left(range(self._count), bound, key=self._key)

    def _key(self, position: int) -> bytes:
        return self._keys[position * _KEY_BYTES : (position + 1) * _KEY_BYTES]

    def _id(self, position: int) -> bytes:
        return self._keys[position * _KEY_BYTES + _CREATED_BYTES : (position + 1) * _KEY_BYTES]

    def _short(self, position: int) -> bytes:
        at = position * SHORT_ID_BYTES
        return bytes(self._shorts[at : at + SHORT_ID_BYTES])

    def _fingerprint(self, start: int, end: int) -> bytes:
        total = (self._sum(end) - self._sum(start)) % _LEAF_MODULUS
        data = total.to_bytes(_LEAF_BYTES, "big") + (end - start).to_bytes(8, "big")
        return keyed(self._salt, data, FINGERPRINT_BYTES)

    def _sum(self, position: int) -> int:
        """Return the sum over all ids before a position."""
        at = position * _LEAF_BYTES
        return int.from_bytes(self._sums[at : at + _LEAF_BYTES], "big")

    def _bound(self, position: int) -> bytes:
        """Return the fewest first bytes that part this key from the one before it."""
        key, before = self._key(position), self._key(position - 1)
        for length in range(1, len(key) + 1):
            if key[:length] != before[:length]:
                return key[:length]
        raise AssertionError("two equal keys in one set")


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    """Join skips that meet and drop those at the end; nothing left to say gives ()."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, Skip) and merged and isinstance(merged[-1], Skip):
            merged.pop()
        merged.append(part)
    if merged and isinstance(merged[-1], Skip):
        merged.pop()
    return tuple(merged)


def pack(cls: Class, low: bytes, parts: tuple[Part, ...], frame_bytes: int) -> Iterator[Range]:
    """Put parts into RANGE frames of at most `frame_bytes`, none of them starting with a skip."""
    batch: list[Part] = []
    used = 0
    start = bound = low
    for part in parts:
        size = _PART_HEAD_BYTES
        if isinstance(part, IdList):
            size += SHORT_ID_BYTES * len(part.short_ids)
        if batch and (used + size > frame_bytes - _RANGE_HEAD_BYTES or len(batch) == RANGE_PARTS):
            yield Range(cls, start, tuple(batch))
            batch, used, start = [], 0, bound
        if isinstance(part, Skip) and not batch:
            start = part.high
        else:
            batch.append(part)
            used += size
        bound = part.high
    if batch:
        yield Range(cls, start, tuple(batch))


def list_items(frame_bytes: int) -> int:
    """Return how many short ids fit one list in a frame of `frame_bytes`."""
    return (frame_bytes - _RANGE_HEAD_BYTES - _PART_HEAD_BYTES) // SHORT_ID_BYTES
