"""Keys: the RFC's vector, signatures that verify only where they should, words for people."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto.identity import Identity, key_hint, verify, words

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
SIGNATURE = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_rfc_8032_vector_1() -> None:
    """Key pair and signature are those of RFC 8032, 7.1."""
    identity = Identity.from_seed(SEED)
    assert identity.public == PUBLIC
    assert identity.seed == SEED
    assert identity.sign(b"") == SIGNATURE
    assert verify(PUBLIC, b"", SIGNATURE)


def test_generated_from_entropy() -> None:
    """A new key is the entropy it is given, and nothing else."""
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return SEED

    assert Identity.generate(entropy).public == PUBLIC
    assert asked == [32]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_seed_of_another_length(size: int) -> None:
    """The error names both lengths."""
    with pytest.raises(ValueError, match=f"32 bytes, not {size}"):
        Identity.from_seed(bytes(size))


def test_secret_is_not_printed() -> None:
    """The repr of a key shows nothing of its secret half."""
    identity = Identity.from_seed(SEED)
    assert PUBLIC.hex()[:16] in repr(identity)
    assert SEED.hex()[:8] not in repr(identity)


@given(st.binary(max_size=64), st.integers(0, 127), st.integers(0, 7))
def test_a_flipped_bit_does_not_verify(data: bytes, place: int, bit: int) -> None:
    """Neither a changed signature nor changed data passes."""
    identity = Identity.from_seed(SEED)
    signature = identity.sign(data)
    assert verify(PUBLIC, data, signature)
    broken = bytearray(signature)
    broken[place % 64] ^= 1 << bit
    assert not verify(PUBLIC, data, bytes(broken))
    assert not verify(PUBLIC, data + b"\0", signature)


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (b"", SIGNATURE),
        (PUBLIC + b"\0", SIGNATURE),
        (PUBLIC, b""),
        (PUBLIC, SIGNATURE + b"\0"),
        (bytes(32), bytes(64)),
        (b"\1" + bytes(31), b"\1" + bytes(63)),
        (b"\xff" * 32, SIGNATURE),
    ],
)
def test_junk_is_no_signature(public: bytes, signature: bytes) -> None:
    """Wrong lengths, keys of small order and keys off the curve are a plain no."""
    assert not verify(public, b"", signature)


def test_signatures_are_not_malleable() -> None:
    """The scalar plus the group's order, the same to careless verifiers, is refused."""
    scalar = int.from_bytes(SIGNATURE[32:], "little") + ORDER
    assert not verify(PUBLIC, b"", SIGNATURE[:32] + scalar.to_bytes(32, "little"))


def test_hint_is_the_head_of_a_digest() -> None:
    """A hint is the first 8 bytes of what `b2sum -l 256` prints for the key."""
    assert key_hint(PUBLIC).hex() == "7849ac3049680be1"


@pytest.mark.parametrize(
    ("address", "spelled"),
    [
        ((127, 0, 0, 1), "lusab babad"),
        ((63, 84, 220, 193), "gutih tugad"),
        ((140, 98, 193, 141), "mudof sakat"),
    ],
)
def test_words_are_proquints(address: tuple[int, ...], spelled: str) -> None:
    """The examples of the proquint paper (arXiv 0901.4016)."""
    assert words(bytes(address)) == spelled


@given(st.binary(max_size=24).filter(lambda data: len(data) % 2 == 0))
def test_words_tell_data_apart(data: bytes) -> None:
    """Two bytes a word, every word five letters, and no two data spell the same."""
    spelled = words(data)
    assert len(spelled.split()) == len(data) // 2
    assert re.fullmatch(r"([bdfghjklmnprstvz][aiou]([bdfghjklmnprstvz][aiou])[a-z] ?)*", spelled)
    if data:
        assert words(bytes([data[0] ^ 1]) + data[1:]) != spelled


def test_words_of_an_odd_length() -> None:
    """Half a word can't be spelled."""
    with pytest.raises(ValueError, match="even number of bytes, not 3"):
        words(b"abc")
