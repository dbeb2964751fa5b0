"""What this node knows, as JSON can say it: one function for each thing that answers speak of."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any, Final

from holub_crypto.chains import Grant
from holub_protocol.hazards import hazard
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import KINDS
from holub_protocol.message import Message, Now
from holub_protocol.stats import LinkStats
from holub_protocol.storage import Row
from holub_protocol.truth import AlertView, AreaStatus
from holub_relay.asking import Answer
from holub_relay.station import Station

AREAS_SHOWN: Final = 64
"""Areas of a grant that are listed by name."""


def clock_view(station: Station) -> Answer:
    """What is said of the clock: what it shows, and by what it is reliable or is not."""
    now, state = station.now(), station.clock.state
    return {
        "wall_s": now.wall_s,
        "reliable": now.reliable,
        "source": state.source.value,
        "doubt": state.doubt.value,
        "since_s": (now.mono_us - state.since_us) // 1_000_000,
    }


def area_view(station: Station, area: int) -> Answer:
    """A region: its id and names."""
    tree = station.areas
    return {"id": area, "uk": tree.name(area, "uk"), "en": tree.name(area, "en")}


def row_view(station: Station, row: Row) -> Answer:
    """What is remembered of a message."""
    return {
        "id": row.id.hex(),
        "kind": KINDS[row.kind].name if row.kind != CHARTER else "charter",
        "created_s": row.created_s,
        "k": row.k,
        "expires_s": row.expires_s,
        "area": area_view(station, row.area),
        "signer": row.signer.hex() if any(row.signer) else None,
        "authority": row.authority,
        "bytes": row.size_bytes,
        "received_s": row.received_s,
    }


def message_head(station: Station, message: Message) -> Answer:
    """A message without its body."""
    return {
        "id": message.id.hex(),
        "kind": KINDS[message.kind].name,
        "created_s": message.created_s,
        "k": message.k,
        "expires_s": message.expires_s,
        "area": area_view(station, message.area),
        "bytes": len(message.raw),
    }


def described(station: Station, message: Message) -> Answer:
    """A message with its body."""
    return {**message_head(station, message), "body": plain(message.body)}


def status_view(station: Station, status: AreaStatus) -> Answer:
    """The state of a place."""
    return {
        "level": status.level.value,
        "alerts": [alert_view(station, view) for view in status.alerts],
        "stale": [alert_view(station, view) for view in status.stale],
        "withdrawn": [alert_view(station, view) for view in status.withdrawn],
        "last_word_s": status.last_word_s,
        "as_of_s": status.as_of_s,
        "next_due_s": status.next_due_s,
    }


def alert_view(station: Station, view: AlertView) -> Answer:
    """One incident at one place."""
    authority = station.node.trust.charter.authority(view.authority)
    return {
        "incident": view.incident.hex(),
        "hazard": hazard(view.hazard).token,
        "area": area_view(station, view.area),
        "authority": authority.name_en if authority else None,
        "since_s": view.since_s,
        "updated_s": view.updated_s,
        "id": view.message_id.hex(),
        "certainty": view.certainty.name.lower(),
        "texts": dict(view.texts),
        "from_future": view.from_future,
        "stale": view.stale,
        "unconfirmed": view.unconfirmed,
        "removal": view.removal.hex(),
    }


def grant_view(station: Station, grant: Grant) -> Answer:
    """What a grant allows."""
    return {
        "subject": grant.subject.hex(),
        "authority": grant.authority,
        "kinds": [KINDS[n].name if n in KINDS else str(n) for n in grant.kinds],
        "hazards": [hazard(h).token if h else "all" for h in grant.hazards],
        "areas": [area_view(station, area) for area in grant.areas[:AREAS_SHOWN]],
        "rate": grant.rate,
        "not_after_s": grant.not_after_s,
        "depth": grant.depth,
        "sealing": grant.sealing.hex() or None,
    }


def plain(value: object) -> Any:
    """Any body as JSON can say it: bytes in hexadecimal, enumerations by name."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in asdict(value).items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def link_view(link: LinkStats, now: Now) -> Answer:
    """One link: since when, how far behind by class, bytes, round trip, refusals by reason."""
    round_trip_us = link.round_trip_us
    return {
        "link": link.link,
        "peer": link.peer.hex(),
        "live": link.live,
        "age_s": (now.mono_us - link.since_us) // 1_000_000,
        "bytes_in": link.bytes_in,
        "bytes_out": link.bytes_out,
        "messages_in": link.messages_in,
        "messages_out": link.messages_out,
        "duplicates": link.duplicates,
        "round_trip_ms": None if round_trip_us is None else round(round_trip_us / 1000, 1),
        "waiting": link.waiting,
        "classes": {
            entry.cls.name.lower(): {
                "ours": entry.ours,
                "theirs": entry.theirs,
                "waiting": entry.waiting,
                "equal": entry.equal,
            }
            for entry in link.classes
        },
        "refusals": {reason.token: count for reason, count in link.refusals},
    }
