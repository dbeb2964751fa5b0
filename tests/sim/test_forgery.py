"""Forged words on a stick: relays refuse them, and the rules would see it if they did not."""

import pytest

from holub_protocol.refusal import Refusal
from support_sim import city

S = 1_000_000
FORGERY = '[[forgeries]]\nat = "d2/r2"\ntimes = ["2m"]\nwhat = "{}"\n'


@pytest.mark.parametrize("what", ["altered", "clear", "board"])
def test_a_forgery_is_refused_for_its_signature(what: str) -> None:
    """It names a key that is enrolled, so that nothing but the signature is wrong with it."""
    town = city(FORGERY.format(what))
    town.world.run(119 * S)
    host = next(host for host in town.hosts if host.name == "d2/r2")
    assert dict(host.node.stats().refusals).get(Refusal.BAD_SIGNATURE, 0) == 0
    town.world.run(130 * S)
    assert dict(host.node.stats().refusals)[Refusal.BAD_SIGNATURE] == 1
    assert town.watch.violations == []


def test_old_words_change_nothing() -> None:
    """What was ever said, said again: nothing is taken in twice, and nobody's status changes."""
    town = city(FORGERY.format("old"))
    offered: list[bytes] = []
    host = next(host for host in town.hosts if host.name == "d2/r2")
    town.world.at(100 * S, setattr, host, "offer", offered.append)
    town.world.run(130 * S)
    assert len(offered) > 5
    del host.offer
    for raw in offered:
        host.offer(raw)
    town.world.run(360 * S)
    assert town.watch.violations == []


def test_a_node_that_believes_a_forgery_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has published it: the ledger knows better than the node."""
    town = city(FORGERY.format("clear"))
    for host in town.hosts:
        host.boot()
    town.world.run(119 * S)
    host = next(host for host in town.hosts if host.name == "d2/r2")
    monkeypatch.setattr(host.node, "_verify", lambda public, data, signature: True)
    town.world.run(130 * S)
    rules = [violation.rule for violation in town.watch.violations]
    assert rules[0] == "authentic"
    assert "no-false-clear" in rules
