"""What one item of junk from a peer costs the node: CPU from its bytes to the answer, by sort.

A node with 1,000 messages and a payload hears what an attacker on a proven link says, one frame
after the other, 1 ms apart; each answer is taken and committed to a store in memory. A link that
the node closes is replaced, which is not counted: to the attacker it is a handshake and a ban.
Messages are signed by keys of the realm, and by a new key each where the signer is unknown. The
median of rounds in turn, their mean (the first round of a RANGE is dear, until patience with it
ends), and beside it what checking one signature costs in the same run, which the bars of
what is forged have on top. Usage: junk.py [items of each sort in a round]
"""

import time
from collections.abc import Callable, Iterator, Mapping
from random import Random
from statistics import fmean

from _common import argument, emit, spread

from holub_crypto.charter import decode as decode_charter
from holub_crypto.identity import verify
from holub_protocol import frames
from holub_protocol.frames import Fingerprint, Hello, IdList, Put, Range
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.limits import FINGERPRINT_BYTES, SHORT_ID_BYTES
from holub_protocol.reconcile import session_salt, short_id
from support_payload import content, hold
from support_realm import AIR_RAID, KYIV, START_S, Box, Realm, boxed, decoded, key, now_at

ITEMS, ROUNDS, HELD = 200, 7, 1000
BAR_US = 100.0
LVIV_OBLAST = 46_000
IDS = 40
DESK, RELAY, CITY = key("desk"), key("relay"), key("desk of the city")
Maker = Callable[["Attacker"], bytes]


class Attacker:
    """A link to a node, driven by hand, that comes back whenever it is closed."""

    def __init__(self) -> None:
        """Fill a node, and bring the first link up."""
        self.realm, self.rng = Realm(), Random(1)
        self.box = Box(self.realm, "node")
        for grant in (
            self.realm.grant(DESK.public),
            self.realm.grant(CITY.public, 2, areas=(KYIV,), hazards=(AIR_RAID,)),
            self.realm.relay_grant(RELAY.public),
        ):
            assert isinstance(self.box.node.offer(grant, now_at(1)), bytes)
        self.held = [self.note(n)
                     for n in range(HELD)]  # fmt: skip
        for raw in self.held:
            assert isinstance(self.box.node.offer(raw, now_at(1)), bytes)
        self.payload = hold(self.box, content(65_536), 1)
        self.link, self.at_s, self.count, self.closed = 0, 1.0, 0, 0
        self.salt = b""
        self._connect()

    def _connect(self) -> None:
        self.link += 1
        node, now = self.box.node, now_at(self.at_s)
        node.link_up(self.link, key("peer").public, now)
        buffer = FrameBuffer()
        for _, data in self.box.flush(self.at_s).urgent:
            buffer.feed(data)
        hello = frames.decode(buffer.next() or b"")
        assert isinstance(hello, Hello)
        nonce = self.rng.randbytes(16)
        self.salt = session_salt(nonce, hello.nonce)
        node.receive(self.link, frame_bytes(frames.encode(Hello(1, nonce, 4096, 65_536, 1))), now)
        self.box.flush(self.at_s)

    def hear(self, data: bytes) -> int:
        """Let the node hear bytes and answer; return the nanoseconds of CPU."""
        self.at_s += 0.001
        now = now_at(self.at_s)
        begin_ns = time.thread_time_ns()
        self.box.node.receive(self.link, data, now)
        batch = self.box.flush(self.at_s)
        took_ns = time.thread_time_ns() - begin_ns
        if batch.closes:
            self.closed += 1
            self._connect()
        return took_ns

    def note(self, number: int) -> bytes:
        """Return a resident's message, another for each number."""
        return self.realm.message(
            RELAY, "checkin", boxed(str(number)), k=number % 20, created_s=START_S - 3 * number
        )

    def put(self, raw: bytes) -> bytes:
        """Return a frame that brings a message under its right name on this link."""
        id_ = decoded(self.realm, raw).id
        return frames.encode(Put(short_id(self.salt, id_), 0, len(raw), 0, raw))

    def put_charter(self, raw: bytes) -> bytes:
        """Return a frame that brings a charter under its right name on this link."""
        id_ = decode_charter(raw).content_id(self.realm.id)
        return frames.encode(Put(short_id(self.salt, id_), 0, len(raw), 0, raw))

    def forged_charter(self) -> bytes:
        """Return a second version, another each time, whose signature does not hold."""
        raw = self.realm.charter_after(name=str(self.next()))
        return raw[:-1] + bytes([raw[-1] ^ 1])

    def shorts(self, count: int) -> tuple[bytes, ...]:
        """Return short ids of nothing."""
        return tuple(self.rng.randbytes(SHORT_ID_BYTES) for _ in range(count))

    def of_payload(self) -> bytes:
        """Return what the payload held is called on this link."""
        return short_id(self.salt, self.payload)

    def next(self) -> int:
        """Return another number each time."""
        self.count += 1
        return self.count

    def alert(self, name: str, area: int = KYIV, since_s: int = 0) -> bytes:
        """Return another start each time, of so long ago, signed by the key of that name."""
        number = self.next()
        return self.realm.message(
            key(name), "alert", AlertBody(Verb.START, (), AIR_RAID),
            created_s=START_S - since_s - number, k=number % 40, area=area, lifetime_s=86_400,
        )  # fmt: skip


def bad_signature(attacker: Attacker) -> bytes:
    """Bring an alert whose last byte was changed, under its right name."""
    raw = attacker.alert("desk")
    return attacker.put(raw[:-1] + bytes([raw[-1] ^ 1]))


def malformed(attacker: Attacker) -> bytes:
    """Bring 200 bytes that are no message."""
    data = attacker.rng.randbytes(200)
    return frames.encode(Put(data[:SHORT_ID_BYTES], 0, len(data), 0, data))


def ranged(attacker: Attacker) -> bytes:
    """Bring a RANGE of people's messages whose parts have nothing to do with what is held."""
    rng, second = attacker.rng, START_S - 3 * HELD + attacker.next()
    bounds = [(second + 200 * step).to_bytes(4, "big") for step in range(8)]
    parts = tuple(Fingerprint(high, rng.randbytes(FINGERPRINT_BYTES)) for high in bounds[1:])
    listed = IdList(b"", b"".join(attacker.shorts(IDS)))
    return frames.encode(Range(Class.PEOPLE, bounds[0], (*parts, listed)))


SORTS: Mapping[str, Maker] = {
    "random bytes in a frame": lambda a: a.rng.randbytes(200),
    "malformed message": malformed,
    "unknown signer, a new key each": lambda a: a.put(a.alert(f"stranger {a.next()}")),
    "bad signature": bad_signature,
    "out of scope": lambda a: a.put(a.alert("desk of the city", LVIV_OBLAST)),
    "expired": lambda a: a.put(a.alert("desk", since_s=90_000)),
    "replay": lambda a: a.put(a.held[a.next() % HELD]),
    "charter that is known": lambda a: a.put_charter(a.realm.first),
    "charter nobody signed": lambda a: a.put_charter(a.forged_charter()),
    "RANGE": ranged,
    "WANT": lambda a: frames.encode(frames.Want(Class.PEOPLE, a.shorts(IDS))),
    "IHAVE": lambda a: frames.encode(frames.IHave(Class.PEOPLE, a.shorts(IDS))),
    "NEED": lambda a: frames.encode(frames.Need((a.rng.randbytes(8),))),
    "CHUNK": lambda a: frames.encode(frames.Chunk(a.of_payload(), 1, 0, a.rng.randbytes(200))),
    "CHUNK of nothing": lambda a: frames.encode(frames.Chunk(a.shorts(1)[0], 1, 0, bytes(200))),
    "HAVE": lambda a: frames.encode(frames.Have(a.of_payload(), a.rng.randbytes(20))),
    "FETCH": lambda a: frames.encode(frames.Fetch(a.of_payload(), 0, (90, 91, 92 + a.next()))),
}

CHECKED = ("bad signature", "charter nobody signed")


def verification_us(count: int) -> float:
    """Return what one look at a signature that does not hold costs."""
    signature, other = DESK.sign(bytes(90)), bytes(89) + b"\1"
    begin_ns = time.thread_time_ns()
    for _ in range(count):
        assert not verify(DESK.public, other, signature)
    return (time.thread_time_ns() - begin_ns) / count / 1000


def rounds(count: int) -> Iterator[tuple[str, list[float], int, int]]:
    """Yield each sort with the microseconds of each round, bytes of a frame, links closed."""
    attackers = {name: Attacker() for name in SORTS}
    taken: dict[str, list[float]] = {name: [] for name in SORTS}
    sizes = dict.fromkeys(SORTS, 0)
    for _ in range(ROUNDS):
        for name, make in SORTS.items():
            spent_ns = 0
            for _ in range(count):
                data = frame_bytes(make(attackers[name]))
                spent_ns += attackers[name].hear(data)
                sizes[name] = max(sizes[name], len(data))
            taken[name].append(spent_ns / count / 1000)
    for name, attacker in attackers.items():
        yield name, taken[name], sizes[name], attacker.closed


def main() -> None:
    """Measure all sorts and print a line for each."""
    count = argument(ITEMS)
    once = [verification_us(count) for _ in range(ROUNDS)]
    emit("junk", sort="checking one signature", **spread(once))
    for name, us, size, closed in rounds(count):
        found = spread(us)
        bar_us = BAR_US + spread(once)["median"] * (name in CHECKED)
        emit("junk", sort=name, bytes=size, links_closed=closed, bar_us=bar_us,
             mean=fmean(us), met=found["median"] <= bar_us, **found)  # fmt: skip


if __name__ == "__main__":
    main()
