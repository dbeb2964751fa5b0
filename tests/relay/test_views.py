"""What a node knows, as JSON says it."""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from holub_protocol.kinds import Class
from holub_relay.requests import handle
from holub_relay.station import Station
from holub_relay.views import AREAS_SHOWN, area_view, clock_view, grant_view, plain, row_view
from support_relay import KYIV, made


class Colour(Enum):
    """Something with a name."""

    RED = 1


@dataclass(frozen=True)
class Body:
    """A body with a field of each sort."""

    key: bytes
    colour: Colour
    parts: tuple[int, ...]
    table: dict[int, str]


def test_any_body_in_plain_values() -> None:
    """Bytes become hexadecimal, enumerations their names, numbers as keys texts."""
    said = plain(Body(b"\x01\xff", Colour.RED, (1, 2), {1: "a"}))
    assert said == {"key": "01ff", "colour": "red", "parts": [1, 2], "table": {"1": "a"}}


def test_every_answer_is_json(tmp_path: Path) -> None:
    """Whatever is asked, the answer can be written down and read again unchanged."""
    with Station.open(made(tmp_path)) as station:
        start: dict[str, Any] = {"do": "alert", "verb": "start", "areas": [KYIV], "hazard": "fire"}
        asked = [start, *({"do": do} for do in ("status", "realm", "list", "desk", "peers"))]
        for request in asked:
            answer = handle(station, request)
            assert "error" not in answer
            assert json.loads(json.dumps(answer)) == answer


def test_rows_grants_areas_and_clocks(tmp_path: Path) -> None:
    """A charter's row has no signer; a grant lists its areas up to a bound, by name; a clock says
    by what it is reliable."""
    with Station.open(made(tmp_path)) as station:
        holdings = station.node.holdings
        (charter,) = holdings.held_ids(Class.TRUST)
        assert row_view(station, holdings.row(charter))["signer"] is None
        assert area_view(station, KYIV)["en"] == "Kyiv city"
        desk = station.desk_key().public
        (grant,) = station.node.trust.grants(desk)
        view = grant_view(station, grant)
        assert view["subject"] == desk.hex()
        assert view["sealing"] is None
        assert len(view["areas"]) == min(len(grant.areas), AREAS_SHOWN)
        assert clock_view(station)["source"] == "host"
