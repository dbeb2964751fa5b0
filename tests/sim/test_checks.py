"""The checks find what they are for: each is shown a node, or a driver, that does wrong."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holub_protocol.facts import Held
from holub_protocol.room import Room
from holub_protocol.storage import Writes
from holub_protocol.words import Words
from holub_sim.build import City, build
from holub_sim.checks import RULES, Care, RuleBrokenError
from holub_sim.disk import Disk, DiskPlan
from holub_sim.faults import schedule
from support_sim import city, small

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
    told = [v.detail for v in town.watch.violations if v.rule == "authentic"]
    assert "nobody has published it" in told[0]


def test_a_store_over_its_quota_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that never makes room exceeds what it was allowed."""
    town = city()
    for host in town.hosts:
        host.policy = type(host.policy)(store_bytes=3_000)
    monkeypatch.setattr(Room, "fits", lambda self, admitted, now: None)
    town.world.run(120 * S)
    assert "quota" in rules(town)


def test_every_rule_says_when_it_is_broken() -> None:
    """As the manual does; and a run that is told to stop does so at the first."""
    manual = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"
    rows = re.findall(r"^\| `(\S+)` \| (.+) \|$", manual.read_text("utf-8"), re.M)
    assert dict(rows).items() >= RULES.items()
    town = build(small(), 1, care=Care(stop=True))
    town.world.run(20 * S)
    for host in town.hosts:
        host.policy = type(host.policy)(store_bytes=10)
    with pytest.raises(RuleBrokenError, match="quota: holds") as stopped:
        town.world.run(120 * S)
    assert stopped.value.violation.rule in RULES
    assert town.watch.broken_by_rule == {"quota": 1}


def test_a_wiped_relay_may_take_everything_in_again() -> None:
    """What its disk lost it has not; its own keys begin to count anew."""
    text = (
        '[[outages]]\nwhat = "power"\nwhere = "d2/r2"\nat = ["2m"]\nfor = "20s"\nstore = "wiped"\n'
    )
    town = city(text)
    schedule(town.world, town.faults, 360_000_000)
    town.world.run(359_000_000)
    assert town.hosts[3].boots == 2
    assert town.watch.violations == []
