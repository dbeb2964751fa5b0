"""A district's gate key: 32 secret bytes that all its relays share, or none.

With one, a link's first message must be sealed by it (Noise's psk0), so that whoever lacks it
costs us one failed seal and no more. It keeps strangers from the handshake; it gives no authority.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from holub_relay import keyfile
from holub_relay.errors import OperatorError
from holub_relay.passphrase import Passphrases

NAME: Final = "gate"


def path_of(data_dir: Path, setting: str) -> Path:
    """Return where the gate key lies: the file of the setting, else `DIR/keys/gate.key`."""
    return Path(setting) if setting else keyfile.path_of(data_dir, NAME)


def make(data_dir: Path, entropy: Callable[[int], bytes]) -> Path:
    """Make a gate key for a new district and return its file."""
    keyfile.create(data_dir, NAME, entropy)
    return keyfile.path_of(data_dir, NAME)


def find(
    data_dir: Path,
    setting: str,
    brought: Iterable[bytes] = (),
    passphrases: Passphrases | None = None,
) -> bytes | None:
    """Return the gate key; one that join codes have `brought` is kept where there is none.

    OperatorError where a code has another one, or a file that is set is missing or unfit.
    """
    path = path_of(data_dir, setting)
    gate = keyfile.unlocked(path, passphrases).seed if setting or path.exists() else None
    for other in brought:
        if gate is None:
            keyfile.write(path, NAME, other)
            gate = other
        elif other != gate:
            raise OperatorError(
                f"the join code has another gate key than {path}: it is of another district; take "
                "the code of a relay of yours, or, to move to that district, put the file away"
            )
    return gate
