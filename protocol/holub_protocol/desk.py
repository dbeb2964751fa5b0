"""The desk's side of boards: what to sign, and when.

A board speaks for its own key completely, so a desk composes only from a truth that has taken
in everything its key has ever signed that still stands; a desk that lost its store must first
get its own alerts back from the relays.
"""

from dataclasses import replace
from itertools import groupby

from holub_crypto import cbor
from holub_crypto.identity import key_hint
from holub_crypto.trust import Reach
from holub_protocol.adopted import NOBODY, Points
from holub_protocol.areas import EVERYWHERE, AreaTree
from holub_protocol.facts import EVERYTHING, Word
from holub_protocol.kinds.board import (
    COVERS_MAX,
    GAPS_MAX,
    BoardBody,
    Cover,
    Gap,
    Listed,
    bitmap_of,
)
from holub_protocol.limits import ALERT_BYTES
from holub_protocol.truth import Truth

BOARD_EVERY_S = 300
"""A quiet desk's rhythm: 288 boards of some 100 bytes a day, 29 kB."""

BOARD_DUE_S = 330
"""What a board promises: the rhythm and half a minute to sign and spread."""

BOARD_SPACING_S = 2
"""Shortest time between two boards. Real bursts are 5 alerts in a second and 22 in a minute:
one board then tells of several. Kept up for an hour it would be 1,800, so it is not: see
board_due_s."""

HOUR_S = 3600
BOARDS_HOURLY = 1000
"""Messages an hour of a desk's key: its alerts and boards count together."""

BUSY_SHARE = 5
BUSY_SPACING_S = 15
"""After a fifth of the hour's messages, boards on change come 15 s apart. A sibling that toggles
an alert every 2 s then costs this desk 200 + 3600 / 15 = 440 of its 1,000; the rest is left for
alerts. With another hourly rate the spacing scales against it."""

ENVELOPE_BYTES = 130
"""Room kept beside the body for headers and signature, of which a message needs some 98."""

BODY_BYTES = ALERT_BYTES - ENVELOPE_BYTES


def compose_board(
    truth: Truth,
    authority: int,
    own_key: bytes,
    areas: AreaTree,
    *,
    next_due_s: int = BOARD_DUE_S,
    adopt: Points = NOBODY,
    gaps: tuple[Gap, ...] = (),
    reach: tuple[Reach, ...] = EVERYTHING,
    body_bytes: int = BODY_BYTES,
) -> BoardBody:
    """Return the board that `own_key` (32 bytes) should sign now for its authority.

    It lists every word of the authority that stands here, also those past their lifetime:
    expiry is no all-clear. Another key is covered up to its newest board taken in here, never
    up to one of its alerts, before which others may be missing. Not covered are keys with words
    in doubt, on which a person must decide, and keys whose newest board is a bitmap, whose
    words have no names to list; `adopt` tells for which the operator answers all the same, as
    after the loss of a desk. What the own key said in its `gaps` is not covered, nor what others
    said in theirs. Where the words don't fit `body_bytes`, bitmaps tell
    them, with small regions widened to their raion. Other keys' words beyond `reach`, that of this
    key's grants, are left out, and the board does not end them. Raises ValueError if even bits
    don't fit, or where alerts of this key that stood are no longer indexed, for its board would
    end them, unless it is itself among those to `adopt`.
    """
    own = key_hint(own_key)
    if lost := truth.lost_areas(authority, own, adopt.get(own, (0, 0))):
        raise ValueError(
            f"more alerts of this key hold than a node keeps, one of them in area {lost[0]}; clear "
            f"some, say anew what holds, and answer for the rest: `holub board --adopt {own.hex()}`"
        )
    words = [
        word
        for word in truth.open_words(authority)
        if word.incident and (word.kid == own or truth.in_reach(reach, word))
    ]
    theirs = _gaps(truth, authority, own, adopt, GAPS_MAX - len(gaps))
    every = _covers(truth, authority, own, adopt)
    covers = {kid: cover for kid, cover in every.items() if kid in theirs}
    kids = {word.kid for word in words} - {own}
    if len(kids) <= COVERS_MAX:
        named_only = {kid: Cover(kid, 0, 0) for kid in kids if kid not in covers}
        table = _newest({**named_only, **covers}, keep=kids)
        body = BoardBody(next_due_s, table, _listed(words, own), gaps=_told(gaps, theirs, table))
        if _size(body) <= body_bytes:
            return body
    own_words = [word for word in words if word.kid == own]
    for told, covered in ((words, covers), (words, {}), (own_words, {})):
        table = _newest(covered, keep=set())
        unsure = _told(gaps, theirs, table)
        body = BoardBody(next_due_s, table, bitmaps=_bitmaps(told, areas), gaps=unsure)
        if _size(body) <= body_bytes:
            return body
    hazards = len(body.bitmaps)
    raise ValueError(f"{hazards} hazards do not fit one board; clear some of them first")


def same_view(a: BoardBody, b: BoardBody) -> bool:
    """Whether two boards of one key tell the same. What they cover does not matter: else two
    desks would answer each other's boards without end."""
    return a.words == b.words and a.bitmaps == b.bitmaps


def board_due_s(
    last_s: int | None,
    changed: bool,
    now_s: int,
    *,
    signed: int = 0,
    hourly: int = BOARDS_HOURLY,
) -> int:
    """Return the second at which the next board is due: at once where there was none or where
    the view has changed, but never two within BOARD_SPACING_S; else after BOARD_EVERY_S.

    `signed` boards came within the hour before now, of `hourly` messages that the key may sign:
    beyond a fifth of these, changes wait for the wider spacing. All seconds by one clock of the
    caller's."""
    if last_s is None:
        return now_s
    if not changed:
        return last_s + BOARD_EVERY_S
    if signed < hourly // BUSY_SHARE:
        return max(now_s, last_s + BOARD_SPACING_S)
    spacing_s = -(-BUSY_SPACING_S * BOARDS_HOURLY // max(hourly, 1))
    return max(now_s, last_s + min(spacing_s, BOARD_EVERY_S))


def _covers(truth: Truth, authority: int, own: bytes, adopt: Points) -> dict[bytes, Cover]:
    """The other keys of the authority and the points of their newest boards; adopted ones up to
    where they were adopted."""
    doubted = truth.doubted_keys(authority)
    unnamed = {word.kid for word in truth.open_words(authority) if not word.incident}
    covers = {
        board.kid: Cover(board.kid, *board.point)
        for board in truth.newest_boards(authority)
        if board.kid != own and board.kid not in doubted and board.kid not in unnamed
    }
    for kid, point in adopt.items():
        if kid != own and (kid not in covers or covers[kid].point < point):
            covers[kid] = Cover(kid, *point)
    return covers


def _gaps(
    truth: Truth, authority: int, own: bytes, adopt: Points, most: int
) -> dict[bytes, tuple[Gap, ...]]:
    """Each key that may be covered, with the gaps that its newest boards tell of; none of an
    adopted one up to where it was adopted, for there the operator answers. Keys whose gaps find no
    room are left out."""
    found: dict[bytes, tuple[Gap, ...]] = dict.fromkeys(adopt, ())
    for board in truth.newest_boards(authority):
        assert isinstance(board.body, BoardBody)
        if board.kid != own and adopt.get(board.kid, (-1, 0)) < board.point:
            mine = [replace(gap, kid=board.kid) for gap in board.body.gaps if not gap.kid]
            found[board.kid] = (*found.get(board.kid, ()), *mine)
    for kid, gaps in list(found.items()):
        found[kid] = tuple(sorted(set(gaps)))
        most -= len(found[kid])
        if most < 0:
            del found[kid]
    return found


def _told(
    own: tuple[Gap, ...], theirs: dict[bytes, tuple[Gap, ...]], table: tuple[Cover, ...]
) -> tuple[Gap, ...]:
    """The gaps of a board with that table, in order."""
    covered = (cover.kid for cover in table if cover.point != (0, 0))
    named = (gap for kid in covered for gap in theirs.get(kid, ()))
    return tuple(sorted((*own, *named)))


def _newest(covers: dict[bytes, Cover], keep: set[bytes]) -> tuple[Cover, ...]:
    """At most COVERS_MAX of them by kid: those in `keep`, then those with the newest points. A
    key left out is not covered, which ends nothing."""
    order = sorted(covers.values(), key=lambda c: (c.kid in keep, c.point, c.kid), reverse=True)
    return tuple(sorted(order[:COVERS_MAX], key=lambda cover: cover.kid))


def _listed(words: list[Word], own: bytes) -> tuple[Listed, ...]:
    def told(word: Word) -> tuple[int, int, bytes, int, bytes]:
        kid = b"" if word.kid == own else word.kid
        return word.created_s, word.k, kid, word.hazard, word.incident

    return tuple(
        Listed(*head, areas=tuple(sorted({word.area for word in group})))
        for head, group in groupby(sorted(words, key=told), key=told)
    )


def _bitmaps(words: list[Word], areas: AreaTree) -> tuple[tuple[int, bytes], ...]:
    order = frozenset(areas.board_order)
    marked: dict[int, set[int]] = {}
    for word in words:
        up = (word.area, *areas.ancestors(word.area))
        nearest = next((area for area in up if area in order), EVERYWHERE)
        widened = (nearest,) if nearest != EVERYWHERE else areas.board_order
        marked.setdefault(word.hazard, set()).update(widened)
    return tuple(
        (number, bitmap_of(frozenset(marked[number]), areas.board_order))
        for number in sorted(marked)
    )


def _size(body: BoardBody) -> int:
    return len(cbor.encode(body.to_wire()))
