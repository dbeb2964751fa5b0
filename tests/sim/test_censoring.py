"""Neighbours that take alerts and pass none on: what they cost in a city of thirty relays."""

import pytest

from holub_sim.build import build
from holub_sim.faults import schedule
from holub_sim.scenario import parse

_US = 1_000_000
CITY = """
name = "censored"
start = 2026-03-01T12:00:00Z
duration = "1m"
[world]
kind = "grid"
districts = 5
relays = 6
within = "mesh"
between = "ring"
ways = 3
lan = { latency = "2ms", jitter = "1ms", rate = "10M" }
uplink = { latency = "20ms", jitter = "10ms", rate = "64k" }
[[desks]]
name = "city"
at = "d1/r1"
areas = [93317]
says = [
    { at = "30s", verb = "start", area = 93317 },
    { at = "40s", verb = "clear", area = 93317 },
    { at = "50s", verb = "test", area = 93317 },
]
"""
CENSORS = """
[[attackers]]
kind = "censor"
who = ["d1/r6", "d2/r2", "d2/r5", "d3/r1", "d3/r4", "d4/r2", "d4/r6", "d5/r3", "d5/r5"]
"""
BAD = ("d1/r6", "d2/r2", "d2/r5", "d3/r1", "d3/r4", "d4/r2", "d4/r6", "d5/r3", "d5/r5")


def arrivals(extra: str) -> list[list[int]]:
    """Return for each alert how long it took to each honest relay that it reached, in
    microseconds."""
    city = build(parse(CITY + extra, "censored.toml"), 1)
    schedule(city.world, city.faults, 60 * _US)
    city.world.run(60 * _US)
    assert not city.watch.violations
    honest = [host.name for host in city.hosts if host.name not in BAD]
    alerts = [m for m in city.ledger.existing() if m.row.kind == 5]
    return [
        [m.arrived_us[name] - m.t_us for name in honest if name in m.arrived_us] for m in alerts
    ]


@pytest.mark.slow
def test_censoring_neighbours_barely_slow_an_alert() -> None:
    """Nine relays of thirty take every alert and pass none on: each alert still reaches all
    others, and the last of them after at most twice the time."""
    free, censored = arrivals(""), arrivals(CENSORS)
    assert [len(times) for times in censored] == [len(times) for times in free] == [21, 21, 21]
    for slow, fast in zip(censored, free, strict=True):
        assert max(slow) <= 2 * max(fast)
        assert sum(slow) <= 1.5 * sum(fast)
