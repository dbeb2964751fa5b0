"""Shrinking: what is left still fails, and nothing more can go."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from holub_sim.draw import draw
from holub_sim.scenario import Machine, Scenario, from_table, to_table
from holub_sim.shrink import ddmin, operations, relays, shrink


@given(st.sets(st.integers(0, 30)), st.integers(31, 40))
def test_ddmin_keeps_what_is_needed_and_no_more(needed: set[int], count: int) -> None:
    """Whatever it is that fails together is what is left, in its order."""

    def fails(some: Sequence[int]) -> bool:
        return needed <= set(some)

    assert ddmin(range(count), fails) == sorted(needed)


def test_a_scenario_is_its_table() -> None:
    """And back, with times, rates and moments."""
    for seed in range(20):
        assert from_table(to_table(draw(seed))) == draw(seed)


def test_a_scenario_shrinks_to_what_fails() -> None:
    """If only one clear by some desk matters, one desk at one relay is left to say it."""

    def fails(scenario: Scenario, seed: int) -> bool:
        return any(say.verb == "clear" for desk in scenario.desks for say in desk.says)

    wide = next(s for s in map(draw, range(100)) if fails(s, 0) and relays(s) == 5)
    small, seed = shrink(wide, 3, fails)
    assert (operations(small), relays(small), seed) == (1, 1, 3)
    assert len(small.desks) == 1
    assert small.machine == Machine()


def test_other_luck_is_tried_to_spare_relays() -> None:
    """Where fewer relays fail only with another seed, that seed is returned."""

    def fails(scenario: Scenario, seed: int) -> bool:
        return relays(scenario) >= 4 or seed == 5

    wide = next(s for s in map(draw, range(100)) if relays(s) == 5)
    small, seed = shrink(wide, 0, fails)
    assert relays(small) <= 2
    assert seed == 5
