"""Keys for which a desk answers: those of siblings that are lost, by a person's decision.

A board speaks for other keys only up to their own newest boards, and not at all for keys in doubt.
A person who has asked around may let a desk answer for such a key up to a point: from then on each
of its boards covers it, so that what stands under that key and is not listed is over. What the key
says later, a thief's next alert, is not covered.
"""

import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType

NOTES = "node/adopted/"
"""How the keys of all notes begin that tell of adopted keys."""

_ROW = struct.Struct(">8sIH")

Points = Mapping[bytes, tuple[int, int]]
"""The hints of keys, each with the (created_s, k) up to which somebody answers for it."""

NOBODY: Points = MappingProxyType({})
"""A desk that answers for itself alone."""


def note_of(key: bytes) -> str:
    """Return the key of the note that tells for whom a desk's key answers."""
    return f"{NOTES}{key.hex()}"


def to_note(points: Points) -> bytes:
    """Return what is to be remembered of them: 14 bytes a key."""
    return b"".join(_ROW.pack(kid, *points[kid]) for kid in sorted(points))


def from_notes(notes: Iterable[tuple[str, bytes]]) -> dict[bytes, Points]:
    """Return for whom each desk's key answers. A note that a disk has damaged tells nothing: then
    places are unknown until a person decides again."""
    found: dict[bytes, Points] = {}
    for name, value in notes:
        if name.startswith(NOTES):
            with suppress(ValueError, struct.error):
                rows = _ROW.iter_unpack(value)
                key = bytes.fromhex(name.removeprefix(NOTES))
                found[key] = {kid: (created_s, k) for kid, created_s, k in rows}
    return found


def later(one: Points, other: Points) -> Points:
    """Return both, each key up to the later of its points."""
    kids = {**one, **other}
    return {kid: max(points[kid] for points in (one, other) if kid in points) for kid in kids}
