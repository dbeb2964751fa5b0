"""The narrow CBOR profile: one accepted byte string for each value, and nothing else."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_crypto.cbor import MAX_DEPTH, CborError

SCALARS = st.one_of(
    st.none(), st.integers(-(2**64), 2**64 - 1), st.binary(max_size=40), st.text(max_size=40)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=12
).filter(lambda value: depth_of(value) <= MAX_DEPTH)


def depth_of(value: object) -> int:
    """Return how deep a value is nested; a scalar not at all."""
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, tuple) else 0


def nested(depth: int) -> bytes:
    """Return `depth` arrays, one in another, and a 0 inside."""
    return b"\x81" * depth + b"\x00"


@given(VALUES)
def test_what_is_written_is_read_back(value: cbor.Value) -> None:
    """Every value of the profile survives, with its types."""
    assert cbor.decode(cbor.encode(value)) == value


@given(VALUES)
def test_what_is_written_is_what_others_write(value: cbor.Value) -> None:
    """Byte for byte what cbor2 writes, which is somebody else's."""
    assert cbor.encode(value) == cbor2.dumps(value)


@pytest.mark.parametrize(
    "number", [0, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1]
)
def test_heads_are_the_shortest(number: int) -> None:
    """At each bound where a head grows, for integers of both signs and for lengths."""
    for value in (number, -1 - number):
        assert cbor.encode(value) == cbor2.dumps(value)
    if number <= 65_536:
        for sized in (bytes(number), "x" * number, (None,) * number):
            assert cbor.encode(sized) == cbor2.dumps(sized)


@given(st.binary(max_size=60))
def test_accepted_bytes_are_the_only_ones(data: bytes) -> None:
    """Any bytes are refused with CborError, or are what encoding gives again."""
    try:
        value = cbor.decode(data)
    except CborError:
        return
    assert cbor.encode(value) == data


@given(VALUES, st.data())
def test_a_changed_byte_is_another_value(value: cbor.Value, data: st.DataObject) -> None:
    """A changed encoding is refused, or is the one encoding of a different value."""
    good = cbor.encode(value)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        other = cbor.decode(bad)
    except CborError:
        return
    assert cbor.encode(other) == bad


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "nothing"),
        (b"\x82\x00", "an array cut short"),
        (b"\x43ab", "a string cut short"),
        (b"\x00\x00", "a byte after the end"),
        (b"\x18\x05", "an integer in two bytes"),
        (b"\x19\x00\xff", "an integer in three bytes"),
        (b"\x58\x01a", "a string's length in two bytes"),
        (b"\x98\x01\x00", "an array's length in two bytes"),
        (b"\x9f\x00\xff", "an indefinite array"),
        (b"\x5f\x41a\xff", "an indefinite byte string"),
        (b"\x7f\x61a\xff", "an indefinite text"),
        (b"\xbf\xff", "an indefinite map"),
        (b"\xa0", "an empty map"),
        (b"\xa1\x01\x02", "a map"),
        (b"\xa2\x01\x02\x01\x03", "a map with a key twice"),
        (b"\x81\xa1\x01\x02", "a map inside"),
        (b"\xf4", "false"),
        (b"\xf5", "true"),
        (b"\xf7", "undefined"),
        (b"\xf0", "a simple value"),
        (b"\xf8\xff", "a simple value in two bytes"),
        (b"\xf9\x3c\x00", "a half float"),
        (b"\xfa\x3f\x80\x00\x00", "a float"),
        (b"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", "a double"),
        (b"\xff", "a break alone"),
        (b"\x1c", "a reserved length"),
        (b"\x61\xff", "text that is no UTF-8"),
        (b"\x63\xed\xa0\x80", "a surrogate in UTF-8"),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "an array of 2^64 - 1"),
        (b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "a string of 2^63 - 1"),
    ],
)
def test_everything_else_is_refused(data: bytes, what: str) -> None:
    """What cbor2 alone may take is no value of the profile."""
    with pytest.raises(CborError):
        cbor.decode(data)


@pytest.mark.parametrize("tag", [0, 1, 2, 3, 4, 5, 24, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258,
                                 260, 261, 1004, 43000, 55799, 65535])  # fmt: skip
@pytest.mark.parametrize("inside", [b"\x00", b"\x41a", b"\x61a", b"\x82\x00\x00"])
def test_no_tag_is_read(tag: int, inside: bytes) -> None:
    """Neither tags that cbor2 acts on nor unknown ones pass, on the outside or within."""
    head = cbor.encode(tag)
    tagged = bytes([head[0] | 0xC0]) + head[1:] + inside
    for data in (tagged, b"\x81" + tagged):
        with pytest.raises(CborError):
            cbor.decode(data)


def test_nesting_ends_at_the_bound() -> None:
    """The deepest allowed passes, one more does not, and 10,000 crash nothing."""
    assert cbor.encode(cbor.decode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 1000, 10_000):
        with pytest.raises(CborError):
            cbor.decode(nested(depth))


@pytest.mark.parametrize(
    "value", [1.5, True, [1], {"a": 1}, {1}, 2**64, -(2**64) - 1, (1, (2.0,)), bytearray(b"a")]
)
def test_nothing_else_is_written(value: object) -> None:
    """A value outside the profile is a mistake of ours, named as such."""
    with pytest.raises(CborError):
        cbor.encode(value)  # type: ignore[arg-type]


def test_nothing_too_deep_is_written() -> None:
    """The writer keeps to the reader's bound."""
    value: cbor.Value = 0
    for _ in range(MAX_DEPTH + 1):
        value = (value,)
    with pytest.raises(CborError, match="deeper"):
        cbor.encode(value)


def test_readers_of_fields() -> None:
    """Each gives the value within its bounds, bounds included."""
    assert cbor.as_tuple((1,)) == (1,)
    assert [cbor.as_int(value, 1, 3) for value in (1, 3)] == [1, 3]
    assert [cbor.as_bytes(value, 1, 2) for value in (b"a", b"ab")] == [b"a", b"ab"]
    assert cbor.as_text("ї", 2) == "ї"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (cbor.as_tuple, 1),
        (cbor.as_tuple, None),
        (lambda v: cbor.as_int(v, 1, 3), 0),
        (lambda v: cbor.as_int(v, 1, 3), 4),
        (lambda v: cbor.as_int(v, 0, 1), True),
        (cbor.as_int, b""),
        (lambda v: cbor.as_bytes(v, 1, 2), b""),
        (lambda v: cbor.as_bytes(v, 1, 2), b"abc"),
        (lambda v: cbor.as_bytes(v, 1, 2), "a"),
        (lambda v: cbor.as_text(v, 2), "їй"),
        (lambda v: cbor.as_text(v, 2), b"a"),
    ],
)
def test_readers_refuse_other_fields(read: object, value: object) -> None:
    """A field of another type or beyond its bounds is a CborError; a truth value is no number."""
    assert callable(read)
    with pytest.raises(CborError):
        read(value)
