"""What needs the word of a second authority, and whether it has it.

Three things do, where the charter names another authority that answers for the place and the
hazard, and a second registrar: a dangerous hazard, its removal, and a mass removal. Until an
authority that is not the speaker's, enrolled by another registrar, endorses it, a start is shown
as unconfirmed and a removal removes nothing: the alert stays on. Like everything about words this
is a function of the set of messages, never of their order.

A *removal* is a clear, a withdraw, an update that drops areas, or a board that leaves words out.
Those of one key are a mass from the word on that makes more than MASS_WORDS within MASS_WINDOW_S
of the times they claim; of a board, all that it ends counts at once.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from typing import Protocol

from holub_crypto.trust import Reach, Standing
from holub_protocol.facts import Fact, Word
from holub_protocol.hazards import hazard
from holub_protocol.kinds.alert import AlertBody
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.endorse import ENDORSED_BYTES, EndorseBody

MASS_WORDS = 64
MASS_WINDOW_S = 600
"""The busiest ten minutes in two years and a half of the country's 43,031 alerts ended 58 of them
(22 in one minute, 71 in an hour): whatever one real desk cleared stayed below 64. A stolen desk of
the whole country ends no more than that before somebody else must agree; on the worst day 73 were
on at once."""

ENDORSEMENTS_PER_KEY = 512
"""Endorsements of one key that count, the newest: at 600 B each a stolen key costs 300 KiB."""


class Grounds(Protocol):
    """What a judgement needs to know of messages and keys."""

    def trusted(self, message_id: bytes) -> bool:
        """Whether a message is not doubted."""

    def standing_of(self, fact: Fact) -> Standing:
        """What a fact's key is to the authority it speaks for."""

    def in_reach(self, reach: Iterable[Reach], area: int, number: int) -> bool:
        """Whether one of the reaches covers the area and names the hazard."""


class Seconds:
    """Removals counted, and endorsements weighed."""

    def __init__(self, grounds: Grounds) -> None:
        """Start with nothing to count; no charter asks for a second word yet."""
        self._grounds = grounds
        self._charges: dict[int, Reach] = {}
        self._registrars = 0
        self._named: dict[Word, tuple[Fact, ...]] = {}
        self._boards: dict[Word, tuple[Fact, ...]] = {}
        self._removed: dict[bytes, dict[Word, None]] = {}
        self._order: dict[bytes, list[tuple[tuple[int, int], bytes]]] = {}
        self._mass: dict[bytes, None] = {}
        self._recount: dict[bytes, Fact] = {}
        self._endorsements: dict[bytes, dict[bytes, Fact]] = {}
        self._by_key: dict[bytes, list[tuple[tuple[int, int], bytes, Fact]]] = {}

    def govern(self, charges: Mapping[int, Reach], registrars: int) -> None:
        """Take what the charter in force charges authorities with, and how many registrars it
        names."""
        self._charges, self._registrars = dict(charges), registrars

    # --- removals -----------------------------------------------------------------------------

    def set_named(self, word: Word, removers: Iterable[Fact]) -> None:
        """Replace the clears, withdraws and updates that would end a word; `settle` tells what
        that changes."""
        self._set(self._named, word, removers)

    def set_boards(self, word: Word, removers: Iterable[Fact]) -> None:
        """Replace the boards that would end a word: none where another removal does."""
        self._set(self._boards, word, removers)

    def named(self, word: Word) -> tuple[Fact, ...]:
        """Return the clears, withdraws and updates that would end a word."""
        return self._named.get(word, ())

    def boards(self, word: Word) -> tuple[Fact, ...]:
        """Return the boards that would end a word."""
        return self._boards.get(word, ())

    def _set(
        self, table: dict[Word, tuple[Fact, ...]], word: Word, removers: Iterable[Fact]
    ) -> None:
        before = {fact.message.id: fact for fact in table.pop(word, ())}
        after = {fact.message.id: fact for fact in removers}
        if after:
            table[word] = tuple(after.values())
        before, after = (
            {id_: fact for id_, fact in facts.items() if not _says_again(fact, word)}
            for facts in (before, after)
        )
        for id_, fact in before.items():
            if id_ not in after:
                del self._removed[id_][word]
                self._recount[id_] = fact
        for id_, fact in after.items():
            if id_ not in before:
                if id_ not in self._removed:
                    self._removed[id_] = {}
                    if not isinstance(fact.message.body, BoardBody):
                        insort(self._order.setdefault(fact.key, []), (fact.message.point, id_))
                self._removed[id_][word] = None
                self._recount[id_] = fact

    def settle(self) -> list[Word]:
        """Count anew; returns the words of removals that became a mass or ceased to be one."""
        flipped: dict[Word, None] = {}
        for id_, fact in self._recount.items():
            if isinstance(fact.message.body, BoardBody):
                self._flag(id_, len(self._removed[id_]) > MASS_WORDS, flipped)
            else:
                self._flag_window(fact, flipped)
        for id_, fact in self._recount.items():
            if not self._removed[id_]:
                self._forget(id_, fact)
        self._recount.clear()
        return list(flipped)

    def removed_by(self, beginning: bytes) -> list[Word]:
        """Return the words that the message of that beginning of its id would end."""
        found = (words for id_, words in self._removed.items() if id_.startswith(beginning))
        return [word for words in found for word in words]

    def may_remove(self, fact: Fact, word: Word) -> bool:
        """Tell whether a removal ends a word: it needs no second authority, or has one."""
        if _says_again(fact, word):
            return True
        if not hazard(word.hazard).dangerous and fact.message.id not in self._mass:
            return True
        return not self._can_be_endorsed(fact, word) or self._is_endorsed(fact, word)

    # --- endorsements -------------------------------------------------------------------------

    def endorse(self, fact: Fact) -> Fact | None:
        """Take in an endorsement; returns the one of its key that does not count any more."""
        self._endorsements.setdefault(_endorsed(fact), {})[fact.message.id] = fact
        mine = self._by_key.setdefault(fact.key, [])
        insort(mine, (fact.message.point, fact.message.id, fact), key=lambda entry: entry[:2])
        return mine[0][2] if len(mine) > ENDORSEMENTS_PER_KEY else None

    def withdraw(self, fact: Fact) -> None:
        """Forget an endorsement."""
        named = self._endorsements[_endorsed(fact)]
        del named[fact.message.id]
        if not named:
            del self._endorsements[_endorsed(fact)]
        self._by_key[fact.key].remove((fact.message.point, fact.message.id, fact))
        if not self._by_key[fact.key]:
            del self._by_key[fact.key]

    def endorsing(self, message_id: bytes) -> tuple[bytes, ...]:
        """Return the ids of the endorsements of a message."""
        return tuple(self._endorsements.get(message_id[:ENDORSED_BYTES], ()))

    def unconfirmed(self, said_by: Iterable[Fact], word: Word) -> bool:
        """Tell whether a word is of a dangerous hazard, and only one authority stands by it."""
        return hazard(word.hazard).dangerous and not any(
            not self._can_be_endorsed(fact, word) or self._is_endorsed(fact, word)
            for fact in said_by
        )

    # --- inside -------------------------------------------------------------------------------

    def _can_be_endorsed(self, fact: Fact, word: Word) -> bool:
        return self._registrars > 1 and any(
            number != fact.authority and self._grounds.in_reach((reach,), word.area, word.hazard)
            for number, reach in self._charges.items()
        )

    def _is_endorsed(self, fact: Fact, word: Word) -> bool:
        mine = self._grounds.standing_of(fact).registrars
        for other in self._endorsements.get(fact.message.id[:ENDORSED_BYTES], {}).values():
            standing = self._grounds.standing_of(other)
            if (
                other.authority != fact.authority
                and self._grounds.trusted(other.message.id)
                and any(a != b for a in mine for b in standing.registrars)
                and self._grounds.in_reach(standing.reach, word.area, word.hazard)
            ):
                return True
        return False

    def _flag_window(self, fact: Fact, flipped: dict[Word, None]) -> None:
        """Judge anew the removals of a key whose window a message lies in."""
        order = self._order[fact.key]
        made_s = fact.message.created_s
        oldest = bisect_left(order, ((made_s - MASS_WINDOW_S + 1, -1), b""))
        words = 0
        for place in range(oldest, len(order)):
            (created_s, _), id_ = order[place]
            if created_s >= made_s + MASS_WINDOW_S:
                break
            words += len(self._removed[id_])
            while order[oldest][0][0] <= created_s - MASS_WINDOW_S:
                words -= len(self._removed[order[oldest][1]])
                oldest += 1
            if created_s >= made_s:
                self._flag(id_, words > MASS_WORDS, flipped)

    def _flag(self, id_: bytes, mass: bool, flipped: dict[Word, None]) -> None:
        if mass is not (id_ in self._mass):
            flipped.update(self._removed[id_])
            if mass:
                self._mass[id_] = None
            else:
                del self._mass[id_]

    def _forget(self, id_: bytes, fact: Fact) -> None:
        del self._removed[id_]
        self._mass.pop(id_, None)
        if not isinstance(fact.message.body, BoardBody):
            self._order[fact.key].remove((fact.message.point, id_))
            if not self._order[fact.key]:
                del self._order[fact.key]


def _says_again(fact: Fact, word: Word) -> bool:
    """Whether an update says anew of the area what it ends: nothing is removed there."""
    body = fact.message.body
    return (
        isinstance(body, AlertBody)
        and not body.ends
        and word.area in body.all_areas(fact.message.area)
    )


def _endorsed(fact: Fact) -> bytes:
    assert isinstance(fact.message.body, EndorseBody)
    return fact.message.body.endorsed
