"""The simulator against an oracle that shares no code with it, and against The ONE's results."""

from pathlib import Path

import pytest

from holub_sim.streams import Stream
from support_oracle import (
    TRACES,
    Letter,
    Outcome,
    Post,
    Row,
    delivered,
    directly,
    earliest,
    letters,
    micros,
    rows,
    the_ones,
)

GRID_US = 100_000
"""Traces tell tenths of a second. A node's timers run in milliseconds, so what an oracle without
latency has at a moment, real nodes have within that tenth."""

HOUR_US = 3_600_000_000
SLOW = pytest.mark.slow


def generated(seed: int, nodes: int, count: int) -> list[Row]:
    """Random contacts of one to ninety seconds within an hour, many of them at once."""
    stream = Stream(seed, "contacts")
    found = []
    for _ in range(count):
        a = stream.randrange(nodes)
        b = (a + 1 + stream.randrange(nodes - 1)) % nodes
        up_us = stream.randrange(36_000) * GRID_US
        found.append((up_us, up_us + (10 + stream.randrange(900)) * GRID_US, a, b))
    return found


def written(folder: Path, contacts: list[Row]) -> Path:
    """Write contacts as a file."""
    lines = [f"{up / 1e6},{down / 1e6},{a},{b}" for up, down, a, b in contacts]
    path = folder / "contacts.csv"
    path.write_text("\n".join(("t_up,t_down,a,b", *lines)) + "\n")
    return path


def read(path: Path) -> list[Row]:
    """Read contacts without the simulator's reader."""
    return [
        (micros(row["t_up"]), micros(row["t_down"]), int(row["a"]), int(row["b"]))
        for row in rows(path)
    ]


def compare(path: Path, workload: list[Letter], until_us: int) -> int:
    """Demand equality on every (message, node) pair; return how many pairs there are."""
    contacts = read(path)
    post = Post(path, workload, until_us)
    arrived = post.run()
    pairs = 0
    for letter in workload:
        expected = earliest(contacts, len(post.city.hosts), letter.source, letter.t_us)
        for node, at_us in enumerate(expected):
            here = arrived[letter.name].get(node)
            at = None if at_us is None or at_us > until_us else at_us // GRID_US
            assert (None if here is None else here // GRID_US) == at, (letter.name, node)
            pairs += at is not None
    return pairs


@pytest.mark.parametrize(
    ("seed", "nodes", "count"), [(1, 6, 60), (2, 10, 40), pytest.param(3, 30, 600, marks=SLOW)]
)
def test_generated_contacts_equal_the_oracle(
    tmp_path: Path, seed: int, nodes: int, count: int
) -> None:
    """Real nodes that flood, room for all: each message is everywhere as early as it can be, and
    nowhere that contacts do not lead."""
    stream = Stream(seed, "letters")
    workload = [
        Letter(f"L{i}", stream.randrange(30_000) * GRID_US, stream.randrange(nodes), 0, 200)
        for i in range(20)
    ]
    pairs = compare(written(tmp_path, generated(seed, nodes, count)), workload, HOUR_US)
    assert 20 < pairs <= 20 * nodes


@SLOW
@pytest.mark.parametrize(
    ("trace", "hours", "count"),
    [("helsinki", 1, 50), ("infocom05", 12, 50), ("hospital", 24, 50)],
)
def test_given_traces_equal_the_oracle(trace: str, hours: int, count: int) -> None:
    """The first hours of traces that were measured or come from The ONE; the whole of them are
    in bench/sim.py."""
    path = TRACES / f"contacts_{trace}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    until_us = hours * HOUR_US
    workload = letters(TRACES / f"messages_{trace}_bcast.csv")
    workload = [letter for letter in workload if letter.t_us < until_us][:count]
    assert compare(path, workload, until_us) > 50


DELIVERY_BAND = 0.02
LATENCY_BAND = 0.08
"""Three standard deviations of The ONE's own results when only its nodes are numbered otherwise."""


def like_the_ones(ours: Outcome, theirs: Outcome) -> bool:
    """Whether two results differ by no more than The ONE differs from itself."""
    near = abs(ours.share - theirs.share) <= DELIVERY_BAND
    return near and abs(ours.median_s - theirs.median_s) <= LATENCY_BAND * theirs.median_s


@SLOW
def test_results_are_those_of_the_one(tmp_path: Path) -> None:
    """On its contacts and its letters of the first forty minutes: as many delivered within 80
    minutes, as fast, by flooding and by direct delivery. The whole workloads, of three traces, are
    in bench/sim.py."""
    path = TRACES / "contacts_helsinki.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    ttl_us = 80 * 60_000_000
    workload = letters(TRACES / "messages_helsinki_compact.csv")
    workload = [letter for letter in workload if letter.t_us < ttl_us // 2]
    until_us = workload[-1].t_us + ttl_us
    flooding = delivered(Post(path, workload, until_us), workload, ttl_us)
    theirs = the_ones("helsinki", "Epidemic", workload, ttl_us)
    assert like_the_ones(flooding, theirs), (flooding, theirs)
    pairs, moved = directly(read(path), workload, tmp_path)
    alone = delivered(Post(pairs, moved, until_us), moved, ttl_us)
    theirs = the_ones("helsinki", "DirectDelivery", workload, ttl_us)
    assert like_the_ones(alone, theirs), (alone, theirs)
    assert alone.share < flooding.share
