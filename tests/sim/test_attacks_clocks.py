"""Lies about time."""

from holub_protocol.frames import Put
from holub_protocol.limits import CREATED_MAX_S
from holub_sim.attacks.clocks import Clocks
from support_attacks import START_S, Spoken, crafted, means, put_of


def test_it_lies_to_each_neighbour_in_another_way() -> None:
    """To one everything is 136 years old, to the next everything is new."""
    actor = Clocks(means())
    put = put_of(actor.means)
    ages = []
    for number in (1, 2):
        (said,) = actor.says(Spoken(number), put)
        assert isinstance(said, Put)
        assert said.data == put.data
        ages.append(said.age_s)
    assert ages == [2**32 - 1, 0]


def test_it_speaks_from_tomorrow_and_from_the_end_of_time() -> None:
    """Both can be encoded: it is the receivers who must not believe them."""
    created = {message.created_s for message in crafted(Clocks(means()), 4)}
    assert created == {START_S + 86_400, CREATED_MAX_S - 3600}
