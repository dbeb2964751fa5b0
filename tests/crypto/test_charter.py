"""The charter: its rules within one version, its bytes, its id and its signatures."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor, charter, cose
from holub_crypto.charter import (
    CHARTER_BYTES_MAX,
    Authority,
    Charter,
    CharterError,
    decode,
    fingerprint,
    split,
)
from holub_crypto.digest import content_id
from holub_crypto.identity import Identity, words

KEYS = sorted((Identity.from_seed(bytes([n]) * 32) for n in range(1, 7)), key=lambda i: i.public)
PUBLIC = tuple(key.public for key in KEYS)
AIR, CITY = (
    Authority(1, 0, "Повітряні сили", "Air Force", (0,), (0,)),
    Authority(2, 1, "Місто", "City", (93317,), (1, 200)),
)
FIRST = Charter(
    name="Realm",
    version=1,
    created_s=1_700_000_000,
    previous=b"",
    threshold=2,
    roots=PUBLIC[:3],
    registrars=PUBLIC[3:5],
    authorities=(AIR, CITY),
    registry=bytes(range(32)),
)
REALM = FIRST.content_id(b"")
SECOND = replace(FIRST, version=2, previous=REALM, revoked=PUBLIC[5:])


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"threshold": 1}, "1 of 3 root keys: more than half"),
        ({"threshold": 4}, "4 of 3 root keys"),
        ({"threshold": 1, "roots": PUBLIC[:2]}, "1 of 2 root keys"),
        ({"roots": PUBLIC[2::-1]}, "root keys are not in ascending order"),
        ({"roots": (PUBLIC[0], PUBLIC[0], PUBLIC[1])}, "root keys .* each once"),
        ({"registrars": PUBLIC[4:2:-1]}, "registrar keys"),
        ({"revoked": (PUBLIC[1], PUBLIC[0])}, "revoked keys"),
        ({"authorities": (CITY, AIR)}, "not ascending"),
        ({"authorities": (AIR, AIR)}, "not ascending"),
        ({"authorities": (replace(AIR, number=0),)}, "not ascending from 1"),
        ({"authorities": (CITY,)}, "authority 2 has an unknown parent 1"),
        ({"authorities": (replace(AIR, parent=2), CITY)}, "authority 1 comes before its parent 2"),
        ({"authorities": (replace(AIR, parent=1),)}, "authority 1 comes before its parent 1"),
        ({"previous": bytes(32)}, "version 1 has no version before"),
        ({"version": 2}, "every other has one"),
    ],
)
def test_rules_of_one_version(wrong: dict[str, object], what: str) -> None:
    """A charter that breaks a rule can't be made; the error names the rule and the value."""
    with pytest.raises(CharterError, match=what):
        replace(FIRST, **wrong)  # type: ignore[arg-type]


def test_authorities_and_their_lineage() -> None:
    """An authority is found by number; its line goes up to the one above all."""
    assert FIRST.authority(2) == CITY
    assert FIRST.authority(3) is None
    assert FIRST.lineage(2) == (2, 1)
    assert FIRST.lineage(1) == (1,)
    assert FIRST.lineage(3) == ()


@pytest.mark.parametrize("version", [FIRST, SECOND], ids=["first", "second"])
def test_what_is_signed_is_read_back(version: Charter) -> None:
    """The signed bytes hold the whole charter and who has signed it."""
    signed = decode(version.sign(tuple(KEYS[:2]), REALM))
    assert signed.charter == version
    assert sorted(signed.signers(version.roots, REALM)) == sorted(k.public for k in KEYS[:2])
    assert signed.signers(PUBLIC[2:], REALM) == ()
    again = cose.join_signatures(version.payload(), signed.signatures)
    assert again == signed.raw


def test_the_realm_is_charter_1() -> None:
    """Its id needs no realm, depends on content and not on signers, and later versions have
    another in another realm."""
    ids = {decode(FIRST.sign(keys)).charter.content_id(bytes(32)) for keys in
           (tuple(KEYS[:1]), tuple(KEYS[:3]))}  # fmt: skip
    assert ids == {REALM}
    assert FIRST.content_id(b"elsewhere") == REALM
    assert replace(FIRST, name="Other").content_id(b"") != REALM
    assert SECOND.content_id(REALM) != SECOND.content_id(bytes(32))


def test_one_signature_that_says_nothing_spoils_all() -> None:
    """A key that signed twice, another realm, other content, a key that is no root: nobody can
    change a charter's bytes and leave it valid, and junk ends at its first signature."""
    key = KEYS[0]
    payload, (pair,) = cose.read_sign(SECOND.sign((key,), REALM), 1)
    twice = decode(cose.join_signatures(payload, (pair, pair)))
    assert twice.signers(SECOND.roots, REALM) == ()
    once = decode(cose.join_signatures(payload, (pair,)))
    assert once.signers(SECOND.roots, REALM) == (key.public,)
    assert once.signers(SECOND.roots, bytes(32)) == ()
    other = replace(SECOND, name="Other").payload()
    assert decode(cose.join_signatures(other, (pair,))).signers(SECOND.roots, REALM) == ()


def test_a_false_signature_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is a root of two versions, or listed twice, is not tried twice: of ten false
    signatures the first ends the matter after one look."""
    looks = []

    def counted(public: bytes, data: bytes, signature: bytes) -> bool:
        looks.append(public)
        return False

    monkeypatch.setattr(charter, "verify", counted)
    signed = decode(SECOND.sign(tuple(KEYS), REALM))
    assert signed.signers((*SECOND.roots, *SECOND.roots), REALM) == ()
    assert len(looks) == 1


def test_a_signed_charter_knows_its_id_by_its_bytes() -> None:
    """What was read has the id of what it says, in every realm."""
    for realm in (REALM, bytes(32)):
        assert decode(SECOND.sign(tuple(KEYS), REALM)).content_id(realm) == SECOND.content_id(realm)


def signed_payload(*fields: cbor.Value) -> bytes:
    """Return fields as a charter signed by nobody that matters."""
    return cose.sign_many((KEYS[0],), b"", cbor.encode(fields))


FIELDS = cbor.as_tuple(cbor.decode(FIRST.payload()))


@pytest.mark.parametrize(
    ("place", "value", "what"),
    [
        (0, 2, "format 1"),
        (1, "x" * 65, "text of at most 64"),
        (1, b"x", "text"),
        (2, 0, "integer from 1"),
        (2, 65_536, "integer from 1"),
        (3, 2**32, "integer from 0"),
        (3, None, "integer from 0"),
        (4, b"x", "byte string of 32"),
        (5, 0, "integer from 1 to 16"),
        (5, 17, "integer from 1 to 16"),
        (6, (b"x",), "byte string of 32"),
        (6, tuple(bytes([n]) * 32 for n in range(17)), "17 entries, more than 16"),
        (7, tuple(bytes([n]) * 32 for n in range(33)), "33 entries"),
        (8, 1, "not an array"),
        (8, ((1, 0, "", "", ()),), "6 fields"),
        (8, ((0, 0, "", "", (), ()),), "integer from 1"),
        (8, ((1, 0, "x" * 129, "", (), ()),), "at most 128"),
        (8, ((1, 0, "", "", (2**32,), ()),), "integer from 0"),
        (8, ((1, 0, "", "", (), (1024,)),), "integer from 0 to 1023"),
        (8, ((1, 0, "", "", (0,) * 65, ()),), "65 entries"),
        (8, tuple((n, 0, "", "", (), ()) for n in range(1, 66)), "65 entries"),
        (9, b"", "byte string of 32"),
        (10, tuple(bytes([n]) * 32 for n in range(65)), "65 entries"),
        (10, (b"b" * 32, b"a" * 32), "revoked keys"),
    ],
)
def test_fields_that_are_none(place: int, value: cbor.Value, what: str) -> None:
    """Each field of another type or size is refused, and the error tells which."""
    with pytest.raises(CharterError, match=what):
        decode(signed_payload(*FIELDS[:place], value, *FIELDS[place + 1 :]))


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "COSE_Sign"),
        (bytes(CHARTER_BYTES_MAX + 1), "4097 bytes, more than 4096"),
        (FIRST.sign(tuple(KEYS[:2])) + b"\0", "accepted form"),
        (cose.sign_many((KEYS[0],), b"", b"\x01\x02"), "after the end"),
        (cose.sign_many((KEYS[0],), b"", b"\x01"), "not an array"),
        (signed_payload(*FIELDS[:10]), "format 1"),
        (signed_payload(*FIELDS, 0), "format 1"),
    ],
)
def test_bytes_that_are_none(raw: bytes, what: str) -> None:
    """Junk is a CharterError that says how."""
    with pytest.raises(CharterError, match=what):
        decode(raw)


@given(st.data())
def test_no_mutation_has_the_same_content_and_signers(data: st.DataObject) -> None:
    """A changed byte is refused, changes the content, or costs a signature."""
    good = SECOND.sign(tuple(KEYS[:2]), REALM)
    at = data.draw(st.integers(0, len(good) - 1))
    raw = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        signed = decode(raw)
    except CharterError:
        return
    assert signed.raw == raw
    assert len(signed.signers(SECOND.roots, REALM)) < 2


def test_fingerprint_binds_realm_and_content() -> None:
    """Twelve words of 16 bits each, others for another realm, version or rival of a version."""
    spelled = fingerprint(REALM, REALM)
    assert spelled == words(content_id(REALM + REALM)[:24])
    assert len(spelled.split()) == 12
    later, other = (
        SECOND.content_id(REALM), replace(SECOND, threshold=3).content_id(REALM)
    )  # fmt: skip
    spellings = [(REALM, REALM), (REALM, later), (REALM, other), (bytes(32), REALM)]
    assert len({fingerprint(*ids) for ids in spellings}) == 4


def test_a_chain_is_taken_apart_and_nothing_else_is_one() -> None:
    """Charters one after the other from version 1 come back; gaps, rests and disorder are told."""
    first, second = FIRST.sign(tuple(KEYS[:2])), SECOND.sign(tuple(KEYS[:2]), REALM)
    assert split(first) == (first,)
    assert split(first + second) == (first, second)
    for raw, what in (
        (b"", "COSE_Sign"),
        (second, "version 2: a realm starts with version 1"),
        (first + first, "version 1: version 2 is due"),
        (first + second + b"\x84", "COSE_Sign"),
        (first + second[:-1], "accepted form"),
        (first + bytes(5000), "COSE_Sign"),
    ):
        with pytest.raises(CharterError, match=what):
            split(raw)


def test_the_largest_charter_fits() -> None:
    """As many keys and authorities as a large country needs stay within the bound."""
    large = Charter(
        name="Україна",
        version=1,
        created_s=0,
        previous=b"",
        threshold=3,
        roots=tuple(bytes([n]) * 32 for n in range(5)),
        registrars=tuple(bytes([n]) * 32 for n in range(20)),
        authorities=tuple(
            Authority(n, 0, "Область " * 2, "Oblast " * 2, (10_000 + n,), (0,))
            for n in range(1, 51)
        ),
        registry=bytes(32),
    )
    assert len(large.sign(tuple(KEYS[:3]))) <= CHARTER_BYTES_MAX
    assert charter.ROOT_KEYS_MAX >= 5
