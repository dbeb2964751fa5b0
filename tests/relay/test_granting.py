"""Grants as registrars give them and desks pass them on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holub_crypto.chains import Grant
from holub_protocol.kinds import KINDS
from holub_protocol.realm import desk_grant
from holub_relay import realm
from holub_relay.errors import OperatorError
from holub_relay.granting import Asked, by_desk, by_registrar
from holub_relay.requests import handle
from holub_relay.station import Station
from support_realm import key
from support_relay import KYIV, made

OBLAST, DAY_S = 30_281, 86_400
BELOW = key("a desk below").public


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A directory with a registrar's and a desk's key."""
    with Station.open(made(tmp_path)) as opened:
        yield opened


def enrolled(station: Station, **narrowed: Any) -> Grant:
    """Give the desk of a directory a grant that it may pass on twice, by its registrar."""
    whole = desk_grant(station.desk_key().public, 1, station.now().wall_s + 100 * DAY_S)
    given = replace(whole, **{"depth": 2, "rate": 100, **narrowed})
    realm.grant(station, given, station.registrar)
    return given


def test_a_registrar_grants_all_that_is_not_narrowed(station: Station) -> None:
    """Everywhere, all hazards, the kinds of the role and a year, never to be passed on."""
    given = by_registrar(station, Asked(BELOW), 1, (5,))
    assert (given.areas, given.hazards, given.kinds) == ((0,), (0,), (5,))
    assert (given.authority, given.rate, given.depth) == (1, 1000, 0)
    assert 0 <= station.now().wall_s + 365 * DAY_S - given.not_after_s < 60
    with pytest.raises(OperatorError, match="no authority 7; it has"):
        by_registrar(station, Asked(BELOW, authority=7), 1, (5,))


def test_a_desk_without_depth_passes_nothing_on(station: Station) -> None:
    """The error says what the registrar must do."""
    with pytest.raises(OperatorError, match="--desk --depth 1"):
        by_desk(station, Asked(BELOW))


def test_a_desk_passes_on_its_own_grant(station: Station) -> None:
    """What no option narrows is as in its own, but for the depth; and the realm takes it."""
    own = enrolled(station, areas=(KYIV,), hazards=(1, 201), kinds=(5, 6))
    given = by_desk(station, Asked(BELOW))
    assert given == replace(own, subject=BELOW, depth=0)
    realm.grant(station, given, station.desk)
    assert station.node.trust.grants(BELOW) == (given,)


def test_a_desk_narrows_what_it_passes_on(station: Station) -> None:
    """Options take the place of the parts of its own; the class follows from the kinds, and is
    never more urgent than its own."""
    enrolled(station, areas=(OBLAST,), cls=KINDS[5].cls + 1)
    given = by_desk(station, Asked(BELOW, kinds=(5,), hazards=(1,), rate=7, days=3, depth=1))
    assert (given.kinds, given.hazards, given.areas) == ((5,), (1,), (OBLAST,))
    assert (given.rate, given.depth, given.cls) == (7, 1, KINDS[5].cls + 1)
    assert 0 <= station.now().wall_s + 3 * DAY_S - given.not_after_s < 60


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"authority": 2}, "--authority 2: .* is for authority 1"),
        ({"depth": 2}, "--depth 2: .* with a depth of 1 at most"),
        ({"rate": 101}, "--rate 101: .* allows 100 an hour"),
        ({"kinds": (5, 6)}, "--kind board: not in"),
        ({"hazards": (1, 201)}, "--hazard drone: not in"),
        ({"areas": (KYIV, OBLAST)}, f"--area {OBLAST}: not in"),
        ({"days": 101}, "--days: .* ends before that"),
    ],
)
def test_what_reaches_beyond_its_own_grant_is_named(
    station: Station, asked: dict[str, Any], told: str
) -> None:
    """Each option that does, with its value: nothing is signed that relays would refuse."""
    enrolled(station, areas=(KYIV,), hazards=(1,), kinds=(5,))
    with pytest.raises(OperatorError, match=told):
        by_desk(station, Asked(BELOW, **asked))


def test_of_several_grants_the_one_that_reaches_is_passed_on(station: Station) -> None:
    """A desk with one grant for fires and one for drones passes either on."""
    for hazard in (1, 201):
        enrolled(station, hazards=(hazard,))
        assert by_desk(station, Asked(BELOW, hazards=(hazard,))).hazards == (hazard,)
    assert by_desk(station, Asked(BELOW, hazards=(1,))).hazards == (1,)


def test_requests_name_the_signer(station: Station) -> None:
    """`by` chooses the key; a relay's grant is nobody's to pass on, and depth has a bound."""
    enrolled(station)
    asked = {"do": "grant", "subject": BELOW.hex(), "role": "desk", "by": "desk", "depth": 1}
    answer = handle(station, asked)
    assert answer["grant"]["depth"] == 1
    row = handle(station, {"do": "show", "id": answer["id"]})
    assert row["signer"] == station.desk_key().public.hex()
    for change, told in (
        ({"role": "relay"}, "belong to --desk"),
        ({"by": "node"}, "by 'node': there are registrar, desk"),
        ({"depth": 4}, "depth 4 is no number from 0 to 3"),
    ):
        assert told in handle(station, {**asked, **change})["error"]
