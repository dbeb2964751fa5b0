"""What a node does when what it trusts changes: charters, grants, revocations, trust boards.

Trust answers by the set of what it was told (holub_crypto.trust). This module tells it, takes
up again what waited for the answer, and asks anew for everything that was said on ground that
may be gone: what does not stand any more is *doubted*. A doubted alert makes its place unknown,
never clear; nothing doubted is offered to peers.
"""

from holub_crypto.charter import CharterError
from holub_crypto.identity import key_hint
from holub_crypto.succession import CharterOutcome
from holub_crypto.trust import Granted, Trust
from holub_protocol.admit import allowed, claims
from holub_protocol.areas import AreaTree
from holub_protocol.batch import Alarm, StatusChanged
from holub_protocol.codec import decode
from holub_protocol.holdings import Holdings, charter_row
from holub_protocol.journal import Journal
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.kinds.revoke import RevokeBody
from holub_protocol.kinds.trustboard import TrustBoardBody
from holub_protocol.message import Message, Now
from holub_protocol.proofs import Conflict, Proofs, proven
from holub_protocol.refusal import Refusal
from holub_protocol.room import Room
from holub_protocol.storage import Row, State
from holub_protocol.trustlist import TrustList, TrustView
from holub_protocol.truth import Charge, Truth
from holub_protocol.waiting import Parked, Pen, Waiting

_SECOND_US = 1_000_000

GRANTS_JUDGED_US = 1_000_000
"""A grant can only make more stand, so what was doubted before waits a second for the grants that
come with it. A stolen registrar signs thousands an hour: asking anew for each would cost a node
with 26,000 alerts a quarter of a second each time."""


class Trusting:
    """The trust of one node as it changes, and the messages that wait for it."""

    def __init__(
        self,
        trust: Trust,
        areas: AreaTree,
        truth: Truth,
        holdings: Holdings,
        room: Room,
        journal: Journal,
    ) -> None:
        """Watch over one node; none of its messages has been judged yet."""
        self.parked, self.pen = Parked(), Pen()
        self._trust, self._areas, self._truth = trust, areas, truth
        self._holdings, self._room, self._journal = holdings, room, journal
        self._list, self.proofs = TrustList(), Proofs()
        # What each key has signed of what trust is made of.
        self._issued: dict[bytes, dict[bytes, Message]] = {}
        self._doubted: dict[bytes, bytes] = {}
        self._dropped = trust.dropped
        # What new grants may let stand is asked for a little later, all at once.
        self._late: dict[bytes, None] = {}
        self._late_us: int | None = None

    # --- charters -----------------------------------------------------------------------------

    def charter(self, raw: bytes, link: int, now: Now) -> Row | Refusal:
        """Take in a version of the charter: it is an item of class TRUST like any other, and the
        row returned is to be held unless it is."""
        try:
            signed = self._trust.read(raw)
        except CharterError:
            return Refusal.MALFORMED
        id_ = signed.content_id(self._trust.realm_id)
        outcome = self._trust.add_signed(signed)
        if outcome is CharterOutcome.AHEAD:
            self.parked.add(id_, b"", Waiting(raw, link, 0, now.mono_us))
            return Refusal.CHARTER_AHEAD
        if outcome is CharterOutcome.REFUSED:
            return Refusal.CHARTER
        if outcome is CharterOutcome.FORKED:
            self._journal.tell(Alarm("charter-forked"))
        return charter_row(raw, id_, signed.charter, now)

    def charter_changed(self, now: Now) -> tuple[Waiting, ...]:
        """Follow the version in force; returns what may be taken up again."""
        charter = self._trust.charter
        self._truth.set_charges(
            tuple(Charge(a.number, a.parent, a.areas, a.hazards) for a in charter.authorities),
            registrars=len(charter.registrars),
        )
        self._journal.tell(StatusChanged())
        self.judge(now)
        self._room.judge_overdue()
        return self.parked.take(None)

    # --- messages that change trust -------------------------------------------------------------

    def learn(self, message: Message, signer: bytes, conflict: Conflict | None = None) -> None:
        """Take in what trust is made of; any other message is nothing. `conflict` is what a proof
        proves, where that was just found out."""
        body = message.body
        if isinstance(body, GrantBody):
            self._trust.add_grant(message.id, body.grant, signer, message.created_s)
        elif isinstance(body, RevokeBody):
            self._trust.add_revocation(message.id, body.revocation, signer)
        elif isinstance(body, TrustBoardBody):
            self._list.add(message, signer)
        elif isinstance(body, ProofBody):
            self._prove(message.id, conflict or self._conflict(body))
            return
        else:
            return
        self._issued.setdefault(signer, {})[message.id] = message

    def changed(self, message: Message, now: Now) -> tuple[Waiting, ...]:
        """Follow what was just learned; returns what may be taken up again."""
        body = message.body
        if isinstance(body, GrantBody):
            subject = body.grant.subject
            keys = self._trust.below(subject) if body.grant.depth else (subject,)
            self._late.update(dict.fromkeys(keys))
            if self._late_us is None:
                self._late_us = now.mono_us + GRANTS_JUDGED_US
            return self.parked.take(frozenset(map(key_hint, keys)))
        if isinstance(body, RevokeBody):
            self.judge(now)
        if isinstance(body, RevokeBody | TrustBoardBody):
            self._journal.tell(StatusChanged())
        return ()

    def follow(self, now: Now) -> None:
        """Ask anew where something that trust was made of is gone."""
        if self._trust.dropped != self._dropped:
            self._dropped = self._trust.dropped
            for messages in self._issued.values():
                for id_ in [id_ for id_ in messages if id_ not in self._holdings]:
                    del messages[id_]
            self.proofs.retain(self._holdings)
            self.judge(now)
        elif self._late_us is not None and now.mono_us >= self._late_us:
            self.judge(now, frozenset(self._late))

    def next_due_us(self) -> int | None:
        """Return when `follow` next has something to do by time alone."""
        return self._late_us

    # --- proofs ---------------------------------------------------------------------------------

    def limited(self, key: bytes) -> bool:
        """Whether proofs have cost a key quota."""
        return self.proofs.limits(key, self._trust.enrolled_s)

    def _prove(self, id_: bytes, conflict: Conflict | None) -> None:
        spare = self.proofs.add(id_, conflict) if conflict else None
        if spare is not None and self._holdings.state(spare) is State.HELD:
            self._room.put_aside(spare, State.SUPERSEDED)

    def _conflict(self, body: ProofBody) -> Conflict | None:
        """What a proof from the store proves: it was checked when it came."""
        found = proven(body, self._trust.realm_id, self._trust.keys, lambda *_: True)
        return None if isinstance(found, Refusal) else found

    # --- asking anew ----------------------------------------------------------------------------

    def judge(self, now: Now, keys: frozenset[bytes] | None = None) -> None:
        """Ask again whether what was taken in still stands: all of it, or what some keys said."""
        doubted = {i: k for i, k in self._doubted.items() if keys is not None and k not in keys}
        self._late, self._late_us = {}, None
        void: dict[bytes, None] = {}
        changed = False
        for signer in [s for s in self._issued if keys is None or s in keys]:
            for message in self._issued[signer].values():
                if not self._stands(message, signer, 0):
                    doubted[message.id] = signer
        for fact in self._truth.facts():
            message = fact.message
            if keys is None or fact.key in keys:
                standing = self._trust.standing(fact.key, fact.authority)
                changed |= self._truth.set_standing(fact.key, fact.authority, standing)
                if not self._stands(message, fact.key, fact.authority):
                    doubted[message.id] = fact.key
            if message.id in doubted and self._trust.void(fact.key, message.id, message.point):
                void[message.id] = None
        if changed or doubted != self._doubted:
            self._doubted = doubted
            self._holdings.withhold(doubted, now)
            self._truth.set_doubted(doubted, void)
            self._journal.tell(StatusChanged())

    def _stands(self, message: Message, signer: bytes, authority: int) -> bool:
        claimed = claims(message, self._areas)
        asked = None if isinstance(message.body, GrantBody | RevokeBody) else authority
        return isinstance(allowed(message, signer, self._trust, claimed, asked), Granted)

    # --- what waits -----------------------------------------------------------------------------

    def put_off(
        self, refusal: Refusal, message: Message, link: int, age_s: int, now: Now
    ) -> bytes | None:
        """Keep what may be taken in later: a grant, or its time, may come. Returns the hint of
        the key whose grants should be asked for, None if no grant would help."""
        if not refusal.awaits_grant and refusal is not Refusal.FUTURE:
            return None
        waiting = Waiting(message.raw, link, age_s, now.mono_us)
        if refusal.awaits_grant:
            awaited = self._awaited(refusal, message)
            self.parked.add(message.id, awaited, waiting)
            return awaited
        early_s = message.created_s - now.latest_s
        self.pen.add(message.id, now.mono_us + early_s * _SECOND_US, waiting)
        return None

    def _awaited(self, refusal: Refusal, message: Message) -> bytes:
        """Whose grant is missing: the signer's, or that of the key of which a proof tells."""
        unknown = refusal is Refusal.UNKNOWN_SIGNER and self._trust.keys(message.kid)
        if unknown and isinstance(message.body, ProofBody):
            accused = decode(message.body.one, self._trust.realm_id)
            if isinstance(accused, Message):
                return accused.kid
        return message.kid

    def revocations(self) -> dict[bytes, int]:
        """Return the ids of the revocations that stand here, each with when it was made."""
        return {
            message.id: message.created_s
            for messages in self._issued.values()
            for message in messages.values()
            if isinstance(message.body, RevokeBody) and message.id not in self._doubted
        }

    def view(self, now: Now) -> TrustView:
        """Return what is known of the realm's trust here, and whether something is withheld."""
        boards = {
            message.id: None
            for messages in self._issued.values()
            for message in messages.values()
            if isinstance(message.body, TrustBoardBody) and message.id not in self._doubted
        }
        return self._list.view(self._trust.charter.version, self.revocations(), boards, now)
