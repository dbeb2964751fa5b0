"""Contexts that end by closing."""

import pytest

from holub_relay.closing import Closing


class Door(Closing):
    """Counts how often it was closed."""

    def __init__(self) -> None:
        """Open."""
        self.closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


def test_leaving_closes() -> None:
    """Entering gives the thing itself, open; leaving closes it once."""
    door = Door()
    with door as entered:
        assert entered is door
        assert door.closed == 0
    assert door.closed == 1


def test_an_error_closes_and_goes_on() -> None:
    """What went wrong inside is not swallowed."""
    door = Door()
    with pytest.raises(ZeroDivisionError), door:
        raise ZeroDivisionError
    assert door.closed == 1
