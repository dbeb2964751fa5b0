"""The board body: one accepted form, and small."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_protocol.areas import ukraine
from holub_protocol.kinds.board import (
    BITMAP_BYTES_MAX,
    COVERS_MAX,
    GAPS_MAX,
    BoardBody,
    Cover,
    Gap,
    Listed,
    bitmap_of,
)
from holub_protocol.message import BodyError

KID, LID = b"kid kid ", b"lid lid "
X, Y = b"incident", b"jncident"
ORDER = ukraine().board_order
SECONDS = st.integers(0, 2**32 - 1)


@st.composite
def boards(draw: st.DrawFn) -> BoardBody:
    """Any well-formed board."""
    next_due_s = draw(st.integers(1, 86_400))
    kids = draw(st.lists(st.binary(min_size=8, max_size=8), max_size=3, unique=True))
    points = {kid: (draw(st.integers(1, 2**32 - 1)), draw(st.integers(0, 4095))) for kid in kids}
    heads = st.tuples(
        SECONDS,
        st.integers(0, 4095),
        st.sampled_from([b"", *kids]),
        st.integers(1, 1023),
        st.binary(min_size=8, max_size=8),
    )
    by_words = draw(st.booleans())
    words = tuple(
        Listed(*head, areas=tuple(sorted(draw(st.sets(SECONDS, min_size=1, max_size=4)))))
        for head in sorted(draw(st.lists(heads, max_size=4, unique=True)))
    )
    covers = tuple(Cover(kid, *points[kid]) for kid in sorted(kids))
    gaps = tuple(
        Gap(kid, from_s, k, from_s + span_s)
        for kid, from_s, k, span_s in sorted(
            draw(
                st.lists(
                    st.tuples(
                        st.sampled_from([b"", *kids]),
                        st.integers(0, 2**31),
                        st.integers(0, 4095),
                        st.integers(1, 2**30),
                    ),
                    max_size=3,
                    unique=True,
                )
            )
        )
    )
    if words or by_words:
        return BoardBody(next_due_s, covers, words, gaps=gaps)
    hazards = sorted(draw(st.sets(st.integers(1, 1023), max_size=3)))
    places = st.sets(st.sampled_from(ORDER), min_size=1)
    bitmaps = tuple((number, bitmap_of(frozenset(draw(places)), ORDER)) for number in hazards)
    return BoardBody(next_due_s, covers, (), bitmaps, gaps)


@given(boards())
def test_what_is_written_is_read_back(body: BoardBody) -> None:
    """Every board survives the wire, and its fields are its only form."""
    fields = cbor.decode(cbor.encode(body.to_wire()))
    assert isinstance(fields, tuple)
    assert BoardBody.from_wire(fields) == body
    assert BoardBody.from_wire(fields).to_wire() == fields


@given(boards(), st.integers(0, 3), st.sampled_from([None, "x", b"x", -1, True, (1,), ((),)]))
def test_a_field_of_another_type_is_refused(body: BoardBody, place: int, junk: cbor.Value) -> None:
    """Junk in any field is an error of the body, never another exception."""
    fields = list(body.to_wire())
    if place < len(fields):
        fields[place] = junk
        with pytest.raises(BodyError):
            BoardBody.from_wire(tuple(fields))


@given(boards())
def test_a_default_at_the_end_is_refused(body: BoardBody) -> None:
    """An empty end that is sent would be a second form of the same board."""
    fields = body.to_wire()
    if len(fields) < 4:
        with pytest.raises(BodyError):
            BoardBody.from_wire((*fields, (0, (), 0, ())[len(fields)]))


@given(boards(), st.data())
def test_no_other_order_is_accepted(body: BoardBody, data: st.DataObject) -> None:
    """Covers, words and bitmaps in any order but theirs are refused."""
    fields = list(body.to_wire())
    lists = {place: field for place, field in enumerate(fields) if isinstance(field, tuple)}
    if lists:
        place = data.draw(st.sampled_from(sorted(lists)))
        items = data.draw(st.permutations(list(lists[place])))
        if tuple(items) != fields[place]:
            fields[place] = tuple(items)
            try:
                other = BoardBody.from_wire(tuple(fields))
            except BodyError:
                return
            # Differences of time permute into another board that is sorted by itself.
            assert place == 3
            assert other != body


def test_a_quiet_board_takes_four_bytes() -> None:
    """With nothing on and no other desk, a board only promises the next one."""
    body = BoardBody(330)
    assert cbor.encode(body.to_wire()) == bytes.fromhex("81 19014a")


def test_all_of_ukraine_fits_31_bytes() -> None:
    """163 areas under one hazard are 21 bytes of bits, and ten around them."""
    body = BoardBody(330, (), (), ((1, bitmap_of(frozenset(ORDER), ORDER)),))
    assert len(cbor.encode(body.to_wire())) == 31
    assert body.all_areas(ORDER) == ORDER
    assert body.hazards == (1,)


def test_one_word_takes_two_dozen_bytes() -> None:
    """A word with its incident and its origin costs 23 bytes, the next 18."""
    first = Listed(1_700_000_000, 3, b"", 1, X, (93317,))
    second = Listed(1_700_000_060, 4, b"", 1, Y, (30281,))
    sizes = [
        len(cbor.encode(BoardBody(330, (), words).to_wire()))
        for words in ((first,), (first, second))
    ]
    assert sizes == [30, 48]
    assert BoardBody(330, (), (first, second)).all_areas(ORDER) == (30281, 93317)


def test_bitmap_bits_follow_the_registry() -> None:
    """The first bit of the first byte is the lowest area; zeros at the end are not sent."""
    assert bitmap_of(frozenset(ORDER[:1]), ORDER) == b"\x80"
    assert bitmap_of(frozenset([ORDER[9], 99999]), ORDER) == b"\x00\x40"
    body = BoardBody(330, (), (), ((8, b"\x00\x40"),))
    assert body.listed_by_bitmap(ORDER) == ((8, ORDER[9]),)


@given(st.lists(st.frozensets(st.sampled_from(ORDER), min_size=1), max_size=9))
def test_all_areas_are_those_of_any_bitmap(listed: list[frozenset[int]]) -> None:
    """However bitmaps overlap and whatever their lengths, each area is named once, ascending."""
    maps = tuple((hazard, bitmap_of(areas, ORDER)) for hazard, areas in enumerate(listed, 1))
    body = BoardBody(330, (), (), maps)
    assert body.all_areas(ORDER) == tuple(sorted(frozenset().union(*listed)))
    pairs = [(hazard, area) for hazard, areas in enumerate(listed, 1) for area in sorted(areas)]
    assert body.listed_by_bitmap(ORDER) == tuple(pairs)


def test_a_bit_beyond_the_registry_is_an_error() -> None:
    """A bit that stands for no area is not dropped in silence: it may be an alert."""
    body = BoardBody(330, (), (), ((1, bytes(20) + b"\x10"),))
    with pytest.raises(BodyError, match="bit 163 of 163"):
        body.all_areas(ORDER)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ((), "1 to 5 fields, not 0"),
        ((330, (), 0, (), (), 0), "1 to 5 fields, not 6"),
        ((330, (), 0, (), ()), "one accepted form"),
        ((330, (), 0, (), ((0, 5, 1),)), "4 fields, not 3"),
        ((330, (), 0, (), ((1, 5, 1, 9),)), "integer from 0 to 0"),
        ((330, (), 0, (), ((0, 5, 1, 0),)), "ends before it begins"),
        ((330, (), 0, (), ((0, 5, 1, 2**32 - 5),)), "integer from 0"),
        ((330, (), 0, (), ((0, 5, 4096, 1),)), "integer from 0 to 4095"),
        ((330, (), 0, (), ((0, 5, 1, 9), (0, 5, 1, 9))), "gaps: not in order"),
        ((330, (), 0, (), tuple((0, n, 0, 1) for n in range(GAPS_MAX + 1))), "gaps: 17, over 16"),
        ((0,), "integer from 1 to 86400"),
        ((86_401,), "integer from 1 to 86400"),
        ((330, ((KID, 5),)), "3 fields, not 2"),
        ((330, ((b"kid", 5, 1),)), "byte string of 8"),
        ((330, ((LID, 5, 1), (KID, 5, 1))), "covers: not strictly ascending"),
        ((330, ((KID, 5, 1), (KID, 6, 1))), "covers: not strictly ascending"),
        ((330, ((KID, 0, 0),)), "covers nothing and says nothing"),
        ((330, tuple((bytes([0] * 7 + [n]), 5, 1) for n in range(COVERS_MAX + 1))), "at most 32"),
        ((330, (), 2, ((1, b"x"),)), "integer from 0 to 1"),
        ((330, (), 1), "one accepted form"),
        ((330, (), 1, ()), "one accepted form"),
        ((330, (), 1, ((1, b"x"), (1, b"x"))), "bitmaps not ascending"),
        ((330, (), 1, ((2, b"x"), (1, b"x"))), "bitmaps not ascending"),
        ((330, (), 1, ((1, b"x\x00"),)), "ends in zeros"),
        ((330, (), 1, ((1, b""),)), "byte string of 1"),
        ((330, (), 1, ((1, b"x" * (BITMAP_BYTES_MAX + 1)),)), "byte string of 1"),
        ((330, (), 1, ((1, b"x", 0),)), "2 fields, not 3"),
        ((330, (), 0, ((5, 1, 0, 1, X),)), "over 5 fields"),
        ((330, (), 0, ((5, 1, 1, 1, X, 7),)), "integer from 0 to 0"),
        ((330, (), 0, ((5, 1, 0, 1, X, 7, 0),)), "areas missing or not ascending"),
        ((330, (), 0, ((5, 1, 0, 1, X, 7), (0, 1, 0, 1, X, 9))), "words not in order"),
        ((330, (), 0, ((5, 1, 0, 1, Y, 7), (0, 1, 0, 1, X, 7))), "words not in order"),
        ((330, (), 0, ((5, 1, 0, 1, X, 7), (-1, 1, 0, 1, Y, 7))), "integer from 0"),
        ((330, (), 0, ((5, 4096, 0, 1, X, 7),)), "integer from 0 to 4095"),
        ((330, (), 0, ((5, 1, 0, 1, X, 2**32),)), "integer from 0"),
    ],
)
def test_every_broken_rule_is_named(fields: tuple[cbor.Value, ...], complaint: str) -> None:
    """Each rule of the form refuses what breaks it, and says which."""
    with pytest.raises(BodyError, match=re.escape(complaint)):
        BoardBody.from_wire(fields)


def test_who_composes_is_held_to_the_same_rules() -> None:
    """A word of a key that covers does not name, and both forms at once, are refused here too."""
    word = Listed(5, 1, KID, 1, X, (7,))
    with pytest.raises(BodyError, match="a key that covers does not name"):
        BoardBody(330, (), (word,))
    with pytest.raises(BodyError, match="words and bitmaps at once"):
        BoardBody(330, (Cover(KID, 0, 0),), (word,), ((1, b"x"),))
    with pytest.raises(BodyError, match="next_due_s: 0"):
        BoardBody(0)
    with pytest.raises(BodyError, match="gaps: one of a key that covers does not name"):
        BoardBody(330, gaps=(Gap(KID, 5, 1, 9),))


def test_a_gap_holds_what_lies_between_its_ends() -> None:
    """Not the point that was still known, nor what is dated from its end on."""
    gap = Gap(b"", 100, 7, 200)
    held = [(100, 8), (101, 0), (199, 4095)]
    assert [gap.holds(point) for point in held] == [True] * 3
    assert not any(map(gap.holds, [(100, 7), (99, 9), (200, 0), (201, 0)]))
    body = BoardBody(330, gaps=(Gap(b"", 1_700_000_000, 3, 1_700_000_200),))
    assert len(cbor.encode(body.to_wire())) == 18
