"""A storm of replays: what was heard, said again and again at line rate."""

from collections import deque

from holub_protocol.frames import Frame
from holub_sim.attacks.actor import Actor, Line, Means, message_in

_KEPT = 4096


class Replay(Actor):
    """Says everything again that ever passed, the oldest first and round and round, as new: also
    to those from whom it came, and after it is over."""

    def __init__(self, means: Means) -> None:
        """Nothing was heard yet."""
        super().__init__(means)
        self._heard: dict[bytes, bytes] = {}
        self._queue: deque[bytes] = deque()

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Keep whole messages."""
        message = message_in(frame, self.means.realm.id)
        if message is not None and message.id not in self._heard:
            self._heard[message.id] = message.raw
            self._queue.append(message.id)
            if len(self._queue) > _KEPT:
                del self._heard[self._queue.popleft()]
        return (frame,)

    def craft(self, line: Line) -> int:
        """The next one again."""
        if not self._queue:
            return 0
        self._queue.rotate(-1)
        id_ = self._queue[-1]
        return line.put(id_, self._heard[id_])
