"""Errors for the person at the keyboard."""

from holub_relay.errors import Exit, OperatorError


def test_an_error_carries_its_exit_code() -> None:
    """The code given is the code kept, and a refusal is 1 unless said otherwise."""
    assert OperatorError("no such place", Exit.NOT_FOUND).code == 3
    assert OperatorError("refused").code == 1
    assert str(OperatorError("refused")) == "refused"
