"""Two messages at one point: what that proves, and what follows.

`(created, k)` rises from message to message of a key's group. Two different messages with one
k in one hour come from a restored backup, from two machines with one key, or from a thief. Both
stay valid. Whoever speaks in class ALERT is never silenced by it, for the graver word holds; of
any other key the quota falls after STRIKES such hours, until a registrar enrols it anew.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from holub_crypto.identity import SIGNATURE_BYTES
from holub_protocol.codec import decode
from holub_protocol.kinds import KINDS, Class
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.message import Message
from holub_protocol.points import HOUR_S
from holub_protocol.refusal import Refusal

STRIKES = 3
"""Hours with a conflict before a key loses quota. A relay whose store was restored from a backup
repeats itself in the one hour of that backup, once; then its own messages come back to it."""

QUOTA_DIVISOR = 16
"""What is left of its quota: a relay by which people speak still carries a medical need."""

PROOFS_PER_KEY = 8
"""Proofs against one key that are made and counted: 2 KiB each, and the search for the other
message of each looks through the whole index, some 20 ms of 100,000."""


SPARED = frozenset(kind.group for kind in KINDS.values() if kind.cls <= Class.GRANT)
"""Groups of which a conflict costs nothing: trust and alerts are never silenced."""


class Holds(Protocol):
    """The index, as far as it is asked here."""

    def __contains__(self, id_: bytes) -> bool:
        """Whether a message is remembered."""


class Conflict(NamedTuple):
    """A point that a key has used twice."""

    key: bytes
    group: str
    hour: int
    k: int


def slot_of(message: Message, key: bytes) -> Conflict:
    """Return the point of a key that a message bears."""
    return Conflict(key, KINDS[message.kind].group, message.created_s // HOUR_S, message.k)


def proven(
    body: ProofBody,
    realm_id: bytes,
    keys: Callable[[bytes], tuple[bytes, ...]],
    verify: Callable[[bytes, bytes, bytes], bool],
) -> Conflict | Refusal:
    """Check a proof: what it proves, or why it is none. `keys` finds enrolled keys by hint."""
    one, other = decode(body.one, realm_id), decode(body.other, realm_id)
    if isinstance(one, Refusal) or isinstance(other, Refusal):
        return Refusal.MALFORMED
    if one.id == other.id or slot_of(one, one.kid) != slot_of(other, other.kid):
        return Refusal.MALFORMED
    enrolled = keys(one.kid)
    for key in enrolled:
        if all(verify(key, m.content, m.raw[-SIGNATURE_BYTES:]) for m in (one, other)):
            return slot_of(one, key)
    return Refusal.BAD_SIGNATURE if enrolled else Refusal.UNKNOWN_SIGNER


class Proofs:
    """The proofs that one node holds, one for each point."""

    def __init__(self) -> None:
        """Start with none."""
        self._proofs: dict[Conflict, bytes] = {}
        self._by_key: dict[bytes, dict[Conflict, None]] = {}

    def add(self, id_: bytes, conflict: Conflict) -> bytes | None:
        """Take in a proof; returns the id of one that is not needed beside it. Of two for one
        point everybody keeps the one with the lower id, so that all nodes keep the same."""
        known = self._proofs.get(conflict)
        self._by_key.setdefault(conflict.key, {})[conflict] = None
        if known is None or id_ < known:
            self._proofs[conflict] = id_
            return known
        return id_ if id_ != known else None

    def retain(self, held: Holds) -> None:
        """Forget the proofs that are held no more: their time is over."""
        for conflict in [c for c, id_ in self._proofs.items() if id_ not in held]:
            del self._proofs[conflict]
            del self._by_key[conflict.key][conflict]

    def wanted(self, conflict: Conflict) -> bool:
        """Whether a proof of this would tell anything new."""
        known = self._by_key.get(conflict.key, {})
        return conflict not in known and len(known) < PROOFS_PER_KEY

    def limits(self, key: bytes, enrolled_s: Callable[[bytes], int]) -> bool:
        """Whether a key has lost quota: enough hours, beside those of alerts, since a registrar
        last enrolled it, which `enrolled_s` tells."""
        known = self._by_key.get(key)
        if not known:
            return False
        since_s = enrolled_s(key)
        hours = {c.hour for c in known if (c.hour + 1) * HOUR_S > since_s and c.group not in SPARED}
        return len(hours) >= STRIKES
