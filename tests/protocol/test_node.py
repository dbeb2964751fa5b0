"""The node as its driver sees it: inputs, batches, and what never happens."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto.charter import Charter
from holub_crypto.identity import Identity
from holub_protocol.author import PublishError
from holub_protocol.batch import Alarm, Batch, LinkLive, PeersHeard, StatusChanged, Taken
from holub_protocol.frames import FrameType, PeerAddress, Put, decode, encode
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Opaque
from holub_protocol.policy import Policy
from holub_protocol.reconcile import short_id
from holub_protocol.refusal import Refusal
from holub_protocol.storage import MemoryStore, State
from holub_protocol.truth import Level
from support_net import Host, Net
from support_realm import (
    AIR_RAID,
    KYIV,
    KYIV_OBLAST,
    START_S,
    Box,
    Pair,
    Realm,
    decoded,
    key,
    now_at,
)

DESK = key("desk")


def enrolled(realm: Realm, *names: str) -> list[Box]:
    """Return boxes that all know the desk and each other."""
    boxes = [Box(realm, name) for name in names]
    grants = [realm.grant(DESK.public)]
    grants += [realm.relay_grant(box.identity.public) for box in boxes]
    for box in boxes:
        for raw in grants:
            assert isinstance(box.node.offer(raw, now_at(0)), bytes)
        box.flush(0)
    return boxes


def test_an_alert_goes_the_whole_way() -> None:
    """What a desk signs at one node is shown at its neighbour, one flush of the wire later."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    pair = Pair(a, b)
    pair.exchange()
    a.node.add_author(DESK)
    body = AlertBody(Verb.START, (), AIR_RAID)
    a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 86400, now_at(1))
    pair.exchange()
    status = b.node.truth.status(KYIV, now_at(1))
    assert status.level is Level.ALERT
    assert any(isinstance(event, StatusChanged) for event in b.events)
    assert any(isinstance(event, LinkLive) for event in b.events)


def test_an_alert_is_forwarded_before_the_commit_and_acknowledged_after() -> None:
    """A relayed alert's own bytes are urgent; the root that counts it is not."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    c = Box(realm, "c")
    for link, peer in ((1, a), (2, c)):
        b.node.link_up(link, peer.identity.public, now_at(0))
        peer.node.link_up(1, b.identity.public, now_at(0))
    for _ in range(3):
        for peer, link in ((a, 1), (c, 2)):
            for _, data in bytes_out(peer.flush(0)):
                b.node.receive(link, data, now_at(0))
            for number, data in bytes_out(b.flush(0)):
                (a if number == 1 else c).node.receive(1, data, now_at(0))
    a.node.offer(realm.start(DESK), now_at(0))
    for _, data in a.flush(0).urgent:
        b.node.receive(1, data, now_at(0))
    b.node.wake(now_at(0.1))
    batch = b.flush(0.1)
    assert [link for link, _ in batch.urgent] == [2]
    assert batch.durable
    roots = [frame for link, frame in split(batch.sends) if frame[1] == FrameType.ROOT]
    assert roots, "the acknowledgement waits for the commit among the sends"


def bytes_out(batch: Batch) -> tuple[tuple[int, bytes], ...]:
    """Return all that a batch sends, as a driver whose disk is quick would send it."""
    return (*batch.urgent, *batch.sends)


def split(sends: tuple[tuple[int, bytes], ...]) -> list[tuple[int, bytes]]:
    """Return (link, frame) pairs of what a batch sends."""
    frames = []
    for link, data in sends:
        buffer = FrameBuffer()
        buffer.feed(data)
        while (frame := buffer.next()) is not None:
            frames.append((link, frame))
    return frames


def test_own_bytes_wait_for_the_commit() -> None:
    """A message signed here leaves only when its counter is on disk: none is ever reused."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    pair = Pair(a, b)
    pair.exchange()
    a.node.add_author(DESK)
    body = AlertBody(Verb.START, (), AIR_RAID)
    a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 86400, now_at(1))
    batch = a.flush(1)
    assert batch.urgent == ()
    assert batch.writes.counters
    assert batch.writes.counters[0].signer == DESK.public
    assert any(frame[1] == FrameType.PUT for _, frame in split(batch.sends))


def test_own_bytes_wait_also_when_a_full_window_held_them_back() -> None:
    """An own alert that could not leave with its batch is still no other relay's: it goes with
    what waits for the commit, never before."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    pair = Pair(a, b)
    pair.exchange()
    a.node.add_author(DESK)
    a.node._sessions[1].outbox.window_bytes = 512
    body = AlertBody(Verb.START, (), AIR_RAID)
    for _ in range(8):
        a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 86400, now_at(1))
    a.flush(1)
    a.node._sessions[1].outbox.credit(1 << 20, now_at(1))
    later = a.node.take(now_at(1))
    assert later.urgent == ()
    assert any(frame[1] == FrameType.PUT for _, frame in split(later.sends))


def test_an_unknown_signer_is_parked_and_its_chain_asked_for() -> None:
    """A neighbour that has never heard of a desk asks for its grant, then takes the alert."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    b = Box(realm, "b")
    pair = Pair(a, b)
    pair.exchange()
    alert = decoded(realm, realm.start(DESK))
    a.node.offer(alert.raw, now_at(0))
    pair.exchange()
    assert alert.id in b.node.holdings
    assert b.node.stats().parked == 0


def test_parked_messages_are_bounded_and_forgotten_with_the_link() -> None:
    """Strangers' messages take a fixed share per link, and nothing once the link is down."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    b = Box(realm, "b")
    pair = Pair(a, b)
    pair.exchange()
    salt = a.node._sessions[1].salt
    for number in range(600):
        raw = realm.start(key("stranger"), created_s=START_S - number)
        put = Put(short_id(salt, decoded(realm, raw).id), 0, len(raw), 0, raw)
        b.node.receive(1, frame_bytes(encode(put)), now_at(0))
    assert b.node.stats().parked == 512
    pair.cut()
    assert b.node.stats().parked == 0


def test_a_message_from_the_future_waits_in_the_pen() -> None:
    """What is early is held back and taken in when its time comes; a start is shown at once."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    early = realm.note(a.identity, "early", created_s=START_S + 600)
    assert a.node.offer(early, now_at(0)) is Refusal.FUTURE
    assert a.node.stats().penned == 1
    a.node.wake(now_at(100))
    assert a.node.stats().penned == 1
    a.node.wake(now_at(600))
    assert a.node.stats().penned == 0
    assert decoded(realm, early).id in a.node.holdings
    start = realm.start(DESK, created_s=START_S + 90_000)
    assert isinstance(a.node.offer(start, now_at(601)), bytes)
    assert a.node.truth.status(KYIV, now_at(601)).alerts[0].from_future


def test_a_restart_keeps_everything_that_was_committed() -> None:
    """Index, trust, truth and counters come back from the store alone."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    a.node.add_author(DESK)
    body = AlertBody(Verb.START, (), AIR_RAID)
    a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 86400, now_at(1))
    a.flush(1)
    held = a.held()
    a.start(2)
    assert a.held() == held
    assert a.node.truth.status(KYIV, now_at(2)).level is Level.ALERT
    a.node.add_author(DESK)
    again = a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 86400, now_at(2))
    assert again.point == (START_S + 2, 1)


def test_a_desk_signs_a_board_at_once_on_change_and_every_five_minutes() -> None:
    """Whoever holds a desk's key keeps its boards coming, so that silence is visible."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    a.node.add_author(DESK, desk=True, fresh=True)
    a.node.wake(now_at(0))
    assert len(a.node.truth.newest_boards(1)) == 1
    assert a.node.truth.status(KYIV, now_at(1)).level is Level.UNKNOWN
    first = a.node.truth.newest_boards(1)[0]
    a.node.offer(realm.start(key("desk"), created_s=START_S + 5), now_at(5))
    a.node.wake(now_at(5))
    second = a.node.truth.newest_boards(1)[0]
    assert second.point > first.point
    assert a.node.holdings.state(first.id) is State.SUPERSEDED
    a.node.wake(now_at(100))
    assert a.node.truth.newest_boards(1)[0].id == second.id
    due_us = a.node.next_wake_us()
    assert due_us is not None
    assert due_us <= 306_000_000
    a.node.wake(now_at(306))
    assert a.node.truth.newest_boards(1)[0].point > second.point


def test_a_grant_ends_with_its_message() -> None:
    """When a grant's message expires, its key speaks no more."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    a.node.wake(now_at(400 * 86400))
    raw = realm.note(a.identity, "late", created_s=START_S + 400 * 86400)
    assert a.node.offer(raw, now_at(400 * 86400)) is Refusal.UNKNOWN_SIGNER


def test_publishing_says_why_and_what_to_do() -> None:
    """The person at the desk gets the reason: no key here, or nothing granted."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    body = AlertBody(Verb.START, (), AIR_RAID)
    with pytest.raises(PublishError, match="no key"):
        a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 3600, now_at(0))
    a.node.add_author(a.identity)
    with pytest.raises(PublishError, match="role"):
        a.node.publish(a.identity.public, kind_named("alert"), KYIV, body, 3600, now_at(0))


def test_a_damaged_body_is_asked_for_again() -> None:
    """A page that rotted on disk is noticed when it is read: the id leaves what is held and the
    neighbour sends it anew."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    note = decoded(realm, realm.note(a.identity, "fragile"))
    a.node.offer(note.raw, now_at(0))
    a.flush(0)
    pair = Pair(a, b)
    pair.run(2)
    assert note.id in b.node.holdings
    b.store.damage(note.id)
    assert b.node.body(note.id) is None
    assert any(isinstance(event, Alarm) for event in b.flush(pair.at_s).events)
    pair.cut()
    pair.connect()
    pair.run(3)
    assert b.node.body(note.id) == note.raw


def test_a_new_charter_is_taken_in_and_handed_on() -> None:
    """Version 2, signed by the old and the new root, reaches every neighbour; version 3 waits
    for it, and a charter signed by nobody known is refused for good."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    first = realm.charter
    second = Charter(
        first.name, 2, START_S, realm.id, 1, first.roots, first.registrars,
        first.authorities, first.registry,
    )  # fmt: skip
    third = Charter(
        first.name, 3, START_S, second.content_id(realm.id), 1, first.roots, first.registrars,
        first.authorities, first.registry,
    )  # fmt: skip
    signed = (realm.root,)
    assert a.node.offer(third.sign(signed, realm.id), now_at(0)) is Refusal.CHARTER_AHEAD
    forged = second.sign((key("nobody"),), realm.id)
    assert a.node.offer(forged, now_at(0)) is Refusal.CHARTER
    assert isinstance(a.node.offer(second.sign(signed, realm.id), now_at(0)), bytes)
    assert isinstance(a.node.offer(third.sign(signed, realm.id), now_at(0)), bytes)
    Pair(a, b).run(1)
    assert b.node.trust.charter.version == 3


def test_two_successors_raise_the_alarm() -> None:
    """A forked charter keeps the node on the common version and says so."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    first = realm.charter
    for name in ("one", "other"):
        successor = Charter(
            name, 2, START_S, realm.id, 1, first.roots, first.registrars, first.authorities,
            first.registry,
        )  # fmt: skip
        a.node.offer(successor.sign((realm.root,), realm.id), now_at(0))
    assert a.node.trust.charter.version == 1
    assert a.node.stats().forked
    assert Alarm("charter-forked") in a.flush(0).events


def test_a_fork_outlives_a_restart() -> None:
    """From its store alone a node knows both rivals again, stays on the common version whatever
    comes on top of either, and has not forgotten the alarm."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    rivals = [realm.charter_after(name=name) for name in ("one", "other")]
    for raw in rivals:
        a.node.offer(raw, now_at(0))
    a.flush(0)
    a.start(1)
    assert (a.node.trust.charter.version, a.node.stats().forked) == (1, True)
    assert sorted(a.node.trust.forks) == sorted(rivals)
    assert a.node.offer(rivals[0], now_at(1)) == a.node.offer(rivals[0], now_at(1))
    assert a.node.trust.charter.version == 1


def test_links_are_bounded_and_never_to_oneself() -> None:
    """The 33rd link, and a link to the own key, are closed at once."""
    realm = Realm()
    a = Box(realm, "a")
    for number in range(32):
        a.node.link_up(number, key(f"peer {number}").public, now_at(0))
    a.node.link_up(40, key("one more").public, now_at(0))
    assert [link for link, _ in a.flush(0).closes] == [40]
    b = Box(realm, "b")
    b.node.link_up(1, b.identity.public, now_at(0))
    assert [link for link, _ in b.flush(0).closes] == [1]
    with pytest.raises(ValueError, match="up already"):
        a.node.link_up(1, key("again").public, now_at(0))


def test_uncommitted_messages_are_not_held() -> None:
    """A store that had no room after all: the ids leave, to be offered again another time."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    id_ = a.node.offer(realm.note(a.identity, "no room"), now_at(0))
    assert isinstance(id_, bytes)
    a.node.take(now_at(0))
    a.node.uncommitted((id_,))
    assert id_ not in a.node.holdings
    assert (Refusal.FULL, 1) in a.node.stats().refusals


def test_each_message_is_verified_once() -> None:
    """However many neighbours offer it, a message costs one signature check."""
    realm = Realm()
    _, b = enrolled(realm, "a", "b")
    before = b.verified
    raw = realm.start(DESK)
    assert isinstance(b.node.offer(raw, now_at(0)), bytes)
    for _ in range(5):
        assert isinstance(b.node.offer(raw, now_at(0)), bytes)
    assert b.verified - before == 1
    assert [type(event) for event in b.flush(0).events].count(Taken) == 1


def test_a_copy_with_a_broken_signature_does_not_lock_out_the_true_one() -> None:
    """An id is seen only once verified: junk under the same id changes nothing."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    raw = realm.start(DESK)
    broken = raw[:-1] + bytes((raw[-1] ^ 1,))
    assert a.node.offer(broken, now_at(0)) is Refusal.BAD_SIGNATURE
    assert isinstance(a.node.offer(raw, now_at(0)), bytes)


@given(st.binary(max_size=300), st.integers(1, 64))
def test_junk_on_a_link_never_raises(junk: bytes, chunk: int) -> None:
    """Whatever bytes come, before or after HELLO, the node takes no harm and goes on."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    a.node.link_up(1, b.identity.public, now_at(0))
    b.node.link_up(1, a.identity.public, now_at(0))
    if junk[:1] > b"\x80":
        for _, data in b.flush(0).sends:
            a.node.receive(1, data, now_at(0))
    for start in range(0, len(junk), chunk):
        a.node.receive(1, junk[start : start + chunk], now_at(0))
    a.node.wake(now_at(20))
    a.flush(20)
    assert isinstance(a.node.offer(realm.relay_grant(a.identity.public), now_at(20)), bytes)


@given(st.data())
def test_junk_in_valid_frames_never_raises(data: st.DataObject) -> None:
    """Any single change to real frames is counted, or closes that link, and no more."""
    realm = Realm()
    net = Net([Host(realm, "a"), Host(realm, "b")])
    for raw in (realm.grant(DESK.public), realm.start(DESK)):
        net.offer(0, raw)
    net.link(0, 1)
    for _ in range(6):
        for here, there in ((0, 1), (1, 0)):
            net.commit(here)
            wire = net.wires.get((here, there))
            if wire:
                at = data.draw(st.integers(0, len(wire) - 1))
                wire[at] ^= data.draw(st.integers(0, 255))
            net.carry(here, there)
    assert decode(encode(Put(b"12345", 0, 5, 0, b"hello"))) is not None
    net.cut(0, 1)
    net.link(0, 1)
    net.settle(4)
    assert net.hosts[0].held() == net.hosts[1].held()


def test_a_payload_of_several_frames_arrives_whole() -> None:
    """A message larger than a frame comes in pieces, on the smallest frames there are."""
    realm = Realm()
    policy = Policy(frame_bytes=256, window_bytes=1024)
    net = Net([Host(realm, "a", policy=policy), Host(realm, "b", policy=policy)])
    net.offer(0, realm.relay_grant(net.hosts[0].identity.public))
    body = SealedBody(bytes(8), bytes(1584))
    raw = realm.message(net.hosts[0].identity, "request", body)
    net.offer(0, raw)
    net.link(0, 1)
    net.settle(3)
    assert net.hosts[1].store.get(decoded(realm, raw).id) == raw


def test_areas_in_header_and_body_are_all_asked_for() -> None:
    """A key for one region can't reach another by naming it in the body only."""
    realm = Realm()
    (a,) = enrolled(realm, "a")
    city = key("city")
    a.node.offer(realm.grant(city.public, authority=2, areas=(KYIV,)), now_at(0))
    body = AlertBody(Verb.START, (KYIV_OBLAST,), AIR_RAID)
    raw = realm.message(city, "alert", body, area=KYIV)
    assert a.node.offer(raw, now_at(0)) is Refusal.AREA
    assert isinstance(a.node.offer(realm.start(city), now_at(0)), bytes)


def test_memory_store_is_what_the_tests_think() -> None:
    """The store in memory keeps rows in order of arrival: what a restart relies on."""
    store = MemoryStore(quota_bytes=1000)
    assert list(store.rows()) == []
    assert store.last_seq() == 0


def test_addresses_of_peers_are_handed_on_and_change_nothing() -> None:
    """What a peer tells of others becomes an event, once in ten seconds; it is no trust, no
    message and nothing to commit, and without a live link nothing is told."""
    realm = Realm()
    a, b = enrolled(realm, "a", "b")
    met = (PeerAddress(bytes((10, 0, 0, 7)), 7447, key("stranger").public),)
    assert a.node.tell_peers(1, met, now_at(0)) == 0
    pair = Pair(a, b)
    assert a.node.tell_peers(1, met, now_at(0)) == 0
    pair.exchange()
    before = b.node.stats()
    for second in (0, 1, 10):
        pair.at_s = second
        assert a.node.tell_peers(1, met, now_at(second)) == 1
        pair.exchange()
    heard = [event for event in b.events if isinstance(event, PeersHeard)]
    assert heard == [PeersHeard(1, met)] * 2
    after = b.node.stats()
    assert after.links[0].frames_in == before.links[0].frames_in + 3
    assert (after.holdings, after.refusals) == (before.holdings, before.refusals)
    assert not b.node.trust.is_relay(key("stranger").public, START_S)


def test_a_refused_message_of_ones_own_uses_no_point() -> None:
    """What this node has no room for leaves no counter behind, in memory or on disk; what waits
    for a grant does, for it may yet leave."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=6_000))
    box.node.offer(realm.relay_grant(box.identity.public), now_at(0))
    ballot, body = kind_named("ballot"), Opaque((bytes(700),))
    for identity in (box.identity, key("nobody")):
        box.node.add_author(identity)

    def publish(signer: Identity, at_s: int) -> list[int]:
        with suppress(PublishError):
            box.node.publish(signer.public, ballot, KYIV, body, 3600, now_at(at_s))
        return [counter.k for counter in box.flush(at_s).writes.counters]

    used = [publish(box.identity, 1) for _ in range(20)]
    assert [0] in used
    assert used[-1] == []
    assert publish(key("nobody"), 1) == [0]
    assert publish(key("nobody"), 1) == [1]
