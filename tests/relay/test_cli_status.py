"""`holub status`: the node at a glance."""

from pathlib import Path

from holub_relay.cli.status import lines
from support_relay import KYIV, made, ok, ok_json


def test_status_says_what_holds_and_who_vouches(tmp_path: Path) -> None:
    """Realm, area, state, clock, what is held, and that no daemon runs."""
    data = made(tmp_path)
    text = ok("status", "--data", data)
    assert "not running" in text
    assert "declared by the operator, not verified" in text
    assert "state    UNKNOWN" in text
    ok("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", "fire")
    assert "state    ALERT" in ok("status", "--data", data)
    assert "demo realm" not in text


def test_a_demo_realm_says_that_it_is_one(tmp_path: Path) -> None:
    """Nobody takes a trial for the real thing; an unknown clock is told, too."""
    text = ok("status", "--data", made(tmp_path, demo=True, clock="unknown"))
    assert "demo realm: nothing here is real" in text
    assert ", unknown" in text


def test_links_and_refusals_are_listed(tmp_path: Path) -> None:
    """Each peer: since when, bytes both ways, how far behind by class, refusals by reason."""
    answer = ok_json("status", "--data", made(tmp_path))
    link = {"peer": "ab" * 32, "address": "10.0.0.2:5", "age_s": 7, "messages_in": 3}
    link |= {"messages_out": 4, "bytes_in": 900, "bytes_out": 1200, "round_trip_ms": 41.5}
    equal = {"ours": 5, "theirs": 5, "waiting": 0, "equal": True}
    classes = {"alert": equal, "people": {"ours": 9, "theirs": 2, "waiting": 6, "equal": False}}
    busy = {**link, "classes": classes, "refusals": {"quota": 3}}
    idle = {**link, "round_trip_ms": None, "classes": {"alert": equal}, "refusals": {}}
    answer |= {
        "refusals": {"malformed": 2},
        "alarms": [{"token": "duplicate-key", "text": "a key on two machines"}],
        "links": [busy, idle],
        "daemon": {"pid": 5, "listen": ":1", "page": None},
    }
    text = "\n".join(lines(answer))
    assert "running, process 5" in text
    assert "refused  malformed 2" in text
    assert "3 messages and 900 B in, 4 and 1200 B out, round trip 41.5 ms" in text
    assert "people 2 of 9, 6 waiting\n         refused from it: quota 3" in text
    assert "round trip unknown\n         holds what we hold" in text
    assert "ALARM    a key on two machines" in text
    assert "page     off" in text
