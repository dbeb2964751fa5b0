"""How far all hosts agree with each other, and with the desks, once everything has healed."""

from collections.abc import Sequence
from dataclasses import dataclass

from holub_protocol.areas import AreaTree
from holub_protocol.kinds import Class
from holub_protocol.storage import State
from holub_protocol.truth import Level
from holub_sim.host import Host
from holub_sim.ledger import Ledger, Published
from holub_sim.realm import Office

SLACK_S = 90
"""A message with less than this to live need not be everywhere: links leave out what has under
60 s, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """How far all hosts agree, with `live` messages that each should hold: (host, message)
    pairs `missing`, and the ids that some lack; whether all hold equal sets and equal newest
    boards; areas whose status differs between hosts, and areas whose status is not what those
    at the desks mean. Where some host had no room for what only people and bulk say, its
    absence is no disagreement (`crowded`)."""

    live: int
    missing: int
    missing_ids: tuple[str, ...]
    equal_sets: bool
    equal_boards: bool
    areas: int
    differing_areas: tuple[int, ...]
    untrue_areas: tuple[int, ...]
    crowded: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and all agree."""
        agreed = self.equal_sets and self.equal_boards
        return agreed and not (self.missing or self.differing_areas or self.untrue_areas)


def converge(
    hosts: Sequence[Host],
    ledger: Ledger,
    areas: AreaTree,
    offices: Sequence[Office],
    now_s: int,
    places: Sequence[int] | None = None,
    crowded: bool = False,
) -> Convergence:
    """Compare all hosts with each other and with the ledger. `offices` are the authorities, each
    with a desk on duty; where none is in charge, no place is clear. `places` are the areas that
    are looked at, if not all of a board; `crowded` says that there was not room for all that
    people and bulk said. A host whose clock nothing vouches for shows as clear
    nothing at all."""
    asked = Class.GRANT if crowded else Class.BULK
    live = {
        each.row.id: each
        for each in live_messages(ledger, now_s)
        if each.row.cls <= asked and ledger.stays(each.row.signer, each.row.id)
    }
    lacking: dict[bytes, int] = {}
    for host in hosts:
        for id_ in live:
            if host.node.holdings.state(id_) is not State.HELD:
                lacking[id_] = lacking.get(id_, 0) + 1
    sets = [_held(host, ledger, now_s, asked) for host in hosts]
    boards = [_boards(host, ledger, len(offices)) for host in hosts]
    places = areas.board_order if places is None else places
    expected = _meant(ledger, areas, offices, places)
    differing: list[int] = []
    untrue: list[int] = []
    for area in places:
        shown = [host.node.truth.status(area, host.now()) for host in hosts]
        incidents = [sorted({view.incident for view in status.alerts}) for status in shown]
        wanted = [
            Level.UNKNOWN if expected[area] is Level.CLEAR and not status.reliable
            else expected[area]
            for status in shown
        ]  # fmt: skip
        told = [status.level for status in shown if status.reliable]
        if any(level is not told[0] for level in told) or any(
            names != incidents[0] for names in incidents
        ):
            differing.append(area)
        if any(status.level is not level for status, level in zip(shown, wanted, strict=True)):
            untrue.append(area)
    return Convergence(
        live=len(live),
        missing=sum(lacking.values()),
        missing_ids=tuple(id_.hex()[:16] for id_ in lacking),
        equal_sets=all(held == sets[0] for held in sets),
        equal_boards=all(newest == boards[0] for newest in boards),
        areas=len(places),
        differing_areas=tuple(differing),
        untrue_areas=tuple(untrue),
        crowded=crowded,
    )


def live_messages(ledger: Ledger, now_s: int) -> list[Published]:
    """Return what should be everywhere now: not nearly over, and the newest on its topic."""
    newest: dict[int, tuple[int, int]] = {}
    for each in ledger.existing():
        point = (each.row.created_s, each.row.k)
        newest[each.row.topic] = max(newest.get(each.row.topic, point), point)
    return [
        each
        for each in ledger.existing()
        if each.row.expires_s > now_s + SLACK_S
        and (not each.row.topic or (each.row.created_s, each.row.k) == newest[each.row.topic])
    ]


def _held(host: Host, ledger: Ledger, now_s: int, asked: Class) -> tuple[bytes, ...]:
    holdings = host.node.holdings
    ids = (id_ for cls in Class if cls <= asked for id_ in holdings.held_ids(cls))
    return tuple(
        sorted(
            row.id
            for row in map(holdings.row, ids)
            if row.expires_s > now_s + SLACK_S and ledger.stays(row.signer, row.id)
        )
    )


def _boards(host: Host, ledger: Ledger, offices: int) -> tuple[bytes, ...]:
    """The newest boards of keys that nobody has revoked."""
    newest = (m.id for n in range(1, offices + 1) for m in host.node.truth.newest_boards(n))
    holdings = host.node.holdings
    return tuple(
        id_ for id_ in newest if id_ not in holdings or ledger.stays(holdings.row(id_).signer, id_)
    )


def _meant(
    ledger: Ledger, areas: AreaTree, offices: Sequence[Office], places: Sequence[int]
) -> dict[int, Level]:
    """The level of each area as those at the desks mean it."""
    charged = [area for office in offices for area in office.areas]
    meant = {}
    on = ledger.areas_on()
    for area in places:
        if any(above in on for above in (area, *areas.ancestors(area))):
            meant[area] = Level.ALERT
        elif any(area in areas.ancestors(inner) for inner in on):
            meant[area] = Level.PARTLY
        elif any(areas.related(scope, area) for scope in charged):
            meant[area] = Level.CLEAR
        else:
            meant[area] = Level.UNKNOWN
    return meant
