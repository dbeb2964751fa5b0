"""`holub key`: making, showing and locking key files without a realm."""

from pathlib import Path

import pytest

from holub_relay import keyfile
from holub_relay.passphrase import FILE_VARIABLE
from support_relay import daemon, made, ok, ok_json, run


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with a passphrase."""
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery\n")
    path.chmod(0o600)
    return path


def test_a_new_key_is_sealed_and_its_public_half_is_for_all(tmp_path: Path, secret: Path) -> None:
    """Both files and the words are named; showing either asks for nothing and draws a code."""
    file = tmp_path / "mayor.key"
    text = ok("key", "new", file, "--passphrase-file", secret)
    assert keyfile.read(file).sealed
    shown = ok_json("key", "show", file)
    assert shown == ok_json("key", "show", tmp_path / "mayor.pub")
    assert shown["public"] in text
    assert shown["words"] in text
    assert len(shown["words"].split()) == 8
    assert "█" in ok("key", "show", file)
    again = run("key", "new", file, "--no-passphrase")
    assert (again.exit_code, "exists already" in again.output) == (1, True)


def test_without_a_passphrase_or_a_word_for_none_nothing_is_made(tmp_path: Path) -> None:
    """A script that forgot it is told the three ways; a name is checked too."""
    result = run("key", "new", tmp_path / "a.key")
    assert result.exit_code == 2
    assert "--no-passphrase" in result.output
    assert run("key", "new", tmp_path / "a.key", "--name", "Мер").exit_code == 2
    assert not (tmp_path / "a.key").exists()
    made_key = ok_json("key", "new", tmp_path / "a.key", "--no-passphrase")
    assert not keyfile.read(Path(made_key["file"])).sealed


def test_a_relay_with_locked_keys_asks_its_passphrase_file(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked by `holub key passphrase`, a relay starts with --passphrase-file, commands work by
    the environment's, and both say what is missing without."""
    data = made(tmp_path)
    for name in ("node", "desk", "registrar"):
        file = data / "keys" / f"{name}.key"
        ok("key", "passphrase", file, "--new-passphrase-file", secret)
    result = run("status", "--data", data)
    assert result.exit_code == 1
    assert "node.key has a passphrase" in result.output
    with daemon(data, "--no-discovery", "--passphrase-file", str(secret)) as running:
        assert running.status()["daemon"]
    monkeypatch.setenv(FILE_VARIABLE, str(secret))
    assert ok_json("status", "--data", data)["daemon"] is None
    ok("key", "passphrase", data / "keys" / "node.key", "--remove")
    assert not keyfile.read(data / "keys" / "node.key").sealed


def test_removing_takes_no_new_one(tmp_path: Path, secret: Path) -> None:
    """Contradictory options are told and change nothing."""
    ok("key", "new", tmp_path / "a.key", "--no-passphrase")
    file = tmp_path / "a.key"
    result = run("key", "passphrase", file, "--remove", "--new-passphrase-file", secret)
    assert result.exit_code == 2
    assert not keyfile.read(file).sealed
