"""The body of kinds that one service alone may read."""

import pytest

from holub_crypto.cbor import Value
from holub_crypto.sealing import BOX_BYTES_MAX, BOX_OVERHEAD_BYTES
from holub_protocol.kinds import KINDS, Readers
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import BodyError

HINT = bytes(range(8))


def test_what_a_relay_sees() -> None:
    """The service's hint and a box: there and back."""
    body = SealedBody(HINT, bytes(112))
    assert SealedBody.from_wire(body.to_wire()) == body
    assert len(body.to_wire()) == 2


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (HINT,),
        (HINT, bytes(112), 1),
        (HINT[:7], bytes(112)),
        (HINT, "text"),
        (HINT, bytes(BOX_OVERHEAD_BYTES - 1)),
        (HINT, bytes(BOX_BYTES_MAX + 1)),
        ("needs help", bytes(112)),
    ],
)
def test_nothing_else_is_a_sealed_body(fields: tuple[Value, ...]) -> None:
    """A body in clear, or with more beside the box, is refused: it would be read on its way."""
    with pytest.raises(BodyError):
        SealedBody.from_wire(fields)


def test_every_sealed_kind_has_this_body() -> None:
    """No kind that is said to be sealed takes anything in clear, and no other kind a box."""
    for kind in KINDS.values():
        sealed = kind.readers is Readers.SEALED
        assert sealed == (kind.parse == SealedBody.from_wire)


def test_a_box_fits_its_kind() -> None:
    """The smallest size of a box fits every sealed kind, the second largest those of needs, and
    the largest a request with its answers, headers and signature included."""
    for name, box_bytes in (("checkin", 368), ("need", 752), ("request", BOX_BYTES_MAX)):
        kind = next(kind for kind in KINDS.values() if kind.name == name)
        assert box_bytes + 130 <= kind.size_max_bytes
