"""Bits and their one short form on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.payloads.bitmap import BitmapError, decode, encode, places

COUNT = 1560


@st.composite
def bitmaps(draw: st.DrawFn) -> tuple[int, int]:
    """Draw (bits, count), with runs as they come about and without."""
    count = draw(st.integers(1, COUNT))
    runs = draw(st.lists(st.tuples(st.integers(0, COUNT), st.integers(0, 300)), max_size=5))
    bits = draw(st.integers(0, 2**count - 1)) if draw(st.booleans()) else 0
    for start, length in runs:
        bits |= ((1 << length) - 1) << start
    return bits & ((1 << count) - 1), count


@given(bitmaps())
def test_what_is_written_is_read_again(drawn: tuple[int, int]) -> None:
    """The wire form gives the same bits, in at most two bytes more than the bits themselves."""
    bits, count = drawn
    data = encode(bits, count)
    assert decode(data, count) == bits
    assert len(data) <= -(-count // 8) + 2


def test_nothing_and_everything_are_short() -> None:
    """A payload that nothing or all is held of takes a few bytes."""
    assert len(encode(0, COUNT)) == 4
    assert len(encode(2**COUNT - 1, COUNT)) == 4


@given(st.binary(max_size=40), st.integers(1, 300))
def test_one_form_only(data: bytes, count: int) -> None:
    """Whatever is accepted is what would have been written."""
    try:
        bits = decode(data, count)
    except BitmapError:
        return
    assert encode(bits, count) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01\x00\x00",
        b"\x00\x00",
        b"\x81\x00\x00",
        b"\x02",
        b"\x81\xff",
        b"\x80\x07\x80\x01",
        b"\x81\x01\x10",
    ],
)
def test_other_forms_are_refused(data: bytes) -> None:
    """Too short, too long, runs written out or cut in two, and bits beyond the end."""
    with pytest.raises(BitmapError, match="no bitmap of 12 bits"):
        decode(data, 12)


def test_places_ascend() -> None:
    """Bit p stands for place p."""
    assert list(places(0b1001_0110)) == [1, 2, 4, 7]
