"""A desk's key is lost: a sibling sees what it has said, says it anew or ends it, and answers."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from holub_crypto.identity import key_hint
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.board import BoardBody, bitmap_of
from holub_relay import keyfile, realm
from holub_relay.config import Config
from holub_relay.requests import handle, publishes
from holub_relay.station import Station
from support_relay import KYIV, made, ok, ok_json


def areas_of(station: Station) -> tuple[int, int]:
    """Return two oblasts."""
    return station.areas.children(0)[1], station.areas.children(0)[2]


class Office:
    """A desk with its registrar, and a sibling of one authority on another machine."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        first = made(folder, "lost")
        config = Config(area=KYIV, store_mib=8, clock="host")
        realm.join(folder / "own", str(first / "charter.cbor"), config, os.urandom, desk=True)
        self.lost = opened.enter_context(Station.open(first))
        self.own = opened.enter_context(Station.open(folder / "own"))
        desk = keyfile.load(folder / "own", "desk")
        self.ask(self.lost, do="grant", role="desk", subject=desk.public.hex())
        self.carry()
        self.own.enrol()
        self.key = self.lost.desk_key().public

    def ask(self, station: Station, **request: Any) -> Any:
        """Answer a request and commit what it published."""
        answer = handle(station, {**request, "confirm": True})
        assert "error" not in answer, answer
        if publishes(request):
            station.settle()
        return answer

    def carry(self) -> None:
        """Carry everything from the lost desk's machine to the sibling's."""
        for cls in Class:
            for id_ in list(self.lost.node.holdings.held_ids(cls)):
                raw = self.lost.node.body(id_)
                assert raw is not None
                self.own.node.offer(raw, self.own.now())

    def start(self, area: int) -> str:
        """Let the desk that will be lost start an alert; return its incident."""
        answer = self.ask(self.lost, do="alert", verb="start", areas=[area], hazard="fire")
        self.carry()
        return str(answer["incident"])

    def others(self) -> Any:
        """Return what the sibling sees of others."""
        return self.ask(self.own, do="others")

    def level(self, area: int) -> str:
        """Return what the sibling's machine shows of a place."""
        return self.own.node.truth.status(area, self.own.now()).level.value


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two desks of one authority."""
    with ExitStack() as opened:
        yield Office(tmp_path, opened)


def test_what_others_said_is_listed_with_its_state(office: Office) -> None:
    """What holds is listed with its key; after the key's revocation it is unknown, and the key
    may not speak any more. What the desk itself says is no business of others'."""
    incident = office.start(KYIV)
    own = office.ask(office.own, do="alert", verb="start", areas=[KYIV], hazard="fire")
    (one,) = office.others()["incidents"]
    assert (one["incident"], one["hazard"], one["holds"]) == (incident, "fire", True)
    assert one["areas"][0]["id"] == KYIV
    assert own["incident"] != incident
    assert one["key"]["keys"] == [office.key.hex()]
    assert one["key"]["enrolled"]
    office.ask(office.lost, do="revoke", key=office.key.hex())
    office.carry()
    (one,) = office.others()["incidents"]
    assert (one["holds"], one["key"]["enrolled"]) == (False, False)
    assert office.others()["unnamed"] == []


def test_a_sibling_says_anew_what_holds_and_ends_the_rest(office: Office) -> None:
    """By the incident's name alone: areas and hazard are those of the words in doubt."""
    holds, over = office.start(KYIV), office.start(areas_of(office.own)[0])
    office.ask(office.lost, do="revoke", key=office.key.hex())
    office.carry()
    assert office.level(KYIV) == office.level(areas_of(office.own)[0]) == "unknown"
    office.ask(office.own, do="alert", verb="update", areas=[], incident=holds[:10])
    office.ask(office.own, do="alert", verb="clear", areas=[], incident=over[:10])
    assert office.level(KYIV) == "alert"
    assert [one["incident"] for one in office.others()["incidents"]] == [holds]
    office.ask(office.own, do="alert", verb="clear", areas=[], incident=holds)
    assert office.others()["incidents"] == []
    assert office.own.node.truth.words(1) == ()


def test_a_desk_answers_for_what_has_no_name(office: Office) -> None:
    """What a lost desk told by bits stays until a sibling adopts its key: then it is over, in this
    board and in each after it, over a restart; what that key says later is not covered."""
    lost, area = office.lost, areas_of(office.own)[0]
    bits = bitmap_of(frozenset([area]), lost.areas.board_order)
    body = BoardBody(330, bitmaps=((1, bits),))
    now = lost.now()
    lost.node.publish(office.key, kind_named("board"), 0, body, 86_400, now)
    office.carry()
    (one,) = office.others()["unnamed"]
    assert one["areas"][0]["id"] == area
    hint = key_hint(office.key).hex()
    assert one["key"]["hint"] == hint
    office.ask(office.own, do="board")
    assert office.level(area) == "alert"
    answer = office.ask(office.own, do="board", adopt=[hint[:6]])
    assert len(answer["body"]["covers"]) == 1
    assert office.others()["unnamed"] == []
    assert office.level(area) != "alert"
    office.ask(office.own, do="board")
    assert office.level(area) != "alert"
    data = office.own.data_dir
    office.own.close()
    with Station.open(data) as again:
        office.own = again
        office.ask(again, do="board")
        assert office.others()["unnamed"] == []
        later = office.start(KYIV)
        office.ask(again, do="board")
        assert [one["incident"] for one in office.others()["incidents"]] == [later]


@pytest.mark.parametrize(
    ("typed", "told"),
    [("beef", "no key 'beef' has said anything"), ("be", "at least 4"), ("ab" * 32, "no key")],
)
def test_a_key_that_is_typed_wrong_is_told(office: Office, typed: str, told: str) -> None:
    """The error names what was typed and where keys are shown, and nothing is signed."""
    office.start(KYIV)
    answer = handle(office.own, {"do": "board", "adopt": [typed], "confirm": True})
    assert told in answer["error"]
    assert office.own.node.signers.adopted(office.own.desk_key().public) == {}


def test_the_commands_that_are_printed_work(office: Office) -> None:
    """`holub alert others` prints the very commands that take over, end, and answer."""
    office.start(KYIV)
    office.start(areas_of(office.own)[0])
    data = office.own.data_dir
    office.own.settle()
    office.own.close()
    text = ok("alert", "others", "--data", data)
    commands = [line.partition("holub ")[2] for line in text.splitlines() if "holub " in line]
    update, _, _, clear = commands
    ok(*update.split(), "--confirm-clock")
    ok(*clear.split(), "--confirm-clock")
    (one,) = ok_json("alert", "others", "--data", data)["incidents"]
    assert one["incident"] in update
    hint = one["key"]["hint"]
    ok("board", "--data", data, "--adopt", hint, "--confirm-clock")
    assert ok_json("alert", "others", "--data", data)["unnamed"] == []
