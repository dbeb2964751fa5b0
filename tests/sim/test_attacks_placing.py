"""From a scenario's attackers to machines in a city."""

import pytest

from holub_sim.attacks.placing import Ground, choose
from holub_sim.build import City
from holub_sim.faults import schedule
from holub_sim.scenario import AttackerPlan, ScenarioError
from support_sim import city


def attacked(text: str) -> City:
    """The small city with an attacker."""
    return city(f"[[attackers]]\n{text}\n")


def ground(town: City) -> Ground:
    """The small city as attackers see it."""
    return Ground(town.world, town.realm, town.ledger, town.hosts, {})


def test_shares_are_nested_and_leave_desks_alone() -> None:
    """Whoever is among the smaller share is among the larger; a desk's relay is in none."""
    town = city()
    town_ground = ground(town)
    chosen = [
        {host.name for host in choose(town_ground, AttackerPlan(kind="flood", share=share), "k")}
        for share in (0.25, 0.5, 0.75)
    ]
    assert [len(names) for names in chosen] == [1, 2, 3]
    assert chosen[0] < chosen[1] < chosen[2]
    with_desk = Ground(
        town.world,
        town.realm,
        town.ledger,
        town.hosts,
        {"city": ("d1/r1", town.hosts[0].identity, (93317,))},
    )
    assert "d1/r1" not in {
        host.name for host in choose(with_desk, AttackerPlan(kind="flood", share=0.75), "k")
    }


def test_those_with_most_links_or_whole_districts_are_taken() -> None:
    """In the small city only the first relays of the districts have a link outwards."""
    town = ground(city())
    most = choose(town, AttackerPlan(kind="flood", share=0.5, pick="degree"), "k")
    assert [host.name for host in most] == ["d1/r1", "d2/r1"]
    district = choose(town, AttackerPlan(kind="flood", share=0.5, pick="district"), "k")
    assert len({host.district for host in district}) == 1


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('kind = "magic"\nshare = 0.5', r"attackers\[0\]\.kind: 'magic' is no attack"),
        ('kind = "flood"', r"attackers\[0\]: give `who`"),
        ('kind = "flood"\nwho = "d1/*"\nshare = 0.5', r"attackers\[0\]: give `who`"),
        ('kind = "flood"\nshare = 1.0', "only 3 have no desk"),
        ('kind = "flood"\nwho = "d9"', r"attackers\[0\]\.who"),
        ('kind = "flood"\nshare = 0.5\nfrom = "2m"\nuntil = "1m"', "ends before it begins"),
        ('kind = "stolen-key"\nshare = 0.5\ndesk = "x"', "'x' is no desk; they are city"),
    ],
)
def test_mistakes_are_told(text: str, wrong: str) -> None:
    """An error names the key, the value and what there is."""
    with pytest.raises(ScenarioError, match=wrong):
        attacked(text)


def test_relays_that_are_taken_over_are_not_judged_and_begin_anew_at_the_end() -> None:
    """An insider's relay has a tap, is exempt, shows as a band, and boots when it is over."""
    town = attacked('kind = "blackhole"\nwho = "d2/r2"\nfrom = "20s"\nuntil = "60s"')
    (taken,) = [host for host in town.hosts if host.tap is not None]
    assert list(town.watch.exempt) == [taken.name] == ["d2/r2"]
    (band,) = town.bands
    assert (band.what, band.from_us, band.until_us) == ("attack blackhole", 20_000_000, 60_000_000)
    schedule(town.world, town.faults, 360_000_000)
    town.world.run(59_000_000)
    assert taken.boots == 1
    town.world.run(61_000_000)
    assert taken.boots == 2


def test_fake_relays_surround_one_that_stays_honest() -> None:
    """Of twelve fake relays eight get a place and go at the end; the relays' own links stay."""
    town = attacked('kind = "eclipse"\nwho = "d1/r2"\nidentities = 12\nfrom = "20s"\nuntil = "60s"')
    assert not town.watch.exempt
    schedule(town.world, town.faults, 360_000_000)
    victim = town.hosts[1]
    town.world.run(59_000_000)
    fake = [wire for wire, _ in victim.wires if wire not in town.wires]
    assert len(fake) == 12
    assert sum(wire.up for wire in fake) == 8
    assert all(wire.up for wire in town.wires)
    town.world.run(80_000_000)
    assert not any(wire.up for wire in fake)
    assert all(wire.up for wire in town.wires)


def test_several_attacks_share_one_machine() -> None:
    """Two attacks on one relay both sit on its links."""
    both = '[[attackers]]\nkind = "{}"\nwho = "d2/r2"\n'
    town = city(both.format("tamper") + both.format("flood"))
    assert len(town.faults) == 2
    assert len(getattr(town.hosts[3].tap, "actors", ())) == 2
