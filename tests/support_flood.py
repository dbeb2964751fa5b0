"""A city without wires in which people carry messages, and whoever floods it.

Relays stand apart; mules walk between them and have room for little. People write through the
relays: each message is for one other relay, and what counts is whether it gets there. The load
is a little less than what the mules can carry, and a flood is more. (sync.md 4.2 has the like.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from holub_crypto.identity import Identity
from holub_protocol.kinds import kind_named
from holub_protocol.message import Opaque
from holub_protocol.policy import Policy
from holub_protocol.storage import State
from holub_sim.build import City, build
from holub_sim.host import Host, Signer
from holub_sim.scenario import parse

_US = 1_000_000
_HOUR_S = 3600
_LIFETIME_S = 6 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Size:
    """How large a city is: relays, mules, hours, people's messages an hour in all and their
    bytes, what a mule may hold, the speed of a contact, a flood's messages an hour."""

    relays: int
    mules: int
    hours: float
    hourly: int
    body_bytes: int
    mule_bytes: int
    bits_per_s: int
    flood_hourly: int


SMALL = Size(6, 8, 0.5, 240, 400, 70_000, 16_000, 1200)
FULL = Size(12, 16, 4.0, 600, 500, 500_000, 32_000, 6000)

Flood = Callable[["Walk"], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Messages for people that entered at relays which do not flood, and how many arrived;
    pairs of an alert and a relay, and how many were reached; bodies evicted in the end."""

    sent: int
    arrived: int
    alerts: int
    reached: int
    evicted: int

    @property
    def share(self) -> float:
        """What part of people's messages arrived."""
        return self.arrived / self.sent


class Walk:
    """One run. `bad` are the relays that a flood comes through."""

    def __init__(self, size: Size, seed: int, bad: int = 0) -> None:
        """Build the city, and plan who writes when."""
        self.size, self.bad = size, bad
        self._chance = Random(f"flood {seed}")
        self.mail: dict[bytes, str] = {}
        self.city = self._build(seed)
        for host in self.city.hosts[size.relays :]:
            host.policy = Policy(store_bytes=size.mule_bytes)
        self.relays = self.city.hosts[: size.relays]
        for host in self.relays:
            host.papers.append(self.city.realm.grant_relay(host.public))
        self.clean, self.flooded = self.relays[bad:], self.relays[:bad]
        for at_us in self._moments(size.hourly):
            here, there = self._chance.sample(self.relays, 2)
            body = Opaque((there.public[:8], self._chance.randbytes(size.body_bytes)))
            self.city.world.at(at_us, self._write, here, there, body)

    def _build(self, seed: int) -> City:
        size = self.size
        alerts = range(10, int(size.hours * 60 * 0.6), 10)
        says = ",\n".join(
            f'{{ at = "{minute}m", verb = "start", area = 93317, alert = "a{minute}" }}'
            for minute in alerts
        )
        with TemporaryDirectory() as folder:
            rows = "\n".join(",".join(map(str, row)) for row in sorted(self._contacts()))
            (Path(folder) / "walks.csv").write_text(f"t_up,t_down,a,b\n{rows}\n")
            text = f"""
name = "flood"
start = 2026-03-01T12:00:00Z
duration = "{int(size.hours * 60)}m"
[world]
kind = "trace"
file = "walks.csv"
nodes = {size.relays + size.mules}
radio = {{ latency = "5ms", rate = "{size.bits_per_s}" }}
[[desks]]
name = "city"
at = "n{size.relays - 1}"
areas = [93317]
says = [{says}]
[[desks]]
name = "shops"
at = "n0"
areas = [93317]
"""
            return build(parse(text, "flood.toml"), seed, folder=Path(folder))

    def _contacts(self) -> Iterator[tuple[int, int, int, int]]:
        """Each mule is at a relay for a minute, then under way for three, on average."""
        for mule in range(self.size.relays, self.size.relays + self.size.mules):
            now_s = self._chance.uniform(10, 200)
            while now_s < self.size.hours * _HOUR_S:
                stay_s = 5 + self._chance.expovariate(1 / 55)
                relay = self._chance.randrange(self.size.relays)
                yield int(now_s), int(now_s + stay_s), relay, mule
                now_s += stay_s + self._chance.expovariate(1 / 180) + 1

    def _moments(self, hourly: int, part: float = 0.7, after: float = 0.0) -> Iterator[int]:
        """Random moments in the first part of the run."""
        span_s = self.size.hours * _HOUR_S * part
        count = int(hourly * span_s / _HOUR_S)
        for _ in range(count):
            yield int(self._chance.uniform(10 + after * span_s, span_s) * _US)

    def _write(self, host: Host, other: Host, body: Opaque) -> None:
        """Somebody writes to somebody at another relay."""
        id_ = self._publish(host, host.public, "request", body)
        if id_ is not None and host in self.clean:
            self.mail[id_] = other.name

    def _publish(self, host: Host, key: bytes, kind: str, body: Opaque) -> bytes | None:
        message = host.publish(key, kind_named(kind), 93317, body, _LIFETIME_S)
        host.flush()
        return message.id if message is not None else None

    def _say(self, host: Host, key: bytes, kind: str, body: Opaque) -> None:
        self._publish(host, key, kind, body)

    def flood(self, keys: list[tuple[Host, bytes]], kinds: tuple[str, ...]) -> None:
        """Let these keys send by turns whatever their grants allow, from the first third on."""
        for number, at_us in enumerate(sorted(self._moments(self.size.flood_hourly, 0.9, 0.2))):
            host, key = keys[number % len(keys)]
            kind = kinds[number // len(keys) % len(kinds)]
            size = self.size.body_bytes - (150 if kind == "checkin" else 0)
            body = Opaque((self._chance.randbytes(8), self._chance.randbytes(size)))
            self.city.world.at(at_us, self._say, host, key, kind, body)

    def enrol_relay(self, host: Host, name: str) -> bytes:
        """Give a host one more relay's key; return it."""
        identity: Identity = self.city.realm.identity(name)
        host.papers.append(self.city.realm.grant_relay(identity.public))
        host.signers.append(Signer(identity, desk=False))
        return identity.public

    def enrol_desk(self, host: Host, name: str) -> bytes:
        """Give a host one more key of the second authority; return it."""
        identity: Identity = self.city.realm.identity(name)
        host.papers.append(self.city.realm.grant_desk(identity.public, 2, (93317,)))
        host.signers.append(Signer(identity, desk=False))
        return identity.public

    def run(self) -> Outcome:
        """Let it happen."""
        self.city.world.run(int(self.size.hours * _HOUR_S * _US))
        known = self.city.ledger.published
        arrived = sum(name in known[id_].arrived_us for id_, name in self.mail.items())
        desk = self.city.desks[0].identity.public
        alerts = [m for m in known.values() if m.row.signer == desk and m.row.kind == 5]
        names = [host.name for host in self.relays]
        reached = sum(name in m.arrived_us for m in alerts for name in names)
        assert not self.city.watch.violations
        return Outcome(
            len(self.mail), arrived, len(alerts) * len(names), reached,
            sum(len(list(host.node.holdings.aside(State.EVICTED))) for host in self.city.hosts),
        )  # fmt: skip


def nothing(walk: Walk) -> None:
    """No flood."""


def sybils(walk: Walk) -> None:
    """Thousands of invented residents: to the city they are the relays through which they come."""
    keys = [(host, host.public) for host in walk.flooded]
    walk.flood(keys, ("checkin", "request", "need", "checkin"))


def desks(walk: Walk, count: int) -> None:
    """So many keys of one authority, stolen, and used at one place for what is official."""
    keys = [walk.enrol_desk(walk.relays[0], f"stolen desk {number}") for number in range(count)]
    walk.flood([(walk.relays[0], key) for key in keys], ("place", "bulletin"))


def twenty_desks(walk: Walk) -> None:
    """Twenty signers of one authority."""
    desks(walk, 20)


def one_desk(walk: Walk) -> None:
    """One signer of one authority."""
    desks(walk, 1)


def twenty_relays(walk: Walk) -> None:
    """Twenty more relays' keys, all used at one place: more than honest relays have."""
    keys = [(walk.relays[0], walk.enrol_relay(walk.relays[0], f"stolen {n}")) for n in range(20)]
    walk.flood(keys, ("checkin", "request", "need"))
