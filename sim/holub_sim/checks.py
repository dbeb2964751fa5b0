"""What must hold after every event, whatever goes wrong.

The first check that fails is what a tester came for, so each says where and when. None of them
asks the node under test whether it did right: they compare what it does with the ledger, and
what it sends with the rules of the wire (wire.py). What must hold in the end is in agreement.py.
"""

from dataclasses import dataclass

from holub_crypto.identity import SIGNATURE_BYTES
from holub_protocol.areas import EVERYWHERE, AreaTree
from holub_protocol.batch import Batch, Refused, StatusChanged, Taken
from holub_protocol.codec import decode
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import KINDS, Class, kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.message import Message
from holub_protocol.proofs import slot_of
from holub_protocol.storage import Row, State
from holub_protocol.truth import Level
from holub_protocol.waiting import LOCAL, Waiting
from holub_sim.host import Host
from holub_sim.ledger import Ledger, Published
from holub_sim.people import Desk
from holub_sim.wire import WireRules
from holub_sim.world import World

VIOLATIONS_KEPT = 50
"""Told in full; a broken rule breaks again at every event."""

SWEEP_US = 300_000_000
"""Between two looks at everything: what only time changes is found within five minutes, the
rhythm of boards."""

KEPT_S = 120
"""How long after its end a message may still be held: a node looks once a second, and clocks that
are set while it runs may differ by a minute each."""

_HOUR_S = 3600

RULES = {
    "authentic": "takes in what nobody published, or what was not yet on its author's disk",
    "timely": "takes in what is over by its own clock, or goes on holding it",
    "again": "takes in a message that it had taken in before and has not let go",
    "resurrected": "shows an alert of which it has taken in the end",
    "no-false-clear": "shows clear where an alert is on of which it has taken in the start, or by "
    "a clock that nothing vouches for",
    "in-order": "signs a message whose time and counter do not follow those of the one before",
    "evicted": "puts an alert, a grant or a charter aside to make room",
    "parked": "keeps a message waiting for a grant that it holds",
    "quota": "holds more than it is allowed, or its disk more than fits",
    "class-order": "sends a message while an alert or a grant waits for the same link",
    "caps": "sends a frame larger than was agreed, more than the peer's window, or one message "
    "more often than allowed",
    "aged": "says that a message is younger than the time it has lain here",
    "salted": "uses one fingerprint on two links, so that it can be prepared",
    "answers": "leaves a NEED unanswered though it holds the grant",
}
"""Every rule, and when it is broken."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a host broke at a moment of the world."""

    t_us: int
    host: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Care:
    """How closely to watch: `sweep_us` between two looks at everything; `stop` ends the run with
    RuleBrokenError at the first broken rule."""

    sweep_us: int = SWEEP_US
    stop: bool = False


class RuleBrokenError(Exception):
    """Ends a run at the first broken rule, where that is asked for."""

    def __init__(self, violation: Violation) -> None:
        """Carry it."""
        super().__init__(f"{violation.host}: {violation.rule}: {violation.detail}")
        self.violation = violation


class Watch:
    """Watches all hosts: keeps the ledger, and judges each event by it.

    `reached` counts the interesting states that a run has been in, `evicted` what was put aside
    for want of room, by class, `misled` who showed clear by a stolen key's word; a host whose
    name is in `exempt` (an attacker) is not judged.
    """

    def __init__(
        self,
        world: World,
        areas: AreaTree,
        ledger: Ledger,
        care: Care = Care(),
    ) -> None:
        """Add hosts and desks before anything happens."""
        self.hosts: list[Host] = []
        self.desks: dict[str, list[Desk]] = {}
        self.exempt: dict[str, None] = {}
        self.violations: list[Violation] = []
        self.broken_by_rule: dict[str, int] = {}
        self.judged = 0
        self.ledger = ledger
        self.reached: dict[str, int] = {}
        self.evicted: dict[Class, int] = {}
        self.misled: dict[tuple[bytes, str], None] = {}
        self._world, self._areas = world, areas
        self._care = care
        self._alert = kind_named("alert").number
        self._board = kind_named("board").number
        self._grant = kind_named("grant").number
        self._seen: dict[str, dict[bytes, int]] = {}
        self._boots: dict[str, int] = {}
        self._signed: dict[tuple[bytes, str], list[Published]] = {}
        self.wire = WireRules(world, ledger, self._seen, self._break, self._note)

    @property
    def broken(self) -> int:
        """How often any rule was broken."""
        return sum(self.broken_by_rule.values())

    # --- what hosts tell (see host.Observer) --------------------------------------------------

    def turned(self, host: Host, batch: Batch) -> None:
        """Judge what a node has just done."""
        if self._boots.get(host.name) != host.boots:
            self._booted(host)
        writes = batch.writes
        if writes.deletes:
            seen = self._seen[host.name]
            for id_ in writes.deletes:
                seen.pop(id_, None)
        for id_, state in writes.states:
            self._put_aside(host, id_, state)
        if batch.events:
            self._judge_events(host, batch)
        self.wire.turned(host, batch)

    def _booted(self, host: Host) -> None:
        """A host has what its disk has."""
        self._boots[host.name] = host.boots
        kept = {row.id for row in host.disk.store.rows()}
        before = self._seen.setdefault(host.name, {})
        self._seen[host.name] = {id_: at for id_, at in before.items() if id_ in kept}

    def _judge_events(self, host: Host, batch: Batch) -> None:
        look = granted = False
        rows = {row.id: (row, raw) for row, raw in batch.writes.rows}
        for event in batch.events:
            if isinstance(event, StatusChanged):
                look = True
            elif isinstance(event, Refused):
                self._note(f"refused-{event.reason.token}")
                if event.reason.awaits_grant:
                    self._judge_newest_parked(host, event.link)
            elif isinstance(event, Taken):
                look |= event.kind in (self._alert, self._board)
                granted |= event.kind == self._grant
                self._take(host, event, rows.get(event.id))
        if look:
            self._judge_status(host, deep=False)
        self._judge_store(host)
        if granted:
            self._judge_parked(host)

    def sent(self, host: Host, link: int, data: bytes) -> None:
        """Bytes have left."""
        self.wire.sent(host.name, link, data)

    def parted(self, host: Host, link: int) -> None:
        """A link is down."""
        self.wire.parted(host.name, link)
        self._note("link-down")

    def committed(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """Messages are on disk: whoever said them is told."""
        for id_ in ids:
            self.ledger.store(id_, host.name)
        for desk in self.desks.get(host.name, ()):
            desk.stored(ids)

    def unstored(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """A host has unlearned messages for want of room; whoever said them sees an error."""
        self._note("disk-full")
        self._lose(host, ids)
        for desk in self.desks.get(host.name, ()):
            desk.unstored(ids)

    def crashed(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """A host is gone, and these messages with it."""
        self._note("crash")
        if ids:
            self._note("lost-in-crash")
        self.wire.crashed(host.name)
        self._lose(host, ids)
        for desk in self.desks.get(host.name, ()):
            desk.crashed()

    def ruined(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """A disk has lost messages, and what counted them: its keys go on from what it still
        has, or anew."""
        if ids:
            self._note("ruined")
        stored = {row.id for row in host.disk.store.rows()}
        for id_, each in self.ledger.published.items():
            # Not only what was on it: a tear brings back what an end, gone since, has ended.
            if host.name in each.holders and id_ not in stored:
                self.ledger.ruin(id_, host.name)
        known = {(c.signer, c.group): c.point for c in host.disk.store.counters()}
        own = {signer.identity.public for signer in host.signers}
        for key in [key for key in self._signed if key[0] in own]:
            last = known.get(key, (-1, 0))
            kept = [e for e in self._signed[key] if (e.row.created_s, e.row.k) <= last]
            self._signed[key] = kept
        for desk in self.desks.get(host.name, ()):
            desk.ruined()

    def _lose(self, host: Host, ids: tuple[bytes, ...]) -> None:
        seen = self._seen.setdefault(host.name, {})
        for id_ in ids:
            self.ledger.lose(id_, host.name)
            seen.pop(id_, None)

    # --- what a node has taken in -------------------------------------------------------------

    def _take(self, host: Host, event: Taken, kept: tuple[Row, bytes | None] | None) -> None:
        now_us = self._world.now_us
        short = event.id.hex()[:16]
        self._world.trace.note(now_us, host.name, f"taken {short} {event.link}")
        seen = self._seen[host.name]
        if event.id in seen:
            self._break(host, "again", f"took in {short}, which it had")
        if kept is not None:
            seen[event.id] = now_us
        if event.link is None and event.id not in self.ledger.published:
            if kept is not None and kept[1] is not None:
                self._publish(host, kept[0], kept[1])
            return
        wrong = self.ledger.arrive(event.id, now_us, host.name)
        if wrong is not None and event.link is not None:
            self._break(host, "authentic", f"took in {short}: {wrong}")
        now = host.now()
        if kept is not None and now.reliable and kept[0].expires_s <= now.wall_s:
            self._break(host, "timely", f"took in {short}, which was over")

    def _publish(self, host: Host, row: Row, raw: bytes) -> None:
        """A host has taken in what did not come by a link, and is new: is it truly its own?"""
        message = decode(raw, host.node.trust.realm_id) if row.kind != CHARTER else None
        if isinstance(message, Message):
            signature = raw[-SIGNATURE_BYTES:]
            if not self._world.verify(row.signer, message.content, signature):
                detail = f"took in {row.id.hex()[:16]}, which its signer has not signed"
                self._break(host, "authentic", detail)
                return
            if isinstance(message.body, GrantBody):
                self.ledger.grant(message.body.grant.subject, row.id)
            elif isinstance(message.body, ProofBody):
                proven = decode(message.body.one, host.node.trust.realm_id)
                if isinstance(proven, Message) and row.id not in self.ledger.published:
                    self.ledger.prove(slot_of(proven, proven.kid), row.id)
        self.ledger.publish(row, raw, self._world.now_us, host.name)
        if any(signer.identity.public == row.signer for signer in host.signers):
            self._judge_order(host, self.ledger.published[row.id])

    def _judge_order(self, host: Host, new: Published) -> None:
        """A key's messages of one group rise in (created, k), and k rises within an hour."""
        row = new.row
        before = self._signed.setdefault((row.signer, KINDS[row.kind].group), [])
        while before and before[-1].lost:
            before.pop()
        if before:
            last = before[-1].row
            same_hour = last.created_s // _HOUR_S == row.created_s // _HOUR_S
            if row.created_s < last.created_s or (same_hour and row.k <= last.k):
                detail = f"signed ({row.created_s}, {row.k}) after ({last.created_s}, {last.k})"
                self._break(host, "in-order", detail)
        before.append(new)

    def _put_aside(self, host: Host, id_: bytes, state: State) -> None:
        self._note(state.name.lower())
        if state is State.EVICTED and id_ in host.node.holdings:
            cls = host.node.holdings.cls(id_)
            self.evicted[cls] = self.evicted.get(cls, 0) + 1
        known = self.ledger.published.get(id_)
        if state is State.EVICTED and known is not None and known.row.cls <= Class.GRANT:
            kind = KINDS[known.row.kind].name if known.row.kind != CHARTER else "charter"
            self._break(host, "evicted", f"put the {kind} {id_.hex()[:16]} aside")

    # --- rules of state -----------------------------------------------------------------------

    def sweep(self) -> None:
        """Judge every running host; then again, so often as `Care` says."""
        for host in self.hosts:
            if host.running:
                self._judge_status(host, deep=True)
                self._judge_store(host)
                self._judge_kept(host)
                self._judge_parked(host)
        self._world.after(self._care.sweep_us, self.sweep)

    def _judge_status(self, host: Host, deep: bool) -> None:
        """No node shows CLEAR where an alert is on of which it has taken in the start, nor an
        alert of which it has taken in the end. Whoever lost its key or its grant meanwhile has
        ended nothing by that: the ledger asks only what the desks said."""
        now, truth, published = host.now(), host.node.truth, self.ledger.published
        places: dict[int, bytes] = {}
        for area in self.ledger.areas_on():
            for incident in self.ledger.on_at(area):
                if incident.start in self.ledger.disputed:
                    if truth.status(area, now).level is Level.CLEAR:
                        self.misled[incident.start, host.name] = None
                    continue
                if host.name in published[incident.start].holders:
                    places.setdefault(area, incident.start)
                    for above in self._areas.ancestors(area) if deep else ():
                        places.setdefault(above, incident.start)
        for area, start in places.items():
            self.judged += 1
            if truth.status(area, now).level is Level.CLEAR:
                detail = f"area {area} shows clear while {start.hex()[:16]} is on"
                self._break(host, "no-false-clear", detail)
        if not now.reliable and truth.status(EVERYWHERE, now).level is Level.CLEAR:
            self._break(host, "no-false-clear", "shows clear by a clock that nobody vouches for")
        if self.ledger.ended:
            for view in truth.alerts(now):
                end = self.ledger.ended.get(view.incident)
                if end is not None and host.name in published[end].holders:
                    detail = f"shows {view.incident.hex()}, which {end.hex()[:16]} has ended"
                    self._break(host, "resurrected", detail)

    def _judge_store(self, host: Host) -> None:
        used, allowed = host.node.holdings.used_bytes, host.policy.store_bytes
        if used > allowed:
            self._break(host, "quota", f"holds {used} bytes, allowed are {allowed}")
        stored, quota = host.disk.store.size_bytes(), host.disk.store.quota_bytes
        if stored > quota:
            self._break(host, "quota", f"stores {stored} bytes, the disk has {quota}")

    def _judge_kept(self, host: Host) -> None:
        """What people and bulk say goes when its time is over."""
        now, holdings = host.now(), host.node.holdings
        if not now.reliable:
            return
        for id_ in self.ledger.over(now.wall_s - KEPT_S):
            if holdings.state(id_) is State.HELD and holdings.cls(id_) >= Class.OFFICIAL:
                self._break(host, "timely", f"still holds {id_.hex()[:16]}, which is over")

    def _judge_parked(self, host: Host) -> None:
        """What waits for a grant is taken in as soon as that comes: looked at when one comes."""
        for share in self._parked(host).values():
            for id_, (hint, _) in share.items():
                self._judge_wait(host, id_, hint)

    def _judge_newest_parked(self, host: Host, link: int | None) -> None:
        """Nor does anything begin to wait for a grant that is here."""
        share = self._parked(host).get(LOCAL if link is None else link)
        if share:
            self._note("parked")
            id_ = next(reversed(share))
            self._judge_wait(host, id_, share[id_][0])

    def _parked(self, host: Host) -> dict[int, dict[bytes, tuple[bytes, Waiting]]]:
        """Nothing but the node's own pen knows what waits: the one look into its inside."""
        return host.node._trusting.parked._links

    def _judge_wait(self, host: Host, id_: bytes, hint: bytes) -> None:
        grants = self.ledger.grants.get(hint, ())
        if id_ in self.ledger.published and any(g in self._seen[host.name] for g in grants):
            self._break(host, "parked", f"{id_.hex()[:16]} waits for a grant that is here")

    def _note(self, state: str) -> None:
        self.reached[state] = self.reached.get(state, 0) + 1

    def _break(self, host: Host, rule: str, detail: str) -> None:
        if host.name in self.exempt:
            return
        self.broken_by_rule[rule] = self.broken_by_rule.get(rule, 0) + 1
        violation = Violation(self._world.now_us, host.name, rule, detail)
        if len(self.violations) < VIOLATIONS_KEPT:
            self.violations.append(violation)
        if self._care.stop:
            raise RuleBrokenError(violation)
