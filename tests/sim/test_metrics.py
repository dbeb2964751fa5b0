"""Metrics: what they count, by class and by relay, and how they say what they do not know."""

import pytest

from holub_protocol.kinds import Class
from holub_sim.build import City
from holub_sim.metrics import HONEST, METRICS, Choice, Run, choose, figures
from holub_sim.run import agreement
from holub_sim.scenario import ScenarioError
from support_sim import city

S = 1_000_000


def over(town: City, at_s: int = 400) -> Run:
    """The run of a city as it stands then."""
    town.world.run(at_s * S)
    return Run(town, agreement(town), at_s * S)


def measured(run: Run, name: str, *words: str) -> float | None:
    """A metric of what the words choose."""
    metric = METRICS[name]
    return metric.measure(run, choose(run.city, metric, words, "key"))


def test_copies_count_by_class_and_relay() -> None:
    """A relay that is cut off has none of what was said meanwhile, and all others have it."""
    town = city()
    town.world.run(30 * S)
    for wire, _ in town.hosts[3].wires:
        wire.cut()
    run = over(town)
    assert measured(run, "coverage", "alert", "d1") == 1
    near, far = measured(run, "copies", "alert", "d1/r2"), measured(run, "copies", "alert", "d2/r2")
    assert near is not None
    assert far is not None
    assert near > far
    assert measured(run, "coverage", "alert", "d2") == pytest.approx(
        sum(
            copies
            for host in ("d2/r1", "d2/r2")
            if (copies := measured(run, "copies", "alert", host))
        )
        / (2 * near)
    )
    assert measured(run, "converged") == 0
    missing, untrue = measured(run, "missing"), measured(run, "untrue")
    assert missing
    assert untrue


def test_latency_is_that_of_the_slowest_of_so_many() -> None:
    """p50 is below p99 is below the most; over an uplink it takes longer than within a LAN."""
    run = over(city())
    times = [measured(run, f"latency_{name}", "alert") for name in ("p50", "p95", "p99", "max")]
    known = [time for time in times if time is not None]
    assert known == sorted(known)
    assert len(known) == 4
    lan, uplink = measured(run, "latency_p50", "alert", "d1"), measured(run, "latency_p50", "d2")
    assert lan is not None
    assert uplink is not None
    assert uplink >= 20_000
    assert lan < 20_000


def test_where_nothing_was_said_there_is_nothing_to_measure() -> None:
    """No share and no time, which is not the same as none of it."""
    run = over(city(), 10)
    assert measured(run, "coverage", "bulk") is None
    assert measured(run, "latency_p50", "bulk") is None
    assert measured(run, "copies", "bulk") == 0


def test_attackers_are_not_honest() -> None:
    """`honest` leaves out the hosts that are exempt from the rules."""
    town = city()
    town.watch.exempt["d2/r2"] = None
    choice = choose(town, METRICS["coverage"], (HONEST, "alert"), "key")
    assert choice == Choice((Class.ALERT,), tuple(town.hosts[:3]))


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("coverage", "d9", "'d9' selects no relay"),
        ("coverage", "d9", "classes are trust, alert"),
        ("converged", "alert", "takes nothing in brackets"),
        ("broken", "clear", "expected one of authentic, timely"),
        ("refusals", "rude", "expected one of oversize"),
    ],
)
def test_what_can_not_be_chosen_is_said(name: str, word: str, told: str) -> None:
    """With the key, and what can."""
    with pytest.raises(ScenarioError, match=f"^key: .*{told}"):
        choose(city(), METRICS[name], (word,), "key")


def test_a_state_needs_its_name() -> None:
    """The sum over all states says nothing."""
    with pytest.raises(ScenarioError, match="one state, such as crash"):
        choose(city(), METRICS["reached"], (), "key")


def test_figures_are_everything_and_by_class() -> None:
    """Numbers or None, of each metric and of the classes that there were."""
    found = figures(over(city()))
    assert found["broken"] == 0
    assert found["converged"] == 1
    assert found["coverage(alert)"] == 1
    assert "coverage(bulk)" not in found
    assert set(METRICS) - set(found) == {"reached"}
    assert found["bytes_per_copy"] == pytest.approx(
        (found["bytes_sent"] or 0) / (found["copies"] or 1)
    )
