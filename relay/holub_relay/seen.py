"""Charters that this relay has seen, beside the store: losing the store takes nobody back.

The pinned chain is what people confirmed; this is what came over links since, rivals included. It
is offered again at each start and judged anew, so a file that somebody has altered changes nothing.
"""

import logging
from pathlib import Path
from typing import Final

from holub_crypto.trust import Trust
from holub_protocol import bundle
from holub_protocol.bundle import BundleReader
from holub_relay import whole
from holub_relay.limits import CHAIN_BYTES

FILE: Final = "charters-seen.holub"

_FILE_BYTES_MAX: Final = 2 * CHAIN_BYTES

_log = logging.getLogger(__name__)


def remember(data_dir: Path, trust: Trust) -> None:
    """Write every version and every rival; what fails is told and tried at the next charter."""
    raws = (*trust.versions, *trust.forks)
    content = b"".join(bundle.encode(raw, 0) for raw in raws) + bundle.end(len(raws))
    path = data_dir / FILE
    if _read(path) == content:
        return
    try:
        whole.replace(path, content)
    except OSError as error:
        _log.warning("can't write %s: %s", path, error.strerror)


def remembered(data_dir: Path) -> tuple[bytes, ...]:
    """Return the charters of the file, whatever of it is intact; none where there is no file."""
    reader = BundleReader()
    reader.feed(_read(data_dir / FILE))
    reader.close()
    found: dict[bytes, None] = {}
    while (record := reader.next()) is not None:
        found[record.raw] = None
    return tuple(found)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_BYTES_MAX)
    except OSError:
        return b""
