"""Requests of export and import: pages that miss nothing, and the one gate."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.storage import MemoryStore, Row, State, Writes
from holub_relay import files
from holub_relay.asking import Answer
from holub_relay.clock import Clock
from holub_relay.errors import Exit
from holub_relay.requests import handle, publishes
from holub_relay.station import Station
from support_relay import KYIV, joined, made

ALERT = {"do": "alert", "verb": "start", "areas": [KYIV], "hazard": "air-raid"}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A station with a desk."""
    with Station.open(made(tmp_path)) as opened:
        yield opened


def good(station: Station, request: dict[str, Any]) -> Answer:
    """Ask and commit; the answer must be no error."""
    answer = handle(station, request)
    assert "error" not in answer, answer
    station.settle()
    return answer


def carried(station: Station) -> list[list[object]]:
    """Return every record that a file of all would have, the chain first."""
    head = good(station, {"do": "export"})
    page = good(station, {"do": "export", "after": 0, "until": head["last"]})
    assert page["next"] is None
    rows = sorted(page["rows"], key=lambda row: -int(row[1]))  # the grants before the alerts
    ids = [row[0] for row in (*head["charters"], *rows)]
    bodies = good(station, {"do": "export", "ids": ids})["bodies"]
    assert None not in bodies
    found: list[list[object]] = bodies
    return found


def test_all_that_is_held_is_described_once(station: Station) -> None:
    """Charters come with the head and not again in pages; every message has its bytes."""
    alert = good(station, ALERT)
    head = good(station, {"do": "export"})
    assert [row[3] for row in head["charters"]] == [1]
    page = good(station, {"do": "export", "after": 0, "until": head["last"]})
    listed = good(station, {"do": "list"})["messages"]
    ids = {row[0] for row in page["rows"]} | {row[0] for row in head["charters"]}
    assert ids == {row["id"] for row in listed}
    assert alert["id"] in ids
    for row in page["rows"]:
        ((raw, age_s),) = good(station, {"do": "export", "ids": [row[0]]})["bodies"]
        assert len(bytes.fromhex(raw)) == row[4]
        assert age_s >= 0


def test_since_brings_what_is_newer_and_its_chain(station: Station) -> None:
    """After a number come only later arrivals, and beside them the grants of who signed them."""
    good(station, ALERT)
    mark = good(station, {"do": "export"})["last"]
    later = good(station, {**ALERT, "hazard": "fire"})
    last = good(station, {"do": "export"})["last"]
    page = good(station, {"do": "export", "after": mark, "until": last})
    assert later["id"] in [row[0] for row in page["rows"]]
    assert {row[1] for row in page["rows"]} == {1}
    assert station.desk is not None
    ((id_, cls, *_),) = page["chains"][station.desk.public.hex()]
    assert cls == 2
    assert good(station, {"do": "show", "id": id_})["kind"] == "grant"


def test_what_is_over_is_not_carried(station: Station) -> None:
    """An importer would find it expired, by the clock or where none is vouched for by its age."""
    good(station, ALERT)
    last = good(station, {"do": "export"})["last"]
    request = {"do": "export", "after": 0, "until": last}
    assert 1 in [row[1] for row in good(station, request)["rows"]]
    real = station.clock.now()

    class Later(Clock):
        reliable = True

        def now(self) -> Any:
            return replace(real, wall_s=real.wall_s + 86_400, mono_us=real.mono_us + 86_400_000_000,
                           reliable=self.reliable)  # fmt: skip

    for reliable in (True, False):
        station.clock = later = Later("unknown")
        later.reliable = reliable
        assert 1 not in [row[1] for row in handle(station, request)["rows"]]


def test_a_file_is_taken_in_once(tmp_path: Path, station: Station) -> None:
    """Another station of the realm takes all of it, and then knows all of it."""
    good(station, ALERT)
    records = carried(station)
    assert publishes({"do": "import"})
    with Station.open(joined(tmp_path, tmp_path / "a")) as other:
        first = good(other, {"do": "import", "records": records})["outcomes"]
        assert [kind for outcome, kind in first if outcome == "known"] == ["charter"]
        assert {outcome for outcome, _ in first} == {"known", "taken"}
        assert sorted(kind for _, kind in first) == ["alert", "charter", "grant", "grant"]
        again = good(other, {"do": "import", "records": records})["outcomes"]
        assert {outcome for outcome, _ in again} == {"known"}
        assert good(other, {"do": "status"})["status"]["level"] == "alert"
    with Station.open(tmp_path / "b") as reopened:
        assert good(reopened, {"do": "status"})["status"]["level"] == "alert"


def test_the_gate_is_asked(tmp_path: Path, station: Station) -> None:
    """A spoilt message is a bad signature, what is no message malformed; a file of another realm
    has its charter refused and nobody in it is known."""
    good(station, ALERT)
    records = carried(station)
    last = records[-1][0]
    assert isinstance(last, str)
    spoilt = last[:-2] + ("00" if last[-2:] != "00" else "01")
    with Station.open(joined(tmp_path, tmp_path / "a")) as other:

        def outcome(raw: object) -> str:
            (one,) = good(other, {"do": "import", "records": [[raw, 0]]})["outcomes"]
            return str(one[0])

        good(other, {"do": "import", "records": records[:-1]})
        assert outcome(spoilt) == "bad-signature"
        assert outcome(last) == "taken"
        assert outcome("00" * 100) == "malformed"
        assert outcome("") == "malformed"
    with Station.open(made(tmp_path, "c")) as stranger:
        found = good(stranger, {"do": "import", "records": records})["outcomes"]
        assert found[0] == ["charter", "charter"]
        assert {one for one, _ in found[1:]} == {"unknown-signer"}


def test_what_lacks_its_chain_waits_for_it(tmp_path: Path, station: Station) -> None:
    """A message before its grant is unknown, and is taken in by itself when that comes."""
    good(station, ALERT)
    records = carried(station)
    with Station.open(joined(tmp_path, tmp_path / "a")) as other:
        early = good(other, {"do": "import", "records": records[-1:]})["outcomes"]
        assert early == [["unknown-signer", "alert"]]
        good(other, {"do": "import", "records": records[:-1]})
        late = good(other, {"do": "import", "records": records[-1:]})["outcomes"]
        assert late == [["known", "alert"]]


def test_the_age_of_a_record_counts(tmp_path: Path, station: Station) -> None:
    """Where nothing vouches for the clock, a message that has lived its time is over."""
    good(station, ALERT)
    records = carried(station)
    aged = [[raw, 86_400 if place >= 3 else age_s] for place, (raw, age_s) in enumerate(records)]
    with Station.open(joined(tmp_path, tmp_path / "a")) as other:
        other.clock = Clock("unknown")
        found = good(other, {"do": "import", "records": aged})["outcomes"]
        assert [one for one, _ in found[3:]] == ["expired"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"do": "export", "after": 10**6, "until": 10**6}, "--since 1000000"),
    ({"do": "export", "after": -1, "until": 1}, "after -1"),
    ({"do": "export", "after": True, "until": 1}, "after True"),
    ({"do": "export", "after": 0}, "until None"),
    ({"do": "export", "after": 0, "until": 1e9}, "until"),
    ({"do": "export", "ids": "ab"}, "ids is no list"),
    ({"do": "export", "ids": ["00"] * 129}, "at most 128"),
    ({"do": "export", "ids": ["zz"]}, ""),
    ({"do": "import"}, "records is no list"),
    ({"do": "import", "records": [["00", 0]] * 129}, "at most 128"),
    ({"do": "import", "records": [["00"]]}, "a record is"),
    ({"do": "import", "records": [["00", -1]]}, "a record is"),
    ({"do": "import", "records": [["00", True]]}, "a record is"),
    ({"do": "import", "records": [["00", 2**32]]}, "a record is"),
    ({"do": "import", "records": [["0g", 1]]}, ""),
]


@pytest.mark.parametrize(("request_", "told"), WRONG)
def test_wrong_requests_are_told_why(station: Station, request_: Any, told: str) -> None:
    """Each bound has its words; nothing raises and nothing is taken in."""
    before = len(station.node.holdings)
    answer = handle(station, request_)
    assert told in answer["error"]
    assert answer["code"] in (Exit.USAGE, Exit.FAILED)
    assert len(station.node.holdings) == before


def test_ids_that_are_not_there_have_no_body(station: Station) -> None:
    """What expired meanwhile, or never was, is a gap and no error."""
    answer = good(station, {"do": "export", "ids": ["00" * 32, "00", ""]})
    assert answer["bodies"] == [None, None, None]


def row(number: int) -> Row:
    """Return a row with a body of one byte."""
    return Row(number.to_bytes(32, "big"), 12, 4, bytes(32), 0, 1, 0, 2, 0, 1, State.HELD, 0, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6), st.integers(0, 9))
def test_windows_join_to_all(runs: list[tuple[int, int]], after: int) -> None:
    """Whatever was deleted in between, the windows have every id once, in order, and none has
    more than a page."""
    store = MemoryStore()
    number = 0
    for kept, gone in runs:
        for keep in [True] * kept + [False] * gone:
            number += 1
            store.commit(Writes(rows=((row(number), b"x"),)))
            if not keep:
                store.commit(Writes(deletes=(row(number).id,)))
    found: list[bytes] = []
    until = store.last_seq()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "PAGE_ROWS", 7)
        place = after
        while True:
            ids, end = files.window(store, place, until)
            assert len(ids) <= 7
            assert end > place or end == until
            found += ids
            if end >= until:
                break
            place = end
    assert found == list(store.since(after))
