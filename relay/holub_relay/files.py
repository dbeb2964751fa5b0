"""What `holub export` and `holub import` ask of a node (see holub_relay.requests).

A file is put together by the command, piece by piece: the running relay never waits for a stick,
and no request takes it longer than one for a page of messages.
"""

from itertools import islice
from typing import Final

from holub_crypto.charter import CharterError
from holub_crypto.charter import decode as decode_charter
from holub_crypto.digest import ID_BYTES
from holub_crypto.identity import key_hint
from holub_protocol.codec import decode
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import KINDS
from holub_protocol.message import Message, Now
from holub_protocol.node import Node
from holub_protocol.refusal import Refusal
from holub_protocol.storage import Row, State, Store
from holub_relay.asking import Answer, Request
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station

PAGE_ROWS: Final = 500
"""Messages described in one answer: 500 x 200 B of JSON and about 5 ms, so that an export of
100,000 never keeps the relay from an alert."""

BODIES_MAX: Final = 128
"""Bodies in one answer: at 4 KiB each, in hexadecimal, 1 MiB; read and hashed in 5 ms."""

RECORDS_MAX: Final = 128
"""Messages in one request: a signature each is 6 ms. The request's own bound on bytes, 64 KiB,
is met first by all but the shortest."""

FILE_BYTES_MAX: Final = 1 << 30
"""Largest file written or read: four times the default store. A hostile one costs minutes of its
reader's time and no memory; whatever is larger is no export."""

TAKEN: Final = "taken"
KNOWN: Final = "known"

_AGE_MAX_S: Final = 2**32 - 1
_SEQ_MAX: Final = 2**62
_CHAIN_DEPTH: Final = 4
"""A grant of a grant ...: the registrar's and three more (Grant.depth)."""


def export(station: Station, request: Request) -> Answer:
    """{}: what a file begins with. {"after", "until"}: a page of what arrived between these
    numbers, and the grants of its signers. {"ids"}: bodies with their ages."""
    if "ids" in request:
        return _bodies(station, request)
    if "after" in request:
        return _page(station, request)
    return _head(station)


def import_(station: Station, request: Request) -> Answer:
    """{"records": [[hexadecimal, age in seconds], ...]}: take messages in by the gate that all
    take; say of each what came of it (taken, known, or why not) and its kind."""
    records = request.get("records")
    if not isinstance(records, list) or len(records) > RECORDS_MAX:
        raise OperatorError(f"records is no list of at most {RECORDS_MAX}", Exit.USAGE)
    pairs = [_record(record) for record in records]
    now = station.now()
    return {"outcomes": [_outcome(station.node, raw, age_s, now) for raw, age_s in pairs]}


# --- out --------------------------------------------------------------------------------------


def _head(station: Station) -> Answer:
    trust = station.node.trust
    charters = []
    for raw in trust.versions:
        charter = decode_charter(raw).charter
        id_ = charter.content_id(trust.realm_id).hex()
        charters.append([id_, 0, charter.created_s, charter.version, len(raw), bytes(32).hex()])
    return {
        "realm": trust.charter.name,
        "last": station.store.last_seq(),
        "charters": charters,
    }


def _page(station: Station, request: Request) -> Answer:
    after, until = _number(request, "after"), _number(request, "until")
    last = station.store.last_seq()
    if after > last:
        raise OperatorError(
            f"--since {after}: nothing here has an arrival number above {last}; was it another "
            "data directory's?",
            Exit.USAGE,
        )
    ids, end = window(station.store, after, until)
    holdings, now = station.node.holdings, station.now()
    rows = [holdings.row(id_) for id_ in ids if holdings.state(id_) is State.HELD]
    rows = [row for row in rows if row.kind != CHARTER and not _over(station.node, row, now)]
    signers = dict.fromkeys(row.signer for row in rows)
    return {
        "rows": [_described(row) for row in rows],
        "chains": {signer.hex(): _chain(station.node, signer) for signer in signers},
        "next": end if end < until else None,
    }


def window(store: Store, after: int, until: int) -> tuple[list[bytes], int]:
    """Return the ids of up to PAGE_ROWS held messages that arrived after number `after`, and the
    number up to which these are all.

    A store tells what arrived after a number but not the number of each: what `since` has after
    `after` and not after `end` arrived between them. Numbers are never used twice, so the first
    PAGE_ROWS of them can't hold more; where many are gone the window is widened.
    """
    found = list(islice(store.since(after), PAGE_ROWS + 1))
    if len(found) <= PAGE_ROWS:
        return found, until
    places = {id_: place for place, id_ in enumerate(found)}
    count, width = 0, PAGE_ROWS
    while True:
        first = next(store.since(after + width), None)
        place = places.get(first, PAGE_ROWS + 1) if first is not None else PAGE_ROWS + 1
        if place > PAGE_ROWS and width > PAGE_ROWS:
            return found[:count], min(after + width // 2, until)
        count, width = min(place, PAGE_ROWS), width * 2


def _described(row: Row) -> list[object]:
    return [row.id.hex(), row.cls, row.created_s, row.k, row.size_bytes, row.signer.hex()]


def _chain(node: Node, signer: bytes) -> list[list[object]]:
    """Describe the grants by which a key may speak, and those of who signed them."""
    found: dict[bytes, Row] = {}
    signers = [signer]
    for _ in range(_CHAIN_DEPTH):
        ids = [id_ for key in signers for id_ in node.trust.chain(key_hint(key))]
        new = [id_ for id_ in ids if id_ not in found and node.holdings.state(id_) is State.HELD]
        found.update((id_, node.holdings.row(id_)) for id_ in new)
        signers = [found[id_].signer for id_ in new]
    return [_described(row) for row in found.values()]


def _over(node: Node, row: Row, now: Now) -> bool:
    """Whether who imports it now would find it expired (see admit.timely)."""
    if now.reliable:
        return now.wall_s >= row.expires_s
    return node.holdings.age_s(row.id, now) >= row.expires_s - row.created_s


def _bodies(station: Station, request: Request) -> Answer:
    ids = request.get("ids")
    if not isinstance(ids, list) or len(ids) > BODIES_MAX:
        raise OperatorError(f"ids is no list of at most {BODIES_MAX}", Exit.USAGE)
    node, now = station.node, station.now()
    bodies: list[list[object] | None] = []
    for id_ in [bytes.fromhex(text) for text in ids if isinstance(text, str)]:
        raw = node.body(id_) if len(id_) == ID_BYTES else None
        bodies.append(None if raw is None else [raw.hex(), node.holdings.age_s(id_, now)])
    return {"bodies": bodies}


# --- in ---------------------------------------------------------------------------------------


def _outcome(node: Node, raw: bytes, age_s: int, now: Now) -> list[str | None]:
    id_, kind = _named(node, raw)
    known = id_ is not None and node.holdings.state(id_) is not None
    outcome = node.offer(raw, now, age_s)
    if isinstance(outcome, Refusal):
        return [outcome.token, kind]
    return [KNOWN if known else TAKEN, kind]


def _named(node: Node, raw: bytes) -> tuple[bytes | None, str | None]:
    """Return id and kind of a message or charter; nothing is said of its signature yet."""
    message = decode(raw, node.trust.realm_id)
    if isinstance(message, Message):
        return message.id, KINDS[message.kind].name
    try:
        return decode_charter(raw).charter.content_id(node.trust.realm_id), "charter"
    except CharterError:
        return None, None


def _record(record: object) -> tuple[bytes, int]:
    match record:
        case [str(raw), int(age_s)] if not isinstance(age_s, bool) and 0 <= age_s <= _AGE_MAX_S:
            return bytes.fromhex(raw), age_s
    raise OperatorError("a record is [hexadecimal, age in seconds]", Exit.USAGE)


def _number(request: Request, field: str) -> int:
    value = request.get(field)
    if type(value) is not int or not 0 <= value <= _SEQ_MAX:
        raise OperatorError(f"{field} {value!r} is no arrival number", Exit.USAGE)
    return value
