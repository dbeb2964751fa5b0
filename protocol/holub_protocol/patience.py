"""How much longer a peer's RANGE frames are answered on one link, class by class.

What a frame costs in proportion to its own length is its sender's to pay. But a few bytes that
list none of what is held here make us say up to eight times as much and queue up to a thousand
ids, again with every frame. Both are bounded in ten minutes; past that a RANGE is not looked at.
Each class has its own measure: who wears out one of them has not silenced the others.
"""

from holub_protocol.kinds import Class
from holub_protocol.limits import (
    RECONCILE_BUDGET_US,
    RECONCILE_BYTES_FREE,
    RECONCILE_BYTES_PER_ID,
    RECONCILE_TELLINGS,
    SEND_ITEMS,
)
from holub_protocol.message import Now


class Patience:
    """See the module's text."""

    def __init__(self, now: Now) -> None:
        """Start the first ten minutes."""
        self._from_us = now.mono_us
        self._said: dict[Class, int] = {}
        self._searched: dict[Class, int] = {}

    def is_over(self, cls: Class, held: int, now: Now) -> bool:
        """Whether enough was said and searched of a class of which `held` ids are held."""
        if now.mono_us - self._from_us >= RECONCILE_BUDGET_US:
            self._from_us = now.mono_us
            self._said.clear()
            self._searched.clear()
        said_bytes, searched = self._said.get(cls, 0), self._searched.get(cls, 0)
        return (
            said_bytes > RECONCILE_BYTES_FREE + RECONCILE_BYTES_PER_ID * held
            or searched >= RECONCILE_TELLINGS * (held + SEND_ITEMS)
        )

    def said(self, cls: Class, size_bytes: int) -> None:
        """Learn that so many bytes of RANGE were queued."""
        self._said[cls] = self._said.get(cls, 0) + size_bytes

    def searched(self, cls: Class, items: int) -> None:
        """Learn that so many parts were looked at and ids found that the peer lacks."""
        self._searched[cls] = self._searched.get(cls, 0) + items
