"""Outages of a scenario: when, whom, and what is told where they mean nothing."""

from pathlib import Path

import pytest

from holub_sim.build import build
from holub_sim.scenario import ScenarioError, parse
from support_sim import city, large, small

S = 1_000_000
M = 60 * S


def outage(what: str, **more: str) -> str:
    """A table of one outage, an hour in length unless `more` says otherwise."""
    keys = {"at": '["1m"]', "for": '"1m"', **more}
    return f'[[outages]]\nwhat = "{what}"\n' + "".join(f"{k} = {v}\n" for k, v in keys.items())


def test_each_outage_is_a_band_of_its_name_or_place() -> None:
    """A report draws them; without a name it is the key."""
    town = city(outage("cut", name='"storm"', where='"d1"') + outage("power", at='["2m", "5m"]'))
    assert [(b.name, b.what, b.from_us, b.until_us) for b in town.bands] == [
        ("storm", "cut", M, 2 * M),
        ("outages[1]", "power", 2 * M, 3 * M),
        ("outages[1]", "power", 5 * M, 6 * M),
    ]


def test_every_repeats_until_the_end() -> None:
    """Of six minutes, one every two minutes from the first on: three."""
    town = city(outage("jam", where='"d1"', every='"2m"', **{"for": '"30s"'}))
    assert [band.from_us // M for band in town.bands] == [1, 3, 5]


def test_a_share_draws_some_of_the_selected() -> None:
    """Of a hundred relays about a third, the same ones with the same seed."""
    plan = small(outage("kill", share="0.3"))
    chosen = [[fault.from_us for fault in build(large(plan), seed).faults] for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1]
    assert all(15 <= len(each) <= 45 for each in chosen)


def test_a_schedule_of_feeders_is_in_local_time_and_daily(tmp_path: Path) -> None:
    """At noon UTC it is 14:00 two hours east: what was off from 13:00 is off already, and the
    next day is beyond this scenario."""
    (tmp_path / "off.csv").write_text("feeder,off_from,off_to\nf1,13:00,14:02\nf2,14:03,18:00\n")
    table = '[[outages]]\nwhat = "mains"\nschedule = "off.csv"\n'
    plan = small(table, start="2026-03-01T14:00:00+02:00")
    town = build(plan, 1, folder=tmp_path)
    assert [(band.from_us, band.until_us) for band in town.bands] == [(0, 2 * M), (3 * M, 240 * M)]
    town = build(plan, 1, folder=tmp_path)
    assert len(town.faults) == 4


def test_a_clock_is_wrong_and_then_right_again() -> None:
    """Two hours ahead, or at the dawn of Unix, with nothing that vouches for it."""
    town = city(outage("clock", ahead='"2h"', where='"d1/r1"'))
    host, true_s = town.hosts[0], town.hosts[0].now().wall_s
    town.faults[0].action.do()
    assert (host.now().wall_s - true_s, host.now().reliable) == (7200, False)
    town.faults[0].action.undo()
    assert (host.now().wall_s, host.now().reliable) == (true_s, True)
    town = city(outage("clock", shows="1970-01-01T00:00:00Z", where='"d1/r1"'))
    town.faults[0].action.do()
    assert town.hosts[0].now().wall_s == 0


def test_batteries_are_drawn_by_share() -> None:
    """Half have one of two to three hours; all that remain have none."""
    battery = '[[batteries]]\nshare = 0.5\nleast = "2h"\nmost = "3h"\n'
    capacities = [h.supply.capacity_us for h in build(large(small(battery)), 1).hosts]
    assert 30 <= sum(capacity > 0 for capacity in capacities) <= 70
    assert all(c == 0 or 120 * M <= c <= 180 * M for c in capacities)
    two = battery + '[[batteries]]\nshare = 0.5\nleast = "5h"\nmost = "5h"\n'
    assert all(h.supply.capacity_us for h in build(large(small(two)), 1).hosts)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (outage("partition", where='"d3"'), "outages[0].where: 'd3' "),
        (outage("partition"), "outages[0]: no link that `links` selects is hit"),
        (outage("cut", links='"bearer=pigeon"'), "outages[0].links: 'bearer=pigeon' selects no"),
        (outage("power", at="[]"), "outages[0]: expected `at` and `for`"),
        (outage("power", every='"1m"'), "outages[0].every: "),
        ('[[outages]]\nwhat = "mains"\nschedule = "no.csv"', "outages[0].schedule: there is no"),
        ('[[batteries]]\nleast = "2h"\nmost = "1h"', "batteries[0].most: "),
    ],
)
def test_what_means_nothing_is_told_by_its_key(extra: str, told: str) -> None:
    """Found when the city is built, before anything runs."""
    with pytest.raises(ScenarioError) as error:
        build(small(extra), 1)
    assert str(error.value).startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("group,from,to\n", "the columns are"),
        ("feeder,off_from,off_to\nf1,9\n", "line 2 is"),
        ("feeder,off_from,off_to\nf1,nine,ten\n", "line 2: 'nine' is no time of day"),
        ("feeder,off_from,off_to\nf9,09:00,10:00\n", "names no feeder"),
    ],
)
def test_a_broken_schedule_is_told_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    """Its file, its line, its value."""
    (tmp_path / "off.csv").write_text(text)
    plan = small('[[outages]]\nwhat = "mains"\nschedule = "off.csv"')
    with pytest.raises(ScenarioError, match=told):
        build(plan, 1, folder=tmp_path)


CITY_OF_OPERATORS = """
name = "operators"
start = 2026-03-01T12:00:00Z
duration = "40h"

[world]
kind = "city"
districts = 2
buildings = 30
operators = ["o1", "o2"]
satellites = 0.5

[[outages]]
name = "operator wiped"
what = "cut"
links = "operator=o1"
at = ["1h"]
for = "36h"

[[outages]]
name = "terminals bricked"
what = "cut"
links = "bearer=satellite"
at = ["2h"]
for = "38h"
staggered = "45m"
share = 0.8
"""


def test_an_operator_is_wiped_and_terminals_are_bricked() -> None:
    """Every link of the operator at once and together, whoever is at its other end; of the
    satellite links most, each at its own moment within three quarters of an hour."""
    town = build(parse(CITY_OF_OPERATORS, "operators.toml"), 1)
    wiped = [fault for fault in town.faults if fault.name == "operator wiped"]
    theirs = [wire for wire in town.wires if "o1" in wire.labels["operator"]]
    assert len(wiped) == len(theirs) > 5
    assert {(fault.from_us, fault.until_us) for fault in wiped} == {(60 * M, 37 * 60 * M)}
    for fault in wiped:
        fault.action.do()
    assert [wire for wire in town.wires if wire.cut_off] == theirs
    bricked = [fault for fault in town.faults if fault.name == "terminals bricked"]
    terminals = [wire for wire in town.wires if wire.labels["bearer"] == ("satellite",)]
    assert 0.5 < len(bricked) / len(terminals) < 1
    moments = {fault.from_us for fault in bricked}
    assert len(moments) == len(bricked)
    assert all(120 * M <= moment <= 165 * M for moment in moments)
