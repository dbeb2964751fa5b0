"""A message and the values that travel with it: the words in which everything else speaks."""

from dataclasses import dataclass

from holub_crypto.cbor import Value
from holub_protocol.limits import FUTURE_SKEW_S

_NEVER_S = 2**40


class BodyError(ValueError):
    """A body has not the shape of its kind; the text names the field and the value."""


@dataclass(frozen=True, slots=True)
class Now:
    """What a driver knows of time at one moment.

    `mono_us` rises steadily since the process started. `wall_s` is Unix time as this machine
    believes it; `reliable` tells whether anything vouches for that belief since the last boot.
    """

    mono_us: int
    wall_s: int
    reliable: bool

    @property
    def latest_s(self) -> int:
        """The latest Unix second that is not in the future by a clock that can be relied on: by
        one that can't, every second may have come."""
        return self.wall_s + FUTURE_SKEW_S if self.reliable else _NEVER_S


@dataclass(frozen=True, slots=True)
class Opaque:
    """A body that is carried without being understood: its fields as they came."""

    fields: tuple[Value, ...]

    @classmethod
    def from_wire(cls, fields: tuple[Value, ...]) -> "Opaque":
        """Take the fields as they are."""
        return cls(fields)

    def to_wire(self) -> tuple[Value, ...]:
        """Give the fields back."""
        return self.fields


@dataclass(frozen=True, slots=True)
class Message:
    """One signed message: the bytes as they came, and what they say.

    `id` is BLAKE2b-256 of the signed content; `kid` a hint of the signer's key; `created_s` is
    Unix time by the signer's clock, and (created_s, k) orders the signer's messages of a group.
    `area` is a region id (0: everywhere), `body` the frozen value of its kind, `content` what
    the signature is over (the Sig_structure of RFC 9052 4.4).
    """

    raw: bytes
    id: bytes
    kid: bytes
    kind: int
    created_s: int
    k: int
    lifetime_s: int
    area: int
    body: object
    content: bytes = b""

    @property
    def expires_s(self) -> int:
        """The second from which it is no longer valid."""
        return self.created_s + self.lifetime_s

    @property
    def point(self) -> tuple[int, int]:
        """Its place in the order of its signer's group: (created_s, k)."""
        return self.created_s, self.k
