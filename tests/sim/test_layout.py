"""Which world is built."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from holub_sim.build import build
from holub_sim.scenario import ScenarioError, parse
from support_sim import CITY, small


def test_the_kind_says_which_world() -> None:
    """A grid, a city, a trace; any other is refused with the key."""
    assert len(build(small(), 1).hosts) == 4
    world = CITY[CITY.index("[world]") : CITY.index("[[desks]]")]
    town = '[world]\nkind = "city"\ndistricts = 2\nbuildings = 6\nrelays = 1\n\n'
    plan = parse(CITY.replace(world, town).replace('at = "d1/r1"', 'at = "d1/b1/r1"'), "s.toml")
    assert [host.name for host in build(plan, 1).hosts][:2] == ["d1/b1/r1", "d1/b2/r1"]
    with pytest.raises(ScenarioError, match=r"world\.kind"):
        parse(CITY.replace('kind = "grid"', 'kind = "moon"'), "s.toml")


def test_a_trace_that_is_not_there_is_told_by_its_key(tmp_path: Path) -> None:
    """As any other file that a scenario names."""
    world = '[world]\nkind = "trace"\nfile = "c.csv"\n\n'
    text = CITY[: CITY.index("[world]")] + world
    with pytest.raises(ScenarioError, match=r"^world\.file: there is no file"):
        build(parse(text, "s.toml"), 1, folder=tmp_path)


def test_every_end_knows_its_links() -> None:
    """Each wire is in the lists of both its hosts, with the right side."""
    town = build(replace(small(), people=()), 1)
    for host in town.hosts:
        for wire, side in host.wires:
            assert wire.ends[side] is host
    assert sum(len(host.wires) for host in town.hosts) == 2 * len(town.wires)
