"""Looks at all stores so often in a run, for the curves of a report."""

from collections.abc import Sequence
from dataclasses import dataclass

from holub_protocol.kinds import Class
from holub_sim.checks import Watch
from holub_sim.host import Host
from holub_sim.world import World

SAMPLES = 120


@dataclass(frozen=True, slots=True)
class Sample:
    """One look, at `t_us`: for each class the bytes that all running relays hold, and how many
    messages were evicted anywhere so far; how full the fullest store is; how many run."""

    t_us: int
    held_bytes: tuple[int, ...]
    evicted: tuple[int, ...]
    fullest: float
    running: int


class Sampler:
    """Takes SAMPLES samples, evenly over a run."""

    def __init__(self, world: World, hosts: Sequence[Host], watch: Watch, until_us: int) -> None:
        """Plan the first one."""
        self.samples: list[Sample] = []
        self._world, self._hosts, self._watch = world, hosts, watch
        self._every_us = max(1, until_us // SAMPLES)
        self._until_us = until_us
        world.at(world.now_us, self._look)

    def _look(self) -> None:
        running = [host for host in self._hosts if host.running]
        held = tuple(sum(host.node.holdings.held_bytes(cls) for host in running) for cls in Class)
        full = [host.node.holdings.used_bytes / host.policy.store_bytes for host in running]
        self.samples.append(
            Sample(
                t_us=self._world.now_us,
                held_bytes=held,
                evicted=tuple(self._watch.evicted.get(cls, 0) for cls in Class),
                fullest=max(full, default=0.0),
                running=len(running),
            )
        )
        if self._world.now_us + self._every_us <= self._until_us:
            self._world.after(self._every_us, self._look)
