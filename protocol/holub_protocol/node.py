"""The node: bytes in, decoded, admitted, held, chosen for peers, bytes out.

It is synchronous and has no clock, no entropy and no files: `now` comes with every input, and
what it wants done leaves in a `Batch`. A driver calls an input, then `take`, commits the
writes and sends; it calls `wake` when `next_wake_us` has come. Junk from a peer is counted,
never raised.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Protocol

from holub_crypto.charter import decode as decode_charter
from holub_crypto.identity import Identity
from holub_crypto.trust import Trust
from holub_protocol.admit import Admitted, Verify, admit, row_of, timely
from holub_protocol.areas import EVERYWHERE, AreaTree
from holub_protocol.author import PublishError
from holub_protocol.batch import (
    Alarm,
    Batch,
    LinkLive,
    Misbehaved,
    PeersHeard,
    Refused,
    StatusChanged,
    Taken,
)
from holub_protocol.boards import BOARD_LIFETIME_S
from holub_protocol.frames import Bye, Chunk, Fetch, Have, Hello, PeerAddress, Peers, Put
from holub_protocol.frames import encode as encode_frame
from holub_protocol.framing import frame_bytes
from holub_protocol.holdings import CHARTER, Holdings, charter_row, restoring_order
from holub_protocol.idtable import SALT_BYTES
from holub_protocol.journal import Journal
from holub_protocol.kinds import KINDS, Body, Class, Kind, kind_named, topic_of
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.kinds.proof import PROVEN_BYTES, ProofBody
from holub_protocol.kinds.receipt import ReceiptBody
from holub_protocol.limits import FUTURE_SKEW_S, LINKS, NONCE_BYTES
from holub_protocol.message import Message, Now
from holub_protocol.payloads.exchange import Exchange
from holub_protocol.payloads.library import ChunkSource, Library
from holub_protocol.policy import Policy
from holub_protocol.proofs import slot_of
from holub_protocol.reading import Reading
from holub_protocol.reconcile import short_id
from holub_protocol.refusal import REMEDIES, Refusal
from holub_protocol.remnants import from_notes
from holub_protocol.room import Room
from holub_protocol.session import Session, Stage
from holub_protocol.signers import Signers
from holub_protocol.spread import spread
from holub_protocol.stats import NodeStats
from holub_protocol.storage import Counter, Row, State
from holub_protocol.trusting import Trusting
from holub_protocol.trustlist import TrustView
from holub_protocol.truth import HOLDING, Truth
from holub_protocol.waiting import LOCAL, Waiting

_CHARTER_HEAD = b"\x84\x40\xa0"
_SECOND_US = 1_000_000
_BOARD, _RECEIPT = kind_named("board").number, kind_named("receipt").number
_MANIFEST = kind_named("manifest").number


class Bodies(ChunkSource, Protocol):
    """Where bodies and chunks are: the store, overlaid with what was taken but is not committed
    yet."""

    def get(self, id_: bytes) -> bytes | None:
        """Return a body, None if it is damaged or gone."""


class Node:
    """One relay's whole behaviour. See the module's text for the order of calls."""

    def __init__(
        self,
        *,
        identity: Identity,
        trust: Trust,
        areas: AreaTree,
        entropy: Callable[[int], bytes],
        verify: Verify,
        bodies: Bodies,
        now: Now,
        policy: Policy | None = None,
        read: Reading | None = None,
        rows: Iterable[Row] = (),
        counters: tuple[Counter, ...] = (),
        notes: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        """Go on from what the store holds: `rows` in order of arrival, `counters`, and the node's
        own `notes` (storage.NODE_NOTES). `read` is how bytes are read."""
        self.identity, self.trust, self.areas = identity, trust, areas
        self.policy = policy or Policy()
        self.holdings = Holdings(self.policy.store_bytes, entropy(SALT_BYTES))
        self.truth = Truth(areas, ())
        self._entropy, self._bodies = entropy, bodies
        self._journal = Journal()
        self.signers = Signers(counters, notes, self._journal)
        self.library = Library(self.holdings, self._journal, bodies)
        self._room = Room(
            self.holdings, self.truth, trust, self._journal, self.library, self.message
        )
        self.exchange = Exchange(self.library, self._journal, self._room, entropy)
        self._verify, self._verifications = verify, 0
        self._read = read or Reading()
        self._sessions: dict[int, Session] = {}
        self._trusting = Trusting(
            trust, areas, self.truth, self.holdings, self._room, self._journal
        )
        self._refusals: dict[Refusal, int] = {}
        self._reliable, self._offset_s = now.reliable, _offset_s(now)
        self.truth.remember(from_notes(notes))
        self._restore(rows, now)

    # --- the flow -----------------------------------------------------------------------------

    def receive(self, link: int, data: bytes | bytearray, now: Now) -> None:
        """Bytes in: cut into frames; a PUT that completes a message is taken in."""
        session = self._sessions.get(link)
        if session is None:
            return
        for frame in session.frames(data):
            if isinstance(frame, Put):
                raw = session.assemble(frame)
                if raw is not None:
                    self._received(session, frame, raw, now)
            elif isinstance(frame, (Chunk, Have, Fetch)):
                refusal = self.exchange.hear(session, frame, now)
                if refusal is not None:
                    self._refused(refusal, link)
                    session.refuse(frame.short_id, refusal, tell=False)
            elif isinstance(frame, Peers):
                if session.heeds_peers(now):
                    self._journal.tell(PeersHeard(link, frame.entries))
            else:
                session.hear(frame, self, now)
                if isinstance(frame, Hello) and session.stage is Stage.LIVE:
                    self._journal.tell(LinkLive(link, session.peer))
                    self.exchange.link_up(session, now)

    def _take_in(self, raw: bytes, link: int, age_s: int, now: Now) -> bytes | Refusal:
        """Take in one message from any way in; return its id, or why not."""
        if raw.startswith(_CHARTER_HEAD):
            return self._take_charter(raw, link, now)
        message = self._read.message(raw, self.trust.realm_id)
        if isinstance(message, Refusal):
            return message
        if message.id in self.holdings:
            return self._known(message.id, link, age_s, now)
        admitted = admit(
            message,
            trust=self.trust,
            areas=self.areas,
            verify=self._counted_verify,
            age_s=age_s,
            now=now,
            limited=self._trusting.limited,
        )
        if isinstance(admitted, Refusal):
            session = self._sessions.get(link)
            awaited = self._trusting.put_off(admitted, message, link, age_s, now)
            if awaited is not None and session is not None:
                session.need(awaited, now)
            return admitted
        refusal = self._room.fits(admitted, now)
        if refusal is not None:
            if refusal is Refusal.SUPERSEDED:
                newer = self.holdings.newest(topic_of(message, admitted.signer))
                self._correct(link, newer, now)
            return refusal
        group = KINDS[message.kind].group
        twin = self.holdings.twin(admitted.signer, group, message.created_s, message.k)
        # The message's own bytes, which all the nodes of a simulation share.
        self._hold(row_of(admitted, age_s, now), message.raw, link, now)
        self._apply(admitted, now)
        if twin is not None:
            self._accuse(message, admitted.signer, twin, now)
        return message.id

    def _hold(self, row: Row, raw: bytes, link: int, now: Now) -> None:
        """Held: into the index and the next commit; then chosen for peers."""
        self._room.hold(row, raw, now)
        self._journal.tell(Taken(row.id, row.kind, row.area, None if link == LOCAL else link))
        spread(self._sessions.values(), row, link, self.policy.push_links, now)

    def take(self, now: Now) -> Batch:
        """Bytes out: everything that is to be done since the last call, in its order."""
        urgent: list[tuple[int, bytes]] = []
        sends: list[tuple[int, bytes]] = []
        for session in list(self._sessions.values()):
            if session.next_wake_us() <= now.mono_us:
                session.wake(self, now)
            if session.quiet:
                continue
            early, late = bytearray(), bytearray()
            while (ready := session.next(self, now)) is not None:
                data, before_commit = ready
                if before_commit:
                    early += data
                else:
                    late += data
            if session.close is not None:
                late += frame_bytes(encode_frame(Bye(1, 0)))
                self._journal.close(session.link, session.close)
                if session.blamed:
                    self._journal.tell(Misbehaved(session.peer))
                self._forget_link(session.link)
            if early:
                urgent.append((session.link, bytes(early)))
            if late:
                sends.append((session.link, bytes(late)))
        self._ask_for_lost(now)
        return self._journal.take(tuple(urgent), tuple(sends))

    # --- other inputs -------------------------------------------------------------------------

    def link_up(self, link: int, peer: bytes, now: Now) -> None:
        """A link to the holder of an authenticated key is up."""
        if link in self._sessions:
            raise ValueError(f"link {link} is up already")
        if peer == self.identity.public or len(self._sessions) >= LINKS:
            self._journal.close(link, "a link to ourselves, or one too many")
            return
        opens = self.identity.public < peer
        nonce = self._entropy(NONCE_BYTES)
        charter = self.trust.charter.version
        self._sessions[link] = Session(
            link, peer, opens, nonce, self.policy, charter, now, self._read
        )

    def link_down(self, link: int, now: Now) -> None:
        """A link is down; what it had begun is forgotten."""
        self._forget_link(link)

    def tell_peers(self, link: int, entries: tuple[PeerAddress, ...], now: Now) -> int:
        """Tell a peer where other relays were met, one address a key; return how many of the
        first of them one frame held: 0 where the link is not live."""
        session = self._sessions.get(link)
        return session.tell_peers(entries) if session is not None else 0

    def offer(self, raw: bytes, now: Now, age_s: int = 0) -> bytes | Refusal:
        """Take in a message that came by a file or from this machine."""
        outcome = self._take_in(raw, LOCAL, age_s, now)
        if isinstance(outcome, Refusal):
            self._refused(outcome, None)
        return outcome

    def add_author(self, identity: Identity, desk: bool = False, fresh: bool = False) -> None:
        """Let a key sign here; a desk's key also signs boards whenever they are due. `fresh`
        says that the key was made here and has signed nothing elsewhere (see Signers.add)."""
        self.signers.add(identity, self.trust, desk, fresh)

    def publish(
        self, key: bytes, kind: Kind, area: int, body: Body, lifetime_s: int, now: Now
    ) -> Message:
        """Sign a message with one of the keys added here, and take it in.

        Raises PublishError, with the reason and the remedy, where the realm would refuse it.
        """
        author = self.signers.author(key)
        rate = self.trust.rate(key, kind.number, kind.hourly)
        sign = partial(author.sign, is_used=partial(self.holdings.is_used, key))
        raw, counter = sign(
            self.trust.realm_id, kind, area, body, lifetime_s=lifetime_s, rate=rate, now=now
        )
        outcome = self._take_in(raw, LOCAL, 0, now)
        waits = isinstance(outcome, Refusal) and (outcome.awaits_grant or outcome is Refusal.FUTURE)
        if isinstance(outcome, bytes) or waits:
            self._journal.count(counter)
        else:
            author.take_back(kind, counter)
        if isinstance(outcome, Refusal):
            self._refused(outcome, None)
            raise PublishError(
                f"{kind.name} for area {area} by key {key.hex()[:16]} is refused here, "
                f"{outcome.token}: {REMEDIES.get(outcome, 'see the decisions of the realm')}"
            )
        message = self._read.message(raw, self.trust.realm_id)
        assert isinstance(message, Message)
        return message

    def wake(self, now: Now) -> None:
        """Do what is due by time alone; what is due on links `take` does."""
        stepped = abs(_offset_s(now) - self._offset_s) > FUTURE_SKEW_S // 2
        if now.reliable != self._reliable or stepped:
            self._time_is_another(now)
        self._room.pass_time(now)
        self._trusting.follow(now)
        self._again(self._trusting.pen.take(now), now)
        self._trusting.parked.expire(now)
        self._sign_boards(now)
        self.exchange.wake(now)

    def next_wake_us(self) -> int | None:
        """Return the steady microsecond by which `wake` should be called; None for never."""
        due = [session.next_wake_us() for session in self._sessions.values()]
        due += self.signers.due_us()
        for moment in (
            self.holdings.next_due_us(),
            self._trusting.pen.next_due_us(),
            self._trusting.parked.next_due_us(),
            self._trusting.next_due_us(),
            self.exchange.due_us,
        ):
            if moment is not None:
                due.append(moment)
        return min(due, default=None)

    def uncommitted(self, ids: Iterable[bytes]) -> None:
        """Learn that the store had no room after all: those messages are not held."""
        for id_ in ids:
            if id_ in self.holdings:
                self._room.lose(id_)
                self._journal.never_stored(id_)
            self._count(Refusal.FULL)

    def signed_times_s(self, now: Now) -> tuple[int, ...]:
        """Return the newest times that the realm has signed, with their messages' ages added:
        Unix seconds that now has reached at least, if those who signed had the right time."""
        boards = (
            board
            for authority in self.trust.charter.authorities
            for board in self.truth.newest_boards(authority.number, trusted=True)
            if board.id in self.holdings
        )
        times = (board.created_s + self.holdings.age_s(board.id, now) for board in boards)
        return (self.trust.charter.created_s, *times)

    def unstored_chunks(self, chunks: Iterable[tuple[bytes, int, bytes]], now: Now) -> None:
        """Learn that the store had no room for chunks: they are not held."""
        self.exchange.unstored(chunks, now)
        self._count(Refusal.FULL)

    # --- what a link needs (see outbox.Shelf) ---------------------------------------------------

    def body(self, id_: bytes) -> bytes | None:
        """Return a held message's bytes; one that is damaged or gone is asked for anew."""
        pending = self._journal.pending(id_)
        if pending is not None:
            return pending[1]
        if self.holdings.state(id_) is not State.HELD:
            return None
        raw = self._bodies.get(id_)
        if raw is None:
            self._count(Refusal.DAMAGED)
            self._journal.tell(Alarm("body-damaged"))
            self._room.lose(id_)
        return raw

    def is_own(self, id_: bytes) -> bool:
        """Tell whether a message was signed here."""
        return self.holdings.signer(id_) in self.signers

    def message(self, id_: bytes) -> Message | None:
        """Return a held message, None if its bytes are damaged or gone."""
        raw = self.body(id_)
        message = self._read.message(raw, self.trust.realm_id) if raw is not None else None
        return message if isinstance(message, Message) else None

    def urgency(self, id_: bytes) -> int:
        """Return how an alert ranks among its authority's: 0 boards, 1 starts, 2 the rest."""
        if self.holdings.kind(id_) == _BOARD:
            return 0
        message = self.message(id_)
        body = message.body if message is not None else None
        return 1 if isinstance(body, AlertBody) and body.verb is Verb.START else 2

    def grants_for(self, hint: bytes) -> tuple[bytes, ...]:
        """Return the ids of a hint's grants."""
        return self.trust.chain(hint)

    # --- steps of taking in ---------------------------------------------------------------------

    def _received(self, session: Session, put: Put, raw: bytes, now: Now) -> None:
        """Take in what a link brought, and tell it what came of that."""
        session.messages_in += 1
        outcome = self._take_in(raw, session.link, put.age_s, now)
        if isinstance(outcome, Refusal):
            self._refused(outcome, session.link)
            session.refuse(put.short_id, outcome)
        elif short_id(session.salt, outcome) != put.short_id:
            self._refused(Refusal.MALFORMED, session.link)
            session.refuse(put.short_id, Refusal.MALFORMED)
        elif session.sync is not None:
            session.sync.got(put.short_id, outcome, self.holdings.cls(outcome), self, now)

    def _counted_verify(self, public: bytes, data: bytes, signature: bytes) -> bool:
        self._verifications += 1
        return self._verify(public, data, signature)

    def _known(self, id_: bytes, link: int, age_s: int, now: Now) -> bytes:
        self.holdings.lower_age(id_, age_s, now)
        session = self._sessions.get(link)
        if session is not None:
            session.duplicates += 1
        self._correct(link, self.holdings.successor(id_), now)
        return id_

    def _correct(self, link: int, newer: bytes | None, now: Now) -> None:
        """Answer what is superseded with what has superseded it."""
        session = self._sessions.get(link)
        if newer is not None and session is not None and session.sync is not None:
            session.sync.offer(newer, self.holdings.cls(newer), push=True, now=now)

    def _apply(self, admitted: Admitted, now: Now) -> None:
        """Let a message that was taken in change what is trusted, what holds, or what goes."""
        message, body = admitted.message, admitted.message.body
        self.signers.observe(admitted.signer, KINDS[message.kind].group, message.point)
        if isinstance(body, HOLDING):
            self._learn(message, admitted.signer, admitted.authority)
            self.signers.touch(now, admitted.signer if isinstance(body, BoardBody) else b"")
        elif isinstance(body, ReceiptBody):
            self._room.receipted(message.id, admitted.signer, body)
        elif isinstance(body, ManifestBody):
            self.exchange.manifest(message.id, body, now)
        else:
            self._trusting.learn(message, admitted.signer, admitted.conflict)
            self._again(self._trusting.changed(message, now), now)

    def _learn(self, message: Message, signer: bytes, authority: int) -> None:
        self.truth.set_standing(signer, authority, self.trust.standing(signer, authority))
        change = self.truth.add(message, signer, authority)
        for id_ in change.superseded:
            if self.holdings.state(id_) is State.HELD:
                self._room.put_aside(id_, State.SUPERSEDED)
        if change.visible:
            self._journal.tell(StatusChanged())
        self._room.unpin(change.released)

    def _accuse(self, message: Message, signer: bytes, twin: bytes, now: Now) -> None:
        """A key has used one point twice: both messages stay, and everybody gets the proof."""
        self._journal.tell(Alarm("counter-conflict"))
        me, other = self.identity.public, self.body(twin)
        wanted = self._trusting.proofs.wanted(slot_of(message, signer))
        if other is None or not wanted or not now.reliable or me not in self.signers:
            return
        if max(len(message.raw), len(other)) <= PROVEN_BYTES:
            proof, body = kind_named("proof"), ProofBody.of(message.raw, other)
            with suppress(PublishError):  # a relay without a grant has only the alarm
                self.publish(me, proof, EVERYWHERE, body, proof.lifetime_max_s, now)

    def _again(self, waiting: Iterable[Waiting], now: Now) -> None:
        """Take up what has waited, if its time has come: else it waits on."""
        for one in waiting:
            outcome = self._take_in(one.raw, one.link, one.age_now_s(now), now)
            if isinstance(outcome, Refusal):
                self._refused(outcome, None)

    def _take_charter(self, raw: bytes, link: int, now: Now) -> bytes | Refusal:
        """Take in a version of the charter, which is no message."""
        row = self._trusting.charter(raw, link, now)
        if isinstance(row, Refusal):
            return row
        if row.id in self.holdings:
            return self._known(row.id, link, 0, now)
        self._hold(row, raw, link, now)
        self._again(self._trusting.charter_changed(now), now)
        return row.id

    def _ask_for_lost(self, now: Now) -> None:
        """Tell neighbours that something is missing here which was not before."""
        for cls in self._room.take_wanted():
            for session in self._sessions.values():
                if session.sync is not None:
                    session.sync.changed(cls, received=False, now=now)

    # --- what time does ------------------------------------------------------------------------

    def _time_is_another(self, now: Now) -> None:
        """The clock was set, or is relied on from now on, or no longer: whatever was judged by
        the time it showed before is judged anew."""
        self._reliable, self._offset_s = now.reliable, _offset_s(now)
        self.holdings.rebase(now)
        self._judge_again(now)
        self._again(self._trusting.pen.take_all(), now)
        self.signers.touch(now)
        for session in self._sessions.values():
            session.time_is_another()

    def _judge_again(self, now: Now) -> None:
        """Where the time is known: boards and clears that were taken in without it and come
        from the future go, to be held back when they are offered again."""
        for id_ in list(self.holdings.held_ids(Class.ALERT)) if now.reliable else ():
            early = self.holdings.created_s(id_) > now.latest_s
            message = self.message(id_) if early else None
            if message is not None and timely(message, 0, now) is Refusal.FUTURE:
                self._room.lose(id_)
                self._journal.tell(StatusChanged())

    def _sign_boards(self, now: Now) -> None:
        """Sign what is due."""
        for keeper in self.signers.ready(now, self._has_equal_neighbour):
            try:
                reach = self.trust.standing(keeper.key, keeper.authority).reach
                body = keeper.due(self.truth, self.areas, now, reach)
                if body is not None:
                    kind = kind_named("board")
                    self.publish(keeper.key, kind, keeper.area, body, BOARD_LIFETIME_S, now)
            except ValueError:
                keeper.postpone(now)
                self._journal.tell(Alarm("board-not-signed"))

    def _has_equal_neighbour(self) -> bool:
        """Whether a neighbour's alerts are all here."""
        links = [session.sync for session in self._sessions.values()]
        return any(link is not None and link.equal.get(Class.ALERT) for link in links)

    # --- bookkeeping ----------------------------------------------------------------------------

    def _refused(self, reason: Refusal, link: int | None) -> None:
        self._count(reason)
        self._journal.tell(Refused(reason, link))

    def _count(self, reason: Refusal) -> None:
        self._refusals[reason] = self._refusals.get(reason, 0) + 1

    def _forget_link(self, link: int) -> None:
        self._sessions.pop(link, None)
        self._trusting.parked.drop_link(link)
        self.exchange.link_down(link)

    def revocations(self) -> tuple[bytes, ...]:
        """Return the ids of the revocations that stand here: what a trust board vouches for."""
        return tuple(self._trusting.revocations())

    def _restore(self, rows: Iterable[Row], now: Now) -> None:
        """Rebuild everything from the store: the index from its rows, and trust and truth from
        the bodies of their classes, oldest first."""
        for row in rows:
            self.holdings.add(row, now)
            group = KINDS[row.kind].group if row.kind in KINDS else ""
            self.signers.observe(row.signer, group, (row.created_s, row.k))
        for cls in (Class.GRANT, Class.TRUST, Class.ALERT):
            held = map(self.holdings.row, list(self.holdings.held_ids(cls)))
            for row in sorted(held, key=restoring_order):
                id_, raw = row.id, self.body(row.id)
                if raw is None:
                    continue
                if row.kind == CHARTER:
                    self.trust.add_charter(raw)
                    continue
                message = self._read.message(raw, self.trust.realm_id)
                if isinstance(message, Refusal):
                    self._room.lose(id_)
                elif cls is Class.ALERT:
                    self._learn(message, row.signer, row.authority)
                else:
                    self._trusting.learn(message, row.signer)
        kept = list(self.holdings.held_ids(Class.PEOPLE))
        for id_ in [i for i in kept if self.holdings.kind(i) == _RECEIPT]:
            receipt = self.message(id_)
            if receipt is not None and isinstance(receipt.body, ReceiptBody):
                self._room.receipted(id_, self.holdings.signer(id_), receipt.body)
        self._restore_payloads(now)
        for raw in self.trust.versions:
            charter = decode_charter(raw).charter
            id_ = charter.content_id(self.trust.realm_id)
            if id_ not in self.holdings:
                self._hold(charter_row(raw, id_, charter, now), raw, LOCAL, now)
        self._trusting.charter_changed(now)

    def trust_view(self, now: Now) -> TrustView:
        """Return what is known of the realm's trust here, and whether something is withheld."""
        return self._trusting.view(now)

    def _restore_payloads(self, now: Now) -> None:
        """Know payloads again by their manifests, with the chunks that the store has."""
        held = list(self.holdings.held_ids(Class.BULK))
        for id_ in [i for i in held if self.holdings.kind(i) == _MANIFEST]:
            message = self.message(id_)
            if message is not None and isinstance(message.body, ManifestBody):
                self.library.add(id_, message.body)
        self.exchange.restore(now)

    def stats(self) -> NodeStats:
        """Return counts for operators."""
        return NodeStats(
            holdings=self.holdings.stats(),
            links=tuple(session.stats(self.holdings) for session in self._sessions.values()),
            refusals=tuple(sorted(self._refusals.items(), key=lambda item: item[0].value)),
            parked=len(self._trusting.parked),
            penned=len(self._trusting.pen),
            verifications=self._verifications,
            charter=self.trust.charter.version,
            forked=self.trust.forked,
            payloads=self.exchange.stats(),
        )


def _offset_s(now: Now) -> int:
    """How far the wall clock is from the steady one: it changes only when somebody sets it."""
    return now.wall_s - now.mono_us // _SECOND_US
