"""Floods in a city where people carry messages: what they cost those who do not flood."""

from functools import cache

import pytest

from support_flood import SMALL, Flood, Outcome, Walk, nothing, one_desk, sybils, twenty_desks


@cache
def outcome(flood: Flood, bad: int) -> Outcome:
    """Run the small city once for each flood."""
    walk = Walk(SMALL, seed=1, bad=bad)
    flood(walk)
    return walk.run()


@pytest.mark.slow
def test_sybils_behind_a_relay_cost_the_others_next_to_nothing() -> None:
    """However many residents are invented behind one relay of six: at least nine tenths of what
    would arrive without them does, and every alert. The figures of several seeds are in
    bench/README.md."""
    calm, flooded = outcome(nothing, 1), outcome(sybils, 1)
    assert calm.sent == flooded.sent > 50
    assert flooded.evicted > calm.evicted
    assert flooded.arrived >= 0.9 * calm.arrived
    assert flooded.reached == calm.reached > 0


@pytest.mark.slow
def test_twenty_signers_of_one_authority_cost_people_little() -> None:
    """Twenty stolen keys of one authority: at least nine tenths arrive, and every alert."""
    calm, flooded = outcome(nothing, 1), outcome(twenty_desks, 1)
    assert flooded.arrived >= 0.9 * calm.arrived
    assert flooded.reached == calm.reached


@pytest.mark.slow
def test_one_stolen_official_key_costs_people_little() -> None:
    """What is official goes before what people say, but only up to its share: a stolen key
    costs them a tenth at most."""
    calm, flooded = outcome(nothing, 1), outcome(one_desk, 1)
    assert flooded.arrived >= 0.9 * calm.arrived
    assert flooded.reached == calm.reached
