"""What goes out on one link, in what order, and how much at once.

Bodies wait as ids and are read when their turn comes, so that a peer which never reads costs
no memory, and an alert overtakes whatever is queued: even a message half sent, because each
piece is a frame of its own. PUT and RANGE frames count against the peer's window; the small
frames that keep a link going do not.
"""

from collections import OrderedDict, deque
from typing import Protocol

from holub_protocol.frames import Frame, FrameType, Put, Range, encode
from holub_protocol.framing import LENGTH_BYTES, frame_bytes
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    FRAME_BYTES_MIN,
    OUTBOX_BYTES,
    RESENDS,
    SENDS_PER_LINK,
    SENT_PER_LINK,
    WINDOW_BYTES_MIN,
)
from holub_protocol.message import Now
from holub_protocol.pace import Pace
from holub_protocol.reconcile import short_id

_PUT_HEAD_BYTES = 28
_CLASSES = tuple(Class)
_WEIGHTS = {Class.OFFICIAL: 4, Class.PEOPLE: 3, Class.BULK: 1}
"""Shares of a link among the classes below alerts and grants; what one does not use the others
have. So a flood of notices can't silence people, nor people's requests the maps they need."""


class Shelf(Protocol):
    """What a link needs of its node."""

    @property
    def holdings(self) -> Holdings:
        """The index of what is held."""

    def body(self, id_: bytes) -> bytes | None:
        """Return a held message's bytes, None if they are damaged or gone."""

    def is_own(self, id_: bytes) -> bool:
        """Tell whether a message was signed here: such bytes leave only after the commit."""

    def grants_for(self, hint: bytes) -> tuple[bytes, ...]:
        """Return the ids of the grants of the keys with that hint."""


class Outbox:
    """The frames and ids that wait on one link."""

    def __init__(self) -> None:
        """Start with the least that every peer accepts, until its HELLO says more."""
        self.frame_bytes = FRAME_BYTES_MIN
        self.window_bytes = WINDOW_BYTES_MIN
        self.pace = Pace()
        self.range_bytes = 0
        self.messages_out = 0
        self.overfull = False
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._ranges: dict[Class, deque[bytes]] = {cls: deque() for cls in Class}
        self._puts: dict[Class, dict[bytes, int]] = {cls: {} for cls in Class}
        self._idle = True
        self._sent: OrderedDict[bytes, int] = OrderedDict()
        self._served = dict.fromkeys(_WEIGHTS, 0.0)
        self._floor = 0.0

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
        """Queue RANGE frames before those that wait: depth first, so that every contact, however
        short, finishes some part."""
        for frame in reversed(frames):
            data = encode(frame)
            self.range_bytes += len(data)
            self._ranges[frame.cls].appendleft(data)
            self._idle = False

    def put(self, id_: bytes, cls: Class) -> None:
        """Queue a held message, once, unless it was sent too often already."""
        queue = self._puts[cls]
        if self._sent.get(id_, 0) >= RESENDS:
            return
        if len(queue) < SENDS_PER_LINK:
            queue.setdefault(id_, 0)
            self._idle = False

    def drop(self, id_: bytes, cls: Class) -> None:
        """Take a message out that is no longer wanted."""
        self._puts[cls].pop(id_, None)

    def credit(self, consumed_bytes: int, now: Now) -> None:
        """Learn that the peer has consumed more."""
        self.pace.credited(consumed_bytes, now.mono_us, self.window_bytes)

    def waiting(self) -> int:
        """Return how many messages wait."""
        return sum(map(len, self._puts.values()))

    def busy(self, cls: Class) -> bool:
        """Whether messages or ranges of a class wait."""
        return bool(self._puts[cls] or self._ranges[cls])

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
        if not self.pace.may_send(piece_bytes, self.window_bytes):
            return None
        while (cls := self._turn()) is not None:
            put = self._next_put(cls, piece_bytes, shelf, salt, now) if self._puts[cls] else None
            if put is None and self._ranges[cls]:
                put = frame_bytes(self._ranges[cls].popleft()), False
            if put is not None:
                self.pace.sent(len(put[0]) - LENGTH_BYTES, now.mono_us)
                if cls in _WEIGHTS:
                    self._served[cls] += len(put[0]) / _WEIGHTS[cls]
                return put
        self._idle = True
        return None

    def _turn(self) -> Class | None:
        """Return whose turn it is: the most urgent class, and of those that share by weight the
        one that has had least of its share. A class that had nothing to send saves nothing up."""
        waiting = [cls for cls in _CLASSES if self._puts[cls] or self._ranges[cls]]
        if not waiting or waiting[0] not in _WEIGHTS:
            return waiting[0] if waiting else None
        for cls in waiting:
            self._served[cls] = max(self._served[cls], self._floor)
        turn = min(waiting, key=lambda cls: (self._served[cls], cls))
        self._floor = self._served[turn]
        return turn

    def _next_put(
        self, cls: Class, piece_bytes: int, shelf: Shelf, salt: bytes, now: Now
    ) -> tuple[bytes, bool] | None:
        """Return the next piece of the message of a class that came first."""
        queue = self._puts[cls]
        while queue:
            id_, offset = next(iter(queue.items()))
            raw = shelf.body(id_)
            if raw is None or offset >= len(raw):
                del queue[id_]
                continue
            piece = raw[offset : offset + piece_bytes - _PUT_HEAD_BYTES]
            if offset + len(piece) == len(raw):
                del queue[id_]
                self.messages_out += 1
                self._sent[id_] = self._sent.pop(id_, 0) + 1
                if len(self._sent) > SENT_PER_LINK:
                    self._sent.popitem(last=False)
            else:
                queue[id_] = offset + len(piece)
            age_s = shelf.holdings.age_s(id_, now)
            frame = Put(short_id(salt, id_), age_s, len(raw), offset, piece)
            data = encode(frame)
            return frame_bytes(data), cls is Class.ALERT and not shelf.is_own(id_)
        return None
