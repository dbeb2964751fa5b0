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
        tracemalloc.start()
        try:
            for _ in range(count):
                self._at_us += SPREAD_US
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                self._hear(mutated(self._rng, self.real))
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


def mutated(rng: Random, real: list[bytes]) -> bytes:
    """Return one of the real inputs with other fields, where it has any, which mostly makes one
    that can be read; or with other bytes in up to four places. At most 4096 bytes."""
    data = rng.choice(real)
    if rng.randrange(2):
        try:
            fields = cbor.decode(data)
        except cbor.CborError:
            return _other_bytes(rng, data, real)
        return cbor.encode(_other_fields(rng, fields))[:4096]
    return _other_bytes(rng, data, real)


def _other_fields(rng: Random, value: cbor.Value) -> cbor.Value:
    match value:
        case (first, *rest):
            changed = list(rest)
            for _ in range(rng.randrange(3)):
                at = rng.randrange(len(rest) + 1) - 1
                if at >= 0:
                    changed[at] = _other_fields(rng, changed[at])
            return (first, *changed)
        case bytes(old) if old:
            return bytes((old[0] ^ 1 << rng.randrange(8), *old[1:]))
        case bool():
            return not value
        case int(number):
            return max(0, number + rng.randrange(-3, 4))
    return rng.choice((None, b"", bytes(5), bytes(6), 0, 2**32 - 1))


def _other_bytes(rng: Random, data: bytes, real: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(5)):
        at = rng.randrange(len(changed))
        match rng.randrange(5):
            case 0:
                changed[at] = rng.randrange(256)
            case 1:
                changed[at] ^= 1 << rng.randrange(8)
            case 2:
                del changed[at + 1 :]
            case 3:
                changed[at:at] = rng.choice(real)[: rng.randrange(40)]
            case _:
                changed += changed[at:]
    return bytes(changed[:4096])
