"""What a node keeps, and the contract of whatever keeps it.

The node names what must be durable as a `Writes`; a `Store` makes it durable. The daemon's is
SQLite (`holub_relay.store`), the simulator's the `MemoryStore` here; one contract suite runs
over both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Protocol

ROW_BYTES = 256
"""What a row without its body is reckoned to take on disk: 32 B each of id, signer and body
checksum, 40 B of numbers, 45 B of index, the rest SQLite's own, half-empty pages included."""

COUNTER_BYTES = 128
"""What a counter is reckoned to take: a 32-byte key twice (row and index), numbers and name."""


CHUNK_ROW_BYTES = 384
"""What a chunk is reckoned to take besides its bytes: three of 1 KiB fit a page of 4 KiB, and
each has an entry in the index of places."""


NODE_NOTES = "node/"
"""How the keys of the notes begin that a node has made itself, and is given at its next start."""


class StoreError(Exception):
    """The store failed; after it, what was asked may be durable or not until it is reopened."""


class StoreFull(StoreError):
    """The quota, or the disk itself, has no room for a commit; nothing of it was stored."""


class State(IntEnum):
    """What became of a message. Only a HELD one has its body; the others are remembered as seen."""

    HELD = 0
    SUPERSEDED = 1
    EVICTED = 2
    RECEIPTED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """All a node remembers of one message besides its bytes.

    `cls` is the class, `size_bytes` the length of the message's bytes, `age_s` the age it had
    gathered when taken in, `received_s` the wall clock and `steady_s` the node's steady clock then,
    which goes on from boot to boot where the driver can make it. `seq` is the local arrival number:
    the store assigns it, ascending and never used twice, and ignores what it is given. `topic`
    numbers what it is about where a newer message replaces an older one, 0 where none does.
    """

    id: bytes
    kind: int
    cls: int
    signer: bytes
    authority: int
    created_s: int
    k: int
    expires_s: int
    area: int
    size_bytes: int
    state: State
    age_s: int
    received_s: int
    steady_s: int
    seq: int = 0
    topic: int = 0


@dataclass(frozen=True, slots=True)
class Counter:
    """The highest (created_s, k) that a signer has used, or reserved, in a group."""

    signer: bytes
    group: str
    created_s: int
    k: int

    @property
    def point(self) -> tuple[int, int]:
        """Its place in the order of its signer's group: (created_s, k)."""
        return self.created_s, self.k


@dataclass(frozen=True, slots=True)
class Writes:
    """What one commit makes durable, as if in this order: deletes, rows, states, chunks,
    counters, notes.

    `rows` are inserted, or replace the row of the same id, which then arrives anew (new `seq`);
    a body comes with exactly the HELD ones. `deletes` forget row and body; `states` drop the
    body. Both ignore ids that the store does not have. `chunks` are (id, place, bytes) of a HELD
    manifest's payload, put in or replaced; those of other ids are ignored, and they go with
    its body. `counters` only rise. A note of None is deleted.

    Raises ValueError where a body is missing or too many, or a state would need one.
    """

    rows: tuple[tuple[Row, bytes | None], ...] = ()
    deletes: tuple[bytes, ...] = ()
    states: tuple[tuple[bytes, State], ...] = ()
    chunks: tuple[tuple[bytes, int, bytes], ...] = ()
    counters: tuple[Counter, ...] = ()
    notes: tuple[tuple[str, bytes | None], ...] = ()

    def __post_init__(self) -> None:
        """Hold the one invariant that every store relies on: HELD means a body."""
        for row, body in self.rows:
            if (row.state is State.HELD) != (body is not None):
                raise ValueError(f"row {row.id.hex()} is {row.state!r}: a HELD row has a body")
        for id_, state in self.states:
            if state is State.HELD:
                raise ValueError(f"{id_.hex()} becomes HELD only through rows, with its body")


class Store(Protocol):
    """Durable memory of one node. One thread commits; reads see every finished commit."""

    @property
    def quota_bytes(self) -> int:
        """The most that `size_bytes` may reach."""

    @property
    def damaged(self) -> int:
        """Rows and bodies found damaged since it was opened."""

    def rows(self) -> Iterator[Row]:
        """Every row, by ascending `seq`."""

    def counters(self) -> tuple[Counter, ...]:
        """Every counter, by signer and group."""

    def note(self, key: str) -> bytes | None:
        """The note's value, or None."""

    def notes(self, prefix: str) -> tuple[tuple[str, bytes], ...]:
        """Every note whose key begins with `prefix`, by key."""

    def get(self, id_: bytes) -> bytes | None:
        """The body, byte for byte as committed; None if there is none or it is damaged."""

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """A chunk of a manifest's payload, as it was put in or as damage has left it: its
        manifest proves it. None if there is none or it can't be read."""

    def places(self, id_: bytes) -> tuple[int, ...]:
        """The places of the chunks there are of a manifest's payload, ascending."""

    def since(self, seq: int) -> Iterator[bytes]:
        """The ids of the HELD rows that arrived after `seq`, in order of arrival."""

    def last_seq(self) -> int:
        """The highest arrival number ever assigned; 0 in a new store."""

    def size_bytes(self) -> int:
        """Room taken, in the measure of `quota_bytes`."""

    def commit(self, *group: Writes) -> None:
        """Make all of `group` durable, in order and at once, or nothing of it.

        Raises StoreFull where there is no room (a group that only removes always has room), any
        other StoreError where the disk fails.
        """

    def close(self) -> None:
        """Let go of the files; the store is not used again."""


class MemoryStore:
    """A store in dictionaries, for the simulator and tests: instant, and as durable as it lives.

    A commit is atomic, so a crash of its node is: drop the node, keep the store.
    """

    def __init__(self, quota_bytes: int = 1 << 28) -> None:
        """Make an empty store that holds `quota_bytes` by its own reckoning (ROW_BYTES a row)."""
        self._quota_bytes = quota_bytes
        self._rows: dict[bytes, Row] = {}  # in order of arrival
        self._seqs: dict[bytes, int] = {}
        self._bodies: dict[bytes, bytes] = {}
        self._chunks: dict[bytes, dict[int, bytes]] = {}
        self._counters: dict[tuple[bytes, str], Counter] = {}
        self._notes: dict[str, bytes] = {}
        self._last_seq = 0
        self._size_bytes = 0
        self._damaged = 0

    @property
    def quota_bytes(self) -> int:
        """The most that `size_bytes` may reach."""
        return self._quota_bytes

    @property
    def damaged(self) -> int:
        """How often `get` met a damaged body."""
        return self._damaged

    def clone(self) -> "MemoryStore":
        """An independent copy: the disk as it is now, for a crash or a fork later."""
        copy = MemoryStore(self._quota_bytes)
        copy._rows = dict(self._rows)
        copy._seqs = dict(self._seqs)
        copy._bodies = dict(self._bodies)
        copy._chunks = {id_: dict(chunks) for id_, chunks in self._chunks.items()}
        copy._counters = dict(self._counters)
        copy._notes = dict(self._notes)
        copy._last_seq = self._last_seq
        copy._size_bytes = self._size_bytes
        return copy

    def damage(self, id_: bytes) -> None:
        """Do to a body what a flipped bit does on a disk: from now on `get` answers None."""
        body = self._bodies.pop(id_, None)
        self._size_bytes -= len(body) if body is not None else 0

    def rows(self) -> Iterator[Row]:
        """Every row, by ascending `seq`."""
        for id_, row in list(self._rows.items()):
            yield replace(row, seq=self._seqs[id_])

    def counters(self) -> tuple[Counter, ...]:
        """Every counter, by signer and group."""
        return tuple(self._counters[key] for key in sorted(self._counters))

    def note(self, key: str) -> bytes | None:
        """The note's value, or None."""
        return self._notes.get(key)

    def notes(self, prefix: str) -> tuple[tuple[str, bytes], ...]:
        """Every note whose key begins with `prefix`, by key."""
        return tuple(
            (key, self._notes[key]) for key in sorted(self._notes) if key.startswith(prefix)
        )

    def get(self, id_: bytes) -> bytes | None:
        """The body, or None if there is none or it was damaged."""
        body = self._bodies.get(id_)
        if body is None:
            row = self._rows.get(id_)
            self._damaged += row is not None and row.state is State.HELD
        return body

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """A chunk of a manifest's payload, None if there is none."""
        return self._chunks.get(id_, {}).get(place)

    def places(self, id_: bytes) -> tuple[int, ...]:
        """The places of the chunks there are, ascending."""
        return tuple(sorted(self._chunks.get(id_, ())))

    def since(self, seq: int) -> Iterator[bytes]:
        """The ids of the HELD rows that arrived after `seq`, in order of arrival."""
        for id_, row in list(self._rows.items()):
            if row.state is State.HELD and self._seqs[id_] > seq:
                yield id_

    def last_seq(self) -> int:
        """The highest arrival number ever assigned; 0 in a new store."""
        return self._last_seq

    def size_bytes(self) -> int:
        """Room taken: bodies, chunks, notes, and ROW_BYTES a row, CHUNK_ROW_BYTES a chunk,
        COUNTER_BYTES a counter."""
        return self._size_bytes

    def commit(self, *group: Writes) -> None:
        """Apply all of `group` in order, or raise StoreFull and apply nothing."""
        growth = self._growth(group)
        if growth > 0 and self._size_bytes + growth > self._quota_bytes:
            raise StoreFull(f"{growth} B more than {self._size_bytes} of {self._quota_bytes} B")
        self._size_bytes += growth
        for writes in group:
            self._apply(writes)

    def close(self) -> None:
        """Nothing to let go of; what it holds stays readable."""

    def _growth(self, group: tuple[Writes, ...]) -> int:
        """How many bytes `group` will add in the end; negative if it frees more than it takes."""
        sizes: dict[object, int] = {}
        chunks: dict[bytes, dict[int, int]] = {}
        held: dict[bytes, bool] = {}
        for writes in group:
            for id_ in writes.deletes:
                sizes[id_], chunks[id_], held[id_] = 0, {}, False
            for row, body in writes.rows:
                sizes[row.id] = ROW_BYTES + (0 if body is None else len(body))
                chunks[row.id], held[row.id] = {}, body is not None
            for id_, _ in writes.states:
                if sizes.get(id_, self._size_of(id_)):
                    sizes[id_], chunks[id_], held[id_] = ROW_BYTES, {}, False
            for id_, place, data in writes.chunks:
                if held.get(id_, id_ in self._bodies):
                    known = chunks.setdefault(id_, self._chunk_sizes(id_))
                    known[place] = CHUNK_ROW_BYTES + len(data)
            for counter in writes.counters:
                sizes[counter.signer, counter.group] = COUNTER_BYTES
            for key, value in writes.notes:
                sizes[key] = 0 if value is None else len(key.encode()) + len(value)
        growth = sum(size - self._size_of(key) for key, size in sizes.items())
        for id_, wanted in chunks.items():
            growth += sum(wanted.values()) - sum(self._chunk_sizes(id_).values())
        return growth

    def _size_of(self, key: object) -> int:
        """Bytes now taken by a row (keyed by bytes), a counter (by tuple) or a note (by str)."""
        if isinstance(key, bytes):
            return self._body_size(key)
        if isinstance(key, str):
            return len(key.encode()) + len(self._notes[key]) if key in self._notes else 0
        return COUNTER_BYTES if key in self._counters else 0

    def _body_size(self, id_: bytes) -> int:
        return (ROW_BYTES if id_ in self._rows else 0) + len(self._bodies.get(id_, b""))

    def _chunk_sizes(self, id_: bytes) -> dict[int, int]:
        found = self._chunks.get(id_, {})
        return {place: CHUNK_ROW_BYTES + len(data) for place, data in found.items()}

    def _apply(self, writes: Writes) -> None:
        for id_ in writes.deletes:
            self._forget(id_)
        for row, body in writes.rows:
            self._forget(row.id)
            self._last_seq += 1
            self._rows[row.id] = row
            self._seqs[row.id] = self._last_seq
            if body is not None:
                self._bodies[row.id] = body
        for id_, state in writes.states:
            if id_ in self._rows:
                self._rows[id_] = replace(self._rows[id_], state=state)
                self._bodies.pop(id_, None)
                self._chunks.pop(id_, None)
        for id_, place, data in writes.chunks:
            if id_ in self._bodies:
                self._chunks.setdefault(id_, {})[place] = data
        for counter in writes.counters:
            key = (counter.signer, counter.group)
            known = self._counters.get(key)
            if known is None or counter.point > known.point:
                self._counters[key] = counter
        for name, value in writes.notes:
            if value is None:
                self._notes.pop(name, None)
            else:
                self._notes[name] = value

    def _forget(self, id_: bytes) -> None:
        if self._rows.pop(id_, None) is not None:
            del self._seqs[id_]
            self._bodies.pop(id_, None)
            self._chunks.pop(id_, None)
