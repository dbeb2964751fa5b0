"""Who may say what: the table of answers, and how charters succeed one another."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from holub_crypto.chains import Denial, Grant, Revocation
from holub_crypto.charter import Authority, Charter
from holub_crypto.identity import Identity, key_hint
from holub_crypto.trust import Ask, Granted, Reach, Role, Standing, Trust

KEYS = sorted((Identity.from_seed(bytes([n]) * 32) for n in range(1, 14)), key=lambda i: i.public)
R1, R2, R3, R4, REGISTRAR, DESK, RELAY, REVOKED, TWO_GRANTS, ORPHAN, STRANGER, LATER, WIDE = KEYS
COUNTRY, CITY, DISTRICT, ABROAD = 1, 10, 100, 2
END_S = 1_800_000_000


BELOW = {
    0: (0, COUNTRY, CITY, DISTRICT, ABROAD),
    COUNTRY: (COUNTRY, CITY, DISTRICT),
    CITY: (CITY, DISTRICT),
}


def covers(scope: int, area: int) -> bool:
    """Tell whether an area is a scope or lies in it."""
    return area in BELOW.get(scope, (scope,))


FIRST = Charter(
    name="Realm",
    version=1,
    created_s=0,
    previous=b"",
    threshold=2,
    roots=(R1.public, R2.public, R3.public),
    registrars=(REGISTRAR.public,),
    authorities=(
        Authority(1, 0, "", "", (0,), (0,)),
        Authority(2, 1, "", "", (CITY,), (1, 2)),
    ),
    registry=bytes(32),
    revoked=(REVOKED.public,),
)
REALM = FIRST.content_id(b"")
DESK_GRANT = Grant(DESK.public, 2, (5, 6, 9), (1, 3), (CITY,), 1, 100, END_S)
GRANTS = {
    b"desk": DESK_GRANT,
    b"relay": Grant(RELAY.public, 0, (12, 13), (), (0,), 4, 300, END_S),
    b"revoked": replace(DESK_GRANT, subject=REVOKED.public),
    b"one": replace(DESK_GRANT, subject=TWO_GRANTS.public, hazards=(1,)),
    b"two": replace(DESK_GRANT, subject=TWO_GRANTS.public, kinds=(9,), hazards=(0,), rate=7),
    b"wide": replace(DESK_GRANT, subject=WIDE.public, areas=(COUNTRY,)),
    b"orphan": replace(DESK_GRANT, subject=ORPHAN.public, authority=3),
}


def trusting(charter: Charter = FIRST) -> Trust:
    """Return a trust with every grant."""
    trust = Trust(charter.sign((R1, R2)), covers)
    for grant_id, grant in GRANTS.items():
        trust.add_grant(grant_id, grant, REGISTRAR.public, 0)
    return trust


def ask(key: Identity, owner: Role, **other: Any) -> Ask:
    """Return a question that the desk would be granted, but for what is given."""
    plain = Ask(key.public, owner, 5, 1, 1, 0, (CITY,), END_S)
    return plain._replace(**other)


def revoking(key: Identity, other: Identity) -> Ask:
    """Return a key's question whether it may revoke another."""
    return ask(key, Role.GRANTOR, revokes=other.public)


DESK_ROLE, RELAY_ROLE = Role.AUTHORITY, Role.RELAY


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (ask(DESK, DESK_ROLE), Granted(2, 100, END_S)),
        (ask(DESK, DESK_ROLE, areas=(CITY, DISTRICT)), Granted(2, 100, END_S)),
        (ask(DESK, DESK_ROLE, areas=()), Granted(2, 100, END_S)),
        (ask(DESK, DESK_ROLE, kind=9, cls=3, hazard=0), Granted(2, 100, END_S)),
        (ask(DESK, Role.ANYONE), Granted(2, 100, END_S)),
        (ask(DESK, DESK_ROLE, cls=0), Denial.KIND),
        (ask(DESK, DESK_ROLE, kind=8), Denial.KIND),
        (ask(DESK, DESK_ROLE, hazard=2), Denial.HAZARD),
        (ask(DESK, DESK_ROLE, hazard=3), Denial.HAZARD),
        (ask(DESK, DESK_ROLE, areas=(COUNTRY,)), Denial.AREA),
        (ask(DESK, DESK_ROLE, areas=(0,)), Denial.AREA),
        (ask(DESK, DESK_ROLE, areas=(CITY, ABROAD)), Denial.AREA),
        (ask(DESK, DESK_ROLE, created_s=END_S + 1), Denial.ENDED),
        (ask(DESK, Role.REGISTRAR), Denial.ROLE),
        (ask(RELAY, RELAY_ROLE, kind=12, cls=4, hazard=0), Granted(0, 300, END_S)),
        (ask(RELAY, RELAY_ROLE, kind=12, cls=3, hazard=0), Denial.KIND),
        (ask(RELAY, RELAY_ROLE, kind=12, cls=4, hazard=1), Denial.HAZARD),
        (ask(RELAY, DESK_ROLE, kind=12, cls=4, hazard=0), Denial.ROLE),
        (ask(REGISTRAR, Role.REGISTRAR, kind=1), Granted(0, 1_000_000, 2**32 - 1)),
        (ask(REGISTRAR, DESK_ROLE), Denial.ROLE),
        (ask(REVOKED, DESK_ROLE), Denial.REVOKED),
        (ask(REVOKED, Role.REGISTRAR), Denial.REVOKED),
        (ask(STRANGER, DESK_ROLE), Denial.UNKNOWN_KEY),
        (ask(STRANGER, Role.REGISTRAR), Denial.UNKNOWN_KEY),
        (ask(STRANGER, Role.ANYONE), Denial.UNKNOWN_KEY),
        (ask(ORPHAN, DESK_ROLE), Denial.ROLE),
        (ask(WIDE, DESK_ROLE), Granted(2, 100, END_S)),
        (ask(WIDE, DESK_ROLE, areas=(CITY, COUNTRY)), Denial.AREA),
        (ask(TWO_GRANTS, DESK_ROLE), Granted(2, 100, END_S)),
        (ask(TWO_GRANTS, DESK_ROLE, kind=9, hazard=2), Granted(2, 7, END_S)),
        (ask(TWO_GRANTS, DESK_ROLE, kind=5, hazard=2), Denial.HAZARD),
        (ask(TWO_GRANTS, DESK_ROLE, kind=8), Denial.KIND),
        (revoking(REGISTRAR, DESK), Granted(0, 1_000_000, 2**32 - 1)),
        (revoking(DESK, DESK), Granted(2, 100, END_S)),
        *((revoking(DESK, other), Denial.ROLE) for other in KEYS if other is not DESK),
        (ask(DESK, Role.GRANTOR), Denial.ROLE),
        (ask(DESK, Role.GRANTOR, enrols=replace(DESK_GRANT, depth=0)), Denial.ROLE),
        (ask(DESK, DESK_ROLE, authority=2), Granted(2, 100, END_S)),
        *((ask(DESK, DESK_ROLE, authority=other), Denial.ROLE) for other in (0, 1, 3)),
        *((ask(DESK, Role.ANYONE, authority=other), Denial.ROLE) for other in (0, 1, 3)),
        (ask(REGISTRAR, Role.REGISTRAR, authority=2), Denial.ROLE),
        (ask(REGISTRAR, Role.REGISTRAR, authority=0), Granted(0, 1_000_000, 2**32 - 1)),
        (ask(REGISTRAR, Role.ANYONE), Granted(0, 1_000_000, 2**32 - 1)),
        (ask(REGISTRAR, RELAY_ROLE), Denial.ROLE),
    ],
)
def test_may(question: Ask, answer: Granted | Denial) -> None:
    """Each cell of the table: role, kind, class, hazard, areas, end."""
    assert trusting().may(question) == answer


def test_may_is_what_grant_and_charter_both_allow() -> None:
    """Over every role, kind, class, hazard, verb, area and time the answer is yes exactly where
    the grant and its authority both reach; a verb gives no right by itself."""
    trust, authority = trusting(), FIRST.authorities[1]
    sides: tuple[tuple[object, ...], ...] = (
        tuple(Role), (5, 8, 12), (0, 1, 4), (0, 1, 2, 3), (0, 2, 4),
        ((0,), (CITY,), (DISTRICT,), (ABROAD,), (CITY, DISTRICT), (DISTRICT, ABROAD)),
        (0, END_S, END_S + 1),
    )  # fmt: skip
    yes = 0
    for role, kind, cls, hazard, verb, areas, created_s in product(*sides):
        question = ask(
            DESK, DESK_ROLE, role=role, kind=kind, cls=cls, hazard=hazard, verb=verb, areas=areas,
            created_s=created_s,
        )  # fmt: skip
        spoken = (
            role in (Role.AUTHORITY, Role.RELAY)
            and kind in DESK_GRANT.kinds
            and question.cls >= DESK_GRANT.cls
            and hazard in {0, *DESK_GRANT.hazards} & {0, *authority.hazards}
            and set(question.areas) <= {CITY, DISTRICT}
        )
        allowed = (spoken or role is Role.ANYONE) and question.created_s <= END_S
        assert isinstance(trust.may(question), Granted) == allowed, question
        yes += allowed
    assert yes == 2 * 1 * 2 * 2 * 3 * 3 * 2 + 3 * 3 * 4 * 3 * 6 * 2


def test_grants_come_and_go() -> None:
    """A key is known by its hint while it has a grant, and the last one's end is its own."""
    trust = trusting()
    hint = key_hint(TWO_GRANTS.public)
    assert trust.keys(hint) == (TWO_GRANTS.public,)
    assert set(trust.chain(hint)) == {b"one", b"two"}
    assert set(trust.grants(TWO_GRANTS.public)) == {GRANTS[b"one"], GRANTS[b"two"]}
    assert trust.is_relay(TWO_GRANTS.public, 0)
    assert trust.is_relay(TWO_GRANTS.public, END_S)
    assert not trust.is_relay(TWO_GRANTS.public, END_S + 1)
    trust.drop(b"one")
    assert trust.chain(hint) == (b"two",)
    trust.drop(b"two")
    trust.drop(b"two")
    assert (trust.keys(hint), trust.chain(hint)) == ((), ())
    assert trust.grants(TWO_GRANTS.public) == ()
    assert trust.may(ask(TWO_GRANTS, DESK_ROLE)) is Denial.UNKNOWN_KEY
    assert not trust.is_relay(STRANGER.public, 0)
    assert trust.keys(key_hint(REGISTRAR.public)) == (REGISTRAR.public,)


def second(**other: object) -> Charter:
    """Return a version 2 by the same roots, but for what is given."""
    plain = replace(FIRST, version=2, previous=REALM, revoked=())
    return replace(plain, **other)  # type: ignore[arg-type]


def test_with_its_registrar_a_grant_falls_and_rises() -> None:
    """Only a registrar of the charter in force begins a line; what a later version names again
    stands again, and a key that it revokes is known and refused."""
    trust = trusting()
    two = second(registrars=(LATER.public,))
    trust.add_charter(two.sign((R1, R2), REALM))
    assert trust.keys(key_hint(REGISTRAR.public)) == ()
    assert trust.keys(key_hint(LATER.public)) == (LATER.public,)
    assert trust.may(ask(DESK, DESK_ROLE)) is Denial.UNKNOWN_KEY
    assert trust.may(ask(REVOKED, DESK_ROLE)) is Denial.UNKNOWN_KEY
    three = replace(
        two, version=3, previous=two.content_id(REALM), registrars=(REGISTRAR.public,),
        revoked=(STRANGER.public,),
    )  # fmt: skip
    trust.add_charter(three.sign((R1, R2), REALM))
    assert trust.may(ask(DESK, DESK_ROLE)) == Granted(2, 100, END_S)
    assert trust.keys(key_hint(STRANGER.public)) == (STRANGER.public,)
    assert trust.may(ask(STRANGER, DESK_ROLE)) is Denial.REVOKED


def test_rate_and_reach_are_those_of_the_grants() -> None:
    """The highest rate of the grants that name the kind, and one reach a grant and authority."""
    trust = trusting()
    assert trust.rate(TWO_GRANTS.public, 9, 5) == 100
    assert trust.rate(TWO_GRANTS.public, 8, 5) == 5
    reach = Reach(DESK_GRANT.areas, DESK_GRANT.hazards)
    assert trust.standing(DESK.public, 2) == Standing((reach,), (REGISTRAR.public,))
    assert [trust.standing(DESK.public, other) for other in (0, 1, 3)] == [Standing()] * 3
    assert len(trust.standing(TWO_GRANTS.public, 2).reach) == 2


def test_speakers_are_authorities_and_relays() -> None:
    """The relay's grant makes one more than the two authorities."""
    trust = trusting()
    assert trust.sources == 3
    trust.drop(b"relay")
    assert (trust.sources, trust.dropped) == (2, 1)


def test_a_registrar_speaks_for_no_authority() -> None:
    """It has no reach, and no line of grants."""
    trust = trusting()
    assert trust.standing(REGISTRAR.public, 0) == Standing()
    assert (trust.grants(REGISTRAR.public), trust.chain(key_hint(REGISTRAR.public))) == ((), ())
    assert not trust.is_relay(REGISTRAR.public, 0)


def test_when_a_key_was_last_enrolled() -> None:
    """By a registrar; what a desk passed on does not renew a key, nor what is revoked."""
    trust = trusting()
    assert trust.enrolled_s(STRANGER.public) == 0
    wide = replace(DESK_GRANT, subject=WIDE.public, depth=1)
    trust.add_grant(b"again", wide, REGISTRAR.public, 50)
    trust.add_grant(b"older", wide, REGISTRAR.public, 40)
    assert trust.enrolled_s(WIDE.public) == 50
    trust.add_grant(b"below", replace(DESK_GRANT, subject=STRANGER.public), WIDE.public, 60)
    assert len(trust.grants(STRANGER.public)) == 1
    assert trust.enrolled_s(STRANGER.public) == 0
    assert set(trust.chain(key_hint(STRANGER.public))) == {b"again", b"older", b"below"}
    assert trust.chain(key_hint(STRANGER.public))[0] != b"below"
    trust.add_revocation(b"r" * 32, Revocation(WIDE.public, 0, 0), REGISTRAR.public)
    assert trust.enrolled_s(WIDE.public) == 0


def test_what_is_surely_a_thiefs() -> None:
    """Only what lies beyond the point of every line's revocation, and what none of them keeps."""
    trust = trusting()
    trust.add_charter(second(registrars=tuple(sorted((REGISTRAR.public, LATER.public)))).sign(
        (R1, R2), REALM
    ))  # fmt: skip
    kept, other = b"k" * 32, b"o" * 32

    def void(message: bytes = other) -> list[bool]:
        return [trust.void(DESK.public, message, point) for point in ((7, 2), (7, 3), (7, 4))]

    assert void() == [False] * 3
    lost = Revocation(DESK.public, 7, 3, (kept[:16],))
    trust.add_revocation(b"r" * 32, lost, REGISTRAR.public)
    assert void() == [False, False, True]
    assert void(kept) == [False] * 3
    trust.add_grant(b"by the other", DESK_GRANT, LATER.public, 0)
    assert void() == [False] * 3
    trust.add_revocation(b"s" * 32, replace(lost, created_s=6), LATER.public)
    assert void() == [False, False, True]
    assert not trust.void(STRANGER.public, other, (9, 9))


def test_who_may_pass_on_narrows_and_revokes_and_nothing_else() -> None:
    """A grant of depth lets its key grant less and revoke; the lines tell whom that concerns."""
    trust = trusting()
    passing = replace(DESK_GRANT, subject=STRANGER.public, depth=1)
    trust.add_grant(b"passing", passing, REGISTRAR.public, 0)
    below = replace(DESK_GRANT, subject=LATER.public)
    yes = Granted(2, 100, END_S)
    for changes, answer in (
        ({"enrols": below}, yes),
        ({"enrols": replace(below, depth=1)}, Denial.ROLE),
        ({"enrols": replace(below, areas=(COUNTRY,))}, Denial.AREA),
        ({"enrols": below, "created_s": END_S + 1}, Denial.ENDED),
        ({"enrols": replace(below, rate=101), "created_s": END_S + 1}, Denial.KIND),
        ({"revokes": DESK.public}, yes),
        ({"revokes": STRANGER.public}, yes),
        ({}, Denial.ROLE),
    ):
        assert trust.may(ask(STRANGER, Role.GRANTOR, **changes)) == answer


def test_the_nearest_denial_is_told() -> None:
    """Of several grants the one that came nearest says why not; revoked outranks all."""
    trust = trusting()
    ended = replace(DESK_GRANT, subject=TWO_GRANTS.public, hazards=(2,), not_after_s=5)
    trust.add_grant(b"three", ended, REGISTRAR.public, 0)
    assert trust.may(ask(TWO_GRANTS, DESK_ROLE, hazard=2)) is Denial.ENDED
    trust.add_revocation(b"r" * 32, Revocation(TWO_GRANTS.public, 0, 0), REGISTRAR.public)
    assert trust.may(ask(TWO_GRANTS, DESK_ROLE)) is Denial.REVOKED
    assert trust.may(ask(TWO_GRANTS, DESK_ROLE, kind=8)) is Denial.KIND
    assert trust.may(ask(TWO_GRANTS, DESK_ROLE, message=b"kept")) is Denial.REVOKED


def test_the_key_to_seal_to_is_that_of_the_longest_grant() -> None:
    """A new one follows an old one; grants without one, or that are revoked, do not count."""
    trust = trusting()
    hint = key_hint(DESK.public)
    assert trust.sealing_key(hint) is None
    for end_s, name in ((END_S + 2, b"b"), (END_S + 1, b"c")):
        grant = replace(DESK_GRANT, not_after_s=end_s, sealing=name * 32)
        trust.add_grant(name, grant, REGISTRAR.public, 0)
    trust.add_grant(b"d", replace(DESK_GRANT, not_after_s=END_S + 3), REGISTRAR.public, 0)
    assert trust.sealing_key(hint) == b"b" * 32
    assert trust.sealing_key(key_hint(STRANGER.public)) is None
    trust.add_revocation(b"r" * 32, Revocation(DESK.public, 0, 0), REGISTRAR.public)
    assert trust.sealing_key(hint) is None


def test_after_a_fork_the_common_version_decides() -> None:
    """Whom only one of two rivals names can enrol nobody, and who was left out is back."""
    trust = trusting()
    rivals = second(registrars=(LATER.public,)), second(name="Other")
    trust.add_charter(rivals[0].sign((R1, R2), REALM))
    assert trust.may(ask(DESK, DESK_ROLE)) is Denial.UNKNOWN_KEY
    trust.add_charter(rivals[1].sign((R1, R2), REALM))
    assert trust.may(ask(DESK, DESK_ROLE)) == Granted(2, 100, END_S)
    assert trust.may(ask(LATER, Role.REGISTRAR)) is Denial.UNKNOWN_KEY
    assert trust.keys(key_hint(LATER.public)) == ()


def test_a_chain_names_what_does_not_stand_too() -> None:
    """Who is asked for a key's grants sends all: the one who asks may know of what they rest on."""
    trust = trusting()
    idle = replace(DESK_GRANT, subject=LATER.public)
    trust.add_grant(b"idle", idle, STRANGER.public, 0)
    assert trust.chain(key_hint(LATER.public)) == (b"idle",)
    assert trust.grants(LATER.public) == ()
