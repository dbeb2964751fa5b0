"""The values in which words are told: what was said, by whom, and what became of it."""

from dataclasses import dataclass
from typing import NamedTuple

from holub_crypto.charter import ANY_HAZARD
from holub_crypto.trust import Reach
from holub_protocol.areas import EVERYWHERE
from holub_protocol.message import Message

EVERYTHING = (Reach((EVERYWHERE,), (ANY_HAZARD,)),)
"""The reach of a key without bounds."""

REMNANT = 0
"""The hazard of a remnant: no alert has it."""


class Word(NamedTuple):
    """One assertion. `incident` is empty where a bitmap gave no name: then the key is the
    board's signer and the point the board's own. `hazard` is REMNANT where all that is known
    is that the key said something of the area."""

    authority: int
    kid: bytes
    created_s: int
    k: int
    hazard: int
    incident: bytes
    area: int

    @property
    def point(self) -> tuple[int, int]:
        """When its key said it: (created_s, k)."""
        return self.created_s, self.k


@dataclass(frozen=True, slots=True)
class Fact:
    """A message taken in, the public key that signed it, and the authority it speaks for."""

    message: Message
    key: bytes
    authority: int


@dataclass(frozen=True, slots=True)
class Change:
    """What taking in a message did: whether anything people see may differ, the ids of the
    messages that are of no further use, and those of messages known before that need not be
    kept beyond their lifetime any more (see Words.pinned)."""

    visible: bool
    superseded: tuple[bytes, ...] = ()
    released: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Held:
    """What is known of a word: the facts that say it, the ids of the clears and updates that
    end it, whether it is over, whether only doubted messages say so, and the id of a removal
    that waits for another authority's endorsement (empty: there is none)."""

    word: Word
    said_by: tuple[Fact, ...] = ()
    enders: tuple[bytes, ...] = ()
    over: bool = True
    shaken: bool = False
    pending: bytes = b""


NOTHING = Change(visible=False)
"""Taking in a message did nothing."""
