"""Real frames, broken in every way, against a live session: used by a test and a benchmark."""

import json
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Final

from holub_protocol.frames import Chunk, Fetch, Have, Hello, Peers, Put, encode
from holub_protocol.framing import LENGTH_BYTES, frame_bytes
from holub_protocol.message import Now
from support_broken import mutated
from support_contact import LAN, NOW_S, Contact, Replica, two_sets
from support_vectors import VECTORS

TRACED: Final = 100
ROUND: Final = 800
"""Of how many inputs the memory of the first is measured: `tracemalloc` doubles what one takes, and
leaves 5 KB behind each time it is stopped."""

ITEMS = 300
SPREAD_US = 1_000


class Gauge:
    """Counts inputs, and measures what hearing some of them takes at its peak."""

    def __init__(self) -> None:
        """Start with none."""
        self.inputs = self.most_allocated_bytes = 0

    def hear(self, hear: Callable[[bytes], None], data: bytes) -> None:
        """Let an input be heard."""
        if self.inputs % ROUND == 0:
            tracemalloc.start()
        elif self.inputs % ROUND == TRACED:
            tracemalloc.stop()
        self.inputs += 1
        if not tracemalloc.is_tracing():
            hear(data)
            return
        tracemalloc.reset_peak()
        before_bytes = tracemalloc.get_traced_memory()[0]
        hear(data)
        peak_bytes = tracemalloc.get_traced_memory()[1] - before_bytes
        self.most_allocated_bytes = max(self.most_allocated_bytes, peak_bytes)

    def close(self) -> None:
        """Measure no more."""
        tracemalloc.stop()


class Fuzz:
    """A session that hears frames; `gauge` says what they take, answers included."""

    def __init__(self, seed: int) -> None:
        """Gather frames to mutate and bring a link up."""
        self._rng = Random(seed)
        self.heard = self.links = 0
        self.gauge = Gauge()
        ours, theirs = two_sets(ITEMS, ITEMS // 2, "scattered")
        self._ours, self._at_us = Replica(ours), 0
        self.real = [
            bytes.fromhex(entry["raw"]) for entry in json.loads(VECTORS.read_text())["frames"]
        ]
        self._gather(Replica(ours), Replica(theirs))
        self._link()

    def _gather(self, a: Replica, b: Replica) -> None:
        real = self.real

        class Heard(Contact):
            def _carry(self, data: bytes, receiver: Replica) -> None:
                real.append(data[LENGTH_BYTES:])
                super()._carry(data, receiver)

        Heard((a, b), LAN, 1_000_000).run()

    def _link(self) -> None:
        self.links += 1
        self._ours.connect(0, LAN, self.links.to_bytes(16, "big"), self._now)
        hello = Hello(1, bytes(16), 4096, 65_536, 1)
        self._hear(encode(hello))

    @property
    def _now(self) -> Now:
        return Now(self._at_us, NOW_S + self._at_us // 1_000_000, True)

    def run(self, count: int) -> None:
        """Let the session hear `count` mutated frames."""
        with closing(self.gauge):
            for _ in range(count):
                self._at_us += SPREAD_US
                self.gauge.hear(self._hear, mutated(self._rng, self.real))
                if self._ours.session.close is not None:
                    self._link()

    def _hear(self, data: bytes) -> None:
        """Hear one frame, but for those that are the node's, and say what there is to say."""
        session, now = self._ours.session, self._now
        for frame in session.frames(frame_bytes(data)):
            self.heard += 1
            if isinstance(frame, Put):
                session.assemble(frame)
            elif not isinstance(frame, Peers | Chunk | Have | Fetch):
                session.hear(frame, self._ours, now)
        while session.next(self._ours, now) is not None:
            pass
        session.wake(self._ours, now)
