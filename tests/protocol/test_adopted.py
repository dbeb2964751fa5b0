"""Keys for which a desk answers, and that it goes on doing so."""

from holub_protocol.adopted import NOTES, from_notes, later, note_of, to_note
from holub_protocol.journal import Journal
from holub_protocol.signers import Signers

KEY, KID, OTHER = b"k" * 32, b"lost key", b"old key "


def test_a_note_brings_them_back() -> None:
    """Each desk's key has its own, in the order of hints, 14 bytes a key; other notes and damaged
    ones tell nothing."""
    points = {OTHER: (2**32 - 1, 4095), KID: (1, 0)}
    note = to_note(points)
    assert len(note) == 28
    notes = [(note_of(KEY), note), (NOTES + "zz", note), ("node/remnants/1", note),
             (note_of(OTHER * 4), note[:-1])]  # fmt: skip
    assert from_notes(notes) == {KEY: points}


def test_points_only_rise() -> None:
    """Answering again reaches further, never less far, and forgets nobody."""
    assert later({KID: (5, 1)}, {KID: (4, 9), OTHER: (1, 0)}) == {KID: (5, 1), OTHER: (1, 0)}
    assert later({}, {KID: (4, 9)}) == {KID: (4, 9)}


def test_a_machine_goes_on_answering() -> None:
    """What was adopted before a restart is adopted after it, for that key alone."""
    journal = Journal()
    signers = Signers((), (), journal)
    signers.adopt(KEY, {KID: (5, 1)})
    assert signers.adopted(KEY) == {KID: (5, 1)}
    notes = journal.take((), ()).writes.notes
    again = Signers((), [(name, value) for name, value in notes if value is not None])
    assert again.adopted(KEY) == {KID: (5, 1)}
    assert again.adopted(OTHER) == {}
