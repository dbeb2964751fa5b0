"""Bodies and an index for one link, without a node."""

from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.storage import Row, State
from support_realm import START_S, Entropy, now_at


class Shelf:
    """Bodies and an index for an outbox, without a node."""

    def __init__(self) -> None:
        self.holdings = Holdings(1 << 24)
        self.bodies: dict[bytes, bytes] = {}
        self.own: set[bytes] = set()
        self.ranks: dict[bytes, int] = {}

    def hold(
        self, name: str, cls: Class, size: int, *, signer: bytes = b"k" * 32, authority: int = 0,
        created_s: int = START_S,
    ) -> bytes:  # fmt: skip
        """Hold a body of `size` bytes."""
        id_ = Entropy(name)(32)
        row = Row(id_, 12, cls, signer, authority, created_s, 0, START_S + 3600, 0, size,
                  State.HELD, 7, START_S, 0)  # fmt: skip
        self.holdings.add(row, now_at(0))
        self.bodies[id_] = bytes(size)
        return id_

    def body(self, id_: bytes) -> bytes | None:
        """Return a body."""
        return self.bodies.get(id_)

    def is_own(self, id_: bytes) -> bool:
        """Tell whether it was signed here."""
        return id_ in self.own

    def urgency(self, id_: bytes) -> int:
        """Rank an alert: 1 unless `ranks` says otherwise."""
        return self.ranks.get(id_, 1)

    def grants_for(self, hint: bytes) -> tuple[bytes, ...]:
        """No grants here."""
        return ()
