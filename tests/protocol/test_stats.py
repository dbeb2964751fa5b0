"""The counts that a node gives are of what really passed."""

from dataclasses import FrozenInstanceError

import pytest

from holub_crypto import cbor
from holub_protocol.framing import frame_bytes
from holub_protocol.kinds import Class
from holub_protocol.refusal import Refusal
from support_realm import Box, Pair, Realm, key, now_at


def test_counts_of_an_exchange() -> None:
    """Frames, bytes and messages agree on both sides, and the sets are seen to be equal."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    a.node.offer(realm.relay_grant(key("a").public), now_at(0))
    a.node.offer(realm.note(key("a"), "hello"), now_at(0))
    pair = Pair(a, b)
    pair.run(2)
    ours, theirs = a.node.stats(), b.node.stats()
    (up,), (down,) = ours.links, theirs.links
    assert (up.peer, down.peer) == (key("b").public, key("a").public)
    assert up.live
    assert (up.messages_out, down.messages_in) == (2, 2)
    assert (up.frames_out, up.bytes_out) == (down.frames_in, down.bytes_in)
    assert (down.frames_out, down.bytes_out) == (up.frames_in, up.bytes_in)
    for link in (up, down):
        assert [entry.cls for entry in link.classes] == list(Class)
        assert all(entry.equal and entry.ours == entry.theirs for entry in link.classes)
        assert (link.classes[Class.PEOPLE].ours, link.classes[Class.PEOPLE].waiting) == (1, 0)
    assert up.round_trip_us is not None
    assert ours.holdings.held == theirs.holdings.held
    assert {cls: count for cls, count, _ in theirs.holdings.held}[Class.PEOPLE] == 1
    assert (theirs.verifications, theirs.holdings.seen) == (2, 3)
    assert (ours.charter, ours.forked, ours.refusals) == (1, False, ())
    assert (up.waiting, ours.parked, ours.penned) == (0, 0, 0)


def test_counts_of_junk() -> None:
    """Refusals are counted by reason, on the link and in all, and unknown frames apart."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    pair = Pair(a, b)
    pair.exchange()
    b.node.receive(1, frame_bytes(cbor.encode((14, "later"))), now_at(0))
    b.node.receive(1, frame_bytes(cbor.encode((4, bytes(5), 0, b"junk"))), now_at(0))
    b.node.offer(b"junk", now_at(0))
    stats = b.node.stats()
    assert stats.refusals == ((Refusal.MALFORMED, 2),)
    assert stats.links[0].refusals == ((Refusal.MALFORMED, 1),)
    assert stats.links[0].unknown_frames == 1
    with pytest.raises(FrozenInstanceError):
        stats.parked = 1  # type: ignore[misc]
