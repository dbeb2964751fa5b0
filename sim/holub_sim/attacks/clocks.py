"""Lies about time: ages that make everything over or nothing, and messages from the future.

One clock six decades ahead made a mesh of others unusable for good (meshcore-firmware#607).
"""

from dataclasses import replace

from holub_protocol.frames import Frame, Put
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.limits import CREATED_MAX_S
from holub_sim.attacks.actor import DAY_S, Actor, Line, Means

_AGE_MAX_S = 2**32 - 1
_HOUR_S = 3600


class Clocks(Actor):
    """Tells half of its neighbours that each message is 136 years old, the other half that it is
    new, and signs messages of tomorrow and of 2106."""

    def __init__(self, means: Means) -> None:
        """Begin with tomorrow."""
        super().__init__(means)
        self._turn = 0

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """The frame, with another age."""
        if isinstance(frame, Put):
            return (replace(frame, age_s=_AGE_MAX_S if line.number % 2 else 0),)
        return (frame,)

    def craft(self, line: Line) -> int:
        """The next message from the future."""
        self._turn += 1
        late_s = min(CREATED_MAX_S, self.means.wall_s + DAY_S)
        created_s = CREATED_MAX_S - _HOUR_S if self._turn % 2 else late_s
        body = SealedBody(bytes(8), self.means.stream.bytes(48))
        message = self.sign(self.means.identity, "checkin", body, created_s=created_s)
        return line.put(message.id, message.raw, age_s=_AGE_MAX_S if self._turn % 4 else 0)
