"""Requests and signatures: what travels, what is checked, and what chain comes of it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto.charter import Authority, Charter, decode, split
from holub_crypto.identity import Identity
from holub_relay import ceremony
from holub_relay.ceremony import Relation, Request
from holub_relay.errors import OperatorError

KEYS = sorted((Identity.from_seed(bytes([n]) * 32) for n in range(1, 6)), key=lambda i: i.public)
ROOTS = tuple(key.public for key in KEYS)
FIRST = Charter(
    name="Nova",
    version=1,
    created_s=1_700_000_000,
    previous=b"",
    threshold=2,
    roots=ROOTS[:3],
    registrars=(),
    authorities=(Authority(1, 0, "а", "a", (0,), (0,)),),
    registry=bytes(32),
)
FOUNDING = ceremony.founding(FIRST)
CHAIN = FOUNDING.combine(map(FOUNDING.sign, KEYS[:2]))


def rotation(**changes: object) -> Request:
    """A request that drops the first root key and adds the fourth."""
    return ceremony.following(split(CHAIN), 1_800_000_000, **{"roots": ROOTS[1:4], **changes})


def test_a_founding_takes_its_own_threshold() -> None:
    """Two of three sign; the chain's words are those that the request had."""
    assert ceremony.read_chain(CHAIN, "x").words == FOUNDING.words
    with pytest.raises(OperatorError, match="1 more of the realm's root keys must sign version 1"):
        FOUNDING.combine([FOUNDING.sign(KEYS[0])])


@pytest.mark.parametrize(
    ("who", "missing"),
    [((0, 1), "new"), ((1, 2), None), ((1, 3), "old"), ((0, 3), "old"), ((0, 1, 3), None)],
)
def test_a_rotation_takes_old_and_new(who: tuple[int, ...], missing: str | None) -> None:
    """Two of the old and two of the new root keys: who is in both counts for both."""
    request = rotation()
    signatures = [request.sign(KEYS[number]) for number in who]
    assert all(quorum.met for quorum in request.quorums(signatures)) == (missing is None)
    if missing:
        with pytest.raises(OperatorError, match=f"1 more of the {missing} root keys"):
            request.combine(signatures)
        return
    chain = request.combine([*signatures, signatures[0]])
    trust = ceremony.read_chain(chain, "x")
    assert (trust.charter.version, trust.words) == (2, request.words)
    assert ceremony.relation(split(CHAIN), split(chain)) is Relation.NEWER


def test_files_come_back_as_they_were() -> None:
    """Requests with and without charters before them, and signatures in any white space."""
    for request in (FOUNDING, rotation()):
        content = request.encode()
        assert ceremony.is_request(content)
        assert ceremony.read_request(content, "x") == request
        signature = request.sign(KEYS[1])
        text = signature.encode()
        assert ceremony.is_signature(text.encode())
        assert not ceremony.is_request(text.encode())
        mailed = text.replace("\n", "\r\n  ").encode()
        assert ceremony.read_signature(mailed, "x") == signature


def test_foreign_signatures_are_told_apart() -> None:
    """Another draft's, a stranger's and a damaged one each have their words."""
    request = rotation()
    other = rotation(name="Other").sign(KEYS[1])
    with pytest.raises(OperatorError, match="another charter than this request of version 2"):
        request.quorums([other])
    with pytest.raises(OperatorError, match="is no root key of version 2 or of the one before"):
        request.sign(KEYS[4])
    stranger = replace(request.sign(KEYS[1]), key=ROOTS[4])
    with pytest.raises(OperatorError, match="is by no root key of this request"):
        request.quorums([stranger])
    with pytest.raises(OperatorError, match="damaged or forged"):
        request.quorums([replace(request.sign(KEYS[1]), signature=bytes(64))])


def test_a_signature_serves_one_realm_only() -> None:
    """The same keys and the same change in another realm have another id and signature."""
    other = ceremony.founding(replace(FIRST, name="Other"))
    chain = split(other.combine(map(other.sign, KEYS[:2])))
    there = ceremony.following(chain, 1_800_000_000, roots=ROOTS[1:4], name="Nova")
    with pytest.raises(OperatorError, match="another charter"):
        rotation().quorums([there.sign(KEYS[1])])


def test_what_no_charter_may_be_is_told_before_anybody_signs() -> None:
    """Thresholds, orders and sizes are checked when the request is made."""
    for wrong, told in (
        ({"threshold": 1}, "1 of 3 root keys: more than half are needed"),
        ({"threshold": 4}, "4 of 3"),
        ({"name": "x" * 65}, "text of at most 64 bytes"),
        ({"revoked": tuple(sorted(os.urandom(32) for _ in range(65)))}, "65 entries"),
        ({"authorities": tuple(Authority(n, 0, "а" * 60, "b" * 60, (0,), (0,))
                               for n in range(1, 60))}, "bytes, more than 4096"),
    ):  # fmt: skip
        with pytest.raises(OperatorError, match=told):
            rotation(**wrong)


def test_an_amended_request_keeps_its_version() -> None:
    """Further changes go into the same next version, and signatures of before no longer fit."""
    first = rotation()
    second = ceremony.following(first, 1_800_000_001, name="Novo")
    assert (second.charter.version, second.charter.roots) == (2, ROOTS[1:4])
    with pytest.raises(OperatorError, match="earlier draft"):
        second.quorums([first.sign(KEYS[1])])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no request"),
        (b"junk" * 9, "is no request"),
        (replace(FOUNDING, chain=split(CHAIN)).encode(), "does not follow"),
        (replace(rotation(), chain=()).encode(), "does not follow"),
        (replace(rotation(), chain=split(CHAIN) * 2).encode(), "version 2 is due"),
        (replace(rotation(), chain=(decode(CHAIN).raw[:-1],)).encode(), "is no"),
        (replace(rotation(), chain=(FIRST.sign(tuple(KEYS[:1])),)).encode(), "not signed by"),
    ],
)
def test_requests_are_verified_from_the_first_charter_on(content: bytes, told: str) -> None:
    """Whoever forges or damages a request on the way fools no holder."""
    with pytest.raises(OperatorError, match=told):
        ceremony.read_request(content, "file")


@given(st.data())
def test_no_changed_byte_of_a_request_is_taken_for_it(data: st.DataObject) -> None:
    """A damaged request is refused, or is another one with other words."""
    good = rotation().encode()
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        request = ceremony.read_request(changed, "file")
    except OperatorError:
        return
    # A signature's bytes may differ where it is not needed; the words bind all that is signed.
    assert request.words != rotation().words or request.charter == rotation().charter


@given(st.binary(max_size=300) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "replace")))
def test_junk_is_no_signature(content: bytes) -> None:
    """Any bytes are an error that names the file, nothing else."""
    for junk in (content, b"holub signature 1\n" + content):
        with pytest.raises(OperatorError, match="file is no signature"):
            ceremony.read_signature(junk, "file")


def test_relations_of_chains() -> None:
    """Same, newer, older, rival, and another realm's."""
    one = split(CHAIN)
    request, rival = rotation(), rotation(name="Rival")
    two = split(request.combine(map(request.sign, KEYS[1:3])))
    evil = split(rival.combine(map(rival.sign, KEYS[1:3])))
    other = ceremony.founding(replace(FIRST, name="Other"))
    far = split(other.combine(map(other.sign, KEYS[:2])))
    pairs = ((one, one), (one, two), (two, one), (two, evil), (one, far), (one, ()))
    assert [ceremony.relation(*pair) for pair in pairs] == [
        Relation.SAME, Relation.NEWER, Relation.OLDER, Relation.RIVAL, None, None,
    ]  # fmt: skip


def test_files_are_new_and_small(tmp_path: Path) -> None:
    """Nothing is written over, and a wrong path is not read to its end."""
    path = tmp_path / "a"
    ceremony.write_new(path, b"12345")
    with pytest.raises(OperatorError, match="exists already"):
        ceremony.write_new(path, b"")
    with pytest.raises(OperatorError, match="can't write"):
        ceremony.write_new(tmp_path / "no" / "a", b"")
    assert ceremony.read_file(path, 5) == b"12345"
    with pytest.raises(OperatorError, match="over 4 bytes"):
        ceremony.read_file(path, 4)
    with pytest.raises(OperatorError, match="can't read"):
        ceremony.read_file(tmp_path, 4)
