"""The grid: shapes, and what each site hangs on."""

from holub_sim.grid import pairs, quality, sites
from holub_sim.plans import Grid, Link
from holub_sim.units import Span


def test_shapes_join_what_they_say() -> None:
    """A line, a ring, a star and a mesh of four; a ring of two is a line."""
    assert list(pairs("line", 4)) == [(0, 1), (1, 2), (2, 3)]
    assert list(pairs("ring", 4)) == [(0, 1), (1, 2), (2, 3), (3, 0)]
    assert list(pairs("star", 4)) == [(0, 1), (0, 2), (0, 3)]
    assert len(list(pairs("mesh", 4))) == 6
    assert list(pairs("ring", 2)) == [(0, 1)]


def test_each_district_hangs_on_a_feeder_and_an_operator() -> None:
    """So that an outage of either can be told to hit it."""
    places = sites(Grid(districts=2, relays=1))
    assert [(s.name, s.lan, s.feeder, s.operator) for s in places] == [
        ("d1/r1", "d1", "f1", "o1"),
        ("d2/r1", "d2", "f2", "o2"),
    ]


def test_shares_become_parts_in_a_million() -> None:
    """Of losses, duplicates, overtaken and damaged segments."""
    link = Link(latency=Span(1), loss=0.01, duplicates=0.02, reordered=0.03, corrupt=0.04)
    made = quality(link)
    shares = (made.loss_ppm, made.duplicate_ppm, made.reorder_ppm, made.corrupt_ppm)
    assert shares == (10_000, 20_000, 30_000, 40_000)
