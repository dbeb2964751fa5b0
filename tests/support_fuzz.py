"""Real frames, broken in every way, against a live session: used by a test and a benchmark."""

import json
import tracemalloc
from random import Random

from holub_crypto import cbor
from holub_protocol.frames import Chunk, Fetch, Have, Hello, Peers, Put, encode
from holub_protocol.framing import LENGTH_BYTES, frame_bytes
from holub_protocol.message import Now
from support_contact import LAN, NOW_S, Contact, Replica, two_sets
from support_vectors import VECTORS

ITEMS = 300
SPREAD_US = 1_000


class Fuzz:
    """`most_allocated_bytes` is what hearing one frame took at its peak, answers included."""

    def __init__(self, seed: int) -> None:
        """Gather frames to mutate and bring a link up."""
        self._rng = Random(seed)
        self.frames = self.heard = self.links = self.most_allocated_bytes = 0
        ours, theirs = two_sets(ITEMS, ITEMS // 2, "scattered")
        self._ours, self._at_us = Replica(ours), 0
        self._real = [
            bytes.fromhex(entry["raw"]) for entry in json.loads(VECTORS.read_text())["frames"]
        ]
        self._gather(Replica(ours), Replica(theirs))
        self._link()

    def _gather(self, a: Replica, b: Replica) -> None:
        real = self._real

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
        tracemalloc.start()
        try:
            for _ in range(count):
                self._at_us += SPREAD_US
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                self._hear(self._mutated())
                peak = tracemalloc.get_traced_memory()[1] - before
                self.most_allocated_bytes = max(self.most_allocated_bytes, peak)
                self.frames += 1
                if self._ours.session.close is not None:
                    self._link()
        finally:
            tracemalloc.stop()

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

    def _mutated(self) -> bytes:
        """Return a real frame with other fields, which mostly stays one, or with other bytes."""
        data = self._rng.choice(self._real)
        return self._other_fields(data) if self._rng.randrange(2) else self._other_bytes(data)

    def _other_fields(self, data: bytes) -> bytes:
        rng = self._rng
        fields = cbor.decode(data)
        assert isinstance(fields, tuple)
        changed = list(fields)
        for _ in range(rng.randrange(3)):
            at = rng.randrange(1, len(changed))
            match changed[at]:
                case bytes(old) if old:
                    changed[at] = bytes((old[0] ^ 1 << rng.randrange(8), *old[1:]))
                case int(number):
                    changed[at] = max(0, number + rng.randrange(-3, 4))
                case _:
                    changed[at] = rng.choice((None, b"", bytes(5), bytes(6), 0, 2**32 - 1))
        return cbor.encode(tuple(changed))

    def _other_bytes(self, real: bytes) -> bytes:
        rng = self._rng
        data = bytearray(real)
        for _ in range(rng.randrange(5)):
            at = rng.randrange(len(data))
            match rng.randrange(5):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    data[at] ^= 1 << rng.randrange(8)
                case 2:
                    del data[at + 1 :]
                case 3:
                    data[at:at] = rng.choice(self._real)[: rng.randrange(40)]
                case _:
                    data += data[at:]
        return bytes(data[:4096])
