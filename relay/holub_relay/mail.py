"""Requests about sealed messages. Boxes are made and opened by whoever asks: neither this relay's
daemon nor its store ever has a content, or a key that opens one."""

from typing import Final

from holub_crypto.identity import HINT_BYTES, PUBLIC_BYTES, key_hint
from holub_crypto.trust import Role
from holub_protocol.kinds import KINDS, Kind, Readers, kind_named
from holub_protocol.kinds.sealed import SealedBody
from holub_relay import realm
from holub_relay.asking import Answer, Request
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station

MAIL_ROWS: Final = 500
"""Messages told of at once: 2 KiB each at most, 1 MiB of an answer's 16."""


def sealing_key(station: Station, request: Request) -> Answer:
    """{"to": a service's key or its hint}: the key to seal to, and the hint to address."""
    hint = _hint(request.get("to"))
    key = station.node.trust.sealing_key(hint)
    if key is None:
        raise OperatorError(
            f"no grant here names a key to seal to for the service {hint.hex()}; a registrar gives "
            "one with `holub realm grant --desk --sealing KEY`",
            Exit.NOT_FOUND,
        )
    return {"service": hint.hex(), "key": key.hex()}


def post(station: Station, request: Request) -> Answer:
    """{"kind", "service", "box", "area", "lifetime_s", "confirm"}: publish a box. The relay's own
    key signs it, or the desk's where the kind is a desk's."""
    station.check_clock(bool(request.get("confirm")))
    kind = _sealed_kind(request.get("kind"))
    desk = kind.signer is Role.AUTHORITY
    signer = station.desk_key().public if desk else station.identity.public
    lifetime_s = request.get("lifetime_s") or kind.lifetime_max_s
    if type(lifetime_s) is not int or not 1 <= lifetime_s <= kind.lifetime_max_s:
        raise OperatorError(
            f"lifetime {lifetime_s!r}: a {kind.name} lives 1 to {kind.lifetime_max_s} seconds"
        )
    body = SealedBody(_hint(request.get("service")), _bytes(request.get("box"), "box"))
    area = realm.area_of(str(request.get("area") or station.config.area), station.areas)
    message = station.node.publish(signer, kind, area, body, lifetime_s, station.now())
    return {"id": message.id.hex(), "kind": kind.name, "bytes": len(message.raw)}


def boxes(station: Station, request: Request) -> Answer:
    """{"services": keys or hints}: the boxes held for them, the newest first."""
    wanted = {_hint(text) for text in request.get("services") or ()}
    holdings, found = station.node.holdings, []
    for cls in sorted({kind.cls for kind in KINDS.values() if kind.readers is Readers.SEALED}):
        for id_ in holdings.held_ids(cls):
            if KINDS[holdings.kind(id_)].readers is Readers.SEALED:
                found.append((-holdings.created_s(id_), id_))
    rows: list[Answer] = []
    for _, id_ in sorted(found):
        if len(rows) == MAIL_ROWS:
            break
        message = station.node.message(id_)
        if message is None or not isinstance(message.body, SealedBody):
            continue
        if message.body.service in wanted:
            rows.append(
                {
                    "id": id_.hex(),
                    "kind": KINDS[message.kind].name,
                    "created_s": message.created_s,
                    "box": message.body.box.hex(),
                }
            )
    return {"boxes": rows}


def _sealed_kind(name: object) -> Kind:
    names = [kind.name for kind in KINDS.values() if kind.readers is Readers.SEALED]
    if name not in names:
        raise OperatorError(f"{name!r} is no sealed kind; they are {', '.join(names)}", Exit.USAGE)
    return kind_named(str(name))


def _hint(text: object) -> bytes:
    data = _bytes(text, "a service's key")
    if len(data) == PUBLIC_BYTES:
        return key_hint(data)
    if len(data) != HINT_BYTES:
        raise OperatorError(
            f"{text!r} is no service: give its key, {2 * PUBLIC_BYTES} hexadecimal digits, or the "
            f"key's hint, {2 * HINT_BYTES}",
            Exit.USAGE,
        )
    return data


def _bytes(text: object, what: str) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        raise OperatorError(f"{what} {text!r} is not hexadecimal", Exit.USAGE) from None
