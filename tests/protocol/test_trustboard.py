"""The trust board's body."""

import pytest

from holub_crypto.cbor import Value
from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.message import BodyError

DIGEST = revocations_digest((b"a" * 32, b"b" * 32))


def test_what_is_written_is_read() -> None:
    """It comes back as it was."""
    body = TrustBoardBody(2, 2, DIGEST, 3600)
    assert TrustBoardBody.from_wire(body.to_wire()) == body


def test_the_digest_is_of_the_set() -> None:
    """In whatever order the ids come, and another for any other set."""
    assert revocations_digest((b"b" * 32, b"a" * 32)) == DIGEST
    assert len({DIGEST, revocations_digest(()), revocations_digest((b"a" * 32,))}) == 3


@pytest.mark.parametrize(
    "fields",
    [
        (1, 0, DIGEST),
        (1, 0, DIGEST, 1, 0),
        (0, 0, DIGEST, 1),
        (65_536, 0, DIGEST, 1),
        (1, -1, DIGEST, 1),
        (1, 0, DIGEST[:-1], 1),
        (1, 0, DIGEST, 0),
        (1, 0, DIGEST, 86_401),
    ],
)
def test_any_other_form_is_refused(fields: tuple[Value, ...]) -> None:
    """Wrong number, size or range."""
    with pytest.raises(BodyError):
        TrustBoardBody.from_wire(fields)
