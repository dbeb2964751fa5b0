"""Worlds from contact traces."""

from pathlib import Path

from msgspec.structs import replace

from holub_sim.build import City, build
from holub_sim.contacts import Contact
from holub_sim.meetings import sites
from holub_sim.plans import Contacts
from holub_sim.units import Span
from support_sim import small

S = 1_000_000
NO_TIME = Span(0)
TRACE = "t_up,t_down,a,b\n10,20,0,1\n20,30,1,2\n40,50,0,2\n"


def traced(folder: Path, skip: Span = NO_TIME) -> City:
    """A city of three nodes that meet as TRACE says, nobody in it."""
    (folder / "c.csv").write_text(TRACE)
    world = Contacts(file="c.csv", skip=skip)
    return build(replace(small(), world=world, desks=(), people=()), 1, folder=folder)


def test_nodes_are_numbered_and_never_fewer_than_asked() -> None:
    """One who never meets anybody is there all the same."""
    names = [site.name for site in sites(Contacts(file="x", nodes=4), [Contact(0, 1, 0, 2)])]
    assert names == ["n0", "n1", "n2", "n3"]


def test_links_are_up_while_they_meet_and_at_no_other_time(tmp_path: Path) -> None:
    """From the first moment; at the last they are gone, and the next ones there."""
    town = traced(tmp_path)
    ups = {}
    for t_s in (9, 10, 19, 20, 29, 30, 45, 50):
        town.world.run(t_s * S)
        ups[t_s] = [wire.ends[0].name + wire.ends[1].name for wire in town.wires if wire.up]
    assert ups == {
        9: [], 10: ["n0n1"], 19: ["n0n1"], 20: ["n1n2"], 29: ["n1n2"], 30: [], 45: ["n0n2"], 50: [],
    }  # fmt: skip


def test_a_trace_may_begin_later(tmp_path: Path) -> None:
    """What was over by then is left out, what was on is on from the start."""
    town = traced(tmp_path, skip=Span(25 * S))
    assert len(town.wires) == 2
    town.world.run(S)
    assert [wire.up for wire in town.wires] == [True, False]


def test_one_who_was_dark_joins_the_meeting_when_back(tmp_path: Path) -> None:
    """A meeting goes on without a node that crashed, and it dials when it has booted."""
    town = traced(tmp_path)
    town.world.run(9 * S)
    town.hosts[0].crash(silently=True)
    town.world.run(12 * S)
    assert not town.wires[0].up
    town.hosts[0].boot()
    town.world.run(14 * S)
    assert town.wires[0].up
