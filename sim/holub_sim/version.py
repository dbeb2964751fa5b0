"""Which code this is: what a replay and a sweep's rows depend on beside their scenario."""

from hashlib import blake2b
from pathlib import Path

import holub_crypto
import holub_protocol

_DIGEST_BYTES = 6


def code_version() -> str:
    """Return the release and a digest of every module of the node and of the simulator."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for package in (holub_crypto.__file__, holub_protocol.__file__, __file__):
        folder = Path(package).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return f"{holub_protocol.__version__}+{digest.hexdigest()}"
