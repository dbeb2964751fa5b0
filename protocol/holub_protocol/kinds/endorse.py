"""The endorsement: a second authority stands by what another one has said."""

from dataclasses import dataclass

from holub_crypto.cbor import CborError, Value, as_bytes
from holub_protocol.message import BodyError

ENDORSED_BYTES = 16
"""How much of an id is named. Whoever holds a desk's key and wants an endorsement to fit another
of its messages needs 2^128 tries."""


@dataclass(frozen=True, slots=True)
class EndorseBody:
    """`[id]`: the first ENDORSED_BYTES of the id of the other authority's alert."""

    endorsed: bytes

    @classmethod
    def from_wire(cls, fields: tuple[Value, ...]) -> "EndorseBody":
        """Read the field; raises BodyError for anything but one id."""
        if len(fields) != 1:
            raise BodyError(f"an endorsement has 1 field, not {len(fields)}")
        try:
            return cls(as_bytes(fields[0], ENDORSED_BYTES, ENDORSED_BYTES))
        except CborError as error:
            raise BodyError(f"endorse: {error}") from None

    def to_wire(self) -> tuple[Value, ...]:
        """Return the one field."""
        return (self.endorsed,)
