"""The alert body: one accepted form, and every other refused."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_protocol.kinds.alert import (
    AREAS_MAX,
    GUIDANCE_MAX,
    INCIDENTS_MAX,
    AlertBody,
    Certainty,
    Verb,
)
from holub_protocol.message import BodyError

X, Y = b"incident", b"jncident"


def ascending(items: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Tuples in strictly ascending order."""
    return st.lists(items, max_size=most, unique=True).map(lambda many: tuple(sorted(many)))


@st.composite
def bodies(draw: st.DrawFn) -> AlertBody:
    """Any well-formed alert."""
    verb = draw(st.sampled_from(Verb))
    fewest, most = {0: (0, 1), 1: (1, 1), 2: (1, 5), 3: (1, 5), 4: (0, 0)}[verb]
    names = st.binary(min_size=8, max_size=8)
    incidents = draw(st.lists(names, min_size=fewest, max_size=most, unique=True))
    langs = draw(ascending(st.sampled_from(["en", "pl", "uk"]), 3))
    return AlertBody(
        verb=verb,
        areas=draw(ascending(st.integers(1, 2**32 - 1), 6)),
        hazard=draw(st.integers(1, 1023)),
        incidents=tuple(sorted(incidents)),
        detail=draw(st.integers(0, 2**32 - 1)),
        guidance=tuple(draw(st.lists(st.integers(0, 1023), max_size=4, unique=True))),
        certainty=draw(st.sampled_from(Certainty)),
        texts=tuple((lang, draw(st.text("абвґ z", min_size=1, max_size=9))) for lang in langs),
        cap_hash=draw(st.sampled_from([b"", bytes(32)])),
    )


@given(bodies())
def test_what_is_written_is_read_back(body: AlertBody) -> None:
    """Every alert survives the wire, and its fields are its only form."""
    fields = cbor.decode(cbor.encode(body.to_wire()))
    assert isinstance(fields, tuple)
    assert AlertBody.from_wire(fields) == body
    assert AlertBody.from_wire(fields).to_wire() == fields


def test_a_plain_start_takes_four_bytes() -> None:
    """The commonest alert, one area and no identifier, is as small as it can be."""
    body = AlertBody(Verb.START, (), 1)
    assert cbor.encode(body.to_wire()) == bytes.fromhex("83 00 80 01")


@given(bodies())
def test_a_default_at_the_end_is_refused(body: AlertBody) -> None:
    """A default that is sent would be a second form of the same alert."""
    defaults = (0, (), 0, (), 0, (), 0, (), b"")
    fields = body.to_wire()
    if len(fields) < len(defaults):
        with pytest.raises(BodyError):
            AlertBody.from_wire((*fields, defaults[len(fields)]))


@given(bodies(), st.integers(0, 8), st.sampled_from([None, "x", b"x", -1, True, (True,), 2**40]))
def test_a_field_of_another_type_is_refused(body: AlertBody, place: int, junk: cbor.Value) -> None:
    """Junk in any field is an error of the body, never another exception."""
    fields = list(body.to_wire())
    if place < len(fields):
        fields[place] = junk
        with pytest.raises(BodyError):
            AlertBody.from_wire(tuple(fields))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ((0, ()), "3 to 9 fields"),
        ((0, (), 1, (), 0, (), 0, (), b"", 0), "3 to 9 fields"),
        ((5, (), 1), "integer from 0 to 4"),
        ((0, (2, 1), 1), "areas: not strictly ascending"),
        ((0, (1, 1), 1), "areas: not strictly ascending"),
        ((0, (0,), 1), "integer from 1"),
        ((0, tuple(range(1, AREAS_MAX + 2)), 1), "areas: 164 of them"),
        ((0, (), 0), "integer from 1 to 1023"),
        ((0, (), 1024), "integer from 1 to 1023"),
        ((0, (), 1, (X, Y)), "start names 0 to 1, not 2"),
        ((1, (), 1), "update names 1 to 1, not 0"),
        ((1, (), 1, (X, Y)), "update names 1 to 1, not 2"),
        ((2, (), 1), "clear names 1 to 64, not 0"),
        ((3, (), 1), "withdraw names 1 to 64, not 0"),
        ((4, (), 1, (X,)), "test names 0 to 0, not 1"),
        ((2, (), 1, (Y, X)), "incidents: not strictly ascending"),
        ((2, (), 1, (X, X)), "incidents: not strictly ascending"),
        ((2, (), 1, (b"short",)), "byte string of 8"),
        ((0, (), 1, (), 0, (3, 3)), "guidance"),
        ((0, (), 1, (), 0, tuple(range(GUIDANCE_MAX + 1))), "guidance"),
        ((0, (), 1, (), 0, (), 5), "integer from 0 to 4"),
        ((0, (), 1, (), 0, (), 0, (("uk",),)), "not pairs"),
        ((0, (), 1, (), 0, (), 0, (("UK", "x"),)), "language of two letters"),
        ((0, (), 1, (), 0, (), 0, (("укр", "x"),)), "language of two letters"),
        ((0, (), 1, (), 0, (), 0, (("uk", ""),)), "the text in uk is empty"),
        ((0, (), 1, (), 0, (), 0, (("uk", "x"), ("en", "y"))), "texts: not strictly ascending"),
        ((0, (), 1, (), 0, (), 0, (), bytes(31)), "cap_hash: 31 bytes"),
    ],
)
def test_every_broken_rule_is_named(fields: tuple[cbor.Value, ...], complaint: str) -> None:
    """Each rule of the form refuses what breaks it, and says which."""
    with pytest.raises(BodyError, match=re.escape(complaint)):
        AlertBody.from_wire(fields)


def test_one_clear_names_as_many_incidents_as_fit() -> None:
    """64 incidents can be ended in one message, not 65, also by who composes it."""
    names = tuple(bytes([0, 0, 0, 0, 0, 0, 0, n]) for n in range(INCIDENTS_MAX + 1))
    assert AlertBody(Verb.CLEAR, (), 1, names[:-1]).incidents == names[:-1]
    with pytest.raises(BodyError, match="65 of them"):
        AlertBody(Verb.CLEAR, (), 1, names)


def test_the_header_area_counts_once() -> None:
    """The areas of an alert are the header's and the body's, each once, ascending."""
    assert AlertBody(Verb.START, (3, 9), 1).all_areas(5) == (3, 5, 9)
    assert AlertBody(Verb.START, (3, 9), 1).all_areas(9) == (3, 9)
