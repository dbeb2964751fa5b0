"""Words: which alerts hold, as a function of the set of messages taken in, never of their order.

A *word* says: at this area this incident is on, said by this key at this point (created, k).
Starts and updates say words, boards repeat them; the same word from either is one word. It
stands until it is *ended*, and time never ends it. It is ended by

1. a clear or withdraw, by its authority or one above, that names its incident and its hazard
   and covers its area: whatever the points, for an incident once ended is not reopened;
2. a newer update of the same incident by the same key, which says its own words instead: a desk
   that drops an area drops only what it has said itself;
3. the newest board of any key of its authority, or of one above, that covers the word's key up
   to the word's point and does not list it. A board always covers its own key; another key's
   words it ends only within its signer's reach and its authority's charge, and never words
   later than the board itself.

This is an observed-remove set whose replicas are the boards (see kinds/board.py). Points are
compared only between messages of one key, so clocks of two desks need not agree.

What is indexed of one key is bounded (WORDS_PER_KEY). Beyond it the key's messages leave the
index, first those of which nothing stands, each time the oldest first; what a full store gives up
leaves it too. For each of their areas a word in doubt stands instead (remnants.py): a place may
become unknown, never clear. Only here does the order of arrival matter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import nlargest
from typing import TypeVar

from holub_crypto.trust import Reach, Standing
from holub_protocol.areas import AreaTree
from holub_protocol.facts import (
    NOTHING,
    REMNANT,
    Board,
    Change,
    Fact,
    Held,
    Word,
    read_board,
)
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import BodyError
from holub_protocol.remnants import Remnant, Remnants, remnant_word
from holub_protocol.scope import Scope
from holub_protocol.seconds import Seconds

STANDING_PINNED = 4
"""Standing words kept beyond their lifetime for one (authority, area, hazard). A stolen desk
key could otherwise fill the store with incidents that nobody ends: 4 x 15 hazards x 163 areas
at 130 bytes is 1.3 MB. A word dropped so still stands where a board of its authority lists it."""

WORDS_PER_KEY = 8192
"""Words of one key's alerts, and incidents its clears name, indexed at once. A stolen key may
have 26,000 alerts of 163 areas alive, 4.2 million words: at some 600 bytes each 2.5 GB. This
bound makes it 5 MB. An honest desk with 300 alerts of 20 areas a day stays below it."""

CONTRADICTIONS = 4
"""Boards of one key at one point that are read. A stolen key could sign 26,000 of them, each of
6,000 bits; the same key on two machines after a power cut makes two."""


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
        self._areas, self._scope = areas, Scope(areas)
        self._above = dict(above)
        self._seconds = Seconds(self)
        self._doubted: frozenset[bytes] = frozenset()
        self._unsure = self._void = self._doubted
        self._facts: dict[bytes, Fact] = {}
        self._all: dict[Word, Held] = {}
        self._by_incident: dict[bytes, dict[Word, None]] = {}
        # The words that only boards can end: those ended by name stay ended.
        self._by_kid: dict[bytes, dict[Word, None]] = {}
        self._at: dict[int, dict[Word, None]] = {}
        self._inside: dict[int, dict[Word, None]] = {}
        self._clears: dict[bytes, dict[bytes, Fact]] = {}
        self._updates: dict[tuple[int, bytes, bytes], dict[bytes, tuple[int, int]]] = {}
        self._boards: dict[int, dict[bytes, tuple[Board, ...]]] = {}
        # Each key's alerts with how much of WORDS_PER_KEY they use, and the sum.
        self._costs: dict[bytes, dict[bytes, int]] = {}
        self._cost: dict[bytes, int] = {}
        self._remnants = Remnants()
        self._loosened: dict[bytes, None] = {}

    # --- what goes in -------------------------------------------------------------------------

    def add(self, fact: Fact) -> Change:
        """Take in a fact; one that was taken in before changes nothing."""
        body = fact.message.body
        if fact.message.id in self._facts:
            return NOTHING
        self._loosened = {}
        if isinstance(body, EndorseBody):
            return self._add_endorsement(fact, body)
        if isinstance(body, BoardBody):
            return self._add_board(fact, body)
        if not isinstance(body, AlertBody) or body.verb is Verb.TEST:
            return NOTHING
        self._facts[fact.message.id] = fact
        visible = self._add_alert(fact, body)
        visible |= self._make_room(fact, body)
        return Change(visible, released=self._released(fact.message.id))

    def forget(self, message_id: bytes) -> tuple[bytes, ...]:
        """Drop a fact, as if it had never come; an unknown id is nothing. Returns the ids of
        the messages that need not be kept any more without it."""
        self._loosened = {}
        self._drop(message_id)
        return self._released(message_id)

    def give_up(self, message_id: bytes) -> tuple[bytes, ...]:
        """Drop a fact for which there is no room: unlike one forgotten, what it said of a place
        stands on, in doubt. Returns the ids of the messages that need not be kept any more."""
        self._loosened = {}
        self._leave_index(message_id, kept=False)
        for remnant in self._remnants.kept_for(message_id):
            self._remnants.put(replace(remnant, message_id=b""))
        return self._released(message_id)

    def remember(self, remnants: Iterable[Remnant]) -> None:
        """Take in again what was left of messages given up before a restart."""
        for remnant in remnants:
            self._put_remnant(remnant)

    def govern(
        self,
        above: Mapping[int, tuple[int, ...]],
        charges: Mapping[int, Reach] | None = None,
        registrars: int = 0,
    ) -> None:
        """Take another order of authorities, as a new charter gives it, what it charges each
        with, and how many registrars it names; without `charges` nothing bounds their boards but
        the keys' reach."""
        self._above = dict(above)
        self._scope.govern(charges or {})
        self._seconds.govern(charges or {}, registrars)
        self._refresh(self._all)

    def doubt(self, message_ids: Iterable[bytes], void: Iterable[bytes] = ()) -> None:
        """Replace the set of messages that are no longer valid: revoked, or their grant ended.
        What only they say, or only they end, is neither on nor over: it is unknown. What the
        `void` ones among them end is on, for they are surely a thief's."""
        self._doubted = frozenset(message_ids)
        self._void, self._unsure = self._doubted.intersection(void), self._doubted.difference(void)
        self._refresh(self._all)

    def set_standing(self, key: bytes, authority: int, standing: Standing) -> bool:
        """Learn what a key is to its authority; returns whether that is new. A key of which
        nothing was said has no bounds. What is judged already stays so until `doubt`."""
        return self._scope.set_standing(key, authority, standing)

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

    def remnants(self, authority: int) -> Iterator[Remnant]:
        """The remnants of an authority's keys that stand."""
        for remnant in self._remnants:
            if remnant.word.authority == authority and not self._all[remnant.word].over:
                yield remnant

    def remnants_of(self, authority: int, kid: bytes) -> tuple[Remnant, ...]:
        """Every remnant of a key, whether it stands or not."""
        ours = (authority, kid)
        return tuple(r for r in self._remnants if (r.word.authority, r.word.kid) == ours)

    def last_to_go(self, message_id: bytes) -> int | None:
        """Tell how dearly a place would miss a message: 0 for one of which nothing stands, 1 for
        one that says what stands; None for what stays: a key's newest board, and what alone
        ends a word, which would be on again."""
        if (fact := self._facts.get(message_id)) is None:
            return 0
        body = fact.message.body
        if isinstance(body, BoardBody):
            return None
        if isinstance(body, AlertBody) and self._alone_ends(message_id, body):
            return None
        return int(self._needed(message_id))

    def knows(self, message_id: bytes) -> bool:
        """Whether a message is one that words come from."""
        return message_id in self._facts

    def facts(self) -> tuple[Fact, ...]:
        """Every message that words come from."""
        return tuple(self._facts.values())

    def standing_of(self, fact: Fact) -> Standing:
        """What a fact's key is to the authority that it speaks for."""
        return self._scope.standing_of(fact)

    def in_reach(self, reach: Iterable[Reach], area: int, hazard: int) -> bool:
        """Whether one of the reaches covers the area and names the hazard, or all hazards."""
        return self._scope.in_reach(reach, area, hazard)

    def unconfirmed(self, held: Held) -> bool:
        """Whether a word is of a dangerous hazard and has no second authority's endorsement."""
        return self._seconds.unconfirmed(held.said_by, held.word)

    def waits(self, message_id: bytes) -> bool:
        """Whether a removal that is trusted waits for another authority's endorsement: else what
        it names would be over."""
        return any(not self._all[word].over for word in self._seconds.removed_by(message_id))

    def trusted(self, message_id: bytes) -> bool:
        """Whether the message is not doubted."""
        return message_id not in self._doubted

    def pinned(self, message_id: bytes) -> bool:
        """Whether the message must be kept although it is past its lifetime: it says a word
        that stands, ends a word that would stand without it, is a key's newest board, or is
        what a standing remnant was said by."""
        if any(not self._all[r.word].over for r in self._remnants.kept_for(message_id)):
            return True
        if (fact := self._facts.get(message_id)) is None:
            return False
        body = fact.message.body
        if isinstance(body, EndorseBody):
            return any(id_.startswith(body.endorsed) for id_ in self._facts)
        if not isinstance(body, AlertBody):
            return True
        named = self._of_incidents(body.incidents)
        if any(message_id in self._all[word].enders for word in named):
            return True
        if body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            return False
        return any(self._among_newest(word) for word in self._words_of(fact, body))

    # --- inside -------------------------------------------------------------------------------

    def _add_alert(self, fact: Fact, body: AlertBody) -> bool:
        """Index an alert; returns whether anything people see may differ."""
        if body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            for incident in body.incidents:
                self._clears.setdefault(incident, {})[fact.message.id] = fact
            ended = self._refresh(self._of_incidents(body.incidents))
            return ended or body.verb is Verb.WITHDRAW
        words = self._words_of(fact, body)
        self._say(words, fact)
        touched = words
        if body.verb is Verb.UPDATE:
            slot = (fact.authority, fact.message.kid, body.incidents[0])
            self._updates.setdefault(slot, {})[fact.message.id] = fact.message.point
            touched = self._of_incidents(body.incidents)
        changed = self._refresh(touched)
        return changed or any(not self._all[word].over for word in words)

    def _drop(self, message_id: bytes) -> None:
        if (fact := self._facts.pop(message_id, None)) is None:
            return
        body = fact.message.body
        kid = fact.message.kid
        if isinstance(body, EndorseBody):
            self._seconds.withdraw(fact)
            self._refresh(self._seconds.removed_by(body.endorsed))
            return
        self._loosened.update(dict.fromkeys(self._seconds.endorsing(message_id)))
        if isinstance(body, BoardBody):
            keys = self._boards[fact.authority]
            gone = [board for board in keys[kid] if board.fact is fact]
            keys[kid] = tuple(board for board in keys[kid] if board.fact is not fact)
            self._refresh(self._touched_by(gone))
            self._unsay(gone[0].words, fact)
            self._refresh(())
            return
        assert isinstance(body, AlertBody)
        self._cost[kid] -= self._costs[kid][message_id]
        _discard(self._costs, kid, message_id)
        if kid not in self._costs:
            del self._cost[kid]
        if body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            for incident in body.incidents:
                _discard(self._clears, incident, message_id)
            self._refresh(self._of_incidents(body.incidents))
            return
        self._unsay(self._words_of(fact, body), fact)
        if body.verb is Verb.UPDATE:
            slot = (fact.authority, kid, body.incidents[0])
            _discard(self._updates, slot, message_id)
        self._refresh(self._of_incidents(body.incidents))

    def _make_room(self, fact: Fact, body: AlertBody) -> bool:
        """Count an alert, and drop its key's oldest ones beyond WORDS_PER_KEY; returns whether
        any was dropped."""
        kid = fact.message.kid
        costs = self._costs.setdefault(kid, {})
        ends = body.verb in (Verb.CLEAR, Verb.WITHDRAW)
        cost = len(body.incidents if ends else body.all_areas(fact.message.area))
        costs[fact.message.id] = cost
        self._cost[kid] = self._cost.get(kid, 0) + cost
        if self._cost[kid] <= WORDS_PER_KEY:
            return False
        # An eighth at once, so that sorting stays cheap for each of a flood's alerts.
        room = self._cost[kid] - WORDS_PER_KEY * 7 // 8
        going: list[Fact] = []
        for _, _, id_ in sorted((self._needed(i), self._facts[i].message.point, i) for i in costs):
            if room <= 0:
                break
            room -= costs[id_]
            going.append(self._facts[id_])
        for oldest in reversed(going):  # the newest's remnants stand for the others'
            self._leave_index(oldest.message.id, kept=True)
            self._loosened[oldest.message.id] = None
        return True

    def _leave_index(self, message_id: bytes, kept: bool) -> None:
        """Drop a fact and let remnants stand for what it said; the message is `kept` for them, or
        given up."""
        if (fact := self._facts.get(message_id)) is None:
            return
        body, lost = fact.message.body, self._needed(message_id)
        self._drop(message_id)
        if isinstance(body, AlertBody) and body.verb not in (Verb.CLEAR, Verb.WITHDRAW):
            self._leave_remnants(fact, body.all_areas(fact.message.area), lost, kept)

    def _alone_ends(self, message_id: bytes, body: AlertBody) -> bool:
        """Whether a word is over by nothing but this clear, withdraw or update."""
        for word in self._of_incidents(body.incidents):
            if self._all[word].over and message_id in self._all[word].enders:
                enders = [f for f in self._seconds.named(word) if self._ends(f, word)]
                if [fact.message.id for fact in enders] == [message_id]:
                    return True
        return False

    def _needed(self, message_id: bytes) -> bool:
        """Whether an indexed message says a word that stands, or ends one."""
        fact = self._facts[message_id]
        body = fact.message.body
        if self.pinned(message_id):
            return True
        if not isinstance(body, AlertBody) or body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            return False
        return any(not self._all[word].over for word in self._words_of(fact, body))

    def _leave_remnants(
        self, fact: Fact, areas: Iterable[int], lost: bool, kept: bool = True
    ) -> None:
        """Let one word in doubt stand at each area of a message that leaves the index, of
        which something stood if `lost`."""
        message = fact.message
        for area in areas:
            word = remnant_word(fact.authority, message.kid, message.point, area)
            self._put_remnant(Remnant(word, message.id if kept else b"", lost))

    def _put_remnant(self, new: Remnant) -> None:
        """Let a remnant stand, unless a newer one does in its place."""
        before = self._remnants.at(new.word)
        if before is not None:
            lost = new.lost or (before.lost and not self._all[before.word].over)
            if before.word.point >= new.word.point:
                self._remnants.put(replace(before, lost=before.lost or lost))
                return
            self._loosened[before.message_id] = None
            self._unsay((before.word,))
            new = replace(new, lost=lost)
        self._remnants.put(new)
        self._say((new.word,))
        self._refresh((new.word,))

    def _released(self, but: bytes) -> tuple[bytes, ...]:
        """The messages that this change has loosened and that nothing pins now."""
        return tuple(id_ for id_ in self._loosened if id_ != but and not self.pinned(id_))

    def _add_endorsement(self, fact: Fact, body: EndorseBody) -> Change:
        self._facts[fact.message.id] = fact
        spent = self._seconds.endorse(fact)
        if spent is not None:
            self._drop(spent.message.id)
            self._loosened[spent.message.id] = None
        self._refresh(self._seconds.removed_by(body.endorsed))
        return Change(True, released=self._released(fact.message.id))

    def _add_board(self, fact: Fact, body: BoardBody) -> Change:
        try:
            board = read_board(fact, body, self._areas.board_order)
        except BodyError:  # bits beyond the registry: it ends nothing and is not fresh
            return NOTHING
        keys = self._boards.setdefault(fact.authority, {})
        held = keys.get(fact.message.kid, ())
        point = fact.message.point
        if held and held[0].fact.message.point > point:
            return Change(visible=False, superseded=(fact.message.id,))
        # Two boards of one point prove a key that contradicts itself: both count.
        older = tuple(old for old in held if old.fact.message.point < point)
        if len(held) - len(older) == CONTRADICTIONS:
            self._leave_remnants(fact, sorted({word.area for word in board.words}), lost=False)
            return Change(visible=True, released=self._released(fact.message.id))
        keys[fact.message.kid] = (*(old for old in held if old not in older), board)
        self._facts[fact.message.id] = fact
        self._say(board.words, fact)
        touched = self._touched_by((board, *held))
        gone = tuple(old.fact.message.id for old in older)
        for old in older:
            del self._facts[old.fact.message.id]
            self._loosened[old.fact.message.id] = None
            self._loosened.update(dict.fromkeys(self._seconds.endorsing(old.fact.message.id)))
            self._unsay(old.words, old.fact)
        self._refresh(word for word in touched if word in self._all)
        return Change(True, gone, self._released(fact.message.id))

    def _words_of(self, fact: Fact, body: AlertBody) -> list[Word]:
        message = fact.message
        incident = body.incident(message.id)
        return [
            Word(
                fact.authority, message.kid, message.created_s, message.k, body.hazard, incident, a
            )
            for a in body.all_areas(message.area)
        ]

    def _say(self, words: Iterable[Word], *facts: Fact) -> None:
        fresh: dict[bytes, list[Word]] = {}
        for word in words:
            held = self._all.get(word)
            if held is None:
                self._all[word] = Held(word, facts)  # one tuple for all words of a message
                fresh.setdefault(word.incident, []).append(word)
            else:
                held.said_by = (*held.said_by, *facts)
        for incident, new in fresh.items():
            self._by_incident.setdefault(incident, {}).update(dict.fromkeys(new))

    def _unsay(self, words: Iterable[Word], fact: Fact | None = None) -> None:
        for word in words:
            held = self._all[word]
            held.said_by = tuple(other for other in held.said_by if other is not fact)
            if held.said_by:
                continue
            self._loosened.update(dict.fromkeys(held.enders))
            self._seconds.set_named(word, ())
            self._seconds.set_boards(word, ())
            self._show(held, over=True)
            _discard(self._by_kid, word.kid, word)
            _discard(self._by_incident, word.incident, word)
            del self._all[word]

    def _refresh(self, words: Iterable[Word]) -> bool:
        """Judge the words anew; returns whether any began or ceased to stand, or to wait."""
        work = dict.fromkeys(words)
        for word in work:
            held = self._all[word]
            held.enders = tuple(self._named_enders(word))
            self._seconds.set_named(word, [self._facts[id_] for id_ in held.enders])
        # A removal that has become a mass, or is none any more, changes all that it named.
        work.update(dict.fromkeys(self._seconds.settle()))
        for word in work:
            if any(self._ends(fact, word) for fact in self._seconds.named(word)):
                _discard(self._by_kid, word.kid, word)
                self._seconds.set_boards(word, ())
            else:
                self._by_kid.setdefault(word.kid, {})[word] = None
                boards = [board.fact for board in self._boards_against(word)]
                self._seconds.set_boards(word, boards)
        work.update(dict.fromkeys(self._seconds.settle()))
        changed = False
        for word in work:
            changed |= self._judge(self._all[word])
        return changed

    def _judge(self, held: Held) -> bool:
        """Tell by all that would end a word whether it is over; returns whether that is new."""
        word, pending = held.word, held.pending
        named = self._seconds.named(word)
        removers = (*named, *self._seconds.boards(word))
        if any(f.message.id in self._void for f in removers):
            removers = (*named,)  # a thief's word may be why honest boards leave this one out
        doubted = any(f.message.id in self._unsure for f in removers)
        waiting = [  # a clear says more about what waits than a board
            (isinstance(f.message.body, BoardBody), f.message.id)
            for f in removers
            if f.message.id not in self._doubted and not self._seconds.may_remove(f, word)
        ]
        over = any(self._ends(fact, word) for fact in removers)
        void = (f for f in held.said_by if f.message.id in self._void)
        made_up = any(isinstance(f.message.body, AlertBody) for f in void)  # whoever repeats it
        held.shaken = not over and (doubted or made_up or word.hazard == REMNANT)
        held.pending = b"" if over else min(waiting, default=(False, b""))[1]
        return self._show(held, over) or held.pending != pending

    def _ends(self, fact: Fact, word: Word) -> bool:
        return fact.message.id not in self._doubted and self._seconds.may_remove(fact, word)

    def _show(self, held: Held, over: bool) -> bool:
        """Enter a word among those that stand, or take it out; returns whether that is new."""
        if held.over is over:
            return False
        held.over = over
        word = held.word
        if over:
            self._loosened.update((fact.message.id, None) for fact in held.said_by)
            if word.hazard == REMNANT:
                remnant = self._remnants.at(word)
                self._loosened[remnant.message_id if remnant else b""] = None
            _discard(self._at, word.area, word)
            for above in self._areas.ancestors(word.area):
                _discard(self._inside, above, word)
        else:
            self._at.setdefault(word.area, {})[word] = None
            for pushed_out in nlargest(STANDING_PINNED + 1, self._rivals(word))[STANDING_PINNED:]:
                said_by = self._all[pushed_out[1]].said_by
                self._loosened.update((fact.message.id, None) for fact in said_by)
            for above in self._areas.ancestors(word.area):
                self._inside.setdefault(above, {})[word] = None
        return True

    def _judges(self, word: Word) -> tuple[int, ...]:
        return (word.authority, *self._above.get(word.authority, ()))

    def _named_enders(self, word: Word) -> Iterator[bytes]:
        """The clears and withdraws that name the word's incident, and its key's updates of it."""
        judges = self._judges(word)
        for clear in self._clears.get(word.incident, {}).values():
            body = clear.message.body
            assert isinstance(body, AlertBody)
            areas = (clear.message.area, *body.areas)
            if body.hazard != word.hazard or clear.authority not in judges:
                continue
            if any(self._scope.within(area, word.area) for area in areas):
                yield clear.message.id
        slot = (word.authority, word.kid, word.incident)
        for message_id, point in self._updates.get(slot, {}).items():
            if point > word.point:
                yield message_id

    def _boards_against(self, word: Word) -> Iterator[Board]:
        for judge in self._judges(word):
            for boards in self._boards.get(judge, {}).values():
                if all(self._scope.leaves_out(board, word) for board in boards):
                    yield from boards

    def _of_incidents(self, incidents: Iterable[bytes]) -> list[Word]:
        return [word for incident in incidents for word in self._by_incident.get(incident, ())]

    def _touched_by(self, boards: Iterable[Board]) -> dict[Word, None]:
        touched: dict[Word, None] = {}
        for board in boards:
            touched.update(board.words)
            for kid in board.covers:
                touched.update(self._by_kid.get(kid, {}))
        return touched

    def _among_newest(self, word: Word) -> bool:
        if self._all[word].over:
            return False
        mine = (word.point, word)
        return sum(rival > mine for rival in self._rivals(word)) < STANDING_PINNED

    def _rivals(self, word: Word) -> Iterator[tuple[tuple[int, int], Word]]:
        """What stands at the word's (authority, area, hazard), by point, itself included."""
        for other in self._at[word.area]:
            if other.authority == word.authority and other.hazard == word.hazard:
                yield other.point, other


def _discard(table: dict[_Key, dict[_Item, _Value]], key: _Key, item: _Item) -> None:
    """Take an item out of a table of tables, and the inner table with its last item."""
    inner = table.get(key)
    if inner is not None and item in inner:
        del inner[item]
        if not inner:
            del table[key]
