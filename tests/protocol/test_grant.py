"""The grant's body: one accepted form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_crypto.chains import DEPTH_MAX, Grant
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import BodyError


def ascending(high: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Any list that ascends, up to `high`."""
    return st.sets(st.integers(0, high), max_size=64).map(lambda made: tuple(sorted(made)))


GRANTS = st.builds(
    Grant,
    subject=st.binary(min_size=32, max_size=32),
    authority=st.integers(0, 65_535),
    kinds=ascending(127),
    hazards=ascending(1023),
    areas=ascending(2**32 - 1),
    cls=st.integers(0, 5),
    rate=st.integers(0, 65_535),
    not_after_s=st.integers(0, 2**32 - 1),
    depth=st.integers(0, DEPTH_MAX),
)
FIELDS: tuple[cbor.Value, ...] = (bytes(32), 1, (5, 6), (0,), (93317,), 1, 1000, 1_800_000_000, 0)


@given(GRANTS)
def test_what_is_written_is_read_back(grant: Grant) -> None:
    """Every grant survives the wire, and its fields are its only form."""
    wire = cbor.decode(cbor.encode(GrantBody(grant).to_wire()))
    assert isinstance(wire, tuple)
    assert GrantBody.from_wire(wire) == GrantBody(grant)
    assert GrantBody.from_wire(wire).to_wire() == wire


def test_the_fields_used_below_are_good() -> None:
    """What the next test breaks is accepted as it stands."""
    assert GrantBody.from_wire(FIELDS).to_wire() == FIELDS


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, bytes(31)), (0, bytes(33)), (0, "x" * 32), (1, -1), (1, 65_536), (1, None),
        (2, 5), (2, (6, 5)), (2, (5, 5)), (2, (128,)), (2, (b"",)),
        (3, (1024,)), (3, tuple(range(65))), (3, (-1,)), (4, (2**32,)), (4, (2, 1)),
        (5, 6), (5, True), (6, 65_536), (7, 2**32), (8, DEPTH_MAX + 1),
    ],
)  # fmt: skip
def test_fields_that_are_none(place: int, value: cbor.Value) -> None:
    """Each field of another type, beyond its bound or out of order is refused."""
    with pytest.raises(BodyError, match="grant"):
        GrantBody.from_wire((*FIELDS[:place], value, *FIELDS[place + 1 :]))


@pytest.mark.parametrize("fields", [(), FIELDS[:8], (*FIELDS, bytes(32), 0)])
def test_another_number_of_fields(fields: tuple[cbor.Value, ...]) -> None:
    """Nine fields, or ten."""
    with pytest.raises(BodyError, match=f"9 or 10 fields, not {len(fields)}"):
        GrantBody.from_wire(fields)


def test_the_key_to_seal_to() -> None:
    """It is the tenth field; a grant without one has nine, and none that is empty or no key."""
    sealing = bytes(range(32))
    body = GrantBody.from_wire((*FIELDS, sealing))
    assert body.grant.sealing == sealing
    assert body.to_wire() == (*FIELDS, sealing)
    assert GrantBody.from_wire(FIELDS).grant.sealing == b""
    for junk in (b"", sealing[:31], 0, "text"):
        with pytest.raises(BodyError):
            GrantBody.from_wire((*FIELDS, junk))
