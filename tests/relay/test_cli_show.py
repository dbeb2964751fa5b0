"""`holub show`: one message."""

from pathlib import Path

from support_relay import KYIV, made, ok, ok_json, run


def test_ids_may_be_shortened(tmp_path: Path) -> None:
    """The whole id and its first digits show the same, body and bytes included."""
    data = made(tmp_path)
    hazard = ("--hazard", "fire", "--text", "en=Stay low\x1b[31m")
    start = ok_json("alert", "start", "--data", data, "--area", str(KYIV), *hazard)
    whole = ok_json("show", start["id"], "--data", data)
    assert whole == ok_json("show", start["id"][:10], "--data", data)
    assert whole["body"]["verb"] == "start"
    assert len(bytes.fromhex(whole["raw"])) == whole["bytes"]
    text = ok("show", start["id"][:10], "--data", data)
    assert "Stay low" in text
    assert "\x1b" not in text


def test_the_charter_is_shown_too(tmp_path: Path) -> None:
    """The charter has no body to take apart; its bytes are the file's."""
    data = made(tmp_path)
    (row,) = [row for row in ok_json("list", "--data", data) if row["kind"] == "charter"]
    shown = ok_json("show", row["id"], "--data", data)
    assert bytes.fromhex(shown["raw"]) == (data / "charter.cbor").read_bytes()
    assert "charter" in ok("show", row["id"], "--data", data)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """An unknown id has exit code 3, one that is none 2."""
    data = made(tmp_path)
    assert run("show", "ffffffff", "--data", data).exit_code == 3
    assert run("show", "ff", "--data", data).exit_code == 2
    assert run("show", "ghijk", "--data", data).exit_code == 2
