"""Why a message was not taken: values, counted by reason, never exceptions."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

_NOT_FINAL = 32
_BY_GRANT = 40


class Refusal(Enum):
    """A reason. The value is its number on the wire (REFUSE) and never changes; from 32 on
    the answer may be another later: when trust changes, time passes or room appears. What a
    grant decides is never final: the alert may have overtaken the grant that allows it.

    `final` tells whether asking again can never change the answer, `awaits_grant` whether another
    grant of its signer could let the message in."""

    OVERSIZE = 1
    MALFORMED = 2
    UNKNOWN_KIND = 3
    LIFETIME = 4
    EXPIRED = 5
    BAD_SIGNATURE = 6
    REVOKED = 7
    COUNTER = 13
    SUPERSEDED = 14
    CHARTER = 15
    DAMAGED = 16
    CHUNK = 17
    UNKNOWN_SIGNER = 32
    FUTURE = 33
    QUOTA = 34
    FULL = 35
    CHARTER_AHEAD = 36
    ROLE = 40
    KIND = 41
    HAZARD = 42
    AREA = 43
    GRANT_ENDED = 44

    def __init__(self, number: int) -> None:
        """Tell once what is asked for each message that is refused."""
        self.final = number < _NOT_FINAL
        self.awaits_grant = number == _NOT_FINAL or number >= _BY_GRANT

    @property
    def token(self) -> str:
        """Its name in logs, metrics and on the command line."""
        return self.name.lower().replace("_", "-")


REMEDIES: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.UNKNOWN_SIGNER: "no grant for this key has arrived; ask a registrar for one",
        Refusal.REVOKED: "the charter has revoked this key; sign with another",
        Refusal.ROLE: "the key's grant is not of the role that this kind needs",
        Refusal.KIND: "the key's grant does not name this kind",
        Refusal.HAZARD: "the key's grant, or its authority, does not answer for this hazard",
        Refusal.AREA: "the key's grant, or its authority, does not reach every area named, or an "
        "area is not in the registry",
        Refusal.GRANT_ENDED: "the key's grant has ended; ask a registrar for a new one",
        Refusal.COUNTER: "the key has signed all its messages of this hour; wait for the next",
        Refusal.SUPERSEDED: "a newer message of this key stands already",
        Refusal.EXPIRED: "its lifetime is over by this machine's clock; check the clock",
        Refusal.FUTURE: "it is from the future by this machine's clock; check the clock",
        Refusal.QUOTA: "this node holds all it may of this key; wait until some expire, and if "
        "you have not said so much, somebody else has the key: have it revoked",
        Refusal.FULL: "the store is full; raise store_mib",
    }
)
"""What the person at the keyboard can do about a refusal of what was signed here."""
