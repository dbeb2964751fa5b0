"""What other desks of this desk's authority have said and nobody has ended, and answering for it.

A desk whose key was lost or revoked can end nothing any more. A sibling ends what has a name by its
name, or says it anew; for the rest, told by bits or no longer known in detail, it answers as a
whole, by a person's decision.
"""

from typing import Final

from holub_crypto.identity import key_hint
from holub_protocol.boards import BOARD_LIFETIME_S, BoardKeeper
from holub_protocol.facts import Word
from holub_protocol.hazards import hazard
from holub_protocol.kinds import kind_named
from holub_protocol.message import Message
from holub_relay.asking import Answer, Request, id_digits, list_field, only_id
from holub_relay.errors import OperatorError
from holub_relay.station import Station
from holub_relay.views import area_view

KEY_DIGITS_MIN: Final = 4
HINT_DIGITS: Final = 16


def others(station: Station, _: Request) -> Answer:
    """List what keys of this desk's authority have said that stands, its own left out: what has a
    name by incident, the rest by key."""
    keeper = _keeper(station)
    own, authority = key_hint(keeper.key), keeper.authority
    truth, now = station.node.truth, station.now()
    live = {(view.incident, view.area) for view in truth.alerts(now)}
    incidents: dict[tuple[bytes, bytes, int], list[Word]] = {}
    unnamed: dict[bytes, dict[int, None]] = {}
    doubted: dict[Word, None] = {}
    for word, in_doubt in truth.words(authority):
        if word.kid == own:
            continue
        if in_doubt:
            doubted[word] = None
        if word.incident:
            incidents.setdefault((word.kid, word.incident, word.hazard), []).append(word)
        else:
            unnamed.setdefault(word.kid, {})[word.area] = None
    charge = station.node.trust.charter.authority(authority)
    return {
        "authority": charge.name_en if charge else str(authority),
        "incidents": [
            {
                "incident": incident.hex(),
                "hazard": hazard(number).token,
                "areas": [area_view(station, word.area) for word in said],
                "since_s": min(word.created_s for word in said),
                "key": _key(station, kid),
                "holds": any(
                    word not in doubted and (incident, word.area) in live for word in said
                ),
            }
            for (kid, incident, number), said in sorted(incidents.items())
        ],
        "unnamed": [
            {"key": _key(station, kid), "areas": [area_view(station, area) for area in areas]}
            for kid, areas in sorted(unnamed.items())
        ],
    }


def board(station: Station, request: Request) -> Message:
    """Sign a board of what holds now; from now on it answers for the keys in "adopt", too."""
    keeper, node = _keeper(station), station.node
    known = node.truth.last_points(keeper.authority)
    chosen = [_chosen(str(typed), known) for typed in list_field(request, "adopt")]
    if chosen:
        node.signers.adopt(keeper.key, {kid: known[kid] for kid in chosen})
    now = station.now()
    reach = node.trust.standing(keeper.key, keeper.authority).reach
    body = keeper.compose(node.truth, station.areas, now, reach)
    return node.publish(keeper.key, kind_named("board"), keeper.area, body, BOARD_LIFETIME_S, now)


def _keeper(station: Station) -> BoardKeeper:
    """Who keeps the boards of this desk's key."""
    keeper = station.node.signers.keeper(station.desk_key().public)
    if keeper is None:
        raise OperatorError("this desk's grant does not cover boards; a registrar can grant them")
    return keeper


def _chosen(typed: str, known: dict[bytes, tuple[int, int]]) -> bytes:
    """The hint of the one key that was typed: the key, its hint, or the start of either."""
    shown = "`holub alert others` shows them"
    wanted = id_digits(typed, "key", KEY_DIGITS_MIN, shown)
    if len(wanted) > HINT_DIGITS:
        wanted = key_hint(bytes.fromhex(wanted)).hex() if len(wanted) == 64 else ""
    found = [kid for kid in sorted(known) if wanted and kid.hex().startswith(wanted)]
    return only_id(found, typed, f"no key {typed!r} has said anything that is known here; {shown}")


def _key(station: Station, kid: bytes) -> Answer:
    """A key by its hint: the whole where it is enrolled or was, and whether it may still speak."""
    keys = station.node.trust.keys(kid)
    return {
        "hint": kid.hex(),
        "keys": [key.hex() for key in keys],
        "enrolled": any(station.node.trust.grants(key) for key in keys),
    }
