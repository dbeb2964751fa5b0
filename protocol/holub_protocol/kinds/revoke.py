"""The revocation: a key is lost, and this is all of it that stays."""

from dataclasses import dataclass

from holub_crypto import cbor
from holub_crypto.chains import KEEP_BYTES, Revocation
from holub_crypto.identity import PUBLIC_BYTES
from holub_protocol.kinds.fields import check_ascending
from holub_protocol.limits import COUNTER_MAX
from holub_protocol.message import BodyError

_FIELDS = 4
_SECOND_MAX = 2**32 - 1

KEEP_MAX = 108
"""Messages that one revocation lets stand: with 17 bytes each and 145 for the rest it fits 2 KiB.
On the worst day on record 73 alerts were on at once in the whole country."""


@dataclass(frozen=True, slots=True)
class RevokeBody:
    """The body of a revocation: `[key, created, k, keep]`, `keep` strictly ascending. Raises
    BodyError naming the field."""

    revocation: Revocation

    def __post_init__(self) -> None:
        """Hold a body that is composed here to the rules for one that arrives."""
        check_ascending("revoke keep", self.revocation.keep, KEEP_MAX)

    @classmethod
    def from_wire(cls, fields: tuple[cbor.Value, ...]) -> "RevokeBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if len(fields) != _FIELDS:
            raise BodyError(f"a revocation has {_FIELDS} fields, not {len(fields)}")
        key, created_s, k, keep = fields
        try:
            return cls(
                Revocation(
                    key=cbor.as_bytes(key, PUBLIC_BYTES, PUBLIC_BYTES),
                    created_s=cbor.as_int(created_s, 0, _SECOND_MAX),
                    k=cbor.as_int(k, 0, COUNTER_MAX),
                    keep=tuple(
                        cbor.as_bytes(id_, KEEP_BYTES, KEEP_BYTES) for id_ in cbor.as_tuple(keep)
                    ),
                )
            )
        except cbor.CborError as error:
            raise BodyError(f"revoke: {error}") from None

    def to_wire(self) -> tuple[cbor.Value, ...]:
        """Return the four fields."""
        r = self.revocation
        return r.key, r.created_s, r.k, r.keep
