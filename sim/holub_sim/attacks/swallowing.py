"""Relays that take everything and pass on nothing, some of it, or all but alerts.

What they do not pass on must come by another way. The worst of them lie about what they hold, so
that a neighbour believes nothing to be missing.
"""

from dataclasses import replace

from holub_protocol.frames import Frame, Hello, IHave, Put, Root
from holub_protocol.kinds import Class
from holub_sim.attacks.actor import Actor, Line, Means


class Blackhole(Actor):
    """Takes messages in and acknowledges them, and never sends or offers any."""

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Everything but messages and offers."""
        return () if isinstance(frame, Put | IHave) else (frame,)


class Grayhole(Actor):
    """Drops a share of the pieces of messages, by chance."""

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """The frame, unless chance has it."""
        lost = isinstance(frame, Put) and self.means.stream.chance(self.means.drop_ppm)
        return () if lost else (frame,)


class Censor(Actor):
    """Passes on everything but alerts, and tells each neighbour that of alerts and boards it
    holds exactly what that neighbour holds: nothing seems to be missing."""

    def __init__(self, means: Means) -> None:
        """Nobody's root is known yet."""
        super().__init__(means)
        self._theirs: dict[int, tuple[Class, int, bytes]] = {}

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Note what the neighbour says that it holds."""
        if isinstance(frame, Root):
            for entry in frame.entries:
                if entry[0] is Class.ALERT:
                    self._theirs[line.number] = entry
        return (frame,)

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Roots with the neighbour's own count of alerts, and no alert."""
        if isinstance(frame, Root):
            return (replace(frame, entries=tuple(self._mirrored(line, e) for e in frame.entries)),)
        if isinstance(frame, IHave) and frame.cls is Class.ALERT:
            return ()
        if isinstance(frame, Put) and self._is_alert(line, frame):
            return ()
        return (frame,)

    def _mirrored(self, line: Line, entry: tuple[Class, int, bytes]) -> tuple[Class, int, bytes]:
        return self._theirs.get(line.number, entry) if entry[0] is Class.ALERT else entry

    def _is_alert(self, line: Line, frame: Put) -> bool:
        host = self.means.host
        if host is None:
            return False
        held = host.node.holdings.held_ids(Class.ALERT)
        return any(line.short(id_) == frame.short_id for id_ in held)


class Deaf(Actor):
    """Reads nothing after the greeting: no credit, no answer, a link held open in vain."""

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Only the greeting."""
        return (frame,) if isinstance(frame, Hello) else ()
