"""Remnants: what is left of a key's alerts that a node has no room for.

Of all that was dropped at one (authority, key, area) one word in doubt stands, of hazard 0, said
at the newest point of it. So a place may become unknown by want of room, never clear. Only a
board in words, not bits, ends it; an honest desk's next one does, as it covers its own key.

What leaves only the index of words still lies in the store: its remnant names the message that
is kept for it. What leaves the store as well is remembered by a note: an area takes 11 bytes, so
that a key of the whole country that has alerted each of its 1,600 areas takes 18 kB.
"""

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from holub_protocol.facts import REMNANT, Word

NOTES = "node/remnants/"
"""How the keys of all notes begin that tell of remnants."""

_Slot = tuple[int, bytes, int]
_ROW = struct.Struct(">IHI?")


@dataclass(frozen=True, slots=True)
class Remnant:
    """The word, the message that is kept for it (empty: none is), and whether something of what
    was dropped stood at that moment."""

    word: Word
    message_id: bytes
    lost: bool


def remnant_word(authority: int, kid: bytes, point: tuple[int, int], area: int) -> Word:
    """Return the word in doubt that a key has said something of an area up to a point."""
    return Word(authority, kid, *point, REMNANT, b"", area)


class Remnants:
    """The newest remnant at each (authority, key, area)."""

    def __init__(self) -> None:
        """Nothing was dropped yet."""
        self._slots: dict[_Slot, Remnant] = {}
        self._kept: dict[bytes, dict[_Slot, None]] = {}

    def __iter__(self) -> Iterator[Remnant]:
        """Every remnant."""
        return iter(self._slots.values())

    def at(self, word: Word) -> Remnant | None:
        """Return what stands in a word's place, None if nothing does."""
        return self._slots.get((word.authority, word.kid, word.area))

    def put(self, remnant: Remnant) -> None:
        """Put a remnant into its place, instead of the one there."""
        slot = (remnant.word.authority, remnant.word.kid, remnant.word.area)
        before = self._slots.get(slot)
        if before is not None:
            self._kept.get(before.message_id, {}).pop(slot, None)
            if not self._kept.get(before.message_id):
                self._kept.pop(before.message_id, None)
        self._slots[slot] = remnant
        if remnant.message_id:
            self._kept.setdefault(remnant.message_id, {})[slot] = None

    def kept_for(self, message_id: bytes) -> tuple[Remnant, ...]:
        """Return the remnants for which a message is kept."""
        return tuple(self._slots[slot] for slot in self._kept.get(message_id, ()))


def note_of(authority: int, kid: bytes) -> str:
    """Return the key of the note that tells of a key's remnants."""
    return f"{NOTES}{authority}/{kid.hex()}"


def to_note(remnants: Iterable[Remnant]) -> bytes:
    """Return what is to be remembered of one key's remnants."""
    return b"".join(_ROW.pack(r.word.created_s, r.word.k, r.word.area, r.lost) for r in remnants)


def from_notes(notes: Iterable[tuple[str, bytes]]) -> Iterator[Remnant]:
    """Yield the remnants that notes tell of. Of one that a disk has damaged it yields nothing: a
    relay that does not start would show no alerts at all."""
    for name, value in notes:
        if not name.startswith(NOTES):
            continue
        with suppress(ValueError, struct.error):
            authority, kid = name.removeprefix(NOTES).split("/")
            for created_s, k, area, lost in _ROW.iter_unpack(value):
                word = remnant_word(int(authority), bytes.fromhex(kid), (created_s, k), area)
                yield Remnant(word, b"", lost)
