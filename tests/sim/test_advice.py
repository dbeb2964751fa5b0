"""What is wrong with a scenario, told so that its author can mend it."""

import pytest

from holub_sim.advice import advise
from holub_sim.scenario import Scenario

TABLE = {"world": {"kind": "trace"}, "desks": [{"says": [{}]}]}


@pytest.mark.parametrize(
    ("what", "place", "told"),
    [
        ("Object contains unknown field `outage`", "", "did you mean 'outages'? There are name, "),
        (
            "Object contains unknown field `files`",
            "world",
            "'file'? There are file, format, skip, ",
        ),
        ("Object contains unknown field `x`", "desks[0].says[0]", "there are at, verb, area, "),
        ("Invalid value 'gird'", "world.kind", "did you mean 'grid'? There are grid, city, trace"),
        ("Invalid enum value 'stopp'", "desks[0].says[0].verb", "there are clear, start, test, "),
        ("Object missing required field `at`", "desks[0]", "the key 'at' is missing"),
        ("Expected `array`, got `object`", "desks", "expected [[desks]] in double brackets"),
        ("Expected `array`, got `str`", "expect", 'expected a list in brackets, such as ["..."]'),
        ("Expected `int` >= 1", "world.relays", "Expected `int` >= 1"),
    ],
)
def test_errors_say_what_may_stand_there(what: str, place: str, told: str) -> None:
    """The keys or values that there are, the nearest first, or what form is wanted."""
    assert told in advise(what, place, Scenario, TABLE)


def test_of_a_table_that_says_its_kind_only_its_keys_are_told() -> None:
    """A world made from a trace has no districts."""
    told = advise("Object contains unknown field `district`", "world", Scenario, TABLE)
    assert "districts" not in told
