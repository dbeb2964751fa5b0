"""`holub alert`: the five verbs, and a desk's mistakes."""

from pathlib import Path

import pytest

from support_relay import KYIV, joined, made, ok, ok_json, run

OBLAST = 30_281


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A realm's directory."""
    return made(tmp_path)


def test_from_start_to_clear(data: Path) -> None:
    """A start prints the very command that clears it."""
    area = ("--area", str(KYIV), "--area", str(OBLAST))
    text = ok("alert", "start", "--data", data, *area, "--hazard", "drone", "--text", "uk=Дрони")
    status = ok_json("status", "--data", data)
    assert sorted(view["area"]["id"] for view in status["alerts"]) == [OBLAST, KYIV]
    assert status["alerts"][0]["texts"] == {"uk": "Дрони"}
    (line,) = [line for line in text.splitlines() if "holub alert clear" in line]
    ok(*line.partition("holub ")[2].split())
    assert ok_json("status", "--data", data)["alerts"] == []


def test_update_withdraw_and_test(data: Path) -> None:
    """An update drops an area, a withdraw ends what was wrong, a test alarms nobody."""
    area = ("--area", str(KYIV))
    start = ok_json("alert", "start", "--data", data, *area, "--hazard", "fire")
    incident = ("--incident", start["incident"])
    ok("alert", "update", "--data", data, *incident, "--area", str(OBLAST))
    (view,) = ok_json("status", "--data", data)["alerts"]
    assert (view["area"]["id"], view["hazard"]) == (OBLAST, "fire")
    ok("alert", "withdraw", "--data", data, *incident)
    ok("alert", "test", "--data", data, *area, "--hazard", "air-raid")
    assert ok_json("status", "--data", data)["alerts"] == []


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (("start", "--hazard", "fire"), "--area", 2),
        (("start", "--area", "93317"), "--hazard", 2),
        (("start", "--area", "93317", "--hazard", "rain"), "no hazard is called 'rain'", 2),
        (("start", "--area", "Київ", "--hazard", "fire"), "did you mean", 2),
        (("start", "--area", "93317", "--hazard", "fire", "--text", "x"), "write uk=TEXT", 2),
        (("clear",), "--incident", 2),
        (("clear", "--incident", "beef"), "no open incident begins with 'beef'", 3),
        (("clear", "--incident", "no"), "hexadecimal", 2),
    ],
)
def test_mistakes_are_told(data: Path, words: tuple[str, ...], told: str, code: int) -> None:
    """Each wrong use has its words and its exit code, and publishes nothing."""
    result = run("alert", *words, "--data", data)
    assert told in result.output
    assert result.exit_code == code
    assert ok_json("list", "--data", data, "--kind", "alert") == []


def test_a_relay_without_a_desk_signs_nothing(tmp_path: Path, data: Path) -> None:
    """Alerts are refused where the desk's key is not, with the reason."""
    other = joined(tmp_path, data)
    area = ("--area", str(KYIV))
    result = run("alert", "start", "--data", other, *area, "--hazard", "fire")
    assert result.exit_code == 1
    assert "no desk key" in result.output


def test_an_unknown_clock_needs_a_word(tmp_path: Path) -> None:
    """A machine whose clock nobody vouches for signs only when told to."""
    data = made(tmp_path, "c", clock="unknown")
    start = ("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", "fire")
    result = run(*start)
    assert result.exit_code == 1
    assert "--confirm-clock" in result.output
    ok(*start, "--confirm-clock")
