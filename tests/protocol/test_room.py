"""Room on its own: quotas before, every end after, and what stays pinned."""

from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Opaque
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.storage import State
from holub_protocol.truth import Level
from support_realm import AIR_RAID, KYIV, START_S, Box, Pair, Realm, decoded, key, now_at

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
    relays = (box.identity, key("other"))
    for raw in (realm.grant(DESK.public), *(realm.relay_grant(r.public) for r in relays)):
        box.node.offer(raw, now_at(0))
    outcomes = [
        box.node.offer(realm.note(relays[n % 2], f"n{n}", 400), now_at(0)) for n in range(80)
    ]
    assert Refusal.FULL in outcomes
    assert box.node.holdings.used_bytes <= 60_000
    for _ in range(4):
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
    assert Refusal.QUOTA in outcomes
    assert 29_000 < box.node.holdings.held_bytes(Class.ALERT) <= 30_000


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


def place(realm: Realm, name: str, state: str, at_s: int, size: int = 0) -> bytes:
    """Return what a desk says of a place."""
    body = Opaque((name, state, bytes(size)))
    return realm.message(DESK, "place", body, area=KYIV, created_s=START_S + at_s)


def test_a_newer_word_on_a_topic_replaces_the_older() -> None:
    """Only the newest state of a place is held and sent on; an older one that comes late is
    refused, and one that was replaced can't come back, also after a restart."""
    realm = Realm()
    box = Box(realm, "a")
    box.node.offer(realm.grant(DESK.public), now_at(0))
    first, second, third = (place(realm, "school", f"{n}", n) for n in range(3))
    other = place(realm, "clinic", "open", 0)
    for raw in (first, other, third):
        assert isinstance(box.node.offer(raw, now_at(5)), bytes)
    box.flush(5)
    assert box.node.offer(second, now_at(5)) is Refusal.SUPERSEDED
    box.start(6)
    assert box.node.offer(second, now_at(6)) is Refusal.SUPERSEDED
    assert box.node.offer(first, now_at(6)) == decoded(realm, first).id
    held = sorted(box.node.holdings.held_ids(Class.OFFICIAL))
    assert held == sorted(decoded(realm, raw).id for raw in (third, other))


def test_a_stale_offer_is_answered_with_what_has_replaced_it() -> None:
    """A neighbour that comes with yesterday's word goes with today's, whichever it shows first:
    what was held and replaced, or what was never seen."""
    realm = Realm()
    for seen in (True, False):
        a, b = Box(realm, "a"), Box(realm, "b")
        for box in (a, b):
            box.node.offer(realm.grant(DESK.public), now_at(0))
        old, new = place(realm, "school", "open", 0), place(realm, "school", "shut", 1)
        b.node.offer(old, now_at(2))
        for raw in (old, new) if seen else (new,):
            a.node.offer(raw, now_at(2))
        pair = Pair(a, b)
        pair.run(3)
        assert a.held() == b.held()
        assert decoded(realm, new).id in b.held()
        assert b.node.holdings.state(decoded(realm, old).id) is State.SUPERSEDED


def test_one_relay_fills_its_share_and_no_more() -> None:
    """5,000 invented residents behind one relay are that relay: the others' messages and alerts
    still find room, and nobody has to do anything."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=200_000))
    relays = [key(f"relay {number}") for number in range(9)]
    for raw in (realm.grant(DESK.public), *(realm.relay_grant(r.public) for r in relays)):
        box.node.offer(raw, now_at(0))
    flood = [box.node.offer(realm.note(relays[0], f"f{n}", 600), now_at(0)) for n in range(180)]
    assert Refusal.QUOTA in flood
    holdings = box.node.holdings
    source = holdings.source_of(0, relays[0].public)
    assert holdings.source_bytes(source) <= 200_000 * 3 // 4
    honest = [realm.note(relays[1 + n % 8], f"n{n}", 300) for n in range(8 * 12)]
    ids = [box.node.offer(raw, now_at(0)) for raw in honest]
    assert all(isinstance(id_, bytes) for id_ in ids)
    for _ in range(60):
        assert isinstance(box.node.offer(realm.start(DESK), now_at(0)), bytes)
    assert holdings.used_bytes <= 200_000
    assert {holdings.state(id_) for id_ in ids if isinstance(id_, bytes)} == {State.HELD}


def test_one_desk_takes_half_of_what_its_authority_may() -> None:
    """A stolen key's notices leave its colleagues theirs."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=100_000))
    colleague = key("colleague")
    for identity in (DESK, colleague, *(key(f"relay {n}") for n in range(6))):
        box.node.offer(realm.grant(identity.public), now_at(0))
    flood = [place(realm, f"p{n}", "open", 0, size=500) for n in range(120)]
    outcomes = [box.node.offer(raw, now_at(0)) for raw in flood]
    assert outcomes[-1] is Refusal.QUOTA
    assert box.node.holdings.signer_bytes(DESK.public) <= 100_000 * 3 // 4
    body = Opaque(("clinic", "open"))
    honest = realm.message(colleague, "place", body, area=KYIV)
    assert isinstance(box.node.offer(honest, now_at(0)), bytes)


def test_what_was_evicted_or_refused_comes_back_when_there_is_room() -> None:
    """A small store that was full fills again from its neighbour once something has expired."""
    realm = Realm()
    a, b = Box(realm, "a"), Box(realm, "b", policy=Policy(store_bytes=60_000))
    relays = (key("one"), key("two"))
    for box in (a, b):
        for raw in (realm.grant(DESK.public), *(realm.relay_grant(r.public) for r in relays)):
            box.node.offer(raw, now_at(0))
    for number in range(110):
        lifetime_s = 3600 if number < 60 else 6 * 3600
        body = SealedBody(bytes(8), number.to_bytes(400, "big"))
        raw = realm.message(relays[number % 2], "need", body, lifetime_s=lifetime_s)
        assert isinstance(a.node.offer(raw, now_at(0)), bytes)
    pair = Pair(a, b)
    pair.run(10)
    for _ in range(20):
        b.node.offer(realm.start(DESK), now_at(10))
    pair.run(10)
    short = len(b.held())
    refusals = dict(b.node.stats().refusals)
    assert short < len(a.held())
    assert refusals.keys() & {Refusal.FULL, Refusal.QUOTA}
    pair.at_s = 3700
    pair.run(2000, step=5)
    assert len(list(a.node.holdings.held_ids(Class.PEOPLE))) == 50
    assert b.held() == a.held()


def test_a_stolen_desk_key_leaves_room_to_other_authorities() -> None:
    """However long it floods, another authority's alerts, and their ends, are taken in at once
    and kept, and it gives way to them."""
    realm = Realm()
    box = Box(realm, "a", policy=Policy(store_bytes=80_000))
    other = key("other desk")
    grants = realm.grant(DESK.public, authority=2), realm.grant(other.public, authority=1)
    for raw in grants:
        box.node.offer(raw, now_at(0))
    for number in range(250):
        box.node.offer(realm.start(DESK, created_s=START_S - number), now_at(0))
    weights = box.node.holdings.weights
    before = weights.of_authority(2)
    honest = []
    for number in range(30):
        honest.append(box.node.offer(realm.start(other, created_s=START_S + number), now_at(30)))
        box.node.offer(realm.start(DESK, created_s=START_S + number), now_at(30))
    kept = [box.node.holdings.state(id_) for id_ in honest if isinstance(id_, bytes)]
    assert kept == [State.HELD] * 30
    assert weights.of_authority(2) < before
    assert weights.alerts_bytes <= 40_000


def test_a_stolen_key_leaves_room_for_the_revocation_that_ends_it() -> None:
    """A relay that proves its own contradictions without end, and a registrar that enrols and
    revokes without end, fill two thirds of what is free at most, in small stores too; another
    registrar's grant and revocation are taken in."""
    second = key("registrar 2")
    realm = Realm(second=second)
    box = Box(realm, "a", policy=Policy(store_bytes=120_000))
    liar = key("liar")
    box.node.offer(realm.relay_grant(liar.public), now_at(0))
    said = []
    for number in range(60):
        one, other = (
            realm.message(
                liar, "need", SealedBody(bytes(8), bytes([n]) * 900), k=number,
                created_s=START_S - 90_000 + number,
            )
            for n in (1, 2)
        )  # fmt: skip
        body = ProofBody.of(one, other)
        raw = realm.message(liar, "proof", body, k=number % 60, lifetime_s=30 * 86_400,
                            created_s=START_S - 3600 * (number // 20))  # fmt: skip
        said.append(box.node.offer(raw, now_at(0)))
    assert said[-1] is Refusal.QUOTA
    realm.counter = 0
    junk = [box.node.offer(realm.grant(key(f"friend {n}").public), now_at(0)) for n in range(150)]
    assert junk[-1] is Refusal.QUOTA
    realm.counter = 0
    grant = realm.grant(DESK.public, issuer=second)
    revoke = realm.revoke(liar.public, issuer=realm.registrar)
    for raw in (grant, revoke, realm.revoke(DESK.public, issuer=second)):
        assert isinstance(box.node.offer(raw, now_at(0)), bytes)
    held = box.node.holdings.held_bytes
    assert max(held(Class.TRUST), held(Class.GRANT)) < 120_000 * 3 // 8
