"""How far alerts reached those whom no attacker holds, against what was possible without him.

An attacker who can do no more than unplug himself leaves every alert where it would be if his
machines were not there. `Coverage.held` is the share of that which came about.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from holub_protocol.kinds import Class, kind_named
from holub_sim.build import City
from holub_sim.ledger import Published
from holub_sim.reach import Reach, contacts

GRACE_US = 60_000_000
"""Whoever could have an alert so long before the end must have it: a broken link is noticed after
15 s at most and dialled again within 30 s."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of alerts by desks, at honest hosts, until a moment: (alert, host) pairs that were `due`, as
    the alert could have come over links between honest hosts alone, and of these how many `came`;
    and how much later than it could have, in milliseconds (None: none came)."""

    alerts: int
    honest: int
    due: int
    came: int
    late_p50_ms: float | None
    late_p99_ms: float | None

    @property
    def held(self) -> float:
        """The share of what was due that came; 1 where nothing was due."""
        return self.came / self.due if self.due else 1.0


def coverage(city: City, end_us: int, hostile: Iterable[str] | None = None) -> Coverage:
    """Measure a city whose run has passed `end_us`; what came later does not count. `hostile`
    are the attacker's hosts, if not those of this very run."""
    hostile = dict.fromkeys(city.watch.exempt if hostile is None else hostile)
    reach = Reach(contacts(city.hosts, city.wires, end_us, without=hostile))
    alerts = desk_alerts(city, end_us)
    due = came = 0
    late_us: list[int] = []
    for each in alerts:
        possible = reach.arrivals(each.host, each.t_us, each.row.size_bytes)
        for name, earliest_us in possible.items():
            if name == each.host or each.host in hostile or earliest_us > end_us - GRACE_US:
                continue
            due += 1
            arrived_us = each.arrived_us.get(name)
            if arrived_us is not None and arrived_us <= end_us:
                came += 1
                late_us.append(arrived_us - earliest_us)
    late_us.sort()
    return Coverage(
        alerts=len(alerts),
        honest=len(city.hosts) - len(hostile),
        due=due,
        came=came,
        late_p50_ms=_nearest(late_us, 50),
        late_p99_ms=_nearest(late_us, 99),
    )


def desk_alerts(city: City, end_us: int) -> list[Published]:
    """Return the alerts that desks at honest hosts published before `end_us`, boards left out."""
    alert = kind_named("alert").number
    return [
        each
        for each in city.ledger.existing()
        if each.row.cls == Class.ALERT
        and each.row.kind == alert
        and each.t_us < end_us
        and each.host not in city.watch.exempt
    ]


def _nearest(ascending: list[int], percent: int) -> float | None:
    if not ascending:
        return None
    rank = -(-len(ascending) * percent // 100)
    return ascending[max(0, rank - 1)] / 1000
