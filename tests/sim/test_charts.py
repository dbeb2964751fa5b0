"""A report's charts: well-formed, and with what they must show."""

from xml.etree import ElementTree

from holub_sim import charts
from holub_sim.damage import Damage
from holub_sim.faults import Band
from holub_sim.sampler import Sample
from support_report import shown


def classes(made: str) -> list[str]:
    """The classes of all elements of a picture."""
    return [each.get("class", "") for each in ElementTree.fromstring(made).iter()]


def test_delivery_has_both_curves_before_its_bands() -> None:
    """Bands are drawn first, so that they lie behind; both ends are labelled."""
    made = charts.delivery(shown().curves[0], shown().bands)
    found = classes(made)
    assert found.index("band") < found.index("came")
    assert found.index("band attack") < found.index("came")
    assert {"possible", "came", "end came", "end possible"} <= set(found)


def test_the_timeline_has_a_row_for_each_name() -> None:
    """Two stretches of one name share a row; a name is shown as it is written."""
    bands = [
        Band("Подільський міст", "partition", 0, 5_000_000),
        Band("Подільський міст", "partition", 9_000_000, 10_000_000),
        Band("flood", "attack flood", 2_000_000, 3_000_000),
    ]
    made = charts.timeline(bands, 10.0)
    assert made.count("Подільський міст") == 1
    assert (classes(made).count("band"), classes(made).count("band attack")) == (2, 1)


def test_a_revocation_is_no_fault() -> None:
    """It has its row and its colour, and nothing of it lies behind the curves."""
    bands = (Band("night's key revoked", "revocation", 0, 5_000_000),)
    assert 'class="band answer"' in charts.timeline(bands, 10)
    assert "band" not in charts.delivery(shown().curves[0], bands)


def test_waits_show_three_percentiles_a_row() -> None:
    """Three dots and their numbers for each kind."""
    made = charts.waits(shown().by_kind, "x")
    assert sum(name.startswith("dot") for name in classes(made)) == 3 * len(shown().by_kind)


def test_the_map_has_a_tile_for_each_district_and_moment() -> None:
    """Darker means more: the share is the opacity."""
    spreading = shown().spreading
    assert spreading is not None
    made = charts.reach_map(spreading)
    assert classes(made).count("tile full") == 2 * len(spreading.moments)
    assert 'opacity="1.00"' in made
    assert 'opacity="0.00"' in made


def test_stores_and_evictions_are_told_by_class() -> None:
    """An area for each class that is there, a step line for each that lost something."""
    made = charts.stores(shown().samples, shown().bands)
    assert "area alert" in classes(made)
    assert "area bulk" not in classes(made)
    evicted = [Sample(t * 1_000_000, (0,) * 6, (0, 0, 0, 0, t, 0), 0.5, 1) for t in range(3)]
    assert "came people" in classes(charts.evictions(evicted, ()))


def test_damage_shows_its_interval() -> None:
    """A dot, its interval, and both in words."""
    made = charts.damages([Damage("alerts that came", "points", -1.5, -3.0, 0.0, 5)])
    assert "-1.5 points (-3 to +0)" in made
    assert classes(made).count("dot") == 1
