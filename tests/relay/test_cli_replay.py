"""`holub alert replay`: a real day, its rate reckoned before the first message."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.areas import ukraine
from holub_protocol.storage import Counter, Writes
from holub_relay.asking import Answer, Request
from holub_relay.cli.replay import (
    SPEED_MAX,
    Player,
    Quota,
    Siren,
    busiest_hour,
    check_speed,
    highest_speed,
    read_sirens,
    steps,
)
from holub_relay.errors import OperatorError
from holub_relay.station import Station
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
    quota = Quota(1000)
    assert busiest_hour(sirens, fits, quota) <= 1000 < busiest_hour(sirens, fits + 1, quota)
    assert ok_json("list", "--data", data, "--kind", "alert") == []


def test_the_real_day_is_read_whole(shared_data: Path) -> None:
    """The siren day of 2022-08-24 fits a desk's hour at any speed up to the greatest."""
    sirens = read_sirens(shared_data / "sirens" / "day_2022-08-24.csv", ukraine())
    changes = tuple(steps(sirens))
    assert (len(sirens), len(changes)) == (411, 404)
    assert sum(siren.on for siren in changes) == 204
    assert highest_speed(changes, Quota(1000)) == int(SPEED_MAX)


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
    assert busiest_hour(sirens, speed, Quota(rate)) > plain
    fits = highest_speed(sirens, Quota(rate))
    assert fits == 0 or busiest_hour(sirens, fits, Quota(rate)) <= rate


@given(
    sirens=SIRENS, speed=st.floats(0.1, 1e5), used=st.integers(0, 99), left_s=st.integers(1, 3600)
)
def test_what_is_signed_already_counts_until_its_hour_ends(
    sirens: tuple[Siren, ...], speed: float, used: int, left_s: int
) -> None:
    """It is added to what falls into the hour that runs, and to nothing later."""
    soon = sum((siren.at_s - sirens[0].at_s) / speed < left_s for siren in sirens)
    needed = busiest_hour(sirens, speed, Quota(100, used, left_s))
    fresh = busiest_hour(sirens, speed, Quota(100))
    assert needed >= max(fresh, used + soon)
    assert needed <= fresh + used


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (950, r"and 950 that are signed already\); .* the highest that fits is \d+, or wait 900 s"),
        (1000, "grant allows 1000; wait 900 s"),
    ],
)
def test_a_replay_beyond_the_rest_of_the_hour_is_refused(used: int, told: str) -> None:
    """What fits now, and how long to wait until this speed fits, are told."""
    sirens = tuple(Siren(60 * n, KYIV, n % 2 == 0) for n in range(400))
    check_speed(sirens, 1e6, Quota(1000, 500, 900))
    with pytest.raises(OperatorError, match=told):
        check_speed(sirens, 1e6, Quota(1000, used, 900))


def test_no_speed_fits_a_desk_of_few_messages() -> None:
    """The rhythm of boards alone takes more than the grant gives."""
    with pytest.raises(OperatorError, match="no speed fits: split the file"):
        check_speed((Siren(0, KYIV, True),), 1, Quota(5))


def test_the_desk_says_what_it_has_signed(tmp_path: Path) -> None:
    """A replay after others in the same hour is refused before its first message."""
    data = made(tmp_path)
    with Station.open(data) as station:
        desk, later_s = station.desk_key().public, station.now().wall_s + 3600
        assert station.desk_hour()[0] == 0
        counter = Counter(desk, "alert", later_s, 996)
        station.store.commit(Writes(counters=(counter,)))
        used, left_s = station.desk_hour()
        assert used == 997
        assert 3600 < left_s <= 7201
    file = tmp_path / "day.csv"
    file.write_text(HEAD + f"1000,{KYIV},1\n2000,{KYIV},0\n")
    result = run("alert", "replay", file, "--data", data, "--speed", "100000")
    assert result.exit_code == 1
    assert "997 that are signed already" in result.output
    assert ok_json("list", "--data", data, "--kind", "alert") == []


class Node:
    """Answers as a node would whose desk has room for `room` more alerts this hour; `failing`
    is raised at the n-th alert."""

    def __init__(self, room: int = 100, failing: dict[int, BaseException] | None = None) -> None:
        self.room, self.failing = room, failing or {}
        self.signed: list[tuple[str, int]] = []
        self.waited_s: list[float] = []

    def call(self, request: Request) -> Answer:
        """Sign an alert, or say how the desk is."""
        if request["do"] == "desk":
            return {"rate": 100, "used": 100 - self.room, "hour_left_s": 77}
        if error := self.failing.pop(len(self.signed), None):
            raise error
        if not self.room:
            raise OperatorError("this key has signed its 100 alert messages")
        self.room -= 1
        self.signed.append((request["verb"], request["areas"][0]))
        return {"incident": f"{request['areas'][0]:016x}"}

    def sleep(self, seconds: float) -> None:
        """Let an hour begin."""
        self.waited_s.append(seconds)
        self.room += 100 if seconds else 0


DAY = (Siren(0, KYIV, True), Siren(0, OBLAST, True), Siren(0, OBLAST, False))


def test_a_full_hour_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alerts signed by others meanwhile do not end a replay halfway."""
    node = Node(room=1)
    monkeypatch.setattr("holub_relay.cli.replay.time.sleep", node.sleep)
    result = Player(node.call, Path("d"), confirm=False, quiet=False).play(DAY, 1)
    assert (result["starts"], result["clears"], result["still_on"]) == (2, 1, [KYIV])
    assert [seconds for seconds in node.waited_s if seconds] == [77]
    assert "this hour's 100 are signed; going on in 77 s" in capsys.readouterr().out


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OperatorError("the relay is gone")])
def test_who_stops_a_replay_is_told_what_is_on(error: BaseException) -> None:
    """Each alert that is on comes with the command that clears it, a clear that failed too."""
    node = Node(failing={2: error})
    with pytest.raises(OperatorError) as caught:
        Player(node.call, Path("my data"), confirm=False, quiet=True).play(DAY, 1)
    words = str(caught.value)
    assert words.startswith(str(error) or "interrupted")
    assert "alerts still on: 2; to clear them:" in words
    for area in (KYIV, OBLAST):
        assert f"\n  holub alert clear --data 'my data' --incident {area:016x}" in words


def test_a_start_cut_short_is_in_doubt() -> None:
    """Whether it was signed is not known; with nothing else on there is nothing to clear."""
    with pytest.raises(OperatorError) as caught:
        Player(Node(failing={0: KeyboardInterrupt()}).call, Path("d"), False, True).play(DAY, 1)
    assert str(caught.value) == (
        f"interrupted; the alert for {KYIV} may be on too: `holub status` tells"
    )
