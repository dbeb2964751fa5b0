"""What is inside a box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_crypto.sealing import CONTENT_BYTES_MAX
from holub_protocol.letters import LETTER_BYTES_MAX, Letter
from holub_protocol.message import BodyError


@given(st.binary(max_size=LETTER_BYTES_MAX), st.sampled_from([b"", bytes(range(32))]))
def test_there_and_back(content: bytes, reply_to: bytes) -> None:
    """Content and key for the answer come back, and fit a box."""
    letter = Letter(content, reply_to)
    assert Letter.read(letter.write()) == letter
    assert len(letter.write()) <= CONTENT_BYTES_MAX


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        cbor.encode((b"",)),
        cbor.encode((b"", b"x", b"y")),
        cbor.encode((b"short", b"x")),
        cbor.encode((b"", "text")),
        cbor.encode(b""),
    ],
)
def test_junk_in_a_box(data: bytes) -> None:
    """A box may hold anything: what is no letter is said to be none."""
    with pytest.raises(BodyError):
        Letter.read(data)
