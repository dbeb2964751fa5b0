"""Who is meant by a selector, and what it says where that is nobody."""

import pytest

from holub_sim.scenario import ScenarioError
from holub_sim.selectors import select, select_wires
from support_sim import city


def names(*patterns: str) -> list[str]:
    """The hosts of the small city that the selectors choose."""
    return [host.name for host in select(city().hosts, patterns, "key")]


def test_selectors_match_relays_and_districts() -> None:
    """By name, by district, with shell patterns; each relay once, in the city's order."""
    assert names("*") == names("d*") == names("d?/*") == ["d1/r1", "d1/r2", "d2/r1", "d2/r2"]
    assert names("d2") == ["d2/r1", "d2/r2"]
    assert names("*/r1") == ["d1/r1", "d2/r1"]
    assert names("d1/r2", "d1") == ["d1/r2", "d1/r1"]


def test_selectors_match_labels_and_degrees() -> None:
    """Of relays the feeder, the operator, the LAN, the role and how many links they have."""
    assert names("feeder=f2") == names("operator=o2") == names("lan=d2") == names("d2")
    assert names("role=relay") == names("*")
    assert names("degree>=2") == ["d1/r1", "d2/r1"]


def test_links_are_selected_by_bearer_and_operator() -> None:
    """Those of a LAN have no operator; an uplink has those of both its ends."""
    wires = city().wires
    assert len(select_wires(wires, "*", "key")) == 3
    (uplink,) = select_wires(wires, "bearer=uplink", "key")
    assert select_wires(wires, ("operator=o1", "operator=o2"), "key") == [uplink]


@pytest.mark.parametrize("pattern", ["d3", "feeder=x", "degree>=9", "colour=red"])
def test_a_selector_that_means_nobody_is_an_error(pattern: str) -> None:
    """It names the key and the selector."""
    with pytest.raises(ScenarioError, match=f"^key: '{pattern}'"):
        names(pattern)


@pytest.mark.parametrize("pattern", ["d1", "bearer=pigeon", "feeder=f1"])
def test_a_selector_of_links_that_means_none_is_an_error(pattern: str) -> None:
    """The same for links."""
    with pytest.raises(ScenarioError, match=f"^key: '{pattern}'"):
        select_wires(city().wires, pattern, "key")
