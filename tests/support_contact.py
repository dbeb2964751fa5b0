"""Two relays and a link that carries so many bytes: real sessions, sync, outbox and index.

Bodies are 300 bytes made up from their ids; nothing is signed, verified or stored. Shared by
tests/protocol/test_contacts.py, which counts, and bench/sync.py, which also measures CPU.
"""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from holub_protocol.frames import FrameType, Put
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import kind_named
from holub_protocol.message import Now
from holub_protocol.policy import Policy
from holub_protocol.session import Session
from holub_protocol.storage import Row, State
from support_negentropy import Item

NOW_S = 1_661_300_000
WEEK_S = 7 * 86400
BODY_BYTES = 300
KIND = kind_named("checkin")
SIGNER = bytes(32)
KEYS = (b"\1" * 32, b"\2" * 32)
LAN = Policy()
LAN_BYTES_PER_S = 12_500_000
SLOW = Policy(frame_bytes=512, window_bytes=1024)
SLOW_BYTES_PER_S = 8_000
LONG_ARRAY = 0x98
SILENCE_US = 120_000_000


def two_sets(size: int, differing: int, pattern: str) -> tuple[list[Item], list[Item]]:
    """Return two sets of `size` items each, made over a week; half of what differs is either's.

    An outage's differences are the newest items, scattered ones any.
    """
    rng = Random(f"{size} {differing} {pattern}")
    total = size + differing // 2
    items = sorted(
        (NOW_S - WEEK_S + rng.randrange(WEEK_S), rng.randbytes(32)) for _ in range(total)
    )
    newest = range(total - differing, total)
    chosen = list(newest) if pattern == "outage" else rng.sample(range(total), differing)
    rng.shuffle(chosen)
    only_a, only_b = (dict.fromkeys(chosen[start::2]) for start in (0, 1))
    a = [item for number, item in enumerate(items) if number not in only_b]
    b = [item for number, item in enumerate(items) if number not in only_a]
    return a, b


class Replica:
    """What a link needs of a relay, as `Node` gives it: the index, and bodies from thin air."""

    def __init__(self, items: list[Item]) -> None:
        """Hold a set."""
        self.holdings = Holdings(quota_bytes=1 << 40)
        self.cls = KIND.cls
        self.taken = self.duplicates = 0
        for created_s, id_ in items:
            self._hold(created_s, id_, Now(0, NOW_S, True))

    def connect(self, side: int, policy: Policy, nonce: bytes, now: Now) -> None:
        """Begin a link anew."""
        self.session = Session(1, KEYS[1 - side], side == 0, nonce, policy, 1, now)

    def receive(self, data: bytes, now: Now) -> None:
        """Take in the frames that have come, as Node.receive does."""
        for frame in self.session.frames(data):
            if isinstance(frame, Put):
                raw = self.session.assemble(frame)
                if raw is not None:
                    self._received(frame, raw, now)
            else:
                self.session.hear(frame, self, now)
        if self.session.close is not None:
            raise AssertionError(self.session.close)

    def _received(self, put: Put, raw: bytes, now: Now) -> None:
        sync = self.session.sync
        assert sync is not None
        created_s, id_ = int.from_bytes(raw[:4], "big"), raw[4:36]
        if id_ in self.holdings:
            self.duplicates += 1
        else:
            self.taken += 1
            self._hold(created_s, id_, now)
            sync.changed(KIND.cls, True, now)
        sync.got(put.short_id, id_, KIND.cls, self, now)

    def _hold(self, created_s: int, id_: bytes, now: Now) -> None:
        row = Row(
            id=id_,
            kind=KIND.number,
            cls=KIND.cls,
            signer=SIGNER,
            authority=0,
            created_s=created_s,
            k=0,
            expires_s=created_s + 4 * WEEK_S,
            area=0,
            size_bytes=BODY_BYTES,
            state=State.HELD,
            age_s=0,
            received_s=created_s,
            steady_s=0,
        )
        self.holdings.add(row, now)

    @property
    def settled(self) -> bool:
        """Whether this side has seen that both hold the same."""
        return self.session.sync is not None and self.session.sync.equal.get(KIND.cls, False)

    # --- what an outbox needs (see outbox.Shelf) ------------------------------------------------

    def body(self, id_: bytes) -> bytes | None:
        """Return the 300 bytes that stand for a message."""
        head = self.holdings.created_s(id_).to_bytes(4, "big") + id_
        return head + bytes(BODY_BYTES - len(head))

    def is_own(self, id_: bytes) -> bool:
        """Nothing is signed here."""
        return False

    def urgency(self, id_: bytes) -> int:
        """No alerts here."""
        return 0

    def grants_for(self, hint: bytes) -> tuple[bytes, ...]:
        """Nobody needs a grant here."""
        return ()


@dataclass
class Contact:
    """One link between two replicas, from its HELLO until both agree or its bytes are used up."""

    sides: tuple[Replica, Replica]
    policy: Policy
    bytes_per_s: int
    number: int = 0
    at_us: int = 0
    used_bytes: int = 0
    sent_bytes: dict[FrameType, int] = field(default_factory=dict)
    opening_bytes: int = 0

    def run(self, most_bytes: int | None = None) -> bool:
        """Carry frames one by one, each way in turn, until both agree (True), the bytes are used
        up, or both have been silent for two minutes."""
        for side, replica in enumerate(self.sides):
            nonce = Random(f"{self.number} {side}").randbytes(16)
            replica.connect(side, self.policy, nonce, self._now)
        wires: tuple[deque[bytes], deque[bytes]] = (deque(), deque())
        quiet_us = self.at_us + SILENCE_US
        while True:
            for replica, wire in zip(self.sides, wires, strict=True):
                while (ready := replica.session.next(replica, self._now)) is not None:
                    wire.append(ready[0])
            if not any(wires):
                if all(replica.settled for replica in self.sides):
                    return True
                if self.at_us > quiet_us:
                    return False
                self.at_us = min(replica.session.next_wake_us() for replica in self.sides)
            for replica, wire in zip(reversed(self.sides), wires, strict=True):
                if wire:
                    if most_bytes is not None and self.used_bytes + len(wire[0]) > most_bytes:
                        return False
                    self._carry(wire.popleft(), replica)
                    quiet_us = self.at_us + SILENCE_US
            for replica in self.sides:
                if replica.session.next_wake_us() <= self.at_us:
                    replica.session.wake(replica, self._now)

    def _carry(self, data: bytes, receiver: Replica) -> None:
        self.used_bytes += len(data)
        self.at_us += len(data) * 1_000_000 // self.bytes_per_s + 1
        # Behind the two bytes of length and the head of a CBOR array stands the type.
        kind = FrameType(data[4 if data[2] == LONG_ARRAY else 3])
        if kind is FrameType.ROOT and self.sent_bytes.get(FrameType.RANGE, 0) == 0:
            self.opening_bytes += len(data)
        self.sent_bytes[kind] = self.sent_bytes.get(kind, 0) + len(data)
        receiver.receive(data, self._now)

    @property
    def _now(self) -> Now:
        return Now(self.at_us, NOW_S + self.at_us // 1_000_000, True)

    @property
    def reconciling_bytes(self) -> int:
        """What it took to find out what differs."""
        ranges, wants = (self.sent_bytes.get(t, 0) for t in (FrameType.RANGE, FrameType.WANT))
        return self.opening_bytes + ranges + wants

    @property
    def other_bytes(self) -> int:
        """What it took to bring and acknowledge that, HELLO left out."""
        return self.used_bytes - self.sent_bytes[FrameType.HELLO] - self.reconciling_bytes
