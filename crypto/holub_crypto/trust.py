"""Who may say what in a realm: the charter's versions, the grants, and one question.

Nobody speaks unless the realm enrolled the key. A registrar that the charter names grants a
key kinds, hazards, areas and a rate on behalf of an authority; `may` answers for every message
on every way in, over every area that it names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from holub_crypto.charter import (
    ANY_HAZARD,
    EVERYWHERE,
    Authority,
    Charter,
    CharterError,
    SignedCharter,
    decode,
    fingerprint,
    split,
)
from holub_crypto.identity import key_hint


class Role(Enum):
    """What a key must be to sign a kind."""

    REGISTRAR = "registrar"
    AUTHORITY = "authority"
    RELAY = "relay"
    ANYONE = "anyone"


class Denial(Enum):
    """Why the answer is no."""

    UNKNOWN_KEY = "no grant for this key is known"
    REVOKED = "the charter has revoked this key"
    ROLE = "the key has no such role"
    KIND = "no grant of this key covers the kind"
    HAZARD = "no grant of this key covers the hazard"
    AREA = "no grant of this key covers every area"
    ENDED = "the grant had ended when the message was made"


class CharterOutcome(Enum):
    """What came of a charter that was offered."""

    ACCEPTED = "accepted"
    KNOWN = "known already"
    AHEAD = "versions between are missing"
    FORKED = "another successor exists: both kept, staying on the common version"
    REFUSED = "not signed by enough root keys, or for another realm"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a registrar allows a subject key. `authority` is 0 for a relay's own grant;
    `cls` is the most urgent class it may use (a number, lower is more urgent), `rate` the
    messages an hour within each group, `not_after_s` Unix time, `depth` how often it may be
    passed on."""

    subject: bytes
    authority: int
    kinds: tuple[int, ...]
    hazards: tuple[int, ...]
    areas: tuple[int, ...]
    cls: int
    rate: int
    not_after_s: int
    depth: int = 0


class Ask(NamedTuple):
    """One question: may `key` say this? `hazard` and `verb` are 0 where a kind has none.

    A tuple, since one is made for every message: a frozen dataclass costs four times as much.
    """

    key: bytes
    role: Role
    kind: int
    cls: int
    hazard: int
    verb: int
    areas: tuple[int, ...]
    created_s: int


class Reach(NamedTuple):
    """Areas and hazards, each of the one with each of the other, that a key may speak of."""

    areas: tuple[int, ...]
    hazards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer yes: on behalf of which authority, at how many an hour, until when."""

    authority: int
    rate: int
    not_after_s: int


_FOREVER_S = 2**32 - 1
_UNLIMITED = 1_000_000
# The denial that says most about how near the key came; a later stage outranks an earlier.
_NEARNESS = (Denial.ROLE, Denial.KIND, Denial.HAZARD, Denial.AREA, Denial.ENDED)


class Trust:
    """A realm's charters and grants as one node knows them."""

    def __init__(self, pinned: bytes, covers: Callable[[int, int], bool]) -> None:
        """Start from a chain of charters, version 1 at least, that people have pinned: nothing
        leads back behind its last. `covers(scope, area)` asks the tree of areas.

        Raises CharterError unless version 1 is signed by its own threshold of roots and each
        later one follows the one before.
        """
        first, *later = split(pinned)
        signed = decode(first)
        self.realm_id = signed.charter.content_id(b"")
        signers = signed.signers(signed.charter.roots, self.realm_id)
        if len(signers) < signed.charter.threshold:
            raise CharterError("not signed by enough of its own root keys, and by nobody else")
        self._covers = covers
        self._versions = [signed]
        self._pinned = 1
        self._forks: list[SignedCharter] = []
        self._grants: dict[bytes, dict[bytes, Grant]] = {}
        self._hints: dict[bytes, dict[bytes, None]] = {}
        self._index_charter_keys()
        for raw in later:
            if self.add_charter(raw) is not CharterOutcome.ACCEPTED:
                number = len(self._versions) + 1
                raise CharterError(
                    f"version {number} is not signed by enough root keys of {number - 1} and "
                    f"of its own, or does not follow {number - 1}"
                )
        self._pinned = len(self._versions)

    @property
    def charter(self) -> Charter:
        """The version in force."""
        return self._versions[-1].charter

    @property
    def versions(self) -> tuple[bytes, ...]:
        """Every version's bytes, ascending."""
        return tuple(signed.raw for signed in self._versions)

    @property
    def words(self) -> str:
        """The fingerprint of the version in force, for people to compare."""
        return fingerprint(self.realm_id, self.charter.content_id(self.realm_id))

    @property
    def pinned(self) -> int:
        """The version that people have pinned: what competes with it or an older one is refused."""
        return self._pinned

    @property
    def forks(self) -> tuple[bytes, ...]:
        """The bytes of the successors that compete, where there are any: both are kept."""
        return tuple(signed.raw for signed in self._forks)

    @property
    def forked(self) -> bool:
        """Whether two successors of one version are known: an alarm for people."""
        return bool(self._forks)

    def add_charter(self, raw: bytes) -> CharterOutcome:
        """Take in a later version; raises CharterError where the bytes are none."""
        signed = decode(raw)
        version = signed.charter.version
        this_id = signed.charter.content_id(self.realm_id)
        if version <= len(self._versions):
            known = self._versions[version - 1]
            if known.charter.content_id(self.realm_id) == this_id:
                return CharterOutcome.KNOWN
            if version <= self._pinned:
                return CharterOutcome.REFUSED
            if not self._follows(signed, self._versions[version - 2]):
                return CharterOutcome.REFUSED
            self._forks += [known, signed]
            del self._versions[version - 1 :]
            self._index_charter_keys()
            return CharterOutcome.FORKED
        if version > len(self._versions) + 1:
            return CharterOutcome.AHEAD
        if not self._follows(signed, self._versions[-1]):
            return CharterOutcome.REFUSED
        if any(fork.charter.version == version for fork in self._forks):
            return CharterOutcome.FORKED
        self._versions.append(signed)
        self._index_charter_keys()
        return CharterOutcome.ACCEPTED

    def _follows(self, signed: SignedCharter, before: SignedCharter) -> bool:
        """Tell whether k of the old and k of the new root keys have signed this successor."""
        old, new = before.charter, signed.charter
        if new.previous != old.content_id(self.realm_id):
            return False
        signers = signed.signers((*old.roots, *new.roots), self.realm_id)
        return (
            len(set(signers).intersection(old.roots)) >= old.threshold
            and len(set(signers).intersection(new.roots)) >= new.threshold
        )

    def _index_charter_keys(self) -> None:
        self._hints = {}
        for key in (*self.charter.registrars, *self._grants):
            self._hints.setdefault(key_hint(key), {})[key] = None

    def add_grant(self, grant_id: bytes, grant: Grant) -> None:
        """Take in a grant whose signature and issuer have been checked."""
        self._grants.setdefault(grant.subject, {})[grant_id] = grant
        self._hints.setdefault(key_hint(grant.subject), {})[grant.subject] = None

    def drop_grant(self, grant_id: bytes) -> None:
        """Forget a grant that has expired."""
        for subject, grants in list(self._grants.items()):
            if grants.pop(grant_id, None) is not None and not grants:
                del self._grants[subject]
                self._index_charter_keys()

    def grants_for(self, hint: bytes) -> tuple[bytes, ...]:
        """Return the ids of the grants whose subject has that hint: the chain that a NEED asks."""
        return tuple(
            grant_id for key in self._hints.get(hint, {}) for grant_id in self._grants.get(key, {})
        )

    def keys(self, hint: bytes) -> tuple[bytes, ...]:
        """Return every enrolled key with that hint: a verifier tries each."""
        return tuple(self._hints.get(hint, ()))

    def grants(self, key: bytes) -> tuple[Grant, ...]:
        """Return the grants of a key."""
        return tuple(self._grants.get(key, {}).values())

    def rate(self, key: bytes, kind: int, default: int) -> int:
        """Return how many messages of a kind an hour a key's grants allow it."""
        rates = [grant.rate for grant in self.grants(key) if kind in grant.kinds]
        return max(rates, default=default)

    def reach(self, key: bytes, authority: int) -> tuple[Reach, ...]:
        """Return how far a key's grants for an authority reach, one entry a grant."""
        grants = self._grants.get(key, {})
        return tuple(
            Reach(grants[id_].areas, grants[id_].hazards)
            for id_ in sorted(grants)
            if grants[id_].authority == authority
        )

    def is_relay(self, key: bytes, now_s: int) -> bool:
        """Tell whether a link's key holds a grant still running: it gets one of the kept links."""
        return any(grant.not_after_s >= now_s for grant in self.grants(key))

    def may(self, ask: Ask) -> Granted | Denial:
        """Answer for one message: the one place where the right to speak is decided."""
        if ask.key in self.charter.revoked:
            return Denial.REVOKED
        if ask.role is Role.REGISTRAR:
            if ask.key in self.charter.registrars:
                return Granted(0, _UNLIMITED, _FOREVER_S)
            return Denial.ROLE if ask.key in self._grants else Denial.UNKNOWN_KEY
        grants = self._grants.get(ask.key)
        if not grants:
            return Denial.ROLE if ask.key in self.charter.registrars else Denial.UNKNOWN_KEY
        nearest = -1
        for grant_id in sorted(grants):
            answer = self._weigh(grants[grant_id], ask)
            if isinstance(answer, Granted):
                return answer
            nearest = max(nearest, _NEARNESS.index(answer))
        return _NEARNESS[nearest]

    def _weigh(self, grant: Grant, ask: Ask) -> Granted | Denial:
        authority = self.charter.authority(grant.authority)
        if ask.role is Role.AUTHORITY and authority is None:
            return Denial.ROLE
        if ask.kind not in grant.kinds or ask.cls < grant.cls:
            return Denial.KIND
        if ask.hazard and not _allows(grant.hazards, ask.hazard):
            return Denial.HAZARD
        if not self._within(grant.areas, ask.areas):
            return Denial.AREA
        if authority is not None:
            denial = self._beyond(authority, ask)
            if denial is not None:
                return denial
        if ask.created_s > grant.not_after_s:
            return Denial.ENDED
        return Granted(grant.authority, grant.rate, grant.not_after_s)

    def _beyond(self, authority: Authority, ask: Ask) -> Denial | None:
        """A grant never reaches further than what the charter gives its authority."""
        if ask.hazard and not _allows(authority.hazards, ask.hazard):
            return Denial.HAZARD
        if not self._within(authority.areas, ask.areas):
            return Denial.AREA
        return None

    def _within(self, scopes: tuple[int, ...], areas: tuple[int, ...]) -> bool:
        """Tell whether every area lies in one of the scopes."""
        if EVERYWHERE in scopes:
            return True
        return all(any(self._covers(scope, area) for scope in scopes) for area in areas)


def _allows(hazards: tuple[int, ...], hazard: int) -> bool:
    return ANY_HAZARD in hazards or hazard in hazards
