"""Stores on disks that fail: VFSes that lose power or have no room, pages that are ruined."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import apsw

from holub_relay import schema
from holub_relay.store import SqliteStore

SECTOR_BYTES = 512
QUOTA_BYTES = 16 << 20


class PowerCut:
    """What a disk holds for certain, and what only its cache has, for every file written.

    After `cut_after` more writes each write fails: the power is gone. `crashed` then makes the
    files as they may be found: every write since the file's last sync lost, kept, torn at a
    sector or out of order, as `rng` has it.
    """

    def __init__(self, rng: random.Random, cut_after: int) -> None:
        """Start with power on and no files."""
        self._rng = rng
        self._left = cut_after
        self._synced: dict[str, bytearray] = {}
        self._cached: dict[str, list[tuple[int, bytes]]] = {}

    @property
    def dead(self) -> bool:
        """Whether the power is gone."""
        return self._left <= 0

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Take a write into the cache; the last before the cut may get there in part."""
        if self.dead:
            raise apsw.IOError("no power")
        self._left -= 1
        sectors = self._cached.setdefault(name, [])
        for start in range(0, len(data), SECTOR_BYTES):
            sectors.append((offset + start, data[start : start + SECTOR_BYTES]))
        if self.dead:
            raise apsw.IOError("the power goes")

    def sync(self, name: str) -> None:
        """Make certain what the cache has of a file."""
        if self.dead:
            raise apsw.IOError("no power")
        image = self._synced.setdefault(name, bytearray())
        for offset, data in self._cached.pop(name, []):
            _put(image, offset, data)

    def truncate(self, name: str, size: int) -> None:
        """Cut a file; taken as certain at once, for SQLite relies on it nowhere in WAL mode."""
        if self.dead:
            raise apsw.IOError("no power")
        self.sync(name)
        del self._synced[name][size:]

    def delete(self, name: str) -> None:
        """Remove a file; certain at once, as SQLite syncs the directory where it matters."""
        if self.dead:
            raise apsw.IOError("no power")
        self._synced.pop(name, None)
        self._cached.pop(name, None)

    def crashed(self, directory: Path) -> None:
        """Write the files as a restart may find them."""
        for name in sorted({*self._synced, *self._cached}):
            image = bytearray(self._synced.get(name, b""))
            sectors = self._cached.get(name, [])
            kept = self._rng.sample(sectors, self._rng.randint(0, len(sectors)))
            for offset, data in kept:
                _put(image, offset, data)
            (directory / name).write_bytes(image)


class FullDisk:
    """A disk of `capacity_bytes`, in a directory whose every file counts."""

    def __init__(self, directory: Path, capacity_bytes: int) -> None:
        """Watch a directory."""
        self._directory = directory
        self.capacity_bytes = capacity_bytes

    def free(self, _: Path) -> int:
        """Bytes that may still be written; the WAL's index lies in memory and is not counted."""
        files = (path for path in self._directory.iterdir() if not path.name.endswith("-shm"))
        return self.capacity_bytes - sum(path.stat().st_size for path in files)

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Refuse a write that makes a file longer than there is room."""
        path = self._directory / name
        grows = offset + len(data) - (path.stat().st_size if path.exists() else 0)
        if grows > 0 and grows > self.free(self._directory):
            raise apsw.FullError("no room on the disk")

    def sync(self, name: str) -> None:
        """Nothing to fail."""

    def truncate(self, name: str, size: int) -> None:
        """Nothing to fail."""

    def delete(self, name: str) -> None:
        """Nothing to fail."""


class _Quiet:
    def excepthook(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        etraceback: TracebackType | None,
    ) -> bool:
        """A failing disk is what is meant: nothing to report."""
        return True


class DiskVfs(_Quiet, apsw.VFS):
    """SQLite's own VFS, with every write, sync and truncation told to a disk first."""

    def __init__(self, name: str, disk: PowerCut | FullDisk) -> None:
        """Register it under `name`; `unregister` it in the end."""
        self.disk = disk
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Open a file through the disk."""
        return _File(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete a file through the disk."""
        self.disk.delete(Path(filename).name)
        super().xDelete(filename, syncdir)


class _File(_Quiet, apsw.VFSFile):
    def __init__(
        self, disk: PowerCut | FullDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self.disk = disk
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.name = Path(text or "temporary").name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.write(self.name, offset, bytes(data))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self.disk.sync(self.name)
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:
        self.disk.truncate(self.name, size)
        super().xTruncate(size)


def _put(image: bytearray, offset: int, data: bytes) -> None:
    if len(image) < offset + len(data):
        image.extend(bytes(offset + len(data) - len(image)))
    image[offset : offset + len(data)] = data


@contextmanager
def opened(path: Path, quota_bytes: int = QUOTA_BYTES) -> Iterator[SqliteStore]:
    """The store, closed in the end."""
    store = SqliteStore.open(path, quota_bytes)
    try:
        yield store
    finally:
        store.close()


def pages_of(path: Path, table: str) -> list[int]:
    """Numbers of the pages that a table or index occupies, leaves first to last."""
    connection = apsw.Connection(str(path))
    sql = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path"
    found = [int(page) for (page,) in connection.execute(sql, (table,))]
    connection.close()
    return found


def ruin(path: Path, page: int) -> None:
    """Overwrite a page with what no page is."""
    with path.open("r+b") as file:
        file.seek((page - 1) * schema.PAGE_BYTES)
        file.write(b"\xa5" * schema.PAGE_BYTES)
