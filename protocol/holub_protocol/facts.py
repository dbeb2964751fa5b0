"""The values in which words are told: what was said, by whom, and what became of it."""

from dataclasses import dataclass
from typing import NamedTuple

from holub_crypto.charter import ANY_HAZARD
from holub_crypto.trust import Reach
from holub_protocol.areas import EVERYWHERE
from holub_protocol.kinds.board import BoardBody, Gap
from holub_protocol.limits import COUNTER_MAX, FUTURE_SKEW_S
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


@dataclass(frozen=True, slots=True)
class Board:
    """A board as it is weighed: up to which point it covers each key, the words that it lists,
    for each hazard of a bitmap the areas marked, and each key's gaps."""

    fact: Fact
    covers: dict[bytes, tuple[int, int]]
    words: dict[Word, None]
    marked: dict[int, frozenset[int]]
    gaps: dict[bytes, tuple[Gap, ...]]

    def knows(self, kid: bytes, point: tuple[int, int]) -> bool:
        """Whether its signer has taken in all that a key said at the point or before."""
        covered = self.covers.get(kid)
        if covered is None or covered < point:
            return False
        return not any(gap.holds(point) for gap in self.gaps.get(kid, ()))


def read_board(fact: Fact, body: BoardBody, board_order: tuple[int, ...]) -> Board:
    """Read a board, where `board_order` gives the area of each bit; raises BodyError for a bit
    beyond it."""
    message, authority = fact.message, fact.authority
    # Nobody has taken in what is not said yet: a cover of next year would silence a sibling.
    latest = (message.created_s + FUTURE_SKEW_S, COUNTER_MAX)
    covers = {cover.kid: min(cover.point, latest) for cover in body.covers}
    covers[message.kid] = (message.created_s, message.k - 1)  # all that came before it
    words = {
        Word(authority, w.kid or message.kid, w.created_s, w.k, w.hazard, w.incident, area): None
        for w in body.words
        for area in w.areas
    }
    marked: dict[int, frozenset[int]] = {}
    for hazard, area in body.listed_by_bitmap(board_order):
        word = Word(authority, message.kid, message.created_s, message.k, hazard, b"", area)
        words[word] = None
        marked[hazard] = marked.get(hazard, frozenset()) | {area}
    gaps: dict[bytes, tuple[Gap, ...]] = {}
    for gap in body.gaps:
        kid = gap.kid or message.kid
        gaps[kid] = (*gaps.get(kid, ()), gap)
    return Board(fact, covers, words, marked, gaps)
