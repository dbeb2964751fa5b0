"""The grant: a registrar allows a key to speak, for an authority, within a scope."""

from dataclasses import dataclass

from holub_crypto import cbor
from holub_crypto.identity import PUBLIC_BYTES
from holub_crypto.trust import Grant
from holub_protocol.message import BodyError

_FIELDS = 9
_KINDS_MAX = 64
_HAZARDS_MAX = 64
_AREAS_MAX = 64
_RATE_MAX = 65535
_SECOND_MAX = 2**32 - 1
DEPTH_MAX = 3


@dataclass(frozen=True, slots=True)
class GrantBody:
    """The body of a grant message: `[subject, authority, kinds, hazards, areas, class, rate,
    not after, depth]`, the lists strictly ascending."""

    grant: Grant

    @classmethod
    def from_wire(cls, fields: tuple[object, ...]) -> "GrantBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if len(fields) != _FIELDS:
            raise BodyError(f"a grant has {_FIELDS} fields, not {len(fields)}")
        subject, authority, kinds, hazards, areas, klass, rate, not_after, depth = fields
        try:
            return cls(
                Grant(
                    subject=cbor.as_bytes(subject, PUBLIC_BYTES, PUBLIC_BYTES),  # type: ignore[arg-type]
                    authority=_int(authority, 65535),
                    kinds=_ascending(kinds, _KINDS_MAX, 127),
                    hazards=_ascending(hazards, _HAZARDS_MAX, 1023),
                    areas=_ascending(areas, _AREAS_MAX, _SECOND_MAX),
                    cls=_int(klass, 5),
                    rate=_int(rate, _RATE_MAX),
                    not_after_s=_int(not_after, _SECOND_MAX),
                    depth=_int(depth, DEPTH_MAX),
                )
            )
        except cbor.CborError as error:
            raise BodyError(f"grant: {error}") from None

    def to_wire(self) -> tuple[object, ...]:
        """Return the nine fields."""
        g = self.grant
        return (
            g.subject,
            g.authority,
            g.kinds,
            g.hazards,
            g.areas,
            int(g.cls),
            g.rate,
            g.not_after_s,
            g.depth,
        )


def _int(value: object, high: int) -> int:
    return cbor.as_int(value, 0, high)  # type: ignore[arg-type]


def _ascending(value: object, most: int, high: int) -> tuple[int, ...]:
    items = cbor.as_tuple(value)  # type: ignore[arg-type]
    numbers = tuple(cbor.as_int(item, 0, high) for item in items)
    if len(numbers) > most or list(numbers) != sorted(set(numbers)):
        raise BodyError(f"grant: {numbers[:4]}... is not ascending or has over {most} entries")
    return numbers
