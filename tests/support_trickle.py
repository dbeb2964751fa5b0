"""A payload over a link that is slow and breaks: two simulated relays, and what it took."""

from dataclasses import dataclass
from math import log

from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.payloads.layout import Layout, cut
from holub_sim.build import City, build
from holub_sim.network import OVERHEAD_BYTES
from holub_sim.scenario import parse
from support_payload import content, manifest, read_whole

S = 1_000_000
CITY = """
name = "trickle"
start = 2026-03-01T12:00:00Z
duration = "10h"
settle = "1m"

[world]
kind = "grid"
districts = 2
relays = 1
between = "line"
lan = {{ latency = "1ms", jitter = "0ms" }}
uplink = {{ latency = "50ms", jitter = "0ms", rate = "{rate}", loss = 0.0 }}

[[desks]]
name = "city"
at = "d1/r1"
says = [ {{ at = "9h", verb = "start", area = 93317 }} ]
"""
DOWN_US = 20 * S
STEP_US = S // 20
FRAME_BYTES = 384
CHUNK_HEAD_BYTES, LENGTH_BYTES = 20, 2


@dataclass(frozen=True, slots=True)
class Trickle:
    """What a transfer took: seconds in which the link was up, those that the content alone needs
    in frames of this size, breaks, kills, chunks sent, and how long alerts waited meanwhile."""

    up_s: float
    ideal_s: float
    breaks: int
    kills: int
    chunks_out: int
    count: int
    right: bool
    waits_s: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Time taken, as a multiple of the ideal."""
        return self.up_s / self.ideal_s


def ideal_s(size: int, bits_per_s: int) -> float:
    """Return how long the content's own frames are on the wire, with nothing else."""
    per_frame = CHUNK_HEAD_BYTES + LENGTH_BYTES + OVERHEAD_BYTES
    total = 0
    for at in range(0, size, 1024):
        chunk = min(1024, size - at)
        total += chunk + -(-chunk // (FRAME_BYTES - CHUNK_HEAD_BYTES)) * per_frame
    return total * 8 / bits_per_s


class Run:
    """One transfer, in steps of simulated time."""

    def __init__(self, size: int, rate: str, mean_up_s: float, seed: int) -> None:
        """The first relay has the payload; nothing has been sent."""
        self.town: City = build(parse(CITY.format(rate=rate), "trickle.toml"), seed)
        self.size, self.mean_up_s = size, mean_up_s
        self.a, self.b = self.town.hosts
        (self.wire,) = self.town.wires
        self.stream = self.town.world.stream("breaks")
        self.waits_s: list[float] = []
        self.breaks = self.kills = 0
        self.up_us = 0
        self.town.world.run(30 * S)
        data = content(size)
        self.data = data
        desk = next(s.identity for s in self.a.signers if s.desk)
        message = self.a.publish(
            desk.public, kind_named("manifest"), 0, manifest(data), 30 * 86_400
        )
        assert message is not None
        self.id, self.desk = message.id, desk.public
        for place, chunk in enumerate(cut(data)[1]):
            self.a.node.exchange.give(self.id, place, chunk, self.a.now())
        self.a.flush()

    @property
    def held(self) -> int:
        """How many chunks the second relay has."""
        payload = self.b.node.library.get(self.id) if self.b.running else None
        return 0 if payload is None else payload.held.bit_count()

    def whole(self) -> bool:
        """Whether the second relay has it all."""
        return self.held == Layout(self.size).count

    def draw_up_us(self) -> int:
        """Draw how long the link stays up."""
        chance = (self.stream.randrange(1_000_000) + 1) / 1_000_001
        return int(-log(chance) * self.mean_up_s * S)

    def go(self, kill_at: int = 0, alert_at: tuple[int, ...] = ()) -> Trickle:
        """Run to the end: kill the receiver once it holds `kill_at` chunks, and publish an alert
        whenever it holds as many as `alert_at` says."""
        world, left_us, alerts = self.town.world, self.draw_up_us(), list(alert_at)
        while not self.whole() and world.now_us < 30_000 * S:
            before_us = world.now_us
            up = self.wire.up
            world.run(world.now_us + STEP_US)
            if not up:
                continue
            self.up_us += world.now_us - before_us
            left_us -= STEP_US
            if kill_at and self.held >= kill_at:
                kill_at = 0
                self.kill()
            elif alerts and self.held >= alerts[0] and left_us > 5 * S:
                del alerts[0]
                left_us -= self.alert()
            elif left_us <= 0:
                left_us = self.cut()
        return self.result()

    def kill(self) -> None:
        """kill -9 of the receiver's process, and its start five seconds later."""
        self.kills += 1
        self.b.crash(silently=False)
        self.town.world.run(self.town.world.now_us + 5 * S)
        self.b.boot()

    def cut(self) -> int:
        """Cut the path until both have given the link up; return the next time up."""
        self.breaks += 1
        self.wire.cut()
        self.town.world.run(self.town.world.now_us + DOWN_US)
        self.wire.heal()
        return self.draw_up_us()

    def alert(self) -> int:
        """Publish an alert and wait until the other relay has it; return the microseconds."""
        world = self.town.world
        begun_us = world.now_us
        body = AlertBody(Verb.TEST, (), 1)
        message = self.a.publish(self.desk, kind_named("alert"), 93317, body, 3600)
        assert message is not None
        self.a.flush()
        while message.id not in self.b.node.holdings:
            world.run(world.now_us + S // 100)
        self.up_us += world.now_us - begun_us
        self.waits_s.append((world.now_us - begun_us) / S)
        return world.now_us - begun_us

    def result(self) -> Trickle:
        """Return what it took."""
        bits_per_s = self.wire.quality.bits_per_s
        return Trickle(
            up_s=self.up_us / S,
            ideal_s=ideal_s(self.size, bits_per_s),
            breaks=self.breaks,
            kills=self.kills,
            chunks_out=self.a.node.stats().payloads.chunks_out,
            count=Layout(self.size).count,
            right=read_whole(self.b.node, self.id) == self.data,
            waits_s=tuple(self.waits_s),
        )
