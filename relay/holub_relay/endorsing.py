"""A desk stands by what another authority has said: the second word of two."""

from holub_crypto.chains import Grant, within
from holub_protocol.facts import Fact
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody
from holub_protocol.kinds.endorse import ENDORSED_BYTES, EndorseBody
from holub_protocol.message import Message
from holub_relay.asking import id_digits
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station

ENDORSEMENT_LIFETIME_S = 86_400
PREFIX_MIN = 8


def endorse(station: Station, text: str) -> Message:
    """Sign and publish an endorsement of the alert whose id begins with `text`."""
    desk, node = station.desk_key(), station.node
    fact = _find(station, text)
    grants = [grant for grant in node.trust.grants(desk.public) if grant.authority]
    if all(grant.authority == fact.authority for grant in grants):
        raise OperatorError(
            f"this desk speaks for authority {fact.authority}, which has said {text} itself; "
            "another authority must endorse it"
        )
    body, kind, now = (
        EndorseBody(fact.message.id[:ENDORSED_BYTES]),
        kind_named("endorse"),
        station.now(),
    )
    area = _own_area(station, fact.message.area, grants)
    return node.publish(desk.public, kind, area, body, ENDORSEMENT_LIFETIME_S, now)


def _own_area(station: Station, wanted: int, grants: list[Grant]) -> int:
    """The header names the alert's area if the desk may speak of it, else one of its own: what
    it stands by is weighed by its grants' reach, not by the header."""
    trust, covers = station.node.trust, station.areas.covers
    for grant in grants:
        authority = trust.charter.authority(grant.authority)
        scopes = [grant.areas, authority.areas if authority else ()]
        for area in (wanted, *scopes[0], *scopes[1]):
            if all(within(covers, scope, (area,)) for scope in scopes):
                return area
    return wanted


def _find(station: Station, text: str) -> Fact:
    wanted = id_digits(text, "id", PREFIX_MIN, "`holub status` shows them")
    found = [
        fact
        for fact in station.node.truth.facts()
        if isinstance(fact.message.body, AlertBody) and fact.message.id.hex().startswith(wanted)
    ]
    if not found:
        raise OperatorError(f"no alert here has an id beginning with {text!r}", Exit.NOT_FOUND)
    if len(found) > 1:
        ids = ", ".join(sorted(fact.message.id.hex()[:16] for fact in found[:5]))
        raise OperatorError(f"id {text!r} may be any of {ids}; give more digits")
    return found[0]
