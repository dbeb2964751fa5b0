"""A generated city: buildings with LANs, feeders and operators, and people who carry things.

No public data says how buildings of a city hang together or who walks where, so this is a plain
generator whose every number is a key of the scenario. Each building draws its feeder, its
operator and how many relays it has; its first relay is the gateway. Gateways know a few others
anywhere in the city. A commuter's phone is a node that meets a relay at home and one at work; a
courier's stick is a file (see stick.py).
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from holub_sim.grid import pairs, quality
from holub_sim.host import Host, Site
from holub_sim.meetings import Schedule
from holub_sim.network import Meeting, Wire
from holub_sim.plans import Town
from holub_sim.stick import Stick
from holub_sim.streams import Stream
from holub_sim.world import World

_MINUTE_US = 60_000_000
_HOUR_US = 60 * _MINUTE_US
_DAY_US = 24 * _HOUR_US

LEAVES_HOME_US = 7 * _HOUR_US
LEAVES_WORK_US = 17 * _HOUR_US
SPREAD_US = 2 * _HOUR_US
ON_THE_WAY_US = 20 * _MINUTE_US
WAY_SPREAD_US = 40 * _MINUTE_US
"""A commuter leaves home between 7 and 9, work between 17 and 19, and is 20 to 60 minutes on the
way; the same moments every day."""

_SATELLITE_LINKS = 2
_T = TypeVar("_T")


class Courier:
    """Goes round buildings, one after the other, `round_us` for all of them, with a stick."""

    def __init__(
        self, world: World, stick: Stick, route: Sequence[Host], round_us: int, first_us: int
    ) -> None:
        """Come to the first at `first_us`."""
        self.stick, self.route = stick, route
        self._world, self._at = world, 0
        self._step_us = max(1, round_us // len(route))
        world.at(first_us, self._arrive)

    def _arrive(self) -> None:
        self.stick.visit(self.route[self._at], self._world.now_us)
        self._at = (self._at + 1) % len(self.route)
        self._world.after(self._step_us, self._arrive)


def sites(plan: Town, world: World) -> list[Site]:
    """Return d1/b1/r1 ... and the commuters' phones d1/p1 ..., spread over the districts."""
    chance = world.stream("town/sites")
    found = []
    for d in range(1, plan.districts + 1):
        for b in range(1, _part(plan.buildings, d, plan.districts) + 1):
            feeder, operator = _draw(chance, plan.feeders), _draw(chance, plan.operators)
            for r in range(1, chance.between(1, plan.relays) + 1):
                lan = f"d{d}/b{b}"
                found.append(Site(f"{lan}/r{r}", f"d{d}", lan, feeder, operator))
        for p in range(1, _part(plan.commuters, d, plan.districts) + 1):
            found.append(Site(f"d{d}/p{p}", f"d{d}", role="phone"))
    return found


def wires(plan: Town, world: World, hosts: Sequence[Host]) -> list[Wire]:
    """Join buildings' LANs, gateways over their operators, and those with a terminal."""
    lan, uplink, satellite = map(quality, (plan.lan, plan.uplink, plan.satellite))
    joined: list[Wire] = []
    buildings = _buildings(hosts)
    for relays in buildings:
        joined += [Wire(world, relays[i], relays[j], lan) for i, j in pairs("mesh", len(relays))]
    gateways = [relays[0] for relays in buildings]
    for a, b in _acquaintances(world.stream("town/peers"), len(gateways), plan.peers):
        ends = gateways[a], gateways[b]
        operators = tuple(dict.fromkeys(end.site.operator for end in ends))
        joined.append(Wire(world, *ends, uplink, "uplink", operators))
    chance = world.stream("town/satellites")
    share_ppm = round(plan.satellites * 1_000_000)
    terminals = [gateway for gateway in gateways if chance.chance(share_ppm)]
    for a, b in _acquaintances(chance, len(terminals), _SATELLITE_LINKS):
        ends = terminals[a], terminals[b]
        joined.append(Wire(world, *ends, satellite, "satellite", ("satellite",)))
    return joined


def commute(plan: Town, world: World, hosts: Sequence[Host], until_us: int) -> list[Meeting]:
    """Let phones meet a relay at home and one at work, each day until `until_us`, by the local
    time of the scenario's start; return who may meet."""
    chance, radio = world.stream("town/commuters"), quality(plan.radio)
    relays = [host for host in hosts if host.site.role == "relay"]
    meetings: list[Meeting] = []
    changes: list[tuple[int, int, Meeting]] = []
    for phone in (host for host in hosts if host.site.role == "phone"):
        near = [relay for relay in relays if relay.district == phone.district]
        at_home, at_work = (
            Meeting(world, phone, _draw(chance, places), radio) for places in (near, relays)
        )
        meetings += [at_home, at_work]
        leaves_us = LEAVES_HOME_US + chance.randrange(SPREAD_US)
        arrives_us = leaves_us + ON_THE_WAY_US + chance.randrange(WAY_SPREAD_US)
        returns_us = LEAVES_WORK_US + chance.randrange(SPREAD_US)
        back_us = returns_us + ON_THE_WAY_US + chance.randrange(WAY_SPREAD_US)
        day_us = -world.midnight_us - _DAY_US
        while day_us < until_us:
            changes += [
                (day_us + leaves_us, 0, at_home),
                (day_us + arrives_us, 1, at_work),
                (day_us + returns_us, 0, at_work),
                (day_us + back_us, 1, at_home),
            ]
            day_us += _DAY_US
    Schedule(world, _from_now(changes))
    return meetings


def couriers(plan: Town, world: World, hosts: Sequence[Host]) -> list[Courier]:
    """Send couriers round the gateways of their districts, each beginning at its own moment."""
    chance = world.stream("town/couriers")
    found = []
    for number in range(plan.couriers):
        district = f"d{number % plan.districts + 1}"
        route = [r[0] for r in _buildings(hosts) if r[0].district == district]
        if not route:
            continue  # fewer buildings than districts
        first_us = chance.randrange(max(1, plan.round.us))
        found.append(Courier(world, Stick(plan.stick_bytes), route, plan.round.us, first_us))
    return found


def _from_now(changes: list[tuple[int, int, Meeting]]) -> list[tuple[int, int, Meeting]]:
    """What began before the world did begins with it, unless it is over by then."""
    state: dict[int, tuple[int, Meeting]] = {}
    later = []
    for t_us, begins, meeting in sorted(changes, key=lambda change: change[:2]):
        if t_us <= 0:
            state[id(meeting)] = begins, meeting
        else:
            later.append((t_us, begins, meeting))
    return [(0, 1, meeting) for begins, meeting in state.values() if begins] + later


def _part(whole: int, number: int, parts: int) -> int:
    """Of a whole that is spread evenly, how much the part with that number from 1 on has."""
    return (whole + parts - number) // parts


def _buildings(hosts: Sequence[Host]) -> list[list[Host]]:
    found: dict[str, list[Host]] = {}
    for host in hosts:
        if host.site.role == "relay":
            found.setdefault(host.site.lan, []).append(host)
    return list(found.values())


def _acquaintances(chance: Stream, count: int, peers: int) -> Iterator[tuple[int, int]]:
    """Pairs such that all are joined: each dials up to `peers` of those that were there before."""
    for new in range(1, count):
        for known in dict.fromkeys(chance.randrange(new) for _ in range(peers)):
            yield known, new


def _draw(chance: Stream, things: Sequence[_T]) -> _T:
    return things[chance.randrange(len(things))]
