"""How charters succeed one another: who may sign, what is refused, what competes."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from holub_crypto.charter import Authority, Charter, CharterError, decode
from holub_crypto.identity import Identity
from holub_crypto.succession import CharterOutcome, Succession

R1, R2, R3, R4, REGISTRAR, LATER, STRANGER = sorted(
    (Identity.from_seed(bytes([n]) * 32) for n in range(1, 8)), key=lambda i: i.public
)
FIRST = Charter(
    name="Realm",
    version=1,
    created_s=0,
    previous=b"",
    threshold=2,
    roots=(R1.public, R2.public, R3.public),
    registrars=(REGISTRAR.public,),
    authorities=(Authority(1, 0, "", "", (0,), (0,)),),
    registry=bytes(32),
)
REALM = FIRST.content_id(b"")


def trusting(charter: Charter = FIRST) -> Succession:
    """Return the succession that begins with a charter."""
    return Succession(charter.sign((R1, R2)))


def second(**other: object) -> Charter:
    """Return a version 2 with R2, R3, R4 as roots, but for what is given."""
    roots = (R2.public, R3.public, R4.public)
    plain = replace(FIRST, version=2, previous=REALM, roots=roots, revoked=())
    return replace(plain, **other)  # type: ignore[arg-type]


def third(of: Charter, **other: object) -> Charter:
    """Return a version 3 after a version 2."""
    plain = replace(of, version=3, previous=of.content_id(REALM))
    return replace(plain, **other)  # type: ignore[arg-type]


def test_a_known_version_is_not_read_again() -> None:
    """The bytes of a version that is known are recognised; any others are read."""
    trust, raw = trusting(), second().sign((R2, R3), REALM)
    assert trust.read(raw) is not trust.read(raw)
    trust.add_charter(raw)
    assert trust.read(raw) is trust.read(raw)
    assert trust.add_signed(trust.read(raw)) is CharterOutcome.KNOWN


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
        Succession(raw)


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
    trust = Succession(FIRST.sign((R1, R2)) + a)
    assert (trust.charter.name, trust.pinned) == ("A", 2)
    assert trust.add_charter(b) is CharterOutcome.REFUSED
    assert (trust.charter.name, trust.forked) == ("A", False)
    for name in "CD":
        trust.add_charter(third(second(name="A"), name=name).sign((R2, R3), REALM))
    assert (trust.charter.name, trust.forked) == ("A", True)
    assert [decode(raw).charter.name for raw in trust.forks] == ["C", "D"]


def test_what_lies_behind_the_pinned_version_is_closed() -> None:
    """A rival of any version up to the pinned one is refused, however well it is signed."""
    two, rival = second(), second(name="Rival")
    three = third(two)
    trust = Succession(
        FIRST.sign((R1, R2)) + two.sign((R2, R3), REALM) + three.sign((R2, R3), REALM)
    )
    assert trust.pinned == 3
    for other in (rival, third(two, name="Rival")):
        assert trust.add_charter(other.sign((R2, R3), REALM)) is CharterOutcome.REFUSED
    assert (trust.charter, trust.forked, len(trust.versions)) == (three, False, 3)


def test_more_than_enough_signatures_are_enough() -> None:
    """Of a first version as of a later one."""
    trust = Succession(FIRST.sign((R1, R2, R3)))
    assert trust.add_charter(second().sign((R1, R2, R3, R4), REALM)) is CharterOutcome.ACCEPTED


def test_what_is_known_is_recognised_by_all_of_its_bytes() -> None:
    """Other bytes are read as what they are, whichever sorts first."""
    trust = trusting()
    others = [second(name=name).sign((R2, R3), REALM) for name in "ABCD"]
    others += [FIRST.sign((R1, R3)), FIRST.sign((R2, R3))]
    for raw in (*others, *trust.versions):
        assert trust.read(raw).raw == raw
        assert trust.read(raw).charter == decode(raw).charter


def test_a_pinned_chain_is_verified() -> None:
    """A link signed by too few, or of another version, is told by its number."""
    first = FIRST.sign((R1, R2))
    missing = "version 2 is not signed by enough root keys of 1 and of its own, .* not follow 1$"
    with pytest.raises(CharterError, match=missing):
        Succession(first + second().sign((R2,), REALM))
    with pytest.raises(CharterError, match="version 3: version 2 is due"):
        Succession(first + third(second()).sign((R2, R3), REALM))


def test_rivals_have_other_words() -> None:
    """Two charters of one version, both well signed, are told apart by their twelve words."""
    first = FIRST.sign((R1, R2))
    a, b = (second(name=name).sign((R2, R3), REALM) for name in "AB")
    words = {Succession(raw).words for raw in (first, first + a, first + b)}
    assert [len(each.split()) for each in words] == [12] * 3


def test_junk_is_an_error() -> None:
    """Bytes that are no charter are not weighed at all."""
    with pytest.raises(CharterError):
        trusting().add_charter(decode(FIRST.sign((R1, R2))).raw[:-1])
