"""Who could reach whom, and how early a message could arrive."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from holub_sim.faults import schedule
from holub_sim.reach import Contact, Reach, contacts
from support_sim import CUT, city

S = 1_000_000


def contact(a: str, b: str, from_us: int, until_us: int) -> Contact:
    """A fast one-way contact that costs a microsecond."""
    return Contact(a, b, from_us, until_us, 1, 8_000_000_000_000)


def test_a_message_waits_for_contacts_and_takes_the_earliest_way() -> None:
    """A carrier who meets d later is no help; one who meets c first is."""
    ways = [
        contact("a", "b", 10, 20),
        contact("b", "c", 5, 9),
        contact("b", "c", 30, 40),
        contact("a", "d", 50, 60),
        contact("c", "d", 35, 36),
        contact("d", "e", 1, 30),
    ]
    assert Reach(ways).arrivals("a", 0) == {"a": 0, "b": 11, "c": 31, "d": 36}
    assert Reach(ways).arrivals("a", 25) == {"a": 25, "d": 51}


def test_size_and_latency_cost_time_and_must_fit() -> None:
    """100 bytes at 8 kbit/s take 100 ms; a contact of 150 ms carries one hop of 40 ms besides."""
    way = Contact("a", "b", 0, 150_000, 40_000, 8_000)
    assert Reach([way]).arrivals("a", 0, 100) == {"a": 0, "b": 140_000}
    assert Reach([way]).arrivals("a", 20_000, 100) == {"a": 20_000}


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 50), st.integers(1, 20)),
        max_size=20,
    )
)
def test_it_agrees_with_relaxing_until_nothing_changes(
    drawn: list[tuple[int, int, int, int]],
) -> None:
    """A slow and plain reckoning of the same arrivals gives the same."""
    ways = [contact(str(a), str(b), t, t + length) for a, b, t, length in drawn]
    best = {"0": 7}
    for _ in range(6):
        for way in ways:
            if way.a in best:
                there = max(best[way.a], way.from_us) + 1
                if there <= way.until_us and there < best.get(way.b, 1 << 60):
                    best[way.b] = there
    assert Reach(ways).arrivals("0", 7) == best


def test_contacts_end_where_a_path_is_cut_or_a_host_stops() -> None:
    """A partition of 210 s and a power cut of 20 s leave gaps as long."""
    crash = '[[outages]]\nwhat = "power"\nwhere = "d1/r2"\nat = ["200s"]\nfor = "20s"\n'
    town = city(CUT + crash)
    schedule(town.world, town.faults, 360 * S)
    town.world.run(360 * S)
    ways = contacts(town.hosts, town.wires, 360 * S)
    between = [way for way in ways if (way.a, way.b) == ("d1/r1", "d2/r1")]
    assert [b.from_us - a.until_us for a, b in pairwise(between)] == [210 * S]
    beside = [way for way in ways if (way.a, way.b) == ("d1/r1", "d1/r2")]
    assert [b.from_us - a.until_us for a, b in pairwise(beside)] == [20 * S]
    names = {name for way in contacts(town.hosts, town.wires, 360 * S, ["d2/r1"])
             for name in (way.a, way.b)}  # fmt: skip
    assert names == {"d1/r1", "d1/r2"}
