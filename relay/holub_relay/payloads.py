"""What `holub send`, `holub get` and `holub list` ask of a node about payloads (see requests).

A file goes to the node, and comes back, a few chunks a request, so that none takes the relay
longer than a page of messages; every chunk enters by the gate that those of peers take.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from holub_protocol.kinds import kind_named
from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.payloads.library import Outcome, Payload, room_bytes
from holub_relay.asking import Answer, Request, id_digits, only_id, text_field
from holub_relay.errors import Exit, OperatorError
from holub_relay.realm import area_of
from holub_relay.station import Station

CHUNKS_IN: Final = 32
CHUNKS_OUT: Final = 128
"""Chunks in a request, and in an answer: 44 kB and 175 kB of base64, a few milliseconds."""

LIFETIME_S: Final = 30 * 86_400
PREFIX_MIN: Final = 4


def send(station: Station, request: Request) -> Answer:
    """{"name", "media_type", "area", "lifetime_s", "bytes", "lists", "confirm"}: announce a
    payload by this machine's desk, once: the same content of the same name goes on."""
    desk, node = station.desk_key(), station.node
    station.check_clock(bool(request.get("confirm")))
    size, lifetime_s = request.get("bytes"), request.get("lifetime_s", LIFETIME_S)
    if type(size) is not int or type(lifetime_s) is not int:
        raise OperatorError(f"bytes {size!r} or lifetime_s {lifetime_s!r} is no number", Exit.USAGE)
    body = ManifestBody(
        text_field(request, "name"),
        text_field(request, "media_type"),
        size,
        _decoded(request, "lists"),
    )
    for payload in node.library:
        if payload.body == body and node.holdings.signer(payload.id) == desk.public:
            return view(station, payload)
    manifest = kind_named("manifest")
    authority = max((grant.authority for grant in node.trust.grants(desk.public)), default=0)
    need = room_bytes(body.layout)
    if not node.exchange.has_share(authority, desk.public, need):
        raise OperatorError(
            f"{need} bytes of store for this payload are more than this desk's payloads may take "
            f"here beside what they have ({node.library.used_bytes} in all); raise store_mib in "
            "holub.toml, here and where it is to be carried"
        )
    area = area_of(text_field(request, "area"), station.areas)
    message = node.publish(desk.public, manifest, area, body, lifetime_s, station.now())
    return view(station, _payload(station, message.id.hex()))


def put(station: Station, request: Request) -> Answer:
    """{"id", "first", "chunks"}: up to 32 chunks by place from `first` on, in base64."""
    payload = _payload(station, text_field(request, "id"))
    chunks, place = request.get("chunks"), request.get("first")
    if not isinstance(chunks, list) or len(chunks) > CHUNKS_IN or type(place) is not int:
        raise OperatorError(f"chunks is no list of at most {CHUNKS_IN}, or first no number")
    for number, encoded in enumerate(chunks):
        chunk = b64decode(str(encoded), validate=True)
        outcome = station.node.exchange.give(payload.id, place + number, chunk, station.now())
        if outcome in (Outcome.WRONG, Outcome.UNPROVED):
            raise OperatorError(
                f"chunk {place + number} is not taken ({outcome.value}); did the file change "
                "meanwhile, or has the store become full?"
            )
    return view(station, payload)


def show(station: Station, request: Request) -> Answer:
    """{"id", "wanted"}: how far a payload is; `wanted` has it fetched before others."""
    payload = _payload(station, text_field(request, "id"))
    if request.get("wanted"):
        station.node.exchange.prefer(payload.id)
    return {**view(station, payload), "lists": b64encode(payload.body.lists).decode()}


def read(station: Station, request: Request) -> Answer:
    """{"id", "first"}: up to 128 chunks by place from `first` on, in base64; null for one that is
    not held."""
    payload = _payload(station, text_field(request, "id"))
    first = request.get("first")
    if type(first) is not int or not 0 <= first < payload.layout.count:
        raise OperatorError(f"first {first!r} is no place of this payload", Exit.USAGE)
    places = range(first, min(first + CHUNKS_OUT, payload.layout.count))
    chunks = [station.node.library.read(payload.id, place) for place in places]
    return {"chunks": [None if c is None else b64encode(c).decode() for c in chunks]}


def view(station: Station, payload: Payload) -> Answer:
    """Return what is told of a payload; `held` and `chunks` count lists too."""
    return {
        "id": payload.id.hex(),
        "name": payload.body.name,
        "media_type": payload.body.media_type,
        "bytes": payload.body.size_bytes,
        "chunks": payload.layout.count,
        "held": payload.held.bit_count(),
        "room": payload.wanted,
    }


def of_message(station: Station, id_: bytes) -> Answer:
    """Return {"payload": ...} for a manifest, nothing for any other message."""
    payload = station.node.library.get(id_)
    return {"payload": view(station, payload)} if payload is not None else {}


def _payload(station: Station, typed: str) -> Payload:
    wanted = id_digits(typed, "id", PREFIX_MIN, "`holub list --kind manifest` shows them")
    found = {p.id: p for p in station.node.library if p.id.hex().startswith(wanted)}
    nothing = (
        f"no payload here has an id beginning with {typed!r}; `holub list --kind manifest` shows "
        "those that are announced"
    )
    return found[only_id(found, typed, nothing)]


def _decoded(request: Request, field: str) -> bytes:
    return b64decode(text_field(request, field), validate=True)


GIVING: Final = ("payload-send", "payload-put")
"""Those after which there is something to commit."""

ACTS: Mapping[str, Callable[[Station, Request], Answer]] = MappingProxyType(
    {"payload-send": send, "payload-put": put, "payload": show, "payload-read": read}
)
