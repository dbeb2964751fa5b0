"""What time and room do to what is held: who gets in, who has to go, and who stays pinned.

Every way in which a message leaves a node is a method here, so that the index, the next commit
and what is derived from messages never part.
"""

from holub_crypto.trust import Trust
from holub_protocol.admit import Admitted
from holub_protocol.holdings import Holdings
from holub_protocol.journal import Journal
from holub_protocol.kinds import KINDS, Class
from holub_protocol.kinds.board import BoardBody
from holub_protocol.limits import ALERT_SHARE_PERCENT, LIVE_HOURS, SEEN
from holub_protocol.message import Now
from holub_protocol.refusal import Refusal
from holub_protocol.storage import ROW_BYTES, State
from holub_protocol.truth import Truth

_SECOND_US = 1_000_000
_READMIT_SHARE = 16


class Room:
    """The room of one node: quotas before a message is taken in, and every end afterwards."""

    def __init__(self, holdings: Holdings, truth: Truth, trust: Trust, journal: Journal) -> None:
        """Rule over the holdings of one node."""
        self._holdings, self._truth, self._trust = holdings, truth, trust
        self._journal = journal
        self._overdue: dict[bytes, None] = {}
        self._board_points: dict[bytes, tuple[int, int]] = {}

    # --- before a message is held -----------------------------------------------------------------

    def fits(self, admitted: Admitted, now: Now) -> Refusal | None:
        """Ask whether there is room for a message: for its signer, its class and in all."""
        message, kind = admitted.message, KINDS[admitted.message.kind]
        if isinstance(message.body, BoardBody):
            newest = self._board_points.get(admitted.signer)
            if newest is not None and message.point < newest:
                return Refusal.SUPERSEDED
        live = self._holdings.live(admitted.signer, kind.group)
        if live >= min(kind.hourly, admitted.rate) * LIVE_HOURS:
            return Refusal.QUOTA
        if kind.cls > Class.ALERT and len(self._holdings) >= SEEN:
            return Refusal.FULL
        need = len(message.raw) + ROW_BYTES
        if kind.cls <= Class.GRANT:
            share = self._holdings.quota_bytes * ALERT_SHARE_PERCENT // 100
            if self._holdings.held_bytes(kind.cls) + need > share:
                return Refusal.FULL
        return None if self._make(kind.cls, message.expires_s, need, now) else Refusal.FULL

    def _make(self, cls: Class, expires_s: int, need: int, now: Now) -> bool:
        """Make room, and tell whether that was enough."""
        deadline_s = now.mono_us // _SECOND_US + expires_s - now.wall_s
        room = self._holdings.room_for(cls, deadline_s, need, now)
        for id_ in room.evict:
            self.put_aside(id_, State.EVICTED)
        for id_ in room.forget:
            self.forget(id_)
        return room.enough

    def board(self, signer: bytes, point: tuple[int, int]) -> None:
        """Learn the place of a signer's newest board: older ones are superseded on arrival."""
        self._board_points[signer] = point

    # --- how a message goes -----------------------------------------------------------------------

    def put_aside(self, id_: bytes, state: State) -> None:
        """Drop a body; the id stays seen."""
        self._holdings.set_state(id_, state)
        self._journal.put_aside(id_, state)

    def forget(self, id_: bytes) -> None:
        """Let a message go as if it had never come: it may be taken in again."""
        row = self._holdings.row(id_)
        if self._board_points.get(row.signer) == (row.created_s, row.k):
            del self._board_points[row.signer]
        self._holdings.remove(id_)
        self._journal.forget(id_)
        self.unpin(self._truth.forget(id_))

    def expire(self, id_: bytes) -> None:
        """A message's time is over: it goes, unless what it said still stands."""
        self._overdue.pop(id_, None)
        if id_ not in self._holdings:
            return
        if self._truth.pinned(id_):
            self._overdue[id_] = None
            return
        if self._holdings.cls(id_) in (Class.TRUST, Class.GRANT):
            self._trust.drop(id_)
        self.forget(id_)

    def unpin(self, released: tuple[bytes, ...]) -> None:
        """Words that these messages said have ended: those whose time is over go now."""
        for id_ in released:
            if id_ in self._overdue:
                self.expire(id_)

    def judge_overdue(self) -> None:
        """Who answers for what has changed: look again at what only its words have kept."""
        for id_ in list(self._overdue):
            self.expire(id_)

    def pass_time(self, now: Now) -> None:
        """Let go what is over; ask anew for what was evicted once there is room again."""
        for id_ in self._holdings.advance(now):
            self.expire(id_)
        for id_ in self._holdings.readmit(self._holdings.quota_bytes // _READMIT_SHARE):
            self.forget(id_)
