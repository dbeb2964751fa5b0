"""Passphrases over key files: Argon2id (RFC 9106) makes a key of one, and a secretbox the lock.

Whoever takes a sealed file has to guess, at a quarter of a second and 64 MiB a guess; whoever
takes a machine that runs has the keys in its memory.
"""

import getpass
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nacl.exceptions
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from holub_relay.errors import Exit, OperatorError

FILE_VARIABLE: Final = "HOLUB_PASSPHRASE_FILE"
"""The environment variable that names a file of passphrases, for scripts."""

CHARACTERS_MIN: Final = 12
"""Twelve random letters are 56 bits: at 1,000 guesses a second two million years. A machine
cannot tell random from not, so this only stops the emptiest."""

TRIES: Final = 3
_FILE_BYTES_MAX: Final = 4096
_OPERATIONS_MAX: Final = 64
_MEMORY_KIB_MAX: Final = 1 << 20  # a key file from elsewhere may not ask for all of the memory
_NAME: Final = "argon2id"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: passes over the memory, and its size."""

    operations: int
    memory_kib: int


COST: Final = Cost(4, 65_536)
"""0.25 s on a small computer, and it fits into one with 512 MiB."""


class SealError(ValueError):
    """The text is no sealed secret."""


def seal(secret: bytes, passphrase: str, entropy: Callable[[int], bytes], cost: Cost = COST) -> str:
    """Return one line of text that gives `secret` back to whoever knows the passphrase."""
    salt, nonce = entropy(argon2id.SALTBYTES), entropy(SecretBox.NONCE_SIZE)
    box = SecretBox(_key(passphrase, salt, cost)).encrypt(secret, nonce)
    return f"{_NAME} {cost.operations} {cost.memory_kib} {salt.hex()} {bytes(box).hex()}"


def unseal(line: str, passphrase: str) -> bytes | None:
    """Return the secret, None for a wrong passphrase; SealError for a line that is none."""
    try:
        name, operations, memory_kib, salt_text, box_text = line.split(" ")
        cost = Cost(int(operations), int(memory_kib))
        salt, box = bytes.fromhex(salt_text), bytes.fromhex(box_text)
    except ValueError:
        raise SealError("not five words") from None
    good_cost = 1 <= cost.operations <= _OPERATIONS_MAX and 8 <= cost.memory_kib <= _MEMORY_KIB_MAX
    if name != _NAME or not good_cost or len(salt) != argon2id.SALTBYTES:
        raise SealError("another way of sealing, or one that costs too much")
    try:
        return SecretBox(_key(passphrase, salt, cost)).decrypt(box)
    except (nacl.exceptions.CryptoError, ValueError):
        return None


def _key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    return argon2id.kdf(
        SecretBox.KEY_SIZE, passphrase.encode(), salt, cost.operations, cost.memory_kib << 10
    )


class Passphrases:
    """Opens sealed secrets, by the passphrases that it knows or by asking for one."""

    def __init__(
        self, known: tuple[str, ...] = (), ask: Callable[[str], str] | None = None
    ) -> None:
        """`ask` shows a question and returns what was typed; None where nobody can be asked."""
        self._known = list(known)
        self._ask = ask

    @classmethod
    def of_file(cls, path: Path) -> "Passphrases":
        """Read a file with one passphrase a line; OperatorError where others may read it."""
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                content = file.read(_FILE_BYTES_MAX + 1).decode()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise OperatorError(f"can't read the passphrase file {path}: {reason}") from None
        mode = status.st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise OperatorError(
                f"passphrase file {path} may be read by others (mode {stat.S_IMODE(mode):04o}); "
                f"run `chmod 600 {path}`"
            )
        lines = tuple(line for line in content.splitlines() if line)
        if not lines or len(content) > _FILE_BYTES_MAX:
            raise OperatorError(f"{path} holds no passphrase: it needs one a line")
        return cls(lines)

    @classmethod
    def of_machine(cls) -> "Passphrases":
        """Take those of the file that the environment names, else ask at the terminal."""
        named = os.environ.get(FILE_VARIABLE)
        if named:
            return cls.of_file(Path(named))
        return cls(ask=getpass.getpass if sys.stdin.isatty() else None)

    def open(self, path: Path, line: str) -> bytes:
        """Return the secret of the sealed line in `path`; OperatorError without its passphrase."""
        for passphrase in self._known:
            secret = unseal(line, passphrase)
            if secret is not None:
                return secret
        if self._ask is None:
            tried = f" that the {len(self._known)} given do not open" if self._known else ""
            raise OperatorError(
                f"key file {path} has a passphrase{tried}: give it by --passphrase-file FILE where "
                f"the command has it, by {FILE_VARIABLE}=FILE, or at a terminal"
            )
        for _ in range(TRIES):
            passphrase = self._ask(f"Passphrase of {path}: ")
            secret = unseal(line, passphrase)
            if secret is not None:
                self._known.append(passphrase)
                return secret
        raise OperatorError(f"{TRIES} wrong passphrases for {path}")

    def new(self, what: str) -> str:
        """Return a passphrase for a new file: the first that is known, or one asked for twice."""
        if self._ask is None:
            if not self._known:
                raise OperatorError(
                    f"{what} needs a passphrase: type it at a terminal, give it by "
                    f"--passphrase-file or {FILE_VARIABLE}=FILE, or say --no-passphrase",
                    Exit.USAGE,
                )
            return _long_enough(self._known[0])
        passphrase = _long_enough(self._ask(f"New passphrase for {what}: "))
        if self._ask("The same again: ") != passphrase:
            raise OperatorError(f"the two passphrases for {what} differ; nothing was written")
        return passphrase


def _long_enough(passphrase: str) -> str:
    if len(passphrase) < CHARACTERS_MIN:
        raise OperatorError(
            f"a passphrase of {len(passphrase)} characters is guessed: take {CHARACTERS_MIN} or "
            "more, as five words that have nothing to do with each other"
        )
    return passphrase
