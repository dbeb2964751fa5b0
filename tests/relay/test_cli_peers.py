"""`holub peers`: hints with their sources, from a running relay and from the store."""

from pathlib import Path

import pytest

from holub_protocol.storage import Writes
from holub_relay.cli.peers import lines
from holub_relay.discovery import remembered
from holub_relay.station import Station
from support_relay import daemon, joined, made, ok, ok_json


def test_without_a_relay_the_remembered_addresses_are_shown(tmp_path: Path) -> None:
    """What the next start will try, or that there is nothing."""
    data = made(tmp_path)
    assert "no other relay known; the relay is not running" in ok("peers", "--data", data)
    with Station.open(data) as station:
        writes: Writes = remembered.writes(((b"k" * 32, "10.0.0.2", 7),))
        station.store.commit(writes)
    (hint,) = ok_json("peers", "--data", data)["hints"]
    assert (hint["peer"], hint["source"]) == ("6b" * 32, "remembered")
    assert "10.0.0.2:7" in ok("peers", "--data", data)


@pytest.mark.slow
def test_a_running_relay_tells_what_came_of_each_hint(tmp_path: Path) -> None:
    """A neighbour is listed as a link and as a hint by beacon, an address where nobody answers
    with the reason."""
    a = made(tmp_path)
    b = joined(tmp_path, a)
    with daemon(a) as first, daemon(b, "--peer", "127.0.0.1:1") as second:
        second.wait_for(lambda: second.status()["links"])
        second.wait_for(lambda: len(ok_json("peers", "--data", b)["hints"]) == 2)
        answer = ok_json("peers", "--data", b)
        outcomes = {hint["source"]: hint["outcome"] for hint in answer["hints"]}
        assert outcomes["configured"] == "unreachable"
        assert "beacon" in outcomes
        text = ok("peers", "--data", b)
        assert text.startswith("link  ")
        assert "unreachable" in text
        assert answer["zeroconf"] == {"starts": 0, "failures": {}}
        assert first.status()["links"]


def test_lines_say_who_dialled_and_when() -> None:
    """A hint for anybody, tried, and a link that the other side made."""
    hint = {
        "peer": None, "address": "h:7", "source": "configured", "granted": False,
        "heard_ago_s": 9.0, "tried_ago_s": 3.0, "outcome": "timeout",
    }  # fmt: skip
    link = {"peer": "ab" * 32, "address": "h:8", "outbound": False, "age_s": 5.0}
    first, second = lines({"running": True, "links": [link], "hints": [hint]})
    assert "it dialled, for 5 s" in first
    assert second.startswith("hint  anybody")
    assert second.endswith("heard 9 s ago: timeout (3 s ago)")
