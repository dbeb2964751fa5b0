"""Getting back what is readable of a damaged database.

One bad page makes a plain scan stop at it (measured: at 10,923 of 20,000 rows), while stepping
over the unreadable stretch of rowids gets back 19,989 of them. What is lost comes from peers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import apsw

from holub_crypto.digest import ID_BYTES
from holub_protocol.storage import Counter, Row, State, Writes
from holub_relay.schema import ROW_COLUMNS, row_from

DAMAGE = (apsw.CorruptError, apsw.NotADBError, apsw.IOError)
"""What SQLite raises where a page, or the file, can't be read for what it should be."""

_BATCH_ROWS = 512
_LAST_ROWID = 2**62
_SEQ_GAP = 1 << 20  # more than were given since the newest number that can still be read
_SEQ_UNKNOWN = 1 << 40  # more than a store ever gives: 300 years at 100 messages a second

_Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What became of a damaged store: where it lies now, and what was got back.

    `rows` counts all rows got back, `bodies` those with their body, `chunks` parts of payloads;
    rows whose body was damaged are kept as EVICTED, to be asked for anew. `complete` is False if
    the new store became full.
    """

    moved_to: Path
    rows: int
    bodies: int
    chunks: int
    counters: int
    notes: int
    complete: bool


class Wreck:
    """A damaged database, opened to be read and never written (its WAL is not folded in)."""

    def __init__(self, path: Path) -> None:
        """Open what lies at `path`; what can't be opened at all reads as empty."""
        self._connection: apsw.Connection | None = None
        try:
            self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        except apsw.Error:
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def first_seq(self, number: int) -> int:
        """Where the new store's arrival numbers begin: above any that this one has given.

        An export asks for what came after a number; a number given twice would hide messages.
        Where the highest can't be read, `number`, that of the damaged file, leads far beyond.
        """
        known: list[int] = []
        for sql in ("SELECT max(seq) FROM message", "SELECT max(last) FROM sequence"):
            for (highest,) in self._walk_once(sql):
                if isinstance(highest, int) and 0 <= highest < _LAST_ROWID:
                    known.append(highest + _SEQ_GAP)
        return max(known) if len(known) == 2 else max([*known, number * _SEQ_UNKNOWN])

    def writes(self) -> Iterator[Writes]:
        """Everything readable: first counters and notes, which no peer can give back."""
        yield Writes(counters=tuple(self._counters()), notes=tuple(self._notes()))
        batch: list[tuple[Row, bytes | None]] = []
        for row in self._rows():
            batch.append(row)
            if len(batch) == _BATCH_ROWS:
                yield Writes(rows=tuple(batch))
                batch.clear()
        yield Writes(rows=tuple(batch))
        yield from self._chunks()

    def _counters(self) -> Iterator[Counter]:
        columns = "rowid, signer, topic, created_s, k"
        for _, signer, topic, created_s, k in self._walk(columns, "counter"):
            if not (isinstance(signer, bytes) and len(signer) == ID_BYTES):
                continue
            if isinstance(topic, str) and isinstance(created_s, int) and isinstance(k, int):
                yield Counter(signer, topic, created_s, k)

    def _notes(self) -> Iterator[tuple[str, bytes]]:
        for _, key, value in self._walk("rowid, key, value", "note"):
            if isinstance(key, str) and isinstance(value, bytes):
                yield key, value

    def _rows(self) -> Iterator[tuple[Row, bytes | None]]:
        for values in self._walk(ROW_COLUMNS, "message"):
            row = row_from(values)
            if row is None:
                continue
            body = self._body(row.seq) if row.state is State.HELD else None
            if row.state is State.HELD and body is None:
                row = replace(row, state=State.EVICTED)
            yield row, body

    def _chunks(self) -> Iterator[Writes]:
        """Chunks of payloads, unproved: their manifests prove them whenever they are read."""
        batch: list[tuple[bytes, int, bytes]] = []
        for _, seq, place, data in self._walk("rowid, seq, place, bytes", "chunk"):
            for (id_,) in self._walk_once("SELECT id FROM message WHERE seq = ?", seq):
                if isinstance(id_, bytes) and isinstance(place, int) and isinstance(data, bytes):
                    batch.append((id_, place, data))
            if len(batch) >= _BATCH_ROWS:
                yield Writes(chunks=tuple(batch))
                batch.clear()
        yield Writes(chunks=tuple(batch))

    def _body(self, seq: int) -> bytes | None:
        for digest, body in self._walk_once("SELECT digest, bytes FROM body WHERE seq = ?", seq):
            if isinstance(body, bytes) and blake2b(body, digest_size=ID_BYTES).digest() == digest:
                return body
        return None

    def _walk_once(self, sql: str, *values: int) -> list[_Values]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(sql, values).fetchall()
        except apsw.Error:
            return []

    def _walk(self, columns: str, table: str) -> Iterator[_Values]:
        """Every readable row of a table, by rowid, which is the first of `columns`."""
        if self._connection is None:
            return
        sql = f"SELECT {columns} FROM {table} WHERE rowid >= ? ORDER BY rowid"  # noqa: S608
        start: int | None = 1
        while start is not None:
            try:
                for values in self._connection.execute(sql, (start,)):
                    rowid = values[0]
                    if isinstance(rowid, int) and start <= rowid < _LAST_ROWID:
                        start = rowid + 1
                        yield values
                return
            except DAMAGE:
                start = _next_readable(self._connection, sql, start)
            except apsw.Error:  # the schema itself is gone
                return


def _next_readable(connection: apsw.Connection, sql: str, bad: int) -> int | None:
    """The first rowid after `bad` at which reading works again: gallop beyond, then bisect."""

    def readable(rowid: int) -> bool:
        try:
            cursor = connection.execute(sql, (rowid,))
            next(cursor, None)
            cursor.close(True)
        except DAMAGE:
            return False
        return True

    step = 1
    while not readable(bad + step):
        step *= 2
        if bad + step >= _LAST_ROWID:
            return None
    low, high = bad + step // 2, bad + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if readable(middle) else (middle, high)
    return high
