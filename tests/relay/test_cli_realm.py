"""`holub realm`: the group and its helps."""

import pytest

from holub_relay.cli.realm import realm
from support_relay import ok


@pytest.mark.parametrize("verb", sorted(realm.commands))
def test_each_command_shows_an_example(verb: str) -> None:
    """Whoever asks for help finds a line to type."""
    assert "Example" in ok("realm", verb, "--help")


def test_the_group_tells_the_order_of_a_ceremony() -> None:
    """Request, verify, sign, combine, pin: in the help, and each of them is a command."""
    text = ok("realm", "--help")
    for verb in ("init", "enrol", "rotate", "revoke", "verify", "sign", "combine", "pin"):
        assert f"`{verb}`" in text
        assert verb in realm.commands
