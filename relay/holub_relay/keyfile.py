"""Keys at rest: `DIR/keys/NAME.key`, a few lines of text that only their owner may read.

Without a passphrase the seed is in the file, so that a relay starts by itself when the power is
back, and whoever takes the machine has its keys. With one the seed is sealed by it, and the public
key stands beside, to be shown without asking. docs/hazards.md says what each means.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holub_crypto.identity import PUBLIC_BYTES, SEED_BYTES, Identity
from holub_relay.errors import Exit, OperatorError
from holub_relay.passphrase import COST, Cost, Passphrases, SealError, seal

FILE_BYTES_MAX: Final = 1024
"""A key file has under 400 bytes; a wrong path (a device, a video) is not read to its end."""

_HEAD: Final = "holub key 1 "
_PUBLIC_HEAD: Final = "holub public key 1 "
_SEED: Final = "seed "
_PUBLIC: Final = "public "
_SEALED: Final = "sealed "
_NOBODY_ELSE: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Lock:
    """A passphrase for a file to be written, and what a guess at it shall cost."""

    passphrase: str
    entropy: Callable[[int], bytes]
    cost: Cost = COST


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file says: its key's name and public half, and the seed or what seals it."""

    path: Path
    name: str
    public: bytes
    _seed: bytes | None
    _sealed: str

    @property
    def sealed(self) -> bool:
        """Whether it takes a passphrase to use it."""
        return self._seed is None

    def unlock(self, passphrases: Passphrases) -> Identity:
        """Return the key pair; OperatorError without the passphrase, where there is one."""
        seed = self._seed
        if seed is None:
            try:
                seed = passphrases.open(self.path, self._sealed)
            except SealError:
                raise _broken(self.path) from None
        if len(seed) != SEED_BYTES or Identity.from_seed(seed).public != self.public:
            raise _broken(self.path)
        return Identity.from_seed(seed)


def path_of(data_dir: Path, name: str) -> Path:
    """Return where the key called `name` (node, desk, registrar, root-1) lies."""
    return data_dir / "keys" / f"{name}.key"


def create(data_dir: Path, name: str, entropy: Callable[[int], bytes]) -> Identity:
    """Make a key and its file, on disk before this returns; OperatorError if it exists."""
    identity = Identity.generate(entropy)
    write(path_of(data_dir, name), name, identity.seed)
    return identity


def write(path: Path, name: str, seed: bytes, lock: Lock | None = None) -> None:
    """Write the file of a key, on disk before this returns; OperatorError if it exists."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, _text(name, seed, lock))
    except FileExistsError:
        raise OperatorError(f"key file {path} exists already; move it away first") from None
    except OSError as error:
        raise OperatorError(f"can't make key file {path}: {error.strerror}") from None


def rewrite(path: Path, name: str, seed: bytes, lock: Lock | None) -> None:
    """Put a file with another passphrase, or none, in the place of `path`, whole or not at all.

    The old bytes are not wiped: flash cards and journals keep them out of reach.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        _write(draft, _text(name, seed, lock))
        draft.replace(path)
    except OSError as error:
        raise OperatorError(f"can't write key file {path}: {error.strerror}") from None


def copy(source: Path, target: Path) -> None:
    """Copy a key file as it is, under its passphrase if it has one; OperatorError as `write`."""
    read(source)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(target, source.read_text())
    except OSError as error:
        raise OperatorError(f"can't copy {source} to {target}: {error.strerror}") from None


def _text(name: str, seed: bytes, lock: Lock | None) -> str:
    if lock is None:
        return f"{_HEAD}{name}\n{_SEED}{seed.hex()}\n"
    public = Identity.from_seed(seed).public.hex()
    sealed = seal(seed, lock.passphrase, lock.entropy, lock.cost)
    return f"{_HEAD}{name}\n{_PUBLIC}{public}\n{_SEALED}{sealed}\n"


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def load(data_dir: Path, name: str, passphrases: Passphrases | None = None) -> Identity:
    """Read a key; OperatorError where it is missing, open to others, no key file, or locked by a
    passphrase that nobody gives (without `passphrases`: who is at this machine is asked)."""
    return unlocked(path_of(data_dir, name), passphrases)


def unlocked(path: Path, passphrases: Passphrases | None = None) -> Identity:
    """Read the key in a file; as `load`."""
    return read(path).unlock(passphrases or Passphrases.of_machine())


def find(data_dir: Path, name: str, passphrases: Passphrases | None = None) -> Identity | None:
    """Read a key, or None where there is no such file; else as `load`."""
    return load(data_dir, name, passphrases) if path_of(data_dir, name).exists() else None


def read(path: Path) -> KeyFile:
    """Read what a key file says without its passphrase; OperatorError as `load`."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise OperatorError(f"can't read key file {path}: {error.strerror}") from None
    if mode & _NOBODY_ELSE:
        raise OperatorError(
            f"key file {path} may be read by others (mode {stat.S_IMODE(mode):04o}); "
            f"run `chmod 600 {path}`, and replace the key if somebody else had access"
        )
    return _parsed(path, content)


def _parsed(path: Path, content: bytes) -> KeyFile:
    try:
        head, *lines = content.decode("ascii").splitlines()
        name = head.removeprefix(_HEAD)
        if not head.startswith(_HEAD):
            raise _broken(path)
        match [line.split(" ", 1) for line in lines]:
            case [["seed", text]] if len(text) == 2 * SEED_BYTES:
                seed = bytes.fromhex(text)
                return KeyFile(path, name, Identity.from_seed(seed).public, seed, "")
            case [["public", text], ["sealed", sealed]] if len(text) == 2 * PUBLIC_BYTES:
                return KeyFile(path, name, bytes.fromhex(text), None, sealed)
    except ValueError:
        pass
    raise _broken(path)


def _broken(path: Path) -> OperatorError:
    return OperatorError(
        f"{path} is no key file: it needs a line '{_HEAD}NAME' and either a line '{_SEED}' with "
        f"{2 * SEED_BYTES} hexadecimal digits, or lines '{_PUBLIC}' and '{_SEALED}'; restore it "
        "from a copy"
    )


# --- public halves, to be given away ------------------------------------------------------------


def write_public(path: Path, name: str, public: bytes) -> None:
    """Write a public key to a file that all may read; OperatorError if it can't be."""
    try:
        path.write_text(f"{_PUBLIC_HEAD}{name}\n{_PUBLIC}{public.hex()}\n")
    except OSError as error:
        raise OperatorError(f"can't write {path}: {error.strerror}") from None


def public_of(text: str) -> bytes:
    """Read a public key: 64 hexadecimal digits, or the file of a public key or of a key pair."""
    if len(text) == 2 * PUBLIC_BYTES and not set(text.lower()) - set("0123456789abcdef"):
        return bytes.fromhex(text)
    path = Path(text)
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError):
        raise OperatorError(
            f"{text!r} is no public key of 64 hexadecimal digits and no file that can be read; "
            "`holub key show FILE` shows a key's, `holub status` a relay's",
            Exit.USAGE,
        ) from None
    if content.startswith(_HEAD.encode()):
        return read(path).public
    try:
        head, line = content.decode("ascii").splitlines()
        public = bytes.fromhex(line.removeprefix(_PUBLIC))
    except ValueError:
        head, public = "", b""
    if not head.startswith(_PUBLIC_HEAD) or len(public) != PUBLIC_BYTES:
        raise OperatorError(
            f"{text} is no file of a public key: it needs a line '{_PUBLIC_HEAD}NAME' and a line "
            f"'{_PUBLIC}' with {2 * PUBLIC_BYTES} hexadecimal digits",
            Exit.USAGE,
        )
    return public
