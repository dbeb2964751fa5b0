"""`holub clock`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support_relay import daemon, made, ok, ok_json, run


def test_without_a_relay(tmp_path: Path) -> None:
    """What vouches is told without a daemon too; there is nothing to confirm then, which is
    said with what to do instead."""
    data = made(tmp_path)
    assert "declared by the operator" in ok("clock", "show", "--data", data)
    other = made(tmp_path, "b", clock="unknown")
    answer = ok_json("clock", "show", "--data", other)
    assert (answer["reliable"], answer["source"], answer["doubt"]) == (False, "nothing", "")
    result = run("clock", "confirm", "--data", other)
    assert result.exit_code == 3
    assert "not running" in result.output


def test_the_operators_word(tmp_path: Path) -> None:
    """A running relay takes it, shows it, and refuses it where the operator's watch differs."""
    data = made(tmp_path, clock="unknown")
    with daemon(data) as relay:
        assert relay.status()["clock"]["reliable"] is False
        now = datetime.now(UTC)
        early = now - timedelta(hours=1)
        result = run("clock", "confirm", "--data", data, "--time", early.isoformat())
        assert result.exit_code == 1
        assert "your watch" in result.output
        assert relay.status()["clock"]["reliable"] is False
        assert "confirmed by the operator" in ok(
            "clock", "confirm", "--data", data, "--time", now.isoformat()
        )
        clock = relay.status()["clock"]
        assert (clock["reliable"], clock["source"]) == (True, "operator")


@pytest.mark.parametrize("text", ["noon", "2026-03-01T12:30", ""])
def test_a_time_without_its_zone_is_refused(tmp_path: Path, text: str) -> None:
    """Half the world would read it otherwise: the error shows how to write it."""
    result = run("clock", "confirm", "--data", made(tmp_path), "--time", text)
    assert result.exit_code == 2
    assert "2026-03-01T12:30+02:00" in result.output
