"""The words of a scenario for places and outages."""

import pytest

from holub_sim.scenario import ScenarioError
from support_sim import small


def test_an_outage_says_what_where_and_when() -> None:
    """Times are a list and a length; everything else has a plain default."""
    extra = '[[outages]]\nwhat = "jam"\nwhere = ["d1", "d2"]\nat = ["1m", "3m"]\nfor = "30s"\n'
    (outage,) = small(extra).outages
    assert outage.for_ is not None
    assert [at.us for at in outage.at] == [60_000_000, 180_000_000]
    assert (outage.for_.us, outage.way, outage.links) == (30_000_000, "both", "*")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ('[[outages]]\nwhat = "flood"', r"outages\[\.*0?\.*\]\.what"),
        ('[[outages]]\nwhat = "cut"\nshare = 2.0', r"outages\[.*\]\.share"),
        ('[[batteries]]\nleast = "1h"', r"most"),
    ],
)
def test_what_the_schema_forbids_is_told_by_its_key(extra: str, told: str) -> None:
    """Before any city is built."""
    with pytest.raises(ScenarioError, match=told):
        small(extra)
