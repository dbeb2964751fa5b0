"""Words: which alerts hold, as a function of the set of messages taken in, never of their order.

A *word* says: at this area this incident is on, said by this key at this point (created, k).
Starts and updates say words, boards repeat them; the same word from either is one word. It
stands until it is *ended*, and time never ends it. It is ended by

1. a clear or withdraw, by its authority or one above, that names its incident and covers its
   area: whatever the points, for an incident once ended is not reopened;
2. a newer update of the same incident by the same key, which says its own words instead: a desk
   that drops an area drops only what it has said itself;
3. the newest board of any key of its authority, or of one above, that covers the word's key up
   to the word's point and does not list it. A board always covers its own key.

This is an observed-remove set whose replicas are the boards (see kinds/board.py). Points are
compared only between messages of one key, so clocks of two desks need not agree.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from holub_protocol.areas import AreaTree
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import BodyError, Message

STANDING_PINNED = 4
"""Standing words kept beyond their lifetime for one (authority, area, hazard). A stolen desk
key could otherwise fill the store with incidents that nobody ends: 4 x 15 hazards x 163 areas
at 130 bytes is 1.3 MB. A word dropped so still stands where a board of its authority lists it."""


class Word(NamedTuple):
    """One assertion. `incident` is empty where a bitmap gave no name: then the key is the
    board's signer and the point the board's own."""

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
    """A message taken in, the public key that signed it and the authority it speaks for."""

    message: Message
    key: bytes
    authority: int


@dataclass(frozen=True, slots=True)
class Change:
    """What taking in a message did: whether anything people see may differ, and the ids of the
    messages that are of no further use."""

    visible: bool
    superseded: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Held:
    """What is known of a word: the facts that say it, the ids of the clears and updates that
    end it, whether it is over, and whether only doubted messages say so."""

    word: Word
    said_by: tuple[Fact, ...] = ()
    enders: tuple[bytes, ...] = ()
    over: bool = True
    shaken: bool = False


@dataclass(frozen=True, slots=True)
class _Board:
    fact: Fact
    covers: dict[bytes, tuple[int, int]]
    words: dict[Word, None]
    marked: dict[int, frozenset[int]]


NOTHING = Change(visible=False)

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_Value = TypeVar("_Value")


class Words:
    """All words of all authorities. `above` maps an authority to those above it.

    Give it only what was admitted: signature, grant and scope checked, and no clear, withdraw
    or board from the future.
    """

    def __init__(self, areas: AreaTree, above: Mapping[int, tuple[int, ...]]) -> None:
        """Start empty."""
        self._areas = areas
        self._with_bits = frozenset(areas.board_order)
        self._above = dict(above)
        self._doubted: frozenset[bytes] = frozenset()
        self._facts: dict[bytes, Fact] = {}
        self._all: dict[Word, Held] = {}
        self._by_incident: dict[bytes, tuple[Word, ...]] = {}
        # The words that only boards can end: those ended by name stay ended.
        self._by_kid: dict[bytes, dict[Word, None]] = {}
        self._at: dict[int, dict[Word, None]] = {}
        self._inside: dict[int, dict[Word, None]] = {}
        self._clears: dict[bytes, dict[bytes, Fact]] = {}
        self._updates: dict[tuple[int, bytes, bytes], dict[bytes, tuple[int, int]]] = {}
        self._boards: dict[int, dict[bytes, tuple[_Board, ...]]] = {}

    # --- what goes in -------------------------------------------------------------------------

    def add(self, fact: Fact) -> Change:
        """Take in a fact; one that was taken in before changes nothing."""
        body = fact.message.body
        if fact.message.id in self._facts:
            return NOTHING
        if isinstance(body, BoardBody):
            return self._add_board(fact, body)
        if not isinstance(body, AlertBody) or body.verb is Verb.TEST:
            return NOTHING
        self._facts[fact.message.id] = fact
        if body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            for incident in body.incidents:
                self._clears.setdefault(incident, {})[fact.message.id] = fact
            ended = self._refresh(self._of_incidents(body.incidents))
            return Change(visible=ended or body.verb is Verb.WITHDRAW)
        words = self._words_of(fact, body)
        for word in words:
            self._say(word, fact)
        touched = words
        if body.verb is Verb.UPDATE:
            slot = (fact.authority, fact.message.kid, body.incidents[0])
            self._updates.setdefault(slot, {})[fact.message.id] = fact.message.point
            touched = self._of_incidents(body.incidents)
        changed = self._refresh(touched)
        return Change(visible=changed or any(not self._all[word].over for word in words))

    def forget(self, message_id: bytes) -> None:
        """Drop a fact, as if it had never come; an unknown id is nothing."""
        if (fact := self._facts.pop(message_id, None)) is None:
            return
        body = fact.message.body
        if isinstance(body, BoardBody):
            keys = self._boards[fact.authority]
            boards = keys[fact.message.kid]
            gone = [board for board in boards if board.fact is fact]
            keys[fact.message.kid] = tuple(board for board in boards if board.fact is not fact)
            self._refresh(self._touched_by(gone))
            for word in gone[0].words:
                self._unsay(word, fact)
        elif isinstance(body, AlertBody) and body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            for incident in body.incidents:
                _discard(self._clears, incident, message_id)
            self._refresh(self._of_incidents(body.incidents))
        elif isinstance(body, AlertBody):
            for word in self._words_of(fact, body):
                self._unsay(word, fact)
            if body.verb is Verb.UPDATE:
                slot = (fact.authority, fact.message.kid, body.incidents[0])
                _discard(self._updates, slot, message_id)
                self._refresh(self._of_incidents(body.incidents))

    def govern(self, above: Mapping[int, tuple[int, ...]]) -> None:
        """Take another order of authorities, as a new charter gives it."""
        self._above = dict(above)
        self._refresh(self._all)

    def doubt(self, message_ids: Iterable[bytes]) -> None:
        """Replace the set of messages that are no longer valid: revoked, or their grant ended.
        What only they say, or only they end, is neither on nor over: it is unknown."""
        self._doubted = frozenset(message_ids)
        self._refresh(self._all)

    # --- what comes out -----------------------------------------------------------------------

    def standing_at(self, area: int) -> Iterator[Held]:
        """The words not ended at exactly this area."""
        return (self._all[word] for word in self._at.get(area, ()))

    def standing_inside(self, area: int) -> Iterator[Held]:
        """The words not ended at areas strictly within this one."""
        return (self._all[word] for word in self._inside.get(area, ()))

    def standing(self) -> Iterator[Held]:
        """Every word that is not ended."""
        return (self._all[word] for words in self._at.values() for word in words)

    def of_incident(self, incident: bytes) -> Iterator[Held]:
        """Every word of an incident, ended or not."""
        return (self._all[word] for word in self._by_incident.get(incident, ()))

    def boards(self, authority: int) -> tuple[Fact, ...]:
        """The newest board of each key of an authority; several where a key has contradicted
        itself at one point."""
        keys = self._boards.get(authority, {})
        facts = [board.fact for kid in keys for board in keys[kid]]
        return tuple(sorted(facts, key=lambda fact: (fact.message.kid, fact.message.id)))

    def trusted(self, message_id: bytes) -> bool:
        """Whether the message is not doubted."""
        return message_id not in self._doubted

    def pinned(self, message_id: bytes) -> bool:
        """Whether the message must be kept although it is past its lifetime: it says a word
        that stands, ends a word that would stand without it, or is a key's newest board."""
        if (fact := self._facts.get(message_id)) is None:
            return False
        body = fact.message.body
        if not isinstance(body, AlertBody):
            return True
        named = self._of_incidents(body.incidents)
        if any(message_id in self._all[word].enders for word in named):
            return True
        if body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            return False
        return any(self._among_newest(word) for word in self._words_of(fact, body))

    # --- inside -------------------------------------------------------------------------------

    def _add_board(self, fact: Fact, body: BoardBody) -> Change:
        try:
            board = self._read(fact, body)
        except BodyError:  # bits beyond the registry: it ends nothing and is not fresh
            return NOTHING
        keys = self._boards.setdefault(fact.authority, {})
        held = keys.get(fact.message.kid, ())
        point = fact.message.point
        if held and held[0].fact.message.point > point:
            return Change(visible=False, superseded=(fact.message.id,))
        # Two boards of one point prove a key that contradicts itself: both count.
        older = tuple(old for old in held if old.fact.message.point < point)
        keys[fact.message.kid] = (*(old for old in held if old not in older), board)
        self._facts[fact.message.id] = fact
        for word in board.words:
            self._say(word, fact)
        touched = self._touched_by((board, *held))
        gone = tuple(old.fact.message.id for old in older)
        for old in older:
            del self._facts[old.fact.message.id]
            for word in old.words:
                self._unsay(word, old.fact)
        self._refresh(word for word in touched if word in self._all)
        return Change(visible=True, superseded=gone)

    def _read(self, fact: Fact, body: BoardBody) -> _Board:
        message, authority = fact.message, fact.authority
        covers = {cover.kid: cover.point for cover in body.covers}
        covers[message.kid] = (message.created_s, message.k - 1)  # all that came before it
        words = {
            Word(
                authority, w.kid or message.kid, w.created_s, w.k, w.hazard, w.incident, area
            ): None
            for w in body.words
            for area in w.areas
        }
        marked: dict[int, frozenset[int]] = {}
        for hazard, area in body.listed_by_bitmap(self._areas.board_order):
            word = Word(authority, message.kid, message.created_s, message.k, hazard, b"", area)
            words[word] = None
            marked[hazard] = marked.get(hazard, frozenset()) | {area}
        return _Board(fact, covers, words, marked)

    def _words_of(self, fact: Fact, body: AlertBody) -> list[Word]:
        message = fact.message
        incident = body.incidents[0] if body.incidents else message.id[:INCIDENT_BYTES]
        return [
            Word(
                fact.authority, message.kid, message.created_s, message.k, body.hazard, incident, a
            )
            for a in body.all_areas(message.area)
        ]

    def _say(self, word: Word, fact: Fact) -> None:
        held = self._all.get(word)
        if held is None:
            held = self._all[word] = Held(word)
            self._by_incident[word.incident] = (*self._by_incident.get(word.incident, ()), word)
        held.said_by = (*held.said_by, fact)

    def _unsay(self, word: Word, fact: Fact) -> None:
        held = self._all[word]
        held.said_by = tuple(other for other in held.said_by if other is not fact)
        if held.said_by:
            return
        self._show(held, over=True)
        _discard(self._by_kid, word.kid, word)
        rest = tuple(other for other in self._by_incident[word.incident] if other != word)
        if rest:
            self._by_incident[word.incident] = rest
        else:
            del self._by_incident[word.incident]
        del self._all[word]

    def _refresh(self, words: Iterable[Word]) -> bool:
        """Judge the words anew; returns whether any began or ceased to stand."""
        changed = False
        for word in list(words):
            held = self._all[word]
            held.enders = tuple(self._named_enders(word))
            over = any(ender not in self._doubted for ender in held.enders)
            held.shaken = bool(held.enders) and not over
            if over:
                _discard(self._by_kid, word.kid, word)
            else:
                self._by_kid.setdefault(word.kid, {})[word] = None
                by_boards = [
                    board.fact.message.id not in self._doubted
                    for board in self._boards_against(word)
                ]
                over = any(by_boards)
                held.shaken |= bool(by_boards) and not over
            changed |= self._show(held, over)
        return changed

    def _show(self, held: Held, over: bool) -> bool:
        """Enter a word among those that stand, or take it out; returns whether that is new."""
        if held.over is over:
            return False
        held.over = over
        word = held.word
        if over:
            _discard(self._at, word.area, word)
            for above in self._areas.ancestors(word.area):
                _discard(self._inside, above, word)
        else:
            self._at.setdefault(word.area, {})[word] = None
            for above in self._areas.ancestors(word.area):
                self._inside.setdefault(above, {})[word] = None
        return True

    def _judges(self, word: Word) -> tuple[int, ...]:
        return (word.authority, *self._above.get(word.authority, ()))

    def _named_enders(self, word: Word) -> Iterator[bytes]:
        """The clears and withdraws that name the word's incident, and its key's updates of it."""
        if not word.incident:
            return
        judges = self._judges(word)
        for clear in self._clears.get(word.incident, {}).values():
            body = clear.message.body
            assert isinstance(body, AlertBody)
            areas = (clear.message.area, *body.areas)
            if clear.authority in judges and any(self._within(a, word.area) for a in areas):
                yield clear.message.id
        slot = (word.authority, word.kid, word.incident)
        for message_id, point in self._updates.get(slot, {}).items():
            if point > word.point:
                yield message_id

    def _boards_against(self, word: Word) -> Iterator[_Board]:
        for judge in self._judges(word):
            for boards in self._boards.get(judge, {}).values():
                if all(self._leaves_out(board, word) for board in boards):
                    yield from boards

    def _leaves_out(self, board: _Board, word: Word) -> bool:
        """Whether the board knows the word's key up to the word's point and does not list it."""
        if board.covers.get(word.kid, (-1, 0)) < word.point or word in board.words:
            return False
        marked = board.marked.get(word.hazard)
        if marked is None:
            return True
        above = (word.area, *self._areas.ancestors(word.area))
        bits = [area for area in above if area in self._with_bits]
        # No bit stands for everywhere, nor for a region unknown here: any bit keeps such a word.
        return bool(bits) and not any(area in marked for area in bits)

    def _within(self, scope: int, area: int) -> bool:
        # An area unknown to the registry is covered by no other, but does name itself.
        return scope == area or self._areas.covers(scope, area)

    def _of_incidents(self, incidents: Iterable[bytes]) -> list[Word]:
        return [word for incident in incidents for word in self._by_incident.get(incident, ())]

    def _touched_by(self, boards: Iterable[_Board]) -> dict[Word, None]:
        touched: dict[Word, None] = {}
        for board in boards:
            touched.update(board.words)
            for kid in board.covers:
                touched.update(self._by_kid.get(kid, {}))
        return touched

    def _among_newest(self, word: Word) -> bool:
        if self._all[word].over:
            return False
        rivals = sum(
            other.authority == word.authority
            and other.hazard == word.hazard
            and (other.point, other) > (word.point, word)
            for other in self._at[word.area]
        )
        return rivals < STANDING_PINNED


def _discard(table: dict[_Key, dict[_Item, _Value]], key: _Key, item: _Item) -> None:
    """Take an item out of a table of tables, and the inner table with its last item."""
    inner = table.get(key)
    if inner is not None and item in inner:
        del inner[item]
        if not inner:
            del table[key]
