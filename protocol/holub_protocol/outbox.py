"""What goes out on one link, in what order, and how much at once.

Bodies wait as ids and are read when their turn comes, so that a peer which never reads costs
no memory, and an alert overtakes whatever is queued: even a message half sent, because each
piece is a frame of its own. Within a class fair.py says whose turn it is. PUT, RANGE and CHUNK
frames count against the peer's window; the small frames that keep a link going do not.
"""

from collections import OrderedDict, deque
from typing import Protocol

from holub_protocol.fair import Allowance, FairQueue, Place, Turns
from holub_protocol.frames import Frame, FrameType, Put, Range, encode
from holub_protocol.framing import LENGTH_BYTES, frame_bytes
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import CLASS_WEIGHTS, Class
from holub_protocol.limits import (
    FRAME_BYTES_MIN,
    OUTBOX_BYTES,
    RESENDS,
    RESENDS_EVERY_US,
    SENDS_PER_LINK,
    SENT_PER_LINK,
    URGENT_BURST_BYTES,
    URGENT_BYTES_PER_S,
    WINDOW_BYTES_MIN,
)
from holub_protocol.message import Now
from holub_protocol.pace import Pace
from holub_protocol.payloads.queue import ChunkQueue
from holub_protocol.ranges import Ranges
from holub_protocol.reconcile import short_id

_PUT_HEAD_BYTES = 28
_EXCESS = {Class.ALERT: len(Class), Class.OFFICIAL: len(Class) + 1}
"""The lanes of what is beyond its source's allowance in a class."""

_EXCESS_LANES = frozenset(_EXCESS.values())

_STRICT = (Class.TRUST, Class.ALERT, Class.GRANT)
_WEIGHTS = {int(cls): weight for cls, weight in CLASS_WEIGHTS.items()} | dict.fromkeys(
    _EXCESS.values(), 1
)
_IN_ORDER = (Class.TRUST, Class.GRANT)
"""Charters and grants go in the order in which they were asked for: each needs those before."""


class Shelf(Protocol):
    """What a link needs of its node."""

    @property
    def holdings(self) -> Holdings:
        """The index of what is held."""

    def body(self, id_: bytes) -> bytes | None:
        """Return a held message's bytes, None if they are damaged or gone."""

    def is_own(self, id_: bytes) -> bool:
        """Tell whether a message was signed here: such bytes leave only after the commit."""

    def urgency(self, id_: bytes) -> int:
        """Return how an alert ranks among its authority's: 0 boards, 1 starts, 2 the rest."""

    def grants_for(self, hint: bytes) -> tuple[bytes, ...]:
        """Return the ids of the grants of the keys with that hint."""


class Outbox:
    """The frames and ids that wait on one link."""

    def __init__(self) -> None:
        """Start with the least that every peer accepts, until its HELLO says more."""
        self.frame_bytes = FRAME_BYTES_MIN
        self.window_bytes = WINDOW_BYTES_MIN
        self.pace = Pace()
        self.ranges = Ranges()
        self.messages_out = 0
        self.overfull = False
        self.chunks: ChunkQueue | None = None
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._fresh: dict[Class, dict[bytes, None]] = {cls: {} for cls in Class}
        self._queues = {lane: FairQueue() for lane in (*Class, *_EXCESS.values())}
        self._arrivals = 0
        self._sorted = True
        self._held = False
        self._turns: Turns[int] = Turns()
        self._allowances = {
            cls: Allowance(URGENT_BURST_BYTES, URGENT_BYTES_PER_S) for cls in _EXCESS
        }
        self._idle = True
        self._sent: OrderedDict[bytes, int] = OrderedDict()
        self._sent_from_us = 0

    @property
    def quiet(self) -> bool:
        """Whether nothing waits, not even for the window."""
        return self._idle and not self._control and not self.overfull

    @property
    def piece_bytes(self) -> int:
        """How large a frame may be on this link as it is now."""
        return self.pace.frame_bytes(self.frame_bytes)

    def say(self, frame: Frame) -> None:
        """Queue a small frame; too many at once make the outbox `overfull`."""
        data = encode(frame)
        self._control_bytes += len(data)
        if self._control_bytes > OUTBOX_BYTES:
            self.overfull = True
        else:
            self._control.append(data)

    def answer(self, frames: tuple[Range, ...]) -> None:
        """Queue RANGE frames before those that wait."""
        self.ranges.add(frames)
        self._idle = self._idle and not frames

    def put(self, id_: bytes, cls: Class) -> None:
        """Queue a held message, once, unless it was sent too often already."""
        queue = self._queues[cls]
        excess = cls in _EXCESS and id_ in self._queues[_EXCESS[cls]]
        if excess or id_ in queue or self._sent.get(id_, 0) >= RESENDS:
            return
        if len(self._fresh[cls]) + len(queue) < SENDS_PER_LINK:
            self._fresh[cls][id_] = None
            self._idle, self._sorted = False, False

    def stir(self) -> None:
        """Chunks wait in `chunks`."""
        self._idle = False
        self._turns.enter(Class.BULK)

    def drop(self, id_: bytes, cls: Class) -> None:
        """Take a message out that is no longer wanted."""
        self._fresh[cls].pop(id_, None)
        self._queues[cls].discard(id_)
        if cls in _EXCESS:
            self._queues[_EXCESS[cls]].discard(id_)

    def credit(self, consumed_bytes: int, now: Now) -> None:
        """Learn that the peer has consumed more."""
        self.pace.credited(consumed_bytes, now.mono_us, self.window_bytes)

    def waiting(self, cls: Class) -> int:
        """Return how many messages of a class wait."""
        excess = len(self._queues[_EXCESS[cls]]) if cls in _EXCESS else 0
        return len(self._fresh[cls]) + len(self._queues[cls]) + excess

    def busy(self, cls: Class) -> bool:
        """Whether messages or ranges of a class wait."""
        return bool(self._fresh[cls] or self._queues[cls] or self.ranges.waits(cls))

    def next(self, shelf: Shelf, salt: bytes, now: Now) -> tuple[bytes, bool] | None:
        """Return the next frame with its length before it, and whether it may leave before the
        commit; None if nothing waits or the window is full."""
        if self._control:
            data = self._control.popleft()
            self._control_bytes -= len(data)
            # HELLO acknowledges nothing, and nothing else may come before it.
            return frame_bytes(data), data[1] == FrameType.HELLO
        if self._idle:
            return None
        piece_bytes = self.piece_bytes
        self.ranges.pass_time(now)  # also with a full window, or it would seem due for ever
        if not self.pace.may_send(piece_bytes, self.window_bytes, now.mono_us):
            return None
        if now.mono_us - self._sent_from_us >= RESENDS_EVERY_US:
            self._sent.clear()
            self._sent_from_us = now.mono_us
        if not self._sorted:
            self._sort_in(shelf)
        self._let_ranges_go(now)
        while (lane := self._turn()) is not None:
            ready = self._next_put(lane, piece_bytes, shelf, salt, now)
            if ready is None and self._ranges_wait(lane):
                ready = frame_bytes(self.ranges.next(Class(lane), self.pace, now)), False
                self._held = self.ranges.held(self.pace, now)
            if ready is None and lane == Class.BULK and self.chunks:
                chunk = self.chunks.next(piece_bytes, salt)
                ready = (frame_bytes(chunk), False) if chunk is not None else None
            if ready is not None:
                self.pace.sent(len(ready[0]) - LENGTH_BYTES, now.mono_us)
            if lane in _WEIGHTS:
                size = len(ready[0]) if ready is not None else 0
                self._turns.charge(size / _WEIGHTS[lane], self._waits(lane))
            if ready is not None:
                return ready
        self._idle = not self.ranges.count
        return None

    def _let_ranges_go(self, now: Now) -> None:
        """See whether ranges are held back now; let their classes take turns if not."""
        self._held = not self.ranges.count or self.ranges.held(self.pace, now)
        for lane in () if self._held else _WEIGHTS:
            if self._ranges_wait(lane):
                self._turns.enter(lane)

    def _ranges_wait(self, lane: int) -> bool:
        """Whether a lane has a RANGE that may go now; only those of classes have any."""
        return not self._held and lane not in _EXCESS_LANES and self.ranges.waits(Class(lane))

    def _sort_in(self, shelf: Shelf) -> None:
        """Give what was queued since the last time its place among what waits."""
        for cls, fresh in self._fresh.items():
            queue = self._queues[cls]
            for id_ in map(shelf.holdings.current, fresh):
                if id_ in shelf.holdings and id_ not in queue:
                    alone = len(fresh) == 1 and not queue
                    queue.add(id_, self._place(id_, cls, alone, shelf))
            if fresh and cls in _WEIGHTS:
                self._turns.enter(cls)
            fresh.clear()
        self._sorted = True

    def _place(self, id_: bytes, cls: Class, alone: bool, shelf: Shelf) -> Place:
        """Newest first; of alerts, boards and starts before the rest."""
        self._arrivals += 1
        holdings = shelf.holdings
        created_s, k = holdings.point(id_)
        rank: tuple[int, ...] = (-created_s, -k)
        if cls in _IN_ORDER:
            rank = (self._arrivals,)
        elif cls is Class.ALERT and not alone:
            rank = (shelf.urgency(id_), *rank)
        return Place(*holdings.voice(id_), rank, holdings.size_bytes(id_))

    def _waits(self, lane: int) -> bool:
        """Whether a lane has something to send."""
        if lane == Class.BULK and self.chunks:
            return True
        return bool(self._queues[lane]) or self._ranges_wait(lane)

    def _turn(self) -> int | None:
        """Return whose turn it is: the most urgent class, and of those that share by weight the
        one that has had least of its share. A class that had nothing to send saves nothing up."""
        for cls in _STRICT:
            if self._waits(cls):
                return cls
        return self._turns.first() if self._turns else None

    def _next_put(
        self, lane: int, piece_bytes: int, shelf: Shelf, salt: bytes, now: Now
    ) -> tuple[bytes, bool] | None:
        """Return the next piece of the message whose turn it is in a lane."""
        queue = self._queues[lane]
        while (chosen := queue.next()) is not None:
            id_, offset = chosen
            raw = shelf.body(id_)
            # One that waits in two lanes, for a NEED and for its class, is still sent no oftener.
            spent = not offset and self._sent.get(id_, 0) >= RESENDS
            if raw is None or offset >= len(raw) or spent:
                queue.discard(id_)
                continue
            if lane in _EXCESS and not offset and not self._is_allowed(Class(lane), id_, now):
                continue
            piece = raw[offset : offset + piece_bytes - _PUT_HEAD_BYTES]
            if offset + len(piece) == len(raw):
                queue.discard(id_)
                self._count_sent(id_)
            else:
                queue.went(len(piece))
            age_s = shelf.holdings.age_s(id_, now)
            frame = Put(short_id(salt, id_), age_s, len(raw), offset, piece)
            return frame_bytes(encode(frame)), lane == Class.ALERT and not shelf.is_own(id_)
        return None

    def _is_allowed(self, cls: Class, id_: bytes, now: Now) -> bool:
        """Whether a source may send this with its class; else it goes with the excess."""
        place = self._queues[cls].place(id_)
        if self._allowances[cls].take(place.source, place.size_bytes, now.mono_us):
            return True
        self._queues[cls].discard(id_)
        self._queues[_EXCESS[cls]].add(id_, place)
        self._turns.enter(_EXCESS[cls])
        return False

    def _count_sent(self, id_: bytes) -> None:
        """Remember how often a message was sent on this link."""
        self.messages_out += 1
        self._sent[id_] = self._sent.pop(id_, 0) + 1
        if len(self._sent) > SENT_PER_LINK:
            self._sent.popitem(last=False)
