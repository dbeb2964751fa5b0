"""Generated cities: how they hang together, and who carries what."""

import pytest
from msgspec.structs import replace

from holub_sim.build import City, build
from holub_sim.plans import Town
from holub_sim.run import run
from holub_sim.units import Span
from support_sim import small

H = 3_600_000_000
PLAN = Town(districts=2, buildings=10, relays=3, feeders=("f1", "f2"), operators=("o1", "o2"))


def town(seed: int = 1, **more: object) -> City:
    """A city of ten buildings, nobody in it."""
    plan = replace(small(), world=replace(PLAN, **more), desks=(), people=(), duration=Span(48 * H))
    return build(plan, seed)


def test_every_building_is_joined_to_the_city() -> None:
    """Its relays by a LAN, its gateway over its operator to others: nobody is left out."""
    city = town()
    lans = {host.site.lan for host in city.hosts}
    assert len(lans) == 10
    reached, todo = {city.hosts[0].name: None}, [city.hosts[0]]
    by_name = {host.name: host for host in city.hosts}
    while todo:
        for wire, side in todo.pop().wires:
            name = wire.ends[1 - side].name
            if name not in reached:
                reached[name] = None
                todo.append(by_name[name])
    assert len(reached) == len(city.hosts)
    bearers = {(wire.labels["bearer"], bool(wire.labels["operator"])) for wire in city.wires}
    assert bearers == {(("lan",), False), (("uplink",), True)}


def test_a_building_hangs_on_one_feeder_and_one_operator() -> None:
    """All its relays share them; over the city every one is used."""
    by_lan: dict[str, dict[tuple[str, str], None]] = {}
    for host in town().hosts:
        by_lan.setdefault(host.site.lan, {})[host.site.feeder, host.site.operator] = None
    assert all(len(pairs) == 1 for pairs in by_lan.values())
    assert {feeder for pairs in by_lan.values() for feeder, _ in pairs} == {"f1", "f2"}


def test_terminals_reach_each_other_by_satellite() -> None:
    """With a share of one every building has one."""
    wires = [w for w in town(satellites=1.0).wires if w.labels["bearer"] == ("satellite",)]
    assert {end.name.rsplit("/", 1)[0] for wire in wires for end in wire.ends} == {
        host.site.lan for host in town().hosts
    }
    assert all(wire.quality.latency_us == 300_000 for wire in wires)


def test_commuters_are_at_home_by_night_and_at_work_by_day() -> None:
    """At noon UTC they are at work, at midnight at home, in the morning on the way or at one."""
    city = town(commuters=4)
    phones = [host for host in city.hosts if host.site.role == "phone"]
    assert [phone.name for phone in phones] == ["d1/p1", "d1/p2", "d2/p1", "d2/p2"]

    def near() -> list[list[bool]]:
        return [[wire.up for wire, _ in phone.wires] for phone in phones]

    city.world.run(H)  # 13:00
    assert near() == [[False, True]] * 4
    city.world.run(12 * H)  # midnight
    assert near() == [[True, False]] * 4
    city.world.run(25 * H)
    assert near() == [[False, True]] * 4


def test_couriers_go_round_their_district() -> None:
    """In three rounds each relay's stick holds something, and nobody of the other district's
    gateways was visited."""
    city = town(couriers=2)
    city.world.run(3 * H)
    assert city.watch.violations == []
    assert all(courier.stick.data for courier in city.couriers)
    assert [{host.district for host in c.route} for c in city.couriers] == [{"d1"}, {"d2"}]


def test_a_city_is_the_same_with_the_same_seed() -> None:
    """And another with another."""
    names = [
        [(w.ends[0].name, w.ends[1].name) for w in town(seed, satellites=0.5).wires]
        for seed in (1, 1, 2)
    ]
    assert names[0] == names[1] != names[2]


@pytest.mark.slow
def test_couriers_carry_an_alert_where_no_link_leads() -> None:
    """All uplinks of the city are gone for three hours: sticks bring the alert all the same, and
    after the heal all agree."""
    plan = replace(
        small(
            '[[outages]]\nwhat = "cut"\nlinks = "bearer=uplink"\nat = ["0s"]\nfor = "3h"\n',
            duration='"3h"',
        ),
        world=replace(PLAN, districts=1, buildings=5, couriers=2, round=Span(H)),
        people=(),
    )
    plan = replace(plan, desks=(replace(plan.desks[0], at="d1/b1/r1"),))
    outcome = run(plan, 1)
    assert outcome.passed
    alerts = next(each for each in outcome.classes if each.name == "alert")
    assert alerts.p50_ms is not None
    assert 60_000 < alerts.p50_ms < 2 * 3_600_000
