"""Theft: what a stolen key can still do once people have found out, node by node."""

import pytest

from holub_protocol.batch import Alarm, StatusChanged, Taken
from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody, Cover
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.limits import FUTURE_SKEW_S
from holub_protocol.message import Message, Opaque
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.truth import Level
from support_realm import AIR_RAID, KYIV, START_S, Box, Pair, Realm, decoded, key, now_at

DESK, SPARE, THIEF = key("desk"), key("spare"), key("thief's own")
SECOND = key("registrar 2")


def told(realm: Realm, name: str, *raws: bytes) -> Box:
    """Return a box that has taken in all of `raws`."""
    box = Box(realm, name)
    take(box, *raws)
    return box


def take(box: Box, *raws: bytes) -> None:
    """Let a box take in what it must not refuse."""
    for raw in raws:
        outcome = box.node.offer(raw, now_at(0))
        assert isinstance(outcome, bytes), outcome
    box.flush(0)


def level(box: Box, area: int = KYIV, at_s: float = 0) -> Level:
    """Return what a box shows."""
    return box.node.truth.status(area, now_at(at_s)).level


def clear(realm: Realm, start: Message, created_s: int) -> bytes:
    """Return the desk's key's word that an alert is over."""
    body = AlertBody(Verb.CLEAR, (), AIR_RAID, (start.id[:8],))
    return realm.message(DESK, "alert", body, area=KYIV, created_s=created_s, lifetime_s=86_400)


def test_after_its_revocation_nothing_of_a_stolen_key_is_taken_in() -> None:
    """Neither what it says now nor what it backdates, alert or grant; what is kept stays on."""
    realm = Realm()
    honest = realm.start(DESK, created_s=START_S - 100)
    box = told(realm, "a", realm.grant(DESK.public, depth=1), honest)
    take(box, realm.revoke(DESK.public, keep=[decoded(realm, honest).id]))
    assert level(box) is Level.ALERT
    for raw in (
        realm.start(DESK, created_s=START_S),
        realm.start(DESK, created_s=START_S - 3600),
        realm.grant(THIEF.public, issuer=DESK),
    ):
        assert box.node.offer(raw, now_at(0)) is Refusal.REVOKED
    assert box.node.offer(realm.start(THIEF), now_at(0)) is Refusal.UNKNOWN_SIGNER


def test_a_revocation_works_backwards() -> None:
    """The thief's alert becomes unknown, never clear; its grant gives nothing; what it said is
    offered to nobody; and the same after a restart from the store."""
    realm = Realm()
    raws = (
        realm.grant(DESK.public, depth=1),
        realm.grant(THIEF.public, issuer=DESK, kinds=(5,), areas=(KYIV,)),
        realm.start(THIEF),
        realm.start(DESK, area=30281),
    )
    box, other = told(realm, "a", *raws), Box(realm, "b")
    assert [level(box), level(box, 30281)] == [Level.ALERT] * 2
    take(box, realm.revoke(DESK.public))
    for _ in range(2):
        assert [level(box), level(box, 30281)] == [Level.UNKNOWN] * 2
        assert box.node.offer(realm.start(THIEF), now_at(0)) is Refusal.UNKNOWN_SIGNER
        assert len(box.node.trust.grants(THIEF.public)) == 0
        pair = Pair(box, other)
        pair.run(2)
        assert not list(other.node.holdings.held_ids(Class.ALERT))
        assert len(list(other.node.holdings.held_ids(Class.TRUST))) == 2
        pair.cut()
        box.start(0)


def test_what_is_doubted_is_offered_to_nobody() -> None:
    """Neither the thief's alert nor the grant that it gave; with the doubt that ends."""
    realm = Realm(second=SECOND)
    start, below = realm.start(DESK), realm.grant(THIEF.public, issuer=DESK)
    box = told(realm, "a", realm.grant(DESK.public, depth=1), start, below)

    def offered() -> list[int]:
        return [box.node.holdings.count(cls) for cls in (Class.ALERT, Class.GRANT)]

    assert offered() == [1, 2]
    take(box, realm.revoke(DESK.public))
    assert offered() == [0, 1]
    take(box, realm.grant(DESK.public, depth=1))  # cut like the first
    box.node.wake(now_at(2))
    assert (offered(), level(box)) == ([0, 2], Level.UNKNOWN)
    take(box, realm.grant(DESK.public, depth=1, issuer=SECOND))
    box.node.wake(now_at(4))
    assert (offered(), level(box)) == ([1, 4], Level.ALERT)


def test_a_thiefs_clear_is_undone() -> None:
    """A clear beyond the point ended nothing: the alert is on again. One before it may have been
    the desk's own, so the place is unknown; one that is kept stands."""
    for created_s, keeps, shown in (
        (START_S + 5, False, Level.ALERT),
        (START_S - 5, False, Level.UNKNOWN),
        (START_S - 5, True, Level.UNKNOWN),
    ):
        realm = Realm()
        start = decoded(realm, realm.start(DESK, created_s=START_S - 60))
        over = clear(realm, start, created_s)
        box = told(realm, "a", realm.grant(DESK.public), start.raw, over)
        assert level(box) is Level.UNKNOWN
        assert box.node.truth.alerts(now_at(0)) == ()
        keep = [start.id, decoded(realm, over).id] if keeps else [start.id]
        take(box, realm.revoke(DESK.public, point=(START_S, 4095), keep=keep))
        assert level(box) is shown
        stale = box.node.truth.status(KYIV, now_at(0)).stale
        assert len(stale) == (not keeps and shown is Level.UNKNOWN)


def test_a_stolen_registrar_cannot_silence_a_desk_of_two() -> None:
    """It cuts the line that it began itself; the desk speaks on by the other's."""
    realm = Realm(second=SECOND)
    grants = realm.grant(DESK.public), realm.grant(DESK.public, issuer=SECOND)
    box = told(realm, "a", *grants, realm.start(DESK), realm.revoke(DESK.public))
    assert level(box) is Level.ALERT
    take(box, realm.start(DESK, area=30281))
    assert level(box, 30281) is Level.ALERT
    take(box, realm.revoke(DESK.public, issuer=SECOND))
    assert level(box) is Level.UNKNOWN


@pytest.mark.parametrize("reverse", [False, True])
def test_a_charter_that_revokes_a_registrar_ends_what_hangs_on_it_alone(reverse: bool) -> None:
    """The desk of both registrars stays, the one that only the stolen key has enrolled falls, in
    whatever order charter and grants come; and the stolen registrar's revocations are void."""
    realm = Realm(second=SECOND)
    charter = realm.charter_after(registrars=(SECOND.public,), revoked=(realm.registrar.public,))
    raws = [
        realm.grant(DESK.public, issuer=SECOND),
        realm.grant(DESK.public),
        realm.grant(THIEF.public, areas=(KYIV,)),
    ]
    first, last = ([charter], raws) if reverse else (raws, [charter])
    box = Box(realm, "a")
    for raw in (*first, realm.start(THIEF), realm.start(DESK, 30281), *last):
        box.node.offer(raw, now_at(0))
    assert level(box, 30281) is Level.ALERT
    assert level(box) is Level.UNKNOWN
    assert box.node.offer(realm.start(THIEF), now_at(0)) is Refusal.UNKNOWN_SIGNER
    assert box.node.trust.standing(DESK.public, 1).registrars == (SECOND.public,)
    assert box.node.offer(realm.revoke(DESK.public), now_at(0)) is Refusal.REVOKED


def test_only_issuer_ancestors_and_the_key_itself_revoke() -> None:
    """A sibling's revocation is refused, a sibling with a right to pass on cuts no line that it
    is not part of; the ancestor's and the key's own do."""
    realm = Realm()
    chief = key("chief")
    grants = (
        realm.grant(chief.public, depth=2),
        realm.grant(SPARE.public, depth=1),
        realm.grant(DESK.public, issuer=chief),
    )
    for issuer, counts in ((SPARE, False), (chief, True), (realm.registrar, True), (DESK, True)):
        box = told(realm, "a", *grants, realm.start(DESK))
        take(box, realm.revoke(DESK.public, issuer=issuer))
        assert (level(box) is Level.UNKNOWN) is counts, issuer
    box = told(realm, "a", *grants)
    stranger = realm.revoke(chief.public, issuer=DESK)
    assert box.node.offer(stranger, now_at(0)) is Refusal.ROLE


def test_a_thief_cannot_undo_by_revoking_upwards() -> None:
    """A revoked key's own revocation of one below it goes with the key."""
    realm = Realm()
    chief = key("chief")
    kept = realm.grant(DESK.public, issuer=chief)
    box = told(
        realm, "a", realm.grant(chief.public, depth=1), kept, realm.start(DESK),
        realm.revoke(DESK.public, issuer=chief),
    )  # fmt: skip
    assert level(box) is Level.UNKNOWN
    take(box, realm.revoke(chief.public, keep=[decoded(realm, kept).id]))
    assert level(box) is Level.ALERT


def test_a_first_sync_brings_the_revocation_before_anything_else() -> None:
    """Of a hundred alerts of the stolen key not one is taken in by a node that knew nothing."""
    realm = Realm()
    old = told(realm, "a", realm.grant(DESK.public), realm.grant(SPARE.public))
    new = Box(realm, "b", policy=Policy(frame_bytes=256))
    take(old, *(realm.start(DESK) for _ in range(100)), realm.start(SPARE, 30281))
    revoke = realm.revoke(DESK.public)
    # The old node has not heard of the revocation and offers everything; a third one has.
    pair = Pair(told(realm, "c", revoke), new)
    pair.run(3)
    pair.cut()
    Pair(old, new, at_s=3).run(3)
    assert level(new) is Level.UNKNOWN
    assert level(new, 30281) is Level.ALERT
    assert len(list(new.node.holdings.held_ids(Class.ALERT))) == 1


def test_on_one_link_class_trust_comes_first() -> None:
    """The very first message that a new node takes in is the revocation, whatever else there is."""
    realm = Realm()
    alerts = [realm.start(SPARE) for _ in range(40)]
    old = told(realm, "a", realm.grant(DESK.public), realm.grant(SPARE.public), *alerts)
    take(old, realm.revoke(DESK.public))
    new = Box(realm, "b", policy=Policy(frame_bytes=256))
    Pair(old, new, chunk=64).run(3)
    kinds = [event.kind for event in new.events if isinstance(event, Taken) and event.kind]
    assert kinds[0] == 2
    assert kinds.count(5) == 40


def test_a_node_that_never_heard_of_the_desk_shows_its_alert_within_4_kb() -> None:
    """One contact of 4 kB, both ways together, brings an alert with a chain of three grants."""
    realm = Realm()
    one, two = key("one"), key("two")
    old = told(
        realm, "a", realm.grant(one.public, depth=2), realm.grant(two.public, issuer=one, depth=1),
        realm.grant(DESK.public, issuer=two), realm.start(DESK),
    )  # fmt: skip
    new = Box(realm, "b", policy=Policy(frame_bytes=256))
    pair = Pair(old, new, chunk=16)
    while level(new) is not Level.ALERT:
        pair.run(0.05)
        assert sum(pair.bytes.values()) <= 4096
    assert sum(pair.bytes.values()) > 700


def test_a_grant_that_ends_makes_its_alerts_unknown() -> None:
    """Expiry of the ground is no all-clear."""
    realm = Realm()
    body = decoded(realm, realm.grant(DESK.public)).body
    assert isinstance(body, GrantBody)
    grant = realm.message(realm.registrar, "grant", body, lifetime_s=3600)
    box = told(realm, "a", grant, realm.start(DESK))
    assert level(box) is Level.ALERT
    box.node.wake(now_at(3700))
    assert level(box, at_s=3700) is Level.UNKNOWN
    assert box.node.truth.status(KYIV, now_at(3700)).stale


@pytest.mark.parametrize("woken_s", [1, 7])
def test_a_grant_that_comes_late_lifts_the_doubt(woken_s: float) -> None:
    """What one registrar alone had enrolled and revoked stands again by the other's grant, a
    second after it came, with all the keys below."""
    realm = Realm(second=SECOND)
    below = realm.grant(SPARE.public, issuer=DESK)
    box = told(
        realm, "a", realm.grant(DESK.public, depth=1), below, realm.start(SPARE),
        realm.revoke(DESK.public),
    )  # fmt: skip
    assert level(box) is Level.UNKNOWN
    take(box, realm.grant(DESK.public, issuer=SECOND, depth=1))
    assert level(box) is Level.UNKNOWN
    box.node.wake(now_at(0.9))
    assert level(box) is Level.UNKNOWN
    assert box.node._trusting.next_due_us() == 1_000_000
    box.node.wake(now_at(woken_s))
    assert level(box) is Level.ALERT
    assert box.node._trusting.next_due_us() is None


def test_what_is_from_the_future_waits_for_its_time() -> None:
    """A bulletin of a fast clock is taken in when the skew of honest clocks allows, not before."""
    realm = Realm()
    box = told(realm, "a", realm.grant(DESK.public))
    ahead_s = FUTURE_SKEW_S + 300
    early = realm.message(
        DESK, "bulletin", Opaque(("news",)), area=KYIV, created_s=START_S + ahead_s
    )
    pair = Pair(box, Box(realm, "b"))
    pair.exchange()
    assert box.node.offer(early, now_at(0)) is Refusal.FUTURE
    for at_s, held in ((1, False), (299, False), (300, True)):
        box.node.wake(now_at(at_s))
        assert (decoded(realm, early).id in box.node.holdings) == held


def test_only_a_fork_raises_the_alarm_of_a_fork() -> None:
    """A later version that follows does not."""
    realm = Realm()
    box = Box(realm, "a")
    for name, alarms in (("A", 0), ("B", 1)):
        box.node.offer(realm.charter_after(name=name), now_at(0))
        box.flush(0)
        assert box.events.count(Alarm("charter-forked")) == alarms


def trust_board(realm: Realm, charter: int, *ids: bytes, created_s: int = START_S) -> bytes:
    """Return the registrar's word of what there is."""
    body = TrustBoardBody(charter, len(ids), revocations_digest(ids), 3600)
    return realm.message(
        realm.registrar, "trust-board", body, created_s=created_s, lifetime_s=86_400
    )


def test_a_withheld_revocation_is_seen() -> None:
    """The board counts what has not come; once it comes the list is whole as of the board."""
    realm = Realm()
    revoke = realm.revoke(DESK.public)
    box = told(realm, "a", realm.grant(DESK.public))
    view = box.node.trust_view(now_at(0))
    assert (view.as_of_s, view.withheld) == (None, False)
    take(box, trust_board(realm, 1, decoded(realm, revoke).id))
    view = box.node.trust_view(now_at(0))
    assert (view.as_of_s, view.withheld, view.revocations) == (None, True, 0)
    take(box, revoke)
    for _ in range(2):
        view = box.node.trust_view(now_at(0))
        assert (view.as_of_s, view.withheld, view.late) == (START_S, False, False)
        box.start(0)
    assert box.node.trust_view(now_at(3700)).late


def test_what_was_said_for_one_authority_does_not_stand_by_anothers_grant() -> None:
    """A desk of two authorities whose grant of the one falls has spoken for it without right."""
    realm = Realm(second=SECOND)
    grants = (
        realm.grant(DESK.public, authority=1, depth=1),
        realm.grant(DESK.public, authority=2, areas=(KYIV,), issuer=SECOND, depth=1),
    )
    box = told(realm, "a", *grants, realm.start(DESK))
    (view,) = box.node.truth.alerts(now_at(0))
    issuer = {1: realm.registrar, 2: SECOND}[view.authority]
    take(box, realm.revoke(DESK.public, issuer=issuer))
    assert level(box) is Level.UNKNOWN
    take(box, realm.start(DESK))
    assert level(box) is Level.ALERT
    # What it passes on is asked for by whichever of its grants allows it.
    other = 3 - view.authority
    take(box, realm.grant(SPARE.public, authority=other, areas=(KYIV,), issuer=DESK))
    take(box, realm.revoke(THIEF.public))
    assert len(list(box.node.holdings.held_ids(Class.GRANT))) == 3
    assert not box.node.truth.doubted_keys(other)


def test_a_wider_grant_lets_a_board_end_what_it_could_not_before() -> None:
    """What a key is to its authority counts though nothing that it said falls or rises."""
    realm = Realm()
    oblast = 30281
    start = decoded(realm, realm.start(DESK, area=oblast))
    covers = BoardBody(330, (Cover(start.kid, *start.point),))
    board = realm.message(SPARE, "board", covers, area=KYIV, created_s=START_S + 1)
    narrow = realm.grant(SPARE.public, areas=(KYIV,))
    box = told(realm, "a", realm.grant(DESK.public), narrow, start.raw, board)
    box.node.wake(now_at(2))
    assert level(box, oblast) is Level.ALERT
    take(box, realm.grant(SPARE.public))
    box.node.wake(now_at(9))
    assert level(box, oblast) is Level.CLEAR


def test_pages_hear_of_what_changes_trust() -> None:
    """Of a trust board, a revocation and a charter, also where no alert is touched by it."""
    realm = Realm()
    box = told(realm, "a", realm.grant(DESK.public))
    for raw in (
        trust_board(realm, 1),
        realm.revoke(THIEF.public),
        realm.charter_after(name="Later"),
    ):
        box.events.clear()
        box.node.offer(raw, now_at(0))
        box.flush(0)
        assert StatusChanged() in box.events
    box.events.clear()
    take(box, realm.message(DESK, "bulletin", Opaque(("news",)), area=KYIV))
    assert StatusChanged() not in box.events


def test_the_trust_board_of_a_revoked_registrar_counts_no_more() -> None:
    """Neither what it vouches for nor what it says is missing."""
    realm = Realm(second=SECOND)
    box = told(realm, "a", trust_board(realm, 1, b"r" * 32))
    take(box, realm.revoke(THIEF.public))
    assert box.node.trust_view(now_at(0)).withheld
    assert box.node.trust_view(now_at(0)).revocations == 1
    revoked = {"registrars": (SECOND.public,), "revoked": (realm.registrar.public,)}
    box.node.offer(realm.charter_after(**revoked), now_at(0))
    assert not box.node.trust_view(now_at(0)).withheld
    assert box.node.trust_view(now_at(0)).revocations == 0


def test_what_has_expired_is_not_asked_for_again() -> None:
    """A trust board past its lifetime vouches for nothing, and nothing of it is left."""
    realm = Realm()
    body = decoded(realm, realm.grant(DESK.public)).body
    assert isinstance(body, GrantBody)
    grant = realm.message(realm.registrar, "grant", body, lifetime_s=3600)
    box = told(realm, "a", grant, trust_board(realm, 1))
    assert box.node.trust_view(now_at(0)).as_of_s == START_S
    box.node.wake(now_at(90_000))
    assert box.node.trust_view(now_at(90_000)).as_of_s is None
    assert box.node.trust.grants(DESK.public) == ()


def test_a_doubted_board_vouches_for_nothing() -> None:
    """Nor after a restart."""
    realm = Realm()
    board = realm.message(DESK, "board", BoardBody(330), area=KYIV)
    grant = realm.grant(DESK.public, authority=2)
    box = told(realm, "a", grant, board, realm.revoke(DESK.public))
    for _ in range(2):
        assert level(box) is Level.UNKNOWN
        assert box.node.truth.status(KYIV, now_at(0)).as_of_s is None
        box.start(0)
