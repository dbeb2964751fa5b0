"""The proof: two messages by which a key contradicts itself, for everybody to check."""

from dataclasses import dataclass

from holub_crypto.cbor import CborError, Value, as_bytes
from holub_protocol.message import BodyError

_FIELDS = 2

PROVEN_BYTES = 1900
"""Largest message that a proof can hold: two of them and its own envelope fit 4 KiB. All kinds
but long bulletins, tallies, requests and manifests are smaller."""


@dataclass(frozen=True, slots=True)
class ProofBody:
    """`[one, other]`: two signed messages, bytes ascending, of one signer and group with the same
    k in the same hour. That they are so, admission checks."""

    one: bytes
    other: bytes

    def __post_init__(self) -> None:
        """Hold a body that is composed here to the rules for one that arrives."""
        if self.one >= self.other:
            raise BodyError("proof: the two messages are not in ascending order")

    @classmethod
    def of(cls, one: bytes, other: bytes) -> "ProofBody":
        """Put two messages in order."""
        return cls(min(one, other), max(one, other))

    @classmethod
    def from_wire(cls, fields: tuple[Value, ...]) -> "ProofBody":
        """Read the two messages as bytes; raises BodyError for anything else."""
        if len(fields) != _FIELDS:
            raise BodyError(f"a proof has {_FIELDS} fields, not {len(fields)}")
        try:
            one, other = (as_bytes(field, 1, PROVEN_BYTES) for field in fields)
        except CborError as error:
            raise BodyError(f"proof: {error}") from None
        return cls(one, other)

    def to_wire(self) -> tuple[Value, ...]:
        """Return the two messages."""
        return self.one, self.other
