"""Fake relays that take places."""

from holub_protocol.frames import Root
from holub_protocol.kinds import Class
from holub_sim.attacks.eclipse import Squatter
from support_attacks import Spoken, means


def test_a_squatter_agrees_with_each_new_root_once() -> None:
    """Two of them that agree with each other would never end."""
    actor, line = Squatter(means()), Spoken()
    root = Root(True, ((Class.ALERT, 3, b"mine" * 2),))
    for _ in range(3):
        actor.hears(line, root)
    assert line.frames() == [root]
