"""Keys that say two things at once, and a desk's key in the wrong hands."""

from holub_protocol.frames import Frame
from holub_protocol.hazards import hazard_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Message
from holub_sim.attacks.actor import Actor, Line, Means, message_in, started

_NEXT_DUE_S = 330


class Equivocator(Actor):
    """Signs each number twice and more: another message under it for every neighbour."""

    def craft(self, line: Line) -> int:
        """This second's message for this neighbour."""
        body = SealedBody(bytes(8), self.means.wall_s.to_bytes(16, "big") + line.peer)
        message = self.sign(self.means.identity, "checkin", body, k=0)
        return line.put(message.id, message.raw)


class Thief(Actor):
    """Has a desk's key: false alerts, ends of true ones, and boards of which each neighbour gets
    another under the same number, one that nothing is on. All within what the key may say."""

    def __init__(self, means: Means) -> None:
        """No alert was heard yet."""
        super().__init__(means)
        self._starts: dict[bytes, Message] = {}
        self._ended: dict[bytes, None] = {}
        self._turn = 0

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Note the alerts that start."""
        message = message_in(frame, self.means.realm.id)
        if message is not None and started(message):
            self._starts.setdefault(message.id, message)
        return (frame,)

    def craft(self, line: Line) -> int:
        """The next lie."""
        desk = self.means.desk
        if desk is None:
            return 0
        self._turn += 1
        areas = self.means.areas
        lies = self.means.ledger.forged
        unended = [
            start
            for id_, start in self._starts.items()
            if id_ not in self._ended and id_ not in lies
        ]
        if self._turn % 3 == 0:
            due_s = _NEXT_DUE_S + line.number % 2  # one number, two contents
            for area in self.means.ledger.areas_on():
                for incident in self.means.ledger.on_at(area):
                    self.means.ledger.dispute(incident.start)
            message = self.sign(desk, "board", BoardBody(due_s), area=areas[0], k=0)
        elif self._turn % 3 == 1 and unended:
            start = unended[0]
            assert isinstance(start.body, AlertBody)
            self._ended[start.id] = None
            self.means.ledger.dispute(start.id)
            body = AlertBody(Verb.CLEAR, (), start.body.hazard, (start.id[:INCIDENT_BYTES],))
            message = self.sign(desk, "alert", body, area=start.area)
        else:
            body = AlertBody(Verb.START, (), hazard_named("air-raid").number)
            area = areas[self.means.stream.randrange(len(areas))]
            message = self.sign(desk, "alert", body, area=area)
        return line.put(message.id, message.raw)
