"""What the verbs share: times, places, text for terminals, errors to exit codes."""

import pytest

from holub_relay.cli.shared import Failure, at, place, plain, told
from holub_relay.errors import Exit, OperatorError


def test_times_are_utc_and_never_raise() -> None:
    """Any number of seconds can be written, also one that no calendar has."""
    assert at(1_661_300_036) == "2022-08-24 00:13:56Z"
    assert at(None) == "-"
    assert at(2**60) == str(2**60)


def test_terminals_get_no_control_characters() -> None:
    """Text that a message brings can't move the cursor or colour the screen."""
    assert plain("тривога \x1b[31m\r\nx") == "тривога  [31m  x"


def test_a_place_has_both_names() -> None:
    """Names in both languages and the number."""
    assert place({"id": 5, "uk": "Місто", "en": "City"}) == "Місто / City (5)"


def test_errors_become_exit_codes() -> None:
    """An OperatorError in a verb is its message and its code."""

    @told
    def verb() -> None:
        raise OperatorError("no such thing", Exit.NOT_FOUND)

    with pytest.raises(Failure, match="no such thing") as failure:
        verb()
    assert failure.value.exit_code == 3
