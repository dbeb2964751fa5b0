"""Passphrases: what they seal opens to them only, and who is asked when."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from holub_relay import passphrase
from holub_relay.errors import OperatorError
from holub_relay.passphrase import Cost, Passphrases, SealError, seal, unseal

CHEAP = Cost(1, 8)
LONG = "correct horse battery"


def answers(*typed: str) -> tuple[Callable[[str], str], list[str]]:
    """A person who types these, and the questions that were asked."""
    rest, asked = list(typed), list[str]()

    def ask(question: str) -> str:
        asked.append(question)
        return rest.pop(0)

    return ask, asked


def test_only_the_passphrase_opens() -> None:
    """The secret comes back to its passphrase, to no other, and two seals of it differ."""
    line = seal(b"x" * 32, LONG, os.urandom, CHEAP)
    assert unseal(line, LONG) == b"x" * 32
    assert unseal(line, LONG + " ") is None
    assert line != seal(b"x" * 32, LONG, os.urandom, CHEAP)


def test_the_cost_is_that_of_the_argon2_recommendation() -> None:
    """64 MiB and four passes are more than RFC 9106's second choice (64 MiB, three passes)."""
    assert Cost(4, 65_536) == passphrase.COST
    assert seal(b"x" * 32, LONG, os.urandom).startswith("argon2id 4 65536 ")


@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_changed_part_opens_nothing(at: int) -> None:
    """Another memory, salt or box is a wrong passphrase, not the secret."""
    parts = seal(b"x" * 32, LONG, os.urandom, CHEAP).split(" ")
    parts[at] = "16" if at == 2 else ("0" if parts[at][0] != "0" else "1") + parts[at][1:]
    assert unseal(" ".join(parts), LONG) is None


@pytest.mark.parametrize(
    "line",
    ["", "argon2id", "scrypt 1 8 00 00", "argon2id 1 8 00 00", "argon2id x 8 00 00",
     f"argon2id 1 999999999 {'00' * 16} 00", f"argon2id 999 8 {'00' * 16} 00",
     f"argon2id 1 8 {'zz' * 16} 00"],
)  # fmt: skip
def test_hostile_lines_cost_nothing(line: str) -> None:
    """What is no seal, or would take all the memory there is, is refused before any work."""
    with pytest.raises(SealError):
        unseal(line, LONG)


def test_one_passphrase_is_asked_for_once() -> None:
    """Three keys under one passphrase take one question; a typing mistake costs another."""
    ask, asked = answers("wrong", LONG)
    keys = Passphrases(ask=ask)
    for number in range(3):
        line = seal(bytes([number]), LONG, os.urandom, CHEAP)
        assert keys.open(Path("desk.key"), line) == bytes([number])
    assert asked == ["Passphrase of desk.key: "] * 2


def test_wrong_passphrases_end() -> None:
    """After three the file is named; where nobody can be asked the ways to give one are."""
    line = seal(b"x", LONG, os.urandom, CHEAP)
    with pytest.raises(OperatorError, match=r"3 wrong passphrases for desk\.key"):
        Passphrases(ask=lambda _: "wrong").open(Path("desk.key"), line)
    with pytest.raises(OperatorError, match=r"desk\.key has a passphrase: .*HOLUB_PASSPHRASE_FILE"):
        Passphrases().open(Path("desk.key"), line)
    with pytest.raises(OperatorError, match="that the 1 given do not open"):
        Passphrases(("wrong",)).open(Path("desk.key"), line)


def test_a_new_passphrase_is_typed_twice_and_long() -> None:
    """Short ones and typing mistakes make no file; a script's is taken as it is."""
    for typed, told in ((("short",), "5 characters"), ((LONG, LONG + "x"), "differ")):
        ask, _ = answers(*typed)
        with pytest.raises(OperatorError, match=told):
            Passphrases(ask=ask).new("a.key")
    ask, asked = answers(LONG, LONG)
    assert Passphrases(ask=ask).new("a.key") == LONG
    assert "a.key" in asked[0]
    assert Passphrases((LONG,)).new("a.key") == LONG
    with pytest.raises(OperatorError, match="needs a passphrase: type it"):
        Passphrases().new("a.key")


def test_a_passphrase_file_is_its_owners(tmp_path: Path) -> None:
    """One a line; a file that others may read, an empty, a binary or a missing one is named."""
    path = tmp_path / "pw"
    for content, mode, told in (
        (LONG, 0o644, "chmod 600"),
        ("", 0o600, "holds no passphrase"),
        ("x" * 5000, 0o600, "holds no passphrase"),
        ("\udcff", 0o600, "no text"),
    ):
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
        path.chmod(mode)
        with pytest.raises(OperatorError, match=told):
            Passphrases.of_file(path)
    path.write_text(f"first of two\n{LONG}\n")
    line = seal(b"x", LONG, os.urandom, CHEAP)
    assert Passphrases.of_file(path).open(Path("a.key"), line) == b"x"
    with pytest.raises(OperatorError, match="can't read the passphrase file"):
        Passphrases.of_file(tmp_path / "none")


def test_scripts_name_a_file_and_nobody_is_asked_without_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's file is used; without it and without a terminal, nothing waits."""
    path = tmp_path / "pw"
    path.write_text(LONG)
    path.chmod(0o600)
    line = seal(b"x", LONG, os.urandom, CHEAP)
    monkeypatch.setenv(passphrase.FILE_VARIABLE, str(path))
    assert Passphrases.of_machine().open(Path("a.key"), line) == b"x"
    monkeypatch.delenv(passphrase.FILE_VARIABLE)
    monkeypatch.setattr("sys.stdin", io.StringIO(LONG))
    with pytest.raises(OperatorError, match="has a passphrase"):
        Passphrases.of_machine().open(Path("a.key"), line)
