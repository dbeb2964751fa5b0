"""From a scenario to a city: shapes, selectors, and names that mean nothing."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from holub_sim.build import build
from holub_sim.plans import Grid
from holub_sim.scenario import ScenarioError
from support_sim import city, small


def test_shapes_join_what_they_say() -> None:
    """A line of two districts, each a mesh of two: three wires; a ring of three closes."""
    names = [tuple(end.name for end in wire.ends) for wire in city().wires]
    assert names == [("d1/r1", "d1/r2"), ("d2/r1", "d2/r2"), ("d1/r1", "d2/r1")]
    plan = Grid(districts=3, relays=3, within="star", between="ring", ways=2)
    wires = build(replace(small(), world=plan), 1).wires
    names = [tuple(end.name for end in wire.ends) for wire in wires]
    assert len(names) == 3 * 2 + 3 * 2
    assert ("d3/r2", "d1/r2") in names


def test_clocks_are_off_within_bounds_and_differ() -> None:
    """Each host draws its own."""
    plan = small('[machine]\nclock_off = "2s"\ndrift_ppm = 30\n')
    clocks = [host.clock for host in build(plan, 1).hosts]
    assert all(abs(clock.offset_us) <= 2_000_000 for clock in clocks)
    assert all(abs(clock.drift_ppm) <= 30 for clock in clocks)
    assert len({clock.offset_us for clock in clocks}) == 4


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ('[[people]]\nkind = "alert"\nevery = "1m"', "people[1].kind: 'alert' is no kind"),
        ('[[desks]]\nname = "city"\nat = "d2/r1"', "desks[1].name: 'city' is the name of desks[0]"),
        (
            '[[revocations]]\ndesk = "city"\nwhere = "d1"\nat = "1m"\nsince = "2m"',
            "revocations[0].since: 2m is later than `at`, 1m",
        ),
        (
            '[[people]]\nkind = "status"\nevery = "1m"\nlifetime = "14d"',
            "people[1].lifetime: a status lives",
        ),
        (
            '[[people]]\nkind = "status"\nevery = "1m"\nbody_bytes = 500',
            "people[1].body_bytes: 500",
        ),
        (
            '[[people]]\nkind = "request"\nevery = "1m"\nbody_bytes = 1900',
            "people[1].body_bytes: 1900",
        ),
        ('[[people]]\nkind = "status"\nevery = "1m"\narea = 5', "people[1].area: 5 is no area"),
        ('[[desks]]\nname = "b"\nat = "d1"', "desks[1].at: 'd1' selects several"),
        ('[[desks]]\nname = "b"\nat = "d1/r1"\nareas = [1]', "desks[1].areas: 1 is no area"),
        (
            '[[desks]]\nname = "b"\nat = "d1/r1"\nreplay = "no.csv"',
            "desks[1].replay: there is no file",
        ),
        (
            '[[desks]]\nname = "b"\nat = "d1/r1"\n'
            'says = [{ at = "1m", verb = "start", area = 0, hazard = "frogs" }]',
            "desks[1].says[0].hazard: no hazard is called 'frogs'",
        ),
    ],
)
def test_names_that_mean_nothing_are_told_by_their_key(extra: str, told: str) -> None:
    """Found when the city is built, before anything runs."""
    with pytest.raises(ScenarioError) as error:
        build(small(extra), 1)
    assert str(error.value).startswith(told)


def test_a_run_takes_time() -> None:
    """A scenario of no duration would pass, for nothing happens in it."""
    with pytest.raises(ScenarioError, match="duration: in no time"):
        build(small(duration='"0s"'), 1)


def test_two_desks_share_an_authority_by_name() -> None:
    """One office, one number, both keys; the scope is that of both."""
    desks = "".join(
        f'[[desks]]\nname = "{name}"\nauthority = "both"\nat = "d2/r1"\nareas = [{area}]\n'
        for name, area in (("x", 93317), ("y", 30281))
    )
    town = build(small(desks), 1)
    assert [(office.name, office.areas) for office in town.offices] == [
        ("city", (0,)),
        ("both", (30281, 93317)),
    ]
    assert len(town.desks) == 3


def test_a_replay_is_found_beside_the_scenario_and_read(tmp_path: Path) -> None:
    """Transitions before the start are left out; a broken line is named."""
    desk = '[[desks]]\nname = "log"\nat = "d1/r1"\nreplay = "log.csv"\n'
    log = tmp_path / "log.csv"
    log.write_text("t,area,on\n1772366399,93317,1\n1772366410,93317,1\n1772366420,93317,0\n")
    town = build(small(desk), 1, folder=tmp_path)
    town.world.run(60_000_000 - 1)
    assert (town.desks[1].said, town.desks[1].skipped) == (2, 0)
    log.write_text("t,area,on\n1772366399,93317\n")
    with pytest.raises(ScenarioError, match=r"log\.csv: line 2 is"):
        build(small(desk), 1, folder=tmp_path)
    log.write_text("time,area,on\n")
    with pytest.raises(ScenarioError, match="the columns are"):
        build(small(desk), 1, folder=tmp_path)


def test_a_revoked_key_says_nothing_more_that_stands() -> None:
    """The registrar's word is offered at its relay and spreads; an alert of before stays, one of
    after is refused at the desk itself, and all agree in the end."""
    text = '[[revocations]]\ndesk = "city"\nwhere = "d2/r2"\nat = "2m"\nsince = "90s"\n'
    town = city(text)
    town.world.run(300_000_000)
    (revoked,) = [each for each in town.ledger.existing() if each.row.kind == 2]
    assert (revoked.host, len(revoked.arrived_us)) == ("d2/r2", 4)
    (keep,) = town.ledger.revoked.values()
    alerts = [each.row.id for each in town.ledger.existing() if each.row.kind == 5]
    assert alerts == list(keep)
    assert town.desks[0].skipped == 2
    assert town.watch.violations == []


def test_a_revocation_names_a_desk() -> None:
    """The error lists those that there are."""
    text = '[[revocations]]\ndesk = "x"\nwhere = "d2/r2"\nat = "2m"\nsince = "90s"\n'
    with pytest.raises(
        ScenarioError, match=r"revocations\[0\]\.desk: 'x' is no desk; they are city"
    ):
        city(text)
