"""The tables of a relay's store, and how a row of them becomes a `Row`."""

from collections.abc import Iterable
from typing import Any

import apsw

from holub_crypto.digest import ID_BYTES
from holub_protocol.storage import Row, State

APPLICATION_ID = 0x484F4C42
"""'HOLB' in the database header: a foreign file is recognised, and never moved aside."""

VERSION = 1
"""Number of this schema, in `user_version`. It rises with every change of the tables below."""

PAGE_BYTES = 4096
"""SQLite's page: the block of most flash cards and file systems."""

# `seq` is the rowid of all of message and body: rows lie in order of arrival and are appended.
# Expiry has no index: the node knows what expires. Bodies lie apart, so that start-up reads
# only what stays resident. Every table has rowids, for salvage walks along them.
TABLES = (
    """CREATE TABLE message (
        seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL,
        cls INTEGER NOT NULL, signer BLOB NOT NULL, authority INTEGER NOT NULL,
        created_s INTEGER NOT NULL, k INTEGER NOT NULL, expires_s INTEGER NOT NULL,
        area INTEGER NOT NULL, size_bytes INTEGER NOT NULL, state INTEGER NOT NULL,
        age_s INTEGER NOT NULL, received_s INTEGER NOT NULL, steady_s INTEGER NOT NULL,
        topic INTEGER NOT NULL) STRICT""",
    """CREATE TABLE body (
        seq INTEGER PRIMARY KEY, digest BLOB NOT NULL, bytes BLOB NOT NULL) STRICT""",
    # Chunks of payloads, by the seq of their manifest. The index alone answers which there are.
    """CREATE TABLE chunk (
        rowid INTEGER PRIMARY KEY, seq INTEGER NOT NULL, place INTEGER NOT NULL,
        bytes BLOB NOT NULL, UNIQUE (seq, place)) STRICT""",
    """CREATE TABLE counter (
        rowid INTEGER PRIMARY KEY, signer BLOB NOT NULL, topic TEXT NOT NULL,
        created_s INTEGER NOT NULL, k INTEGER NOT NULL, UNIQUE (signer, topic)) STRICT""",
    """CREATE TABLE note (
        rowid INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL) STRICT""",
    # The highest seq ever given, kept for when the rows that had it are gone.
    "CREATE TABLE sequence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT",
    "INSERT INTO sequence VALUES (1, 0)",
)

ROW_COLUMNS = (
    "seq, id, kind, cls, signer, authority, created_s, k, expires_s, area, size_bytes, state, "
    "age_s, received_s, steady_s, topic"
)
"""The columns of `message`, in the order of `row_from` and of what `row_values` gives."""

_STATES = tuple(State)


def create(connection: apsw.Connection) -> None:
    """Make all tables and the marks of the header in one transaction."""
    with connection:
        # One by one: execute() of several statements stops after the first that returns a row.
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def row_values(seq: int, row: Row) -> tuple[int | bytes, ...]:
    """A row as values for ROW_COLUMNS, numbered `seq`."""
    return (
        seq,
        row.id,
        row.kind,
        row.cls,
        row.signer,
        row.authority,
        row.created_s,
        row.k,
        row.expires_s,
        row.area,
        row.size_bytes,
        row.state,
        row.age_s,
        row.received_s,
        row.steady_s,
        row.topic,
    )


def row_from(values: tuple[Any, ...]) -> Row | None:
    """The row that ROW_COLUMNS hold; None if damage has made them something no row is."""
    seq, id_, kind, cls, signer, authority, created_s, k = values[:8]
    expires_s, area, size_bytes, state, age_s, received_s, steady_s, topic = values[8:]
    if not (isinstance(id_, bytes) and len(id_) == ID_BYTES):
        return None
    if not (isinstance(signer, bytes) and len(signer) == ID_BYTES):
        return None
    if not (isinstance(state, int) and 0 <= state < len(_STATES)):
        return None
    times = (created_s, expires_s, age_s, received_s, steady_s)
    numbers = (kind, cls, authority, k, area, size_bytes, topic)
    if not _all_int((*numbers, *times)) or not isinstance(seq, int):
        return None
    return Row(
        id_, kind, cls, signer, authority, created_s, k, expires_s, area, size_bytes,
        _STATES[state], age_s, received_s, steady_s, seq, topic,
    )  # fmt: skip


def _all_int(values: Iterable[object]) -> bool:
    return all(type(value) is int for value in values)
