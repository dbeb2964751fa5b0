"""The ledger: what really happened."""

from dataclasses import replace

from holub_crypto.identity import key_hint
from holub_protocol.proofs import Conflict
from holub_protocol.storage import Row, State
from holub_sim.ledger import Incident, Ledger

ID = bytes(32)
RAW = bytes(range(100))
ROW = Row(ID, 5, 1, ID, 1, 1_700_000_000, 0, 1_700_003_600, 0, 3, State.HELD, 0, 0, 0)


def test_a_message_is_published_stored_and_arrives() -> None:
    """The first moment at each host counts; a second copy changes nothing."""
    ledger = Ledger()
    ledger.publish(ROW, RAW, 5, "a")
    ledger.store(ID, "a")
    assert ledger.arrive(ID, 9, "b") is None
    assert ledger.arrive(ID, 20, "b") is None
    assert ledger.published[ID].arrived_us == {"a": 5, "b": 9}


def test_what_nobody_published_is_noticed() -> None:
    """A forgery that a node accepts has no entry."""
    assert Ledger().arrive(ID, 1, "b") == "nobody has published it"


def test_what_leaves_before_the_commit_is_noticed() -> None:
    """Only the author's own disk counts."""
    ledger = Ledger()
    ledger.publish(ROW, RAW, 5, "a")
    ledger.store(ID, "b")
    assert ledger.arrive(ID, 9, "b") == "it left before it was on its author's disk"


def test_a_crash_undoes_what_was_not_on_disk() -> None:
    """The author's crash unmakes the message; another's only its own copy; a message that is said
    again exists again."""
    ledger = Ledger()
    ledger.publish(ROW, RAW, 5, "a")
    ledger.lose(ID, "a")
    assert list(ledger.existing()) == []
    ledger.publish(ROW, RAW, 50, "a")
    ledger.store(ID, "a")
    ledger.arrive(ID, 60, "b")
    ledger.lose(ID, "b")
    assert [each.arrived_us for each in ledger.existing()] == [{"a": 50}]


def test_a_message_exists_as_long_as_somebody_has_it() -> None:
    """When all disks have lost it, it is gone; what was still under way brings it back. When it
    first arrived stays known."""
    ledger = Ledger()
    ledger.publish(ROW, RAW, 5, "a")
    ledger.store(ID, "a")
    ledger.arrive(ID, 6, "b")
    ledger.ruin(ID, "a")
    assert len(list(ledger.existing())) == 1
    ledger.ruin(ID, "b")
    assert list(ledger.existing()) == []
    assert ledger.arrive(ID, 9, "c") is None
    (known,) = ledger.existing()
    assert known.holders == {"c": None}
    assert known.arrived_us == {"a": 5, "b": 6, "c": 9}


def test_of_proofs_of_one_point_one_is_needed() -> None:
    """That with the lowest id, of those that exist."""
    ledger, point = Ledger(), Conflict(bytes(32), "need", 5, 1)
    low, high = (replace(ROW, id=bytes([n]) * 32) for n in (1, 2))
    for row in (high, low):
        ledger.publish(row, RAW, 5, "a")
        ledger.store(row.id, "a")
        ledger.prove(point, row.id)
    assert ledger.spared() == {high.id}
    ledger.lose(low.id, "a")
    assert ledger.spared() == set()


def test_incidents_are_on_until_all_of_an_area_end() -> None:
    """Two alerts in one area are two: one end leaves the other on."""
    ledger = Ledger()
    one, two = Incident(b"1" * 32, 7, 0), Incident(b"2" * 32, 7, 1)
    ledger.begin(one)
    ledger.begin(two)
    ledger.end(one, b"")
    assert (ledger.on_at(7), ledger.areas_on()) == ((two,), (7,))
    ledger.end(two, b"")
    assert (ledger.on_at(7), ledger.areas_on()) == ((), ())


def test_a_piece_shows_its_message() -> None:
    """By how it begins; the rest may be missing."""
    ledger = Ledger()
    ledger.publish(ROW, RAW, 5, "a")
    assert ledger.beginning(RAW[:60]) is ledger.published[ID]
    assert ledger.beginning(RAW[1:]) is None


def test_what_has_ended_is_remembered_with_its_end() -> None:
    """By the name of the incident; an end that is lost gives the alert back."""
    ledger = Ledger()
    one = Incident(b"1" * 32, 7, 0)
    ledger.begin(one)
    ledger.end(one, b"end")
    assert ledger.ended == {b"1" * 8: b"end"}
    ledger.begin(one)
    assert ledger.ended == {}


def test_grants_are_found_by_the_hint_of_their_key() -> None:
    """As a NEED asks for them."""
    ledger = Ledger()
    ledger.grant(bytes(32), b"1")
    ledger.grant(bytes(32), b"2")
    assert ledger.grants[key_hint(bytes(32))] == [b"1", b"2"]


def test_what_an_attacker_signed_is_expected_and_counted() -> None:
    """A forged message arrives without a complaint, is known by its beginning, and tells who
    took it in; what a revoked key signed need not stay, but for what is kept."""
    ledger = Ledger()
    raw = bytes(range(100))
    ledger.forge(b"f", raw)
    assert ledger.arrive(b"f", 5, "d1/r1") is None
    assert ledger.forged == {b"f": {"d1/r1": 5}}
    assert ledger.is_forged(raw[:60])
    assert not ledger.is_forged(raw[1:])
    ledger.revoke(b"key", (b"kept",))
    assert ledger.stays(b"key", b"kept")
    assert not ledger.stays(b"key", b"gone")
    assert ledger.stays(b"other", b"gone")
