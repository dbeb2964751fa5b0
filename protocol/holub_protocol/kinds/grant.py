"""The grant: a key may speak, for an authority, within a scope."""

from dataclasses import dataclass

from holub_crypto import cbor
from holub_crypto.chains import DEPTH_MAX, Grant
from holub_crypto.identity import PUBLIC_BYTES
from holub_protocol.kinds.alert import HAZARD_MAX
from holub_protocol.kinds.fields import check_ascending
from holub_protocol.message import BodyError

_FIELDS = 9
_KINDS_MAX = 64
_HAZARDS_MAX = 64
_AREAS_MAX = 64
_AUTHORITY_MAX = _RATE_MAX = 65535
_KIND_MAX = 127
_CLASS_MAX = 5
_AREA_MAX = _SECOND_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class GrantBody:
    """The body of a grant message: `[subject, authority, kinds, hazards, areas, class, rate,
    not after, depth, sealing?]`, the lists strictly ascending; the last field is left out where
    the subject reads nothing sealed."""

    grant: Grant

    @classmethod
    def from_wire(cls, fields: tuple[cbor.Value, ...]) -> "GrantBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if not _FIELDS <= len(fields) <= _FIELDS + 1:
            raise BodyError(f"a grant has {_FIELDS} or {_FIELDS + 1} fields, not {len(fields)}")
        subject, authority, kinds, hazards, areas, klass, rate, not_after, depth = fields[:_FIELDS]
        try:
            return cls(
                Grant(
                    subject=cbor.as_bytes(subject, PUBLIC_BYTES, PUBLIC_BYTES),
                    authority=cbor.as_int(authority, 0, _AUTHORITY_MAX),
                    kinds=_ascending("kinds", kinds, _KINDS_MAX, _KIND_MAX),
                    hazards=_ascending("hazards", hazards, _HAZARDS_MAX, HAZARD_MAX),
                    areas=_ascending("areas", areas, _AREAS_MAX, _AREA_MAX),
                    cls=cbor.as_int(klass, 0, _CLASS_MAX),
                    rate=cbor.as_int(rate, 0, _RATE_MAX),
                    not_after_s=cbor.as_int(not_after, 0, _SECOND_MAX),
                    depth=cbor.as_int(depth, 0, DEPTH_MAX),
                    sealing=_sealing(fields[_FIELDS:]),
                )
            )
        except cbor.CborError as error:
            raise BodyError(f"grant: {error}") from None

    def to_wire(self) -> tuple[cbor.Value, ...]:
        """Return the fields."""
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
            *((g.sealing,) if g.sealing else ()),
        )


def _sealing(rest: tuple[cbor.Value, ...]) -> bytes:
    return cbor.as_bytes(rest[0], PUBLIC_BYTES, PUBLIC_BYTES) if rest else b""


def _ascending(name: str, value: cbor.Value, most: int, high: int) -> tuple[int, ...]:
    numbers = tuple(cbor.as_int(item, 0, high) for item in cbor.as_tuple(value))
    check_ascending(f"grant {name}", numbers, most)
    return numbers
