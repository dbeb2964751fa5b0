"""What a grant says where whoever signs it has left something out, and what a desk may pass on.

A registrar may grant all that an authority may; a desk whose own grant has a depth passes that
grant on, narrowed: what it does not narrow stays as in its own.
"""

from dataclasses import dataclass, replace
from typing import Final

from holub_crypto.chains import Covers, Denial, Grant, allows, narrows, within
from holub_crypto.charter import ANY_HAZARD, EVERYWHERE
from holub_protocol.hazards import hazard
from holub_protocol.kinds import KINDS
from holub_protocol.realm import GRANT_RATE, desk_grant
from holub_relay.errors import OperatorError
from holub_relay.station import Station

DAYS: Final = 365
_DAY_S: Final = 86_400

SIGNERS: Final = ("registrar", "desk")


@dataclass(frozen=True, slots=True)
class Asked:
    """A grant as it was typed: what is empty or None was left out; `days` from now, `rate`
    messages an hour."""

    subject: bytes
    kinds: tuple[int, ...] = ()
    hazards: tuple[int, ...] = ()
    areas: tuple[int, ...] = ()
    authority: int | None = None
    rate: int | None = None
    days: int | None = None
    depth: int = 0
    sealing: bytes = b""


def by_registrar(station: Station, asked: Asked, authority: int, kinds: tuple[int, ...]) -> Grant:
    """Return the grant that a registrar gives: for `authority` where none is named, of `kinds`
    where none are, everything and a year where nothing is said."""
    number = authority if asked.authority is None else asked.authority
    if number and station.node.trust.charter.authority(number) is None:
        known = [a.number for a in station.node.trust.charter.authorities]
        raise OperatorError(f"the charter names no authority {number}; it has {known}")
    given = desk_grant(
        asked.subject,
        number,
        station.now().wall_s + (asked.days or DAYS) * _DAY_S,
        kinds=asked.kinds or kinds,
        hazards=asked.hazards or (ANY_HAZARD,),
        areas=asked.areas or (EVERYWHERE,),
        rate=asked.rate or GRANT_RATE,
        sealing=asked.sealing,
    )
    return replace(given, depth=asked.depth)


def by_desk(station: Station, asked: Asked) -> Grant:
    """Return the grant that this machine's desk passes on: its own one, of several the first that
    reaches as far as was asked, with what was asked in place of its parts. OperatorError names
    what reaches beyond it."""
    desk = station.desk_key()
    own = [grant for grant in station.node.trust.grants(desk.public) if grant.depth]
    if not own:
        raise OperatorError(
            f"the grant of this desk's key {desk.public.hex()} may not be passed on; a registrar "
            "grants it anew with `holub realm grant --desk --depth 1`"
        )
    mistakes = []
    for parent in own:
        given = _narrowed(station, asked, parent)
        denial = narrows(station.areas.covers, given, parent)
        if denial is None:
            return given
        mistakes.append(_beyond(denial, given, parent, station.areas.covers))
    raise OperatorError(f"{mistakes[0]} (holub realm show has this desk's grants)")


def _narrowed(station: Station, asked: Asked, parent: Grant) -> Grant:
    now_s = station.now().wall_s
    year_s = min(now_s + DAYS * _DAY_S, parent.not_after_s)
    given = desk_grant(
        asked.subject,
        parent.authority if asked.authority is None else asked.authority,
        year_s if asked.days is None else now_s + asked.days * _DAY_S,
        kinds=asked.kinds or tuple(number for number in parent.kinds if number in KINDS),
        hazards=asked.hazards or parent.hazards,
        areas=asked.areas or parent.areas,
        rate=asked.rate or min(GRANT_RATE, parent.rate),
        sealing=asked.sealing,
    )
    return replace(given, cls=max(given.cls, parent.cls), depth=asked.depth)


def _beyond(denial: Denial, given: Grant, parent: Grant, covers: Covers) -> str:
    """Say in what a grant reaches beyond the desk's own."""
    own = "this desk's own grant"
    match denial:
        case Denial.ROLE if given.authority != parent.authority:
            return f"--authority {given.authority}: {own} is for authority {parent.authority}"
        case Denial.ROLE:
            most = parent.depth - 1
            return f"--depth {given.depth}: {own} may be passed on with a depth of {most} at most"
        case Denial.KIND if given.rate > parent.rate:
            return f"--rate {given.rate}: {own} allows {parent.rate} an hour"
        case Denial.KIND:
            kinds = [KINDS[number].name for number in given.kinds if number not in parent.kinds]
            return f"--kind {', '.join(kinds)}: not in {own}"
        case Denial.HAZARD:
            hazards = [hazard(n).token for n in given.hazards if not allows(parent.hazards, n)]
            return f"--hazard {', '.join(hazards)}: not in {own}"
        case Denial.AREA:
            areas = [area for area in given.areas if not within(covers, parent.areas, (area,))]
            return f"--area {', '.join(map(str, areas))}: not in {own}"
        case _:
            return f"--days: {own} ends before that"
