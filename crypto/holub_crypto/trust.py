"""Who may say what in a realm: the charter in force, the lines of grants, and one question.

Nobody speaks unless the realm enrolled the key. `may` answers for every message on every way
in, over every area and hazard that it names, in header and body. The answer may change when a
charter, a grant or a revocation comes: what was said on ground that is gone is asked for again.
"""

from enum import Enum
from typing import NamedTuple

from holub_crypto.chains import (
    Chains,
    Covers,
    Denial,
    Grant,
    Issued,
    Line,
    Revocation,
    allows,
    narrows,
)
from holub_crypto.chains import within as lies_within
from holub_crypto.charter import Authority
from holub_crypto.identity import key_hint
from holub_crypto.succession import Succession


class Role(Enum):
    """What a key must be to sign a kind. A GRANTOR is a registrar, or a key that may pass its
    grant on."""

    REGISTRAR = "registrar"
    GRANTOR = "grantor"
    AUTHORITY = "authority"
    RELAY = "relay"
    ANYONE = "anyone"


class Ask(NamedTuple):
    """One question: may `key` say this? `hazard` and `verb` are 0 where a kind has none.

    `message` is the id of what it says, which a revocation may let stand; `authority` the one
    that it must be said for, None for any; `enrols` the grant that it gives, `revokes` the key
    that it revokes. A tuple, since one is made for every
    message: a frozen dataclass costs four times as much.
    """

    key: bytes
    role: Role
    kind: int
    cls: int
    hazard: int
    verb: int
    areas: tuple[int, ...]
    created_s: int
    message: bytes = b""
    authority: int | None = None
    enrols: Grant | None = None
    revokes: bytes = b""


class Reach(NamedTuple):
    """Areas and hazards, each of the one with each of the other, that a key may speak of."""

    areas: tuple[int, ...]
    hazards: tuple[int, ...]


class Standing(NamedTuple):
    """What a key is to an authority: how far its grants reach, one entry a grant, and the
    registrars from which they come."""

    reach: tuple[Reach, ...] = ()
    registrars: tuple[bytes, ...] = ()


class Granted(NamedTuple):
    """The answer yes: on behalf of which authority, at how many an hour, until when."""

    authority: int
    rate: int
    not_after_s: int


_FOREVER_S = 2**32 - 1
_UNLIMITED = 1_000_000
_REGISTRAR = Granted(0, _UNLIMITED, _FOREVER_S)
# The denial that says most about how near the key came; a later stage outranks an earlier.
_NEARNESS = (
    Denial.ROLE, Denial.KIND, Denial.HAZARD, Denial.AREA, Denial.ENDED, Denial.REVOKED,
)  # fmt: skip


class Trust(Succession):
    """A realm's charters, grants and revocations as one node knows them."""

    def __init__(self, pinned: bytes, covers: Covers) -> None:
        """Start from a chain of charters that people have pinned (see Succession);
        `covers(scope, area)` asks the tree of areas. Raises CharterError."""
        self._covers = covers
        self._chains = Chains(covers)
        self._hints: dict[bytes, dict[bytes, None]] = {}
        self.dropped = 0
        super().__init__(pinned)
        self._charter_changed()

    def _charter_changed(self) -> None:
        self._chains.govern(self.charter)
        self._index_keys()

    def _index_keys(self) -> None:
        self._hints = {}
        revoked = self.charter.revoked  # known, so that what they sign is refused at once
        for key in (*self.charter.registrars, *self._chains.subjects(), *revoked):
            self._hints.setdefault(key_hint(key), {})[key] = None

    # --- what goes in -------------------------------------------------------------------------

    def add_grant(self, id_: bytes, grant: Grant, issuer: bytes, created_s: int) -> None:
        """Take in a grant that `issuer` has signed at Unix time `created_s`."""
        self._chains.add_grant(id_, grant, issuer, created_s)
        self._hints.setdefault(key_hint(grant.subject), {})[grant.subject] = None

    def add_revocation(self, id_: bytes, revocation: Revocation, issuer: bytes) -> None:
        """Take in a revocation that `issuer` has signed: whether it counts, each line tells."""
        self._chains.add_revocation(id_, revocation, issuer)

    def drop(self, id_: bytes) -> None:
        """Forget a grant or a revocation that has expired; `dropped` counts how often."""
        self._chains.drop(id_)
        self._index_keys()
        self.dropped += 1

    # --- what comes out -----------------------------------------------------------------------

    def keys(self, hint: bytes) -> tuple[bytes, ...]:
        """Return every key with that hint that is enrolled or was: a verifier tries each."""
        return tuple(self._hints.get(hint, ()))

    def chain(self, hint: bytes) -> tuple[bytes, ...]:
        """Return the ids of the grants by which the keys with that hint may speak, those of the
        registrars first: what answers a NEED."""
        ids: dict[bytes, None] = {}
        for key in self.keys(hint):
            for line in self._chains.lines(key):
                ids.update(dict.fromkeys(issued.id for issued in line.issued))
            ids.update(dict.fromkeys(self._chains.grant_ids(key)))
        return tuple(ids)

    def below(self, key: bytes) -> tuple[bytes, ...]:
        """Return a key and all that may speak by what it has passed on."""
        return self._chains.below(key)

    def grants(self, key: bytes) -> tuple[Grant, ...]:
        """Return the grants of a key that stand."""
        return tuple(issued.grant for issued in self._standing(key))

    @property
    def sources(self) -> int:
        """How many speak: authorities, and relays that speak for none."""
        return len(self.charter.authorities) + self._chains.relays

    def sealing_key(self, hint: bytes) -> bytes | None:
        """Return the key to seal to for the service whose signing key has that hint: that of the
        grant which lasts longest, so that a new one follows an old one; None if none has one."""
        found = [
            (grant.not_after_s, grant.sealing)
            for key in self.keys(hint)
            for grant in self.grants(key)
            if grant.sealing
        ]
        return max(found)[1] if found else None

    def rate(self, key: bytes, kind: int, default: int) -> int:
        """Return how many messages of a kind an hour a key's grants allow it."""
        rates = [grant.rate for grant in self.grants(key) if kind in grant.kinds]
        return max(rates, default=default)

    def standing(self, key: bytes, authority: int) -> Standing:
        """Return what a key is to an authority."""
        stand = [i for i in self._standing(key).items() if i[0].grant.authority == authority]
        return Standing(
            tuple(
                Reach(issued.grant.areas, issued.grant.hazards)
                for issued, _ in sorted(stand, key=lambda entry: entry[0].id)
            ),
            tuple(sorted({registrar for _, registrars in stand for registrar in registrars})),
        )

    def enrolled_s(self, key: bytes) -> int:
        """Return when a registrar last gave a key a grant that stands, in Unix time; 0: never."""
        registrars = self.charter.registrars
        made_s = (i.created_s for i in self._standing(key) if i.issuer in registrars)
        return max(made_s, default=0)

    def is_relay(self, key: bytes, now_s: int) -> bool:
        """Tell whether a link's key holds a grant still running: it gets one of the kept links."""
        return any(grant.not_after_s >= now_s for grant in self.grants(key))

    def may(self, ask: Ask) -> Granted | Denial:
        """Answer for one message: the one place where the right to speak is decided."""
        if ask.key in self.charter.revoked:
            return Denial.REVOKED
        nearest = -1
        for line in self._chains.lines(ask.key):
            answer = self._weigh(line, ask)
            if isinstance(answer, Granted):
                if self._chains.cut(line.keys, ask.message) is None:
                    return answer
                answer = Denial.REVOKED
            nearest = max(nearest, _NEARNESS.index(answer))
        return Denial.UNKNOWN_KEY if nearest < 0 else _NEARNESS[nearest]

    def void(self, key: bytes, message: bytes, point: tuple[int, int]) -> bool:
        """Tell whether a message of a revoked key is surely not its holder's: every line to the
        key is cut, and the message lies beyond the point of what cuts it."""
        cuts = [self._chains.cut(line.keys, message) for line in self._chains.lines(key)]
        return bool(cuts) and all(cut is not None and cut.point < point for cut in cuts)

    # --- inside -------------------------------------------------------------------------------

    def _standing(self, key: bytes) -> dict[Issued, tuple[bytes, ...]]:
        """The grants of a key that no revocation cuts, each with the registrars it comes from."""
        found: dict[Issued, tuple[bytes, ...]] = {}
        for line in self._chains.lines(key):
            if line.issued and self._chains.cut(line.keys, b"") is None:
                last = line.issued[-1]
                found[last] = (*found.get(last, ()), line.keys[0])
        return found

    def _weigh(self, line: Line, ask: Ask) -> Granted | Denial:
        """Answer by one line, whether it is cut or not."""
        grant = line.grant
        if grant is None:
            known = ask.role in (Role.REGISTRAR, Role.GRANTOR, Role.ANYONE)
            return _REGISTRAR if known and not ask.authority else Denial.ROLE
        authority = self.charter.authority(grant.authority)
        if ask.authority not in (None, grant.authority):
            return Denial.ROLE
        match ask.role:
            case Role.REGISTRAR:
                denial: Denial | None = Denial.ROLE
            case Role.GRANTOR:
                denial = self._beyond_passing(grant, ask)
            case Role.ANYONE:
                denial = None
            case Role.AUTHORITY if authority is None:
                denial = Denial.ROLE
            case _:
                denial = self._beyond(grant, authority, ask)
        if denial is None and ask.created_s > grant.not_after_s:
            denial = Denial.ENDED
        return denial or Granted(grant.authority, grant.rate, grant.not_after_s)

    def _beyond_passing(self, grant: Grant, ask: Ask) -> Denial | None:
        """Who may pass a grant on narrows it, and revokes; everyone revokes the own key."""
        if ask.enrols is not None:
            return narrows(self._covers, ask.enrols, grant)
        if ask.revokes and (ask.revokes == ask.key or grant.depth):
            return None
        return Denial.ROLE

    def _beyond(self, grant: Grant, authority: Authority | None, ask: Ask) -> Denial | None:
        """A key speaks within its grant, and a grant never reaches further than what the charter
        gives its authority."""
        if ask.kind not in grant.kinds or ask.cls < grant.cls:
            return Denial.KIND
        for scope in (grant, authority):
            if scope is None:
                continue
            if ask.hazard and not allows(scope.hazards, ask.hazard):
                return Denial.HAZARD
            if not lies_within(self._covers, scope.areas, ask.areas):
                return Denial.AREA
        return None
