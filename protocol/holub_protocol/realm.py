"""Founding a realm: its first charter, the grants by which desks and relays may speak, and how
that is taken from them."""

from collections.abc import Iterable

from holub_crypto.chains import KEEP_BYTES, Grant, Revocation
from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, Authority, Charter
from holub_crypto.identity import Identity
from holub_crypto.trust import Role
from holub_protocol.areas import AreaTree
from holub_protocol.codec import encode
from holub_protocol.kinds import KINDS, kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.revoke import RevokeBody
from holub_protocol.limits import LIFETIME_STEPS_S

GRANT_RATE = 1000
"""A grant's messages an hour unless told otherwise: the cap of alerts and boards together."""

REVOCATION_LIFETIME_S = LIFETIME_STEPS_S[-1]
"""A revocation outlives every grant: ten years."""


def found(
    name: str,
    root: Identity,
    registrars: tuple[bytes, ...],
    authorities: tuple[Authority, ...],
    areas: AreaTree,
    created_s: int,
) -> bytes:
    """Return charter 1 of a realm with one root key, signed by it.

    `registrars` are public keys that sign grants; `created_s` is Unix time. Raises CharterError
    for names, keys or authorities that no charter may hold.
    """
    charter = Charter(
        name=name,
        version=1,
        created_s=created_s,
        previous=b"",
        threshold=1,
        roots=(root.public,),
        registrars=tuple(sorted(registrars)),
        authorities=authorities,
        registry=areas.digest,
    )
    return charter.sign((root,))


def kinds_of(role: Role) -> tuple[int, ...]:
    """Return the numbers of the kinds that a role signs, ascending."""
    return tuple(sorted(kind.number for kind in KINDS.values() if kind.signer is role))


def desk_grant(
    subject: bytes,
    authority: int,
    not_after_s: int,
    *,
    kinds: tuple[int, ...] = (),
    hazards: tuple[int, ...] = (ANY_HAZARD,),
    areas: tuple[int, ...] = (EVERYWHERE,),
    rate: int = GRANT_RATE,
    sealing: bytes = b"",
) -> Grant:
    """Let the key `subject` speak for an authority, in all that this one may unless told less.

    Without `kinds` they are those that desks sign; the class is that of the most urgent of them.
    Raises KeyError for a number that is no kind.
    """
    numbers = tuple(sorted(kinds)) or kinds_of(Role.AUTHORITY)
    return Grant(
        subject=subject,
        authority=authority,
        kinds=numbers,
        hazards=tuple(sorted(hazards)),
        areas=tuple(sorted(areas)),
        cls=min(KINDS[number].cls for number in numbers),
        rate=rate,
        not_after_s=not_after_s,
        sealing=sealing,
    )


def relay_grant(subject: bytes, not_after_s: int) -> Grant:
    """Let a relay's own key sign what relays sign, anywhere, for no authority."""
    return desk_grant(subject, 0, not_after_s, kinds=kinds_of(Role.RELAY))


def grant_lifetime_s(grant: Grant, created_s: int) -> int:
    """Return how long the message that carries a grant has to live: as long as it allows."""
    return max(LIFETIME_STEPS_S[0], grant.not_after_s - created_s)


def sign_grant(
    registrar: Identity, realm_id: bytes, grant: Grant, *, created_s: int, k: int = 0
) -> bytes:
    """Return the message by which a registrar gives a grant, for whoever has no node to publish
    it with. (created_s, k) rises from one to the next, k is below 200 within an hour."""
    return encode(
        registrar,
        realm_id,
        kind_named("grant"),
        created_s=created_s,
        k=k,
        lifetime_s=grant_lifetime_s(grant, created_s),
        area=EVERYWHERE,
        body=GrantBody(grant),
    )


def revocation(key: bytes, point: tuple[int, int], keep: Iterable[bytes] = ()) -> Revocation:
    """Revoke `key`: of what it has signed only the messages `keep` (ids of 32 bytes) stay, and
    what lies beyond `point`, its last (created_s, k) that was surely its holder's, never ended
    anything."""
    kept = tuple(sorted({id_[:KEEP_BYTES] for id_ in keep}))
    return Revocation(key, *point, keep=kept)


def sign_revocation(
    issuer: Identity, realm_id: bytes, revoked: Revocation, *, created_s: int, k: int = 0
) -> bytes:
    """Return the message by which a registrar, a key whose grants it was passed on from, or the
    key itself revokes. (created_s, k) rises from one to the next, k is below 200 within an hour.
    Raises ValueError for more to keep than one message holds."""
    return encode(
        issuer,
        realm_id,
        kind_named("revoke"),
        created_s=created_s,
        k=k,
        lifetime_s=REVOCATION_LIFETIME_S,
        area=EVERYWHERE,
        body=RevokeBody(revoked),
    )
