"""The difference of two sets of ids, range by range, without memory between frames.

Range-based set reconciliation (Meyer, SRDS 2023) over ids sorted by (created, id): equal
ranges are skipped by a salted fingerprint, unequal ones split in four, small ones sent as a
list. A list goes one way only: its receiver both asks for what it lacks and sends what the
list lacks. Fingerprints are hashes of the ids in their order (order.py), not sums of them: ids
that cancel each other can't be made (an XOR falls in 5 ms, a sum of 128 bits in 14 s). The salt
comes from both peers' nonces, so what chance hides on one link shows on the next.

What two relays missed of each other is mostly the newest, and there nearly everything differs.
So an opening lists the newest ids and compares stretches that double in length behind them;
and next to a list that was mostly news, what differs is listed too instead of being split.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, shake_128
from itertools import pairwise

from holub_crypto.digest import keyed
from holub_protocol.frames import (
    PART_HEAD_BYTES_MAX,
    RANGE_HEAD_BYTES_MAX,
    Fingerprint,
    IdList,
    Part,
    Range,
    Skip,
    part_bytes,
    range_head_bytes,
)
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    AMPLIFICATION,
    AMPLIFICATION_FREE_BYTES,
    FINGERPRINT_BYTES,
    LEAF_ITEMS,
    LIST_ITEMS,
    NEWS_FACTOR,
    NEWS_SHARE,
    OPENING_ITEMS,
    RANGE_PARTS,
    ROOT_FINGERPRINT_BYTES,
    SEND_ITEMS,
    SHORT_ID_BYTES,
    SLOW_ANSWER_BYTES,
    SPLIT,
)
from holub_protocol.order import Order

_REST_BYTES = 24
_ROOT_BYTES = 256
_ROOT_MODULUS = 1 << 8 * _ROOT_BYTES


def session_salt(nonce: bytes, other_nonce: bytes) -> bytes:
    """Return the salt that both sides derive from their two nonces, whichever way round."""
    first, second = sorted((nonce, other_nonce))
    return keyed(b"holub session salt", first + second, 32)


def short_id(salt: bytes, id_: bytes) -> bytes:
    """Return the 5 bytes that stand for an id on one link."""
    return blake2b(salt + id_, digest_size=SHORT_ID_BYTES).digest()


def short_ids(joined: bytes) -> list[bytes]:
    """Return the short ids that stand one after the other."""
    return [joined[at : at + SHORT_ID_BYTES] for at in range(0, len(joined), SHORT_ID_BYTES)]


class RootSum:
    """A sum over a set of ids, kept as they come and go: an equal link costs no snapshot.

    Each id is expanded to 2048 bits, where Wagner's generalised birthday attack on a sum needs
    about 2^(2 sqrt(2048)) = 2^90 work; the sum never leaves, only its digest salted per session.
    """

    def __init__(self) -> None:
        """Start from the empty set."""
        self.count = 0
        self._sum = 0

    def add(self, id_: bytes) -> None:
        """Put an id in."""
        self.count += 1
        self._sum = (self._sum + _expanded(id_)) % _ROOT_MODULUS

    def remove(self, id_: bytes) -> None:
        """Take out an id that is in."""
        self.count -= 1
        self._sum = (self._sum - _expanded(id_)) % _ROOT_MODULUS

    def fingerprint(self, salt: bytes) -> bytes:
        """Return the 8 bytes that stand for the set on one link."""
        data = self._sum.to_bytes(_ROOT_BYTES, "big") + self.count.to_bytes(8, "big")
        return keyed(salt, data, ROOT_FINGERPRINT_BYTES)


def _expanded(id_: bytes) -> int:
    return int.from_bytes(shake_128(id_).digest(_ROOT_BYTES), "big")


@dataclass(frozen=True, slots=True)
class Difference:
    """What a RANGE taught: stretches to answer with, oldest first, each with its lower bound;
    (place among all listed, short id) to ask for, and (short id, id) pairs to send; and how many
    of its parts taught nothing."""

    stretches: tuple[tuple[bytes, tuple[Part, ...]], ...] = ()
    want: tuple[tuple[int, bytes], ...] = ()
    send: tuple[tuple[bytes, bytes], ...] = ()
    idle: int = 0

    @property
    def is_none(self) -> bool:
        """Whether both sides hold the same there."""
        return not (self.stretches or self.want or self.send)


class Snapshot:
    """One class's set at one moment, under one session's salt."""

    def __init__(self, salt: bytes, order: Order) -> None:
        """Nothing is hashed before it is asked for."""
        self._salt, self._order = salt, order
        # The salt goes first: one block to hash for each id, where BLAKE2b's own key takes two.
        self._salted = blake2b(salt, digest_size=SHORT_ID_BYTES)

    def __len__(self) -> int:
        """The number of ids."""
        return len(self._order)

    def opening(self, list_items_max: int) -> tuple[Part, ...]:
        """Return the parts that open a reconciliation: the newest ids as a list, what is before
        them in stretches that double in length."""
        end = len(self)
        start = max(0, end - OPENING_ITEMS)
        parts = list(self.listing(start, end, b"", list_items_max))[::-1]
        length = OPENING_ITEMS
        while start:
            end, start = start, start - length if start >= 2 * length else 0
            parts.append(Fingerprint(self.bound(end), self.fingerprint(start, end)))
            length *= SPLIT
        return tuple(reversed(parts))

    def answer(
        self, heard: Range, heard_bytes: int, list_items_max: int, slow: bool = False
    ) -> Difference:
        """Compare a peer's RANGE, which was so many bytes long, with the own set.

        The newest parts come first, since a list among them tells what to expect before it.
        Whatever would make the answer more than 8 times as long as the question is only given
        its own fingerprint: the peer goes on from that. On a slow link, which may break before
        much is said, that is so beyond a few parts, and the rest is a stretch of its own: it
        waits until the newest part has brought what it can.
        """
        spans = self._spans(heard)
        budget_bytes = SLOW_ANSWER_BYTES if slow else _budget_bytes(heard, heard_bytes)
        reply = _Reply(self, list_items_max, budget_bytes, slow)
        listed = sum(len(part.short_ids) for part, *_ in spans if isinstance(part, IdList))
        place = listed // SHORT_ID_BYTES
        differs = [
            isinstance(part, Fingerprint) and part.fingerprint != self.fingerprint(start, end)
            for part, _, start, end in spans
        ]
        for number in range(len(spans) - 1, -1, -1):
            part, low, start, end = spans[number]
            if isinstance(part, IdList):
                place -= len(part.short_ids) // SHORT_ID_BYTES
                reply.compare(part, place, low, start, end)
            elif differs[number]:
                reply.describe(
                    low, part.high, start, end, last=not (number and differs[number - 1])
                )
            else:
                reply.skip(part)
        return reply.difference(heard.low)

    def listed(self, heard: Range) -> Iterator[tuple[bytes, bytes]]:
        """Yield (short id, id) of all that lies in the stretches of a RANGE that are lists."""
        for part, _, start, end in self._spans(heard):
            if isinstance(part, IdList):
                yield from zip(self.shorts(start, end), self._order.ids(start, end), strict=True)

    def _spans(self, heard: Range) -> list[tuple[Part, bytes, int, int]]:
        """Return each part with its lower bound and the positions from and up to which it goes."""
        spans = []
        low, start = heard.low, self._order.find(heard.low, 0)
        for part in heard.parts:
            end = self._order.find(part.high, start) if part.high else len(self)
            spans.append((part, low, start, end))
            low, start = part.high, end
        return spans

    def listing(self, start: int, end: int, high: bytes, list_items_max: int) -> Iterator[Part]:
        """List positions [start, end) in as many parts as it takes."""
        step = max(1, min(list_items_max, LIST_ITEMS))
        for low in range(start, max(end, start + 1), step):
            stop = min(low + step, end)
            shorts = b"".join(self.shorts(low, stop))
            yield IdList(high if stop == end else self.bound(stop), shorts)

    def split(self, start: int, end: int, high: bytes) -> Iterator[Part]:
        """Compare positions [start, end) in four fingerprints."""
        cuts = [start + (end - start) * i // SPLIT for i in range(SPLIT + 1)]
        for low, stop in pairwise(cuts):
            bound = high if stop == end else self.bound(stop)
            yield Fingerprint(bound, self.fingerprint(low, stop))

    def id(self, position: int) -> bytes:
        """Return the id at a position."""
        return self._order.id(position)

    def shorts(self, start: int, end: int) -> list[bytes]:
        """Return the short ids at positions [start, end)."""
        shorts = []
        salted = self._salted.copy
        for id_ in self._order.ids(start, end):
            hashing = salted()
            hashing.update(id_)
            shorts.append(hashing.digest())
        return shorts

    def fingerprint(self, start: int, end: int) -> bytes:
        """Return what stands for the ids at positions [start, end) on this link."""
        return self._order.fingerprint(self._salt, start, end)

    def bound(self, position: int) -> bytes:
        """Return the fewest first bytes that part this key from the one before it."""
        return self._order.bound(position)


class _Reply:
    """An answer under way, put together from its newest part to its oldest."""

    def __init__(self, own: Snapshot, list_items_max: int, budget_bytes: int, slow: bool) -> None:
        self._slow = slow
        self._own, self._list_items_max, self._budget_bytes = own, list_items_max, budget_bytes
        self._news = False
        self._finer = self._idle = 0
        # How many more ids may be listed because lists beside them were mostly news.
        self._expected = 0
        self._parts: list[Part] = []
        self._want: list[tuple[int, bytes]] = []
        self._send: list[tuple[bytes, bytes]] = []

    def difference(self, low: bytes) -> Difference:
        """Return what has come together, on a slow link what was only given back apart."""
        parts = self._parts[::-1]
        cut = len(parts) - self._finer if self._slow else 0
        # One that is given back stays beside the rest: news there tells what to expect here.
        cut = max(0, cut - 1)
        middle = parts[cut - 1].high if cut else low
        pieces = ((low, _merged(parts[:cut])), (middle, _merged(parts[cut:])))
        stretches = tuple(piece for piece in pieces if piece[1])
        return Difference(stretches, tuple(self._want), tuple(self._send), self._idle)

    def skip(self, part: Part) -> None:
        """Say nothing of a stretch that is equal, or of which nothing was said."""
        self._parts.append(Skip(part.high))
        self._expected, self._news = 0, False
        self._idle += 1

    def compare(self, part: IdList, place: int, low: bytes, start: int, end: int) -> None:
        """Ask for what a list has and we lack, and send what it lacks; but where that would be
        very much, compare in smaller stretches first."""
        own = self._own
        listed = short_ids(part.short_ids)
        if end - start + len(self._send) > len(listed) + SEND_ITEMS:
            self.describe(low, part.high, start, end, last=True)
            return
        theirs = {short: place + number for number, short in enumerate(listed)}
        sent = len(self._send)
        held = own.shorts(start, end)
        for position in range(end - 1, start - 1, -1):
            short = held[position - start]
            if theirs.pop(short, None) is None:
                self._send.append((short, own.id(position)))
        self._want += [(number, short) for short, number in theirs.items()]
        self._parts.append(Skip(part.high))
        sent = len(self._send) - sent
        self._idle += not (theirs or sent)
        self._weigh(len(theirs) + sent, len(listed) + sent)

    def _weigh(self, news: int, ids: int) -> None:
        """Expect as much news before a list as there was in it."""
        if NEWS_SHARE * news < ids:
            self._expected, self._news = 0, False
        elif ids:
            self._expected, self._news = self._expected + NEWS_FACTOR * ids, True

    def describe(self, low: bytes, high: bytes, start: int, end: int, last: bool) -> None:
        """Cut a stretch that differs into smaller parts; `last` says that what is before it is
        equal, so that this one may be equal in its older part too."""
        if start == end:
            self._parts.append(IdList(high, b""))
            return
        parts = self._cut(high, start, end, last)
        size = _size(low, parts)
        if self._slow and parts and isinstance(parts[-1], Fingerprint):
            size = max(size, SLOW_ANSWER_BYTES)
        # The newest part is always cut, or two peers might give it back for ever.
        if parts and (size <= self._budget_bytes or not self._finer):
            self._budget_bytes -= size
            self._parts += reversed(parts)
            self._finer = len(self._parts)
        else:
            self._budget_bytes = 0
            self._parts.append(Fingerprint(high, self._own.fingerprint(start, end)))

    def _cut(self, high: bytes, start: int, end: int, last: bool) -> list[Part]:
        """List or split a stretch, whichever is expected to cost less; [] if all room is taken."""
        own, number = self._own, end - start
        first = start
        finer: list[Part] = []
        if self._news and (not last or number <= 2 * LEAF_ITEMS):
            least = 0 if self._finer else LEAF_ITEMS
            most = min(number, max(min(self._expected, _listed_in(self._budget_bytes)), least))
            self._expected = max(0, self._expected - most)
            if not most:
                return []
            first = end - most
            if first > start:
                finer = [Fingerprint(own.bound(first), own.fingerprint(start, first))]
        elif self._news:
            first = end - LEAF_ITEMS
            finer = list(own.split(start, first, own.bound(first)))
        elif number > LEAF_ITEMS:
            return list(own.split(start, end, high))
        return [*finer, *own.listing(first, end, high, self._list_items_max)]


def _budget_bytes(heard: Range, heard_bytes: int) -> int:
    """Return how many bytes may go into finer parts, so that with all parts merely given back,
    WANT, and the heads of frames, the answer stays within its bound."""
    others = sum(not isinstance(part, Fingerprint) for part in heard.parts)
    back_bytes = heard_bytes + FINGERPRINT_BYTES * others
    return (AMPLIFICATION - 1) * heard_bytes + AMPLIFICATION_FREE_BYTES * 3 // 4 - back_bytes


def _listed_in(budget_bytes: int) -> int:
    """Return about how many ids may be listed in so many bytes, bounds and what is left over
    included."""
    return (budget_bytes - _REST_BYTES) * 15 // 16 // SHORT_ID_BYTES


def _size(low: bytes, parts: Iterable[Part]) -> int:
    """Return how many bytes parts take that begin at `low`."""
    size = 0
    for part in parts:
        size += part_bytes(low, part)
        low = part.high
    return size


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    """Join skips that meet and drop those at the end; nothing left to say gives ()."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, Skip) and merged and isinstance(merged[-1], Skip):
            merged.pop()
        merged.append(part)
    if merged and isinstance(merged[-1], Skip):
        merged.pop()
    return tuple(merged)


def pack(cls: Class, low: bytes, parts: tuple[Part, ...], frame_bytes: int) -> Iterator[Range]:
    """Put parts into RANGE frames of at most `frame_bytes`, none of them starting with a skip."""
    batch: list[Part] = []
    room = 0
    start = bound = low
    for part in parts:
        size = part_bytes(bound, part)
        if batch and (size > room or len(batch) == RANGE_PARTS):
            yield Range(cls, start, tuple(batch))
            batch, start = [], bound
        if isinstance(part, Skip) and not batch:
            start = part.high
        else:
            if not batch:
                room = frame_bytes - range_head_bytes(start)
            batch.append(part)
            room -= size
        bound = part.high
    if batch:
        yield Range(cls, start, tuple(batch))


def list_items(frame_bytes: int) -> int:
    """Return how many short ids fit one list in a frame of `frame_bytes`, whatever its bounds."""
    return (frame_bytes - RANGE_HEAD_BYTES_MAX - PART_HEAD_BYTES_MAX) // SHORT_ID_BYTES
