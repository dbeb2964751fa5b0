"""What time and room do to what is held: who gets in, who has to go, and who stays pinned.

Every way in which a message leaves a node is a method here, so that the index, the next commit
and what is derived from messages never part.
"""

from collections.abc import Callable

from holub_crypto.identity import key_hint
from holub_crypto.trust import Trust
from holub_protocol.admit import Admitted
from holub_protocol.alertroom import AlertRoom
from holub_protocol.batch import StatusChanged
from holub_protocol.eviction import Eviction, Newcomer
from holub_protocol.holdings import Holdings
from holub_protocol.journal import Journal
from holub_protocol.kinds import KINDS, Class, Kind, topic_of
from holub_protocol.kinds.receipt import ReceiptBody
from holub_protocol.limits import (
    ALERT_SHARE_PERCENT,
    LENT_PERCENT,
    LIVE_HOURS,
    PAYLOAD_SHARE_PERCENT,
    SEEN,
    SOURCE_SHARE_PARTS,
    SOURCE_SHARE_PERCENT,
    TRUST_FREE_FACTOR,
)
from holub_protocol.message import Message, Now
from holub_protocol.payloads.library import Library, Payload, room_bytes
from holub_protocol.receipts import Receipts
from holub_protocol.refusal import Refusal
from holub_protocol.remnants import note_of, to_note
from holub_protocol.storage import ROW_BYTES, Row, State
from holub_protocol.truth import Truth

_SECOND_US = 1_000_000
_READMIT_SHARE = 16


class Room:
    """The room of one node: quotas before a message is taken in, and every end afterwards."""

    def __init__(
        self,
        holdings: Holdings,
        truth: Truth,
        trust: Trust,
        journal: Journal,
        library: Library,
        read: Callable[[bytes], Message | None],
    ) -> None:
        """Rule over the holdings of one node; `read` returns a held message."""
        self._holdings, self._truth, self._trust = holdings, truth, trust
        self._journal, self._library = journal, library
        self._eviction, self._receipts = Eviction(holdings), Receipts(holdings, read)
        self._alert_room = AlertRoom(holdings, truth)
        self._overdue: dict[bytes, None] = {}
        self._wanted: dict[Class, None] = {}

    # --- before a message is held -----------------------------------------------------------------

    def fits(self, admitted: Admitted, now: Now) -> Refusal | None:
        """Ask whether there is room for a message: for its signer, its class and in all."""
        message, kind = admitted.message, KINDS[admitted.message.kind]
        newest = self._holdings.newest(topic_of(message, admitted.signer))
        if newest is not None and message.point < self._holdings.point(newest):
            return Refusal.SUPERSEDED
        live = self._holdings.live(admitted.signer, kind.group)
        if live >= min(kind.hourly, admitted.rate) * LIVE_HOURS:
            return Refusal.QUOTA
        if kind.cls > Class.ALERT and len(self._holdings) >= SEEN:
            return Refusal.FULL
        need = len(message.raw) + ROW_BYTES
        source = self._holdings.source_of(admitted.authority, admitted.signer)
        if kind.cls is Class.ALERT:
            refusal = None if self._alerts_give_way(admitted, need, now) else Refusal.QUOTA
        else:
            refusal = self._over_share(admitted, kind, source, need)
        if refusal is not None:
            return refusal
        deadline_s = now.mono_us // _SECOND_US + message.expires_s - now.wall_s
        enough = self._clear(Newcomer(kind.cls, source, deadline_s, need), now)
        return None if enough else Refusal.FULL

    def _alerts_give_way(self, admitted: Admitted, need: int, now: Now) -> bool:
        """Make room in the alerts' half; False where nobody gives way to this message."""
        who = self._holdings.speaker(admitted.authority, admitted.signer)
        givers: dict[tuple[int, bytes], None] = {}

        def give_up(id_: bytes) -> None:
            row = self._holdings.row(id_)
            givers[row.authority, key_hint(row.signer)] = None
            released = self._truth.give_up(id_)
            self.forget(id_)
            self.unpin(released)

        enough = self._alert_room.make(who, admitted.message.point, need, give_up, now)
        for authority, kid in givers:
            left = self._truth.remnants_of(authority, kid)
            self._journal.note(note_of(authority, kid), to_note(left))
            self._journal.tell(StatusChanged())
        return enough

    def _over_share(self, admitted: Admitted, kind: Kind, source: int, need: int) -> Refusal | None:
        """Hold trust and grants to half of the store each, of which a key leaves others some,
        and below them each source to its share."""
        quota_bytes = self._holdings.quota_bytes
        if kind.cls <= Class.GRANT:
            share = quota_bytes * ALERT_SHARE_PERCENT // 100
            free = share - self._holdings.held_bytes(kind.cls)
            if need > free:
                return Refusal.FULL
            mine = self._holdings.trust_bytes(kind.cls, admitted.signer)
            return Refusal.QUOTA if mine + need > free * TRUST_FREE_FACTOR else None
        if self._holdings.used_bytes + need <= quota_bytes * LENT_PERCENT // 100:
            return None
        share = self._share()
        if self._holdings.source_bytes(source) + need > share:
            return Refusal.QUOTA
        if admitted.authority and self._holdings.signer_bytes(admitted.signer) + need > share // 2:
            return Refusal.QUOTA
        return None

    def _share(self) -> int:
        """Return how many bytes one source may take below alerts."""
        parts = 100 * SOURCE_SHARE_PARTS // max(1, self._trust.sources)
        percent = min(100, max(SOURCE_SHARE_PERCENT, parts))
        return self._holdings.quota_bytes * percent // 100

    def reserve(self, payload: Payload, now: Now) -> bool:
        """Make room for all of a payload, at the cost of what is bulk and ends sooner, whole
        payloads among it; False where there is none."""
        holdings = self._holdings
        if payload.wanted:
            return True
        row, need = holdings.row(payload.id), room_bytes(payload.layout)
        if not self.has_share(row.authority, row.signer, need):
            return False
        source = holdings.source_of(row.authority, row.signer)
        deadline_s = holdings.deadline_s(payload.id)
        if not self._clear(Newcomer(Class.BULK, source, deadline_s, need), now):
            return False
        self._library.want(payload)
        return True

    def has_share(self, authority: int, signer: bytes, need: int) -> bool:
        """Whether a payload is within what payloads may take: half of what their source, and
        their signer, may take in all, so that it can speak on; and half of the store together."""
        holdings, share = self._holdings, self._share() * PAYLOAD_SHARE_PERCENT // 100
        together = holdings.quota_bytes * PAYLOAD_SHARE_PERCENT // 100
        if self._library.used_bytes + need > together:
            return False
        if holdings.source_bytes(holdings.source_of(authority, signer)) + need > share:
            return False
        return not authority or holdings.signer_bytes(signer) + need <= share // 2

    def _clear(self, newcomer: Newcomer, now: Now) -> bool:
        """Make room, and tell whether that was enough."""
        clearing = self._eviction.clear(newcomer, self._receipts.delivered(now), now)
        for id_ in clearing.evict:
            self.put_aside(id_, State.EVICTED)
        for id_ in clearing.delivered:
            self.put_aside(id_, State.RECEIPTED)
        for id_ in clearing.forget:
            self.forget(id_)
        return clearing.enough

    # --- how a message comes ----------------------------------------------------------------------

    def hold(self, row: Row, raw: bytes, now: Now) -> None:
        """Hold a message from now on, in place of the one that it replaces."""
        before = self._holdings.newest(row.topic)
        self._holdings.add(row, now)
        self._journal.hold(row, raw)
        # Of two at one point neither replaces the other.
        if before is not None and self._holdings.point(before) < (row.created_s, row.k):
            self.put_aside(before, State.SUPERSEDED)

    def receipted(self, id_: bytes, signer: bytes, body: ReceiptBody) -> None:
        """Learn from a receipt what its signer has."""
        self._receipts.heard(id_, signer, body)

    # --- how a message goes -----------------------------------------------------------------------

    def put_aside(self, id_: bytes, state: State) -> None:
        """Drop a body, unless that is done already; the id stays seen."""
        if self._holdings.state(id_) is State.SUPERSEDED:
            return
        self._library.drop(id_)
        self._holdings.set_state(id_, state)
        self._journal.put_aside(id_, state)

    def forget(self, id_: bytes) -> None:
        """Let a message go as if it had never come: it may be taken in again."""
        self._library.drop(id_)
        self._holdings.remove(id_)
        self._journal.forget(id_)
        self.unpin(self._truth.forget(id_))

    def lose(self, id_: bytes) -> None:
        """Let a message go that peers may bring again."""
        self._wanted[self._holdings.cls(id_)] = None
        self.forget(id_)

    def take_wanted(self) -> tuple[Class, ...]:
        """Return, once, the classes of which something was lost: peers have to hear of it."""
        wanted, self._wanted = tuple(self._wanted), {}
        return wanted

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
        """Let go what is over, and what was evicted once there is room for it again."""
        for id_ in self._holdings.advance(now):
            self.expire(id_)
        for id_ in self._holdings.readmit(self._holdings.quota_bytes // _READMIT_SHARE):
            self.lose(id_)
