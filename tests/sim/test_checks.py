"""The checks find what they are for: each is shown a node, or a driver, that does wrong."""

from collections.abc import Callable, Iterator

import pytest

from holub_protocol.room import Room
from holub_protocol.storage import Writes
from holub_protocol.words import Held, Words
from holub_sim.build import City
from holub_sim.checks import converge, live_messages
from holub_sim.disk import Disk, DiskPlan
from support_sim import city

S = 1_000_000


def rules(town: City) -> set[str]:
    """The rules broken so far."""
    return {violation.rule for violation in town.watch.violations}


def test_an_honest_run_breaks_nothing() -> None:
    """And statuses were judged at all."""
    town = city()
    town.world.run(360 * S)
    assert rules(town) == set()
    assert town.watch.judged > 10


def test_a_false_clear_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that overlooks standing words shows clear: the watch says where and when."""

    def blind(self: Words, area: int) -> Iterator[Held]:
        return iter(())

    monkeypatch.setattr(Words, "standing_at", blind)
    town = city()
    town.world.run(90 * S)
    assert rules(town) == {"no-false-clear"}
    assert town.watch.violations[0].t_us >= 60 * S
    assert "93317" in town.watch.violations[0].detail


def test_sending_before_the_commit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that lets everything leave at once is caught by the first message that arrives."""

    def hasty(self: Disk, writes: Writes, durable: bool, done: Callable[[bool], None]) -> None:
        done(True)
        if durable:
            honest(self, writes, durable, lambda ok: None)

    honest = Disk.submit
    monkeypatch.setattr(Disk, "submit", hasty)
    monkeypatch.setattr("holub_sim.checks.Watch.committed", lambda self, host, ids: None)
    town = city()
    town.world.run(20 * S)
    assert rules(town) == {"authentic"}


def test_a_message_from_nowhere_is_found() -> None:
    """What a node accepts and nobody published is named."""
    town = city()
    town.world.run(20 * S)
    for each in list(town.ledger.published.values()):
        if each.row.kind == 1:
            del town.ledger.published[each.row.id]
    town.hosts[0].boot_calls.clear()
    town.hosts[0].crash(silently=True)
    town.hosts[0].disk = Disk(town.world, DiskPlan(), town.world.stream("new disk"))
    town.hosts[0].boot()
    town.world.run(60 * S)
    assert "authentic" in rules(town)
    assert "nobody has published it" in town.watch.violations[0].detail


def test_a_store_over_its_quota_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that never makes room exceeds what it was allowed."""
    town = city()
    for host in town.hosts:
        host.policy = type(host.policy)(store_bytes=3_000)
    monkeypatch.setattr(Room, "fits", lambda self, admitted, now: None)
    town.world.run(120 * S)
    assert "quota" in rules(town)


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
