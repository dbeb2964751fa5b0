"""Fake relays that take a victim's places (Heilman et al., "Eclipse attacks on Bitcoin's
peer-to-peer network", 2015): found by discovery, which trusts a whole LAN, and with no grant."""

from holub_protocol.frames import Frame, Root
from holub_sim.attacks.actor import Actor, Line, Means


class Squatter(Actor):
    """Holds its link open and agrees with whatever the victim says that it holds."""

    def __init__(self, means: Means) -> None:
        """Nothing was heard yet."""
        super().__init__(means)
        self._last: dict[int, Frame] = {}

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Repeat each new root."""
        if isinstance(frame, Root) and line.salt and self._last.get(line.number) != frame:
            self._last[line.number] = frame
            line.say(frame)
        return (frame,)
