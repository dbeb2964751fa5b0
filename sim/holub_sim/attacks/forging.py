"""Forgeries: ends of alerts and receipts nobody signed, altered messages, urgency nobody gave.

Deletes that nobody signs are the most effective attack known on networks like this one (Burgess
et al., "Surviving attacks on disruption-tolerant networks without authentication", 2007).
"""

from dataclasses import replace

from holub_crypto.identity import SIGNATURE_BYTES, Identity
from holub_protocol.codec import decode
from holub_protocol.frames import Frame, Put
from holub_protocol.hazards import hazard_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.receipt import RECEIPT_IDS, receipt_of
from holub_protocol.message import Message, Opaque
from holub_sim.attacks.actor import Actor, Line, Means, message_in, started

_ENDS = (Verb.CLEAR, Verb.WITHDRAW)
_NEXT_DUE_S = 330
_RECEIPTS = RECEIPT_IDS - 1


class Canceller(Actor):
    """For each alert that passes: clears and withdrawals by a key nobody knows, by the relay's
    own, and with the desk's name under them and a signature that is another message's; and
    receipts for it and for whatever else was heard last."""

    def __init__(self, means: Means) -> None:
        """No alert was heard yet."""
        super().__init__(means)
        self._stranger = Identity.from_seed(means.stream.bytes(32))
        self._starts: dict[bytes, Message] = {}
        self._heard: dict[bytes, None] = {}
        self._turn = 0

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Note what there is, and the alerts that start."""
        message = message_in(frame, self.means.realm.id)
        if message is not None:
            self._heard[message.id] = None
        if message is not None and started(message):
            self._starts.setdefault(message.id, message)
        return (frame,)

    def craft(self, line: Line) -> int:
        """The next forgery about one of them."""
        if not self._starts:
            return 0
        self._turn += 1
        start = list(self._starts.values())[self._turn % len(self._starts)]
        assert isinstance(start.body, AlertBody)
        verb, way = _ENDS[self._turn % 2], self._turn // 2 % 4
        body = AlertBody(verb, (), start.body.hazard, (start.id[:INCIDENT_BYTES],))
        if way == 0:
            message = self.sign(self._stranger, "alert", body, area=start.area)
        elif way == 1:
            message = self.sign(self.means.identity, "alert", body, area=start.area)
        elif way == 2:
            receipt = receipt_of((start.id, *list(self._heard)[-_RECEIPTS:]))
            message = self.sign(self.means.identity, "receipt", receipt)
        else:
            return self._in_the_name_of(line, start, body)
        return line.put(message.id, message.raw)

    def _in_the_name_of(self, line: Line, start: Message, body: AlertBody) -> int:
        """The desk's hint stands in the header; only the signature is missing."""
        mine = self.sign(self._stranger, "alert", body, area=start.area)
        raw = mine.raw.replace(mine.kid, start.kid, 1)
        forged = decode(raw[:-SIGNATURE_BYTES] + start.raw[-SIGNATURE_BYTES:], self.means.realm.id)
        return line.put(forged.id, forged.raw) if isinstance(forged, Message) else 0


class Tamperer(Actor):
    """Passes everything on with one bit turned, somewhere in each piece of a message."""

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """The frame, with a bit turned where it is a piece of a message."""
        if not isinstance(frame, Put):
            return (frame,)
        data = bytearray(frame.data)
        bit = self.means.stream.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        return (replace(frame, data=bytes(data)),)


class Inflater(Actor):
    """Speaks as a desk with a relay's key: alerts, boards that tell of peace, bulletins."""

    def __init__(self, means: Means) -> None:
        """Begin with an alert."""
        super().__init__(means)
        self._turn = 0

    def craft(self, line: Line) -> int:
        """The next thing that only a desk may say."""
        self._turn += 1
        key, area = self.means.identity, self.means.areas[0] if self.means.areas else 0
        if self._turn % 3 == 0:
            board = BoardBody(next_due_s=_NEXT_DUE_S)
            message = self.sign(key, "board", board, area=area)
        elif self._turn % 3 == 1:
            alert = AlertBody(Verb.START, (), hazard_named("air-raid").number)
            message = self.sign(key, "alert", alert, area=area)
        else:
            message = self.sign(key, "bulletin", Opaque((self._turn,)))
        return line.put(message.id, message.raw)
