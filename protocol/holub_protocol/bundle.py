"""Messages in a file: a stick, a phone or a disk is a peer that is met once.

A file is a row of records, each with a magic to find it by, its message's age and a checksum, and
at the end how many there were. Each record stands for itself: whatever a tear, a bad sector or a
text editor has done to a file costs the records that it touched and no other. The checksum finds
accidents; who may say what is decided at the node's gate, as for any peer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from holub_crypto.digest import keyed
from holub_protocol.kinds import Class
from holub_protocol.limits import MESSAGE_BYTES

MAGIC: Final = b"\x89HOLUB1\n"
"""No text begins with the first byte and a text-mode copy spoils the last (as PNG does it); no
byte of it is the first again, so that a search for it never has to go back."""

CHECKSUM_BYTES: Final = 8
"""64 bits: of 2^32 damaged records one in 2^32 passes for whole, and then fails at the gate."""

_KEY: Final = b"holub bundle 1"
_SIZE_BYTES: Final = 2
_NUMBER_BYTES: Final = 4
_HEAD_BYTES: Final = len(MAGIC) + _SIZE_BYTES + _NUMBER_BYTES

OVERHEAD_BYTES: Final = _HEAD_BYTES + CHECKSUM_BYTES
"""What a record takes besides its message; the end takes the same."""

RECORD_BYTES: Final = MESSAGE_BYTES + OVERHEAD_BYTES
"""Largest record, and so the most that a reader keeps besides the piece it was given. A file made
of nothing but magics has a reader digest 4 KiB for each 14 bytes: 5 us, linear in its length."""

_NUMBER_MAX: Final = 2**32 - 1


class BundleError(ValueError):
    """What was asked for does not fit into a file; the text says how much would."""


@dataclass(frozen=True, slots=True)
class Record:
    """An intact record: the bytes of a message or charter, how old it was at least when it was
    written, and at which byte of the stream the record begins."""

    raw: bytes
    age_s: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a stream: intact records; stretches between them that are none, and their
    bytes; records that the ends count and that were not found; whether it is whole to its end."""

    good: int
    damaged: int
    skipped_bytes: int
    missing: int
    ended: bool


def encode(raw: bytes, age_s: int) -> bytes:
    """Return the record of a message of 1 to MESSAGE_BYTES bytes; ValueError for others."""
    if not 0 < len(raw) <= MESSAGE_BYTES:
        raise ValueError(f"a record of {len(raw)} bytes; there are those of 1 to {MESSAGE_BYTES}")
    return _sealed(raw, min(max(0, age_s), _NUMBER_MAX))


def end(count: int) -> bytes:
    """Return what ends a file of `count` records."""
    return _sealed(b"", min(count, _NUMBER_MAX))


def _sealed(raw: bytes, number: int) -> bytes:
    covered = len(raw).to_bytes(_SIZE_BYTES, "big") + number.to_bytes(_NUMBER_BYTES, "big") + raw
    return MAGIC + covered + keyed(_KEY, covered, CHECKSUM_BYTES)


class BundleReader:
    """Finds every intact record of a stream that comes in pieces of any size; never raises."""

    def __init__(self) -> None:
        """Start at the first byte."""
        self._buffer = bytearray()
        self._closed = self._in_gap = self._ended = False
        self._offset = self._good = self._since_end = 0
        self._damaged = self._skipped_bytes = self._missing = 0

    def feed(self, data: bytes) -> None:
        """Take in what comes next; call `next` until it has no more."""
        self._buffer += data

    def close(self) -> None:
        """Learn that nothing more comes: what is unfinished by now is damaged."""
        self._closed = True

    def next(self) -> Record | None:
        """Return the next intact record; None until more comes, or for good once closed."""
        while True:
            start = self._buffer.find(MAGIC)
            if start < 0:  # but a magic may have begun
                kept = 0 if self._closed else len(MAGIC) - 1
                self._skip(max(0, len(self._buffer) - kept))
                return None
            self._skip(start)
            size = self._front()
            if size is None:
                if not self._closed:
                    return None
                self._skip(1)
            elif size < 0:
                self._skip(1)
            else:
                record = self._take(size)
                if record is not None:
                    return record

    def report(self) -> Report:
        """Tell what was found; final once closed and read to the end."""
        return Report(self._good, self._damaged, self._skipped_bytes, self._missing, self._ended)

    def _front(self) -> int | None:
        """Return the size of the message at the front; None if it is not all there, -1 if bad."""
        buffer = self._buffer
        if len(buffer) < _HEAD_BYTES:
            return None
        size = int.from_bytes(buffer[len(MAGIC) : len(MAGIC) + _SIZE_BYTES], "big")
        if size > MESSAGE_BYTES:
            return -1
        if len(buffer) < size + OVERHEAD_BYTES:
            return None
        covered = bytes(buffer[len(MAGIC) : _HEAD_BYTES + size])
        found = buffer[_HEAD_BYTES + size : size + OVERHEAD_BYTES]
        return size if keyed(_KEY, covered, CHECKSUM_BYTES) == found else -1

    def _take(self, size: int) -> Record | None:
        """Take the intact record at the front out; None for an end."""
        number = int.from_bytes(self._buffer[_HEAD_BYTES - _NUMBER_BYTES : _HEAD_BYTES], "big")
        raw = bytes(self._buffer[_HEAD_BYTES : _HEAD_BYTES + size])
        record = Record(raw, number, self._offset)
        self._drop(size + OVERHEAD_BYTES)
        self._in_gap, self._ended = False, not size
        if size:
            self._good += 1
            self._since_end += 1
            return record
        self._missing += max(0, number - self._since_end)
        self._since_end = 0
        return None

    def _skip(self, count: int) -> None:
        if count:
            self._damaged += not self._in_gap
            self._in_gap = True
            self._skipped_bytes += count
            self._drop(count)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._offset += count


# --- what goes into a file, and in which order -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A message that may go into a file; `signer` is the key whose grants it needs."""

    id: bytes
    cls: Class
    created_s: int
    k: int
    size_bytes: int
    signer: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """The ids of a file in their order, its size with them, and how many found no room."""

    ids: tuple[bytes, ...]
    size_bytes: int
    left_out: int


def arrange(
    charters: Sequence[Item],
    items: Sequence[Item],
    chains: Mapping[bytes, Sequence[Item]],
    max_bytes: int,
) -> Plan:
    """Choose what fits into `max_bytes`, and put the chain first.

    `charters` come ascending, `chains` has the grants by the key that they speak of. Where room
    is short the more urgent class has it, within one the newest; and no message goes without the
    grants of its signer, so that each file is understood without any other. Raises BundleError
    where not even the charters fit.
    """
    room = max_bytes - OVERHEAD_BYTES - sum(map(_record_bytes, charters))
    if room < 0:
        least = max_bytes - room
        raise BundleError(f"{max_bytes} bytes: the charters alone take {least}")
    chosen = {item.id: item for item in charters}
    left_out = 0
    for item in sorted(items, key=_newest):
        wanted = {x.id: x for x in (*chains.get(item.signer, ()), item) if x.id not in chosen}
        need = sum(map(_record_bytes, wanted.values()))
        if need > room:
            left_out += 1
            continue
        room -= need
        chosen.update(wanted)
    rest = list(chosen.values())[len(charters) :]
    grants = sorted((x for x in rest if x.cls is Class.GRANT), key=lambda x: (x.created_s, x.k))
    others = sorted((x for x in rest if x.cls is not Class.GRANT), key=_newest)
    return Plan(tuple(x.id for x in (*charters, *grants, *others)), max_bytes - room, left_out)


def _newest(item: Item) -> tuple[int, int, int, bytes]:
    return item.cls, -item.created_s, -item.k, item.id


def _record_bytes(item: Item) -> int:
    return item.size_bytes + OVERHEAD_BYTES
