"""The set of one class that links reconcile, as it changes: what is cheap to keep always (its
root) and what is made when a link first asks (its order), then kept up with what comes and goes.
"""

from collections.abc import Callable, Iterable

from holub_protocol.limits import ORDER_MOVES_SHARE, ORDER_MOVES_SPARE
from holub_protocol.order import Order, sort_key
from holub_protocol.reconcile import RootSum, Snapshot


class ReconciledSet:
    """One class's set. `version` changes whenever the set does."""

    __slots__ = ("_moves", "_order", "root", "version")

    def __init__(self) -> None:
        """Start from the empty set."""
        self.root = RootSum()
        self.version = 0
        self._order: Order | None = None
        self._moves: dict[bytes, bool] = {}

    def add(self, created_s: int, id_: bytes) -> None:
        """Put an id in."""
        self.root.add(id_)
        self._move(sort_key(created_s, id_), True)

    def remove(self, created_s: int, id_: bytes) -> None:
        """Take out an id that is in."""
        self.root.remove(id_)
        self._move(sort_key(created_s, id_), False)

    def snapshot(self, salt: bytes, keys: Callable[[], Iterable[bytes]]) -> Snapshot:
        """Return the set as it stands, for the link with a salt; `keys` gives all of it, if it
        has to be sorted anew."""
        if self._order is None:
            self._order = Order(keys())
        elif self._moves:
            self._order = self._order.changed(self._moves.items())
        self._moves.clear()
        return Snapshot(salt, self._order)

    def _move(self, key: bytes, added: bool) -> None:
        self.version += 1
        if self._order is None:
            return
        if self._moves.pop(key, added) is added:
            self._moves[key] = added
        if len(self._moves) > ORDER_MOVES_SPARE + len(self._order) // ORDER_MOVES_SHARE:
            self._order = None
            self._moves.clear()
