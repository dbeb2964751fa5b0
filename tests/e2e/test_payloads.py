"""Real relays pass a payload on, through cuts and a kill, and from two at once."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support_netns import Host, Lan, lan, run, until
from support_payload import content

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KYIV = "93317"
SIZE = 1 << 20
COUNT = 1040


@contextmanager
def realm(count: int, folder: Path) -> Iterator[tuple[Lan, list[Host], Path]]:
    """Hosts of one realm on a switch, none running, and a file of 1 MiB."""
    file = folder / "map.bin"
    file.write_bytes(content(SIZE))
    with lan(count, folder) as made:
        made.hosts[0].holub("init", "--realm", "Test City", "--area", KYIV)
        charter = str(made.hosts[0].data / "charter.cbor")
        for host in made.hosts[1:]:
            host.holub("init", "--join", charter, "--area", KYIV)
        yield made, made.hosts, file


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Lan, list[Host], Path]]:
    """Two hosts."""
    with realm(2, tmp_path) as made:
        yield made


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[Lan, list[Host], Path]]:
    """Three hosts."""
    with realm(3, tmp_path) as made:
        yield made


def sent(host: Host, file: Path) -> str:
    """Send a file there and return the payload's id."""
    host.holub("send", "--file", str(file), "--confirm-clock")
    return host.ids("manifest")[0]


def held(host: Host) -> int:
    """Return how many chunks a host has of the one payload that it knows."""
    found = host.json("list", "--kind", "manifest")
    return int(found[0]["payload"]["held"]) if found else 0


def chunks_out(host: Host) -> int:
    """Return how many chunks a host has sent since its start."""
    return int(host.json("status")["payloads"]["chunks_out"])


def slow(host: Host, rate: str) -> None:
    """Let a host send no faster than `rate`."""
    run(*host.enter, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate,
        "burst", "4kb", "limit", "64kb")  # fmt: skip


def test_cut_twice_and_killed_once(two: tuple[Lan, list[Host], Path], tmp_path: Path) -> None:
    """1 MiB at 1 Mbit/s: the link is cut twice and the receiver killed once on the way; `get`
    ends with every byte right, and the sender has sent hardly a chunk twice."""
    made, (a, b), file = two
    slow(a, "1mbit")
    a.start()
    id_ = sent(a, file)
    b.start()
    for quarter in (1, 2):
        until(f"{quarter} quarters are there", lambda q=quarter: held(b) >= q * COUNT // 4)
        made.isolate(2)
        until("both notice", lambda: a.links() == b.links() == 0)
        made.isolate(2, isolated=False)
    until("three quarters are there", lambda: held(b) >= 3 * COUNT // 4)
    b.kill()
    b.start()
    kept = held(b)
    assert kept >= 3 * COUNT // 4 - 20
    target = tmp_path / "got.bin"
    b.holub("get", id_[:12], "-o", str(target), "--wait", "40")
    assert target.read_bytes() == file.read_bytes()
    assert COUNT <= chunks_out(a) <= COUNT + 60


def test_two_sources(three: tuple[Lan, list[Host], Path], tmp_path: Path) -> None:
    """A relay that two others can serve is served by both, and gets each chunk once."""
    _, (a, b, c), file = three
    for host in (a, b):
        slow(host, "4mbit")
    a.start()
    id_ = sent(a, file)
    b.start()
    until("the second has it", lambda: held(b) == COUNT)
    before = [chunks_out(a), chunks_out(b)]
    c.start()
    target = tmp_path / "got.bin"
    c.holub("get", id_, "-o", str(target), "--wait", "40")
    assert target.read_bytes() == file.read_bytes()
    served = [now - then for now, then in zip((chunks_out(a), chunks_out(b)), before, strict=True)]
    assert sum(served) <= COUNT + 10
    assert min(served) > COUNT // 10
    again = subprocess.run(
        c.command("get", id_, "-o", str(target), "--data", str(c.data)),
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert again.returncode == 0
