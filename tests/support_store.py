"""Rows, bodies and model for the tests of stores."""

from dataclasses import replace
from hashlib import blake2b

from holub_protocol.storage import Counter, Row, State, Store, Writes

HELD, EVICTED, SUPERSEDED = State.HELD, State.EVICTED, State.SUPERSEDED
SIGNER = bytes(range(32))


def id_of(number: int) -> bytes:
    """The id of the message of that number."""
    return blake2b(number.to_bytes(8, "big"), digest_size=32).digest()


def body_of(number: int, size: int = 300) -> bytes:
    """Its body: bytes that no other number has."""
    return b"".join(
        blake2b(b"%d %d" % (number, block)).digest() for block in range(size // 64 + 1)
    )[:size]


def row_of(number: int, state: State = HELD, size: int = 300) -> Row:
    """Its row."""
    return Row(
        id=id_of(number),
        kind=20,
        cls=4,
        signer=SIGNER,
        authority=7,
        created_s=1_700_000_000 + number,
        k=number % 8,
        expires_s=1_700_086_400 + number,
        area=80_000,
        size_bytes=size,
        state=state,
        age_s=3,
        received_s=1_700_000_003 + number,
        steady_s=60 + number,
    )


def held(*numbers: int, size: int = 300) -> Writes:
    """Writes that insert those messages with their bodies."""
    return Writes(rows=tuple((row_of(n, size=size), body_of(n, size)) for n in numbers))


class Model:
    """What a store should hold, written down as naively as the contract reads."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: dict[bytes, tuple[Row, bytes | None]] = {}
        self.chunks: dict[bytes, dict[int, bytes]] = {}
        self.counters: dict[tuple[bytes, str], tuple[int, int]] = {}
        self.notes: dict[str, bytes] = {}

    def commit(self, *group: Writes) -> None:
        """Do what the contract says, one thing after another."""
        for writes in group:
            for id_ in writes.deletes:
                self.rows.pop(id_, None)
                self.chunks.pop(id_, None)
            for row, body in writes.rows:
                self.rows.pop(row.id, None)
                self.chunks.pop(row.id, None)
                self.rows[row.id] = (row, body)
            for id_, state in writes.states:
                if id_ in self.rows:
                    self.rows[id_] = (replace(self.rows[id_][0], state=state), None)
                    self.chunks.pop(id_, None)
            for id_, place, data in writes.chunks:
                if self.rows.get(id_, (None, None))[1] is not None:
                    self.chunks.setdefault(id_, {})[place] = data
            for counter in writes.counters:
                key = (counter.signer, counter.group)
                self.counters[key] = max(self.counters.get(key, (0, 0)), counter.point)
            for key_, value in writes.notes:
                self.notes.pop(key_, None)
                if value is not None:
                    self.notes[key_] = value

    def copy(self) -> "Model":
        """The same, to go on independently."""
        other = Model()
        other.rows, other.counters = dict(self.rows), dict(self.counters)
        other.notes = dict(self.notes)
        other.chunks = {id_: dict(chunks) for id_, chunks in self.chunks.items()}
        return other

    def differs_from(self, store: Store) -> str:
        """What the store holds differently, in words; empty if nothing."""
        rows = list(store.rows())
        if [row.seq for row in rows] != sorted({row.seq for row in rows}):
            return "seqs don't ascend"
        if [replace(row, seq=0) for row in rows] != [row for row, _ in self.rows.values()]:
            return "rows"
        for id_, (_, body) in self.rows.items():
            if store.get(id_) != body:
                return f"body of {id_.hex()}"
            chunks = self.chunks.get(id_, {})
            if store.places(id_) != tuple(sorted(chunks)):
                return f"places of {id_.hex()}"
            if any(store.chunk(id_, place) != data for place, data in chunks.items()):
                return f"chunks of {id_.hex()}"
        counters = sorted((*key, *point) for key, point in self.counters.items())
        if store.counters() != tuple(Counter(*values) for values in counters):
            return "counters"
        if store.notes("") != tuple(sorted(self.notes.items())):
            return "notes"
        return ""
