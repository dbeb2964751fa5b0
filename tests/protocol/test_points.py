"""Points that a key has used."""

from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.points import Points

POINTS = st.tuples(
    st.integers(0, 2), st.sampled_from(["alert", "need"]), st.integers(0, 2), st.integers(0, 4095)
)


@given(st.lists(st.tuples(st.booleans(), POINTS), max_size=60))
def test_points_are_a_set(steps: list[tuple[bool, tuple[int, str, int, int]]]) -> None:
    """Used and freed in any order, it answers as a set would; freeing what is free is nothing."""
    points = Points()
    model: set[tuple[int, str, int, int]] = set()
    for use, point in steps:
        (points.use if use else points.free)(*point)
        (model.add if use else model.discard)(point)
        assert all(points.is_used(*p) is (p in model) for _, p in steps)
    assert bool(points._used) is bool(model)
