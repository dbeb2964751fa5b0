"""The RANGE frames of one link: those that wait, and those whose lists the peer may ask for.

They go depth first, the newest stretch first, so that every contact, however short, finishes
some part. On a slow link one goes at a time: what it finds is sent before more is compared.
A WANT names ids by their place in the RANGE that listed them, a bit for each. What is kept for
that is the frame itself; which ids it listed the set tells again.
"""

from collections import OrderedDict, deque

from holub_protocol.frames import Range, decode, encode
from holub_protocol.kinds import Class
from holub_protocol.limits import RANGE_ANSWER_US, SAID_LISTS_BYTES
from holub_protocol.message import Now
from holub_protocol.pace import Pace

NEVER_US = 2**62


class Ranges:
    """See the module's text."""

    def __init__(self) -> None:
        """Start with none; `count` is how many frames wait."""
        self.bytes = self.count = 0
        self._waiting: dict[Class, deque[tuple[bytes | None, bytes]]] = {
            cls: deque() for cls in Class
        }
        self._lists: OrderedDict[tuple[Class, bytes], bytes] = OrderedDict()
        self._lists_bytes = 0
        self._sent_to_bytes = self._from_us = 0

    def add(self, frames: tuple[Range, ...]) -> None:
        """Queue frames before those that wait, the last of them first; `bytes` counts them."""
        for frame in frames:
            data = encode(frame)
            self.bytes += len(data)
            self.count += 1
            self._waiting[frame.cls].appendleft((frame.low if frame.lists else None, data))

    def waits(self, cls: Class) -> bool:
        """Whether a frame of a class waits."""
        return bool(self._waiting[cls])

    def held(self, pace: Pace, now: Now) -> bool:
        """Whether the next has to wait: the peer has not answered the last, and the link is slow
        or has not shown yet that it is not."""
        return pace.slow and now.mono_us < self._from_us

    def next(self, cls: Class, pace: Pace, now: Now) -> bytes:
        """Take the next frame of a class, which must be waiting, to send it now."""
        low, data = self._waiting[cls].popleft()
        self.count -= 1
        if low is not None:
            self._remember(cls, low, data)
        self._sent_to_bytes = pace.sent_bytes + len(data)
        self._from_us = now.mono_us + RANGE_ANSWER_US
        return data

    def answered(self, pace: Pace) -> None:
        """Learn that the peer has said something: an answer, if the last RANGE was consumed."""
        if pace.consumed_bytes >= self._sent_to_bytes:
            self._from_us = 0

    def pass_time(self, now: Now) -> None:
        """Wait no longer than that for an answer: from here on only room in the window counts."""
        if now.mono_us >= self._from_us:
            self._from_us = 0

    def next_due_us(self, pace: Pace) -> int:
        """Return when one that waits for an answer goes without it."""
        return self._from_us if self.count and self._from_us and pace.slow else NEVER_US

    def take_lists(self, cls: Class, low: bytes) -> Range | None:
        """Return, once, the frame from `low` that was sent with lists; None if there is none."""
        data = self._lists.pop((cls, low), b"")
        self._lists_bytes -= len(data)
        frame = decode(data) if data else None
        return frame if isinstance(frame, Range) else None

    def _remember(self, cls: Class, low: bytes, data: bytes) -> None:
        """Keep what lists, in place of an earlier one from `low`, as long as there is room."""
        self._lists_bytes += len(data) - len(self._lists.pop((cls, low), b""))
        self._lists[cls, low] = data
        while self._lists_bytes > SAID_LISTS_BYTES:
            self._lists_bytes -= len(self._lists.popitem(last=False)[1])
