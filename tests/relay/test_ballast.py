"""A full disk: what the ballast makes possible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from holub_protocol.storage import StoreFull, Writes
from holub_relay.store import SqliteStore
from support_disk import QUOTA_BYTES, DiskVfs, FullDisk
from support_store import body_of, held, id_of

SUPPORT = Path(__file__).resolve().parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies, in a directory of its own."""
    directory = tmp_path / "data"
    directory.mkdir()
    return directory / "store.db"


class FullDiskStore:
    """A store of 2,000 messages on a disk that somebody else then fills."""

    def __init__(self, path: Path) -> None:
        """Make it; there is room yet, and no WAL, so that the next commit must grow one."""
        self.path = path
        self.ballast = path.with_name("store.db.ballast")
        self.disk = FullDisk(path.parent, 1 << 40)
        self.vfs = DiskVfs("full-disk", self.disk)
        self.store = self.open()
        self.store.commit(held(*range(2000), size=1000))
        self.reopen()

    def open(self) -> SqliteStore:
        """Open it on that disk."""
        return SqliteStore.open(self.path, QUOTA_BYTES, vfs="full-disk", free=self.disk.free)

    def reopen(self) -> None:
        """Close and open again."""
        self.store.close()
        self.store = self.open()

    def fill(self) -> None:
        """Take all the room there is."""
        self.disk.capacity_bytes -= self.disk.free(self.path.parent)

    def close(self) -> None:
        """Give room, and let go."""
        self.disk.capacity_bytes = 1 << 40
        self.store.close()
        self.vfs.unregister()


@pytest.fixture
def on_full_disk(path: Path) -> Iterator[FullDiskStore]:
    """Such a store, open."""
    made = FullDiskStore(path)
    yield made
    made.close()


def test_a_full_disk_still_deletes(on_full_disk: FullDiskStore) -> None:
    """On a full disk inserts fail, deletes work by the ballast, and then inserts work again."""
    store = on_full_disk.store
    assert on_full_disk.ballast.stat().st_size == QUOTA_BYTES // 16
    on_full_disk.fill()
    with pytest.raises(StoreFull):
        store.commit(held(5000, 5001, size=1000))
    store.commit(Writes(deletes=tuple(id_of(number) for number in range(1000))))
    assert not on_full_disk.ballast.exists()
    store.commit(held(5000, 5001, size=1000))
    assert store.get(id_of(5001)) == body_of(5001, 1000)
    for round_ in range(3):
        with suppress(StoreFull):  # only what deletes have freed is used again
            for number in range(2000):
                store.commit(held(10_000 * (round_ + 1) + number, size=1000))
        assert number < 1999
        oldest = [row.id for row in store.rows()][:200]
        store.commit(Writes(deletes=tuple(oldest)))


def test_a_full_disk_still_opens(on_full_disk: FullDiskStore) -> None:
    """After a restart on a full disk reading and deleting work as before."""
    on_full_disk.store.close()
    on_full_disk.fill()
    on_full_disk.store = on_full_disk.open()
    assert on_full_disk.store.get(id_of(7)) == body_of(7, 1000)
    on_full_disk.store.commit(Writes(deletes=(id_of(7),)))
    assert on_full_disk.store.get(id_of(7)) is None


def test_the_ballast_comes_back_with_room(on_full_disk: FullDiskStore) -> None:
    """Once the disk has room again the ballast is made anew and the store grows as before."""
    on_full_disk.fill()
    on_full_disk.store.commit(Writes(deletes=(id_of(1),)))
    on_full_disk.disk.capacity_bytes += QUOTA_BYTES
    on_full_disk.store.commit(held(*range(6000, 8000), size=1000))
    assert on_full_disk.ballast.stat().st_size == QUOTA_BYTES // 16


ON_TMPFS = """
import errno, sys
from pathlib import Path
from holub_protocol.storage import StoreFull, Writes
from holub_relay.store import SqliteStore
from support_store import held, id_of

path = Path(sys.argv[1], "store.db")
store = SqliteStore.open(path, 16 << 20)
store.commit(held(*range(2000), size=1000))
store.close()
with path.with_name("filler").open("wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC
store = SqliteStore.open(path, 16 << 20)
store.commit(Writes(deletes=tuple(id_of(number) for number in range(1000))))
store.commit(held(5000))
assert store.get(id_of(5000)) is not None
store.close()
"""


@pytest.mark.slow
def test_a_really_full_disk(path: Path) -> None:
    """The same on a real file system without a byte left, where even opening needs room."""
    inside = 'mount -t tmpfs -o size=24m none $0 && exec $1 -c "$2" $0'
    arguments = [str(path.parent), sys.executable, ON_TMPFS]
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("no user namespaces here to mount a tmpfs in")
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", inside, *arguments],
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_ballast_a_full_disk_cannot_delete(on_full_disk: FullDiskStore) -> None:
    """The ballast is what makes it work: without it even a delete has no room."""
    on_full_disk.store._ballast.spend()
    on_full_disk.fill()
    with pytest.raises(StoreFull):
        on_full_disk.store.commit(Writes(deletes=(id_of(1),)))
