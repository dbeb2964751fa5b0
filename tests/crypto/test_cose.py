"""COSE at the level of bytes: one accepted form for one signer, and for several."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cose
from holub_crypto.cose import CoseError
from holub_crypto.identity import Identity, key_hint, verify

KEYS = tuple(Identity.from_seed(bytes([n]) * 32) for n in range(1, 5))
ONE = KEYS[0]
HINT = key_hint(ONE.public)
EXTERNAL = b"for this purpose"
GOOD = cose.sign1(ONE, EXTERNAL, b"payload")
MANY = cose.sign_many(KEYS[:3], EXTERNAL, b"payload")
SIZES = [0, 1, 23, 24, 255, 256, 4000, 65_535]


@pytest.mark.parametrize("size", SIZES)
def test_sign1_is_rfc_9052(size: int) -> None:
    """The bytes are those that the RFC's arrays give, for each length of a string's head."""
    payload = bytes(size)
    raw = cose.sign1(ONE, EXTERNAL, payload)
    protected, unprotected, carried, signature = cbor2.loads(raw)
    assert (unprotected, carried) == ({}, payload)
    assert cbor2.loads(protected) == {1: cose.ALGORITHM_ED25519, 4: HINT}
    content = cbor2.dumps(["Signature1", protected, EXTERNAL, payload])
    assert cose.sign1_content(HINT, EXTERNAL, payload) == content
    assert verify(ONE.public, content, signature)
    assert cbor2.dumps([protected, {}, payload, signature]) == raw


@pytest.mark.parametrize("size", SIZES)
def test_sign1_is_read_back(size: int) -> None:
    """What was written is taken apart into what it was made of."""
    signed = cose.read_sign1(cose.sign1(ONE, EXTERNAL, bytes(size)))
    assert (signed.hint, signed.payload) == (HINT, bytes(size))
    assert verify(ONE.public, cose.sign1_content(HINT, EXTERNAL, signed.payload), signed.signature)


def test_a_purpose_is_part_of_what_is_signed() -> None:
    """Under other external data, or as one of several signatures, the signature is nothing."""
    signature = cose.read_sign1(GOOD).signature
    assert not verify(ONE.public, cose.sign1_content(HINT, b"other", b"payload"), signature)
    assert not verify(ONE.public, cose.sign_content(HINT, EXTERNAL, b"payload"), signature)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOOD[:1],
        GOOD[:16],
        GOOD[:17],
        GOOD[:-1],
        GOOD + b"\0",
        b"\xd2" + GOOD,
        b"\x83" + GOOD[1:],
        b"\x84\x4e" + GOOD[2:],
        GOOD.replace(b"\x32\x04\x48", b"\x27\x04\x48", 1),
        GOOD[:15] + b"\xa1\x01\x02" + GOOD[16:],
        GOOD[:15] + b"\xbf\xff" + GOOD[16:],
        GOOD[:16] + b"\x58\x07" + GOOD[17:],
        GOOD[:16] + b"\x59\x00\x07" + GOOD[17:],
        GOOD[:16] + b"\x5a\x00\x00\x00\x07" + GOOD[17:],
        GOOD[:16] + b"\x58",
        GOOD[:16] + b"\x59\x01",
        GOOD[:16] + b"\x5f",
        GOOD[:16] + b"\x67" + GOOD[17:],
        GOOD[:16] + b"\xf6" + GOOD[24:],
        GOOD[:16] + b"\x48" + GOOD[17:],
        GOOD[:24] + b"\x58\x3f" + GOOD[27:],
    ],
)
def test_other_forms_of_sign1_are_refused(raw: bytes) -> None:
    """Cut short, longer, tagged, other headers, long lengths: none is the accepted form."""
    with pytest.raises(CoseError):
        cose.read_sign1(raw)


def rebuilt(signed: cose.Signed) -> bytes:
    """Return the one accepted form of what was read."""
    head = b"\x84\x4d" + cose.protected(signed.hint) + b"\xa0"
    return head + cbor2.dumps(signed.payload) + b"\x58\x40" + signed.signature


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_one_form_of_sign1(at: int, flip: int) -> None:
    """A changed byte is refused, or changes what is read: never a second form of the same."""
    raw = GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]
    try:
        signed = cose.read_sign1(raw)
    except CoseError:
        return
    assert signed != cose.read_sign1(GOOD)
    assert rebuilt(signed) == raw


def test_sign_many_is_rfc_9052() -> None:
    """The bytes are those that the RFC's arrays give; signers stand in the order of hints."""
    body, unprotected, payload, signatures = cbor2.loads(MANY)
    assert (body, unprotected, payload) == (b"", {}, b"payload")
    hints = [cbor2.loads(protected)[4] for protected, _, _ in signatures]
    assert hints == sorted(key_hint(key.public) for key in KEYS[:3])
    by_hint = {key_hint(key.public): key.public for key in KEYS}
    for hint, (protected, empty, signature) in zip(hints, signatures, strict=True):
        assert empty == {}
        content = cbor2.dumps(["Signature", b"", protected, EXTERNAL, payload])
        assert cose.sign_content(hint, EXTERNAL, payload) == content
        assert verify(by_hint[hint], content, signature)


def test_sign_many_does_not_depend_on_order() -> None:
    """Whoever collects the signatures, and in what order, the bytes are the same."""
    payload, signatures = cose.read_sign(MANY, 3)
    assert cose.join_signatures(payload, signatures[::-1]) == MANY
    assert cose.sign_many(KEYS[2::-1], EXTERNAL, b"payload") == MANY


@pytest.mark.parametrize("count", [1, 23, 24, 32])
def test_sign_is_read_back(count: int) -> None:
    """As many signatures as may be, whatever the length of the array's head."""
    pairs = tuple((bytes([n]) * 8, bytes([n]) * 64) for n in range(count))
    assert cose.read_sign(cose.join_signatures(b"p" * 300, pairs), count) == (b"p" * 300, pairs)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOOD,
        MANY[:3],
        MANY[:-1],
        MANY + b"\0",
        b"\xd8\x62" + MANY,
        cose.join_signatures(b"payload", ()),
        cose.sign_many(KEYS, EXTERNAL, b"payload"),
        MANY[:3] + b"\x58\x07" + MANY[4:],
        MANY[:3] + b"\x5f" + MANY[4:],
        MANY[:11] + b"\x98\x03" + MANY[12:],
        MANY[:11] + b"\x82" + MANY[12:],
        MANY[:12] + MANY[12 + 82 :] + MANY[12 : 12 + 82],
        MANY.replace(b"\xa0\x58\x40", b"\xf6\x58\x40"),
    ],
)
def test_other_forms_of_sign_are_refused(raw: bytes) -> None:
    """No signature, too many, out of order, another header: none is the accepted form."""
    with pytest.raises(CoseError):
        cose.read_sign(raw, 3)


@given(st.integers(0, len(MANY) - 1), st.integers(1, 255))
def test_one_form_of_sign(at: int, flip: int) -> None:
    """A changed byte is refused, or changes what is read."""
    raw = MANY[:at] + bytes([MANY[at] ^ flip]) + MANY[at + 1 :]
    try:
        read = cose.read_sign(raw, 3)
    except CoseError:
        return
    assert read != cose.read_sign(MANY, 3)
    assert cose.join_signatures(*read) == raw


def test_the_id_of_a_charter_knows_no_signer() -> None:
    """What the id is made from holds payload and purpose, and is no signed content."""
    content = cbor2.dumps(["Body", b"", EXTERNAL, b"payload"])
    assert cose.body_content(EXTERNAL, b"payload") == content


def test_longer_than_any_message() -> None:
    """Lengths of four bytes are written right, beyond what is ever read."""
    assert cose.sign1_content(HINT, b"", bytes(70_000))[-70_005:-70_000] == b"\x5a\0\x01\x11\x70"
