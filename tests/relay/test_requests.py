"""Requests to a node: what they do, and that nothing typed or sent raises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holub_relay import requests
from holub_relay.asking import Answer
from holub_relay.clock import Clock
from holub_relay.errors import Exit
from holub_relay.requests import handle, publishes
from holub_relay.station import Station
from support_realm import key
from support_relay import KYIV, joined, made

OBLAST = 30_281
START = {"do": "alert", "verb": "start", "areas": [KYIV], "hazard": "air-raid"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A realm's directory."""
    return made(tmp_path_factory.mktemp("requests"))


@pytest.fixture
def station(data: Path) -> Iterator[Station]:
    """It, opened; alerts of other tests may be on."""
    with Station.open(data) as opened:
        yield opened
        for view in opened.node.truth.alerts(opened.now()):
            handle(opened, {"do": "alert", "verb": "clear", "incident": view.incident.hex()})
        opened.settle()


def good(station: Station, request: dict[str, Any]) -> Answer:
    """Ask; the answer must be no error."""
    answer = handle(station, request)
    assert "error" not in answer, answer
    return answer


def test_an_alert_goes_through_all_its_verbs(station: Station) -> None:
    """Start names the incident; update moves it; clear by its first digits ends it."""
    start = good(station, {**START, "texts": {"uk": "В укриття", "en": "Take shelter"}})
    assert start["id"].startswith(start["incident"])
    status = good(station, {"do": "status"})
    assert status["status"]["level"] == "alert"
    assert status["alerts"][0]["texts"]["uk"] == "В укриття"
    good(
        station,
        {"do": "alert", "verb": "update", "incident": start["incident"], "areas": [OBLAST]},
    )
    assert [view["area"]["id"] for view in good(station, {"do": "status"})["alerts"]] == [OBLAST]
    good(station, {"do": "alert", "verb": "clear", "incident": start["incident"][:6]})
    assert good(station, {"do": "status"})["alerts"] == []


def test_a_clear_takes_areas_and_hazard_from_its_incident(station: Station) -> None:
    """What is not given is what stands, so nothing of an incident is left on by mistake."""
    start = good(station, {**START, "areas": [KYIV, OBLAST], "hazard": "drone"})
    clear = good(station, {"do": "alert", "verb": "clear", "incident": start["incident"]})
    body = good(station, {"do": "show", "id": clear["id"]})["body"]
    assert body["hazard"] == 201
    assert good(station, {"do": "status"})["alerts"] == []


def test_a_withdraw_stays_visible(station: Station) -> None:
    """A false alert that was withdrawn is told as withdrawn."""
    start = good(station, START)
    good(station, {"do": "alert", "verb": "withdraw", "incident": start["incident"]})
    status = good(station, {"do": "status"})["status"]
    assert [view["incident"] for view in status["withdrawn"]] == [start["incident"]]


def test_a_test_is_no_alert(station: Station) -> None:
    """A test changes no status."""
    good(station, {**START, "verb": "test"})
    assert good(station, {"do": "status"})["alerts"] == []


def test_everywhere_swallows_other_areas(station: Station) -> None:
    """Area 0 stands alone in the header."""
    start = good(station, {**START, "areas": [KYIV, 0]})
    assert start["area"]["id"] == 0
    assert good(station, {"do": "show", "id": start["id"]})["body"]["areas"] == []


def test_a_board_lists_what_is_on(station: Station) -> None:
    """The board that is signed on demand names the open incident."""
    start = good(station, START)
    board = good(station, {"do": "board"})
    assert [word["incident"] for word in board["body"]["words"]] == [start["incident"]]


def test_a_grant_lets_a_desk_speak_within_its_scope(station: Station) -> None:
    """What was asked for is what is granted, and the grant is held."""
    subject = key("a new desk").public.hex()
    answer = good(
        station,
        {
            "do": "grant",
            "subject": subject,
            "role": "desk",
            "kinds": ["alert"],
            "areas": [KYIV],
            "hazards": ["drone", "fire"],
            "rate": 10,
            "days": 2,
        },
    )
    grant = answer["grant"]
    assert (grant["kinds"], grant["rate"], grant["authority"]) == (["alert"], 10, 1)
    assert sorted(grant["hazards"]) == ["drone", "fire"]
    shown = good(station, {"do": "show", "id": answer["id"]})
    assert shown["body"]["grant"]["subject"] == subject


def test_a_message_offered_as_bytes_is_judged(station: Station) -> None:
    """What came by another way meets the same gate."""
    raw = good(station, {"do": "show", "id": good(station, START)["id"]})["raw"]
    assert good(station, {"do": "offer", "raw": raw})["id"]
    broken = raw[:-2] + ("00" if raw[-2:] != "00" else "01")
    assert "error" in handle(station, {"do": "offer", "raw": broken[:-20]})


def test_listing_is_in_pages(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages join to the whole list in its order, each message once, also for one kind."""
    whole = good(station, {"do": "list"})["messages"]
    monkeypatch.setattr(requests, "PAGE_ROWS", 2)
    for kind in (None, "alert", "grant"):
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            page = good(station, {"do": "list", "kind": kind, "after": after})
            assert len(page["messages"]) <= 2
            found += [row["id"] for row in page["messages"]]
            after = page["next"]
        wanted = [row["id"] for row in whole if kind in (None, row["kind"])]
        assert found == wanted


def test_the_realm_is_shown_with_its_keys(station: Station) -> None:
    """Name, words and the grants of this directory's keys."""
    answer = good(station, {"do": "realm"})
    assert answer["name"] == "Test realm"
    assert sorted(answer["keys"]) == ["desk", "node", "registrar"]
    assert answer["keys"]["desk"]["grants"][0]["rate"] == 1000


def test_an_unvouched_clock_signs_only_when_confirmed(station: Station) -> None:
    """Publishing by a clock that nobody vouches for needs a word."""
    station.clock = Clock("unknown")
    assert "--confirm-clock" in handle(station, START)["error"]
    good(station, {**START, "confirm": True})


def test_a_relay_without_desk_key_refuses_to_sign(tmp_path: Path, data: Path) -> None:
    """Alerts, boards and grants are signed where the keys are."""
    with Station.open(joined(tmp_path, data)) as other:
        assert "no desk key" in handle(other, START)["error"]
        assert "no desk key" in handle(other, {"do": "board"})["error"]
        request = {"do": "grant", "subject": "00" * 32}
        assert "no registrar key" in handle(other, request)["error"]


WRONG: list[tuple[dict[str, Any], str, Exit]] = [
    ({}, "no request is called None", Exit.FAILED),
    ({"do": ["alert"]}, "no request is called", Exit.FAILED),
    ({**START, "verb": "stop"}, "verb 'stop'", Exit.USAGE),
    ({**START, "verb": None}, "verb is missing", Exit.USAGE),
    ({**START, "areas": "93317"}, "areas is no list", Exit.USAGE),
    ({**START, "areas": [1]}, "'1' is no area id", Exit.USAGE),
    ({**START, "areas": []}, "needs --area", Exit.USAGE),
    ({**START, "hazard": "storm"}, "no hazard is called 'storm'", Exit.USAGE),
    ({**START, "hazard": None}, "needs --hazard", Exit.USAGE),
    ({**START, "texts": {"ukr": "x"}}, "'ukr'", Exit.USAGE),
    ({**START, "texts": {"uk": "x" * 5000}}, "", Exit.FAILED),
    ({**START, "texts": [1]}, "texts", Exit.USAGE),
    ({**START, "certainty": "sure"}, "certainty 'sure'", Exit.USAGE),
    ({"do": "alert", "verb": "clear", "incident": "abc"}, "at least 4", Exit.USAGE),
    ({"do": "alert", "verb": "clear", "incident": "ffff"}, "no open incident", Exit.NOT_FOUND),
    ({"do": "alert", "verb": "clear", "incident": "ff" * 8}, "needs --area", Exit.USAGE),
    ({"do": "show", "id": "xyz!"}, "hexadecimal", Exit.USAGE),
    ({"do": "show", "id": "ffffffff"}, "no message here", Exit.NOT_FOUND),
    ({"do": "show"}, "id is missing", Exit.USAGE),
    ({"do": "list", "kind": "letter"}, "no kind is called 'letter'", Exit.FAILED),
    ({"do": "list", "after": 7}, "after is missing or no text", Exit.USAGE),
    ({"do": "list", "after": "x"}, "fromhex", Exit.FAILED),
    ({"do": "grant", "subject": "00"}, "no public key", Exit.USAGE),
    ({"do": "grant", "subject": "00" * 32, "authority": 9}, "no authority 9", Exit.FAILED),
    ({"do": "grant", "subject": "00" * 32, "days": 0}, "days 0", Exit.USAGE),
    ({"do": "grant", "subject": "00" * 32, "rate": "many"}, "rate 'many'", Exit.USAGE),
    ({"do": "grant", "subject": "00" * 32, "kinds": ["x"]}, "no kind", Exit.FAILED),
    ({"do": "offer", "raw": "zz"}, "", Exit.FAILED),
    ({"do": "offer", "raw": "80" * 5000}, "oversize", Exit.FAILED),
    ({"do": "offer", "raw": "9f" * 50}, "malformed", Exit.FAILED),
]


@pytest.mark.parametrize(("request_", "told", "code"), WRONG)
def test_wrong_requests_are_told_why(
    station: Station, request_: dict[str, Any], told: str, code: Exit
) -> None:
    """Each mistake has its own words and exit code, and publishes nothing."""
    before = len(station.node.holdings)
    answer = handle(station, request_)
    assert told in answer["error"]
    assert answer["code"] == code
    assert len(station.node.holdings) == before


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["verb", "areas", "hazard", "incident", "texts", "id", "kind", "start", "subject", "raw"]
)
DOES = st.sampled_from(["alert", "board", "grant", "offer", "list", "show", "realm", "x"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(do=DOES, fields=st.dictionaries(FIELDS, ANYTHING))
def test_no_request_raises(station: Station, do: str, fields: dict[str, Any]) -> None:
    """Whatever JSON arrives, the answer is an object."""
    assert isinstance(handle(station, {"do": do, **fields}), dict)


def test_what_publishes_is_known() -> None:
    """Only those requests are committed before their answer."""
    assert publishes(START)
    assert not publishes({"do": "list"})
