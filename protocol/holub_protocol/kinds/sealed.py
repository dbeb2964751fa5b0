"""The body of every kind that one service alone may read."""

from dataclasses import dataclass

from holub_crypto import cbor
from holub_crypto.identity import HINT_BYTES
from holub_crypto.sealing import BOX_BYTES_MAX, BOX_OVERHEAD_BYTES
from holub_protocol.message import BodyError

_FIELDS = 2


@dataclass(frozen=True, slots=True)
class SealedBody:
    """`[service, box]`: the hint of the key that the service signs with, or for a reply of the
    one-time key that awaits it, and the box (see holub_crypto.sealing).

    This is all that a relay learns of the content. It does not judge the padding: a sender that
    leaves it out gives away a length, and nobody else's.
    """

    service: bytes
    box: bytes

    @classmethod
    def from_wire(cls, fields: tuple[cbor.Value, ...]) -> "SealedBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if len(fields) != _FIELDS:
            raise BodyError(f"a sealed body has {_FIELDS} fields, not {len(fields)}")
        try:
            return cls(
                service=cbor.as_bytes(fields[0], HINT_BYTES, HINT_BYTES),
                box=cbor.as_bytes(fields[1], BOX_OVERHEAD_BYTES, BOX_BYTES_MAX),
            )
        except cbor.CborError as error:
            raise BodyError(f"sealed: {error}") from None

    def to_wire(self) -> tuple[cbor.Value, ...]:
        """Return the two fields."""
        return self.service, self.box
