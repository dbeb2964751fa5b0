"""Those who publish: desks that follow a schedule, residents who come when they come.

A person counts a message as said once it is on the disk. What was under way when the machine
died is said again when it is back; so is what fell due while it was down, and from half a minute
after the boot on what the disk has lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holub_crypto.identity import HINT_BYTES, Identity
from holub_crypto.sealing import BOX_OVERHEAD_BYTES
from holub_protocol.kinds import Body, Kind, Readers, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Opaque
from holub_sim.host import Host
from holub_sim.ledger import Incident, Ledger
from holub_sim.world import World

ALERT_LIFETIME_S = 86_400

LOOK_AGAIN_US = 30_000_000
"""How often a person looks whether their words are on the screen, and how long after a boot: by
then whatever was under way has arrived somewhere, or its link is given up (network.py)."""


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
    """A person with an authority's key at one host, until the key is `revoked`. Once the machine's
    disk has lost something, they look again and again whether it shows what they mean, and say
    anew what it does not. `authority` is the number of the one that they speak for."""

    def __init__(
        self, world: World, host: Host, identity: Identity, ledger: Ledger, authority: int = 1
    ) -> None:
        """Nothing is on; `follow` gives it something to do."""
        self.said = self.skipped = 0
        self.identity, self.authority, self.revoked = identity, authority, False
        self._world, self.host, self._ledger = world, host, ledger
        # What is meant to be on, by label: several where one was said again; and to be over.
        self._on: dict[str, tuple[Incident, ...]] = {}
        self._over: dict[Incident, Say] = {}
        self._starts: dict[str, Say] = {}
        self._unsure: dict[bytes, tuple[Say, tuple[Incident, ...]]] = {}
        self._sure: dict[bytes, tuple[Say, tuple[Incident, ...]]] = {}
        self._waiting: list[Say] = []
        self._wary = False
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
            if (known := self._unsure.pop(id_, None)) is not None:
                self._sure[id_] = known
                self.said += 1

    def unstored(self, ids: tuple[bytes, ...]) -> None:
        """There was no room for these messages: they are not said."""
        for id_ in reversed(ids):
            if (known := self._unsure.pop(id_, None)) is not None:
                self._unsay(*known)
                self.skipped += 1

    def crashed(self) -> None:
        """The machine is gone: what was not on disk was never said."""
        for say, incidents in reversed(self._unsure.values()):
            self._unsay(say, incidents)
        self._waiting = [say for say, _ in self._unsure.values()] + self._waiting
        self._unsure.clear()

    def ruined(self) -> None:
        """The machine's disk has lost messages."""
        if not self._wary:
            self._wary = True
            self._world.after(LOOK_AGAIN_US, self._look_again)

    def revoke(self, since_s: int) -> None:
        """The key counts no more, nor does what it signed from the Unix time `since_s` on. What
        it has ended since is on again; until all know of it, who shows that as over is misled."""
        self.revoked = True
        self._waiting.clear()
        for id_, (say, incidents) in reversed({**self._sure, **self._unsure}.items()):
            if self._ledger.published[id_].row.created_s >= since_s:
                self._sure.pop(id_, None)
                self._unsure.pop(id_, None)
                self._unsay(say, incidents)
                if say.verb is not Verb.START:
                    for incident in incidents:
                        self._ledger.dispute(incident.start)

    def booted(self) -> None:
        """The machine is back: say what has waited."""
        waiting, self._waiting = self._waiting, []
        for say in waiting:
            self._say(say)

    def _unsay(self, say: Say, incidents: tuple[Incident, ...]) -> None:
        on = self._on.get(say.label, ())
        for incident in incidents:
            self._over.pop(incident, None)
            if say.verb is Verb.START:
                self._ledger.end(incident, b"")
                on = tuple(other for other in on if other != incident)
            else:
                self._ledger.begin(incident)
                on = (*on, incident)
        self._mean(say.label, on)

    def _mean(self, label: str, incidents: tuple[Incident, ...]) -> None:
        self._on.pop(label, None)
        if incidents:
            self._on[label] = incidents

    def _look_again(self) -> None:
        """Start anew what is on and not on the screen, end anew what is over and is."""
        self._world.after(LOOK_AGAIN_US, self._look_again)
        awake_us = self._world.now_us - self.host.booted_us
        if self.revoked or not self.host.running or awake_us < LOOK_AGAIN_US:
            return
        meant = list(self._on)
        for id_ in [id_ for id_ in self._sure if self._ledger.published[id_].lost]:
            self._undo(id_, *self._sure.pop(id_))
        shown = {word.incident for word in self.host.node.truth.open_words(self.authority)}
        for label in meant:
            names = {incident.name for incident in self._on.get(label, ())}
            if not names & shown:
                self._speak(self._starts[label], ())
        for incident, say in list(self._over.items()):
            if incident.name in shown:
                self._speak(say, (incident,))

    def _undo(self, id_: bytes, say: Say, incidents: tuple[Incident, ...]) -> None:
        """A message is nowhere any more: what it started is not on, what it ended is on until
        that is said again."""
        if say.verb is Verb.START:
            self._unsay(say, incidents)
            return
        for incident in incidents:
            lost = self._ledger.published[incident.start].lost
            if self._ledger.ended.get(incident.name) == id_ and not lost:
                self._ledger.begin(incident)

    def _say(self, say: Say) -> None:
        if self.revoked:
            self.skipped += 1
            return
        if not self.host.running:
            self._waiting.append(say)
            return
        on = self._on.get(say.label, ())
        if say.verb is Verb.TEST:
            self._speak(say, ())
        elif bool(on) is (say.verb is Verb.START):
            self.skipped += 1  # it is on already, or is not on at all
        else:
            self._speak(say, on)

    def _speak(self, say: Say, ends: tuple[Incident, ...]) -> None:
        """Sign what starts or tests an alert, or ends those of one place."""
        message = self.host.publish(
            self.identity.public,
            kind_named("alert"),
            ends[0].area if ends else say.area,
            AlertBody(say.verb, (), say.hazard, tuple(sorted(e.name for e in ends))),
            say.lifetime_s,
        )
        if message is None:
            self.skipped += 1
            return
        incidents = ends
        if say.verb is Verb.START:
            incidents = (Incident(message.id, say.area, self._world.now_us),)
            self._starts[say.label] = say
            self._mean(say.label, (*self._on.get(say.label, ()), *incidents))
            self._ledger.begin(incidents[0])
        elif ends:
            self._mean(say.label, tuple(i for i in self._on.get(say.label, ()) if i not in ends))
            for incident in ends:
                self._over[incident] = say
                self._ledger.end(incident, message.id)
        self._unsure[message.id] = (say, incidents)
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
