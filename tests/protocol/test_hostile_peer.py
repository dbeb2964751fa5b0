"""What a hostile peer, a stolen key or a bad day tried, each once: none of it works any more."""

from dataclasses import replace

from holub_protocol.frames import Credit, Frame, Hello, IdList, Range, Want, encode
from holub_protocol.framing import frame_bytes
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody, Listed
from holub_protocol.order import Order, sort_key
from holub_protocol.policy import Policy
from holub_protocol.reconcile import Snapshot, short_id
from holub_protocol.refusal import Refusal
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
OVER_OBLAST = BoardBody(
    330, (), (Listed(START_S - 5, 1, b"", AIR_RAID, b"incident", (KYIV_OBLAST,)),)
)


def taken(box: Box, raw: bytes, at_s: float = 0) -> bytes:
    """Offer a message that must be taken in; return its id."""
    outcome = box.node.offer(raw, now_at(at_s))
    assert isinstance(outcome, bytes), outcome
    return outcome


def level(box: Box, area: int, at_s: float) -> Level:
    """Return what a box shows of an area."""
    return box.node.truth.status(area, now_at(at_s)).level


def test_an_alert_that_overtakes_its_grant_is_held_in_the_end() -> None:
    """A desk whose grant was widened alerts at once: the alert, class 0, goes first, is parked
    where only the old grant is known, and taken in when the new one has come."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    narrow = realm.grant(DESK.public, areas=(KYIV_OBLAST,))
    for box in (a, b):
        taken(box, narrow)
    pair = Pair(a, b)
    pair.run(3)
    taken(a, realm.grant(DESK.public, areas=(KYIV,)), pair.at_s)
    alert = taken(a, realm.start(DESK, KYIV), pair.at_s)
    pair.run(30, step=0.5)
    assert alert in b.node.holdings


def test_alerts_never_push_a_grant_out() -> None:
    """However full the store, the grants of those who speak stay, also over a restart."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=30_000))
    taken(box, realm.grant(DESK.public))
    for _ in range(80):
        box.node.offer(realm.start(DESK), now_at(0))
    box.flush(0)
    box.start(1)
    assert box.node.trust.grants(DESK.public)


def test_charters_come_back_by_version_whatever_their_dates() -> None:
    """Version 3 dated before version 2 is in force after a restart as before it."""
    realm = Realm()
    box = Box(realm, "b")
    stolen = key("stolen").public
    second = replace(realm.charter, version=2, previous=realm.id, created_s=START_S + 100)
    third = replace(
        second,
        version=3,
        previous=second.content_id(realm.id),
        created_s=START_S + 50,
        revoked=(stolen,),
    )
    for charter in (second, third):
        taken(box, charter.sign((realm.root,), realm.id))
    box.flush(1)
    box.start(2)
    assert box.node.trust.charter == third


def test_a_desk_that_lost_its_store_ends_nothing() -> None:
    """Its key is back but not its memory: it signs no board before a neighbour's alerts are
    here, and so its own alert, known to others only, stays on."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    for box in (a, b):
        taken(box, realm.grant(DESK.public))
    a.node.add_author(DESK, desk=True, fresh=True)
    pair = Pair(a, b)
    pair.run(2)
    body = AlertBody(Verb.START, (), AIR_RAID)
    a.node.publish(DESK.public, kind_named("alert"), KYIV, body, 86400, now_at(pair.at_s))
    pair.run(5)
    pair.cut()
    again = Box(realm, "a", at_s=pair.at_s + 10)
    taken(again, realm.grant(DESK.public), pair.at_s + 10)
    again.node.add_author(DESK, desk=True)
    again.node.wake(now_at(pair.at_s + 10))
    assert again.node.truth.newest_boards(1) == ()
    later = Pair(again, b, at_s=pair.at_s + 10)
    later.run(10)
    assert level(b, KYIV, later.at_s) is Level.ALERT
    assert level(again, KYIV, later.at_s) is Level.ALERT


def test_an_urgent_alert_does_not_overtake_the_greeting_of_its_link() -> None:
    """HELLO needs no commit: whatever is urgent comes after it."""
    realm = Realm()
    net = Net([Host(realm, "x"), Host(realm, "y")])
    for index in (0, 1):
        net.offer(index, realm.grant(DESK.public))
        net.commit(index)
    net.link(0, 1)
    net.commit(1)
    net.carry(1, 0)
    net.offer(0, realm.start(DESK))
    net.carry(0, 1)
    net.commit(1)
    assert (0, 1) in net.wires


def test_the_grants_rate_bounds_what_is_remembered() -> None:
    """A key granted two messages an hour has 52 remembered at once, not thousands."""
    realm = Realm()
    box = Box(realm, "a")
    taken(box, realm.grant(DESK.public, rate=2))
    outcomes = [
        box.node.offer(
            realm.message(
                DESK, "alert", AlertBody(Verb.START, (), AIR_RAID), k=number % 2, area=KYIV,
                created_s=START_S - number // 2, lifetime_s=86400,
            ),
            now_at(0),
        )
        for number in range(60)
    ]  # fmt: skip
    assert sum(isinstance(outcome, bytes) for outcome in outcomes) == 52
    assert outcomes[-1] is Refusal.QUOTA


def test_a_bearer_cannot_age_a_grant_to_death() -> None:
    """Where the clock can be relied on, an age beyond the message's own is a lie."""
    realm = Realm()
    box = Box(realm, "a")
    outcome = box.node.offer(realm.grant(DESK.public), now_at(0), age_s=2**32 - 1)
    assert isinstance(outcome, bytes)
    box.flush(0)
    (row,) = [row for row in box.store.rows() if row.id == outcome]
    assert row.age_s == 500


def test_a_board_that_was_forgotten_can_come_back() -> None:
    """What the store had no room for, or lost, is not superseded by itself."""
    realm = Realm()
    box = Box(realm, "a")
    taken(box, realm.grant(DESK.public))
    raw = realm.message(DESK, "board", OVER_OBLAST)
    id_ = taken(box, raw)
    box.flush(0)
    box.node.uncommitted((id_,))
    assert taken(box, raw, 2) == id_
    assert level(box, KYIV_OBLAST, 3) is Level.ALERT


def test_a_board_of_the_future_goes_when_the_time_is_known() -> None:
    """A node without a clock takes a board from 200 days ahead; once it knows the time that
    board is gone, and the key's boards of today are taken in."""
    realm = Realm()
    box = Box(realm, "a")
    taken(box, realm.grant(DESK.public))
    lost = replace(now_at(0, reliable=False), wall_s=0)
    box.node.wake(lost)
    ahead = realm.message(DESK, "board", BoardBody(330), created_s=START_S + 200 * 86400)
    assert isinstance(box.node.offer(ahead, lost), bytes)
    box.flush(0)
    box.node.wake(now_at(10))
    taken(box, realm.message(DESK, "board", OVER_OBLAST, created_s=START_S + 10), 10)
    assert level(box, KYIV_OBLAST, 11) is Level.ALERT


def test_of_two_boards_at_one_point_the_graver_holds_everywhere() -> None:
    """A key that contradicts itself is never taken at its milder word."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    for box in (a, b):
        taken(box, realm.grant(DESK.public))
    taken(a, realm.message(DESK, "board", OVER_OBLAST, k=7))
    taken(b, realm.message(DESK, "board", BoardBody(330), k=7))
    pair = Pair(a, b)
    pair.run(10, step=0.2)
    levels = [level(box, KYIV_OBLAST, pair.at_s) for box in (a, b)]
    assert levels == [Level.ALERT, Level.ALERT]


def test_asking_again_and_again_brings_nothing_more() -> None:
    """A WANT of a few bytes brings each body three times on one link at most."""
    realm = Realm()
    box = Box(realm, "b")
    relay = key("relay")
    taken(box, realm.relay_grant(relay.public))
    ids = [taken(box, realm.note(relay, f"{n}", 1800)) for n in range(10)]
    box.flush(0)
    box.node.link_up(7, key("stranger").public, now_at(0))

    def say(*frames: Frame) -> int:
        for frame in frames:
            box.node.receive(7, frame_bytes(encode(frame)), now_at(0))
        batch = box.flush(0)
        return sum(len(data) for _, data in (*batch.urgent, *batch.sends))

    say(Hello(1, b"n" * 16, 4096, 1 << 20, 1))
    salt = box.node._sessions[7].salt
    say(Range(Class.PEOPLE, b"", (IdList(b"", b""),)))
    want = Want(Class.PEOPLE, tuple(short_id(salt, id_) for id_ in ids))
    sent = sum(say(Credit(2**32 - 1), want) for _ in range(60))
    assert sent < 3 * 10 * 2100


def test_a_frame_of_empty_lists_queues_little() -> None:
    """64 empty lists in 330 bytes ask for the whole set: what they bring is bounded."""
    ids = [bytes([n % 256, n // 256]) * 16 for n in range(20_000)]
    keys = sorted(sort_key(START_S + n, id_) for n, id_ in enumerate(ids))
    snapshot = Snapshot(b"s" * 32, Order(keys))
    bounds = [keys[n * 312][:8] for n in range(1, 64)]
    parts = tuple(IdList(bound, b"") for bound in (*bounds, b""))
    heard = Range(Class.PEOPLE, b"", parts)
    difference = snapshot.answer(heard, len(encode(heard)), 100)
    assert len(difference.send) <= 1024


def test_a_neighbour_in_a_boot_loop_costs_a_greeting_each_time() -> None:
    """A relay whose battery is low starts forty times: nothing is sent to it a second time, and
    what it hears each time fits a packet (attack 17)."""
    realm = Realm()
    steady, loop = Box(realm, "steady"), Box(realm, "loop")
    for raw in (
        realm.grant(DESK.public),
        *(realm.start(DESK, KYIV, START_S + n) for n in range(20)),
    ):
        assert isinstance(steady.node.offer(raw, now_at(0)), bytes)
    first = Pair(steady, loop)
    first.run(5)
    assert loop.held() == steady.held()
    brought, total = first.bytes["steady"], 0
    for number in range(1, 41):
        at_s = 10.0 * number
        first.cut()
        loop.start(at_s)
        first = Pair(steady, loop, at_s)
        first.run(5)
        total += first.bytes["steady"]
        assert loop.held() == steady.held()
    assert brought > 20 * 100
    assert total < 40 * 250


def test_known_good_messages_decode() -> None:
    """The board that these tests use is in its one accepted form."""
    realm = Realm()
    assert decoded(realm, realm.message(DESK, "board", OVER_OBLAST)).body == OVER_OBLAST
