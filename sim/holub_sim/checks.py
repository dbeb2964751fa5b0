"""What must hold: after every event, and once everything has healed.

The first check that fails is what a tester came for, so each says where, when and which seed's
run it was. None of them asks the node under test whether it did right: they compare it with the
ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from holub_protocol.areas import AreaTree
from holub_protocol.batch import Batch, StatusChanged, Taken
from holub_protocol.kinds import Class, kind_named
from holub_protocol.storage import State
from holub_protocol.truth import Level
from holub_sim.host import Host
from holub_sim.ledger import Ledger, Published
from holub_sim.people import Desk
from holub_sim.realm import Office
from holub_sim.world import World

VIOLATIONS_KEPT = 50
"""Told in full; a broken rule breaks again at every event."""

SWEEP_US = 300_000_000
"""Between two looks at everything: what only time changes is found within five minutes, the
rhythm of boards."""

SLACK_S = 90
"""A message with less than this to live need not be everywhere: links leave out what has under
60 s, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a host broke at a moment of the world."""

    t_us: int
    host: str
    rule: str
    detail: str


class Watch:
    """Watches all hosts: keeps the ledger, and judges each event by it."""

    def __init__(self, world: World, areas: AreaTree, ledger: Ledger) -> None:
        """Add hosts and desks before anything happens."""
        self.hosts: list[Host] = []
        self.desks: dict[str, list[Desk]] = {}
        self.violations: list[Violation] = []
        self.broken = 0
        self.judged = 0
        self.ledger = ledger
        self._world, self._areas = world, areas
        self._alert = kind_named("alert").number
        self._board = kind_named("board").number

    # --- what hosts tell (see host.Observer) --------------------------------------------------

    def turned(self, host: Host, batch: Batch) -> None:
        """Judge what a node has just done."""
        look = False
        rows = {row.id: row for row, _ in batch.writes.rows}
        for event in batch.events:
            if isinstance(event, StatusChanged):
                look = True
            if not isinstance(event, Taken):
                continue
            look |= event.kind in (self._alert, self._board)
            now_us = self._world.now_us
            self._world.trace.note(now_us, host.name, f"taken {event.id.hex()[:16]} {event.link}")
            row = rows.get(event.id)
            if event.link is None:
                if row is not None:
                    self.ledger.publish(row, now_us, host.name)
                continue
            wrong = self.ledger.arrive(event.id, now_us, host.name)
            if wrong is not None:
                self._break(host, "authentic", f"took in {event.id.hex()[:16]}: {wrong}")
            now = host.now()
            if row is not None and now.reliable and row.expires_s <= now.wall_s:
                self._break(host, "timely", f"took in {event.id.hex()[:16]}, which was over")
        if look:
            self._judge_status(host, deep=False)
        self._judge_store(host)

    def committed(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """Messages are on disk: whoever said them is told."""
        for id_ in ids:
            self.ledger.store(id_, host.name)
        for desk in self.desks.get(host.name, ()):
            desk.stored(ids)

    def unstored(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """A host has unlearned messages for want of room; whoever said them sees an error."""
        for id_ in ids:
            self.ledger.lose(id_, host.name)
        for desk in self.desks.get(host.name, ()):
            desk.unstored(ids)

    def crashed(self, host: Host, ids: tuple[bytes, ...]) -> None:
        """A host is gone, and these messages with it."""
        for id_ in ids:
            self.ledger.lose(id_, host.name)
        for desk in self.desks.get(host.name, ()):
            desk.crashed()

    # --- rules --------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Judge every running host; then again, every SWEEP_US."""
        for host in self.hosts:
            if host.running:
                self._judge_status(host, deep=True)
                self._judge_store(host)
        self._world.after(SWEEP_US, self.sweep)

    def _judge_status(self, host: Host, deep: bool) -> None:
        """No node shows CLEAR where an alert is on of which it has taken in the start."""
        now, truth = host.now(), host.node.truth
        places: dict[int, bytes] = {}
        for area in self.ledger.areas_on():
            for incident in self.ledger.on_at(area):
                if host.name in self.ledger.published[incident.start].arrived_us:
                    places.setdefault(area, incident.start)
                    for above in self._areas.ancestors(area) if deep else ():
                        places.setdefault(above, incident.start)
        for area, start in places.items():
            self.judged += 1
            if truth.status(area, now).level is Level.CLEAR:
                detail = f"area {area} shows clear while {start.hex()[:16]} is on"
                self._break(host, "no-false-clear", detail)

    def _judge_store(self, host: Host) -> None:
        used, allowed = host.node.holdings.used_bytes, host.policy.store_bytes
        if used > allowed:
            self._break(host, "quota", f"holds {used} bytes, allowed are {allowed}")
        stored, quota = host.disk.store.size_bytes(), host.disk.store.quota_bytes
        if stored > quota:
            self._break(host, "quota", f"stores {stored} bytes, the disk has {quota}")

    def _break(self, host: Host, rule: str, detail: str) -> None:
        self.broken += 1
        if len(self.violations) < VIOLATIONS_KEPT:
            self.violations.append(Violation(self._world.now_us, host.name, rule, detail))


@dataclass(frozen=True, slots=True)
class Convergence:
    """How far all hosts agree, with `live` messages that each should hold: (host, message)
    pairs `missing`, and the ids that some lack; whether all hold equal sets and equal newest
    boards; areas whose status differs between hosts, and areas whose status is not what those
    at the desks mean."""

    live: int
    missing: int
    missing_ids: tuple[str, ...]
    equal_sets: bool
    equal_boards: bool
    areas: int
    differing_areas: tuple[int, ...]
    untrue_areas: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and all agree."""
        agreed = self.equal_sets and self.equal_boards
        return agreed and not (self.missing or self.differing_areas or self.untrue_areas)


def converge(
    hosts: Sequence[Host], ledger: Ledger, areas: AreaTree, offices: Sequence[Office], now_s: int
) -> Convergence:
    """Compare all hosts with each other and with the ledger. `offices` are the authorities, each
    with a desk on duty; where none is in charge, no place is clear."""
    live = {each.row.id: each for each in live_messages(ledger, now_s)}
    lacking: dict[bytes, int] = {}
    for host in hosts:
        for id_ in live:
            if host.node.holdings.state(id_) is not State.HELD:
                lacking[id_] = lacking.get(id_, 0) + 1
    sets = [_held(host, now_s) for host in hosts]
    boards = [
        tuple(m.id for n in range(1, len(offices) + 1) for m in host.node.truth.newest_boards(n))
        for host in hosts
    ]
    expected = _meant(ledger, areas, offices)
    differing: list[int] = []
    untrue: list[int] = []
    for area in areas.board_order:
        shown = [host.node.truth.status(area, host.now()) for host in hosts]
        incidents = [sorted({view.incident for view in status.alerts}) for status in shown]
        levels = [status.level for status in shown]
        if any(level is not levels[0] for level in levels) or any(
            names != incidents[0] for names in incidents
        ):
            differing.append(area)
        if any(level is not expected[area] for level in levels):
            untrue.append(area)
    return Convergence(
        live=len(live),
        missing=sum(lacking.values()),
        missing_ids=tuple(id_.hex()[:16] for id_ in lacking),
        equal_sets=all(held == sets[0] for held in sets),
        equal_boards=all(newest == boards[0] for newest in boards),
        areas=len(areas.board_order),
        differing_areas=tuple(differing),
        untrue_areas=tuple(untrue),
    )


def live_messages(ledger: Ledger, now_s: int) -> list[Published]:
    """Return what should be everywhere now: not nearly over, and no board but each key's newest."""
    board = kind_named("board").number
    newest: dict[bytes, tuple[int, int]] = {}
    for each in ledger.existing():
        if each.row.kind == board:
            point = (each.row.created_s, each.row.k)
            newest[each.row.signer] = max(newest.get(each.row.signer, point), point)
    return [
        each
        for each in ledger.existing()
        if each.row.expires_s > now_s + SLACK_S
        and (each.row.kind != board or (each.row.created_s, each.row.k) == newest[each.row.signer])
    ]


def _held(host: Host, now_s: int) -> tuple[bytes, ...]:
    holdings = host.node.holdings
    ids = (id_ for cls in Class for id_ in holdings.held_ids(cls))
    return tuple(sorted(id_ for id_ in ids if holdings.row(id_).expires_s > now_s + SLACK_S))


def _meant(ledger: Ledger, areas: AreaTree, offices: Sequence[Office]) -> dict[int, Level]:
    """The level of each area as those at the desks mean it."""
    charged = [area for office in offices for area in office.areas]
    meant = {}
    on = ledger.areas_on()
    for area in areas.board_order:
        if any(above in on for above in (area, *areas.ancestors(area))):
            meant[area] = Level.ALERT
        elif any(area in areas.ancestors(inner) for inner in on):
            meant[area] = Level.PARTLY
        elif any(areas.related(scope, area) for scope in charged):
            meant[area] = Level.CLEAR
        else:
            meant[area] = Level.UNKNOWN
    return meant
