"""Chains of grants from a registrar to a key, and the revocations that cut them.

What stands is a function of the charter in force and of the set of grants and revocations that
were taken in, never of the order in which they came. A *line* is one way from a registrar to a
key, each grant in it within the one before. A revocation of a key by another key cuts only the
lines that the two share, so that a desk enrolled by two registrars is silenced by none of them
alone; of a revoked key only those messages stand that the revocation lists in `keep`, whatever
time they claim.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, Charter

DEPTH_MAX = 3
"""How often a registrar's grant may be passed on."""

KEEP_BYTES = 16
"""How much of an id a revocation lists. The thief holds the key: it would have to find another
message of the same beginning, 2^128 tries."""

GRANTS_PER_ISSUER = 8
"""Grants of one issuer for one key that are looked at, the newest first. A stolen registrar may
sign 4,800 a day: each message of that key would be weighed against all of them."""

LINES_PER_REGISTRAR = 64
"""Lines from one registrar to one key that are looked at, short ones first: a stolen key that may
pass its grant on multiplies only the lines of its own registrar. 32 registrars x 64 lines at
2 us each are 4 ms for one message at the very worst."""


class Denial(Enum):
    """Why the answer is no."""

    UNKNOWN_KEY = "no grant for this key is known"
    REVOKED = "the key is revoked, and this message is not among those that stay"
    ROLE = "the key has no such role"
    KIND = "no grant of this key covers the kind"
    HAZARD = "no grant of this key covers the hazard"
    AREA = "no grant of this key covers every area"
    ENDED = "the grant had ended when the message was made"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a registrar, or a key that may pass its own grant on, allows a subject key.
    `authority` is 0 for a relay's own grant; `cls` is the most urgent class it may use (a
    number, lower is more urgent), `rate` the messages an hour within each group, `not_after_s`
    Unix time, `depth` how often it may be passed on; `sealing` is the key that what only the
    subject may read is sealed to, empty where it reads nothing sealed."""

    subject: bytes
    authority: int
    kinds: tuple[int, ...]
    hazards: tuple[int, ...]
    areas: tuple[int, ...]
    cls: int
    rate: int
    not_after_s: int
    depth: int = 0
    sealing: bytes = b""


@dataclass(frozen=True, slots=True)
class Revocation:
    """A key is lost. `(created_s, k)` is its last message that was surely its holder's; `keep`
    the first KEEP_BYTES of the ids of all that stays."""

    key: bytes
    created_s: int
    k: int
    keep: tuple[bytes, ...] = ()

    @property
    def point(self) -> tuple[int, int]:
        """The last place in the key's order that was surely its holder's."""
        return self.created_s, self.k

    def keeps(self, message_id: bytes) -> bool:
        """Whether a message of the key stays."""
        return message_id[:KEEP_BYTES] in self.keep


class Issued(NamedTuple):
    """A grant as it was signed: when, the id of its message, by whom."""

    created_s: int
    id: bytes
    issuer: bytes
    grant: Grant


class Line(NamedTuple):
    """One way from a registrar to a key: the keys, the registrar first, and the grants between
    each two of them."""

    keys: tuple[bytes, ...]
    issued: tuple[Issued, ...] = ()

    @property
    def grant(self) -> Grant | None:
        """What the last key may do; None where it is the registrar itself."""
        return self.issued[-1].grant if self.issued else None


Covers = Callable[[int, int], bool]
"""`covers(scope, area)`: whether an area is the scope or lies in it."""


def allows(hazards: tuple[int, ...], hazard: int) -> bool:
    """Tell whether a list of hazards names one, or all."""
    return ANY_HAZARD in hazards or hazard in hazards


def within(covers: Covers, scopes: tuple[int, ...], areas: tuple[int, ...]) -> bool:
    """Tell whether every area lies in one of the scopes."""
    if EVERYWHERE in scopes:
        return True
    return all(any(covers(scope, area) for scope in scopes) for area in areas)


def narrows(covers: Covers, child: Grant, parent: Grant) -> Denial | None:
    """Tell in what a grant reaches beyond the one it was passed on from; None: in nothing."""
    if child.depth >= parent.depth or child.authority != parent.authority:
        return Denial.ROLE
    if not set(child.kinds) <= set(parent.kinds):
        return Denial.KIND
    if child.cls < parent.cls or child.rate > parent.rate:
        return Denial.KIND
    if not all(allows(parent.hazards, hazard) for hazard in child.hazards):
        return Denial.HAZARD
    if not within(covers, parent.areas, child.areas):
        return Denial.AREA
    return Denial.ENDED if child.not_after_s > parent.not_after_s else None


class Chains:
    """All grants and revocations of a realm that one node knows, whether they stand or not."""

    def __init__(self, covers: Covers) -> None:
        """Start with none; `covers(scope, area)` asks the tree of areas."""
        self._covers = covers
        self._charter: Charter | None = None
        self._grants: dict[bytes, dict[bytes, Issued]] = {}
        self._revocations: dict[bytes, dict[bytes, tuple[Revocation, bytes]]] = {}
        self._lines: dict[tuple[bytes, int], tuple[Line, ...]] = {}
        self._relays: int | None = None

    def govern(self, charter: Charter) -> None:
        """Take the charter in force: only its registrars begin a line."""
        self._charter = charter
        self._lines.clear()

    def add_grant(self, id_: bytes, grant: Grant, issuer: bytes, created_s: int) -> None:
        """Take in a grant that `issuer` has signed."""
        self._grants.setdefault(grant.subject, {})[id_] = Issued(created_s, id_, issuer, grant)
        self._lines.clear()
        self._relays = None

    def add_revocation(self, id_: bytes, revocation: Revocation, issuer: bytes) -> None:
        """Take in a revocation that `issuer` has signed."""
        self._revocations.setdefault(revocation.key, {})[id_] = revocation, issuer
        self._lines.clear()

    def drop(self, id_: bytes) -> None:
        """Forget a grant or a revocation that has expired."""
        for table in (self._grants, self._revocations):
            for key in [key for key, entries in table.items() if id_ in entries]:
                del table[key][id_]
                if not table[key]:
                    del table[key]
        self._lines.clear()
        self._relays = None

    @property
    def relays(self) -> int:
        """How many keys have a grant that speaks for no authority."""
        if self._relays is None:
            self._relays = sum(
                any(issued.grant.authority == 0 for issued in grants.values())
                for grants in self._grants.values()
            )
        return self._relays

    def subjects(self) -> tuple[bytes, ...]:
        """Return every key for which a grant is known, standing or not."""
        return tuple(self._grants)

    def grant_ids(self, key: bytes) -> tuple[bytes, ...]:
        """Return the ids of a key's grants, standing or not."""
        return tuple(self._grants.get(key, ()))

    def below(self, key: bytes) -> tuple[bytes, ...]:
        """Return a key and all whose lines may lead through it."""
        found = {key: None}
        for _ in range(DEPTH_MAX):
            for subject, grants in self._grants.items():
                if any(issued.issuer in found for issued in grants.values()):
                    found[subject] = None
        return tuple(found)

    def lines(self, key: bytes, depth: int = 0) -> tuple[Line, ...]:
        """Return the lines to a key whose last grant may be passed on `depth` times more.

        The key itself may be revoked: see `cut`.
        """
        known = self._lines.get((key, depth))
        if known is None:
            known = self._lines[key, depth] = tuple(self._find(key, depth))
        return known

    def cut(self, keys: tuple[bytes, ...], message_id: bytes) -> Revocation | None:
        """Return what forbids a message of the last of a line's keys, None if nothing does.

        A revocation counts if a key of this line signed it, by a message that stands itself;
        the key's own counts always.
        """
        key = keys[-1]
        for id_, (revocation, issuer) in self._revocations.get(key, {}).items():
            if issuer not in keys or revocation.keeps(message_id):
                continue
            if issuer == key or self.cut(keys[: keys.index(issuer) + 1], id_) is None:
                return revocation
        return None

    def _find(self, key: bytes, depth: int) -> Iterator[Line]:
        charter = self._charter
        if charter is None or key in charter.revoked:
            return
        if key in charter.registrars:
            yield Line((key,))
        found: list[Line] = []
        heard: dict[bytes, int] = {}
        for issued in sorted(self._grants.get(key, {}).values(), reverse=True):
            if issued.grant.depth < depth or heard.get(issued.issuer, 0) >= GRANTS_PER_ISSUER:
                continue
            lines = [
                Line((*line.keys, key), (*line.issued, issued)) for line in self._above(issued)
            ]
            if lines:
                heard[issued.issuer] = heard.get(issued.issuer, 0) + 1
            found += lines
        found.sort(key=lambda line: (len(line.keys), [issued.id for issued in line.issued]))
        shares: dict[bytes, int] = {}
        for line in found:
            share = shares[line.keys[0]] = shares.get(line.keys[0], 0) + 1
            if share <= LINES_PER_REGISTRAR:
                yield line

    def _above(self, issued: Issued) -> Iterator[Line]:
        """The lines to a grant's issuer that the grant lies within."""
        for line in self.lines(issued.issuer, issued.grant.depth + 1):
            if issued.grant.subject in line.keys:
                continue
            if line.grant and narrows(self._covers, issued.grant, line.grant) is not None:
                continue
            if self.cut(line.keys, issued.id) is None:
                yield line
