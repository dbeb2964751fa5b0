"""The alerts' half of a store that is full: who gives way to whom, and what it may never cost."""

from functools import partial

from holub_crypto.identity import Identity
from holub_protocol.batch import Taken
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.storage import State
from holub_protocol.truth import Level
from support_play import OBLAST
from support_realm import AIR_RAID, KYIV, START_S, Box, Pair, Realm, decoded, key, now_at

THIEF, HONEST, OTHER = key("desk"), key("colleague"), key("another authority")


def small(realm: Realm, store_bytes: int = 80_000, name: str = "a") -> Box:
    """Return a node with little room that knows two desks of one authority and one of another."""
    box = Box(realm, name, policy=Policy(store_bytes=store_bytes))
    for who, authority in ((THIEF, 1), (HONEST, 1), (OTHER, 2)):
        box.node.offer(realm.grant(who.public, authority=authority), now_at(0))
    return box


def starts(realm: Realm, who: Identity, count: int, at_s: int = 0) -> list[bytes]:
    """Return starts of one key, a second apart, the last at that second."""
    return [realm.start(who, created_s=START_S + at_s - count + 1 + n) for n in range(count)]


def offer(box: Box, raws: list[bytes], at_s: int = 0) -> list[bytes | Refusal]:
    """Offer messages; return what came of each."""
    return [box.node.offer(raw, now_at(at_s)) for raw in raws]


def held(box: Box, raws: list[bytes]) -> int:
    """Return of how many messages the bodies are held."""
    ids = (decoded(box.realm, raw).id for raw in raws)
    return sum(box.node.holdings.state(id_) is State.HELD for id_ in ids)


def test_a_stolen_key_gives_way_to_its_siblings() -> None:
    """A flood of one desk's key, before and after, costs the desks of its own authority nothing:
    each alert is taken in, and stays."""
    realm = Realm()
    box = small(realm)
    flood = starts(realm, THIEF, 300)
    offer(box, flood)
    honest = starts(realm, HONEST, 30, at_s=30)
    for number, raw in enumerate(honest):
        assert isinstance(box.node.offer(raw, now_at(30)), bytes)
        offer(box, starts(realm, THIEF, 5, at_s=30 + number), at_s=60)
    assert held(box, honest) == 30
    assert box.node.holdings.weights.alerts_bytes <= 40_000


def test_keys_end_up_with_equal_shares() -> None:
    """Of several that flood none has more than a little more than another, in which order they
    came; so twenty stolen keys leave the twenty-first its share."""
    realm = Realm()
    box = small(realm, store_bytes=160_000)
    thieves = [key(f"thief {n}") for n in range(4)]
    for thief in thieves:
        box.node.offer(realm.grant(thief.public), now_at(0))
    for thief in thieves:
        realm.counter = 0
        offer(box, starts(realm, thief, 250))
    weights, speaker = box.node.holdings.weights, box.node.holdings.speaker
    shares = [weights.of_alerts(speaker(1, thief.public)) for thief in thieves]
    assert sum(shares) <= 80_000
    assert max(shares) - min(shares) <= 80_000 // 32 + 1000
    honest = starts(realm, HONEST, 30)
    assert all(isinstance(outcome, bytes) for outcome in offer(box, honest))
    assert held(box, honest) == 30


def test_what_claims_the_future_goes_first() -> None:
    """A thief's starts of next year are the first to go, and none is taken into a full store."""
    realm = Realm()
    box = small(realm)
    now = starts(realm, THIEF, 20)
    future = starts(realm, THIEF, 300, at_s=365 * 86_400)
    offer(box, [*now, *future])
    honest = starts(realm, HONEST, 30)
    assert all(isinstance(outcome, bytes) for outcome in offer(box, honest))
    assert (held(box, now), held(box, honest)) == (20, 30)
    assert set(offer(box, future[-20:])) == {Refusal.QUOTA}


def test_what_nobody_would_miss_goes_before_what_holds() -> None:
    """Ended alerts go before an older one that still holds, and the newest board of a key never
    goes; rows of old boards count for nobody."""
    realm = Realm()
    box = small(realm)
    say = partial(realm.message, THIEF, area=KYIV, lifetime_s=86_400)
    boards = [say("board", BoardBody(330), created_s=START_S - 9100 + n) for n in range(30)]
    holds = realm.start(THIEF, created_s=START_S - 9000)
    ended = []
    for number in range(50):
        start = decoded(realm, realm.start(THIEF, created_s=START_S - 8000 + number))
        body = AlertBody(Verb.CLEAR, (), AIR_RAID, (start.id[:8],))
        ended += [start.raw, say("alert", body, created_s=START_S - 7000 + number)]
    offer(box, [*boards, holds, *ended])
    before = held(box, ended)
    assert before > 90
    honest = starts(realm, HONEST, 40)
    assert all(isinstance(outcome, bytes) for outcome in offer(box, honest))
    assert held(box, [holds, boards[-1]]) == 2
    assert 20 < held(box, ended) < before


def test_no_alert_is_on_again_for_want_of_room() -> None:
    """Of several messages that end another key's alert the last stays, however old, and the alert
    is over; what ends an alert that has gone goes with it."""
    realm = Realm()
    box = small(realm)
    say = partial(realm.message, THIEF, "alert", area=KYIV, lifetime_s=86_400)
    begun = decoded(realm, realm.start(HONEST, created_s=START_S - 9000))
    own = decoded(realm, realm.start(THIEF, created_s=START_S - 9000))
    ends = [AlertBody(Verb.CLEAR, (), AIR_RAID, (start.id[:8],)) for start in (begun, own)]
    clears = [say(ends[n // 6], created_s=START_S - 8000 + n) for n in range(12)]
    offer(box, [begun.raw, own.raw, *clears, *starts(realm, THIEF, 300)])
    honest = starts(realm, HONEST, 40)
    assert all(isinstance(outcome, bytes) for outcome in offer(box, honest))
    assert held(box, clears[:6]) == 1
    assert held(box, [own.raw, *clears[6:]]) == 0
    assert begun.id[:8] not in {word.incident for word, _ in box.node.truth.words(1)}


def test_what_was_given_up_is_not_shown_as_over() -> None:
    """The place of an alert that was given up is in doubt, after a restart too, until the next
    board of its own key; nobody else's board ends that doubt."""
    realm = Realm()
    box = small(realm)
    lost = realm.start(THIEF, area=OBLAST, created_s=START_S - 5000)
    offer(box, [lost, *starts(realm, THIEF, 300), *starts(realm, HONEST, 10)])
    assert decoded(realm, lost).id not in box.node.holdings
    for raw in (b"", realm.message(HONEST, "board", BoardBody(330), area=KYIV)):
        if raw:
            assert isinstance(box.node.offer(raw, now_at(0)), bytes)
        assert box.node.truth.status(OBLAST, now_at(0)).level is Level.UNKNOWN
        assert box.node.truth.lost_areas(1, decoded(realm, lost).kid) == (OBLAST, KYIV)
        box.flush(0)
        box.start(0)
    own = realm.message(THIEF, "board", BoardBody(330), area=KYIV, created_s=START_S + 2)
    assert isinstance(box.node.offer(own, now_at(2)), bytes)
    assert box.node.truth.lost_areas(1, decoded(realm, lost).kid) == ()


def test_two_full_stores_do_not_pass_alerts_to_and_fro() -> None:
    """What a full node has given up its neighbour with more room does not bring back, and it
    brings what is lighter."""
    realm = Realm()
    full, roomy = small(realm), small(realm, 10_000_000, "b")
    flood = [
        realm.message(
            THIEF, "alert", AlertBody(Verb.START, (), AIR_RAID), area=KYIV,
            created_s=START_S - 300 + n, lifetime_s=3600,
        )
        for n in range(300)
    ]  # fmt: skip
    for box in (full, roomy):
        offer(box, flood)
    honest = starts(realm, HONEST, 20)
    offer(full, honest[:10])
    full.flush(0)
    before, kept = len(full.events), held(full, flood)
    assert kept < held(roomy, flood) == 300
    pair = Pair(full, roomy)
    pair.run(600, step=5)
    assert held(full, flood) <= kept + 10
    assert held(roomy, honest) == held(full, honest) == 10
    offer(roomy, honest[10:])
    pair.run(600, step=5)
    assert held(full, honest) == 20
    taken = [event.kind for event in full.events[before:] if isinstance(event, Taken)]
    assert taken.count(kind_named("alert").number) <= 10 + 10
