"""Two relays that no network joins: a file goes from one to the other, daemons running or not."""

import signal
from pathlib import Path

import pytest

from support_relay import KYIV, daemon, joined, made, ok, ok_json, run

pytestmark = pytest.mark.slow


def start(data: Path) -> str:
    """Start an air-raid alert; return its id."""
    words = ("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", "air-raid")
    return str(ok_json(*words)["id"])


def level(data: Path) -> str:
    """Return what a node says of its area."""
    return str(ok_json("status", "--data", data)["status"]["level"])


def ids(data: Path) -> list[str]:
    """Return what a node holds."""
    return sorted(row["id"] for row in ok_json("list", "--data", data))


def test_an_alert_goes_by_file_between_running_relays(tmp_path: Path) -> None:
    """The second relay has the charter by file and never meets the first: it shows the alert, at
    once and after kill -9, and later its end, of which the second file has only what is new."""
    a, file = made(tmp_path), tmp_path / "stick.holub"
    b = joined(tmp_path, a)
    with daemon(a) as relay:
        id_ = start(a)
        mark = ok_json("export", "--data", a, file)["next_since"]
        assert relay.stop()[0] == 0
    with daemon(b) as relay:
        assert level(b) != "alert"
        text = ok("import", "--data", b, file)
        assert "known before 1" in text
        assert level(b) == "alert"
        assert relay.status()["links"] == []
        relay.stop(signal.SIGKILL)
        assert level(b) == "alert"
    ok("alert", "clear", "--data", a, "--incident", id_[:16])
    whole = file.stat().st_size
    ok("export", "--data", a, file, "--since", str(mark))
    assert file.stat().st_size < 2 * whole
    with daemon(b):
        answer = ok_json("import", "--data", b, file)
        assert answer["refused"] == {}
        assert level(b) == "clear"
        assert ok_json("import", "--data", b, file)["taken"] == {}
    assert ids(a) == ids(b)


def test_a_running_relay_survives_hostile_files(tmp_path: Path) -> None:
    """Random bytes, and a realm's file with each record spoilt, are refused; the relay goes on."""
    a, file = made(tmp_path), tmp_path / "x.holub"
    start(a)
    ok("export", "--data", a, file)
    hostile = bytearray(file.read_bytes())
    hostile[20::90] = bytes(len(hostile[20::90]))
    with daemon(a) as relay:
        file.write_bytes(hostile)
        result = run("import", "--data", a, file)
        assert result.exit_code == 1
        assert "no intact record" in result.output
        assert level(a) == "alert"
        assert relay.stop()[0] == 0
