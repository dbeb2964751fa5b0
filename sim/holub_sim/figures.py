"""What a run's report shows, as plain values: curves, spreads, maps and lists.

Everything here is about relays that no attacker holds, and about what those published. What was
`possible` is the oracle's answer (reach.py): how early a message could have come over the paths
that were open, the attacker's relays included, whatever the nodes did.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from holub_protocol.kinds import KINDS, Class, kind_named
from holub_sim.build import City
from holub_sim.coverage import Coverage, coverage
from holub_sim.faults import Band
from holub_sim.host import Host
from holub_sim.ledger import Published
from holub_sim.reach import Reach, contacts
from holub_sim.report import Report, percentile
from holub_sim.sampler import Sample

CURVE_POINTS = 160
ORACLE_MESSAGES = 400
"""Of a class the oracle is asked about so many messages, evenly chosen: it costs most of all."""

MAP_AFTER_US = (100_000, 1_000_000, 10_000_000, 60_000_000, 600_000_000, 3_600_000_000)
WORST = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """How long copies took, in milliseconds from publication."""

    name: str
    copies: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One kind of message over a run: of all `due` copies of `messages`, the share that had come
    and the share that was possible at each second in `at_s`. Where `sampled` is less than
    `messages`, the curves are of so many of them."""

    name: str
    messages: int
    sampled: int
    due: int
    at_s: tuple[float, ...]
    came: tuple[float, ...]
    possible: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """So long after an alert was said: for each district the relays that had it, and all."""

    after_s: float
    districts: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Spreading:
    """How the alert that took longest reached the districts; `source` is the relay it came from."""

    name: str
    said_s: float
    source: str
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """One relay: alerts it could have had and those that came, and how late at worst."""

    host: str
    district: str
    due: int
    came: int
    late_max_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a report shows. `damage` is there if attackers were, `beside` tells
    that they stood next to honest relays with machines of their own; `misled` relays showed clear
    while an alert was on that a stolen key had ended; `put_bytes` are those of
    alerts' own frames on all links, `puts` of all messages."""

    report: Report
    text: str
    start: str
    duration_s: float
    bands: tuple[Band, ...]
    curves: tuple[Curve, ...]
    by_kind: tuple[Spread, ...]
    by_district: tuple[Spread, ...]
    spreading: Spreading | None
    samples: tuple[Sample, ...]
    served: tuple[Served, ...]
    damage: Coverage | None
    hostile: tuple[str, ...]
    beside: bool
    forged: int
    forged_copies: int
    misled: int
    puts: int
    alert_puts: int
    alert_bytes: int
    alert_copies: int
    published: int


def figures(
    city: City, report: Report, text: str, start: str, end_us: int, samples: Iterable[Sample]
) -> Figures:
    """Reckon everything from a city whose run is over; faults ended at `end_us`."""
    honest = [host for host in city.hosts if host.name not in city.watch.exempt]
    groups = _groups(city)
    over_us = city.world.now_us
    reach = Reach(contacts(city.hosts, city.wires, over_us))
    alerts = groups.get("alert", [])
    forged = city.ledger.forged.values()
    names = {host.name for host in honest}
    known = set(city.wires)
    return Figures(
        report=report,
        text=text,
        start=start,
        duration_s=over_us / 1e6,
        bands=tuple(city.bands),
        curves=tuple(_curve(name, each, honest, reach, over_us) for name, each in groups.items()),
        by_kind=tuple(
            spread for name, each in groups.items() if (spread := _spread(name, each, names))
        ),
        by_district=tuple(
            spread
            for district, here in _districts(honest).items()
            if (spread := _spread(district, alerts, {host.name for host in here}))
        ),
        spreading=_spreading(alerts, honest, over_us),
        samples=tuple(samples),
        served=_served(alerts, honest, reach, over_us),
        damage=coverage(city, end_us - 1) if any(_is_attack(b) for b in city.bands) else None,
        hostile=tuple(city.watch.exempt),
        beside=any(wire not in known for host in honest for wire, _ in host.wires),
        forged=len(city.ledger.forged),
        forged_copies=sum(sum(name in names for name in taken) for taken in forged),
        misled=len({name for _, name in city.watch.misled if name in names}),
        puts=sum(city.watch.wire.puts.values()),
        alert_puts=city.watch.wire.puts.get(Class.ALERT, 0),
        alert_bytes=city.watch.wire.put_bytes.get(Class.ALERT, 0),
        alert_copies=sum(len(_waits(each, names)) for n in ("alert", "board")
                         for each in groups.get(n, [])),
        published=sum(map(len, groups.values())),
    )  # fmt: skip


def _is_attack(band: Band) -> bool:
    return band.what.startswith("attack")


def _groups(city: City) -> dict[str, list[Published]]:
    """Messages of honest relays by class; alerts and boards apart, and charters left out."""
    board = kind_named("board").number
    found: dict[tuple[int, str], list[Published]] = {}
    for each in city.ledger.existing():
        if each.row.kind in KINDS and each.host not in city.watch.exempt:
            is_board = each.row.kind == board
            name = "board" if is_board else Class(each.row.cls).name.lower()
            found.setdefault((each.row.cls * 2 + is_board, name), []).append(each)
    return {name: found[order, name] for order, name in sorted(found)}


def _districts(hosts: Iterable[Host]) -> dict[str, list[Host]]:
    found: dict[str, list[Host]] = {}
    for host in hosts:
        found.setdefault(host.district, []).append(host)
    return found


def _waits(message: Published, names: set[str]) -> list[int]:
    """Microseconds from publication to each copy at other hosts of these names."""
    return [
        t_us - message.t_us
        for name, t_us in message.arrived_us.items()
        if name != message.host and name in names
    ]


def _spread(name: str, messages: Iterable[Published], names: set[str]) -> Spread | None:
    waits = sorted(wait for each in messages for wait in _waits(each, names))
    if not waits:
        return None
    p50, p95, p99 = (percentile(waits, percent) / 1000 for percent in (50, 95, 99))
    return Spread(name, len(waits), p50, p95, p99)


def _curve(
    name: str, messages: list[Published], honest: list[Host], reach: Reach, end_us: int
) -> Curve:
    step = -(-len(messages) // ORACLE_MESSAGES)
    chosen = messages[::step]
    names = {host.name for host in honest}
    came: list[int] = []
    possible: list[int] = []
    for each in chosen:
        came += [each.t_us + wait for wait in _waits(each, names)]
        earliest = reach.arrivals(each.host, each.t_us, each.row.size_bytes)
        possible += [t for host, t in earliest.items() if host in names and host != each.host]
    came.sort()
    possible.sort()
    due = len(chosen) * (len(honest) - 1)
    grid = [end_us * i // CURVE_POINTS for i in range(CURVE_POINTS + 1)]
    return Curve(
        name=name,
        messages=len(messages),
        sampled=len(chosen),
        due=due,
        at_s=tuple(t / 1e6 for t in grid),
        came=tuple(bisect_right(came, t) / max(1, due) for t in grid),
        possible=tuple(bisect_right(possible, t) / max(1, due) for t in grid),
    )


def _spreading(alerts: list[Published], honest: list[Host], end_us: int) -> Spreading | None:
    """Of the alert whose last copy took longest, or that never reached all."""
    names = {host.name for host in honest}

    def slowness(message: Published) -> tuple[int, int]:
        waits = _waits(message, names)
        return len(names) - len(waits), max(waits, default=0)

    if not alerts:
        return None
    slowest = max(alerts, key=slowness)
    lacking, last_us = slowness(slowest)
    if lacking > 1:  # its source itself counts among the hosts, and not among the copies
        last_us = end_us - slowest.t_us
    waits_us = [*(after for after in MAP_AFTER_US if after < last_us), last_us]
    districts = _districts(honest)
    moments = []
    for after_us in waits_us:
        shares = tuple(
            (district, sum(_has(slowest, host.name, after_us) for host in here), len(here))
            for district, here in districts.items()
        )
        moments.append(Moment(after_us / 1e6, shares))
    return Spreading(slowest.row.id.hex()[:8], slowest.t_us / 1e6, slowest.host, tuple(moments))


def _has(message: Published, host: str, after_us: int) -> bool:
    arrived_us = message.arrived_us.get(host)
    return arrived_us is not None and arrived_us - message.t_us <= after_us


def _served(
    alerts: list[Published], honest: list[Host], reach: Reach, end_us: int
) -> tuple[Served, ...]:
    """The relays that were served worst: most alerts missing first, then the latest."""
    due: dict[str, int] = {}
    late: dict[str, list[int]] = {host.name: [] for host in honest}
    step = -(-len(alerts) // ORACLE_MESSAGES) or 1
    for each in alerts[::step]:
        earliest = reach.arrivals(each.host, each.t_us, each.row.size_bytes)
        for name, waits in late.items():
            if name != each.host and name in earliest:
                due[name] = due.get(name, 0) + 1
                if (arrived_us := each.arrived_us.get(name)) is not None and arrived_us <= end_us:
                    waits.append(arrived_us - earliest[name])
    found = [
        Served(
            host.name,
            host.district,
            due.get(host.name, 0),
            len(late[host.name]),
            max(late[host.name], default=0) / 1000,
        )
        for host in honest
    ]
    found.sort(key=lambda each: (each.came - each.due, -each.late_max_ms, each.host))
    return tuple(found[:WORST])
