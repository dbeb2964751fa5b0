"""The board: what holds now, as one key of an authority knows it.

A node that was cut off needs the state, not the history. A board is one replica of an
observed-remove set (Bieniusa et al., "An optimized conflict-free replicated set", 2012): each
word it lists carries the key and the point (created, k) of the alert that said it, and `covers`
tells up to which point each key's alerts are taken in. So a word that is covered and not listed
is over, one that is not covered is merely not known here, and boards that repeat each other
can't keep alive what its own desk has dropped. What a key said in a *gap* is not covered either: a
machine that was down can't tell whether its disk kept its last words.
"""

from dataclasses import dataclass
from itertools import pairwise

from holub_crypto.cbor import CborError, Value, as_bytes, as_int, as_tuple
from holub_crypto.identity import HINT_BYTES
from holub_protocol.kinds.alert import HAZARD_MAX, INCIDENT_BYTES
from holub_protocol.kinds.fields import check_ascending, filled, trimmed
from holub_protocol.limits import COUNTER_MAX
from holub_protocol.message import BodyError

COVERS_MAX = 32
"""Desk keys of one authority that a board speaks for: 17 bytes each, half a message."""

GAPS_MAX = 16
"""Gaps of a board, 13 bytes each: four of the own key (boards.py) and some of its siblings'."""

NEXT_DUE_MAX_S = 86_400
"""A board that promises nothing within a day is no board: silence must be visible."""

BITMAP_BYTES_MAX = 64
"""512 areas; Ukraine's table has 163. Bits are free to a stolen key, bytes are not."""

_SECOND_MAX = _AREA_MAX = 2**32 - 1
_DEFAULTS: tuple[Value, ...] = (0, (), 0, (), ())
_FIELDS_MIN = 1
_WORD_HEAD = 5
_NAMED, _BITMAP = 0, 1


@dataclass(frozen=True, slots=True)
class Cover:
    """Up to which point (created_s, k) the alerts of the key hinted at by `kid` are taken in.
    The point (0, 0) covers nothing: it only names a key that a listed word comes from."""

    kid: bytes
    created_s: int
    k: int

    @property
    def point(self) -> tuple[int, int]:
        """The point covered: (created_s, k)."""
        return self.created_s, self.k


@dataclass(frozen=True, slots=True)
class Listed:
    """A word that holds: `incident` is on in `areas` (ascending ids) by `hazard`, said at the
    point (created_s, k) by the key hinted at by `kid`; empty: by the board's own key."""

    created_s: int
    k: int
    kid: bytes
    hazard: int
    incident: bytes
    areas: tuple[int, ...]

    @property
    def point(self) -> tuple[int, int]:
        """When it was said: (created_s, k)."""
        return self.created_s, self.k

    @property
    def order(self) -> tuple[int, int, bytes, int, bytes]:
        """What a board's words are sorted by; no two of them share it."""
        return self.created_s, self.k, self.kid, self.hazard, self.incident


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """What the key hinted at by `kid` (empty: the board's own) said after the point (from_s,
    from_k) and before the second `until_s` may be unknown to that key's own machine: a board that
    does not list such a word does not end it."""

    kid: bytes
    from_s: int
    from_k: int
    until_s: int

    def holds(self, point: tuple[int, int]) -> bool:
        """Whether a point (created_s, k) lies in it."""
        return (self.from_s, self.from_k) < point < (self.until_s, 0)


@dataclass(frozen=True, slots=True)
class BoardBody:
    """`[next_due_s, covers, table, open, gaps]`, the empty end left out.

    `next_due_s`: seconds after `created` by which the next board comes. `covers` ascends by kid
    and leaves the own key out, whose point is the message's own. With table 0 `open` is `words`,
    each `[seconds since the word before, k, key, hazard, incident, area, difference ...]`, where
    key counts `covers` from 1 and 0 is the own key. With table 1 it is `bitmaps`: pairs (hazard,
    bits over the registry's oblasts and raions, most significant first), for days on which the
    words do not fit. `gaps` ascend, each `[key, from_s, from_k, until_s - from_s]`. Raises
    BodyError naming the field.
    """

    next_due_s: int
    covers: tuple[Cover, ...] = ()
    words: tuple[Listed, ...] = ()
    bitmaps: tuple[tuple[int, bytes], ...] = ()
    gaps: tuple[Gap, ...] = ()

    def __post_init__(self) -> None:
        """Hold a body that is composed here to the rules for one that arrives."""
        if not 1 <= self.next_due_s <= NEXT_DUE_MAX_S:
            raise BodyError(f"board next_due_s: {self.next_due_s}, not 1 to {NEXT_DUE_MAX_S}")
        if self.words and self.bitmaps:
            raise BodyError("board open: words and bitmaps at once")
        kids = [cover.kid for cover in self.covers]
        check_ascending("board covers", kids, COVERS_MAX)
        origins = {word.kid for word in self.words} - {b""}
        if not origins <= set(kids):
            raise BodyError("board open: a word of a key that covers does not name")
        if any(cover.point == (0, 0) and cover.kid not in origins for cover in self.covers):
            raise BodyError("board covers: a key that covers nothing and says nothing")
        if any(a.order >= b.order for a, b in pairwise(self.words)):
            raise BodyError("board open: words not in order")
        for word in self.words:
            if not word.areas or list(word.areas) != sorted(set(word.areas)):
                raise BodyError("board open: areas missing or not ascending")
        hazards = [hazard for hazard, _ in self.bitmaps]
        if hazards != sorted(set(hazards)):
            raise BodyError("board open: bitmaps not ascending by hazard")
        if any(not bits or not bits[-1] for _, bits in self.bitmaps):
            raise BodyError("board open: a bitmap ends in zeros")
        self._check_gaps(kids)

    def _check_gaps(self, kids: list[bytes]) -> None:
        if len(self.gaps) > GAPS_MAX:
            raise BodyError(f"board gaps: {len(self.gaps)}, over {GAPS_MAX}")
        if not {gap.kid for gap in self.gaps} <= {b"", *kids}:
            raise BodyError("board gaps: one of a key that covers does not name")
        if any(a >= b for a, b in pairwise(self.gaps)):
            raise BodyError("board gaps: not in order")
        if any(gap.until_s <= gap.from_s for gap in self.gaps):
            raise BodyError("board gaps: one that ends before it begins")

    @classmethod
    def from_wire(cls, fields: tuple[Value, ...]) -> "BoardBody":
        """Read the fields; raises BodyError for anything but their one accepted form."""
        full = filled("board", fields, _FIELDS_MIN, _DEFAULTS)
        next_due, covers_field, table, open_field, gaps_field = full
        try:
            covers = tuple(_cover(item) for item in as_tuple(covers_field))
            kids = (b"", *(cover.kid for cover in covers))
            words: tuple[Listed, ...] = ()
            bitmaps: tuple[tuple[int, bytes], ...] = ()
            if as_int(table, _NAMED, _BITMAP) == _NAMED:
                words = _words(as_tuple(open_field), kids)
            else:
                bitmaps = tuple(_bitmap(item) for item in as_tuple(open_field))
            gaps = tuple(_gap(item, kids) for item in as_tuple(gaps_field))
            body = cls(as_int(next_due, 1, NEXT_DUE_MAX_S), covers, words, bitmaps, gaps)
        except CborError as error:
            raise BodyError(f"board: {error}") from None
        if body.to_wire() != fields:
            raise BodyError("board: not in its one accepted form")
        return body

    def to_wire(self) -> tuple[Value, ...]:
        """Return the fields in their one accepted form."""
        origin = {cover.kid: number for number, cover in enumerate(self.covers, 1)}
        words: list[tuple[Value, ...]] = []
        before_s = 0
        for word in self.words:
            since_s, before_s = word.created_s - before_s, word.created_s
            head = (since_s, word.k, origin.get(word.kid, 0), word.hazard, word.incident)
            steps = (b - a for a, b in pairwise((0, *word.areas)))
            words.append((*head, *steps))
        fields: tuple[Value, ...] = (
            self.next_due_s,
            tuple((cover.kid, cover.created_s, cover.k) for cover in self.covers),
            _BITMAP if self.bitmaps else _NAMED,
            self.bitmaps or tuple(words),
            tuple(
                (origin.get(gap.kid, 0), gap.from_s, gap.from_k, gap.until_s - gap.from_s)
                for gap in self.gaps
            ),
        )
        return trimmed(fields, _FIELDS_MIN, _DEFAULTS)

    def listed_by_bitmap(self, board_order: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Return the (hazard, area) pairs of its bitmaps, where `board_order` gives the area of
        each bit; raises BodyError for a bit beyond it."""
        return tuple(
            (hazard, area)
            for hazard, bits in self.bitmaps
            for area in _areas_of(int.from_bytes(bits, "big"), len(bits), board_order)
        )

    def all_areas(self, board_order: tuple[int, ...]) -> tuple[int, ...]:
        """Return every area it lists, ascending; raises BodyError as `listed_by_bitmap` does."""
        named = {area for word in self.words for area in word.areas}
        union = 0  # of all bitmaps: one pass over the areas, however many hazards are listed
        for _, bits in self.bitmaps:
            union |= int.from_bytes(bits, "big") << 8 * (BITMAP_BYTES_MAX - len(bits))
        return tuple(sorted(named.union(_areas_of(union, BITMAP_BYTES_MAX, board_order))))

    @property
    def hazards(self) -> tuple[int, ...]:
        """Every hazard it lists, ascending."""
        return tuple(sorted({w.hazard for w in self.words} | {h for h, _ in self.bitmaps}))


def _areas_of(bits: int, size_bytes: int, board_order: tuple[int, ...]) -> list[int]:
    """Return the areas of a bitmap of so many bytes; raises BodyError for a bit beyond them."""
    places = [i for i, bit in enumerate(f"{bits:0{8 * size_bytes}b}") if bit == "1"]
    if places and places[-1] >= len(board_order):
        raise BodyError(f"board open: bit {places[-1]} of {len(board_order)} areas")
    return [board_order[place] for place in places]


def bitmap_of(areas: frozenset[int], board_order: tuple[int, ...]) -> bytes:
    """Return the bits of those `areas` that stand in `board_order`, without zeros at the end."""
    bits = bytearray((len(board_order) + 7) // 8)
    for place, area in enumerate(board_order):
        if area in areas:
            bits[place // 8] |= 0x80 >> place % 8
    return bytes(bits).rstrip(b"\0")


def _cover(value: Value) -> Cover:
    fields = as_tuple(value)
    if len(fields) != 3:
        raise BodyError(f"board covers: an entry has 3 fields, not {len(fields)}")
    kid, created_s, k = fields
    return Cover(
        as_bytes(kid, HINT_BYTES, HINT_BYTES),
        as_int(created_s, 0, _SECOND_MAX),
        as_int(k, 0, COUNTER_MAX),
    )


def _gap(value: Value, kids: tuple[bytes, ...]) -> Gap:
    fields = as_tuple(value)
    if len(fields) != 4:
        raise BodyError(f"board gaps: an entry has 4 fields, not {len(fields)}")
    origin, from_s, from_k, span_s = fields
    begin_s = as_int(from_s, 0, _SECOND_MAX)
    return Gap(
        kids[as_int(origin, 0, len(kids) - 1)],
        begin_s,
        as_int(from_k, 0, COUNTER_MAX),
        begin_s + as_int(span_s, 0, _SECOND_MAX - begin_s),
    )


def _bitmap(value: Value) -> tuple[int, bytes]:
    fields = as_tuple(value)
    if len(fields) != 2:
        raise BodyError(f"board open: a bitmap has 2 fields, not {len(fields)}")
    return as_int(fields[0], 1, HAZARD_MAX), as_bytes(fields[1], 1, BITMAP_BYTES_MAX)


def _words(entries: tuple[Value, ...], kids: tuple[bytes, ...]) -> tuple[Listed, ...]:
    words = []
    created_s = 0
    for entry in map(as_tuple, entries):
        if len(entry) <= _WORD_HEAD:
            raise BodyError(f"board open: a word has over {_WORD_HEAD} fields")
        since_s, k, origin, hazard, incident = entry[:_WORD_HEAD]
        created_s += as_int(since_s, 0, _SECOND_MAX - created_s)
        area, areas = 0, []
        for step in entry[_WORD_HEAD:]:
            area += as_int(step, 0, _AREA_MAX - area)
            areas.append(area)
        words.append(
            Listed(
                created_s,
                as_int(k, 0, COUNTER_MAX),
                kids[as_int(origin, 0, len(kids) - 1)],
                as_int(hazard, 1, HAZARD_MAX),
                as_bytes(incident, INCIDENT_BYTES, INCIDENT_BYTES),
                tuple(areas),
            )
        )
    return tuple(words)
