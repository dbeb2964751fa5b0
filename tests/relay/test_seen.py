"""Charters beside the store: what comes back after its loss, and what an altered file does."""

from pathlib import Path

import pytest

from holub_relay import seen
from holub_relay.station import Station
from support_ceremony import Ceremony, joined_by
from support_relay import daemon, ok, ok_json


def stick(ceremony: Ceremony, charter: Path) -> Path:
    """Export a relay that has joined by this charter."""
    file = ceremony.folder / f"{charter.stem}.holub"
    ok("export", file, "--data", joined_by(charter, ceremony.folder / f"{charter.stem}-relay"))
    return file


def lose_store(data: Path) -> None:
    """Delete all of it."""
    for path in data.glob("store.db*"):
        path.unlink()


def test_a_lost_store_takes_nobody_back(tmp_path: Path) -> None:
    """The rotation that came over the air is in force again, though only charter 1 is pinned; a
    damaged or foreign file changes nothing."""
    ceremony = Ceremony(tmp_path)
    data = joined_by(ceremony.first, tmp_path / "a")
    ok("import", stick(ceremony, ceremony.rotated("two.cbor")), "--data", data)
    lose_store(data)
    shown = ok_json("realm", "show", "--data", data)
    assert (shown["version"], shown["pinned"]) == (2, 1)
    for junk in (b"", b"junk" * 99, (data / seen.FILE).read_bytes()[:-300]):
        lose_store(data)
        (data / seen.FILE).write_bytes(junk)
        assert ok_json("realm", "show", "--data", data)["version"] == 1


@pytest.mark.slow
def test_a_daemon_remembers_a_fork(tmp_path: Path) -> None:
    """Rivals that a running relay has met raise the alarm again after the loss of its store."""
    ceremony = Ceremony(tmp_path)
    sticks = [stick(ceremony, ceremony.rotated(f"{name}.cbor")) for name in ("good", "evil")]
    data = joined_by(ceremony.first, tmp_path / "a")
    with daemon(data, "--no-discovery") as running:
        for file in sticks:
            ok("import", file, "--data", data)
        assert running.stop()[0] == 0
    lose_store(data)
    status = ok_json("status", "--data", data)
    assert (status["charter_version"], status["forked"]) == (1, True)


def test_what_can_not_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A relay goes on without the file; nothing is written twice."""
    ceremony = Ceremony(tmp_path)
    data = joined_by(ceremony.first, tmp_path / "a")
    with Station.open(data) as station:
        station.remember_charters()
        before = (data / seen.FILE).stat().st_mtime_ns
        station.remember_charters()
        assert (data / seen.FILE).stat().st_mtime_ns == before
        assert seen.remembered(data) == station.node.trust.versions
        seen.remember(tmp_path / "gone", station.node.trust)
    assert "can't write" in caplog.text
