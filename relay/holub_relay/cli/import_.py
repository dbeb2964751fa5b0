"""`holub import`: take in what a file brings, by the gate that every message takes."""

import os
import stat
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from holub_protocol import bundle
from holub_protocol.bundle import BundleReader, Record, Report
from holub_protocol.limits import MESSAGE_BYTES
from holub_protocol.refusal import Refusal
from holub_relay import base45
from holub_relay.cli.shared import data_option, json_option, print_json, told
from holub_relay.client import Client
from holub_relay.errors import Exit, OperatorError
from holub_relay.files import FILE_BYTES_MAX, KNOWN, RECORDS_MAX, TAKEN

READ_BYTES: Final = 65_536
BLOCK_BYTES: Final = 4096
"""Where a piece can't be read, its blocks of 4 KiB are read one by one: the unit in which disks
and sticks fail."""

BAD_BLOCKS_MAX: Final = 64
"""Unreadable blocks before the rest is given up: a kernel may try each for seconds, and of a stick
that was pulled out every block fails."""

BATCH_BYTES: Final = 24 * 1024
"""Messages in one request: in hexadecimal 48 KiB of the 64 KiB that a request may have."""

PASSES_MAX: Final = 4
"""How often what lacked its chain is offered: a chain has at most 4 grants, and files that we
write have it first. Only a file that others have put together needs a second pass."""

AGAIN_MAX: Final = 100_000
"""Places remembered for a later pass, 8 bytes each: a store has as many messages; a gigabyte of
messages by unknown keys costs no more memory than this."""

QR_TEXT_MAX: Final = 6144
"""Characters of base45 that the largest message, 4096 bytes, has."""

_AGAIN: Final = (Refusal.UNKNOWN_SIGNER.token, Refusal.CHARTER_AHEAD.token)
_LATER: Final = tuple(reason.token for reason in Refusal if not reason.final)


@dataclass(slots=True)
class Tally:
    """What came of the records: taken by kind, known before, refused by reason; of those whose
    chain may still come the places in the file, and how many they are by reason."""

    taken: dict[str, int] = field(default_factory=dict)
    known: int = 0
    final: dict[str, int] = field(default_factory=dict)
    again: "array[int]" = field(default_factory=lambda: array("Q"))
    waiting: dict[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> dict[str, int]:
        """How many were refused, by reason in order of name."""
        names = sorted({*self.final, *self.waiting})
        return {name: self.final.get(name, 0) + self.waiting.get(name, 0) for name in names}

    def add(self, outcome: str, kind: str | None, offset: int, first: bool) -> None:
        """Count one; what is known only on a later pass came in by itself since the first."""
        if outcome == TAKEN or (outcome == KNOWN and not first):
            _count(self.taken, kind or "?")
        elif outcome == KNOWN:
            self.known += 1
        elif outcome in _AGAIN and len(self.again) < AGAIN_MAX:
            _count(self.waiting, outcome)
            self.again.append(offset)
        else:
            _count(self.final, outcome)

    def retry(self) -> "array[int]":
        """Return the places to offer again, and forget what became of them."""
        places, self.again, self.waiting = self.again, array("Q"), {}
        return places


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


class FileReader:
    """A file in pieces, past blocks that can't be read. `pread(descriptor, count, offset)`."""

    def __init__(
        self,
        descriptor: int,
        size_bytes: int,
        pread: Callable[[int, int, int], bytes] = os.pread,
    ) -> None:
        """Read the first `size_bytes` of an open file."""
        self._descriptor, self._size_bytes, self._pread = descriptor, size_bytes, pread
        self.bad_blocks = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield the file, zeros where it can't be read, up to BAD_BLOCKS_MAX of these."""
        offset = 0
        while offset < self._size_bytes and self.bad_blocks < BAD_BLOCKS_MAX:
            count = min(READ_BYTES, self._size_bytes - offset)
            for piece in self._piece(offset, count):
                if not piece:
                    return
                offset += len(piece)
                yield piece

    def record(self, offset: int) -> Record | None:
        """Return the record that begins at `offset`, if it is still there."""
        reader = BundleReader()
        for piece in self._piece(offset, bundle.RECORD_BYTES):
            reader.feed(piece)
        reader.close()
        return reader.next()

    def _piece(self, offset: int, count: int) -> Iterator[bytes]:
        try:
            yield self._pread(self._descriptor, count, offset)
            return
        except OSError:
            pass
        for start in range(offset, offset + count, BLOCK_BYTES):
            size = min(BLOCK_BYTES, offset + count - start)
            try:
                yield self._pread(self._descriptor, size, start)
            except OSError:
                self.bad_blocks += 1
                if self.bad_blocks >= BAD_BLOCKS_MAX:
                    return
                yield bytes(size)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@data_option
@click.option("--qr-text", help="Take in one message, as its QR code reads; - reads it from stdin.")
@json_option
@told
def import_(file: Path | None, data: Path, qr_text: str | None, as_json: bool) -> None:
    """Take in the messages of FILE that `holub export` has written, however damaged it is."""
    if (file is None) == (qr_text is None):
        raise OperatorError("import needs FILE or --qr-text TEXT, one of them", Exit.USAGE)
    if file is None:
        _import_qr(data, str(qr_text), as_json)
        return
    with opened(file) as reader, Client(data) as client:
        tally, report = take_in(client, reader)
    if not report.good:
        raise OperatorError(f"{file} has no intact record: it is no export, or damaged throughout")
    if as_json:
        print_json(
            {
                "file": str(file),
                "intact": report.good,
                "damaged": report.damaged,
                "skipped_bytes": report.skipped_bytes,
                "missing": report.missing,
                "complete": report.ended,
                "unreadable_blocks": reader.bad_blocks,
                "taken": tally.taken,
                "known": tally.known,
                "refused": tally.refused,
            }
        )
        return
    for line in lines(file, tally, report, reader.bad_blocks):
        click.echo(line)


def lines(file: Path, tally: Tally, report: Report, bad_blocks: int) -> list[str]:
    """Return what to tell about an import."""
    out = [f"read {file}: {report.good} messages intact"]
    if report.damaged:
        out.append(f"damaged: {report.damaged} places, {report.skipped_bytes} bytes skipped")
    if bad_blocks:
        out.append(f"unreadable: {bad_blocks} blocks of {BLOCK_BYTES} bytes")
    if report.missing:
        out.append(f"missing: {report.missing} of those that the file had")
    if not report.ended:
        out.append("the file is cut short: its end is missing; get it again if you can")
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.taken.items()))
    out.append(f"taken {sum(tally.taken.values())}{f' ({kinds})' if kinds else ''}")
    out.append(f"known before {tally.known}")
    if tally.refused:
        reasons = ", ".join(f"{name} {count}" for name, count in tally.refused.items())
        out.append(f"refused {sum(tally.refused.values())}: {reasons}")
    if any(name in _LATER for name in tally.refused):
        later = ", ".join(sorted(name for name in tally.refused if name in _LATER))
        out.append(f"import the file again later: it may bring what is {later} now")
    if Refusal.CHARTER.token in tally.refused:
        out.append("a charter in the file is none of this realm's: it may come from another one")
    return out


@contextmanager
def opened(file: Path) -> Iterator[FileReader]:
    """Open a plain file of at most FILE_BYTES_MAX; OperatorError for anything else.

    A stick that was found may hold a link to a device that never ends, or a pipe that hangs.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        mode = file.lstat().st_mode  # before opening: to open some devices is to act on them
        if not stat.S_ISREG(mode):
            raise OperatorError(
                f"{file} is {_called(mode)}, not a plain file: name the file itself"
            )
        descriptor = os.open(file, flags)
    except OSError as error:
        code = Exit.NOT_FOUND if isinstance(error, FileNotFoundError) else Exit.FAILED
        raise OperatorError(f"can't read {file}: {error.strerror}", code) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OperatorError(f"{file} has just become {_called(found.st_mode)}")
        if found.st_size > FILE_BYTES_MAX:
            raise OperatorError(
                f"{file} has {found.st_size} bytes; exports have at most {FILE_BYTES_MAX}"
            )
        yield FileReader(descriptor, found.st_size)
    finally:
        os.close(descriptor)


def _called(mode: int) -> str:
    for is_kind, name in (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if is_kind(mode):
            return name
    return "a device"


def take_in(client: Client, file: FileReader) -> tuple[Tally, Report]:
    """Offer every intact record in order; then again those that lacked what came after them."""
    reader, tally = BundleReader(), Tally()
    _offer(client, _records(reader, file), tally, first=True)
    for _ in range(PASSES_MAX - 1):
        before = sum(tally.taken.values())
        if not tally.again or not before:
            break
        found = (file.record(offset) for offset in tally.retry())
        _offer(client, (record for record in found if record is not None), tally, first=False)
        if sum(tally.taken.values()) == before:
            break
    return tally, reader.report()


def _records(reader: BundleReader, file: FileReader) -> Iterator[Record]:
    for piece in file.pieces():
        reader.feed(piece)
        while (record := reader.next()) is not None:
            yield record
    reader.close()
    while (record := reader.next()) is not None:
        yield record


def _offer(client: Client, records: Iterator[Record], tally: Tally, first: bool) -> None:
    batch: list[Record] = []
    size_bytes = 0
    for record in records:
        if len(batch) >= RECORDS_MAX or size_bytes + len(record.raw) > BATCH_BYTES:
            _send(client, batch, tally, first)
            batch, size_bytes = [], 0
        batch.append(record)
        size_bytes += len(record.raw)
    if batch:
        _send(client, batch, tally, first)


def _send(client: Client, batch: list[Record], tally: Tally, first: bool) -> None:
    records = [[record.raw.hex(), record.age_s] for record in batch]
    answer = client.call({"do": "import", "records": records})
    for record, (outcome, kind) in zip(batch, answer["outcomes"], strict=True):
        tally.add(outcome, kind, record.offset, first)


def _import_qr(data: Path, text: str, as_json: bool) -> None:
    if text == "-":
        text = sys.stdin.buffer.read(QR_TEXT_MAX + 2).decode("ascii", "replace")
    text = text.strip("\r\n")  # a space belongs to base45
    if len(text) > QR_TEXT_MAX:
        raise OperatorError(
            f"--qr-text has over {QR_TEXT_MAX} characters: no message has", Exit.USAGE
        )
    try:
        raw = base45.decode(text)
    except ValueError as error:
        raise OperatorError(f"--qr-text: {error}; give the whole text of one code") from None
    if not 0 < len(raw) <= MESSAGE_BYTES:
        raise OperatorError(f"--qr-text: a message of {len(raw)} bytes", Exit.USAGE)
    with Client(data) as client:
        answer = client.call({"do": "import", "records": [[raw.hex(), 0]]})
    ((outcome, kind),) = answer["outcomes"]
    if outcome not in (TAKEN, KNOWN):
        raise OperatorError(f"refused: {outcome}")
    if as_json:
        print_json({"outcome": outcome, "kind": kind})
        return
    click.echo(f"{outcome}: {kind}")
