"""The proof's body."""

import pytest

from holub_crypto.cbor import Value
from holub_protocol.codec import decode, encode
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.proof import PROVEN_BYTES, ProofBody
from holub_protocol.message import BodyError, Message
from support_realm import START_S, key


def test_two_messages_have_one_order() -> None:
    """Whoever finds the two writes the same bytes."""
    assert ProofBody.of(b"b", b"a") == ProofBody.of(b"a", b"b") == ProofBody(b"a", b"b")
    assert ProofBody.from_wire((b"a", b"b")).to_wire() == (b"a", b"b")


@pytest.mark.parametrize(
    "fields",
    [(b"a",), (b"a", b"b", b"c"), (b"b", b"a"), (b"a", b"a"), (b"", b"a"), (b"a", 1),
     (b"a", b"b" * (PROVEN_BYTES + 1))],
)  # fmt: skip
def test_any_other_form_is_refused(fields: tuple[Value, ...]) -> None:
    """Two different byte strings in order, each within its bound."""
    with pytest.raises(BodyError):
        ProofBody.from_wire(fields)


def test_the_largest_fits() -> None:
    """Two messages of PROVEN_BYTES and the envelope are one message."""
    raw = encode(
        key("relay"), bytes(32), kind_named("proof"), created_s=START_S, k=59, lifetime_s=86_400,
        area=0, body=ProofBody(bytes(PROVEN_BYTES), b"\x01" * PROVEN_BYTES),
    )  # fmt: skip
    assert isinstance(decode(raw, bytes(32)), Message)
