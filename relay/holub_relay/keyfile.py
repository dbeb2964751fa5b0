"""Keys at rest: `DIR/keys/NAME.key`, two lines of text that only their owner may read.

The seed is not encrypted: a relay must start by itself when the power is back. Whoever takes the
machine has its keys; docs/hazards.md says what that means.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from holub_crypto.identity import SEED_BYTES, Identity
from holub_relay.errors import OperatorError

FILE_BYTES_MAX: Final = 256
"""A key file has under 100 bytes; a wrong path (a device, a video) is not read to its end."""

_HEAD: Final = "holub key 1 "
_SEED: Final = "seed "
_NOBODY_ELSE: Final = stat.S_IRWXG | stat.S_IRWXO


def path_of(data_dir: Path, name: str) -> Path:
    """Return where the key called `name` (node, desk, registrar, root-1) lies."""
    return data_dir / "keys" / f"{name}.key"


def create(data_dir: Path, name: str, entropy: Callable[[int], bytes]) -> Identity:
    """Make a key and its file, on disk before this returns; OperatorError if it exists."""
    identity = Identity.generate(entropy)
    write(path_of(data_dir, name), name, identity.seed)
    return identity


def write(path: Path, name: str, seed: bytes) -> None:
    """Write the file of a key, on disk before this returns; OperatorError if it exists."""
    text = f"{_HEAD}{name}\n{_SEED}{seed.hex()}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise OperatorError(f"key file {path} exists already; move it away first") from None
    except OSError as error:
        raise OperatorError(f"can't make key file {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def load(data_dir: Path, name: str) -> Identity:
    """Read a key; OperatorError where it is missing, open to others or no key file."""
    return Identity.from_seed(read(path_of(data_dir, name)))


def read(path: Path) -> bytes:
    """Read a key file's 32 secret bytes; OperatorError as `load`."""
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
    return _seed(path, content)


def find(data_dir: Path, name: str) -> Identity | None:
    """Read a key, or None where there is no such file; else as `load`."""
    return load(data_dir, name) if path_of(data_dir, name).exists() else None


def _seed(path: Path, content: bytes) -> bytes:
    broken = OperatorError(
        f"{path} is no key file: it needs a line '{_HEAD}NAME' and a line "
        f"'{_SEED}' with {2 * SEED_BYTES} hexadecimal digits; restore it from a copy"
    )
    try:
        head, second = content.decode("ascii").splitlines()
        seed = bytes.fromhex(second.removeprefix(_SEED))
    except ValueError:
        raise broken from None
    if not head.startswith(_HEAD) or not second.startswith(_SEED) or len(seed) != SEED_BYTES:
        raise broken
    return seed
