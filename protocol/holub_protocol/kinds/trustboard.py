"""The trust board: a registrar says which charter and how many revocations there are, so that
withholding them is seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from holub_crypto.cbor import CborError, Value, as_bytes, as_int
from holub_crypto.digest import content_id
from holub_protocol.message import BodyError

_FIELDS = 4
_VERSION_MAX = 65_535
_COUNT_MAX = 2**32 - 1
DIGEST_BYTES = 16
NEXT_DUE_MAX_S = 86_400


def revocations_digest(ids: Iterable[bytes]) -> bytes:
    """Return what a trust board says of a set of revocations, by their ids of 32 bytes."""
    return content_id(b"".join(sorted(ids)))[:DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class TrustBoardBody:
    """`[charter, count, digest, next_due_s]`: the version in force, how many revocations stand,
    the digest of their ids, and seconds after `created` by which the next board comes."""

    charter: int
    count: int
    digest: bytes
    next_due_s: int

    @classmethod
    def from_wire(cls, fields: tuple[Value, ...]) -> "TrustBoardBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if len(fields) != _FIELDS:
            raise BodyError(f"a trust board has {_FIELDS} fields, not {len(fields)}")
        charter, count, digest, next_due_s = fields
        try:
            return cls(
                as_int(charter, 1, _VERSION_MAX),
                as_int(count, 0, _COUNT_MAX),
                as_bytes(digest, DIGEST_BYTES, DIGEST_BYTES),
                as_int(next_due_s, 1, NEXT_DUE_MAX_S),
            )
        except CborError as error:
            raise BodyError(f"trust-board: {error}") from None

    def to_wire(self) -> tuple[Value, ...]:
        """Return the four fields."""
        return self.charter, self.count, self.digest, self.next_due_s
