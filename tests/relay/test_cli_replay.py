"""`holub alert replay`: a real day, its rate reckoned before the first message."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.areas import ukraine
from holub_relay.cli.replay import (
    SPEED_MAX,
    Siren,
    busiest_hour,
    highest_speed,
    read_sirens,
    steps,
)
from holub_relay.errors import OperatorError
from support_relay import KYIV, made, ok, ok_json, run

OBLAST = 30_281
HEAD = "t,area,on\n"


def test_a_day_is_replayed_and_ends_as_it_ended(tmp_path: Path) -> None:
    """Starts and clears pair by area; what was on at the end stays on; repeats are skipped."""
    data = made(tmp_path)
    file = tmp_path / "day.csv"
    file.write_text(
        HEAD
        + f"1000,{KYIV},1\n2000,{KYIV},1\n3000,{OBLAST},1\n4000,{KYIV},0\n5000,{KYIV},0\n"
        + f"6000,{KYIV},1\n7000,{KYIV},0\n"
    )
    result = ok_json("alert", "replay", file, "--data", data, "--speed", "100000")
    assert (result["starts"], result["clears"], result["still_on"]) == (3, 2, [OBLAST])
    (view,) = ok_json("status", "--data", data)["alerts"]
    assert view["area"]["id"] == OBLAST
    assert "still on" in ok("alert", "replay", file, "--data", data, "--speed", "100000")


def test_a_speed_beyond_the_grant_is_refused_before_anything(tmp_path: Path) -> None:
    """The highest speed that fits is named, and is accepted by the same reckoning."""
    data = made(tmp_path)
    file = tmp_path / "day.csv"
    rows = [f"{60 * n},{KYIV},{(n + 1) % 2}" for n in range(1200)]
    file.write_text(HEAD + "\n".join(rows))
    result = run("alert", "replay", file, "--data", data, "--speed", "1000")
    assert result.exit_code == 1
    assert "this desk's grant allows 1000" in result.output
    fits = int(result.output.split("highest that fits is ")[1].split()[0])
    sirens = read_sirens(file, ukraine())
    assert busiest_hour(sirens, fits) <= 1000 < busiest_hour(sirens, fits + 1)
    assert ok_json("list", "--data", data, "--kind", "alert") == []


def test_the_real_day_is_read_whole(shared_data: Path) -> None:
    """The siren day of 2022-08-24 fits a desk's hour at any speed up to the greatest."""
    sirens = read_sirens(shared_data / "sirens" / "day_2022-08-24.csv", ukraine())
    changes = tuple(steps(sirens))
    assert (len(sirens), len(changes)) == (411, 404)
    assert sum(siren.on for siren in changes) == 204
    assert highest_speed(changes, 1000) == int(SPEED_MAX)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1"),
        ("time,area,on\n", "line 1"),
        (HEAD, "no lines"),
        (HEAD + "1,2\n", "line 2"),
        (HEAD + f"1,{KYIV},2\n", "line 2"),
        (HEAD + f"1,{KYIV},1\n-1,{KYIV},0\n", "line 3"),
        (HEAD + "1,99999999,1\n", "no area 99999999"),
        (HEAD + f"1,{KYIV},x\n", "line 2"),
        (HEAD + f"{'9' * 5000},{KYIV},1\n", "line 2"),
        (HEAD + f"1,{KYIV},１\n", "line 2"),
    ],
)
def test_a_wrong_file_names_its_line(tmp_path: Path, text: str, told: str) -> None:
    """Wrong columns, areas and numbers are errors with line and value."""
    file = tmp_path / "day.csv"
    file.write_text(text)
    with pytest.raises(OperatorError, match=told):
        read_sirens(file, ukraine())


def test_what_is_no_file_of_sirens_is_told(tmp_path: Path) -> None:
    """Missing and binary files are errors."""
    with pytest.raises(OperatorError, match="can't read"):
        read_sirens(tmp_path / "none.csv", ukraine())
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperatorError, match="UTF-8"):
        read_sirens(tmp_path / "b.csv", ukraine())


SIRENS = st.lists(
    st.builds(Siren, st.integers(0, 90_000), st.sampled_from([KYIV, OBLAST]), st.booleans()),
    min_size=1,
    max_size=60,
).map(lambda sirens: tuple(sorted(sirens, key=lambda siren: siren.at_s)))


@given(sirens=SIRENS)
def test_steps_alternate(sirens: tuple[Siren, ...]) -> None:
    """For each area on and off follow each other, beginning with on."""
    for area in (KYIV, OBLAST):
        states = [siren.on for siren in steps(sirens) if siren.area == area]
        assert states == [place % 2 == 0 for place in range(len(states))]


@given(sirens=SIRENS, speed=st.floats(0.1, 1e5), rate=st.integers(1, 200))
def test_the_highest_speed_fits_and_the_reckoning_covers_all_messages(
    sirens: tuple[Siren, ...], speed: float, rate: int
) -> None:
    """An hour never holds fewer messages than the plain count of alerts in it, and the highest
    speed is one that the rate allows."""
    at = [siren.at_s / speed for siren in sirens]
    plain = max(sum(1 for other in at if begin <= other < begin + 3600) for begin in at)
    assert busiest_hour(sirens, speed) > plain
    fits = highest_speed(sirens, rate)
    assert fits == 0 or busiest_hour(sirens, fits) <= rate
