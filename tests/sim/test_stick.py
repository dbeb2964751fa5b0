"""Sticks: what one relay holds, read by another."""

from holub_sim.stick import Stick
from support_sim import city

S = 1_000_000


def test_a_stick_brings_what_no_link_does() -> None:
    """Grants, people's messages and alerts from one district to one that was cut off."""
    town = city()
    for wire in town.wires[2:]:
        wire.cut()
    town.world.run(150 * S)
    near, far = town.hosts[0], town.hosts[2]
    before = len(far.node.holdings)
    stick = Stick(1 << 20)
    stick.visit(near, town.world.now_us)
    assert stick.carried == 0
    stick.visit(far, town.world.now_us)
    assert stick.carried == len(far.node.holdings) - before > 3
    town.world.run(152 * S)
    assert town.watch.violations == []


def test_a_dark_relay_is_passed_by() -> None:
    """Nothing is read and nothing written; what is on the stick stays."""
    town = city()
    town.world.run(60 * S)
    stick = Stick(1 << 20)
    stick.visit(town.hosts[0], town.world.now_us)
    data = stick.data
    town.hosts[2].crash(silently=True)
    stick.visit(town.hosts[2], town.world.now_us)
    assert stick.data == data


def test_a_small_stick_takes_the_urgent_first() -> None:
    """With room for the charter and some messages, alerts are among them; with none, it stays as
    it was."""
    town = city()
    town.world.run(90 * S)
    stick = Stick(1500)
    stick.visit(town.hosts[0], town.world.now_us)
    assert 0 < len(stick.data) <= 1500
    (start,) = [i.start for i in town.ledger.on_at(93317)]
    raw = town.hosts[0].node.body(start)
    assert raw is not None
    assert raw in stick.data
    tiny = Stick(100)
    tiny.visit(town.hosts[0], town.world.now_us)
    assert tiny.data == b""
