"""`holub show`: one message."""

from pathlib import Path

import pytest
import segno

from holub_relay import base45
from holub_relay.cli import show
from holub_relay.errors import OperatorError
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


def test_a_message_is_shown_as_a_qr_code(tmp_path: Path) -> None:
    """The code is drawn in half blocks with its quiet zone, the text of it below; read module by
    module it is the code of that text, and the text is the message."""
    data = made(tmp_path)
    start = ok_json("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", "fire")
    *drawn, text = ok("show", start["id"], "--data", data, "--qr").splitlines()
    shown = ok_json("show", start["id"], "--data", data, "--qr")
    assert shown["qr_text"] == text
    assert base45.decode(text) == bytes.fromhex(shown["raw"])
    halves = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
    rows = [[halves[block][half] for block in line] for line in drawn for half in (0, 1)]
    wanted = segno.make_qr(text, error="l")
    size = int(wanted.symbol_size()[0])
    assert [row[:size] for row in rows[:size]] == [
        list(row) for row in wanted.matrix_iter(border=4)
    ]


def test_a_message_too_large_for_a_qr_code_says_so() -> None:
    """The largest that fits is drawn, one byte more is told what to use instead."""
    assert "█" in show.blocks(base45.encode(show._fitting(b"\xff" * show.QR_BYTES_MAX)))
    with pytest.raises(OperatorError, match="2865 bytes and a QR code holds 2864"):
        show._fitting(bytes(show.QR_BYTES_MAX + 1))
    with pytest.raises(segno.DataOverflowError):
        show.blocks(base45.encode(b"\xff" * (show.QR_BYTES_MAX + 1)))
