"""The city that ships: as large as it was, and with what its sources tell."""

import pytest
from msgspec.structs import replace

from holub_sim.build import build
from holub_sim.plans import Town
from holub_sim.run import run
from holub_sim.scenario import find, load
from holub_sim.units import Span

HOUR_US = 3_600_000_000


def test_kyiv_has_259_sites_in_ten_districts_on_eleven_feeders() -> None:
    """Each with a battery of two to six hours, but the desk's; and every outage is a band."""
    city = build(load(find("kyiv")), 1)
    relays = [host for host in city.hosts if host.site.role == "relay"]
    assert len(relays) == 259
    assert len({host.district for host in relays}) == 10
    assert len({host.site.feeder for host in relays}) == 11
    hours = [host.supply.capacity_us / HOUR_US for host in relays[1:]]
    assert all(2 <= h <= 6 and not 3 < h < 4 for h in hours)
    assert 0.5 < sum(h >= 4 for h in hours) / len(hours) < 0.7
    assert relays[0].supply.capacity_us == 72 * HOUR_US
    assert {band.name for band in city.bands} == {
        "blackout by groups",
        "strike on d5",
        "lifecell overloaded",
    }
    assert sum(band.name == "blackout by groups" for band in city.bands) == 24


def test_people_check_in_after_an_alert() -> None:
    """In the half hour after each start of an alert for Kyiv, or for all of Ukraine, and at no
    other time where nobody comes by chance."""
    plan = load(find("kyiv"))
    (people,) = plan.people
    alone = replace(people, every=None, times=(Span(24 * HOUR_US),))
    town = replace(plan.world, buildings=20, commuters=0, couriers=0, districts=1)
    assert isinstance(town, Town)
    city = build(replace(plan, world=town, people=(alone,), outages=(), batteries=()), 1)
    before = sum(residents.sent for residents in city.residents)
    city.world.run(14 * 60_000_000)
    assert sum(residents.sent for residents in city.residents) == before == 0
    city.world.run(46 * 60_000_000)  # an alert began at 00:15:47
    during = sum(residents.sent for residents in city.residents)
    assert during > 2
    city.world.run(90 * 60_000_000)
    assert sum(residents.sent for residents in city.residents) == during


@pytest.mark.slow
def test_a_small_kyiv_comes_through_its_first_hours() -> None:
    """Thirty sites, the first blackout until after some batteries are empty: no rule breaks, and
    in the end all agree."""
    plan = load(find("kyiv"))
    town = replace(plan.world, buildings=30, commuters=3, couriers=2, districts=3, peers=1)
    outages = plan.outages[:1]
    outcome = run(replace(plan, world=town, outages=outages, duration=Span(4 * HOUR_US)), 1)
    assert outcome.violations == ()
    assert outcome.agreed.complete
    assert outcome.boots > outcome.hosts
