"""Clocks that are wrong: a node that reboots in 1970, 2106 or an hour ago in the middle of a raid,
a clock stepped by 30 years, a desk an hour fast, relays an hour slow. No false "clear", no alert
withheld, nothing immortal, nothing lost, and all is well again once the time is known."""

import pytest

from holub_crypto.identity import Identity
from holub_crypto.trust import Role
from holub_protocol.codec import decode
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import Message
from holub_protocol.realm import kinds_of
from holub_protocol.refusal import Refusal
from holub_protocol.truth import AreaStatus, Level
from support_net import Host, Net
from support_realm import AIR_RAID, KYIV, START_S, Realm, key

YEARS_30_S = 30 * 365 * 86_400
TO_1970_S, TO_2106_S = 100 - START_S, 2**32 - 10 - START_S
HOUR_S = 3600


class Raid:
    """A desk that is heard through a relay with a true clock, and an observer beside it."""

    def __init__(self, desk_ahead_s: int = 0) -> None:
        self.realm = Realm()
        self.desk, self.city = key("desk"), key("city")
        self.ahead_s = desk_ahead_s
        self.true, self.observer = Host(self.realm, "true"), Host(self.realm, "observer")
        self.net = Net([self.true, self.observer])
        air_force = self.realm.grant(
            self.desk.public, authority=1, kinds=kinds_of(Role.AUTHORITY), rate=1000
        )
        city = self.realm.grant(
            self.city.public, authority=2, kinds=kinds_of(Role.AUTHORITY), areas=(KYIV,)
        )
        self.writer = key("writer")
        for raw in (air_force, city, self.realm.relay_grant(self.writer.public)):
            self.net.offer(0, raw)
        self.net.link(0, 1)
        self.net.settle(1)
        self.k = 0

    @property
    def desk_s(self) -> int:
        """What the desk's clock shows."""
        return START_S + int(self.net.at_s) + self.ahead_s

    def say(self, verb: Verb, incidents: tuple[bytes, ...] = ()) -> bytes:
        """The desk speaks; return the incident's name."""
        body = AlertBody(verb, (), AIR_RAID, incidents)
        return self._publish(self.desk, "alert", body)[:8]

    def boards(self) -> None:
        """Both authorities that answer for Kyiv sign that nothing is on."""
        for signer in (self.desk, self.city):
            self._publish(signer, "board", BoardBody(330))

    def _publish(self, signer: Identity, kind: str, body: AlertBody | BoardBody) -> bytes:
        self.k += 1
        raw = self.realm.message(
            signer, kind, body, created_s=self.desk_s, k=self.k, area=KYIV, lifetime_s=86_400
        )
        self.net.offer(0, raw)
        self.net.settle(1)
        message = decode(raw, self.realm.id)
        assert isinstance(message, Message)
        return message.id

    def note(self, text: str, lifetime_s: int = HOUR_S) -> bytes:
        """A resident's message; returns its id."""
        raw = self.realm.note(self.writer, text, created_s=START_S + int(self.net.at_s))
        outcome = self.net.offer(0, raw)
        assert isinstance(outcome, bytes)
        self.net.settle(1)
        return outcome

    def set_clock(self, offset_s: int, reliable: bool) -> None:
        """Set the observer's clock off by so much."""
        self.observer.clock_s, self.observer.reliable = offset_s, reliable
        self.net.settle(1)

    def shown(self) -> AreaStatus:
        """What the observer shows of Kyiv."""
        now = self.observer.now(self.net.at_s)
        return self.observer.node.truth.status(KYIV, now)

    def level(self) -> Level:
        """The state of Kyiv as the observer shows it."""
        return self.shown().level


def test_with_true_clocks() -> None:
    """The control: alert, then clear with the board that says so."""
    raid = Raid()
    raid.boards()
    assert raid.level() is Level.CLEAR
    incident = raid.say(Verb.START)
    assert raid.level() is Level.ALERT
    raid.say(Verb.CLEAR, (incident,))
    raid.boards()
    assert raid.level() is Level.CLEAR


@pytest.mark.parametrize(
    "offset_s", [TO_1970_S, TO_2106_S, -HOUR_S], ids=["1970", "2106", "an hour ago"]
)
def test_a_reboot_in_mid_raid(offset_s: int) -> None:
    """The alert goes on; its end makes the place unknown, never clear; nothing is lost; and once
    the time is known the place is clear without anybody's hand."""
    raid = Raid()
    raid.boards()
    incident = raid.say(Verb.START)
    note = raid.note("still here")
    raid.observer.clock_s, raid.observer.reliable = offset_s, False
    raid.net.crash(1)
    assert raid.level() is Level.ALERT
    raid.net.link(0, 1)
    raid.net.settle(2)
    held = raid.observer.held()
    assert note in held
    assert held == raid.true.held()
    second = raid.say(Verb.START)
    assert {view.incident for view in raid.shown().alerts} == {incident, second}
    raid.say(Verb.CLEAR, tuple(sorted((incident, second))))
    raid.boards()
    assert raid.level() is Level.UNKNOWN
    assert raid.observer.held() == raid.true.held()
    raid.set_clock(0, True)
    assert raid.level() is Level.CLEAR
    assert raid.observer.held() == raid.true.held()


@pytest.mark.parametrize("step_s", [YEARS_30_S, -YEARS_30_S], ids=["on", "back"])
def test_a_clock_stepped_by_thirty_years(step_s: int) -> None:
    """A driver says that a stepped clock is unreliable: alerts stay, what comes is taken in,
    nothing expires; stepped back, everything is as it was."""
    raid = Raid()
    raid.boards()
    note = raid.note("before")
    raid.set_clock(step_s, False)
    assert raid.level() is Level.UNKNOWN
    incident = raid.say(Verb.START)
    later = raid.note("after")
    assert raid.level() is Level.ALERT
    assert {note, later} <= set(raid.observer.held())
    raid.set_clock(0, True)
    assert raid.level() is Level.ALERT
    raid.say(Verb.CLEAR, (incident,))
    raid.boards()
    assert raid.level() is Level.CLEAR
    assert raid.observer.held() == raid.true.held()


def test_a_false_clock_that_was_relied_on() -> None:
    """A hardware clock a day ahead refuses what is over by it and shows nothing clear; put right
    in one step, it ends the link on which it refused something, and the next one brings all."""
    raid = Raid()
    raid.boards()
    raid.set_clock(86_400, True)
    assert raid.level() is Level.UNKNOWN
    note = raid.note("over by a wrong clock")
    assert note not in raid.observer.held()
    assert raid.observer.refused.get(Refusal.EXPIRED)
    raid.set_clock(0, True)
    assert raid.net.ids == {}
    raid.net.link(0, 1)
    raid.net.settle(3)
    assert note in raid.observer.held()
    raid.boards()
    assert raid.level() is Level.CLEAR


def test_a_desk_an_hour_fast() -> None:
    """Its alerts are shown at once and marked; its ends wait until their time has come."""
    raid = Raid(desk_ahead_s=HOUR_S)
    incident = raid.say(Verb.START)
    assert raid.level() is Level.ALERT
    assert [view.from_future for view in raid.shown().alerts] == [True]
    raid.say(Verb.CLEAR, (incident,))
    raid.boards()
    assert raid.level() is Level.ALERT
    raid.net.settle(HOUR_S, step_s=30)
    assert raid.level() is Level.CLEAR


def test_a_relay_an_hour_slow() -> None:
    """Relied on by mistake, it shows alerts at once and nothing clear; put right, in one step or
    by way of being unreliable, it has the ends that it held back."""
    for through_doubt in (False, True):
        raid = Raid()
        raid.set_clock(-HOUR_S, True)
        incident = raid.say(Verb.START)
        assert raid.level() is Level.ALERT
        raid.say(Verb.CLEAR, (incident,))
        raid.boards()
        assert raid.level() is Level.ALERT
        assert raid.observer.node.stats().penned
        if through_doubt:
            raid.set_clock(-HOUR_S, False)
            assert raid.level() is Level.UNKNOWN
        raid.set_clock(0, True)
        assert raid.level() is Level.CLEAR
        assert raid.observer.held() == raid.true.held()


def test_nothing_is_immortal_without_a_clock() -> None:
    """A node that never knows the time lets messages go by their age."""
    raid = Raid()
    raid.set_clock(TO_1970_S, False)
    note = raid.note("an hour to live")
    assert note in raid.observer.held()
    raid.net.settle(HOUR_S + 60, step_s=60)
    assert note not in raid.observer.held()
