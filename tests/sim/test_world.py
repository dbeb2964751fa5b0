"""The heap: time, order, streams."""

import gc

import pytest

from holub_sim.world import OBJECTS_BETWEEN_LOOKS, World


def test_events_happen_by_time_then_by_plan() -> None:
    """Of two at one moment the one planned first happens first, also if planned from an event."""
    world = World(1, 0)
    seen: list[tuple[int, str]] = []

    def note(name: str) -> None:
        seen.append((world.now_us, name))
        if name == "b":
            world.after(0, note, "b2")

    for at_us, name in ((5, "c"), (3, "b"), (3, "b1"), (1, "a"), (9, "late")):
        world.at(at_us, note, name)
    world.run(8)
    assert seen == [(1, "a"), (3, "b"), (3, "b1"), (3, "b2"), (5, "c")]
    assert (world.now_us, world.events) == (8, 5)
    world.run(9)
    assert seen[-1] == (9, "late")


def test_the_past_is_closed() -> None:
    """Planning for a moment that has passed is a mistake of ours, and says so."""
    world = World(1, 0)
    world.run(10)
    with pytest.raises(ValueError, match="9 has passed"):
        world.at(9, print)


def test_numbers_are_not_repeated() -> None:
    """Links are told apart by them."""
    world = World(1, 0)
    assert [world.number() for _ in range(3)] == [1, 2, 3]


def test_streams_follow_the_seed() -> None:
    """Two worlds of one seed draw alike, of another seed otherwise."""
    assert World(1, 0).stream("a").bytes(8) == World(1, 9).stream("a").bytes(8)
    assert World(1, 0).stream("a").bytes(8) != World(2, 0).stream("a").bytes(8)


@pytest.mark.parametrize("usual", [0, 700, 10 * OBJECTS_BETWEEN_LOOKS])
def test_the_collector_looks_seldom_while_a_world_runs(usual: int) -> None:
    """Where it looks at all and not more seldom anyway; afterwards as before, also after an
    error."""
    before, seen = gc.get_threshold(), []

    def fail() -> None:
        seen.append(gc.get_threshold()[0])
        raise RuntimeError

    world = World(1, 0)
    world.at(1, fail)
    gc.set_threshold(usual, *before[1:])
    try:
        with pytest.raises(RuntimeError):
            world.run(1)
        assert gc.get_threshold()[0] == usual
    finally:
        gc.set_threshold(*before)
    assert seen == [{0: 0, 700: OBJECTS_BETWEEN_LOOKS}.get(usual, usual)]
