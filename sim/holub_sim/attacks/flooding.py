"""Floods: as much as the budget allows of what is valid, of junk, and of names nobody knows.

A flood may slow what it floods; it must not slow alerts, push them out of a store, or cost those
who are not its neighbours anything that the realm has not granted its key.
"""

from holub_crypto.identity import SIGNATURE_BYTES, Identity
from holub_protocol.hazards import hazard_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Message
from holub_sim.attacks.actor import Actor, Line, Means

_BODY_BYTES = 360
_JUNK_BYTES = 512
_LIFETIME_S = 2 * 86_400


class Flood(Actor):
    """Valid messages of residents, one after another, in the relay's own name."""

    def craft(self, line: Line) -> int:
        """The next message."""
        body = SealedBody(bytes(8), self.means.stream.bytes(_BODY_BYTES))
        message = self.sign(self.means.identity, "checkin", body, lifetime_s=_LIFETIME_S)
        return line.put(message.id, message.raw)


class Junk(Actor):
    """Messages of the right shape whose signatures are noise, in the name of a granted key, and
    bytes that are no message at all, by turns."""

    def __init__(self, means: Means) -> None:
        """Begin with a signature."""
        super().__init__(means)
        self._turn = 0

    def craft(self, line: Line) -> int:
        """The next piece of junk."""
        self._turn += 1
        if self._turn % 2:
            body = SealedBody(bytes(8), self.means.stream.bytes(_BODY_BYTES))
            message = self.sign(self.means.identity, "checkin", body, valid=False)
            noise = self.means.stream.bytes(SIGNATURE_BYTES)
            return line.put(message.id, message.raw[:-SIGNATURE_BYTES] + noise)
        return line.put(self.means.stream.bytes(32), self.means.stream.bytes(_JUNK_BYTES))


class Sybil(Actor):
    """A new key for each message, up to as many as the budget has, then again from the first:
    none of them enrolled."""

    def __init__(self, means: Means) -> None:
        """No key is made yet."""
        super().__init__(means)
        self._keys: list[Identity] = []
        self._turn = 0

    def craft(self, line: Line) -> int:
        """A message by the next key, every third time an alert."""
        message = self._next()
        return line.put(message.id, message.raw)

    def _next(self) -> Message:
        self._turn += 1
        if len(self._keys) < self.means.identities:
            self._keys.append(Identity.from_seed(self.means.stream.bytes(32)))
        key = self._keys[self._turn % len(self._keys)]
        if self._turn % 3 == 0:
            body = AlertBody(Verb.START, (), hazard_named("air-raid").number, detail=self._turn)
            return self.sign(key, "alert", body)
        return self.sign(key, "checkin", SealedBody(bytes(8), self.means.stream.bytes(_BODY_BYTES)))
