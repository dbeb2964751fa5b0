"""Negentropy version 1, the yardstick: its fingerprints, its messages and their sizes.

Written from the protocol's public description (range-based reconciliation over (timestamp, id),
16 buckets, lists under 32 items, 32-byte ids, 16-byte fingerprints that are a hash of a plain
sum mod 2^256). No limit of a message's size; the lists go both ways, as its version 1 has it.
"""

from bisect import bisect_left
from collections.abc import Iterable
from hashlib import sha256

VERSION = 0x61
ID_BYTES = 32
BUCKETS = 16
_SKIP, _FINGERPRINT, _LIST = 0, 1, 2
_INFINITY = 2**64

Item = tuple[int, bytes]
_END: Item = (_INFINITY, b"")


def varint(number: int) -> bytes:
    """Return a number in digits of 7 bits, highest first, all but the last marked."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def fingerprint(ids: Iterable[bytes]) -> bytes:
    """Return the 16 bytes that stand for a set: no salt, only a sum and a count."""
    total = count = 0
    for id_ in ids:
        total += int.from_bytes(id_, "little")
        count += 1
    return sha256((total % 2**256).to_bytes(32, "little") + varint(count)).digest()[:16]


class _Reader:
    """Reads a message from its start; timestamps are told as steps from the last one."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._time = data, 0, 0

    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        value, digit = 0, 0x80
        while digit & 0x80:
            digit = self.take(1)[0]
            value = value << 7 | digit & 0x7F
        return value

    def bound(self) -> Item:
        step = self.number()
        if step == 0:
            self._time = _INFINITY
        elif self._time != _INFINITY:
            self._time += step - 1
        return self._time, self.take(self.number())


class _Writer:
    """Writes a message; a skip is only put down once something follows it."""

    def __init__(self) -> None:
        self.data = bytearray((VERSION,))
        self._time = 0
        self._skip: Item | None = None

    def skip(self, high: Item) -> None:
        self._skip = high

    def part(self, high: Item, mode: int, payload: bytes) -> None:
        if self._skip is not None:
            self._bound(self._skip)
            self.data += varint(_SKIP)
            self._skip = None
        self._bound(high)
        self.data += varint(mode) + payload

    def _bound(self, bound: Item) -> None:
        time, prefix = bound
        if time == _INFINITY:
            self.data += varint(0)
        else:
            self.data += varint(1 + time - self._time)
        self._time = time
        self.data += varint(len(prefix)) + prefix


class Negentropy:
    """One side. `have` and `need` gather, at the opener, what the peer lacks and what it has."""

    def __init__(self, items: Iterable[Item], opens: bool) -> None:
        """Take a set of (timestamp, id)."""
        self._items = sorted(items)
        self._opens = opens
        self.have: list[bytes] = []
        self.need: list[bytes] = []

    def opening(self) -> bytes:
        """Return the first message."""
        out = _Writer()
        self._split(0, len(self._items), _END, out)
        return bytes(out.data)

    def answer(self, message: bytes) -> bytes | None:
        """Return what to say to a message; None once the opener has nothing left to ask."""
        reader, out = _Reader(message), _Writer()
        if reader.take(1)[0] != VERSION:
            raise ValueError("a message of another version")
        start = 0
        while reader.more():
            high, mode = reader.bound(), reader.number()
            end = bisect_left(self._items, high, start)
            if mode == _LIST:
                self._compare(start, end, [reader.take(ID_BYTES) for _ in range(reader.number())])
                if self._opens:
                    out.skip(high)
                else:
                    out.part(high, _LIST, self._list(start, end))
            elif mode == _SKIP or reader.take(16) == fingerprint(self._ids(start, end)):
                out.skip(high)
            else:
                self._split(start, end, high, out)
            start = end
        return None if self._opens and len(out.data) == 1 else bytes(out.data)

    def _compare(self, start: int, end: int, ids: list[bytes]) -> None:
        if self._opens:
            theirs = dict.fromkeys(ids)
            for id_ in self._ids(start, end):
                if id_ in theirs:
                    del theirs[id_]
                else:
                    self.have.append(id_)
            self.need += theirs

    def _split(self, start: int, end: int, high: Item, out: _Writer) -> None:
        count = end - start
        if count < 2 * BUCKETS:
            out.part(high, _LIST, self._list(start, end))
            return
        each, more = divmod(count, BUCKETS)
        for bucket in range(BUCKETS):
            stop = start + each + (bucket < more)
            bound = high if stop == end else self._bound(stop)
            out.part(bound, _FINGERPRINT, fingerprint(self._ids(start, stop)))
            start = stop

    def _bound(self, position: int) -> Item:
        """Return the least that parts an item from the one before it."""
        (before_s, before), (time, id_) = self._items[position - 1 : position + 1]
        if before_s != time:
            return time, b""
        shared = 0
        while before[shared] == id_[shared]:
            shared += 1
        return time, id_[: shared + 1]

    def _list(self, start: int, end: int) -> bytes:
        return varint(end - start) + b"".join(self._ids(start, end))

    def _ids(self, start: int, end: int) -> list[bytes]:
        return [id_ for _, id_ in self._items[start:end]]


def reconcile(ours: Iterable[Item], theirs: Iterable[Item]) -> tuple[Negentropy, int, int]:
    """Play both sides: (the opener with what it learnt, bytes both ways, messages)."""
    opener, other = Negentropy(ours, True), Negentropy(theirs, False)
    message: bytes | None = opener.opening()
    size = count = 0
    while message is not None:
        reply = other.answer(message)
        assert reply is not None
        size, count = size + len(message) + len(reply), count + 2
        message = opener.answer(reply)
    return opener, size, count
