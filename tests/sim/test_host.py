"""A host: the driver between node, disk, clock and links."""

import pytest

from holub_protocol.kinds import Class
from holub_protocol.policy import Policy
from holub_sim.build import City
from holub_sim.disk import DiskPlan
from holub_sim.host import Host
from support_sim import city

S = 1_000_000


def held(host: Host) -> list[bytes]:
    """The ids a host's node holds."""
    return sorted(id_ for cls in Class for id_ in host.node.holdings.held_ids(cls))


def settled() -> City:
    """The small city after half a minute."""
    town = city()
    town.world.run(30 * S)
    return town


def test_hosts_boot_connect_and_share_their_grants() -> None:
    """The charter, four relay grants and the desk's are everywhere within seconds."""
    town = settled()
    assert all(wire.up for wire in town.wires)
    grants = [len(list(host.node.holdings.held_ids(Class.GRANT))) for host in town.hosts]
    assert grants == [5, 5, 5, 5]


def test_a_crash_keeps_what_was_committed() -> None:
    """After a boot the node holds what it held, and its steady clock starts at zero."""
    town = settled()
    host = town.hosts[2]
    before = held(host)
    host.crash(silently=True)
    assert not host.running
    town.world.run(40 * S)
    host.boot()
    assert [id_ for id_ in before if id_ not in held(host)] == []
    assert host.now().mono_us == 0
    assert host.boots == 2


def test_its_own_messages_leave_only_after_the_commit() -> None:
    """A slow disk delays what is published here, by as long as a commit takes."""
    town = city()
    for host in town.hosts:
        host.disk = type(host.disk)(
            town.world, DiskPlan(commit_us=500_000, jitter_us=0), town.world.stream("slow")
        )
    town.world.run(75 * S)
    start = next(each for each in town.ledger.existing() if each.row.kind == 5)
    waits_us = [at - start.t_us for name, at in start.arrived_us.items() if name != start.host]
    assert len(waits_us) == 3
    assert min(waits_us) >= 500_000
    assert max(waits_us) < 1_000_000  # relays pass an alert on before their own commit


@pytest.mark.slow
def test_a_full_disk_holds_nothing_that_it_could_not_store() -> None:
    """The node unlearns it, links that might have acknowledged it are closed, and nothing
    breaks; what was stored before is still there."""
    town = city()
    small = town.hosts[3]
    small.policy = Policy(store_bytes=1 << 20)
    small.disk = type(small.disk)(
        town.world, DiskPlan(quota_bytes=3_500), town.world.stream("small")
    )
    town.world.run(300 * S)
    assert small.disk.store.size_bytes() <= 3_500
    stored = {row.id for row in small.disk.store.rows()}
    assert stored
    town.world.run(300 * S + 20_000)
    assert len(held(small)) < len(held(town.hosts[0]))
    assert town.watch.violations == []


def test_refusals_survive_a_crash_in_the_count() -> None:
    """A node's counts die with it; the host adds them up."""
    town = settled()
    host = next(h for h in town.hosts if h.node.stats().refusals)
    counts = dict(host.node.stats().refusals)
    host.crash(silently=False)
    assert host.refusals == counts
