"""`holub board`: what holds, signed now."""

from pathlib import Path

from support_relay import KYIV, joined, made, ok, ok_json, run


def test_a_board_tells_what_is_on(tmp_path: Path) -> None:
    """With nothing on it says so; with an alert it names the incident."""
    data = made(tmp_path)
    assert "nothing is on" in ok("board", "--data", data)
    area = ("--area", str(KYIV))
    start = ok_json("alert", "start", "--data", data, *area, "--hazard", "fire")
    assert start["incident"] in ok("board", "--data", data)
    (word,) = ok_json("board", "--data", data)["body"]["words"]
    assert (word["incident"], word["areas"]) == (start["incident"], [KYIV])


def test_boards_need_the_desk(tmp_path: Path) -> None:
    """A relay without a desk's key signs no board."""
    other = joined(tmp_path, made(tmp_path))
    result = run("board", "--data", other)
    assert result.exit_code == 1
    assert "no desk key" in result.output
