"""How far all hosts agree with each other, and with the desks, once everything has healed."""

from collections.abc import Sequence
from dataclasses import dataclass

from holub_protocol.areas import AreaTree
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.alert import INCIDENT_BYTES
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
    silent: Sequence[int] = (),
) -> Convergence:
    """Compare all hosts with each other and with the ledger. `offices` are the authorities, each
    with a desk on duty but for those whose numbers are `silent`; where such a one is in charge, or
    none, no place is clear. `places` are the areas that
    are looked at, if not all of a board; `crowded` says that there was not room for all that
    people and bulk said. A host whose clock nothing vouches for shows as clear
    nothing at all. Where a revoked key has spoken, whoever took that in may show "unknown"."""
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
    expected = _meant(ledger, areas, offices, places, silent)
    restarted = {host.name for host in hosts if host.boots > 1}
    unsure = _unsure(ledger, areas, places, now_s, restarted)
    differing, untrue = _judged(hosts, places, expected, unsure)
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


def _judged(
    hosts: Sequence[Host],
    places: Sequence[int],
    expected: dict[int, Level],
    unsure: dict[int, None],
) -> tuple[list[int], list[int]]:
    """The areas that hosts show differently, and those that some show as nobody means them."""
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
        if area not in unsure and (
            any(level is not told[0] for level in told)
            or any(names != incidents[0] for names in incidents)
        ):
            differing.append(area)
        if any(
            status.level is not level and not (area in unsure and status.level is Level.UNKNOWN)
            for status, level in zip(shown, wanted, strict=True)
        ):
            untrue.append(area)
    return differing, untrue


def live_messages(ledger: Ledger, now_s: int) -> list[Published]:
    """Return what should be everywhere now: not nearly over, the newest on its topic, and of what
    two have proven one proof."""
    spared = ledger.spared()
    newest: dict[int, tuple[int, int]] = {}
    for each in ledger.existing():
        point = (each.row.created_s, each.row.k)
        newest[each.row.topic] = max(newest.get(each.row.topic, point), point)
    return [
        each
        for each in ledger.existing()
        if each.row.expires_s > now_s + SLACK_S
        and each.row.id not in spared
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


def _unsure(
    ledger: Ledger, areas: AreaTree, places: Sequence[int], now_s: int, restarted: set[str]
) -> dict[int, None]:
    """The places of which a key has spoken that was revoked since: what only it has said or ended
    is neither on nor over, for those who took it in. What it began before that is on for all as
    long as the message lives.

    Beside them those of which a desk's end was over before all had heard it, where its machine was
    `restarted`: its boards don't answer for what it may have lost by that."""
    kind = kind_named("alert").number
    said = [each for each in ledger.published.values() if each.row.kind == kind]
    revoked = [each for each in said if each.row.signer in ledger.revoked]
    passing = {each.row.id for each in revoked if each.row.expires_s <= now_s + SLACK_S}
    sure = {
        area
        for area in ledger.areas_on()
        if any(incident.start not in passing for incident in ledger.on_at(area))
    }
    spoken = {each.row.area for each in revoked}
    for each in said:
        end = ledger.published.get(ledger.ended.get(each.row.id[:INCIDENT_BYTES], b""))
        over = end is not None and end.row.expires_s <= now_s + SLACK_S
        if over and each.host in restarted:
            spoken.add(each.row.area)
    return {
        place: None
        for place in places
        if any(areas.related(area, place) for area in spoken)
        and not any(areas.related(area, place) for area in sure)
    }


def _meant(
    ledger: Ledger,
    areas: AreaTree,
    offices: Sequence[Office],
    places: Sequence[int],
    silent: Sequence[int],
) -> dict[int, Level]:
    """The level of each area as those at the desks mean it."""
    charged = [area for office in offices for area in office.areas]
    deserted = [area for number in silent for area in offices[number - 1].areas]
    meant = {}
    on = ledger.areas_on()
    for area in places:
        if any(above in on for above in (area, *areas.ancestors(area))):
            meant[area] = Level.ALERT
        elif any(area in areas.ancestors(inner) for inner in on):
            meant[area] = Level.PARTLY
        elif any(areas.related(scope, area) for scope in deserted):
            meant[area] = Level.UNKNOWN
        elif any(areas.related(scope, area) for scope in charged):
            meant[area] = Level.CLEAR
        else:
            meant[area] = Level.UNKNOWN
    return meant
