"""Room on its own: quotas before, every end after, and what stays pinned."""

from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.storage import State
from holub_protocol.truth import Level
from support_realm import AIR_RAID, KYIV, START_S, Box, Realm, decoded, key, now_at

DESK = key("desk")


def test_alerts_find_room_when_only_memories_fill_the_store() -> None:
    """A store full of rows that only remember what was evicted still takes every alert."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=40_000))
    for raw in (realm.grant(DESK.public), realm.relay_grant(box.identity.public)):
        box.node.offer(raw, now_at(0))
    for number in range(200):
        box.node.offer(realm.note(box.identity, f"n{number}", 0), now_at(0))
    outcomes = [box.node.offer(realm.start(DESK), now_at(0)) for _ in range(30)]
    assert all(isinstance(outcome, bytes) for outcome in outcomes)
    assert box.node.holdings.used_bytes <= 40_000


def test_a_full_store_evicts_the_lowest_class_and_heals_when_there_is_room() -> None:
    """An alert always finds room; what made way for it is asked for again later."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=60_000))
    for raw in (realm.grant(DESK.public), realm.relay_grant(box.identity.public)):
        box.node.offer(raw, now_at(0))
    outcomes = [
        box.node.offer(realm.note(box.identity, f"n{n}", 400), now_at(0)) for n in range(80)
    ]
    assert Refusal.FULL in outcomes
    assert box.node.holdings.used_bytes <= 60_000
    assert isinstance(box.node.offer(realm.start(DESK), now_at(0)), bytes)
    batch = box.flush(0)
    assert box.node.holdings.used_bytes <= 60_000
    evicted = [row for row in box.store.rows() if row.state is State.EVICTED]
    assert evicted
    assert batch.durable
    box.node.wake(now_at(3700))
    box.flush(3700)
    assert not [row for row in box.store.rows() if row.state is State.EVICTED]


def test_a_stolen_desk_key_fills_half_the_store_at_most() -> None:
    """The alert group has its share: beyond it even valid alerts wait."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=60_000))
    box.node.offer(realm.grant(DESK.public), now_at(0))
    outcomes = [box.node.offer(realm.start(DESK), now_at(0)) for _ in range(120)]
    assert Refusal.FULL in outcomes
    assert box.node.holdings.held_bytes(Class.ALERT) <= 30_000


def test_an_expired_start_stays_until_it_is_ended() -> None:
    """Expiry is never an all-clear: the word outlives its message, and goes when it is ended."""
    realm = Realm()
    a = Box(realm, "a")
    a.node.offer(realm.grant(DESK.public), now_at(0))
    start = decoded(realm, realm.start(DESK))
    a.node.offer(start.raw, now_at(0))
    a.node.wake(now_at(90_000))
    a.flush(90_000)
    assert a.node.truth.status(KYIV, now_at(90_000)).level is Level.UNKNOWN
    assert a.node.holdings.state(start.id) is State.HELD
    body = AlertBody(Verb.CLEAR, (), AIR_RAID, (start.id[:8],))
    clear = realm.message(DESK, "alert", body, area=KYIV, created_s=START_S + 90_000)
    a.node.offer(clear, now_at(90_001))
    assert start.id not in a.node.holdings
    batch = a.flush(90_001)
    assert start.id in batch.writes.deletes
