"""Those who publish: desks that follow a schedule, residents who come when they come.

A person counts a message as said once it is on the disk. What was under way when the machine
died is said again when it is back; so is what fell due while it was down.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holub_crypto.identity import HINT_BYTES, Identity
from holub_crypto.sealing import BOX_OVERHEAD_BYTES
from holub_protocol.kinds import Body, Kind, Readers, kind_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Opaque
from holub_sim.host import Host
from holub_sim.ledger import Incident, Ledger
from holub_sim.world import World

ALERT_LIFETIME_S = 86_400


@dataclass(frozen=True, slots=True)
class Say:
    """At the world's `t_us` a desk starts or tests the alert that it calls `label` in `area`, of
    the hazard with that number; or clears or withdraws it, where it was started. The message is
    valid for `lifetime_s`."""

    t_us: int
    verb: Verb
    label: str
    area: int
    hazard: int
    lifetime_s: int = ALERT_LIFETIME_S


class Desk:
    """A person with an authority's key at one host."""

    def __init__(self, world: World, host: Host, identity: Identity, ledger: Ledger) -> None:
        """Nothing is on; `follow` gives it something to do."""
        self.said = self.skipped = 0
        self.identity = identity
        self._world, self.host, self._ledger = world, host, ledger
        self._on: dict[str, Incident] = {}
        self._unsure: dict[bytes, tuple[Say, Incident | None]] = {}
        self._waiting: list[Say] = []
        self.plan: tuple[Say, ...] = ()

    @property
    def public(self) -> bytes:
        """The desk's key."""
        return self.identity.public

    def follow(self, plan: tuple[Say, ...]) -> None:
        """Say each thing at its time."""
        self.plan = plan
        for say in plan:
            self._world.at(say.t_us, self._say, say)

    def stored(self, ids: tuple[bytes, ...]) -> None:
        """These messages are on the disk."""
        for id_ in ids:
            if self._unsure.pop(id_, None) is not None:
                self.said += 1

    def unstored(self, ids: tuple[bytes, ...]) -> None:
        """There was no room for these messages: they are not said."""
        for id_ in reversed(ids):
            if (known := self._unsure.pop(id_, None)) is not None:
                self._unsay(*known)
                self.skipped += 1

    def crashed(self) -> None:
        """The machine is gone: what was not on disk was never said."""
        for say, incident in reversed(self._unsure.values()):
            self._unsay(say, incident)
        self._waiting = [say for say, _ in self._unsure.values()] + self._waiting
        self._unsure.clear()

    def _unsay(self, say: Say, incident: Incident | None) -> None:
        if incident is None:
            return
        if say.verb is Verb.START:
            del self._on[say.label]
            self._ledger.end(incident, b"")
        else:
            self._on[say.label] = incident
            self._ledger.begin(incident)

    def booted(self) -> None:
        """The machine is back: say what has waited."""
        waiting, self._waiting = self._waiting, []
        for say in waiting:
            self._say(say)

    def _say(self, say: Say) -> None:
        if not self.host.running:
            self._waiting.append(say)
            return
        known = self._on.get(say.label) if say.verb is not Verb.TEST else None
        if say.verb is not Verb.TEST and (known is None) is not (say.verb is Verb.START):
            self.skipped += 1  # it is on already, or is not on at all
            return
        incidents = () if known is None else (known.start[:INCIDENT_BYTES],)
        message = self.host.publish(
            self.identity.public,
            kind_named("alert"),
            say.area if known is None else known.area,
            AlertBody(say.verb, (), say.hazard, incidents),
            say.lifetime_s,
        )
        if message is None:
            self.skipped += 1
            return
        incident = known
        if say.verb is Verb.START:
            incident = Incident(message.id, say.area, self._world.now_us)
            self._on[say.label] = incident
            self._ledger.begin(incident)
        elif incident is not None:
            del self._on[say.label]
            self._ledger.end(incident, message.id)
        self._unsure[message.id] = (say, incident)
        self.host.flush()


@dataclass(frozen=True, slots=True)
class Habit:
    """What residents send through a relay: messages of a kind, `every_us` on average where they
    come at random, of `body_bytes`, about an `area`, valid for `lifetime_s`."""

    kind: Kind
    every_us: int
    body_bytes: int
    area: int
    lifetime_s: int


class Residents:
    """Those who live around one relay. `turned_away` came while it was down or refused them."""

    def __init__(self, world: World, host: Host, habit: Habit, name: str) -> None:
        """`name` is that of their stream of chance."""
        self.sent = self.turned_away = 0
        self.host = host
        self._world, self._habit = world, habit
        self._stream, self._rushes = world.stream(name), world.stream(f"{name}/rush")
        self._until_us = 0

    def come(self, until_us: int) -> None:
        """Come at random moments, the last before `until_us`."""
        self._until_us = until_us
        self._next(self._come)

    def follow(self, times_us: tuple[int, ...]) -> None:
        """Come at these moments of the world."""
        for t_us in times_us:
            self._world.at(t_us, self._send)

    def rush(self, from_us: int, until_us: int, every_us: int) -> None:
        """Come more often than usual, one `every_us` so often on average, in a stretch of time."""
        t_us = from_us + self._rushes.exponential(every_us)
        while t_us < until_us:
            self._world.at(t_us, self._send)
            t_us += self._rushes.exponential(every_us)

    def _come(self) -> None:
        self._send()
        self._next(self._come)

    def _next(self, call: Callable[[], None]) -> None:
        wait_us = self._stream.exponential(self._habit.every_us)
        if self._world.now_us + wait_us < self._until_us:
            self._world.after(wait_us, call)

    def _send(self) -> None:
        habit = self._habit
        body = said(habit.kind, self._stream.bytes(habit.body_bytes))
        message = None
        if self.host.running:
            message = self.host.publish(
                self.host.public, habit.kind, habit.area, body, habit.lifetime_s
            )
        if message is None:
            self.turned_away += 1
        else:
            self.sent += 1
            self.host.flush()


def said(kind: Kind, content: bytes) -> Body:
    """Return a body of the kind that carries `content`: in a box where the kind is sealed, which
    is a little longer where the content is short."""
    if kind.readers is Readers.SEALED:
        return SealedBody(bytes(HINT_BYTES), content.ljust(BOX_OVERHEAD_BYTES, b"\0"))
    return Opaque((content,))
