"""Ids to small numbers, in a third of the memory that a dict of byte strings takes.

An open-addressing table over one column of 32-byte ids. A dict takes 170 bytes for each of
100,000 ids (key object, entry, number object), this takes 55; the whole relay has to fit 80 MiB.
Places are drawn by multiplying with a secret odd number, so that nobody who chooses messages
can choose ids that meet in the table.
"""

from array import array
from collections.abc import Iterator

from holub_crypto.digest import ID_BYTES

SALT_BYTES = 8
_FIRST_PLACES = 1024
_EMPTY, _GONE, _FIRST_SLOT = 0, 1, 2
_WORD = 2**64 - 1


class IdTable:
    """A bijection between the ids that are in and slots from 0 on; slots are used again."""

    def __init__(self, salt: bytes) -> None:
        """Start empty. `salt` is 8 secret bytes."""
        self._factor = int.from_bytes(salt, "big") | 1
        self._ids = bytearray()
        self._taken = bytearray()
        self._free: array[int] = array("I")
        self._spread(_FIRST_PLACES)

    def __len__(self) -> int:
        """The number of ids."""
        return len(self._taken) - len(self._free)

    def find(self, id_: bytes) -> int:
        """Return the slot of an id, -1 if it is not in; its first 16 bytes are enough."""
        places = self._places
        place = self._place(id_)
        while entry := places[place]:
            if entry != _GONE:
                at = (entry - _FIRST_SLOT) * ID_BYTES
                if self._ids[at : at + len(id_)] == id_:
                    return entry - _FIRST_SLOT
            place = (place + 1) & self._mask
        return -1

    def add(self, id_: bytes) -> int:
        """Put in an id that is not in; return its slot."""
        if len(id_) != ID_BYTES:
            raise ValueError(f"an id has {ID_BYTES} bytes, not {len(id_)}")
        if 2 * self._filled >= self._mask:
            self._spread(max(_FIRST_PLACES, 4 * len(self)))
        if self._free:
            slot = self._free.pop()
            self._ids[slot * ID_BYTES : (slot + 1) * ID_BYTES] = id_
            self._taken[slot] = 1
        else:
            slot = len(self._taken)
            self._ids += id_
            self._taken.append(1)
        self._settle(id_, slot)
        return slot

    def remove(self, id_: bytes) -> int:
        """Take out an id that is in; return the slot that it had."""
        place = self._place(id_)
        while entry := self._places[place]:
            slot = entry - _FIRST_SLOT
            if entry != _GONE and self._is_at(slot, id_):
                self._places[place] = _GONE
                self._taken[slot] = 0
                self._free.append(slot)
                return slot
            place = (place + 1) & self._mask
        raise KeyError(id_.hex())

    def id_at(self, slot: int) -> bytes:
        """Return the id in a slot that is taken."""
        if not self._taken[slot]:
            raise AssertionError(f"slot {slot} is free")
        return bytes(self._ids[slot * ID_BYTES : (slot + 1) * ID_BYTES])

    def is_taken(self, slot: int) -> bool:
        """Whether a slot holds an id."""
        return bool(self._taken[slot])

    def slots(self) -> Iterator[int]:
        """Yield the slots that hold an id, ascending."""
        return (slot for slot, taken in enumerate(self._taken) if taken)

    def _place(self, id_: bytes) -> int:
        head = int.from_bytes(id_[:8], "big")
        return (head * self._factor & _WORD) >> self._shift

    def _is_at(self, slot: int, id_: bytes) -> bool:
        at = slot * ID_BYTES
        return self._ids[at : at + len(id_)] == id_

    def _settle(self, id_: bytes, slot: int) -> None:
        place = self._place(id_)
        while (entry := self._places[place]) > _GONE:
            if self._is_at(entry - _FIRST_SLOT, id_):
                raise AssertionError(f"{id_.hex()} is in already")
            place = (place + 1) & self._mask
        self._filled += entry == _EMPTY
        self._places[place] = slot + _FIRST_SLOT

    def _spread(self, places: int) -> None:
        """Lay the table out anew with at least `places` places, a power of two."""
        bits = (places - 1).bit_length()
        self._shift, self._mask = 64 - bits, (1 << bits) - 1
        self._places: array[int] = array("I", bytes(4 << bits))
        self._filled = 0
        for slot in self.slots():
            self._settle(self.id_at(slot), slot)
