"""`holub realm pin`: forwards only, by words, and out of a fork; at the daemon, too."""

import shutil
from pathlib import Path

import pytest

from holub_relay import pinning
from support_ceremony import Ceremony, joined_by
from support_relay import daemon, ok, ok_json, run


def test_a_newer_charter_is_pinned_and_published(tmp_path: Path) -> None:
    """The relay follows it, keeps it through the loss of its store, and goes back never."""
    ceremony = Ceremony(tmp_path)
    data = joined_by(ceremony.first, tmp_path / "a")
    second = ceremony.rotated()
    answer = ok_json("realm", "pin", second, "--data", data)
    assert (answer["version"], answer["in_force"], answer["restart"]) == (2, 2, False)
    assert ceremony.words(second) in ok("realm", "pin", second, "--data", data)
    back = run("realm", "pin", ceremony.first, "--data", data)
    assert (back.exit_code, "is older than the charter" in back.output) == (1, True)
    (data / "store.db").unlink()
    assert ok_json("realm", "show", "--data", data)["version"] == 2


def test_words_are_asked_for_from_afar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong words pin nothing; a charter from a URL needs the right ones or a typed yes."""
    ceremony = Ceremony(tmp_path)
    data = joined_by(ceremony.first, tmp_path / "a")
    second = ceremony.rotated()
    wrong = run("realm", "pin", second, "--data", data, "--fingerprint", "vavom " * 12)
    assert "somebody gave you a wrong charter" in wrong.output
    raw = second.read_bytes()
    monkeypatch.setattr(pinning, "read_source", lambda _: pinning.Source(raw, False))
    assert run("realm", "pin", "https://far.example/c", "--data", data, stdin="no\n").exit_code == 1
    assert ok_json("realm", "show", "--data", data)["pinned"] == 1
    right = ("--fingerprint", ceremony.words(second))
    ok("realm", "pin", "https://far.example/c", "--data", data, *right)
    assert ok_json("realm", "show", "--data", data)["pinned"] == 2


def test_another_realm_is_refused(tmp_path: Path) -> None:
    """A directory stays in its realm."""
    (tmp_path / "x").mkdir()
    ceremony, other = Ceremony(tmp_path), Ceremony(tmp_path / "x")
    data = joined_by(ceremony.first, tmp_path / "a")
    result = run("realm", "pin", other.first, "--data", data)
    assert "is of another realm" in result.output


@pytest.mark.slow
def test_a_fork_at_the_daemon_alarms_and_a_pin_ends_it(tmp_path: Path) -> None:
    """Two rotations meet on a stick: the relay keeps both, stays on charter 1 and says so; the
    one that is pinned holds from the next start on, and the thieves' never again."""
    ceremony = Ceremony(tmp_path)
    good, evil = ceremony.rotated("good.cbor"), ceremony.rotated("evil.cbor")
    data = joined_by(ceremony.first, tmp_path / "a")
    sticks = []
    for charter in (good, evil):
        other = joined_by(charter, tmp_path / f"{charter.stem}-relay")
        sticks.append(tmp_path / f"{charter.stem}.holub")
        ok("export", sticks[-1], "--data", other)
        shutil.rmtree(other)
    with daemon(data, "--no-discovery") as running:
        ok("import", sticks[0], "--data", data)
        assert running.status()["charter_version"] == 2
        ok("import", sticks[1], "--data", data)
        status = running.status()
        assert (status["charter_version"], status["forked"]) == (1, True)
        assert "ALARM" in ok("status", "--data", data)
        rivals = ok_json("realm", "show", "--data", data)["forks"]
        assert {rival["fingerprint"] for rival in rivals} == {
            ceremony.words(good), ceremony.words(evil),
        }  # fmt: skip
        answer = ok_json("realm", "pin", good, "--data", data)
        assert (answer["in_force"], answer["restart"]) == (1, True)
        assert "restart" in ok("realm", "pin", good, "--data", data)
        assert "alarm: charter-forked" in running.stop()[1]
    with daemon(data, "--no-discovery") as running:
        status = running.status()
        assert (status["charter_version"], status["forked"]) == (2, False)
        ok("import", sticks[1], "--data", data)
        assert running.status()["charter_version"] == 2
    rival = run("realm", "pin", evil, "--data", data)
    assert "is a rival of the charter" in rival.output
