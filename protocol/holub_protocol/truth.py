"""What holds at a place, as far as this node can know: the answer people act on.

Words (words.py) say what is on. This module adds time and the charter. A word within its
lifetime is an *alert*; past it, or where only doubted messages speak, it is *stale*: unknown,
never over. "Clear" needs more than silence: a reliable clock, and a fresh board of every
authority that the charter names for the place, with nothing standing there. A board vouches
only as far as its signer's grants reach; desks of one authority may vouch for it together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from holub_crypto.charter import ANY_HAZARD
from holub_crypto.trust import Reach, Standing
from holub_protocol.areas import AreaTree
from holub_protocol.facts import NOTHING, REMNANT, Change, Fact, Held, Word
from holub_protocol.hazards import hazard
from holub_protocol.kinds.alert import AlertBody, Certainty, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import Message, Now
from holub_protocol.remnants import Remnant
from holub_protocol.words import Words

BOARD_GRACE_S = 60
"""How late a board may be before silence is shown: ten hops at 5 s, and a resend."""

SKEW_S = 60
"""How far ahead of a reliable clock a message counts as of now; beyond, it is marked."""


HOLDING = (AlertBody, BoardBody, EndorseBody)
"""The bodies from which follows what holds."""


class Level(Enum):
    """The state of a place, the gravest first. PARTLY: only in regions within it."""

    ALERT = "alert"
    PARTLY = "partly"
    UNKNOWN = "unknown"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a charter charges an authority with. `parent` is the authority above it, or 0."""

    authority: int
    parent: int
    areas: tuple[int, ...]
    hazards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlertView:
    """One incident at one area, as it is shown. `incident` is empty where a bitmap board gives
    no name. `key` signed `message_id`, the newest message that says it; `since_s` and
    `updated_s` are Unix seconds by the issuers' clocks. `stale`: past its lifetime or doubted,
    and yet nobody has ended it. `unconfirmed`: of a dangerous hazard, and no second authority
    stands by it. `removal`: the id of a message that says it is over and needs a second
    authority's endorsement (empty: there is none)."""

    incident: bytes
    hazard: int
    area: int
    authority: int
    key: bytes
    since_s: int
    updated_s: int
    message_id: bytes
    certainty: Certainty
    guidance: tuple[int, ...]
    texts: tuple[tuple[str, str], ...]
    from_future: bool
    stale: bool
    unconfirmed: bool
    removal: bytes


@dataclass(frozen=True, slots=True)
class AreaStatus:
    """The state of a place: `alerts` at it, above and within it, gravest first; `stale` words;
    withdraws still in force; when anything was last said of it; the age of the oldest of the
    newest boards of the authorities charged with it (None: one has none), and when the next
    board is due. Times are Unix seconds."""

    level: Level
    area: int
    alerts: tuple[AlertView, ...]
    stale: tuple[AlertView, ...]
    withdrawn: tuple[AlertView, ...]
    last_word_s: int | None
    as_of_s: int | None
    next_due_s: int | None
    reliable: bool


class Truth:
    """The state of every place, as a function of the admitted alerts and boards and of now.

    Admission keeps from it what is not signed, not granted, out of scope or expired, and
    clears, withdraws and boards from the future.
    """

    def __init__(self, areas: AreaTree, charges: Iterable[Charge] = ()) -> None:
        """Start with nothing known: every place is UNKNOWN."""
        self._areas = areas
        self._words = Words(areas, {})
        self._notices: dict[bytes, Fact] = {}
        self._last_at: dict[int, int] = {}
        self._last_inside: dict[int, int] = {}
        self.set_charges(charges)

    def set_charges(self, charges: Iterable[Charge], registrars: int = 0) -> None:
        """Take the authorities of the charter in force, and how many registrars it names."""
        self._charges = {charge.authority: charge for charge in charges}
        self._charged: dict[int, tuple[int, ...]] = {}
        self._words.govern(
            {authority: self._above(authority) for authority in self._charges},
            {number: Reach(c.areas, _hazards(c)) for number, c in self._charges.items()},
            registrars,
        )

    def set_doubted(self, message_ids: Iterable[bytes], void: Iterable[bytes] = ()) -> None:
        """Replace the set of messages whose signer was revoked or lost its grant; the `void`
        among them are surely a thief's (see Words.doubt)."""
        self._words.doubt(message_ids, void)

    def set_standing(self, key: bytes, authority: int, standing: Standing) -> bool:
        """Learn what a key is to its authority; returns whether that is new. What was judged by
        what it was before stays so until `set_doubted`."""
        return self._words.set_standing(key, authority, standing)

    def facts(self) -> tuple[Fact, ...]:
        """Everything taken in and not forgotten: alerts, tests, boards, endorsements."""
        tests = [f for id_, f in self._notices.items() if not self._words.knows(id_)]
        return (*self._words.facts(), *tests)

    def add(self, message: Message, key: bytes, authority: int) -> Change:
        """Take in an admitted alert, board or endorsement, signed by `key` for `authority`; any
        other kind, and a message known already, changes nothing."""
        fact = Fact(message, key, authority)
        body = message.body
        if isinstance(body, AlertBody):
            if body.verb is not Verb.TEST:
                self._note_time(message, body)
            if body.verb in (Verb.TEST, Verb.WITHDRAW):
                known = message.id in self._notices
                self._notices[message.id] = fact
                if body.verb is Verb.TEST:
                    return NOTHING if known else Change(visible=True)
        return self._words.add(fact)

    def forget(self, message_id: bytes) -> tuple[bytes, ...]:
        """Drop a message that was deleted; an unknown id is nothing. Returns the ids of those
        that need not be kept any more without it, as Change.released does."""
        self._notices.pop(message_id, None)
        return self._words.forget(message_id)

    def give_up(self, message_id: bytes) -> tuple[bytes, ...]:
        """Drop a message for which there is no room: the places that it spoke of are in doubt
        (see Words.give_up)."""
        self._notices.pop(message_id, None)
        return self._words.give_up(message_id)

    def last_to_go(self, message_id: bytes) -> int | None:
        """Tell how dearly a place would miss a message (see Words.last_to_go)."""
        return self._words.last_to_go(message_id)

    def remnants_of(self, authority: int, kid: bytes) -> tuple[Remnant, ...]:
        """What stands, or stood, for the messages of a key that were dropped."""
        return self._words.remnants_of(authority, kid)

    def remember(self, remnants: Iterable[Remnant]) -> None:
        """Take in again what was left of messages given up before a restart."""
        self._words.remember(remnants)

    def pinned(self, message_id: bytes) -> bool:
        """Whether a message must neither be evicted nor deleted, though it be expired."""
        return self._words.pinned(message_id)

    def open_words(self, authority: int) -> tuple[Word, ...]:
        """The words of an authority that nothing has ended, past their lifetime or not, in
        order; those that are in doubt are left out, for a person has to decide on them."""
        return tuple(word for word, in_doubt in self.words(authority) if not in_doubt)

    def words(self, authority: int) -> tuple[tuple[Word, bool], ...]:
        """Every word of an authority that nothing has ended, in order, and whether it is in
        doubt."""
        held = (held for held in self._words.standing() if held.word.authority == authority)
        return tuple(sorted((held.word, self._in_doubt(held)) for held in held))

    def last_points(self, authority: int) -> dict[bytes, tuple[int, int]]:
        """Up to which point something is known here of each key of an authority, by hint: words
        that stand and newest boards."""
        points = {board.kid: board.point for board in self.newest_boards(authority)}
        for word, _ in self.words(authority):
            points[word.kid] = max(word.point, points.get(word.kid, word.point))
        return points

    def doubted_keys(self, authority: int) -> tuple[bytes, ...]:
        """The hints of the keys of an authority that have standing words in doubt, ascending."""
        kids = {
            held.word.kid
            for held in self._words.standing()
            if held.word.authority == authority and self._in_doubt(held)
        }
        return tuple(sorted(kids))

    def lost_areas(
        self, authority: int, kid: bytes, after: tuple[int, int] = (0, 0)
    ) -> tuple[int, ...]:
        """Where alerts of a key stood when they left the index, ascending; those up to the point
        `after` left out."""
        left = [r for r in self._words.remnants(authority) if r.lost and r.word.kid == kid]
        return tuple(sorted(r.word.area for r in left if r.word.point > after))

    def in_reach(self, reach: tuple[Reach, ...], word: Word) -> bool:
        """Whether the reach covers a word's area and names its hazard."""
        return self._words.in_reach(reach, word.area, word.hazard)

    def newest_boards(self, authority: int, trusted: bool = False) -> tuple[Message, ...]:
        """The newest board of each key of an authority, those in doubt only unless `trusted`."""
        boards = (fact.message for fact in self._words.boards(authority))
        return tuple(b for b in boards if not trusted or self._words.trusted(b.id))

    def alerts(self, now: Now) -> tuple[AlertView, ...]:
        """Everything that is on, anywhere, the gravest first."""
        live = [held for held in self._words.standing() if self._is_live(held, now)]
        return self._views(live, now, stale=False)

    def tests(self, now: Now) -> tuple[AlertView, ...]:
        """The tests within their lifetime: never to be shown like the real thing."""
        return self._noticed(Verb.TEST, now)

    def status(self, area: int, now: Now) -> AreaStatus:
        """Return the state of a place: a walk up and down the region tree."""
        above = [h for a in self._upwards(area) for h in self._words.standing_at(a)]
        inside = list(self._words.standing_inside(area))
        live_above = [held for held in above if self._is_live(held, now)]
        live_inside = [held for held in inside if self._is_live(held, now)]
        stale = [held for held in (*above, *inside) if not self._is_live(held, now)]
        boards = [b for a in self._charged_with(area) for b in self._vouching(a, area)]
        if live_above:
            level = Level.ALERT
        elif live_inside:
            level = Level.PARTLY
        elif stale or not now.reliable or not boards:
            level = Level.UNKNOWN
        else:
            fresh = all(board and _is_fresh(board, now) for board in boards)
            level = Level.CLEAR if fresh else Level.UNKNOWN
        known = [board for board in boards if board]
        complete = len(known) == len(boards) > 0
        return AreaStatus(
            level=level,
            area=area,
            alerts=self._views([*live_above, *live_inside], now, stale=False),
            stale=self._views(stale, now, stale=True),
            withdrawn=self._noticed(Verb.WITHDRAW, now, area),
            last_word_s=self._last_word(area, known),
            as_of_s=min(board.created_s for board in known) if complete else None,
            next_due_s=min(map(_due_s, known)) if complete else None,
            reliable=now.reliable,
        )

    def next_change(self, now: Now) -> int | None:
        """Return the first wall second after now at which time alone may change a status, None
        if there is none: with an unreliable clock time changes nothing."""
        if not now.reliable:
            return None
        moments = [fact.message.expires_s for fact in self._notices.values()]
        for held in self._words.standing():
            moments.extend(fact.message.expires_s for fact in held.said_by)
            moments.append(held.word.created_s - SKEW_S)
        for authority in self._charges:
            for board in self.newest_boards(authority):
                late_s = _due_s(board) + BOARD_GRACE_S + 1
                moments.extend((min(late_s, board.expires_s), board.created_s - SKEW_S))
        return min((moment for moment in moments if moment > now.wall_s), default=None)

    # --- inside -------------------------------------------------------------------------------

    def _above(self, authority: int) -> tuple[int, ...]:
        above: list[int] = []
        while (charge := self._charges.get(authority)) and charge.parent not in (0, *above):
            authority = charge.parent
            above.append(authority)
        return tuple(above)

    def _upwards(self, area: int) -> tuple[int, ...]:
        return (area, *self._areas.ancestors(area))

    def _charged_with(self, area: int) -> tuple[int, ...]:
        charged = self._charged.get(area)
        if charged is None:
            charged = tuple(
                authority
                for authority in sorted(self._charges)
                if any(self._areas.related(a, area) for a in self._charges[authority].areas)
            )
            if area in self._areas:  # else a visitor's made-up numbers would fill the table
                self._charged[area] = charged
        return charged

    def _vouching(self, authority: int, place: int) -> list[Message | None]:
        """For each area and hazard of the place that the authority is charged with, the board
        of a key that reaches both and promises longest; None where no key vouches for them."""
        charge = self._charges[authority]
        boards = [f for f in self._words.boards(authority) if self._words.trusted(f.message.id)]
        boards.sort(key=lambda f: (_due_s(f.message), f.message.created_s, f.message.id))
        if any(self._areas.covers(area, place) for area in charge.areas):
            parts: tuple[int, ...] = (place,)
        else:
            parts = tuple(area for area in charge.areas if self._areas.covers(place, area))
        return [
            next(
                (
                    fact.message
                    for fact in reversed(boards)
                    if self._words.in_reach(self._words.standing_of(fact).reach, part, number)
                ),
                None,
            )
            for part in parts
            for number in _hazards(charge)
        ]

    def _in_doubt(self, held: Held) -> bool:
        return held.shaken or not any(self._words.trusted(f.message.id) for f in held.said_by)

    def _is_live(self, held: Held, now: Now) -> bool:
        """Whether a standing word is on. A clock that nothing vouches for expires nothing."""
        return not held.shaken and any(
            self._words.trusted(fact.message.id)
            and (not now.reliable or now.wall_s < fact.message.expires_s)
            for fact in held.said_by
        )

    def _note_time(self, message: Message, body: AlertBody) -> None:
        for area in body.all_areas(message.area):
            if area in self._areas:
                self._last_at[area] = max(self._last_at.get(area, 0), message.created_s)
                for above in self._areas.ancestors(area):
                    self._last_inside[above] = max(
                        self._last_inside.get(above, 0), message.created_s
                    )

    def _last_word(self, area: int, boards: list[Message]) -> int | None:
        moments = [self._last_at[a] for a in self._upwards(area) if a in self._last_at]
        if area in self._last_inside:
            moments.append(self._last_inside[area])
        moments.extend(board.created_s for board in boards)
        return max(moments, default=None)

    def _noticed(self, verb: Verb, now: Now, area: int | None = None) -> tuple[AlertView, ...]:
        views = []
        for fact in self._notices.values():
            message, body = fact.message, fact.message.body
            assert isinstance(body, AlertBody)
            if body.verb is not verb or not self._words.trusted(message.id):
                continue
            if self._words.waits(message.id):  # a withdraw that does not count yet
                continue
            if now.reliable and now.wall_s >= message.expires_s:
                continue
            for where in body.all_areas(message.area):
                if area is None or where == area or self._areas.related(where, area):
                    for incident in body.incidents or (b"",):
                        word = Word(
                            fact.authority,
                            message.kid,
                            message.created_s,
                            message.k,
                            body.hazard,
                            incident,
                            where,
                        )
                        views.append(self._view(Held(word, (fact,)), now, stale=False))
        return _gravest_first(views)

    def _views(self, words: Iterable[Held], now: Now, stale: bool) -> tuple[AlertView, ...]:
        """One view for each (authority, incident, area): its gravest, then newest word. Words
        without a name are shown only where none with a name tells of the same hazard."""
        best: dict[tuple[int, bytes, int, int], Held] = {}
        named: dict[tuple[int, int, int], None] = {}
        for held in words:
            word = held.word
            if word.hazard == REMNANT:  # it makes a place unknown, and has nothing to show
                continue
            unnamed = 0 if word.incident else word.hazard
            slot = (word.authority, word.incident, word.area, unnamed)
            if slot not in best or _rank(held) > _rank(best[slot]):
                best[slot] = held
            if word.incident:
                named[word.authority, word.area, word.hazard] = None
        return _gravest_first(
            self._view(held, now, stale)
            for held in best.values()
            if held.word.incident
            or (held.word.authority, held.word.area, held.word.hazard) not in named
        )

    def _view(self, held: Held, now: Now, stale: bool) -> AlertView:
        word = held.word
        fact = max(
            held.said_by,
            key=lambda f: (isinstance(f.message.body, AlertBody), f.message.point, f.message.id),
        )
        message, body = fact.message, fact.message.body
        alert = body if isinstance(body, AlertBody) else None
        first_s = word.created_s
        if word.incident:
            first_s = min(
                (other.word.created_s for other in self._words.of_incident(word.incident)),
                default=word.created_s,
            )
        return AlertView(
            incident=word.incident,
            hazard=word.hazard,
            area=word.area,
            authority=word.authority,
            key=fact.key,
            since_s=first_s,
            updated_s=word.created_s,
            message_id=message.id,
            certainty=alert.certainty if alert else Certainty.UNKNOWN,
            guidance=alert.guidance if alert else (),
            texts=alert.texts if alert else (),
            from_future=now.reliable and word.created_s > now.wall_s + SKEW_S,
            stale=stale,
            unconfirmed=self._words.unconfirmed(held),
            removal=held.pending,
        )


def _hazards(charge: Charge) -> tuple[int, ...]:
    """What an authority is charged with; one that names no hazard must vouch for all."""
    return (ANY_HAZARD,) if ANY_HAZARD in charge.hazards else charge.hazards or (ANY_HAZARD,)


def _rank(held: Held) -> tuple[int, tuple[int, int], Word]:
    return hazard(held.word.hazard).severity, held.word.point, held.word


def _gravest_first(views: Iterable[AlertView]) -> tuple[AlertView, ...]:
    def order(view: AlertView) -> tuple[int, int, int, bytes, int, bytes]:
        severity = hazard(view.hazard).severity
        return -severity, -view.updated_s, view.area, view.incident, view.authority, view.message_id

    return tuple(sorted(views, key=order))


def _due_s(board: Message) -> int:
    """The second by which the next board was promised."""
    assert isinstance(board.body, BoardBody)
    return board.created_s + board.body.next_due_s


def _is_fresh(board: Message, now: Now) -> bool:
    return (
        board.created_s <= now.wall_s + SKEW_S
        and now.wall_s <= _due_s(board) + BOARD_GRACE_S
        and now.wall_s < board.expires_s
    )
