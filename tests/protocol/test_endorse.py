"""The endorsement's body."""

import pytest

from holub_crypto.cbor import Value
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import BodyError


def test_what_is_written_is_read() -> None:
    """It comes back as it was."""
    body = EndorseBody(bytes(range(16)))
    assert EndorseBody.from_wire(body.to_wire()) == body


@pytest.mark.parametrize("fields", [(), (bytes(16), 0), (bytes(15),), (bytes(17),), (0,)])
def test_any_other_form_is_refused(fields: tuple[Value, ...]) -> None:
    """One id's beginning, nothing else."""
    with pytest.raises(BodyError):
        EndorseBody.from_wire(fields)
