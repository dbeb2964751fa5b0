"""What the daemon writes to its log: one line an event, and fewer bytes than peers make it read.

Whatever a peer causes is paid from a budget that grows with the bytes received; what does not
fit is counted and told in one line later. So nobody fills a disk or hides in noise.
"""

import logging
import sys
from typing import Final

BUDGET_BYTES: Final = 8192
"""Most that may be saved up: a burst of some 80 lines after hours of quiet."""

SHARE: Final = 4
"""A logged byte costs four received: with the prefix of journald or syslog (about 60 bytes
beside lines of 80) what lands on disk is still under half of what came in."""

LINE_BYTES: Final = 40
"""Reckoned for time and level before each line."""

LINK_BYTES: Final = 400
"""What a peer has sent before it counts as linked: its handshake and HELLO."""


def set_up(verbose: bool = False) -> None:
    """Log to standard error, a line an event."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )


class PeerLog:
    """The log of what peers cause."""

    def __init__(self, logger: logging.Logger) -> None:
        """Start with room for a few lines."""
        self._logger = logger
        self._budget_bytes = BUDGET_BYTES // SHARE
        self._untold: dict[str, int] = {}

    def received(self, count: int) -> None:
        """Bytes came in: they pay for lines."""
        self._budget_bytes = min(BUDGET_BYTES, self._budget_bytes + count // SHARE)

    def tell(self, text: str) -> None:
        """Log one line, if paid for; `text` holds nothing that a peer chose freely."""
        if not self._pay(text):
            self.count("untold")
            return
        self._logger.info("%s", text)

    def count(self, what: str) -> None:
        """Count what is told only in the next summary."""
        self._untold[what] = self._untold.get(what, 0) + 1

    def summary(self) -> None:
        """Tell the counts in one line, if there are any and it is paid for."""
        if not self._untold:
            return
        counts = ", ".join(f"{what} {count}" for what, count in sorted(self._untold.items()))
        text = f"from peers: {counts}"
        if self._pay(text):
            self._logger.info("%s", text)
            self._untold = {}

    def _pay(self, text: str) -> bool:
        cost = len(text.encode()) + LINE_BYTES
        if cost > self._budget_bytes:
            return False
        self._budget_bytes -= cost
        return True
