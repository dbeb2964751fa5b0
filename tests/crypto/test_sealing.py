"""Boxes: only the right key opens them, their length says little, and libsodium agrees."""

from collections.abc import Callable
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from holub_crypto.identity import Identity
from holub_crypto.sealing import (
    BOX_BYTES_MAX,
    BOX_BYTES_MIN,
    BOX_OVERHEAD_BYTES,
    CONTENT_BYTES_MAX,
    PADDED_BYTES,
    SealingError,
    seal,
    unseal,
)

SERVICE = Identity.from_seed(bytes(range(32)))
OTHER = Identity.from_seed(bytes(range(1, 33)))


def entropy(seed: int = 0) -> Callable[[int], bytes]:
    """Return a source that gives the same bytes in every run."""
    return lambda size: blake2b(seed.to_bytes(4, "big"), digest_size=size).digest()


@given(st.binary(max_size=CONTENT_BYTES_MAX))
def test_only_its_holder_opens_it(content: bytes) -> None:
    """Whatever was sealed comes back, to the last zero byte; another key gets nothing."""
    box = seal(SERVICE.public, content, entropy())
    assert unseal(SERVICE, box) == content
    with pytest.raises(SealingError, match="another key"):
        unseal(OTHER, box)


def test_the_length_tells_one_of_five() -> None:
    """Every content has one of five lengths of box, the smallest that holds it and a mark."""
    lengths = {size: len(seal(SERVICE.public, bytes(size), entropy())) for size in range(1792)}
    assert set(lengths.values()) == {size + BOX_OVERHEAD_BYTES for size in PADDED_BYTES}
    for below, size in zip((0, *PADDED_BYTES), PADDED_BYTES, strict=False):
        assert lengths[below] == lengths[size - 1] == size + BOX_OVERHEAD_BYTES
    assert (min(lengths.values()), max(lengths.values())) == (BOX_BYTES_MIN, BOX_BYTES_MAX)


def test_too_much_is_refused() -> None:
    """A content beyond the largest size is refused with both numbers."""
    with pytest.raises(SealingError, match="1792 bytes to seal, at most 1791"):
        seal(SERVICE.public, bytes(CONTENT_BYTES_MAX + 1), entropy())


def test_two_boxes_of_one_content_have_nothing_in_common() -> None:
    """Another ephemeral key makes another box: nobody sees that the same was sent twice."""
    first, second = (seal(SERVICE.public, b"help", entropy(n)) for n in (1, 2))
    assert first[:32] != second[:32]
    assert first[32:] != second[32:]


@pytest.mark.parametrize("at", [0, 31, 32, 47, 48, 111])
def test_an_altered_box_does_not_open(at: int) -> None:
    """One bit anywhere is noticed."""
    box = bytearray(seal(SERVICE.public, b"help", entropy()))
    box[at] ^= 1
    with pytest.raises(SealingError):
        unseal(SERVICE, bytes(box))


@pytest.mark.parametrize("box", [b"", bytes(47), bytes(48), bytes(112), bytes(2000)])
def test_junk_does_not_open(box: bytes) -> None:
    """Bytes that are no box are refused in the same words."""
    with pytest.raises(SealingError, match="another key, or was altered"):
        unseal(SERVICE, box)


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"short"])
def test_a_weak_key_is_not_sealed_to(key: bytes) -> None:
    """Points of small order and bytes that are no point would give everybody the secret."""
    with pytest.raises(SealingError, match="no key to seal to"):
        seal(key, b"help", entropy())


def test_libsodium_opens_ours_and_we_open_its() -> None:
    """A box is libsodium's sealed box to the converted key, no more and no less."""
    ours = seal(SERVICE.public, b"help", entropy())
    private: PrivateKey = SigningKey(SERVICE.seed).to_curve25519_private_key()
    padded = SealedBox(private).decrypt(ours)
    assert padded == b"help\x80" + bytes(PADDED_BYTES[0] - 5)
    assert unseal(SERVICE, SealedBox(private.public_key).encrypt(padded)) == b"help"


def test_a_box_of_another_size_does_not_open() -> None:
    """A sender that pads otherwise, or not at all, is not read: its boxes would stand out."""
    private: PrivateKey = SigningKey(SERVICE.seed).to_curve25519_private_key()
    for padded in (b"help\x80", b"help\x80" + bytes(60), bytes(64), b"\x80" + b"x" * 63):
        with pytest.raises(SealingError):
            unseal(SERVICE, SealedBox(private.public_key).encrypt(padded))
