"""The plainest world: districts of equal size, joined in shapes."""

from collections.abc import Iterator
from itertools import combinations

from holub_sim.host import Host, Site
from holub_sim.network import Quality, Wire
from holub_sim.plans import Grid, Link, Shape
from holub_sim.world import World

_PPM = 1_000_000


def sites(plan: Grid) -> list[Site]:
    """Return where relays stand: d1/r1, d1/r2 ..., each district on a LAN, a feeder and an
    operator of its own."""
    return [
        Site(f"d{d}/r{r}", f"d{d}", lan=f"d{d}", feeder=f"f{d}", operator=f"o{d}")
        for d in range(1, plan.districts + 1)
        for r in range(1, plan.relays + 1)
    ]


def wires(plan: Grid, world: World, hosts: list[Host]) -> list[Wire]:
    """Join the relays of each district, and districts by their first `ways` relays."""
    lan, uplink = quality(plan.lan), quality(plan.uplink)
    rows = [hosts[i : i + plan.relays] for i in range(0, len(hosts), plan.relays)]
    joined = [
        Wire(world, row[i], row[j], lan) for row in rows for i, j in pairs(plan.within, plan.relays)
    ]
    for i, j in pairs(plan.between, plan.districts):
        for way in range(min(plan.ways, plan.relays)):
            a, b = rows[i][way], rows[j][way]
            operators = (a.site.operator, b.site.operator)
            joined.append(Wire(world, a, b, uplink, "uplink", operators))
    return joined


def pairs(shape: Shape, count: int) -> Iterator[tuple[int, int]]:
    """The pairs of `count` things that a shape joins."""
    if shape == "mesh":
        yield from combinations(range(count), 2)
    elif shape == "star":
        yield from ((0, i) for i in range(1, count))
    else:
        yield from ((i, i + 1) for i in range(count - 1))
        if shape == "ring" and count > 2:
            yield count - 1, 0


def quality(link: Link) -> Quality:
    """Return what a link of this kind does to segments."""
    return Quality(
        link.latency.us,
        link.jitter.us,
        link.rate.bits_per_s,
        round(link.loss * _PPM),
        round(link.duplicates * _PPM),
        round(link.reordered * _PPM),
        round(link.corrupt * _PPM),
        link.queue_bytes,
    )
