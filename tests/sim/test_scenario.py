"""The scenario language: what it reads, and how it says what is wrong."""

import re
import tomllib
from pathlib import Path

import pytest

from holub_sim.build import build
from holub_sim.expect import understand
from holub_sim.plans import Grid
from holub_sim.scenario import Scenario, ScenarioError, bundled, find, load, parse
from support_sim import CITY, CRASH, CUT, small


def test_the_small_scenario_is_read() -> None:
    """Times, rates, nested tables and defaults arrive as values."""
    plan = small(CUT + CRASH)
    assert plan.start_s == 1_772_366_400
    assert plan.duration.us == 360_000_000
    assert isinstance(plan.world, Grid)
    assert plan.world.uplink.rate.bits_per_s == 1_000_000
    assert plan.world.lan.loss == 0
    assert [at.us for at in plan.outages[0].at] == [90_000_000]
    assert [at.us for at in plan.outages[1].at] == [100_000_000, 200_000_000]
    assert plan.outages[1].what == "power"


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('duration = "6m"', 'duration = "6"', "duration: '6' is no time"),
        ('rate = "1M"', 'rate = "1x"', "world.uplink.rate: '1x' is no rate"),
        ("loss = 0.02", "loss = 2", "world.uplink.loss: "),
        ("relays = 2", "relays = 0", "world.relays: Expected `int` >= 1"),
        ("relays = 2", "relay = 2", "world: there is no key 'relay' here; did you mean 'relays'?"),
        ('verb = "clear"', 'verb = "stop"', "desks[0].says[2].verb: 'stop' can't stand here"),
        ('kind = "checkin"', "", "people[0]: the key 'kind' is missing"),
        (
            "start = 2026-03-01T12:00:00Z",
            "start = 2026-03-01T12:00:00",
            "start: expected a moment with its zone",
        ),
        ("[world]", "[world", "not TOML"),
    ],
)
def test_errors_name_file_key_and_what_was_expected(was: str, now: str, told: str) -> None:
    """Whoever wrote the file finds the place without reading our code."""
    assert was in CITY
    with pytest.raises(ScenarioError) as error:
        parse(CITY.replace(was, now, 1), "my.toml")
    assert re.fullmatch(r"my\.toml(:\d+)?: .*", str(error.value), re.S)
    assert str(error.value).partition(": ")[2].startswith(told)


def test_errors_name_the_line() -> None:
    """Of the key, or of what is around it."""
    wrong = CITY.replace("relays = 2", "relays = 0", 1)
    line = 1 + wrong.splitlines().index("relays = 0")
    with pytest.raises(ScenarioError, match=rf"^my\.toml:{line}: world\.relays: "):
        parse(wrong, "my.toml")


def test_bundled_scenarios_are_valid_and_found_by_name() -> None:
    """All that ship can be read, are called as their files, and say what they are."""
    assert {"kyiv", "quiet-hour", "siren-day"} <= {path.stem for path in bundled()}
    for path in bundled():
        assert find(path.stem) == path
        plan = load(path)
        assert plan.name == path.stem
        assert plan.text


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_bundled_scenarios_can_be_built_and_expect_what_can_be_measured(path: Path) -> None:
    """Every relay, link, desk and area that one names is there, in each of its cities."""
    plan = load(path)
    for seed in (1, 2) if path.stem != "kyiv" else (1,):
        city = build(plan, seed, folder=path.parent)
        assert [understand(city, line, "expect") for line in (*plan.expect, *plan.sometimes)] or (
            path.stem in ("kyiv", "quiet-hour", "siren-day")
        )


def test_an_unknown_name_lists_those_there_are() -> None:
    """A typing error is answered with the names; a path is taken as it is."""
    with pytest.raises(ScenarioError, match=r"'siren-dy'; there are .*quiet-hour, siren-day"):
        find("siren-dy")
    assert find("mine/city.toml") == Path("mine/city.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Also one that is no text."""
    with pytest.raises(ScenarioError, match=r"none\.toml: cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match=r"bytes\.toml: cannot be read"):
        load(tmp_path / "bytes.toml")


def test_the_scenario_in_the_manual_is_one() -> None:
    """What a reader copies can be read and built, and uses every top-level key."""
    manual = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"
    block = re.search(r"^```toml\n(.*?)^```", manual.read_text("utf-8"), re.S | re.M)
    assert block is not None
    plan = parse(block[1], "manual")
    assert len(build(plan, 1).hosts) == 6
    used = set(tomllib.loads(block[1]))
    assert used == set(Scenario.__struct_fields__) - {"text"}
