"""Reconciliation: how few bytes tell two relays what each lacks, and what a short contact brings.

Real sessions, sync, outbox and index on both ends of a half-duplex link in memory; bodies are
300 bytes made up from their ids, and nothing is signed, verified or stored. `bytes` are all RANGE
and WANT frames and the first ROOT of each side, with the length before each frame; bodies (PUT),
credit and the later roots that acknowledge them are in `other_bytes`. Beside it negentropy v1 on
the same sets: its two-way messages alone, without the asking for ids that it leaves to others.
Usage: sync.py [largest number of ids]
"""

import math
from dataclasses import dataclass

from _common import argument, cpu_s, emit, spread

from holub_crypto.identity import Identity, verify
from holub_protocol import frames
from holub_protocol.frames import FrameType, Range, WantListed
from holub_protocol.reconcile import Snapshot, list_items, pack, session_salt
from support_contact import (
    BODY_BYTES,
    KIND,
    LAN,
    LAN_BYTES_PER_S,
    SLOW,
    SLOW_BYTES_PER_S,
    Contact,
    Replica,
    two_sets,
)
from support_negentropy import reconcile

CPU_ROUNDS = 5
VERIFICATIONS = 2000
SNAPSHOT_S = 0.25
RECONCILE_S = 0.15
CPU_DIFFERENCES = (10, 1000, 10_000, 50_000)

# ids at each side, ids that only one of both holds, where these lie, most bytes (None: no bar)
TABLE = (
    (1_000, 500, "outage", None),
    (1_000, 10, "scattered", None),
    (10_000, 10, "scattered", None),
    (10_000, 1_000, "outage", 6_000),
    (10_000, 1_000, "scattered", None),
    (10_000, 5_000, "outage", 100_000),
    (100_000, 10, "outage", 800),
    (100_000, 10, "scattered", 5_000),
    (100_000, 1_000, "outage", None),
    (100_000, 1_000, "scattered", None),
    (100_000, 50_000, "outage", 1_000_000),
    (100_000, 50_000, "scattered", 1_000_000),
)

# where the differences lie, bytes a contact carries both ways, most times the ideal number
CONTACTS = (
    ("scattered", 20_000, 1.6),
    ("outage", 20_000, 1.15),
    ("scattered", 4_000, None),
    ("outage", 4_000, None),
)


def equal_sets(size: int) -> None:
    """Measure a link between two that hold the same."""
    items, _ = two_sets(size, 0, "outage")
    contact = Contact((Replica(items), Replica(items)), LAN, LAN_BYTES_PER_S)
    contact.run()
    measured = contact.used_bytes - contact.sent_bytes[FrameType.HELLO]
    emit("sync-equal", n=size, bytes=measured, bar_bytes=200, met=measured <= 200)


def differing_sets(size: int, differing: int, pattern: str, bar_bytes: int | None) -> None:
    """Measure what two that differ say until both know, beside negentropy v1."""
    a, b = two_sets(size, differing, pattern)
    opener, negentropy_bytes, _ = reconcile(a, b)
    assert len(opener.have) + len(opener.need) == differing
    sides = Replica(a), Replica(b)
    contact = Contact(sides, LAN, LAN_BYTES_PER_S)
    contact.run()
    missing = differing - sum(replica.taken for replica in sides)
    measured = contact.reconciling_bytes
    ratio = negentropy_bytes / measured
    bar_ratio = 3.8 if pattern == "outage" and differing >= 1000 else 1.8
    emit(
        "sync-difference",
        n=size,
        d=differing,
        pattern=pattern,
        bytes=measured,
        range_bytes=contact.sent_bytes[FrameType.RANGE],
        want_bytes=contact.sent_bytes.get(FrameType.WANT, 0),
        other_bytes=contact.other_bytes,
        duplicates=sum(replica.duplicates for replica in sides),
        missing=missing,
        bar_bytes=bar_bytes,
        negentropy_bytes=negentropy_bytes,
        ratio=ratio,
        bar_ratio=bar_ratio,
        met=not missing and ratio >= bar_ratio and measured <= (bar_bytes or math.inf),
    )


def contacts(pattern: str, contact_bytes: int, bar: float | None) -> None:
    """Count the contacts that two need which differ in 1,000 of 10,000 ids."""
    differing = 1000
    a, b = two_sets(10_000, differing, pattern)
    sides = Replica(a), Replica(b)
    ideal = differing * BODY_BYTES / contact_bytes
    brought: list[int] = []
    at_us = used_bytes = 0
    agreed = False
    while not agreed and len(brought) < 6 * ideal:
        before = sum(replica.taken for replica in sides)
        contact = Contact(sides, SLOW, SLOW_BYTES_PER_S, len(brought), at_us)
        agreed = contact.run(contact_bytes)
        brought.append(sum(replica.taken for replica in sides) - before)
        at_us, used_bytes = contact.at_us, used_bytes + contact.used_bytes
        if sum(replica.taken for replica in sides) == differing:
            break
    missing = differing - sum(brought)
    # The last contact may only bring the rest.
    least = min(brought[:-1])
    ratio = len(brought) / ideal
    emit(
        "sync-contacts",
        n=10_000,
        d=differing,
        pattern=pattern,
        contact_bytes=contact_bytes,
        contacts=len(brought),
        ideal=ideal,
        ratio=ratio,
        bar_ratio=bar,
        bytes=used_bytes,
        least_messages=least,
        fruitless=brought.count(0),
        duplicates=sum(replica.duplicates for replica in sides),
        missing=missing,
        met=not missing and least > 0 and (bar is None or ratio <= bar),
    )


@dataclass(frozen=True)
class Comparison:
    """Two snapshots and a queue of frames between them, for the CPU alone."""

    sides: tuple[Snapshot, Snapshot]
    frame_bytes: int = LAN.frame_bytes

    def run(self) -> int:
        """Encode, decode and answer until nothing is left to say; return the frames."""
        room = list_items(self.frame_bytes)
        queue = [(1, f) for f in self._encoded(b"", self.sides[0].opening(room))]
        count = 0
        while queue:
            side, data = queue.pop()
            count += 1
            heard = frames.decode(data)
            assert isinstance(heard, Range)
            difference = self.sides[side].answer(heard, len(data), room)
            if difference.want:
                places = max(place for place, _ in difference.want) // 8 + 1
                frames.decode(frames.encode(WantListed(KIND.cls, heard.low, b"\1" * places)))
            for low, parts in difference.stretches:
                queue += [(1 - side, f) for f in self._encoded(low, parts)]
        return count

    def _encoded(self, low: bytes, parts: tuple[frames.Part, ...]) -> list[bytes]:
        return [frames.encode(f) for f in pack(KIND.cls, low, parts, self.frame_bytes)]


def verify_each_s() -> float:
    """Return the CPU seconds of one Ed25519 check of 300 bytes."""
    key = Identity.from_seed(bytes(32))
    data = bytes(BODY_BYTES)
    signature = key.sign(data)
    begin_s = cpu_s()
    for _ in range(VERIFICATIONS):
        assert verify(key.public, data, signature)
    return (cpu_s() - begin_s) / VERIFICATIONS


def cpu(size: int, pattern: str) -> None:
    """Measure the CPU of the first snapshot, which sorts all ids, and of comparing two, a side."""
    each_s = verify_each_s()
    salt = session_salt(b"a" * 16, b"b" * 16)
    for differing in (d for d in CPU_DIFFERENCES if d <= size // 2):
        a, b = (Replica(items) for items in two_sets(size, differing, pattern))
        snapshots, compares = [], []
        count = 0
        for replica in (a, b):
            begin_s = cpu_s()
            replica.holdings.snapshot(KIND.cls, salt)
            snapshots.append(cpu_s() - begin_s)
        for _ in range(CPU_ROUNDS):
            begin_s = cpu_s()
            sides = (
                a.holdings.snapshot(KIND.cls, salt),
                b.holdings.snapshot(KIND.cls, salt),
            )
            count = Comparison(sides).run()
            compares.append((cpu_s() - begin_s) / 2)
        verify_s = differing * each_s / 2
        snapshot, compare = spread(snapshots), spread(compares)
        total_s = snapshot["median"] + compare["median"]
        within = snapshot["median"] <= SNAPSHOT_S and compare["median"] <= RECONCILE_S
        emit(
            "sync-cpu",
            n=size,
            d=differing,
            pattern=pattern,
            frames=count,
            snapshot_s=snapshot["median"],
            snapshot_min_s=snapshot["min"],
            snapshot_bar_s=SNAPSHOT_S,
            reconcile_s=compare["median"],
            reconcile_min_s=compare["min"],
            reconcile_bar_s=RECONCILE_S,
            verify_s=verify_s,
            met=within and (differing < 10_000 or total_s < verify_s),
        )


def main() -> None:
    """Run all parts, those on more ids than asked for left out."""
    most = argument(100_000)
    for size in (1_000, 10_000, 100_000):
        if size <= most:
            equal_sets(size)
    for row in TABLE:
        if row[0] <= most:
            differing_sets(*row)
    for contact in CONTACTS if most >= 10_000 else ():
        contacts(*contact)
    for pattern in ("outage", "scattered"):
        cpu(most, pattern)


if __name__ == "__main__":
    main()
