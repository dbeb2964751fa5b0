"""What a node knows of one link's part in the exchange of payloads: what the peer holds, what it
was told, what it was asked for and how promptly it answers."""

from dataclasses import dataclass

from holub_protocol.limits import CHUNK_PROMPT_US, CHUNKS_ASKED_MAX, CHUNKS_ASKED_START
from holub_protocol.message import Now
from holub_protocol.payloads.bitmap import places
from holub_protocol.payloads.library import Library, Payload
from holub_protocol.payloads.queue import ChunkQueue
from holub_protocol.reconcile import short_id
from holub_protocol.session import Session

_SHARES = 256  # bitmaps of 230 B remembered per link: 60 kB


@dataclass(slots=True)
class Part:
    """A chunk as far as it has come. `mixed` tells that its beginning came by another link, so
    that nobody is to blame if the whole is wrong."""

    id: bytes
    place: int
    data: bytearray
    mixed: bool = False


class Line:
    """One live link. `shares` is what its peer was seen to hold before, where it is met again."""

    def __init__(
        self, session: Session, queue: ChunkQueue, shares: dict[bytes, int], now: Now
    ) -> None:
        """Nothing is asked for yet."""
        self.session, self.queue, self.shares = session, queue, shares
        self.said: dict[bytes, tuple[int, int]] = {}
        self.given: dict[bytes, int] = {}
        self.servings: dict[bytes, int] = {}
        self.asked: dict[tuple[bytes, int], int] = {}
        self.part: Part | None = None
        self.heard_us = self.tell_due_us = now.mono_us
        self.tell_pause_us = 0
        self._window = CHUNKS_ASKED_START
        self._resting: dict[bytes, int] = {}
        self._shorts: dict[bytes, Payload] = {}
        self._version = -1

    def payload(self, short: bytes, library: Library) -> Payload | None:
        """Return the payload that a short id stands for on this link."""
        if self._version != library.version:
            self._shorts = {self.short(p.id): p for p in library}
            self._version = library.version
        return self._shorts.get(short)

    def short(self, id_: bytes) -> bytes:
        """Return a payload's short id on this link."""
        return short_id(self.session.salt, id_)

    def share(self, id_: bytes, bits: int) -> None:
        """Learn what the peer holds of a payload."""
        self.shares.pop(id_, None)
        self.shares[id_] = bits
        if len(self.shares) > _SHARES:
            del self.shares[next(iter(self.shares))]

    def offers(self, payload: Payload, now: Now) -> int:
        """Return the places, as bits, that are missing here and that the peer may be asked for."""
        if self._resting.get(payload.id, 0) > now.mono_us:
            return 0
        return self.shares.get(payload.id, 0) & payload.missing

    def rest(self, id_: bytes, until_us: int) -> None:
        """Ask the peer for nothing of a payload for a while."""
        self._resting[id_] = until_us

    def room(self) -> int:
        """Return how many more chunks may be asked for; 0 while most of those asked are to come,
        so that a FETCH asks for several."""
        room = self._window - len(self.asked)
        return room if 2 * room >= self._window else 0

    def arrived(self, id_: bytes, place: int, now: Now) -> None:
        """A chunk asked for has come: the more promptly, the more are asked for at once."""
        asked_us = self.asked.pop((id_, place), None)
        if asked_us is None:
            return
        if now.mono_us - asked_us <= CHUNK_PROMPT_US:
            self._window = min(CHUNKS_ASKED_MAX, self._window + 1)
        else:
            self._window = max(CHUNKS_ASKED_START, self._window - 1)

    def news(self, payload: Payload) -> int:
        """Return the places, as bits, that the peer lacks and does not know to be held here;
        nothing while it knows of enough others to ask for."""
        theirs = self.shares.get(payload.id)
        if theirs is None or theirs == payload.layout.whole:
            return 0
        lacking = ~(theirs | self.given.get(payload.id, 0))
        said, _ = self.said.get(payload.id, (0, 0))
        if (said & lacking).bit_count() >= CHUNKS_ASKED_MAX:
            return 0
        return payload.held & lacking & ~said

    def forget(self, id_: bytes) -> None:
        """A payload is gone."""
        for memory in (self.shares, self.given, self.servings, self._resting):
            memory.pop(id_, None)
        self.said.pop(id_, None)


def bits_of(numbers: tuple[int, ...]) -> int:
    """Return places as bits."""
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def first(bits: int, order: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Return up to `most` of the places in `bits`, those that come first in `order`."""
    if bits.bit_count() <= most:
        wanted = set(places(bits))
        return tuple(place for place in order if place in wanted)
    chosen: list[int] = []
    for place in order:
        if bits >> place & 1:
            chosen.append(place)
            if len(chosen) == most:
                break
    return tuple(chosen)
