"""What a scenario says of places and of what goes wrong there: `[world]`, `[[batteries]]` and
`[[outages]]`.

`scenario.py` puts them together; `grid.py`, `town.py` and `meetings.py` build the worlds,
`outages.py` the outages.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from holub_sim.units import Rate, Span

Districts = Annotated[int, Meta(ge=1, le=1000)]
Share = Annotated[float, Meta(ge=0, le=0.9)]
Part = Annotated[float, Meta(ge=0, le=1)]
Shape = Literal["line", "ring", "star", "mesh"]
Who: TypeAlias = str | tuple[str, ...]
"""Selectors, see selectors.py."""


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of link, the same both ways. `loss`, `duplicates` and `reordered` are shares of
    segments; `corrupt` is the share that is damaged where no checksum below the link's own
    encryption finds it. `queue_bytes`: what waits before a slow link; what comes beyond is lost."""

    latency: Span
    jitter: Span = Span(0)
    rate: Rate = Rate(100_000_000)
    loss: Share = 0.0
    duplicates: Share = 0.0
    reordered: Share = 0.0
    corrupt: Share = 0.0
    queue_bytes: Annotated[int, Meta(ge=4096)] = 1 << 20


class Grid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="grid",
           tag_field="kind"):  # fmt: skip
    """Districts d1, d2 ... of relays d1/r1, d1/r2 ... Within a district they are joined in one
    shape; districts in another, relay 1 with relay 1 and so on, `ways` times. Each district has
    a feeder and an operator of its number."""

    districts: Districts
    relays: Annotated[int, Meta(ge=1, le=32)]
    within: Shape = "mesh"
    between: Shape = "ring"
    ways: Annotated[int, Meta(ge=1, le=32)] = 1
    lan: Link = Link(latency=Span(1_000))
    uplink: Link = Link(latency=Span(10_000))


class Town(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="city",
           tag_field="kind"):  # fmt: skip
    """A generated city. `buildings` in all, d1/b1 ... spread evenly over the districts, each have
    a LAN of one to `relays` relays; the first of them dials `peers` other buildings anywhere over
    its operator. Power comes by `feeders`, which are drawn for each building, as operators are.
    A share of the buildings has a satellite terminal, over which they reach each other.
    `commuters` carry phones between two buildings, `couriers` sticks round those of a
    district."""

    districts: Districts
    buildings: Annotated[int, Meta(ge=1, le=10_000)]
    relays: Annotated[int, Meta(ge=1, le=16)] = 2
    feeders: Annotated[tuple[str, ...], Meta(min_length=1)] = ("f1", "f2", "f3")
    operators: Annotated[tuple[str, ...], Meta(min_length=1)] = ("o1", "o2", "o3")
    peers: Annotated[int, Meta(ge=1, le=16)] = 2
    satellites: Part = 0.0
    commuters: Annotated[int, Meta(ge=0, le=10_000)] = 0
    couriers: Annotated[int, Meta(ge=0, le=1_000)] = 0
    stick_bytes: Annotated[int, Meta(ge=1 << 16)] = 1 << 24
    round: Span = Span(3_600_000_000)
    lan: Link = Link(latency=Span(1_000))
    uplink: Link = Link(latency=Span(15_000), jitter=Span(10_000), rate=Rate(10_000_000))
    satellite: Link = Link(latency=Span(300_000), jitter=Span(50_000), rate=Rate(2_000_000))
    radio: Link = Link(latency=Span(5_000), jitter=Span(5_000), rate=Rate(10_000_000))


class Contacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="trace",
               tag_field="kind"):  # fmt: skip
    """Nodes n0, n1 ... that meet as a file of contacts says (`format`, see contacts.py), from
    `skip` on. A row of a format that tells only sightings lasts `step`."""

    file: str
    format: Literal["csv", "crawdad", "sociopatterns", "one"] = "csv"
    skip: Span = Span(0)
    step: Span = Span(20_000_000)
    nodes: Annotated[int, Meta(ge=0, le=10_000)] = 0
    radio: Link = Link(latency=Span(0), rate=Rate(10**15))


World: TypeAlias = Grid | Town | Contacts


class Battery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `share` of the relays `who` has a battery that lasts from `least` to `most`, each its
    own time, and is full again after `recharge`; shares of several entries add up."""

    who: Who = "*"
    share: Part = 1.0
    least: Span
    most: Span
    recharge: Span = Span(4 * 3_600_000_000)


What = Literal["partition", "cut", "jam", "mains", "power", "kill", "clock"]


class Outage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that goes wrong `at` some moments, `for` some time each, or by a `schedule`
    (a CSV file: feeder, off_from, off_to, in the scenario's local time, every day).

    What: "partition" cuts the links that lead out of the group `where`, "cut" those that touch
    it; of `links` only, one-sided where `way` says so. "jam" loses a share `loss` on those that
    touch it. "mains": relays live on their batteries, then go dark. "power": they go dark at
    once. "kill": their processes die, and the kernel closes the links. What their `store` is
    then: "kept", "torn" (its last commits are lost) or "wiped". "clock": their clocks are
    `ahead` or `behind`, or show `shows`, and nothing vouches for them unless `reliable`.

    With `staggered` each of what is hit has its own beginning within that time; of all that is
    selected a `share` is drawn."""

    what: What
    name: str = ""
    where: Who = "*"
    links: Who = "*"
    at: tuple[Span, ...] = ()
    for_: Span | None = field(name="for", default=None)
    every: Span | None = None
    schedule: str = ""
    staggered: Span = Span(0)
    share: Part = 1.0
    way: Literal["both", "in", "out"] = "both"
    loss: Share = 0.5
    store: Literal["kept", "torn", "wiped"] = "kept"
    ahead: Span = Span(0)
    behind: Span = Span(0)
    shows: Annotated[datetime, Meta(tz=True)] | None = None
    reliable: bool = False
