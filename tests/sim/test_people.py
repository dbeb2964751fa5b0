"""Desks and residents: what they say, and what a crash does to it."""

import pytest

from holub_protocol.kinds.alert import Verb
from holub_protocol.truth import Level
from holub_sim.disk import Disk, DiskPlan
from holub_sim.faults import schedule
from holub_sim.people import Say
from holub_sim.run import agreement
from support_sim import city

KYIV = 93317
S = 1_000_000


def test_a_desk_says_its_plan_once_each() -> None:
    """Start, start of another, clear: all on disk, and the ledger knows what is on in the end."""
    town = city()
    town.world.run(360 * S)
    assert (town.desks[0].said, town.desks[0].skipped) == (3, 0)
    assert town.ledger.areas_on() == (30281,)


def test_a_clear_without_a_start_and_a_second_start_are_skipped() -> None:
    """As in the real log, whose day begins in the middle of alerts."""
    town = city()
    plan = (Verb.CLEAR, Verb.START, Verb.START, Verb.CLEAR, Verb.CLEAR)
    for i, verb in enumerate(plan):
        say = Say((10 + i) * S, verb, "other", KYIV, 1)
        town.desks[0].follow((say,))
    town.world.run(30 * S)
    assert (town.desks[0].said, town.desks[0].skipped) == (2, 3)
    assert town.ledger.areas_on() == ()


def test_a_test_ends_nothing() -> None:
    """An exercise under the name of an alert that is on leaves it on."""
    town = city()
    town.desks[0].follow((Say(90 * S, Verb.TEST, "alert", KYIV, 1),))
    town.world.run(100 * S)
    assert town.desks[0].said == 2
    assert town.ledger.areas_on() == (KYIV,)


def test_what_falls_due_while_the_machine_is_down_is_said_when_it_is_back() -> None:
    """In its order, and once."""
    town = city()
    town.world.run(50 * S)
    town.hosts[0].crash(silently=True)
    town.world.run(300 * S)
    assert town.desks[0].said == 0
    town.hosts[0].boot()
    town.world.run(310 * S)
    assert (town.desks[0].said, town.desks[0].skipped) == (3, 0)
    assert town.ledger.areas_on() == (30281,)


def test_a_start_that_dies_with_its_machine_is_said_again() -> None:
    """It left no trace anywhere, so it is a new alert, and the later clear names that one. A
    clear that dies leaves the alert on until it is said again."""
    seen = []
    for seed in range(20):
        town = city(seed=seed)
        for moment_s in (60, 240):
            town.world.run(moment_s * S + 1)
            town.hosts[0].crash(silently=False)
            seen.append(town.ledger.areas_on())
            town.world.run((moment_s + 5) * S)
            town.hosts[0].boot()
        town.world.run(360 * S)
        assert town.ledger.areas_on() == (30281,)
        assert town.watch.violations == []
        last = town.hosts[-1]
        assert last.node.truth.status(KYIV, last.now()).level.value == "clear"
        assert last.node.truth.status(30281, last.now()).level.value == "alert"
    assert () in seen  # the start was unsaid at least once
    assert (KYIV, 30281) in seen or (30281, KYIV) in seen  # and so was the clear


RUIN = (
    '[[outages]]\nwhat = "power"\nwhere = "{where}"\nat = ["{at}"]\nfor = "10s"\nstore = "wiped"\n'
)


def test_what_every_disk_has_lost_is_said_again() -> None:
    """The desk's relay is wiped while it stands alone: half a minute after the boot the alert is
    missing on its screen, is started anew, and the clear ends that one."""
    cut = '[[outages]]\nwhat = "cut"\nwhere = "d1/r1"\nat = ["50s"]\nfor = "100s"\n'
    town = city(cut + RUIN.format(where="d1/r1", at="65s"))
    schedule(town.world, town.faults, 360 * S)
    town.world.run(100 * S)
    (lost,) = town.ledger.on_at(KYIV)
    assert town.ledger.published[lost.start].lost
    town.world.run(170 * S)
    (again,) = town.ledger.on_at(KYIV)
    assert again.start != lost.start
    assert town.hosts[3].node.truth.status(KYIV, town.hosts[3].now()).level is Level.ALERT
    town.world.run(360 * S)
    assert town.ledger.areas_on() == (30281,)
    assert agreement(town).complete
    assert town.watch.violations == []


def test_an_end_that_is_lost_is_said_again() -> None:
    """Of both words only the clear is gone, as the desk stood alone when it said it: the alert is
    on again in the ledger and on the screen, and is cleared once more."""
    cut = '[[outages]]\nwhat = "cut"\nwhere = "d1/r1"\nat = ["230s"]\nfor = "60s"\n'
    town = city(cut + RUIN.format(where="d1/r1", at="245s"), duration='"8m"')
    schedule(town.world, town.faults, 480 * S)
    town.world.run(244 * S)
    ends = dict(town.ledger.ended)
    assert len(ends) == 1
    town.world.run(480 * S)
    assert town.ledger.ended.keys() == ends.keys()
    assert town.ledger.ended != ends
    assert town.ledger.areas_on() == (30281,)
    assert agreement(town).complete


def test_a_revoked_desk_is_silent_and_what_it_said_since_does_not_count() -> None:
    """Its alert since the theft is off, its clear since is undone, and it says no more."""
    town = city()
    town.world.run(250 * S)
    desk = town.desks[0]
    ((_, end),) = town.ledger.ended.items()
    start = next(i for i in desk._over if i.area == KYIV)
    desk.revoke(town.world.start_s + 170)
    assert town.ledger.areas_on() == (KYIV,)
    assert end not in town.ledger.ended.values()
    assert start.start in town.ledger.disputed
    desk.follow((Say(260 * S, Verb.START, "late", KYIV, 1),))
    skipped = desk.skipped
    town.world.run(270 * S)
    assert desk.skipped == skipped + 1
    assert town.ledger.on_at(KYIV) == (start,)


def test_what_finds_no_room_is_not_said() -> None:
    """The desk sees an error; neither the ledger nor its own node goes on meaning the alert."""
    town = city()
    town.world.run(59 * S)
    host = town.hosts[0]
    host.disk = Disk(town.world, DiskPlan(quota_bytes=1), town.world.stream("full"))
    town.world.run(100 * S)
    assert town.desks[0].said == 0
    assert town.desks[0].skipped == 1
    assert town.ledger.areas_on() == ()
    assert host.node.truth.status(KYIV, host.now()).level is not Level.ALERT
    assert town.watch.violations == []


@pytest.mark.slow
def test_residents_are_turned_away_from_a_dark_relay() -> None:
    """They come as often as the habit says; while the relay is down nobody is served."""
    town = city(duration='"1h"')
    town.world.run(10 * S)
    served, dark = town.residents[0], town.residents[3]
    sent_before = dark.sent
    town.hosts[3].crash(silently=True)
    town.world.run(3600 * S)
    assert 20 < served.sent < 60
    assert served.turned_away == 0
    assert dark.sent == sent_before
    assert 20 < dark.turned_away < 60


def test_a_rush_comes_within_its_time_and_shifts_nobody() -> None:
    """A stretch of a minute, one in five seconds: about twelve, all within; those who come at
    random come at the same moments as without it."""
    town = city()
    residents = town.residents[0]
    residents.rush(10 * S, 70 * S, 5 * S)
    town.world.run(10 * S)
    before = residents.sent + residents.turned_away
    town.world.run(70 * S)
    rushed = residents.sent + residents.turned_away - before
    town.world.run(180 * S)
    quiet = city()
    quiet.world.run(180 * S)
    usual = quiet.residents[0].sent + quiet.residents[0].turned_away
    assert 4 < rushed < 25
    assert residents.sent + residents.turned_away - usual <= rushed
