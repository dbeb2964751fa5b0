"""Keeping two sets equal: when roots go, who opens, how often, and what is remembered."""

import math
from itertools import pairwise
from typing import Any

import pytest

from holub_protocol.frames import (
    Fingerprint,
    Hello,
    IdList,
    IHave,
    Range,
    Refuse,
    Skip,
    Want,
    encode,
)
from holub_protocol.framing import frame_bytes
from holub_protocol.kinds import Class
from holub_protocol.kinds.board import BoardBody
from holub_protocol.limits import (
    HELLO_TIMEOUT_US,
    RANGE_ANSWER_US,
    RECONCILE_AGAIN_US,
    RECONCILE_BYTES_FREE,
    RECONCILE_BYTES_PER_ID,
    RECONCILE_TELLINGS,
    ROOT_EVERY_US,
    SEND_ITEMS,
)
from holub_protocol.reconcile import Difference, Snapshot, short_id
from holub_protocol.refusal import Refusal
from support_net import Host, Net
from support_realm import Box, Pair, Realm, decoded, key, now_at

DESK = key("desk")


def full(realm: Realm, name: str, notes: int) -> Box:
    """Return a box that knows its realm and holds some notes."""
    box = Box(realm, name)
    writer = key("writer")
    box.node.offer(realm.relay_grant(writer.public), now_at(0))
    box.node.offer(realm.grant(DESK.public), now_at(0))
    realm.counter = 0
    for number in range(notes):
        box.node.offer(realm.note(writer, f"{number}"), now_at(0))
    box.flush(0)
    return box


def link_bytes(pair: Pair) -> int:
    """Return the bytes that went both ways."""
    return sum(pair.bytes.values())


def test_equal_sets_cost_under_300_bytes_with_hello() -> None:
    """Two nodes that hold the same find it out from HELLO and one root each."""
    realm = Realm()
    a, b = full(realm, "a", 50), full(realm, "b", 0)
    pair = Pair(a, b)
    pair.run(1)
    pair.cut()
    assert a.held() == b.held()
    before = link_bytes(pair)
    pair.connect()
    pair.exchange()
    assert link_bytes(pair) - before < 300
    assert all(entry.equal is not False for entry in a.node.stats().links[0].classes)


def test_an_idle_link_falls_silent() -> None:
    """Once both sides hold the same a root goes every 15 minutes, and nothing answers it."""
    realm = Realm()
    pair = Pair(full(realm, "a", 5), full(realm, "b", 0))
    pair.run(2)
    before = link_bytes(pair)
    pair.run(3600, step=5)
    assert link_bytes(pair) - before < 4 * 120


def test_a_burst_is_acknowledged_by_few_roots() -> None:
    """Sixteen messages pushed together are acknowledged by one or two roots, not sixteen."""
    realm = Realm()
    a, b = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(a, b)
    pair.run(2)
    before = b.node.stats().links[0].frames_out
    for number in range(16):
        a.node.offer(realm.note(key("writer"), f"burst {number}"), now_at(pair.at_s))
    pair.run(2)
    assert a.held() == b.held()
    said = b.node.stats().links[0].frames_out - before
    assert said <= 5  # one or two roots, and a credit for each window


def test_sets_that_differ_for_good_are_compared_ever_more_rarely() -> None:
    """What one side refuses stays a difference: it is asked for once and costs little after."""
    realm = Realm()
    ahead = Host(realm, "ahead", clock_s=7200)
    net = Net([Host(realm, "true"), ahead])
    for index in (0, 1):
        net.offer(index, realm.relay_grant(key("writer").public))
        realm.counter = 0
    net.offer(0, realm.note(key("writer"), "over by the other's clock"))
    net.link(0, 1)
    net.settle(60, step_s=0.5)
    assert ahead.refused == {Refusal.EXPIRED: 1}
    before = ahead.node.stats().links[0]
    net.settle(900, step_s=5)
    after = ahead.node.stats().links[0]
    assert after.bytes_in - before.bytes_in < 3000
    assert ahead.refused == {Refusal.EXPIRED: 1}


def test_only_the_lower_key_opens() -> None:
    """Of two sides that see a difference one opens: no crossing reconciliations."""
    realm = Realm()
    a, b = full(realm, "a", 40), full(realm, "b", 0)
    pair = Pair(a, b)
    pair.run(2)
    opener, other = sorted((a, b), key=lambda box: box.identity.public)
    assert a.held() == b.held()
    assert opener.node._sessions[1].sync is not None
    assert opener.node._sessions[1].sync._opens
    assert other.node._sessions[1].sync is not None
    assert not other.node._sessions[1].sync._opens


def test_small_messages_are_pushed_to_three_and_offered_to_the_rest() -> None:
    """With five neighbours a small message goes to three at once; the others ask for it."""
    realm = Realm()
    names = ("hub", "p1", "p2", "p3", "p4", "p5")
    net = Net([Host(realm, name) for name in names])
    writer = key("writer")
    for index in range(6):
        net.offer(index, realm.relay_grant(writer.public))
        realm.counter = 0
    for other in range(1, 6):
        net.link(0, other)
    net.settle(2)
    raw = realm.note(writer, "to all", 60)
    net.offer(0, raw)
    net.commit(0)
    sizes = [len(net.wires[0, other]) for other in range(1, 6)]
    assert sum(size > 150 for size in sizes) == 3
    assert sum(0 < size < 60 for size in sizes) == 2
    net.settle(1)
    id_ = decoded(realm, raw).id
    assert all(id_ in host.node.holdings for host in net.hosts)


def test_an_alert_goes_to_every_neighbour_at_once() -> None:
    """Class 0 floods: a censoring neighbour can't keep it from the others."""
    realm = Realm()
    net = Net([Host(realm, name) for name in ("hub", "p1", "p2", "p3", "p4", "p5")])
    for index in range(6):
        net.offer(index, realm.grant(DESK.public))
        realm.counter = 0
    for other in range(1, 6):
        net.link(0, other)
    net.settle(2)
    net.offer(0, realm.start(DESK))
    net.commit(0)
    assert all(len(net.wires[0, other]) > 100 for other in range(1, 6))


def test_what_was_not_offered_cannot_be_asked_for() -> None:
    """A WANT for a short id never listed, and a REFUSE or IHAVE of nonsense, change nothing."""
    realm = Realm()
    a, b = full(realm, "a", 3), full(realm, "b", 0)
    pair = Pair(a, b)
    pair.run(1)
    for frame in (
        Want(Class.PEOPLE, (b"never",)),
        Refuse(b"never", 5),
        IHave(Class.PEOPLE, ()),
    ):
        a.node.receive(1, frame_bytes(encode(frame)), now_at(pair.at_s))
    assert a.flush(pair.at_s).sends == ()


def test_a_final_refusal_stops_the_offer_on_that_link_only() -> None:
    """REFUSE takes the message out of that link's queue; it stays held and goes elsewhere."""
    realm = Realm()
    a, b = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(a, b)
    pair.run(1)
    raw = realm.note(key("writer"), "unwanted")
    id_ = decoded(realm, raw).id
    session = a.node._sessions[1]
    a.node.offer(raw, now_at(pair.at_s))
    refuse = Refuse(short_id(session.salt, id_), 5)
    a.node.receive(1, frame_bytes(encode(refuse)), now_at(pair.at_s))
    assert a.flush(pair.at_s).sends == ()
    assert id_ in a.node.holdings


def roots(pair: Pair, until_s: int) -> list[int]:
    """Let time pass second by second; return when either side said anything."""
    at: list[int] = []
    while pair.at_s < until_s:
        before = link_bytes(pair)
        pair.run(1, step=1)
        if link_bytes(pair) > before:
            at.append(int(pair.at_s))
    return at


def test_an_equal_link_compares_every_quarter_of_an_hour() -> None:
    """With nothing new one side says one root in 15 minutes, and is not answered."""
    realm = Realm()
    pair = Pair(full(realm, "a", 3), full(realm, "b", 0))
    pair.run(5)
    at = roots(pair, 3500)
    assert 895 <= at[0] <= 905
    assert [later - earlier for earlier, later in pairwise(at)] == [900, 900]


def frames_out(*boxes: Box) -> list[int]:
    """How many frames each has said so far on its first link."""
    return [box.node.stats().links[0].frames_out for box in boxes]


@pytest.mark.parametrize("teller", [0, 1])
def test_a_push_costs_three_frames(teller: int) -> None:
    """One with the message; credit and a root that counts it back, in one turn; then silence."""
    realm = Realm()
    boxes = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(*boxes)
    pair.run(5)
    before = frames_out(boxes[teller], boxes[1 - teller])
    boxes[teller].node.offer(realm.note(key("writer"), "news"), now_at(pair.at_s))
    pair.run(60)
    after = frames_out(boxes[teller], boxes[1 - teller])
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2]
    assert boxes[0].held() == boxes[1].held()


def test_a_class_is_not_equal_while_a_push_is_not_counted() -> None:
    """What was just pushed makes the sets differ as operators see them, until the peer's root
    counts it."""
    realm = Realm()
    boxes = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(*boxes)
    pair.run(5)

    def seen() -> bool | None:
        return boxes[0].node.stats().links[0].classes[Class.PEOPLE].equal

    assert seen() is True
    boxes[0].node.offer(realm.note(key("writer"), "news"), now_at(pair.at_s))
    assert seen() is False
    pair.run(5)
    assert seen() is True


def test_two_who_push_the_same_message_say_nothing_more() -> None:
    """Each learns from the other's copy that it has it: no root goes, and none is missed."""
    realm = Realm()
    boxes = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(*boxes)
    pair.run(5)
    before = frames_out(*boxes)
    raw = realm.note(key("writer"), "news")
    for box in boxes:
        box.node.offer(raw, now_at(pair.at_s))
    pair.run(60)
    assert [now - then for now, then in zip(frames_out(*boxes), before, strict=True)] == [2, 2]


@pytest.mark.parametrize("asker", [0, 1])
def test_a_root_that_asks_is_answered_once(asker: int) -> None:
    """Where a push is not acknowledged in time, here because the peer has it from elsewhere and
    thought us to have it, the root that asks is answered by one, and that by nothing."""
    realm = Realm()
    boxes = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(*boxes)
    pair.run(5)
    sync = boxes[asker].node._sessions[1].sync
    assert sync is not None
    before = frames_out(boxes[asker], boxes[1 - asker])
    sync.changed(Class.PEOPLE, received=False, now=now_at(pair.at_s))
    pair.run(60)
    after = frames_out(boxes[asker], boxes[1 - asker])
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]


@pytest.mark.parametrize("loser", [0, 1])
def test_what_was_lost_is_asked_for_at_once(loser: int) -> None:
    """A body that turns out damaged comes back within two seconds, not with the next root that
    would have gone by itself."""
    realm = Realm()
    net = Net([Host(realm, "a"), Host(realm, "b")])
    for index in (0, 1):
        net.offer(index, realm.relay_grant(key("writer").public))
        realm.counter = 0
    net.link(0, 1)
    net.settle(1)
    raw = realm.note(key("writer"), "to keep")
    net.offer(0, raw)
    net.settle(1)
    id_, host = decoded(realm, raw).id, net.hosts[loser]
    host.bodies.taken[id_] = None
    assert host.node.body(id_) is None
    assert id_ not in host.node.holdings
    net.collect(loser)
    host.bodies.taken.pop(id_)
    net.settle(2)
    assert host.node.body(id_) == raw


@pytest.mark.slow
def test_boards_of_a_day_leave_no_trace_in_what_is_compared() -> None:
    """1,440 boards, each in place of the one before: both sides count one at the end as after
    the first, and a new link finds them equal for the bytes of two roots."""
    realm = Realm()
    a, b = full(realm, "a", 0), full(realm, "b", 0)
    pair = Pair(a, b)
    pair.run(1)
    for minute in range(1440):
        pair.at_s = 60.0 * minute + 2
        board = realm.message(
            DESK,
            "board",
            BoardBody(330),
            k=0,
            created_s=now_at(pair.at_s).wall_s,
            lifetime_s=86_400,
        )
        assert isinstance(a.node.offer(board, now_at(pair.at_s)), bytes)
        pair.exchange()
        if minute % 240 == 0:
            for box in (a, b):
                box.node.wake(now_at(pair.at_s))
    pair.run(2)
    counts = {box.node.holdings.count(Class.ALERT) for box in (a, b)}
    assert counts == {1}
    assert {box.node.holdings.root(Class.ALERT, b"s" * 32) for box in (a, b)} == {
        a.node.holdings.root(Class.ALERT, b"s" * 32)
    }
    pair.cut()
    before = link_bytes(pair)
    pair.connect()
    pair.exchange()
    assert link_bytes(pair) - before < 300


def test_what_a_session_may_cost_is_bounded() -> None:
    """Past 12 bytes an id and 64 KiB a link's ranges are answered no more, until ten minutes
    later."""
    realm = Realm()
    box = full(realm, "a", 40)
    box.node.link_up(1, key("stranger").public, now_at(0))
    box.node.receive(1, frame_bytes(encode(Hello(1, b"n" * 16, 4096, 65_536, 1))), now_at(0))
    box.flush(0)
    session = box.node._sessions[1]
    ranges = session.outbox.ranges
    question = Range(Class.PEOPLE, b"", (Fingerprint(b"", b"other."),))
    for _ in range(5000):
        session.hear(question, box.node, now_at(1))
    stopped = ranges.bytes
    assert stopped <= RECONCILE_BYTES_FREE + RECONCILE_BYTES_PER_ID * 40 + 500
    session.hear(question, box.node, now_at(599))
    assert ranges.bytes == stopped
    about_grants = Range(Class.GRANT, b"", (Fingerprint(b"", b"other."),))
    session.hear(about_grants, box.node, now_at(599))
    assert ranges.bytes > stopped
    stopped = ranges.bytes
    session.hear(question, box.node, now_at(601))
    assert 0 < ranges.bytes - stopped < 500


@pytest.mark.parametrize(
    ("question", "items"),
    [
        (Range(Class.PEOPLE, b"", (IdList(b"", b""),)), 40),
        (Range(Class.PEOPLE, b"", tuple(Skip(bytes((n, 0, 0, 0))) for n in range(1, 65))), 64),
    ],
    ids=["lists nothing", "skips everything"],
)
def test_saying_the_same_again_and_again_is_soon_not_looked_at(question: Range, items: int) -> None:
    """A RANGE of a few bytes that names all we hold, or that only skips, is compared no oftener
    than three times what is held and what a list may bring take; ten minutes later again."""
    box = full(Realm(), "a", 40)
    box.node.link_up(1, key("stranger").public, now_at(0))
    box.node.receive(1, frame_bytes(encode(Hello(1, b"n" * 16, 4096, 65_536, 1))), now_at(0))
    box.flush(0)
    session, most = box.node._sessions[1], math.ceil(RECONCILE_TELLINGS * (40 + SEND_ITEMS) / items)
    compared = []
    answer = Snapshot.answer

    def counted(self: Snapshot, *arguments: Any) -> Difference:
        compared.append(arguments)
        return answer(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Snapshot, "answer", counted)
        for _ in range(1000):
            session.hear(question, box.node, now_at(1))
        assert len(compared) == most
        session.hear(question, box.node, now_at(601))
        assert len(compared) == most + 1


def test_no_wait_of_a_link_is_under_two_seconds() -> None:
    """What gives up waiting for a peer is patient with a busy machine."""
    waits = (HELLO_TIMEOUT_US, RANGE_ANSWER_US, RECONCILE_AGAIN_US, ROOT_EVERY_US)
    assert min(waits) >= 2_000_000
