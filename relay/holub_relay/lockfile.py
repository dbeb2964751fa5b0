"""One process per data directory: two daemons on one store would use the same counters twice."""

import fcntl
import os
from pathlib import Path
from typing import Self

from holub_relay.closing import Closing


class DataDirError(Exception):
    """The data directory can't be used; the text says why and what to do."""


class DataDirBusy(DataDirError):
    """Another process holds the data directory."""


class DataLock(Closing):
    """Holds `DIR/lock` while entered; the kernel lets go of it when the process dies.

    The file is never removed: whoever had just opened it would lock a file nobody else sees.
    """

    def __init__(self, directory: Path) -> None:
        """Name the directory; entering makes it (mode 0700) if need be, and locks it."""
        self._directory = directory
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock, or raise DataDirBusy, or DataDirError where there can be no such file."""
        path = self._directory / "lock"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirError(
                f"data directory {self._directory}: {error.strerror} ({error.filename}); "
                "choose a directory that this user may write"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise DataDirBusy(
                f"data directory {self._directory} is in use by process {holder or 'unknown'}; "
                "stop that one, or choose another directory"
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise DataDirError(
                f"data directory {self._directory}: can't lock {path}: {error.strerror}; "
                "choose a directory on a local disk"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def close(self) -> None:
        """Let go of the lock."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
