"""The values in which everything else speaks."""

from dataclasses import FrozenInstanceError, replace

import pytest

from holub_crypto.cbor import Value
from holub_protocol.limits import FUTURE_SKEW_S
from holub_protocol.message import Message, Now, Opaque

MESSAGE = Message(b"raw", b"i" * 32, b"k" * 8, 5, 1_700_000_000, 7, 600, 93317, None)


def test_what_follows_from_a_message() -> None:
    """It ends a lifetime after its making, and (created, k) is its place in the order."""
    assert MESSAGE.expires_s == 1_700_000_600
    assert MESSAGE.point == (1_700_000_000, 7)
    assert replace(MESSAGE, k=8).point > MESSAGE.point
    assert replace(MESSAGE, created_s=1_700_000_001, k=0).point > replace(MESSAGE, k=8).point


def test_nothing_is_from_the_future_by_a_clock_that_nobody_vouches_for() -> None:
    """By one that can be relied on the skew that clocks are allowed may still have come."""
    assert Now(0, 1_700_000_000, True).latest_s == 1_700_000_000 + FUTURE_SKEW_S
    assert Now(0, 1_700_000_000, False).latest_s > 2**32


def test_values_do_not_change() -> None:
    """Messages and moments are shared by all that hear of them."""
    for value, field in ((MESSAGE, "k"), (Now(0, 0, True), "wall_s"), (Opaque(()), "fields")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, 1)


def test_an_opaque_body_is_carried_as_it_came() -> None:
    """Fields that nobody reads are given back unchanged."""
    fields: tuple[Value, ...] = (1, "два", b"3", None, (4, (5,)))
    assert Opaque.from_wire(fields).to_wire() == fields
