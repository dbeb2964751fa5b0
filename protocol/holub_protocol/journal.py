"""What has come about since the last batch: rows to commit, links to close, events to tell.

A message taken in and let go again before its commit leaves no trace on disk. Chunks of payloads
wait for company: a commit each would be slower than the link that brings them.
"""

from dataclasses import replace

from holub_protocol.batch import Batch, Event
from holub_protocol.limits import CHUNKS_PER_COMMIT
from holub_protocol.storage import Counter, Row, State, Writes

Sends = tuple[tuple[int, bytes], ...]

_NOTHING = Writes()


class Journal:
    """The next batch of one node, as it grows."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[bytes, tuple[Row, bytes | None]] = {}
        self._deletes: dict[bytes, None] = {}
        self._states: dict[bytes, State] = {}
        self._chunks: dict[bytes, dict[int, bytes]] = {}
        self._chunks_due = False
        self._counters: dict[tuple[bytes, str], Counter] = {}
        self._notes: dict[str, bytes] = {}
        self._events: list[Event] = []
        self._closes: list[tuple[int, str]] = []

    def hold(self, row: Row, raw: bytes) -> None:
        """Commit a message that was taken in."""
        self._rows[row.id] = (row, raw)

    def put_aside(self, id_: bytes, state: State) -> None:
        """Commit that a message's body is gone, and why."""
        self._chunks.pop(id_, None)
        pending = self._rows.pop(id_, None)
        if pending is None:
            self._states[id_] = state
        else:
            self._rows[id_] = (replace(pending[0], state=state), None)

    def forget(self, id_: bytes) -> None:
        """Commit that a message is gone as if it had never come."""
        self._states.pop(id_, None)
        self._chunks.pop(id_, None)
        if self._rows.pop(id_, None) is None:
            self._deletes[id_] = None

    def never_stored(self, id_: bytes) -> None:
        """The store had no room for a message: there is nothing to delete."""
        self._deletes.pop(id_, None)

    def pending(self, id_: bytes) -> tuple[Row, bytes | None] | None:
        """Return what waits for the next commit of a message, None if nothing does."""
        return self._rows.get(id_)

    def keep(self, id_: bytes, place: int, chunk: bytes) -> None:
        """Commit a chunk of a payload, once 16 wait or they are due."""
        self._chunks.setdefault(id_, {})[place] = chunk
        if sum(map(len, self._chunks.values())) >= CHUNKS_PER_COMMIT:
            self._chunks_due = True

    def keep_now(self) -> None:
        """The chunks that wait are due."""
        self._chunks_due = bool(self._chunks)

    @property
    def chunks_wait(self) -> bool:
        """Whether chunks wait for company."""
        return bool(self._chunks) and not self._chunks_due

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """Return a chunk that waits for the next commit, None if it does not."""
        return self._chunks.get(id_, {}).get(place)

    def count(self, counter: Counter) -> None:
        """Commit how far a key of this machine has counted."""
        self._counters[counter.signer, counter.group] = counter

    def note(self, name: str, value: bytes) -> None:
        """Commit a note, in place of the one of that name."""
        self._notes[name] = value

    def tell(self, event: Event) -> None:
        """Tell the driver of something."""
        self._events.append(event)

    def close(self, link: int, reason: str) -> None:
        """Have a link closed."""
        self._closes.append((link, reason))

    def take(self, urgent: Sends, sends: Sends) -> Batch:
        """Return everything as one batch, and start anew."""
        writes = _NOTHING
        changed = self._rows or self._deletes or self._states or self._counters or self._notes
        if changed or self._chunks_due:
            writes = Writes(
                rows=tuple(self._rows.values()),
                deletes=tuple(self._deletes),
                states=tuple(self._states.items()),
                chunks=self._take_chunks() if self._chunks_due else (),
                counters=tuple(self._counters.values()),
                notes=tuple(self._notes.items()),
            )
        batch = Batch(urgent, writes, sends, tuple(self._closes), tuple(self._events))
        self._rows, self._deletes, self._states, self._counters = {}, {}, {}, {}
        self._notes, self._events, self._closes = {}, [], []
        return batch

    def _take_chunks(self) -> tuple[tuple[bytes, int, bytes], ...]:
        found = tuple(
            (id_, place, chunk)
            for id_, chunks in self._chunks.items()
            for place, chunk in chunks.items()
        )
        self._chunks, self._chunks_due = {}, False
        return found
