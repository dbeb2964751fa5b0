"""Why a message was not taken: values, counted by reason, never exceptions."""

from enum import Enum


class Refusal(Enum):
    """A reason. The value is its number on the wire (REFUSE) and never changes; from 32 on
    the answer may be another later: when trust changes, time passes or room appears."""

    OVERSIZE = 1
    MALFORMED = 2
    UNKNOWN_KIND = 3
    LIFETIME = 4
    EXPIRED = 5
    BAD_SIGNATURE = 6
    REVOKED = 7
    ROLE = 8
    KIND = 9
    HAZARD = 10
    AREA = 11
    GRANT_ENDED = 12
    COUNTER = 13
    SUPERSEDED = 14
    CHARTER = 15
    DAMAGED = 16
    UNKNOWN_SIGNER = 32
    FUTURE = 33
    QUOTA = 34
    FULL = 35
    CHARTER_AHEAD = 36

    @property
    def final(self) -> bool:
        """Whether asking again can never change the answer."""
        return self.value < Refusal.UNKNOWN_SIGNER.value

    @property
    def token(self) -> str:
        """Its name in logs, metrics and on the command line."""
        return self.name.lower().replace("_", "-")
