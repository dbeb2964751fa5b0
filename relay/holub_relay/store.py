"""The relay's store: SQLite through apsw, durable on return and bounded in size.

WAL with synchronous=FULL is the only WAL mode that may say "accepted": of 300 simulated power
cuts it lost nothing in 300, NORMAL lost committed rows in 166. Bodies are hashed on the way out,
for SQLite's own checks don't see a flipped bit in one (0 of 40 noticed).
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import apsw

from holub_crypto.digest import ID_BYTES
from holub_protocol.storage import Counter, Row, State, StoreError, StoreFull, Writes
from holub_relay import schema
from holub_relay.ballast import Ballast, free_bytes
from holub_relay.salvage import DAMAGE, Salvage, Wreck

QUOTA_BYTES_MIN = 2 << 20
"""Smallest quota: below 2 MiB the reserves leave no room worth having."""

_CHUNK_ROWS = 2048  # rows read at a time: no long-lived snapshot holds the checkpoint back
_BUSY_MS = 5000  # waiting for locks that only a copying tool or a second opener can hold
_SPENT_WAL_PAGES = 64  # the WAL's length while the ballast is spent: 256 KiB, well inside it

_MARKS = ",".join("?" * (schema.ROW_COLUMNS.count(",") + 1))
_INSERT_ROW = f"INSERT INTO message ({schema.ROW_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608
_INSERT_BODY = "INSERT INTO body (seq, digest, bytes) VALUES (?, ?, ?)"
_PUT_CHUNK = """INSERT INTO chunk (seq, place, bytes)
    SELECT seq, ?, ? FROM message JOIN body USING (seq) WHERE id = ? AND state = 0
    ON CONFLICT (seq, place) DO UPDATE SET bytes = excluded.bytes"""
_DELETE_CHUNKS = "DELETE FROM chunk WHERE seq = (SELECT seq FROM message WHERE id = ?)"
_CHUNK = """SELECT chunk.bytes FROM message JOIN chunk USING (seq)
    WHERE id = ? AND state = 0 AND place = ?"""
_PLACES = "SELECT place FROM message JOIN chunk USING (seq) WHERE id = ? ORDER BY place"
_DELETE_BODY = "DELETE FROM body WHERE seq = (SELECT seq FROM message WHERE id = ?)"
_DELETE_ROW = "DELETE FROM message WHERE id = ?"
_SET_STATE = "UPDATE message SET state = ? WHERE id = ?"
_RAISE_COUNTER = """INSERT INTO counter (signer, topic, created_s, k) VALUES (?, ?, ?, ?)
    ON CONFLICT (signer, topic) DO UPDATE SET created_s = excluded.created_s, k = excluded.k
    WHERE (excluded.created_s, excluded.k) > (created_s, k)"""
_SET_NOTE = """INSERT INTO note (key, value) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value"""
_DELETE_NOTE = "DELETE FROM note WHERE key = ?"
_SET_LAST = "UPDATE sequence SET last = ?"
_GET = """SELECT digest, bytes FROM message LEFT JOIN body USING (seq)
    WHERE id = ? AND state = 0"""
_ROWS = f"SELECT {schema.ROW_COLUMNS} FROM message WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_SINCE = "SELECT seq, id FROM message WHERE seq > ? AND state = 0 ORDER BY seq LIMIT ?"


_UNREADABLE = (
    apsw.SQLITE_IOERR_READ,
    apsw.SQLITE_IOERR_SHORT_READ,
    apsw.SQLITE_IOERR_CORRUPTFS,
    apsw.SQLITE_IOERR_DATA,
)  # of the I/O errors those that mean a damaged medium, not a full or forbidden one

_Values = tuple[Any, ...]


class _Damaged(Exception):
    """The database at hand is not whole."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How a quota in bytes is divided: the database's pages, its WAL, the ballast."""

    pages: int
    wal_bytes: int
    ballast_bytes: int

    @classmethod
    def of(cls, quota_bytes: int) -> "Budget":
        """Divide a quota; ValueError below QUOTA_BYTES_MIN.

        The WAL is folded in at half its reserve, so that from 32 MiB of quota on a commit of the
        largest group (4 MiB) fits behind it; the ballast is what one commit of deletes needs.
        """
        if quota_bytes < QUOTA_BYTES_MIN:
            raise ValueError(f"quota {quota_bytes} B is under {QUOTA_BYTES_MIN} B; give more room")
        wal_bytes = min(32 << 20, quota_bytes // 4)
        ballast_bytes = min(4 << 20, quota_bytes // 16)
        pages = (quota_bytes - wal_bytes - ballast_bytes) // schema.PAGE_BYTES
        return cls(pages, wal_bytes, ballast_bytes)


class SqliteStore:
    """A `holub_protocol.storage.Store` in one SQLite file.

    `commit` may run in one thread (see `holub_relay.writer`) while one other reads. Open it with
    `open`.
    """

    def __init__(self, path: Path, budget: Budget, ballast: Ballast, vfs: str | None) -> None:
        """Use `open`, which also checks and salvages. Raises _Damaged and StoreError."""
        self._path = path
        self._budget = budget
        self._ballast = ballast
        self._damaged = 0
        self._salvage: Salvage | None = None
        self._writer = _connect(path, vfs)
        self._reader = self._writer
        try:
            _prepare(self._writer, path, budget)
            self._reader = _connect(path, vfs)
            _pragma(self._reader, "query_only = ON")
            last = "SELECT max(last, ifnull((SELECT max(seq) FROM message), 0)) FROM sequence"
            self._last_seq: int = self._read(last, ())[0][0]
            self._arrange_ballast()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls,
        path: Path,
        quota_bytes: int,
        *,
        vfs: str | None = None,
        free: Callable[[Path], int] = free_bytes,
    ) -> "SqliteStore":
        """Open or make the store at `path`, whose files together take up to `quota_bytes`.

        A damaged database is moved aside to `path`.damaged-N and what is readable of it comes
        into a new one; `salvage` then tells of it. `vfs` names a registered SQLite VFS, `free`
        tells the free bytes of a directory.

        Raises StoreError where the file can't be opened, is not a Holub store, or was written
        by a newer Holub; ValueError for a quota under QUOTA_BYTES_MIN.
        """
        budget = Budget.of(quota_bytes)
        ballast = Ballast(path.with_name(path.name + ".ballast"), budget.ballast_bytes, free)
        try:
            if ballast.disk_is_full():
                ballast.spend()  # opening itself must write: the WAL's index, a recovered WAL
            try:
                return cls(path, budget, ballast, vfs)
            except _Damaged:
                moved_to = _move_aside(path)
                store = cls(path, budget, ballast, vfs)
        except (*DAMAGE, _Damaged, apsw.Error, OSError) as error:
            raise StoreError(f"can't open the store {path}: {error}") from error
        store._take_from(moved_to)
        return store

    @property
    def salvage(self) -> Salvage | None:
        """What was got back from a damaged database at opening; None if it was whole."""
        return self._salvage

    @property
    def quota_bytes(self) -> int:
        """The most that `size_bytes` may reach: the quota less the WAL's reserve and ballast."""
        return self._budget.pages * schema.PAGE_BYTES

    @property
    def damaged(self) -> int:
        """Rows and bodies found damaged since it was opened."""
        return self._damaged

    def rows(self) -> Iterator[Row]:
        """Every row, by ascending `seq`; what damage has made no row is left out and counted."""
        for values in self._chunks(_ROWS, 0):
            row = schema.row_from(values)
            if row is None:
                self._damaged += 1
            else:
                yield row

    def counters(self) -> tuple[Counter, ...]:
        """Every counter, by signer and group."""
        sql = "SELECT signer, topic, created_s, k FROM counter ORDER BY signer, topic"
        return tuple(Counter(*values) for values in self._read(sql, ()))

    def note(self, key: str) -> bytes | None:
        """The note's value, or None."""
        found = self._read("SELECT value FROM note WHERE key = ?", (key,))
        return found[0][0] if found else None

    def notes(self, prefix: str) -> tuple[tuple[str, bytes], ...]:
        """Every note whose key begins with `prefix`, by key."""
        sql = "SELECT key, value FROM note WHERE substr(key, 1, ?) = ? ORDER BY key"
        return tuple((key, value) for key, value in self._read(sql, (len(prefix), prefix)))

    def get(self, id_: bytes) -> bytes | None:
        """The body, byte for byte as committed; None if there is none or it is damaged."""
        try:
            found = self._reader.execute(_GET, (id_,)).fetchall()
        except DAMAGE:
            self._damaged += 1
            return None
        if not found:
            return None
        digest, body = found[0]
        if not isinstance(body, bytes) or _digest(body) != digest:
            self._damaged += 1
            return None
        return body

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """A chunk of a manifest's payload as the file has it; None if it has none, or no page
        that can be read."""
        try:
            found = self._reader.execute(_CHUNK, (id_, place)).fetchall()
        except DAMAGE:
            self._damaged += 1
            return None
        chunk = found[0][0] if found else None
        return chunk if isinstance(chunk, bytes) else None

    def places(self, id_: bytes) -> tuple[int, ...]:
        """The places of the chunks there are of a manifest's payload, ascending."""
        try:
            found = self._reader.execute(_PLACES, (id_,)).fetchall()
        except DAMAGE:
            self._damaged += 1
            return ()
        return tuple(place for (place,) in found if isinstance(place, int))

    def since(self, seq: int) -> Iterator[bytes]:
        """The ids of the HELD rows that arrived after `seq`, in order of arrival."""
        for _, id_ in self._chunks(_SINCE, seq):
            if isinstance(id_, bytes):
                yield id_

    def last_seq(self) -> int:
        """The highest arrival number ever assigned; 0 in a new store."""
        return self._last_seq

    def size_bytes(self) -> int:
        """Pages in use, in bytes: what is free inside the file is not counted."""
        pages = int(self._read("PRAGMA page_count", ())[0][0])
        unused = int(self._read("PRAGMA freelist_count", ())[0][0])
        return (pages - unused) * schema.PAGE_BYTES

    def commit(self, *group: Writes) -> None:
        """Make all of `group` durable, in order and at once, or nothing of it.

        Raises StoreFull where quota or disk have no room: what only removes finds room even on
        a full disk, by the ballast. After any other StoreError reopen the store: when the disk
        failed to sync, only a fresh look tells what it has.
        """
        if self._ballast.spent:  # somebody may have made room meanwhile
            self._arrange_ballast()
        failure = self._attempt(group)
        only_removes = not any(writes.rows or writes.chunks for writes in group)
        full = isinstance(failure, StoreFull) and self._ballast.disk_is_full()
        if only_removes and full and self._ballast.spend():
            self._arrange_ballast()
            failure = self._attempt(group)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Fold the WAL in and let go of the files."""
        self._reader.close()
        self._writer.close()

    def _attempt(self, group: tuple[Writes, ...]) -> StoreError | None:
        try:
            try:
                self._transact(group, replacing=False)
            except apsw.ConstraintError:  # some id is already there; rare, so found out this way
                self._transact(group, replacing=True)
        except apsw.FullError as error:
            return StoreFull(f"no room in {self._path}: {error}")
        except apsw.Error as error:
            if isinstance(error, apsw.IOError) and self._ballast.disk_is_full():
                return StoreFull(f"no room for {self._path}: {error}")
            return StoreError(f"{self._path}: {error}")
        return None

    def _transact(self, group: tuple[Writes, ...], replacing: bool) -> None:
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            last_seq, removed = self._apply(group, replacing)
            if removed:  # the rows that prove the highest number may be gone
                writer.execute(_SET_LAST, (last_seq,))
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise
        self._last_seq = last_seq

    def _apply(self, group: tuple[Writes, ...], replacing: bool) -> tuple[int, bool]:
        """Write a group; return the last number given, and whether rows may have been removed.

        Runs of writes that only add are inserted together, as one long list.
        """
        rows: list[tuple[Row, bytes | None]] = []
        last_seq = self._last_seq
        removed = replacing
        for writes in group:
            if writes.deletes or writes.states:
                last_seq = self._insert(rows, last_seq, replacing)
                rows = []
                self._delete(writes.deletes)
                self._change(writes.states)  # first, as it makes room for the rows
                removed = True
            rows.extend(writes.rows)
            if writes.chunks or (writes.states and writes.rows):
                last_seq = self._insert(rows, last_seq, replacing)
                rows = []
                self._change(writes.states)  # and again, as it may speak of those rows
                chunks = ((place, data, id_) for id_, place, data in writes.chunks)
                self._writer.executemany(_PUT_CHUNK, chunks)
        last_seq = self._insert(rows, last_seq, replacing)
        for writes in group:
            if writes.counters:
                values = ((c.signer, c.group, c.created_s, c.k) for c in writes.counters)
                self._writer.executemany(_RAISE_COUNTER, values)
            for key, value in writes.notes:
                if value is None:
                    self._writer.execute(_DELETE_NOTE, (key,))
                else:
                    self._writer.execute(_SET_NOTE, (key, value))
        return last_seq, removed

    def _insert(self, rows: list[tuple[Row, bytes | None]], last_seq: int, replacing: bool) -> int:
        """Insert rows numbered from `last_seq` + 1; return the last number given."""
        if not rows:
            return last_seq
        if replacing:
            last = {row.id: place for place, (row, _) in enumerate(rows)}
            rows = [pair for place, pair in enumerate(rows) if last[pair[0].id] == place]
            self._delete(tuple(last))
        values = []
        bodies = []
        for row, body in rows:
            last_seq += 1
            values.append(schema.row_values(last_seq, row))
            if body is not None:
                bodies.append((last_seq, _digest(body), body))
        self._writer.executemany(_INSERT_ROW, values)
        if bodies:
            self._writer.executemany(_INSERT_BODY, bodies)
        return last_seq

    def _delete(self, ids: tuple[bytes, ...]) -> None:
        if ids:
            keys = [(id_,) for id_ in ids]
            self._writer.executemany(_DELETE_CHUNKS, keys)
            self._writer.executemany(_DELETE_BODY, keys)
            self._writer.executemany(_DELETE_ROW, keys)

    def _change(self, states: tuple[tuple[bytes, State], ...]) -> None:
        if states:
            keys = [(id_,) for id_, _ in states]
            self._writer.executemany(_DELETE_CHUNKS, keys)
            self._writer.executemany(_DELETE_BODY, keys)
            self._writer.executemany(_SET_STATE, [(state, id_) for id_, state in states])

    def _read(self, sql: str, values: tuple[int | str | bytes, ...]) -> list[_Values]:
        try:
            return self._reader.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def _chunks(self, sql: str, seq: int) -> Iterator[_Values]:
        """All of a query by ascending seq, its first column, a chunk at a time."""
        while chunk := self._read(sql, (seq, _CHUNK_ROWS)):
            yield from chunk
            seq = chunk[-1][0]

    def _arrange_ballast(self) -> None:
        """Let the files grow up to the quota; not at all while the ballast is spent.

        Without it neither database nor WAL may eat what it has freed: deletes need that room.
        """
        tight = not self._ballast.restore() and self._ballast.disk_is_tight()
        pages = 1 if tight else self._budget.pages  # SQLite takes it as "no more than now"
        wal_pages = self._budget.wal_bytes // 2 // schema.PAGE_BYTES
        wal_pages = min(_SPENT_WAL_PAGES, wal_pages) if tight else wal_pages
        self._writer.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {wal_pages}").fetchall()

    def _take_from(self, moved_to: Path) -> None:
        """Copy what is readable of the damaged database at `moved_to` into this new one."""
        wreck = Wreck(moved_to)
        rows = bodies = chunks = counters = notes = 0
        complete = True
        try:
            self._last_seq = wreck.first_seq(int(moved_to.name.rpartition("-")[2]))
            self._writer.execute(_SET_LAST, (self._last_seq,)).fetchall()
            for writes in wreck.writes():
                self.commit(writes)
                rows += len(writes.rows)
                bodies += sum(body is not None for _, body in writes.rows)
                chunks += len(writes.chunks)
                counters += len(writes.counters)
                notes += len(writes.notes)
        except StoreFull:  # a smaller quota than before: the rest comes back from peers
            complete = False
        finally:
            wreck.close()
        self._salvage = Salvage(moved_to, rows, bodies, chunks, counters, notes, complete)


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=ID_BYTES).digest()


def _connect(path: Path, vfs: str | None) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
    connection.set_busy_timeout(_BUSY_MS)
    return connection


def _pragma(connection: apsw.Connection, text: str) -> Any:
    found = connection.execute(f"PRAGMA {text}").fetchall()
    return found[0][0] if found else None


def _prepare(writer: apsw.Connection, path: Path, budget: Budget) -> None:
    """Check what is there, or make it, and set the writer up."""
    writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # a damaged one stays as found
    try:
        application_id = _pragma(writer, "application_id")
        version = _pragma(writer, "user_version")
        tables = writer.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]
        new = not (application_id or version or tables)
        if not new and application_id != schema.APPLICATION_ID:
            raise StoreError(f"{path} is a database of another program; choose another file")
        if not new and version > schema.VERSION:
            raise StoreError(
                f"{path} was written by a newer Holub (its schema is {version}, this Holub's "
                f"{schema.VERSION}); update Holub, or choose another data directory"
            )
        if not new and _pragma(writer, "quick_check(1)") != "ok":
            raise _Damaged("quick_check found it inconsistent")
    except apsw.IOError as error:
        if getattr(error, "extendedresult", 0) in _UNREADABLE:
            raise _Damaged(str(error)) from error
        raise
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise _Damaged(str(error)) from error
    writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    if new:
        _pragma(writer, f"page_size = {schema.PAGE_BYTES}")
    if _pragma(writer, "journal_mode = WAL") != "wal":
        raise StoreError(f"{path}: no WAL on this file system; choose a local disk")
    if new:
        schema.create(writer)
    _pragma(writer, "synchronous = FULL")
    _pragma(writer, "mmap_size = 0")
    _pragma(writer, "temp_store = MEMORY")
    _pragma(writer, f"journal_size_limit = {budget.wal_bytes}")


def _move_aside(path: Path) -> Path:
    """Rename a damaged database, WAL included, to the next free .damaged-N; keep only that one.

    A flaky card may do this at every start: older ones must not fill the disk.
    """
    prefix = path.name + ".damaged-"
    older = [name for name in path.parent.iterdir() if name.name.startswith(prefix)]
    numbers = [name.name.removeprefix(prefix).removesuffix("-wal") for name in older]
    number = max((int(text) for text in numbers if text.isdecimal()), default=0) + 1
    moved_to = path.with_name(f"{prefix}{number}")
    path.rename(moved_to)
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        wal.rename(moved_to.with_name(moved_to.name + "-wal"))
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    for name in older:
        name.unlink(missing_ok=True)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return moved_to
