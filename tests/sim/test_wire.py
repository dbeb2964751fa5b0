"""The rules of what is sent find what they are for: each is shown a node that breaks it."""

import pytest

from holub_protocol.kinds import Class
from holub_protocol.outbox import Outbox
from holub_protocol.pace import Pace
from holub_protocol.reconcile import RootSum
from holub_sim.build import City
from support_sim import city

S = 1_000_000

BURST = '[[people]]\nat = "d1"\nkind = "checkin"\ntimes = ["61s", "61s", "61s", "61s"]\n'
SLOW = "[machine]\nwindow_bytes = 512\n"


def rules(town: City) -> set[str]:
    """The rules broken so far."""
    return {violation.rule for violation in town.watch.violations}


def test_an_honest_node_breaks_nothing_on_the_wire() -> None:
    """Though links are cut and hosts crash, and ranges, wants and pieces are sent."""
    town = city(BURST)
    town.world.run(20 * S)
    town.wires[0].cut()
    town.world.run(120 * S)
    town.wires[0].heal()
    town.world.run(360 * S)
    assert rules(town) == set()
    assert town.watch.reached["ranges"] > 0
    assert town.watch.reached["link-down"] > 0


def test_one_fingerprint_on_two_links_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum that leaves unsalted is the same on every link."""
    honest = RootSum.fingerprint
    monkeypatch.setattr(RootSum, "fingerprint", lambda self, salt: honest(self, bytes(32)))
    town = city()
    town.world.run(30 * S)
    assert rules(town) == {"salted"}


def test_more_under_way_than_allowed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that does not look at its peer's window."""
    monkeypatch.setattr(Pace, "may_send", lambda self, frame_bytes, peer_window_bytes, now_us: True)
    town = city(BURST + SLOW)
    town.world.run(90 * S)
    assert rules(town) == {"caps"}


def test_an_alert_behind_other_messages_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that sends the lower classes first, when both wait for a link that comes up."""

    def upside_down(self: Outbox) -> object:
        if self._turns:
            return self._turns.first()
        return next((cls for cls in Class if self._waits(cls)), None)

    monkeypatch.setattr(Outbox, "_turn", upside_down)
    town = city(BURST + SLOW)
    town.world.run(20 * S)
    for wire in town.wires:
        wire.cut()
    town.world.run(100 * S)
    for wire in town.wires:
        wire.heal()
    town.world.run(200 * S)
    assert "class-order" in rules(town)
