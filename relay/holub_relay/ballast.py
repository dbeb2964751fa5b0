"""Room kept free by occupying it: what lets a store on a full disk still delete.

SQLite in WAL mode needs room to write before it can free any: on a really full disk DELETE and
the checkpoint fail alike, also after a restart (measured). A file that can be given up makes
that room.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path


def free_bytes(directory: Path) -> int:
    """What an unprivileged process may still write to the file system of `directory`."""
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize


class Ballast:
    """A file of `size_bytes` beside the store, given up when the disk is full."""

    def __init__(self, path: Path, size_bytes: int, free: Callable[[Path], int]) -> None:
        """Describe it; `restore` makes it. `free` tells the free bytes of a directory."""
        self._path = path
        self._size_bytes = size_bytes
        self._free = free
        self._impossible = False  # this file system can't reserve room: do without
        self._spent = not (path.exists() and path.stat().st_size == size_bytes)

    @property
    def spent(self) -> bool:
        """Whether it is given up, or was never made."""
        return self._spent

    def disk_is_full(self) -> bool:
        """Whether less is free than the ballast itself would need."""
        return self._free(self._path.parent) < self._size_bytes

    def spend(self) -> bool:
        """Give the file up; False if it already was."""
        if self._spent:
            return False
        self._path.unlink(missing_ok=True)
        self._spent = True
        return True

    def disk_is_tight(self) -> bool:
        """Whether under four times the ballast is free: too little to make it again.

        Four times: it must not itself be what fills the disk, to be given up a moment later.
        """
        return self._free(self._path.parent) < 4 * self._size_bytes

    def restore(self) -> bool:
        """Make the file again unless the disk is tight; tell whether it is there."""
        if not self._spent:
            return True
        if self._impossible or self.disk_is_tight():
            return False
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(descriptor, 0)
                os.posix_fallocate(descriptor, 0, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._path.unlink(missing_ok=True)
            self._impossible = error.errno != errno.ENOSPC
            return False
        self._spent = False
        return True
