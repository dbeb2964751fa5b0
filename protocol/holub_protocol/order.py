"""The ids of one class in the order in which peers compare them, for all links at once.

What is salted differs from link to link; the order and the digests under the salt do not. So a
link that opens costs no sorting and no hash of every id, only what is new since the last one.

The ids are cut into segments: behind each id that ends in a byte from 0xF8 on, one in 32. So two
sets cut what they share at the same ids, wherever those lie in either, and the digest of a segment
holds for both. A fingerprint hashes a few of these instead of all ids.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from hashlib import blake2b

from holub_crypto.digest import ID_BYTES
from holub_protocol.limits import FINGERPRINT_BYTES

_CREATED_BYTES = 4
_DIGEST_BYTES = 32
_ENDS = re.compile(rb"[\xf8-\xff]")


def sort_key(created_s: int, id_: bytes) -> bytes:
    """Return the 36 bytes by which the set is ordered."""
    return created_s.to_bytes(_CREATED_BYTES, "big") + id_


class Order:
    """Ids by (created, id), and the digests of their segments. It never changes: `changed` gives
    another one. 37 bytes an id; as objects it would be 150."""

    __slots__ = ("_created", "_cuts", "_digests", "_ids")

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        """Sort `keys` (as `sort_key` makes them), each of them once."""
        ordered = sorted(keys)
        seconds = (int.from_bytes(key[:_CREATED_BYTES], "big") for key in ordered)
        self._created = array("I", seconds)
        self._ids = bytearray().join([key[_CREATED_BYTES:] for key in ordered])
        # Where segments end, and the digest of each that has ended.
        self._cuts = array("I")
        self._digests = bytearray()
        self._cut(0)

    def changed(self, moves: Iterable[tuple[bytes, bool]]) -> "Order":
        """Return it with some keys added (True), which were not in, or taken out (False)."""
        new = Order()
        new._created, new._ids = self._created[:], self._ids[:]
        lowest = len(self)
        for key, added in moves:
            place = new.find(key)
            lowest = min(lowest, place)
            at = place * ID_BYTES
            if added:
                new._created.insert(place, int.from_bytes(key[:_CREATED_BYTES], "big"))
                new._ids[at:at] = key[_CREATED_BYTES:]
            else:
                del new._created[place], new._ids[at : at + ID_BYTES]
        kept = bisect_right(self._cuts, lowest)
        new._cuts, new._digests = self._cuts[:kept], self._digests[: kept * _DIGEST_BYTES]
        new._cut(new._cuts[-1] if kept else 0)
        return new

    def _cut(self, start: int) -> None:
        """Cut what is behind `start`, where a segment begins."""
        lasts = self._ids[ID_BYTES - 1 :: ID_BYTES]
        for match in _ENDS.finditer(lasts, start):
            self._cuts.append(match.end())
            self._digests += self._digest(start, match.end())
            start = match.end()

    def __len__(self) -> int:
        """The number of ids."""
        return len(self._created)

    def id(self, place: int) -> bytes:
        """Return the id at a place."""
        return bytes(self._ids[place * ID_BYTES : (place + 1) * ID_BYTES])

    def ids(self, start: int, end: int) -> list[bytes]:
        """Return the ids from place `start` up to `end`."""
        joined = bytes(self._ids[start * ID_BYTES : end * ID_BYTES])
        return [joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES)]

    def find(self, bound: bytes, from_: int = 0) -> int:
        """Return the first place, at or behind `from_`, whose key is not below a bound: the first
        bytes of a key, of which b"" is below all."""
        if not bound:
            return 0
        seconds = int.from_bytes(bound[:_CREATED_BYTES], "big")
        place = bisect_left(self._created, seconds, from_)
        prefix = bound[_CREATED_BYTES:]
        if not prefix or place == len(self) or self._created[place] != seconds:
            return place
        end = bisect_left(self._created, seconds + 1, place)
        return bisect_left(range(end), prefix, place, key=self.id)

    def bound(self, place: int) -> bytes:
        """Return the fewest first bytes that part this key from the one before it."""
        created_s = self._created[place]
        bound = created_s.to_bytes(_CREATED_BYTES, "big")
        if created_s != self._created[place - 1]:
            return bound
        id_, before = self.id(place), self.id(place - 1)
        for length in range(1, ID_BYTES + 1):
            if id_[:length] != before[:length]:
                return bound + id_[:length]
        raise AssertionError("two equal keys in one set")

    def fingerprint(self, salt: bytes, start: int, end: int) -> bytes:
        """Return what stands for the ids from place `start` up to `end` on the link with a salt:
        the digest of the digests of their segments, the first and the last of which may be parts
        of longer ones."""
        hashing = blake2b(salt, digest_size=FINGERPRINT_BYTES)
        first, last = bisect_right(self._cuts, start), bisect_right(self._cuts, end)
        if first < last:
            if start > (self._cuts[first - 1] if first else 0):
                hashing.update(self._digest(start, self._cuts[first]))
                first += 1
            hashing.update(self._digests[first * _DIGEST_BYTES : last * _DIGEST_BYTES])
            start = self._cuts[last - 1]
        if start < end:
            hashing.update(self._digest(start, end))
        return hashing.digest()

    def _digest(self, start: int, end: int) -> bytes:
        return blake2b(
            self._ids[start * ID_BYTES : end * ID_BYTES], digest_size=_DIGEST_BYTES
        ).digest()
