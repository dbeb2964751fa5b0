"""`holub realm show` and `charter`: what a directory's node knows."""

from pathlib import Path

from support_ceremony import Ceremony, joined_by
from support_relay import made, ok, ok_json, run


def test_show_names_keys_and_grants(tmp_path: Path) -> None:
    """Name, fingerprint, registrar and what the desk may do."""
    data = made(tmp_path)
    text = ok("realm", "show", "--data", data)
    shown = ok_json("realm", "show", "--data", data)
    assert shown["fingerprint"] in text
    assert shown["registrars"][0] in text
    assert "for authority 1: alert, board" in text


def test_the_charter_in_force_is_written_with_those_before(tmp_path: Path) -> None:
    """A relay that has followed a rotation gives both versions, though it pinned the first."""
    ceremony = Ceremony(tmp_path)
    data = joined_by(ceremony.first, tmp_path / "a")
    second = ceremony.rotated()
    raw = second.read_bytes()[ceremony.first.stat().st_size :].hex()
    assert run("realm", "charter", "--data", data, tmp_path / "now.cbor").exit_code == 0
    assert (tmp_path / "now.cbor").read_bytes() == ceremony.first.read_bytes()
    stick = joined_by(second, tmp_path / "b")
    ok("export", tmp_path / "stick.holub", "--data", stick)
    ok("import", tmp_path / "stick.holub", "--data", data)
    ok("realm", "charter", "--data", data, tmp_path / "newest.cbor")
    assert (tmp_path / "newest.cbor").read_bytes() == second.read_bytes()
    assert raw in second.read_bytes().hex()
    shown = ok_json("realm", "show", "--data", data)
    assert (shown["version"], shown["pinned"]) == (2, 1)
    again = run("realm", "charter", "--data", data, tmp_path / "newest.cbor")
    assert "exists already" in again.output


def test_the_words_can_be_scanned(tmp_path: Path) -> None:
    """`--qr` draws them."""
    assert "█" in ok("realm", "show", "--qr", "--data", made(tmp_path))
