"""What is left of a key's alerts that a node has no room for."""

from holub_protocol.remnants import (
    NOTES,
    Remnant,
    Remnants,
    from_notes,
    note_of,
    remnant_word,
    to_note,
)

KID = b"desk kid"


def left(area: int, created_s: int = 100, name: bytes = b"", lost: bool = False) -> Remnant:
    """Return a remnant of authority 2."""
    return Remnant(remnant_word(2, KID, (created_s, 1), area), name, lost)


def test_one_stands_at_each_place_and_names_what_is_kept_for_it() -> None:
    """A remnant takes the place of the one before, and the message of that need not be kept."""
    remnants = Remnants()
    for remnant in (left(7, name=b"old"), left(8, name=b"old"), left(7, 200, b"new")):
        remnants.put(remnant)
    assert [r.word.area for r in remnants.kept_for(b"old")] == [8]
    assert [r.word.area for r in remnants.kept_for(b"new")] == [7]
    assert remnants.at(remnant_word(2, KID, (0, 0), 7)) == left(7, 200, b"new")
    assert remnants.at(remnant_word(3, KID, (0, 0), 7)) is None
    remnants.put(left(7, 200))
    assert remnants.kept_for(b"new") == remnants.kept_for(b"") == ()


def test_a_note_brings_back_what_was_given_up() -> None:
    """Of each area the newest point and whether something stood come back, and no message is
    kept for them."""
    notes = [(note_of(2, KID), to_note([left(7, 2**32 - 1, b"m", lost=True), left(0)]))]
    assert list(from_notes(notes)) == [left(7, 2**32 - 1, lost=True), left(0)]
    assert len(notes[0][1]) == 22


def test_a_damaged_note_hinders_nobody() -> None:
    """What a disk has bitten off is left out; other keys' notes tell what they told."""
    good = note_of(2, KID), to_note([left(7)])
    notes = [(NOTES + "x", b""), (f"{NOTES}2/zz", good[1]), (good[0], good[1][:-1]), good]
    assert list(from_notes(notes)) == [left(7)]
    # Nor does a note of something else, before it or of the same form.
    others = [("node/clock", good[1]), (note_of(2, KID).removeprefix(NOTES), good[1])]
    assert list(from_notes([*others, good])) == [left(7)]
