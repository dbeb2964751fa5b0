"""A second desk's word: typed by its id, signed for another authority, refused where it is none."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from holub_crypto.charter import Authority
from holub_crypto.identity import Identity
from holub_protocol.realm import desk_grant, found, sign_grant
from holub_relay import keyfile, realm
from holub_relay.cli.status import lines
from holub_relay.config import Config
from holub_relay.endorsing import endorse
from holub_relay.errors import Exit, OperatorError
from holub_relay.requests import handle
from holub_relay.station import Station
from support_realm import key, registry
from support_relay import KYIV

YEAR_S = 365 * 86_400


class Desks:
    """Two desks' directories of one realm: authorities 1 and 2, registrars one and two."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        registrars = (key("registrar 1"), key("registrar 2"))
        authorities = (
            Authority(1, 0, "Країна", "Country", (0,), (0,)),
            Authority(2, 1, "Місто", "City", (KYIV,), (0,)),
        )
        publics = tuple(registrar.public for registrar in registrars)
        file = folder / "charter"
        file.write_bytes(found("Two", key("root"), publics, authorities, registry(), 1_700_000_000))
        config = Config(area=KYIV, store_mib=8, clock="host")
        self.stations = []
        for number in (1, 2):
            realm.join(folder / f"{number}", str(file), config, os.urandom, desk=True)
            self.stations.append(opened.enter_context(Station.open(folder / f"{number}")))
        for number, registrar in enumerate(registrars, 1):
            self.give(registrar, number)
        for station in self.stations:
            station.enrol()

    def give(self, registrar: Identity, number: int) -> None:
        """Let a registrar enrol the desk of one authority with both."""
        desk = keyfile.load(self.stations[number - 1].data_dir, "desk")
        now_s = self.stations[0].now().wall_s
        for station in self.stations:
            grant = desk_grant(desk.public, number, now_s + YEAR_S)
            raw = sign_grant(registrar, station.realm_id, grant, created_s=now_s)
            assert isinstance(station.node.offer(raw, station.now()), bytes)

    def say(self, number: int, **request: Any) -> str:
        """Let one desk do something, and carry it to the other; return the message's id."""
        answer = handle(self.stations[number - 1], {**request, "confirm": True})
        assert "error" not in answer, answer
        raw = self.stations[number - 1].node.body(bytes.fromhex(answer["id"]))
        assert raw is not None
        other = self.stations[2 - number]
        assert isinstance(other.node.offer(raw, other.now()), bytes)
        return str(answer["id"])

    def gas(self) -> str:
        """Let the country's desk raise an alert of a dangerous hazard."""
        return self.say(1, do="alert", verb="start", areas=[KYIV], hazard="chemical")


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Desks]:
    """Two desks."""
    with ExitStack() as opened:
        yield Desks(tmp_path, opened)


def test_two_desks_end_what_is_dangerous(desks: Desks) -> None:
    """The status says what waits and with which command; the second word confirms the start,
    and later its end."""
    start = desks.gas()
    for station in desks.stations:
        answer = handle(station, {"do": "status"})
        assert answer["alerts"][0]["unconfirmed"]
        assert f"holub alert endorse {start[:16]}" in "\n".join(lines(answer))
    desks.say(2, do="endorse", id=start[:8])
    end = desks.say(1, do="alert", verb="clear", incident=start[:16])
    for station in desks.stations:
        answer = handle(station, {"do": "status"})
        assert not answer["alerts"][0]["unconfirmed"]
        assert answer["alerts"][0]["removal"] == end
        assert f"holub alert endorse {end[:16]}" in "\n".join(lines(answer))
    desks.say(2, do="endorse", id=end)
    assert [handle(station, {"do": "status"})["alerts"] for station in desks.stations] == [[], []]


def test_what_cannot_be_endorsed(desks: Desks) -> None:
    """The own authority's word, an id of nothing, too few digits."""
    start = desks.gas()
    with pytest.raises(OperatorError, match="another authority must"):
        endorse(desks.stations[0], start)
    with pytest.raises(OperatorError) as error:
        endorse(desks.stations[1], "0" * 16)
    assert error.value.code is Exit.NOT_FOUND
    for text in (start[:7], "not hexadecimal"):
        with pytest.raises(OperatorError) as error:
            endorse(desks.stations[1], text)
        assert error.value.code is Exit.USAGE


def test_a_desk_of_a_smaller_place_endorses_from_there(desks: Desks) -> None:
    """The header names a place of its own grant: beyond that it could not speak at all."""
    everywhere = desks.say(1, do="alert", verb="start", areas=[0], hazard="chemical")
    made = endorse(desks.stations[1], everywhere)
    assert made.area == KYIV
