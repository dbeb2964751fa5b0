"""Bytes to messages and back: strict, canonical, one accepted byte string per message.

The wire form, the stored form and the unit of trust are one untagged COSE_Sign1, bound to the
realm by its external data. The payload is `[kind, created, k, lifetime step, area, body]`.
"""

from holub_crypto import cbor, cose
from holub_crypto.digest import ID_BYTES, content_id
from holub_crypto.identity import Identity
from holub_protocol.kinds import KINDS, Body, Kind
from holub_protocol.limits import (
    COUNTER_MAX,
    CREATED_MAX_S,
    CREATED_MIN_S,
    LIFETIME_STEPS_S,
    MESSAGE_BYTES,
)
from holub_protocol.message import BodyError, Message
from holub_protocol.refusal import Refusal

_LABEL = b"holub message 1"
_PAYLOAD_FIELDS = 6
_AREA_MAX = 2**32 - 1


def external(realm_id: bytes) -> bytes:
    """Return the data that binds a signature to this protocol, its version and a realm."""
    if len(realm_id) != ID_BYTES:
        raise ValueError(f"a realm id has {ID_BYTES} bytes, not {len(realm_id)}")
    return _LABEL + realm_id


def lifetime_step(lifetime_s: int) -> int:
    """Return the number of the shortest step that is not below `lifetime_s`."""
    for step, seconds in enumerate(LIFETIME_STEPS_S):
        if seconds >= lifetime_s:
            return step
    raise ValueError(f"no message lives {lifetime_s} s; the longest is {LIFETIME_STEPS_S[-1]} s")


def encode(
    identity: Identity,
    realm_id: bytes,
    kind: Kind,
    *,
    created_s: int,
    k: int,
    lifetime_s: int,
    area: int,
    body: Body,
) -> bytes:
    """Sign a message; raises ValueError where it would break its kind's row.

    `created_s` is Unix time, `lifetime_s` is rounded up to a step of the table.
    """
    step = lifetime_step(lifetime_s)
    payload = cbor.encode((kind.number, created_s, k, step, area, body.to_wire()))
    raw = cose.sign1(identity, external(realm_id), payload)
    message = decode(raw, realm_id)
    if isinstance(message, Refusal):
        raise ValueError(
            f"{kind.name} of {len(raw)} bytes (at most {kind.size_max_bytes}) living "
            f"{LIFETIME_STEPS_S[step]} s (at most {kind.lifetime_max_s}) is refused: "
            f"{message.token}"
        )
    return raw


def decode(raw: bytes, realm_id: bytes) -> Message | Refusal:
    """Read a message without checking its signature; whatever is wrong is a Refusal.

    Cheapest checks first: size, outer form, CBOR, shape, row of the kind.
    """
    if len(raw) > MESSAGE_BYTES:
        return Refusal.OVERSIZE
    try:
        signed = cose.read_sign1(raw)
        fields = cbor.as_tuple(cbor.decode(signed.payload))
        if len(fields) != _PAYLOAD_FIELDS:
            return Refusal.MALFORMED
        number = cbor.as_int(fields[0])
        created_s = cbor.as_int(fields[1], CREATED_MIN_S, CREATED_MAX_S)
        k = cbor.as_int(fields[2], 0, COUNTER_MAX)
        step = cbor.as_int(fields[3], 0, len(LIFETIME_STEPS_S) - 1)
        area = cbor.as_int(fields[4], 0, _AREA_MAX)
        wire = cbor.as_tuple(fields[5])
        kind = KINDS.get(number)
        if kind is None:
            return Refusal.UNKNOWN_KIND
        if len(raw) > kind.size_max_bytes:
            return Refusal.OVERSIZE
        if LIFETIME_STEPS_S[step] > kind.lifetime_max_s:
            return Refusal.LIFETIME
        body = kind.parse(wire)
    except (cose.CoseError, cbor.CborError, BodyError):
        return Refusal.MALFORMED
    content = cose.sign1_content(signed.hint, external(realm_id), signed.payload)
    return Message(
        raw=raw,
        id=content_id(content),
        kid=signed.hint,
        kind=number,
        created_s=created_s,
        k=k,
        lifetime_s=LIFETIME_STEPS_S[step],
        area=area,
        body=body,
        content=content,
    )
