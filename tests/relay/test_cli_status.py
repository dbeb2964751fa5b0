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
    """What only a daemon has is told in its own lines."""
    answer = ok_json("status", "--data", made(tmp_path))
    link = {"peer": "ab" * 32, "address": "10.0.0.2:5", "age_s": 7, "messages_in": 3}
    answer |= {
        "refusals": {"malformed": 2},
        "forked": True,
        "links": [{**link, "messages_out": 4, "waiting": 0}],
        "daemon": {"pid": 5, "listen": ":1", "page": None},
    }
    text = "\n".join(lines(answer))
    assert "running, process 5" in text
    assert "refused  malformed 2" in text
    assert "10.0.0.2:5 for 7 s, 3 in, 4 out" in text
    assert "ALARM" in text
    assert "page     off" in text
