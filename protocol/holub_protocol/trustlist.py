"""Is anything withheld? The registrars' trust boards against the revocations known here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.message import Message, Now
from holub_protocol.truth import BOARD_GRACE_S


@dataclass(frozen=True, slots=True)
class TrustView:
    """What a node knows of its own trust: the charter's version, the revocations that stand
    here; `as_of_s` is when a registrar last said that these are all (Unix time, None: none has),
    `late` whether its next word is overdue by a clock that can be relied on. `withheld` tells
    that a newer board names another charter or other revocations: something has not come."""

    charter: int
    revocations: int
    as_of_s: int | None
    late: bool
    withheld: bool


class TrustList:
    """The newest trust board of each registrar."""

    def __init__(self) -> None:
        """Start with none."""
        self._boards: dict[bytes, Message] = {}

    def add(self, board: Message, registrar: bytes) -> None:
        """Take in a trust board; an older one than is known changes nothing."""
        known = self._boards.get(registrar)
        if known is None or known.point < board.point:
            self._boards[registrar] = board

    def view(
        self, charter: int, revocations: Mapping[bytes, int], boards: Collection[bytes], now: Now
    ) -> TrustView:
        """Compare with the revocations that stand here, each with when it was made; `boards` are
        the ids of the trust boards that stand. The newest decides: a registrar that is behind
        takes in what there is and signs anew."""
        told = [board for board in self._boards.values() if board.id in boards]
        same = [board for board in told if _agrees(board, charter, revocations)]
        newest = max(told, key=lambda board: (board.point, board.id), default=None)
        best = max(same, key=lambda board: (board.point, board.id), default=None)
        return TrustView(
            charter=charter,
            revocations=len(revocations),
            as_of_s=best.created_s if best else None,
            late=now.reliable and best is not None and now.wall_s > _due_s(best),
            withheld=newest is not None and newest is not best,
        )


def _agrees(board: Message, charter: int, revocations: Mapping[bytes, int]) -> bool:
    """Whether nothing that the board tells of is missing here. What was made after it may have
    come already."""
    assert isinstance(board.body, TrustBoardBody)
    body = board.body
    earlier = [id_ for id_, made_s in revocations.items() if made_s <= board.created_s]
    return body.charter <= charter and any(
        (body.count, body.digest) == (len(ids), revocations_digest(ids))
        for ids in (list(revocations), earlier)
    )


def _due_s(board: Message) -> int:
    assert isinstance(board.body, TrustBoardBody)
    return board.created_s + board.body.next_due_s + BOARD_GRACE_S
