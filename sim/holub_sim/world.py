"""The heap of events: simulated time, and the only order in which anything happens."""

import gc
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from holub_sim.memo import SharedReading
from holub_sim.signatures import Verifications
from holub_sim.streams import Stream
from holub_sim.trace import Trace

OBJECTS_BETWEEN_LOOKS = 50_000
"""So many objects are made in a run before Python looks for cycles among them, instead of 700. A
city makes few cycles, and looking for them took 5 % of the CPU of a thousand relays' first minutes
(13 % of the time on a busy machine), more the more they hold."""


class World:
    """Time in integer microseconds from 0 on; what is due at one moment happens in the order in
    which it was planned. `seed` gives every stream of chance; `start_s` is Unix time at 0, and
    local time is `zone_s` ahead of UTC. `events` are entries of the heap that have happened,
    `inputs` the calls of nodes' inputs: bytes, links up and down, timers, words."""

    def __init__(
        self, seed: int, start_s: int, trace: Trace | None = None, zone_s: int = 0
    ) -> None:
        """Start at microsecond 0 with nothing planned."""
        self.seed, self.start_s, self.zone_s = seed, start_s, zone_s
        self.trace = trace or Trace()
        self.verify = Verifications()
        self.read = SharedReading()
        self.now_us = 0
        self.events = self.inputs = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._planned = 0
        self._numbers = 0

    @property
    def midnight_us(self) -> int:
        """How long before microsecond 0 the local day began."""
        return (self.start_s + self.zone_s) % 86_400 * 1_000_000

    def at(self, t_us: int, call: Callable[..., None], *args: Any) -> None:
        """Plan `call(*args)`; raises ValueError for a moment that has passed."""
        if t_us < self.now_us:
            raise ValueError(f"microsecond {t_us} has passed: it is {self.now_us}")
        self._planned += 1
        heapq.heappush(self._heap, (t_us, self._planned, call, args))

    def after(self, delay_us: int, call: Callable[..., None], *args: Any) -> None:
        """Plan `call(*args)` in `delay_us`."""
        self.at(self.now_us + delay_us, call, *args)

    def run(self, until_us: int) -> None:
        """Let everything happen that is due up to and including `until_us`."""
        heap, pop = self._heap, heapq.heappop
        with _few_looks():
            while heap and heap[0][0] <= until_us:
                self.now_us, _, call, args = pop(heap)
                self.events += 1
                call(*args)
        self.now_us = max(self.now_us, until_us)

    def stream(self, name: str) -> Stream:
        """Return a new stream of chance of that name; ask once for each."""
        return Stream(self.seed, name)

    def number(self) -> int:
        """Return a number not given before, from 1 on."""
        self._numbers += 1
        return self._numbers


@contextmanager
def _few_looks() -> Iterator[None]:
    """Have the collector of cycles look seldom; afterwards it does as before."""
    before = gc.get_threshold()
    gc.set_threshold(max(OBJECTS_BETWEEN_LOOKS, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
