"""What is held, in order, a page at a time: by class, then by time of creation, then by id."""

from bisect import bisect_right
from typing import Final

from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class, Kind
from holub_protocol.storage import Row, State

KEY_BYTES: Final = 37
"""A place in the list: class (1 byte), created (4), id (32). Keys sort as the list does."""


class Listing:
    """The order, made when a listing begins and kept until it ends: 7 MB for 100,000 messages.

    A page begins after a key, not at a number. So whatever comes and goes meanwhile, and however
    many lists are read at once, no message is told twice and none that stays is left out.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._kind: Kind | None = None
        self._keys: list[bytes] = []

    def page(
        self, holdings: Holdings, kind: Kind | None, after: bytes, rows_max: int
    ) -> tuple[list[Row], bytes | None]:
        """Return up to `rows_max` rows after a key (b"" begins anew), all or of one kind, and
        the key after which the next page begins, None at the end."""
        if not after or kind is not self._kind or not self._keys:
            self._kind, self._keys = kind, _keys(holdings, kind)
        rows: list[Row] = []
        for place in range(bisect_right(self._keys, after), len(self._keys)):
            id_ = self._keys[place][-32:]
            if holdings.state(id_) is State.HELD:
                rows.append(holdings.row(id_))
                if len(rows) == rows_max and place + 1 < len(self._keys):
                    return rows, self._keys[place]
        self._keys = []
        return rows, None


def _keys(holdings: Holdings, kind: Kind | None) -> list[bytes]:
    keys = []
    for cls in Class if kind is None else (kind.cls,):
        for id_ in holdings.held_ids(cls):
            if kind is None or holdings.kind(id_) == kind.number:
                keys.append(bytes((cls,)) + holdings.created_s(id_).to_bytes(4, "big") + id_)
    return sorted(keys)
