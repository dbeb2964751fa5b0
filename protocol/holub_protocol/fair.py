"""Whose message goes next: fair between those who speak, newest first within what one says.

Whoever sends most must not decide what others receive. A *source* is an authority, or for what
people say through a relay that ingress relay: its key is the outer signer. Sources share a class
evenly by bytes, and so do the signers of one source. So 5,000 invented residents behind two
relays have the shares of two relays, and a stolen desk key has one of its authority's.
"""

import heapq
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

_Key = TypeVar("_Key", bound=Hashable)


class Turns(Generic[_Key]):
    """Whose turn it is: start-time fair queueing (Goyal, Vin and Cheng 1996).

    It gives what deficit round robin gives, but message by message instead of round by round,
    which shows on a link that takes a second for three messages. Who had nothing to send saves
    nothing up; who stops and starts again does not escape what was charged.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._tags: dict[_Key, float] = {}
        self._waiting: list[tuple[float, int, _Key]] = []
        self._chosen: tuple[float, int, _Key] | None = None
        self._entered: dict[_Key, None] = {}
        self._time = 0.0
        self._count = 0

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._entered)

    def enter(self, key: _Key) -> None:
        """Let somebody wait for a turn, once."""
        if key not in self._entered:
            self._entered[key] = None
            self._push(key)

    def first(self) -> _Key:
        """Return who has had least of its share; somebody must be waiting. It stays first until
        it is charged."""
        if self._chosen is None:
            self._chosen = heapq.heappop(self._waiting)
        return self._chosen[2]

    def charge(self, cost: float, again: bool) -> None:
        """Charge whoever is first, who goes on waiting if `again`."""
        self.first()
        assert self._chosen is not None
        self._time, _, key = self._chosen
        self._chosen = None
        self._tags[key] = self._time + cost
        if again:
            self._push(key)
        else:
            del self._entered[key]
            if len(self._tags) > 2 * len(self._entered) + 64:
                self._tags = {k: tag for k, tag in self._tags.items() if tag > self._time}

    def _push(self, key: _Key) -> None:
        self._count += 1
        tag = max(self._time, self._tags.get(key, 0.0))
        heapq.heappush(self._waiting, (tag, self._count, key))


class Allowance:
    """What each source may send as if it were urgent: a bucket of tokens for each, in bytes."""

    def __init__(self, burst_bytes: int, bytes_per_s: int) -> None:
        """Every source starts with a full bucket."""
        self._burst_bytes, self._bytes_per_s = burst_bytes, bytes_per_s
        self._left: dict[int, tuple[float, int]] = {}

    def take(self, source: int, count: int, now_us: int) -> bool:
        """Take `count` bytes from a source's bucket; False, and nothing taken, if it has less."""
        left, since_us = self._left.get(source, (self._burst_bytes, now_us))
        gained = (now_us - since_us) * self._bytes_per_s / 1_000_000
        left = min(self._burst_bytes, left + gained)
        enough = left >= count
        self._left[source] = (left - count if enough else left, now_us)
        return enough


class Place(NamedTuple):
    """Where a message belongs in a queue: whose it is, its rank within (lowest goes first) and
    its size."""

    source: int
    signer: int
    rank: tuple[int, ...]
    size_bytes: int


class FairQueue:
    """The messages of one class that wait on one link.

    One message at a time is under way: it is sent to its end before the next of its class, so
    that a peer has to put together no more than one for each class.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._sources: Turns[int] = Turns()
        self._signers: dict[int, Turns[int]] = {}
        self._flows: dict[tuple[int, int], list[tuple[tuple[int, ...], bytes, Place]]] = {}
        self._places: dict[bytes, Place] = {}
        self._under_way: tuple[bytes, int] | None = None

    def __len__(self) -> int:
        """How many messages wait, the one under way included."""
        return len(self._places)

    def __contains__(self, id_: bytes) -> bool:
        """Whether a message waits."""
        return id_ in self._places

    def add(self, id_: bytes, place: Place) -> None:
        """Let a message wait that does not wait yet."""
        self._places[id_] = place
        flow = self._flows.setdefault((place.source, place.signer), [])
        heapq.heappush(flow, (place.rank, id_, place))
        self._signers.setdefault(place.source, Turns()).enter(place.signer)
        self._sources.enter(place.source)

    def discard(self, id_: bytes) -> Place | None:
        """Take a message out; return the place that it had, None if it does not wait."""
        if self._under_way is not None and self._under_way[0] == id_:
            self._under_way = None
        return self._places.pop(id_, None)

    def next(self) -> tuple[bytes, int] | None:
        """Return whose turn it is, and from which of its bytes on."""
        if self._under_way is None:
            id_ = self._choose()
            if id_ is not None:
                self._under_way = (id_, 0)
        return self._under_way

    def place(self, id_: bytes) -> Place:
        """Return where a message waits."""
        return self._places[id_]

    def went(self, count: int) -> None:
        """So many bytes more of the message under way have left, and not yet all."""
        assert self._under_way is not None
        id_, offset = self._under_way
        self._under_way = (id_, offset + count)

    def _choose(self) -> bytes | None:
        """Choose a message and charge for all of it."""
        while self._sources:
            source = self._sources.first()
            signers = self._signers[source]
            flow = self._flows[source, signers.first()]
            while flow:
                _, id_, place = heapq.heappop(flow)
                if self._places.get(id_) is place:
                    self._charge(source, place.size_bytes)
                    return id_
            self._charge(source, 0)
        return None

    def _charge(self, source: int, size_bytes: int) -> None:
        """Charge whoever was chosen; who has nothing more drops out."""
        signers = self._signers[source]
        signer = signers.first()
        more = bool(self._flows[source, signer])
        signers.charge(size_bytes, more)
        if not more:
            del self._flows[source, signer]
        self._sources.charge(size_bytes, bool(signers))
