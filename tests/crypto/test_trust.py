"""Who may say what: the table of answers, and how charters succeed one another."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from holub_crypto.charter import Authority, Charter, CharterError, decode
from holub_crypto.identity import Identity, key_hint
from holub_crypto.trust import Ask, CharterOutcome, Denial, Grant, Granted, Reach, Role, Trust

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
        trust.add_grant(grant_id, grant)
    return trust


def ask(key: Identity, owner: Role, **other: Any) -> Ask:
    """Return a question that the desk would be granted, but for what is given."""
    plain = Ask(key.public, owner, 5, 1, 1, 0, (CITY,), END_S)
    return plain._replace(**other)


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
    ],
)
def test_may(question: Ask, answer: Granted | Denial) -> None:
    """Each cell of the table: role, kind, class, hazard, areas, end."""
    assert trusting().may(question) == answer


def test_may_is_what_grant_and_charter_both_allow() -> None:
    """Over every role, kind, class, hazard, area and time the answer is yes exactly where the
    grant and its authority both reach."""
    trust, authority = trusting(), FIRST.authorities[1]
    sides: tuple[tuple[object, ...], ...] = (
        tuple(Role), (5, 8, 12), (0, 1, 4), (0, 1, 2, 3), (0, CITY, DISTRICT, ABROAD),
        (END_S, END_S + 1),
    )  # fmt: skip
    yes = 0
    for role, kind, cls, hazard, area, created_s in product(*sides):
        question = ask(
            DESK, DESK_ROLE, role=role, kind=kind, cls=cls, hazard=hazard, areas=(area,),
            created_s=created_s,
        )  # fmt: skip
        allowed = (
            role is not Role.REGISTRAR
            and kind in DESK_GRANT.kinds
            and question.cls >= DESK_GRANT.cls
            and hazard in {0, *DESK_GRANT.hazards} & {0, *authority.hazards}
            and area in (CITY, DISTRICT)
            and created_s == END_S
        )
        assert isinstance(trust.may(question), Granted) == allowed, question
        yes += allowed
    assert yes == 24


def test_grants_come_and_go() -> None:
    """A key is known by its hint while it has a grant, and the last one's end is its own."""
    trust = trusting()
    hint = key_hint(TWO_GRANTS.public)
    assert trust.keys(hint) == (TWO_GRANTS.public,)
    assert set(trust.grants_for(hint)) == {b"one", b"two"}
    assert set(trust.grants(TWO_GRANTS.public)) == {GRANTS[b"one"], GRANTS[b"two"]}
    assert trust.is_relay(TWO_GRANTS.public, END_S)
    assert not trust.is_relay(TWO_GRANTS.public, END_S + 1)
    trust.drop_grant(b"one")
    assert trust.grants_for(hint) == (b"two",)
    trust.drop_grant(b"two")
    trust.drop_grant(b"two")
    assert (trust.keys(hint), trust.grants_for(hint)) == ((), ())
    assert trust.grants(TWO_GRANTS.public) == ()
    assert trust.may(ask(TWO_GRANTS, DESK_ROLE)) is Denial.UNKNOWN_KEY
    assert not trust.is_relay(STRANGER.public, 0)
    assert trust.keys(key_hint(REGISTRAR.public)) == (REGISTRAR.public,)


# --- charters ---------------------------------------------------------------------------------


def second(**other: object) -> Charter:
    """Return a version 2 with R2, R3, R4 as roots, but for what is given."""
    roots = (R2.public, R3.public, R4.public)
    plain = replace(FIRST, version=2, previous=REALM, roots=roots, revoked=())
    return replace(plain, **other)  # type: ignore[arg-type]


def third(of: Charter, **other: object) -> Charter:
    """Return a version 3 after a version 2."""
    plain = replace(of, version=3, previous=of.content_id(REALM))
    return replace(plain, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (FIRST.sign((R1,)), "not signed by enough"),
        (FIRST.sign((R1, STRANGER)), "not signed by enough"),
        (second().sign((R2, R3), REALM), "version 2: a realm starts with version 1"),
        (b"junk", "COSE_Sign"),
    ],
)
def test_a_realm_starts_with_its_own_roots(raw: bytes, what: str) -> None:
    """Only version 1 with enough signatures of its own roots begins a realm."""
    with pytest.raises(CharterError, match=what):
        Trust(raw, covers)


def signers() -> Iterator[tuple[tuple[Identity, ...], bool]]:
    """Every choice of signers of version 2, and whether two of each version's roots are in."""
    for picks in product((False, True), repeat=4):
        keys = tuple(k for k, pick in zip((R1, R2, R3, R4), picks, strict=True) if pick)
        if keys:
            yield keys, sum(picks[:3]) >= 2 and sum(picks[1:]) >= 2


@pytest.mark.parametrize(("keys", "enough"), list(signers()))
def test_a_successor_needs_old_and_new_roots(keys: tuple[Identity, ...], enough: bool) -> None:
    """k of the old and k of the new root keys, as TUF does: old ones alone can't take over."""
    trust = trusting()
    outcome = trust.add_charter(second().sign(keys, REALM))
    assert outcome is (CharterOutcome.ACCEPTED if enough else CharterOutcome.REFUSED)
    assert trust.charter.version == 1 + enough


def test_versions_follow_one_another() -> None:
    """A gap waits, what is known is known whoever signed it, and all versions are kept."""
    trust = trusting()
    two = second(registrars=(LATER.public,))
    three = third(two)
    raws = (two.sign((R2, R3), REALM), three.sign((R2, R4), REALM))
    assert trust.add_charter(raws[1]) is CharterOutcome.AHEAD
    assert trust.add_charter(raws[0]) is CharterOutcome.ACCEPTED
    assert trust.add_charter(raws[1]) is CharterOutcome.ACCEPTED
    assert trust.add_charter(two.sign((R3, R4), REALM)) is CharterOutcome.KNOWN
    assert trust.add_charter(FIRST.sign((R1, R2))) is CharterOutcome.KNOWN
    assert trust.versions == (FIRST.sign((R1, R2)), *raws)
    assert (trust.charter, trust.forked) == (three, False)
    assert trust.keys(key_hint(REGISTRAR.public)) == ()
    assert trust.keys(key_hint(LATER.public)) == (LATER.public,)
    assert trust.may(ask(DESK, DESK_ROLE)) == Granted(2, 100, END_S)
    assert trust.may(ask(REVOKED, DESK_ROLE)) == Granted(2, 100, END_S)


@pytest.mark.parametrize(
    "version",
    [
        second(previous=bytes(32)),
        third(second(), version=2),
        replace(FIRST, name="Other", roots=(R1.public, R2.public, R3.public)),
    ],
)
def test_another_chain_is_refused(version: Charter) -> None:
    """A version of another chain, or another version 1, changes nothing."""
    trust = trusting()
    assert trust.add_charter(version.sign((R1, R2, R3), REALM)) is CharterOutcome.REFUSED
    assert (trust.charter, trust.forked) == (FIRST, False)


def test_a_charter_of_another_realm_is_refused() -> None:
    """Signatures bind the realm: the same keys may not have meant this one."""
    trust = trusting()
    assert trust.add_charter(second().sign((R2, R3), bytes(32))) is CharterOutcome.REFUSED


def test_no_rollback() -> None:
    """An older version that was never in force can't displace the one in force."""
    trust = trusting()
    trust.add_charter(second().sign((R2, R3), REALM))
    weak = second(name="Weak").sign((R2,), REALM)
    assert trust.add_charter(weak) is CharterOutcome.REFUSED
    assert (trust.charter, trust.forked) == (second(), False)


@pytest.mark.parametrize("with_third", [False, True])
def test_a_fork_falls_back_to_the_common_version(with_third: bool) -> None:
    """Two successors of one version: neither is followed, in whatever order they come, nor what
    builds on them; the alarm stays."""
    a, b = second(name="A"), second(name="B")
    raws = {c.name: c.sign((R2, R3), REALM) for c in (a, b)}
    for names in (("A", "B"), ("B", "A")):
        trust = trusting()
        assert trust.add_charter(raws[names[0]]) is CharterOutcome.ACCEPTED
        if with_third:
            later = third(a if names[0] == "A" else b).sign((R2, R3), REALM)
            assert trust.add_charter(later) is CharterOutcome.ACCEPTED
        assert trust.add_charter(raws[names[1]]) is CharterOutcome.FORKED
        assert (trust.charter, trust.forked) == (FIRST, True)
        for raw in raws.values():
            assert trust.add_charter(raw) is CharterOutcome.FORKED
        assert trust.add_charter(third(a).sign((R2, R3), REALM)) is CharterOutcome.AHEAD
        assert trust.charter == FIRST


def test_a_pinned_chain_is_never_left() -> None:
    """What competes with a version that people pinned, or with one before it, is refused without
    an alarm, though its roots signed it; later versions are followed, and may fork, as ever."""
    a, b = (second(name=name).sign((R2, R3), REALM) for name in "AB")
    trust = Trust(FIRST.sign((R1, R2)) + a, covers)
    assert (trust.charter.name, trust.pinned) == ("A", 2)
    assert trust.add_charter(b) is CharterOutcome.REFUSED
    assert (trust.charter.name, trust.forked) == ("A", False)
    for name in "CD":
        trust.add_charter(third(second(name="A"), name=name).sign((R2, R3), REALM))
    assert (trust.charter.name, trust.forked) == ("A", True)
    assert [decode(raw).charter.name for raw in trust.forks] == ["C", "D"]


def test_a_pinned_chain_is_verified() -> None:
    """A link signed by too few, or of another version, is told by its number."""
    first = FIRST.sign((R1, R2))
    with pytest.raises(CharterError, match="version 2 is not signed by enough"):
        Trust(first + second().sign((R2,), REALM), covers)
    with pytest.raises(CharterError, match="version 3: version 2 is due"):
        Trust(first + third(second()).sign((R2, R3), REALM), covers)


def test_rivals_have_other_words() -> None:
    """Two charters of one version, both well signed, are told apart by their twelve words."""
    first = FIRST.sign((R1, R2))
    a, b = (second(name=name).sign((R2, R3), REALM) for name in "AB")
    assert len({Trust(raw, covers).words for raw in (first, first + a, first + b)}) == 3


def test_junk_is_an_error() -> None:
    """Bytes that are no charter are not weighed at all."""
    with pytest.raises(CharterError):
        trusting().add_charter(decode(FIRST.sign((R1, R2))).raw[:-1])


def test_rate_and_reach_are_those_of_the_grants() -> None:
    """The highest rate of the grants that name the kind, and one reach a grant and authority."""
    trust = trusting()
    assert trust.rate(TWO_GRANTS.public, 9, 5) == 100
    assert trust.rate(TWO_GRANTS.public, 8, 5) == 5
    assert trust.reach(DESK.public, 2) == (Reach(DESK_GRANT.areas, DESK_GRANT.hazards),)
    assert trust.reach(DESK.public, 1) == ()
    assert len(trust.reach(TWO_GRANTS.public, 2)) == 2
