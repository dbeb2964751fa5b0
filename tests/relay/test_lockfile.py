"""One process per data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from holub_relay.lockfile import DataDirBusy, DataDirError, DataLock

HOLDER = """
import sys
from pathlib import Path
from holub_relay.lockfile import DataLock
with DataLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_told_who_and_where(tmp_path: Path) -> None:
    """The second one gets an error naming the first one's process and the directory."""
    with DataLock(tmp_path), pytest.raises(DataDirBusy) as caught, DataLock(tmp_path):
        pass
    assert f"{tmp_path} is in use by process {os.getpid()}" in str(caught.value)


def test_a_released_directory_is_free(tmp_path: Path) -> None:
    """Leaving lets go, and the same lock may be taken again; the file stays, empty."""
    lock = DataLock(tmp_path)
    for _ in range(2):
        with lock:
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
        assert (tmp_path / "lock").read_text() == ""


def test_a_refused_holder_leaves_the_first_one_locked(tmp_path: Path) -> None:
    """A failed attempt does not break the lock that it met."""
    with DataLock(tmp_path):
        for _ in range(2):
            with pytest.raises(DataDirBusy), DataLock(tmp_path):
                pass


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    """The lock of another process holds, names it, and dies with it: nothing to clean up."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(DataDirBusy, match=f"process {process.pid};"), DataLock(tmp_path):
            pass
        process.kill()
        process.wait()
    with DataLock(tmp_path):
        pass


def test_the_directory_is_made_private(tmp_path: Path) -> None:
    """A missing directory is made, closed to other users: keys will lie in it."""
    with DataLock(tmp_path / "a" / "data"):
        assert (tmp_path / "a" / "data").stat().st_mode & 0o777 == 0o700


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    """What can't be a data directory is named, with what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match=r"file: File exists .* choose a directory"):
        DataLock(tmp_path / "file").__enter__()
