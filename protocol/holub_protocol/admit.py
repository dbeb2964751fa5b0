"""Decoded to admitted: the one gate for every message on every way in.

Checks run from cheap to dear: time, enrolled key, scope, counter, and only then the signature
(about 45 microseconds; everything before it takes two). The answer is a value.
"""

from collections.abc import Callable
from typing import NamedTuple

from holub_crypto.chains import Denial
from holub_crypto.identity import SIGNATURE_BYTES
from holub_crypto.trust import Ask, Granted, Trust
from holub_protocol.areas import AreaTree
from holub_protocol.kinds import KINDS, topic_of
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.kinds.revoke import RevokeBody
from holub_protocol.message import BodyError, Message, Now
from holub_protocol.proofs import QUOTA_DIVISOR, SPARED, Conflict, proven
from holub_protocol.refusal import Refusal
from holub_protocol.storage import Row, State

Verify = Callable[[bytes, bytes, bytes], bool]
"""`verify(public, data, signature)`: the real one, or in a simulator one with a memo."""

_REFUSALS = {
    Denial.UNKNOWN_KEY: Refusal.UNKNOWN_SIGNER,
    Denial.REVOKED: Refusal.REVOKED,
    Denial.ROLE: Refusal.ROLE,
    Denial.KIND: Refusal.KIND,
    Denial.HAZARD: Refusal.HAZARD,
    Denial.AREA: Refusal.AREA,
    Denial.ENDED: Refusal.GRANT_ENDED,
}


class Admitted(NamedTuple):
    """A message whose signer was allowed to say it: the key, on behalf of which authority, how
    many an hour the grant allows, and what a proof proves."""

    message: Message
    signer: bytes
    authority: int
    rate: int
    conflict: Conflict | None = None


class Claim(NamedTuple):
    """What a message claims, for one hazard (0: none): the verb and all areas it names."""

    hazard: int
    verb: int
    areas: tuple[int, ...]


def claims(message: Message, areas: AreaTree) -> tuple[Claim, ...]:
    """Return all that a message claims, in header and body; raises BodyError where a board's
    bits lie beyond the registry."""
    match message.body:
        case AlertBody() as alert:
            named = alert.all_areas(message.area)
            return (Claim(alert.hazard, alert.verb, named),)
        case BoardBody() as board:
            named = tuple(sorted({message.area, *board.all_areas(areas.board_order)}))
            hazards = board.hazards or (0,)
            return tuple(Claim(hazard, 0, named) for hazard in hazards)
        case _:
            return (Claim(0, 0, (message.area,)),)


def admit(
    message: Message,
    *,
    trust: Trust,
    areas: AreaTree,
    verify: Verify,
    age_s: int,
    now: Now,
    limited: Callable[[bytes], bool] = lambda key: False,
) -> Admitted | Refusal:
    """Decide whether a decoded message may enter this node.

    `age_s` is how old the message is at least, as its bearer says; `limited` tells of a key
    whether proofs have cost it quota.
    """
    kind = KINDS[message.kind]
    refusal = timely(message, age_s, now)
    if refusal is not None:
        return refusal
    keys = trust.keys(message.kid)
    if not keys:
        return Refusal.UNKNOWN_SIGNER
    try:
        claimed = claims(message, areas)
    except BodyError:
        return Refusal.MALFORMED
    # Each claim names all areas of the message, so those of one are looked at.
    if any(area not in areas for area in claimed[0].areas):
        return Refusal.AREA
    refusal = Refusal.UNKNOWN_SIGNER
    for key in keys:
        answer = allowed(message, key, trust, claimed)
        if isinstance(answer, Denial):
            refusal = _REFUSALS[answer]
            continue
        rate = answer.rate
        if kind.group not in SPARED and limited(key):
            rate = max(1, min(kind.hourly, rate) // QUOTA_DIVISOR)
        if message.k >= min(kind.hourly, rate):
            refusal = Refusal.COUNTER
        elif not verify(key, message.content, message.raw[-SIGNATURE_BYTES:]):
            refusal = Refusal.BAD_SIGNATURE
        elif isinstance(message.body, ProofBody):
            conflict = proven(message.body, trust.realm_id, trust.keys, verify)
            if isinstance(conflict, Refusal):
                return conflict
            return Admitted(message, key, answer.authority, rate, conflict)
        else:
            return Admitted(message, key, answer.authority, rate)
    return refusal


def timely(message: Message, age_s: int, now: Now) -> Refusal | None:
    """Tell whether a message is over, or from the future by a clock that can be relied on.

    Alerts that start or go on are shown at once whatever their time; everything else waits.
    """
    over = now.wall_s >= message.expires_s if now.reliable else age_s >= message.lifetime_s
    if over:
        return Refusal.EXPIRED
    if message.created_s > now.latest_s:
        body = message.body
        if not (isinstance(body, AlertBody) and body.verb in (Verb.START, Verb.UPDATE)):
            return Refusal.FUTURE
    return None


def allowed(
    message: Message,
    key: bytes,
    trust: Trust,
    claimed: tuple[Claim, ...],
    authority: int | None = None,
) -> Granted | Denial:
    """Ask for every hazard that the message names; each must be granted, by one authority: by
    that one if it is given."""
    kind, body = KINDS[message.kind], message.body
    answer: Granted | Denial = Denial.ROLE
    for claim in claimed:
        answer = trust.may(
            Ask(
                key=key,
                role=kind.signer,
                kind=kind.number,
                cls=kind.cls,
                hazard=claim.hazard,
                verb=claim.verb,
                areas=claim.areas,
                created_s=message.created_s,
                message=message.id,
                authority=authority,
                enrols=body.grant if isinstance(body, GrantBody) else None,
                revokes=body.revocation.key if isinstance(body, RevokeBody) else b"",
            )
        )
        if isinstance(answer, Denial):
            return answer
        authority = answer.authority
    return answer


def row_of(admitted: Admitted, age_s: int, now: Now) -> Row:
    """Return what the node remembers of a message that it takes in now."""
    message = admitted.message
    if now.reliable:  # a bearer that lies about the age is found out
        age_s = min(age_s, max(0, now.wall_s - message.created_s))
    return Row(
        id=message.id,
        kind=message.kind,
        cls=KINDS[message.kind].cls,
        signer=admitted.signer,
        authority=admitted.authority,
        created_s=message.created_s,
        k=message.k,
        expires_s=message.expires_s,
        area=message.area,
        size_bytes=len(message.raw),
        state=State.HELD,
        age_s=age_s,
        received_s=now.wall_s,
        topic=topic_of(message, admitted.signer),
        steady_s=now.mono_us // 1_000_000,
    )
