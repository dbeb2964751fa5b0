"""Agreement in the end: what must be everywhere, and who shows something else."""

import pytest

from holub_protocol.truth import Level
from holub_sim.agreement import converge, live_messages
from holub_sim.ledger import Incident
from holub_sim.run import agreement
from support_sim import city

S = 1_000_000
KYIV, OBLAST = 93317, 30281


def test_an_unhealed_cut_does_not_converge() -> None:
    """Messages are missing, sets differ, and areas that the cut-off side has not heard of show
    it; once healed all agree."""
    town = city()
    town.world.run(40 * S)
    crossing = next(w for w in town.wires if w.ends[0].name[:2] != w.ends[1].name[:2])
    crossing.cut()
    town.world.run(200 * S)

    def agreed() -> tuple[bool, bool, bool]:
        now_s = town.world.start_s + town.world.now_us // S
        result = converge(town.hosts, town.ledger, town.areas, town.offices, now_s)
        return result.complete, result.missing > 0, 93317 in result.untrue_areas

    assert agreed() == (False, True, True)
    crossing.heal()
    town.world.run(300 * S)
    assert agreed() == (True, False, False)


def test_live_messages_are_those_that_should_be_everywhere() -> None:
    """Of each key's boards only the newest, and nothing whose time is over."""
    town = city()
    town.world.run(360 * S)
    now_s = town.world.start_s + 360
    boards = [each for each in live_messages(town.ledger, now_s) if each.row.kind == 6]
    assert len(boards) == 1
    assert len([each for each in town.ledger.existing() if each.row.kind == 6]) > 3
    kinds = {each.row.kind for each in live_messages(town.ledger, now_s + 2 * 86_400)}
    assert kinds == {0, 1}  # the charter and grants outlive the day, alerts and check-ins do not


def test_who_has_no_clock_need_show_nothing_as_clear() -> None:
    """It shows the alerts that all others show, and else "unknown"; that is no disagreement."""
    town = city()
    town.world.run(300 * S)
    town.hosts[3].clock.doubt()
    town.hosts[3].tick()
    town.world.run(350 * S)
    assert town.hosts[3].node.truth.status(93317, town.hosts[3].now()).level is Level.UNKNOWN
    assert town.hosts[0].node.truth.status(93317, town.hosts[0].now()).level is Level.CLEAR
    assert agreement(town).complete


REVOCATION = """
[[desks]]
name = "night"
authority = "city"
at = "d2/r1"

[[revocations]]
desk = "{desk}"
where = "d2/r2"
at = "200s"
since = "{since}"
"""


@pytest.mark.parametrize(
    ("since", "kyiv", "oblast"),
    [("170s", Level.ALERT, Level.UNKNOWN), ("30s", Level.UNKNOWN, Level.UNKNOWN)],
)
def test_after_a_revocation_all_show_what_was_kept(since: str, kyiv: Level, oblast: Level) -> None:
    """What the key had started before the theft is on at all; where it has spoken since, those who
    took it in show "unknown", and that is no disagreement. An alert that all lack is."""
    town = city(REVOCATION.format(desk="city", since=since))
    town.world.run(239 * S)
    for host in town.hosts:
        shown = [host.node.truth.status(area, host.now()).level for area in (KYIV, OBLAST)]
        assert shown == [kyiv, oblast]
    assert town.ledger.areas_on() == ((KYIV,) if since == "170s" else ())
    assert agreement(town).complete
    town.ledger.begin(Incident(bytes(32), 12455, 0))
    assert 12455 in agreement(town).untrue_areas


def test_where_the_last_desk_is_revoked_nothing_is_clear() -> None:
    """Nobody vouches for any place any more."""
    text = REVOCATION.format(desk="city", since="1s").replace('"city"\nat', '"other"\nat')
    town = city(text)
    town.world.run(260 * S)
    assert agreement(town).complete
    status = town.hosts[3].node.truth.status(93317, town.hosts[3].now())
    assert status.level is Level.UNKNOWN


def test_where_there_was_no_room_only_alerts_need_be_everywhere() -> None:
    """A check-in that one relay lacks is missing, unless some were put aside for want of room."""
    town = city()
    town.world.run(300 * S)
    assert agreement(town).missing == 0
    people = next(e for e in live_messages(town.ledger, town.world.start_s) if e.row.cls == 4)
    town.hosts[3].node.holdings.remove(people.row.id)
    assert agreement(town).missing == 1
    town.watch.reached["evicted"] = 1
    assert (agreement(town).missing, agreement(town).crowded) == (0, True)
