"""Keys at rest: closed to others, strict to read, never shown."""

import os
from pathlib import Path

import pytest

from holub_crypto.identity import Identity
from holub_relay import keyfile
from holub_relay.errors import OperatorError
from holub_relay.keyfile import Lock
from holub_relay.passphrase import Cost, Passphrases

SEED = bytes(range(32))
LOCK = Lock("correct horse battery", os.urandom, Cost(1, 8))


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
        b"holub key 1 node\npublic " + b"0" * 64 + b"\n",
        b"holub key 1 node\nsealed x\npublic " + b"0" * 64 + b"\n",
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


def test_a_sealed_key_shows_its_public_half_only(tmp_path: Path) -> None:
    """The file has no seed, says whose it is without asking, and opens to its passphrase."""
    path = tmp_path / "root-1.key"
    keyfile.write(path, "mayor", SEED, LOCK)
    assert SEED.hex() not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    held = keyfile.read(path)
    assert (held.name, held.sealed) == ("mayor", True)
    assert held.public == Identity.from_seed(SEED).public == keyfile.public_of(str(path))
    assert keyfile.unlocked(path, Passphrases((LOCK.passphrase,))).seed == SEED
    with pytest.raises(OperatorError, match=r"root-1\.key has a passphrase"):
        keyfile.unlocked(path, Passphrases(("another one",)))


def test_a_seal_around_another_key_is_refused(tmp_path: Path) -> None:
    """Whoever may write the file cannot pass another key off under a known public half,
    nor make a reader take all its memory."""
    path, other = tmp_path / "a.key", tmp_path / "b.key"
    keyfile.write(path, "a", SEED, LOCK)
    keyfile.write(other, "b", bytes(32), LOCK)
    lines = [*path.read_text().splitlines()[:2], other.read_text().splitlines()[2]]
    known = Passphrases((LOCK.passphrase,))
    for seal in (lines[2], "sealed argon2id 1 999999999 00 00"):
        path.write_text("\n".join([*lines[:2], seal]) + "\n")
        with pytest.raises(OperatorError, match="is no key file"):
            keyfile.unlocked(path, known)


def test_a_passphrase_comes_and_goes(tmp_path: Path) -> None:
    """Rewriting changes the lock and keeps the key, the mode and the name."""
    keyfile.write(keyfile.path_of(tmp_path, "desk"), "desk", SEED)
    path = keyfile.path_of(tmp_path, "desk")
    for lock in (LOCK, None):
        keyfile.rewrite(path, "desk", SEED, lock)
        assert keyfile.read(path).sealed == (lock is not None)
        assert keyfile.load(tmp_path, "desk", Passphrases((LOCK.passphrase,))).seed == SEED
        assert path.stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in path.parent.iterdir()] == ["desk.key"]


def test_public_keys_are_read_from_what_people_send(tmp_path: Path) -> None:
    """64 digits, the public file or the key file itself; all else is named."""
    public = Identity.from_seed(SEED).public
    keyfile.write(tmp_path / "a.key", "a", SEED)
    keyfile.write_public(tmp_path / "a.pub", "a", public)
    for text in (public.hex(), public.hex().upper(), str(tmp_path / "a.key"), f"{tmp_path}/a.pub"):
        assert keyfile.public_of(text) == public
    (tmp_path / "junk").write_text("holub public key 1 a\npublic 00\n")
    for text in ("", "xyz", "ab" * 31, "nowhere.pub", str(tmp_path / "junk"), __file__, "\0"):
        with pytest.raises(OperatorError) as error:
            keyfile.public_of(text)
        assert error.value.code == 2
