"""One point used twice: who finds it, what proves it, whom it costs what."""

from holub_crypto.identity import Identity, verify
from holub_protocol.batch import Alarm
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.message import Opaque
from holub_protocol.points import HOUR_S
from holub_protocol.proofs import PROOFS_PER_KEY, QUOTA_DIVISOR, STRIKES, Conflict, Proofs, proven
from holub_protocol.refusal import Refusal
from holub_protocol.truth import Level
from support_realm import AIR_RAID, KYIV, START_S, Box, Pair, Realm, boxed, decoded, key, now_at

DESK, LIAR = key("desk"), key("liar")
BASE_S = START_S - START_S % HOUR_S


def boxes(realm: Realm, *names: str) -> list[Box]:
    """Return relays that may sign, and know the desk and the liar."""
    made = [Box(realm, name) for name in names]
    old = decoded(realm, realm.relay_grant(LIAR.public)).body
    assert isinstance(old, GrantBody)
    grants = [
        realm.grant(DESK.public),
        realm.message(realm.registrar, "grant", old, created_s=BASE_S - 99 * HOUR_S,
                      lifetime_s=365 * 86_400),
    ]  # fmt: skip
    grants += [realm.relay_grant(box.identity.public) for box in made]
    for box in made:
        for raw in grants:
            assert isinstance(box.node.offer(raw, now_at(0)), bytes)
        box.node.add_author(box.identity)
        box.flush(0)
    return made


def need(realm: Realm, text: str, hour: int = 0, k: int = 3, signer: Identity = LIAR) -> bytes:
    """Return a relay's message at a point of so many hours ago."""
    return realm.message(
        signer, "need", boxed(text), created_s=BASE_S - hour * HOUR_S, k=k,
        lifetime_s=86_400,
    )  # fmt: skip


def proofs(box: Box) -> list[bytes]:
    """Return the ids of the proofs that a box holds."""
    held = box.node.holdings
    return [id_ for id_ in held.held_ids(Class.TRUST) if held.kind(id_) == 4]


def lie(realm: Realm, box: Box, hours: int) -> None:
    """Let the liar contradict itself in so many hours."""
    for hour in range(hours):
        for text in ("one", "other"):
            assert isinstance(box.node.offer(need(realm, text, hour), now_at(0)), bytes)
    box.flush(0)


def test_a_conflict_is_proven_to_everybody() -> None:
    """Both messages stay, an alarm is raised, and a node that has seen neither gets the proof."""
    realm = Realm()
    a, b = boxes(realm, "a", "b")
    lie(realm, a, 1)
    assert len(list(a.node.holdings.held_ids(Class.PEOPLE))) == 2
    assert Alarm("counter-conflict") in a.events
    (proof,) = proofs(a)
    raw = a.node.body(proof)
    assert raw is not None
    assert b.node.offer(raw, now_at(0)) == proof
    assert not list(b.node.holdings.held_ids(Class.PEOPLE))


def test_other_points_are_no_conflict() -> None:
    """Another k, another hour, another group, another key, and the same message again."""
    realm = Realm()
    (a,) = boxes(realm, "a")
    raws = [
        need(realm, "x"), need(realm, "x"), need(realm, "y", k=4), need(realm, "y", hour=1),
        realm.message(LIAR, "checkin", boxed("y"), created_s=BASE_S, k=3),
        need(realm, "y", signer=a.identity),
    ]  # fmt: skip
    for raw in raws:
        a.node.offer(raw, now_at(0))
    assert proofs(a) == []
    assert Alarm("counter-conflict") not in a.flush(0).events


def test_who_lies_repeatedly_loses_quota_until_it_is_enrolled_anew() -> None:
    """After STRIKES hours a sixteenth is left, also after a restart and for nodes that only have
    the proofs; a registrar's new grant gives it back."""
    realm = Realm()
    a, b = boxes(realm, "a", "b")
    most = kind_named("need").hourly // QUOTA_DIVISOR
    lie(realm, a, STRIKES - 1)
    assert isinstance(a.node.offer(need(realm, "free", k=most), now_at(0)), bytes)
    lie(realm, a, STRIKES)
    for proof in proofs(a):
        raw = a.node.body(proof)
        assert raw is not None
        assert isinstance(b.node.offer(raw, now_at(0)), bytes)
    b.flush(0)
    for box in (a, b):
        for _ in range(2):
            assert box.node.offer(need(realm, "over", k=most), now_at(0)) is Refusal.COUNTER
            box.start(0)
            box.node.add_author(box.identity)
        assert isinstance(box.node.offer(need(realm, "under", k=most - 1), now_at(0)), bytes)
        body = decoded(realm, realm.relay_grant(LIAR.public)).body
        assert isinstance(body, GrantBody)
        anew = realm.message(realm.registrar, "grant", body, created_s=BASE_S + HOUR_S)
        assert isinstance(box.node.offer(anew, now_at(HOUR_S)), bytes)
        assert isinstance(box.node.offer(need(realm, "over", k=most), now_at(0)), bytes)


def test_an_authority_is_never_silenced() -> None:
    """However often its key repeats itself, its alerts come in and the graver word holds."""
    realm = Realm()
    (a,) = boxes(realm, "a")
    for hour in range(STRIKES + 2):
        for area in (KYIV, 30281):
            body = AlertBody(Verb.START, (), AIR_RAID)
            raw = realm.message(
                DESK, "alert", body, area=area, k=7, created_s=BASE_S - hour * HOUR_S,
                lifetime_s=86_400,
            )  # fmt: skip
            assert isinstance(a.node.offer(raw, now_at(0)), bytes)
    assert len(proofs(a)) == STRIKES + 2
    high = realm.message(DESK, "alert", AlertBody(Verb.START, (), AIR_RAID), area=KYIV, k=900)
    assert isinstance(a.node.offer(high, now_at(0)), bytes)
    place = realm.message(DESK, "place", Opaque(("x",)), created_s=BASE_S, k=400)
    assert isinstance(a.node.offer(place, now_at(0)), bytes)
    assert a.node.truth.status(KYIV, now_at(0)).level is Level.ALERT
    assert a.node.truth.status(30281, now_at(0)).level is Level.ALERT


def test_an_honest_relay_restored_from_a_backup_is_not_banned() -> None:
    """It repeats itself in the hour of the backup, once; its neighbours give its own messages
    back, and it counts on from there. No hour is struck twice."""
    realm = Realm()
    a, b = boxes(realm, "a", "b")
    pair = Pair(a, b)
    me = a.identity.public

    def publish(text: str) -> bytes:
        body = boxed(text)
        return a.node.publish(me, kind_named("need"), KYIV, body, 86_400, now_at(pair.at_s)).id

    publish("before")
    pair.run(2)
    backup = a.store.clone()
    lost = [publish("lost 1"), publish("lost 2")]
    pair.run(2)
    pair.cut()
    a.store = backup
    a.start(pair.at_s)
    a.node.add_author(a.identity)
    publish("again")
    pair.connect()
    pair.run(60)
    assert all(id_ in a.node.holdings for id_ in lost)
    # It has heard what it had said, some of it at a higher k than its own newest.
    fresh = [publish(f"fresh {n}") for n in range(5)]
    pair.run(2)
    for box in (a, b):
        assert all(id_ in box.node.holdings for id_ in fresh)
        assert len(proofs(box)) == 1
        assert not box.node._trusting.limited(me)
    assert proofs(a) == proofs(b)


def test_power_cuts_repeat_nothing() -> None:
    """Whatever was not committed never left, so going on from the store is going on."""
    realm = Realm()
    a, b = boxes(realm, "a", "b")
    pair = Pair(a, b)
    for cut in range(6):
        pair.run(1)
        for n in range(3):
            a.node.publish(
                a.identity.public, kind_named("need"), KYIV, boxed(f"{cut} {n}"), 86_400,
                now_at(pair.at_s),
            )  # fmt: skip
            if n < cut % 3:
                pair.exchange()
        pair.cut()
        a.start(pair.at_s)
        a.node.add_author(a.identity)
        pair.connect()
    pair.run(2)
    assert proofs(a) == proofs(b) == []
    assert Alarm("counter-conflict") not in b.events


def test_lost_counters_are_rebuilt_from_what_is_held() -> None:
    """Where only the counters are damaged, the key goes on after its own messages."""
    realm = Realm()
    (a,) = boxes(realm, "a")
    first = a.node.publish(
        a.identity.public, kind_named("need"), KYIV, boxed("x"), 86_400, now_at(5)
    )
    a.flush(5)
    a.store._counters.clear()
    a.start(5)
    a.node.add_author(a.identity)
    second = a.node.publish(
        a.identity.public, kind_named("need"), KYIV, boxed("y"), 86_400, now_at(5)
    )
    assert second.point > first.point


def test_what_proves_nothing() -> None:
    """Two that do not conflict, junk, forged signatures, an unknown key."""
    realm = Realm()
    trust = realm.trust()
    body = decoded(realm, realm.relay_grant(LIAR.public)).body
    assert isinstance(body, GrantBody)
    trust.add_grant(b"g" * 32, body.grant, realm.registrar.public, 0)
    one, other = need(realm, "one"), need(realm, "other")
    forged = other[:-1] + bytes([other[-1] ^ 1])
    cases = {
        (one, need(realm, "other", k=4)): Refusal.MALFORMED,
        (one, need(realm, "other", hour=1)): Refusal.MALFORMED,
        (one, need(realm, "other", signer=DESK)): Refusal.MALFORMED,
        (one, one[:-1] + bytes([one[-1] ^ 1])): Refusal.MALFORMED,
        (one, b"junk"): Refusal.MALFORMED,
        (one, forged): Refusal.BAD_SIGNATURE,
        (need(realm, "a", signer=DESK), need(realm, "b", signer=DESK)): Refusal.UNKNOWN_SIGNER,
        (one, other): Conflict(LIAR.public, "need", BASE_S // HOUR_S, 3),
    }
    for pair, answer in cases.items():
        assert proven(ProofBody.of(*pair), realm.id, trust.keys, verify) == answer
    (a,) = boxes(realm, "a")
    raw = realm.message(LIAR, "proof", ProofBody.of(one, forged))
    assert a.node.offer(raw, now_at(0)) is Refusal.BAD_SIGNATURE
    stranger = realm.message(key("stranger"), "proof", ProofBody.of(one, other))
    assert a.node.offer(stranger, now_at(0)) is Refusal.UNKNOWN_SIGNER


def test_a_proof_waits_for_the_key_of_which_it_tells() -> None:
    """Where only that key's grant is missing it is that which is asked for, and the proof is
    taken in when it comes."""
    realm = Realm()
    (a,) = boxes(realm, "a")
    lie(realm, a, 1)
    (proof,) = proofs(a)
    b = Box(realm, "b")
    b.node.offer(realm.relay_grant(a.identity.public), now_at(0))
    raw = a.node.body(proof)
    assert raw is not None
    assert b.node.offer(raw, now_at(0)) is Refusal.UNKNOWN_SIGNER
    assert proofs(b) == []
    b.node.offer(realm.relay_grant(LIAR.public), now_at(0))
    assert proofs(b) == [proof]


def test_of_two_proofs_of_one_point_all_keep_the_same() -> None:
    """Two relays find the same conflict; after they have met both hold one proof of it."""
    realm = Realm()
    a, b = boxes(realm, "a", "b")
    for box in (a, b):
        lie(realm, box, 1)
    assert proofs(a) != proofs(b)
    pair = Pair(a, b)
    pair.run(10)
    assert proofs(a) == proofs(b)
    assert len(proofs(a)) == 1
    both = [box.node.holdings.root(Class.TRUST, b"s" * 16) for box in (a, b)]
    assert both[0] == both[1]


def test_proofs_against_one_key_are_bounded_and_end() -> None:
    """A key that does nothing but contradict itself costs PROOFS_PER_KEY proofs and no more."""
    realm = Realm()
    (a,) = boxes(realm, "a")
    lie(realm, a, PROOFS_PER_KEY + 3)
    assert len(proofs(a)) == PROOFS_PER_KEY
    assert a.node._trusting.limited(LIAR.public)
    a.node.wake(now_at(31 * 86_400))
    assert not a.node._trusting.limited(LIAR.public)
    known = Proofs()
    conflict = Conflict(LIAR.public, "need", 1, 1)
    assert known.wanted(conflict)
    assert known.add(b"b", conflict) is None
    assert known.add(b"b", conflict) is None
    assert known.add(b"c", conflict) == b"c"
    assert known.add(b"a", conflict) == b"b"
    assert not known.wanted(conflict)
