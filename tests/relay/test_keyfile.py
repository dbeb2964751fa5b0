"""Keys at rest: closed to others, strict to read, never shown."""

import os
from pathlib import Path

import pytest

from holub_relay import keyfile
from holub_relay.errors import OperatorError


def test_a_key_comes_back_as_it_was_made(tmp_path: Path) -> None:
    """Create and load agree, and the file is its owner's alone from the start."""
    made = keyfile.create(tmp_path, "node", os.urandom)
    assert keyfile.load(tmp_path, "node").seed == made.seed
    assert keyfile.path_of(tmp_path, "node").stat().st_mode & 0o777 == 0o600
    assert keyfile.path_of(tmp_path, "node").parent.stat().st_mode & 0o777 == 0o700


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """A second create of one name refuses and leaves the first key."""
    first = keyfile.create(tmp_path, "desk", os.urandom)
    with pytest.raises(OperatorError, match=r"exists already; move it away"):
        keyfile.create(tmp_path, "desk", os.urandom)
    assert keyfile.load(tmp_path, "desk").seed == first.seed


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Any permission of group or others is refused, with the command that mends it."""
    keyfile.create(tmp_path, "node", os.urandom)
    keyfile.path_of(tmp_path, "node").chmod(mode)
    with pytest.raises(OperatorError, match=r"chmod 600 .*node\.key"):
        keyfile.load(tmp_path, "node")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"holub key 1 node\n",
        b"holub key 1 node\nseed 00ff\n",
        b"holub key 2 node\nseed " + b"0" * 64,
        b"holub key 1 node\nsade " + b"0" * 64,
        b"holub key 1 node\nseed " + b"g" * 64,
        b"holub key 1 node\nseed " + b"0" * 64 + b"\nmore",
        b"\xff\xfe" * 40,
        b"A" * 100_000,
    ],
)
def test_hostile_key_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """Truncated, wrong, binary and endless files get one clear error that shows no content."""
    keyfile.create(tmp_path, "node", os.urandom)
    keyfile.path_of(tmp_path, "node").write_bytes(content)
    with pytest.raises(OperatorError, match="is no key file") as error:
        keyfile.load(tmp_path, "node")
    assert "AAAA" not in str(error.value)


def test_a_missing_key_is_none_or_an_error(tmp_path: Path) -> None:
    """`find` answers None, `load` names the file."""
    assert keyfile.find(tmp_path, "desk") is None
    with pytest.raises(OperatorError, match=r"desk\.key"):
        keyfile.load(tmp_path, "desk")
