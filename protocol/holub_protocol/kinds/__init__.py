"""The table of kinds: who signs, what class, how long, how large, how many an hour.

What a message may do follows from its row and its signer's grant, never from a flag that the
sender sets (attack 21, priority inflation). Numbers and caps are those of the services plan;
64 to 127 are left to integrators.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Protocol, cast

from holub_crypto import cbor
from holub_crypto.cbor import Value
from holub_crypto.digest import derive
from holub_crypto.trust import Role
from holub_protocol.kinds.alert import AlertBody
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.kinds.receipt import ReceiptBody
from holub_protocol.kinds.revoke import RevokeBody
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.kinds.trustboard import TrustBoardBody
from holub_protocol.limits import ALERT_BYTES, LIFETIME_STEPS_S, MESSAGE_BYTES
from holub_protocol.message import Message, Opaque


class Class(IntEnum):
    """The order in which links and stores serve messages; lower goes first.

    TRUST is the plan's class T, ALERT its 0, OFFICIAL, PEOPLE and BULK its 1, 2 and 3. Grants
    belong to T but follow the alerts, except those that a message at hand needs.
    """

    TRUST = 0
    ALERT = 1
    GRANT = 2
    OFFICIAL = 3
    PEOPLE = 4
    BULK = 5


CLASS_WEIGHTS: Mapping[Class, int] = MappingProxyType(
    {Class.OFFICIAL: 4, Class.PEOPLE: 3, Class.BULK: 1}
)
"""Shares of a link, and of the store, among the classes below alerts and grants; what one does
not use the others have. So a flood of notices can't silence people, nor people's requests the
maps they need."""


class Readers(Enum):
    """Who can read a kind's body."""

    ALL = "all"
    SEALED = "sealed"


class Bearers(Enum):
    """Which bearers may carry a kind: every one, only those faster than serial radio, or only
    what has room for bulk. Decided here, not by the sender."""

    EVERY = "every"
    IP = "ip"
    ROOMY = "roomy"


class Topic(Enum):
    """What a message of a kind is about, so that a newer one of its signer replaces it: nothing,
    the signer itself, or what the first field of the body names."""

    NONE = "none"
    SIGNER = "signer"
    FIRST = "first field"


class Body(Protocol):
    """What every body can do."""

    def to_wire(self) -> tuple[Value, ...]:
        """Return its fields in their one accepted form."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One row. `hourly` is the cap Q on k, `group` shares one order and one k, `topic` tells what
    a newer message replaces."""

    number: int
    name: str
    group: str
    cls: Class
    signer: Role
    readers: Readers
    bearers: Bearers
    lifetime_max_s: int
    size_max_bytes: int
    hourly: int
    parse: Callable[[tuple[Value, ...]], Body]
    topic: Topic = Topic.NONE


_HOUR_S, _DAY_S = 3600, 86400
_YEARS_S = LIFETIME_STEPS_S[-1]
_ALL, _SEALED = Readers.ALL, Readers.SEALED
_EVERY, _IP, _ROOMY = Bearers.EVERY, Bearers.IP, Bearers.ROOMY
_DESK, _RELAY = Role.AUTHORITY, Role.RELAY
_REGISTRAR, _GRANTOR = Role.REGISTRAR, Role.GRANTOR
_OFFICIAL, _PEOPLE, _BULK = Class.OFFICIAL, Class.PEOPLE, Class.BULK
_FULL = MESSAGE_BYTES

# number, name, group, class, signer, readers, bearers, lifetime, size, hourly, body, topic
_ROWS: tuple[Kind, ...] = tuple(
    Kind(*row)
    for row in (
        (1, "grant", "grant", Class.GRANT, _GRANTOR, _ALL, _EVERY, _YEARS_S, 1024, 200,
         GrantBody.from_wire),
        (2, "revoke", "revoke", Class.TRUST, _GRANTOR, _ALL, _EVERY, _YEARS_S, 2048, 200,
         RevokeBody.from_wire),
        (3, "trust-board", "trust-board", Class.TRUST, _REGISTRAR, _ALL, _EVERY, 30 * _DAY_S, 512,
         60, TrustBoardBody.from_wire, Topic.SIGNER),
        (4, "proof", "proof", Class.TRUST, Role.ANYONE, _ALL, _EVERY, 30 * _DAY_S, _FULL, 60,
         ProofBody.from_wire),
        (5, "alert", "alert", Class.ALERT, _DESK, _ALL, _EVERY, _DAY_S, ALERT_BYTES, 1000,
         AlertBody.from_wire),
        (6, "board", "alert", Class.ALERT, _DESK, _ALL, _EVERY, _DAY_S, ALERT_BYTES, 1000,
         BoardBody.from_wire, Topic.SIGNER),
        (7, "endorse", "alert", Class.ALERT, _DESK, _ALL, _EVERY, _DAY_S, ALERT_BYTES, 1000,
         EndorseBody.from_wire),
        (8, "place", "place", _OFFICIAL, _DESK, _ALL, _IP, 12 * _HOUR_S, 1024, 500,
         Opaque.from_wire, Topic.FIRST),
        (9, "bulletin", "bulletin", _OFFICIAL, _DESK, _ALL, _IP, 14 * _DAY_S, _FULL, 60,
         Opaque.from_wire),
        (10, "need-medical", "need-medical", _OFFICIAL, _RELAY, _SEALED, _IP, 7 * _DAY_S, 1024,
         60, SealedBody.from_wire),
        (11, "answer", "answer", _OFFICIAL, _RELAY, _ALL, _IP, 14 * _DAY_S, 1024, 500,
         Opaque.from_wire, Topic.FIRST),
        (12, "need", "need", _PEOPLE, _RELAY, _SEALED, _IP, 7 * _DAY_S, 1024, 300,
         SealedBody.from_wire),
        (13, "checkin", "checkin", _PEOPLE, _RELAY, _SEALED, _IP, 2 * _DAY_S, 512, 2000,
         SealedBody.from_wire),
        (14, "request", "request", _PEOPLE, _RELAY, _SEALED, _IP, 14 * _DAY_S, 2048, 100,
         SealedBody.from_wire),
        (15, "reply", "reply", _PEOPLE, _DESK, _SEALED, _IP, 14 * _DAY_S, 2048, 300,
         SealedBody.from_wire),
        (16, "receipt", "receipt", _PEOPLE, _RELAY, _ALL, _IP, 14 * _DAY_S, 1024, 300,
         ReceiptBody.from_wire),
        (17, "missing", "missing", _PEOPLE, _RELAY, _SEALED, _IP, 30 * _DAY_S, 2048, 60,
         SealedBody.from_wire),
        (18, "offer", "offer", _BULK, _RELAY, _SEALED, _IP, 30 * _DAY_S, 1024, 100,
         SealedBody.from_wire),
        (19, "task", "task", _BULK, _DESK, _ALL, _IP, 30 * _DAY_S, 1024, 100, Opaque.from_wire),
        (20, "poll", "poll", _BULK, _DESK, _ALL, _IP, 30 * _DAY_S, 2048, 10, Opaque.from_wire),
        (21, "ballot", "ballot", _BULK, _RELAY, _ALL, _IP, 30 * _DAY_S, 1024, 500,
         Opaque.from_wire),
        (22, "tally", "tally", _BULK, _DESK, _ALL, _IP, 90 * _DAY_S, _FULL, 10,
         Opaque.from_wire, Topic.FIRST),
        (23, "ticket", "ticket", _BULK, _DESK, _ALL, _IP, 7 * _DAY_S, 512, 2000,
         Opaque.from_wire),
        (24, "used", "used", _BULK, _RELAY, _ALL, _IP, 7 * _DAY_S, 2048, 60, Opaque.from_wire),
        (25, "manifest", "manifest", _BULK, _DESK, _ALL, _ROOMY, 365 * _DAY_S, 1024, 20,
         ManifestBody.from_wire, Topic.FIRST),
        (26, "status", "status", _BULK, _RELAY, _ALL, _IP, 3 * _DAY_S, 512, 4,
         Opaque.from_wire, Topic.SIGNER),
    )
)  # fmt: skip

KINDS: Mapping[int, Kind] = MappingProxyType({kind.number: kind for kind in _ROWS})
"""Every kind by its number."""


def topic_of(message: Message, signer: bytes) -> int:
    """Return a number for the topic that a signer's message is about, 0 for none.

    63 bits, bound to the signer: nobody else's message can meet one's topic but by 2^63 tries.
    """
    kind = KINDS[message.kind]
    if kind.topic is Topic.NONE:
        return 0
    fields = cast(Body, message.body).to_wire() if kind.topic is Topic.FIRST else ()
    about = cbor.encode(fields[:1])
    digest = derive("topic", signer, bytes((kind.number,)), about)
    return int.from_bytes(digest[:8], "big") >> 1 or 1


def kind_named(name: str) -> Kind:
    """Return the kind called `name`; raises ValueError that lists the names there are."""
    for kind in _ROWS:
        if kind.name == name:
            return kind
    names = ", ".join(kind.name for kind in _ROWS)
    raise ValueError(f"no kind is called {name!r}; the kinds are: {names}")
