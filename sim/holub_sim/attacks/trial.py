"""One attack in one small city, and what honest relays lost by it.

The city has what an attack can make worse: LANs, slow uplinks with loss, a partition, a relay
without power, residents who fill links and stores, and a desk that starts and ends alerts.
"""

from dataclasses import dataclass

from holub_sim.attacks.table import ATTACKS, Key
from holub_sim.build import build
from holub_sim.coverage import Coverage, coverage
from holub_sim.faults import schedule
from holub_sim.scenario import parse

CITY = """
name = "trial"
start = 2026-03-01T12:00:00Z
duration = "7m"

[world]
kind = "grid"
districts = 5
relays = 4
within = "mesh"
between = "ring"
ways = 2
lan = { latency = "1ms", jitter = "500us" }
uplink = { latency = "20ms", jitter = "10ms", rate = "256k", loss = 0.01 }

[machine]
clock_off = "2s"
drift_ppm = 20
store_bytes = 131072

[[desks]]
name = "city"
at = "d1/r1"
areas = [93317]
says = [
    { at = "1m", verb = "start", area = 93317, alert = "a" },
    { at = "2m", verb = "clear", area = 93317, alert = "a" },
    { at = "3m", verb = "start", area = 93317, alert = "b" },
    { at = "4m", verb = "clear", area = 93317, alert = "b" },
    { at = "5m", verb = "start", area = 93317, alert = "c" },
]

[[desks]]
name = "spare"
authority = "city"
at = "d2/r1"
areas = [93317]

[[people]]
kind = "checkin"
every = "2m"

[[outages]]
what = "partition"
where = "d3"
at = ["90s"]
for = "2m"

[[outages]]
what = "power"
where = "d4/r2"
at = ["150s"]
for = "90s"
"""

ROOM = """
name = "trace-trial"
start = 2026-03-01T12:00:00Z
duration = "{duration}"

[world]
kind = "trace"
file = "{file}"
skip = "{skip}"

[machine]
clock_off = "2s"
drift_ppm = 20
store_bytes = 131072

[[desks]]
name = "city"
at = "n0"
areas = [93317]
says = [
    {{ at = "10m", verb = "start", area = 93317, alert = "a" }},
    {{ at = "25m", verb = "clear", area = 93317, alert = "a" }},
    {{ at = "40m", verb = "start", area = 93317, alert = "b" }},
    {{ at = "55m", verb = "clear", area = 93317, alert = "b" }},
    {{ at = "70m", verb = "start", area = 93317, alert = "c" }},
]

[[desks]]
name = "spare"
authority = "city"
at = "n1"
areas = [93317]

[[people]]
kind = "checkin"
every = "30m"
"""
"""People who meet as a file of contacts says."""

ATTACKERS = """
[[attackers]]
kind = "{kind}"
share = {share}
pick = "{pick}"
from = "20s"
rate = "{rate}"
desk = "spare"
"""

_RATES = {"flood": "4k", "sybil": "8k", "junk": "8k", "bombs": "8k"}
"""Bits a second of each machine where the usual 16k would only cost the simulator time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: the attack, the share of relays that are his or next to his, who they are (see
    `AttackerPlan.pick`), and what came of it. `broken` rules are told with how often; `forged`
    pairs (message, honest host) are taken in that he signed with keys that he has."""

    attack: str
    share: float
    pick: str
    seed: int
    coverage: Coverage
    broken: tuple[tuple[str, int], ...]
    forged: int
    bytes_sent: int
    events: int


def trial(
    attack: str, share: float, seed: int = 1, pick: str = "random", city_text: str = CITY
) -> Trial:
    """Run one; a share of 0 is the same city without an attacker. `city_text` is another city,
    with desks "city" and "spare"."""
    text = city_text
    if share:
        rate = _RATES.get(attack, "16k")
        text += ATTACKERS.format(kind=attack, share=share, pick=pick, rate=rate)
    scenario = parse(text, f"{attack} trial")
    city = build(scenario, seed)
    end_us = scenario.duration.us
    # One microsecond short of the end: there the attack is over, and his machines begin anew.
    schedule(city.world, city.faults, end_us)
    city.world.run(end_us - 1)
    exempt = city.watch.exempt
    return Trial(
        attack=attack,
        share=share,
        pick=pick,
        seed=seed,
        coverage=coverage(city, end_us - 1),
        broken=tuple(sorted(city.watch.broken_by_rule.items())),
        forged=sum(
            sum(name not in exempt for name in taken) for taken in city.ledger.forged.values()
        ),
        bytes_sent=sum(wire.traffic()[0] for wire in city.wires),
        events=city.world.events,
    )


def reaches_all(attack: str) -> bool:
    """Whether the attack is one whose machines are not the realm's relays."""
    return ATTACKS[attack].key is Key.OUTSIDER
