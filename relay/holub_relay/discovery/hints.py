"""What is known of a peer's addresses: who named each, and what came of trying it.

A hint is no more than that: whoever answers there must prove the key.  What a signed beacon said
outranks what anybody on the network may write into an mDNS answer, so that forged addresses
neither push true ones out nor are tried before them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holub_relay.config import join_address
from holub_relay.limits import ADDRESSES_PER_PEER

_NEVER = math.inf

UNTRIED: Final = "not tried"
DIALLING: Final = "dialling"
LINKED: Final = "linked"
CAME: Final = "it came from there"


class Source(StrEnum):
    """Who named an address."""

    CONFIGURED = "configured"  # the operator, by --peer
    BEACON = "beacon"  # the peer itself, signed; the address is the packet's source
    REMEMBERED = "remembered"  # the store: the peer proved its key there in an earlier run
    PEER = "peer"  # another relay, over a link: it has proven its own key, not this address
    ZEROCONF = "zeroconf"  # anybody on the network

    @property
    def weak(self) -> bool:
        """Whether it names addresses of others without any proof."""
        return self in (Source.PEER, Source.ZEROCONF)


@dataclass(slots=True)
class Hint:
    """One address: `outcome` is what the last attempt came to, `proven` whether any succeeded."""

    host: str
    port: int
    source: Source
    first_s: float
    heard_s: float
    tried_s: float = -_NEVER
    outcome: str = UNTRIED
    proven: bool = False

    @property
    def trusted(self) -> bool:
        """Whether more than somebody else's word speaks for it."""
        return self.proven or not self.source.weak


@dataclass(frozen=True, slots=True)
class HintState:
    """One hint, for `holub peers`: times are seconds ago, `key` the proven or claimed one."""

    key: bytes | None
    granted: bool
    linked: bool
    host: str
    port: int
    source: Source
    heard_ago_s: float
    tried_ago_s: float | None
    outcome: str
    proven: bool

    def view(self) -> dict[str, object]:
        """It in JSON's terms."""
        tried_ago_s = self.tried_ago_s
        return {
            "peer": self.key.hex() if self.key is not None else None,
            "address": join_address(self.host, self.port),
            "source": str(self.source),
            "granted": self.granted,
            "linked": self.linked,
            "proven": self.proven,
            "heard_ago_s": round(self.heard_ago_s, 1),
            "tried_ago_s": round(tried_ago_s, 1) if tried_ago_s is not None else None,
            "outcome": self.outcome,
        }


class Addresses:
    """The addresses of one peer: at most ADDRESSES_PER_PEER, those of the operator apart."""

    __slots__ = ("_hints",)

    def __init__(self) -> None:
        """Begin with none."""
        self._hints: dict[tuple[str, int], Hint] = {}  # the freshest last

    def __len__(self) -> int:
        return len(self._hints)

    def __iter__(self) -> Iterator[Hint]:
        return iter(self._hints.values())

    @property
    def trusted(self) -> bool:
        """Whether any of them rests on more than somebody else's word."""
        return any(hint.trusted for hint in self)

    def add(self, host: str, port: int, source: Source, now_s: float) -> None:
        """Somebody named this address; the weakest goes if there are too many."""
        hint = self._hints.pop((host, port), None)
        if hint is None:
            hint = Hint(host, port, source, now_s, now_s)
        elif not source.weak or not hint.trusted:
            # Somebody else's word does not make an address fresh that better words stand for.
            hint.heard_s = now_s
            if hint.source is not Source.CONFIGURED:
                hint.source = source
        self._hints[host, port] = hint
        self._trim()

    def merge(self, other: "Addresses") -> None:
        """Take over another's: both have turned out to be one peer."""
        for hint in other:
            known = self._hints.get((hint.host, hint.port))
            if known is None or hint.source is Source.CONFIGURED:
                self._hints[hint.host, hint.port] = hint
        self._trim()

    def remove(self, host: str, port: int) -> None:
        """Forget an address."""
        self._hints.pop((host, port), None)

    def next(self) -> Hint | None:
        """The address to try: first what was named anew since its last try, unless unsigned,
        then in turn what has waited longest, so that ever new forged ones wait behind it."""
        hints = list(self._hints.values())
        if not hints:
            return None
        hints.reverse()  # of equals the freshest
        return min(hints, key=_turn)

    def tried(self, host: str, port: int, now_s: float) -> None:
        """An attempt begins."""
        hint = self._hints.get((host, port))
        if hint is not None:
            hint.tried_s, hint.outcome = now_s, DIALLING

    def ended(self, host: str, port: int, outcome: str) -> None:
        """The attempt has ended so; LINKED proves the address."""
        hint = self._hints.get((host, port))
        if hint is not None:
            hint.outcome = outcome
            hint.proven |= outcome == LINKED

    def prove(self, host: str) -> None:
        """The peer itself came from `host`: what its beacon said of it is true."""
        for hint in self:
            if hint.host == host and hint.source is Source.BEACON:
                hint.proven = True
                hint.outcome = CAME if hint.outcome == UNTRIED else hint.outcome

    def has_host(self, host: str) -> bool:
        """Whether any address is on `host`."""
        return any(hint.host == host for hint in self)

    def _trim(self) -> None:
        own = [hint for hint in self if hint.source is not Source.CONFIGURED]
        while len(own) > ADDRESSES_PER_PEER:
            weakest = min(own, key=lambda hint: (hint.trusted, hint.heard_s))
            own.remove(weakest)
            del self._hints[weakest.host, weakest.port]


def _turn(hint: Hint) -> tuple[bool, float]:
    if hint.trusted and hint.heard_s > hint.tried_s:
        return False, hint.tried_s
    return True, max(hint.first_s, hint.tried_s)
