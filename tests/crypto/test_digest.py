"""Digests: known answers, and inputs that can't be made to meet."""

from hashlib import blake2b

from hypothesis import assume, given
from hypothesis import strategies as st

from holub_crypto.digest import ID_BYTES, content_id, derive, keyed

PARTS = st.lists(st.binary(max_size=6), max_size=4)


def test_content_id_is_blake2b_256() -> None:
    """The id of nothing is the known digest (as `b2sum -l 256` prints it)."""
    known = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
    assert content_id(b"").hex() == known
    assert len(content_id(b"abc")) == ID_BYTES


def test_keyed_is_blake2b_with_a_key() -> None:
    """The first keyed vector of the reference implementation, and the size that is asked."""
    key = bytes(range(64))
    known = "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
    assert keyed(key, b"", 64).hex().startswith(known)
    assert keyed(b"key", b"data", 8) == blake2b(b"data", digest_size=8, key=b"key").digest()


@given(st.text(max_size=6), PARTS, st.text(max_size=6), PARTS)
def test_derived_values_do_not_meet(
    label: str, parts: list[bytes], other: str, others: list[bytes]
) -> None:
    """Moving a byte from a part to its neighbour, or to the label, gives another value."""
    assume((label, parts) != (other, others))
    assert derive(label, *parts) != derive(other, *others)


def test_derived_value_is_as_written_down() -> None:
    """The seeds of the test vectors are derived as docs/wire.md says."""
    state = blake2b(digest_size=32, person=b"holub derive")
    state.update(b"\0\0\0\x0btest vector\0\0\0\4desk")
    assert derive("test vector", b"desk") == state.digest()
