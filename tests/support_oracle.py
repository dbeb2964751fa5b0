"""When a message can be anywhere at the earliest, by contacts alone: nothing of it is the
simulator's. And messages through real nodes on those contacts."""

import csv
import gzip
import heapq
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from holub_protocol.kinds import kind_named
from holub_protocol.kinds.sealed import SealedBody
from holub_sim.build import City, build
from holub_sim.host import Host
from holub_sim.plans import Contacts
from holub_sim.scenario import Machine, Scenario
from holub_sim.units import Span

TRACES = Path(__file__).resolve().parents[2] / "shared" / "data" / "sim"
"""Traces and reference results that do not ship; tests skip where they are absent."""

Row = tuple[int, int, int, int]
"""A contact: up and down in microseconds, and two nodes."""

ENVELOPE_BYTES = 160


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def micros(text: str) -> int:
    """Microseconds of a decimal number of seconds."""
    return round(float(text) * 10) * 100_000


def earliest(contacts: list[Row], nodes: int, source: int, t_us: int) -> list[int | None]:
    """Earliest arrival at each node (Dijkstra over time): a node that has the message at `t` can
    hand it on in every contact that ends after `t`."""
    by_node: list[list[tuple[int, int, int]]] = [[] for _ in range(nodes)]
    for up_us, down_us, a, b in contacts:
        by_node[a].append((up_us, down_us, b))
        by_node[b].append((up_us, down_us, a))
    arrived: list[int | None] = [None] * nodes
    heap = [(t_us, source)]
    while heap:
        now_us, node = heapq.heappop(heap)
        if arrived[node] is not None:
            continue
        arrived[node] = now_us
        for up_us, down_us, other in by_node[node]:
            if down_us > now_us and arrived[other] is None:
                heapq.heappush(heap, (max(now_us, up_us), other))
    return arrived


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a workload; `size_bytes` is that of the whole, envelope included."""

    name: str
    t_us: int
    source: int
    target: int
    size_bytes: int


def letters(path: Path) -> list[Letter]:
    """Read a workload."""
    return [
        Letter(
            row["msg_id"],
            micros(row["t_create"]),
            int(row["src"]),
            int(row["dst"]),
            int(row["size_bytes"]),
        )
        for row in rows(path)
    ]


class Post:
    """Letters through real nodes that meet as a file of contacts says: links without latency,
    disks that take no time, room for everything."""

    def __init__(self, contacts: Path, workload: list[Letter], until_us: int) -> None:
        """Build the city; `run` it."""
        plan = Scenario(
            name="post",
            start=datetime(2026, 3, 1, tzinfo=UTC),
            duration=Span(until_us),
            world=Contacts(file=contacts.name),
            machine=Machine(commit=Span(0), commit_jitter=Span(0), store_bytes=1 << 30),
        )
        self.city: City = build(plan, 1, folder=contacts.parent)
        self.until_us = until_us
        self._ids: dict[str, bytes] = {}
        granted: dict[str, None] = {}
        for letter in workload:
            host = self.city.hosts[letter.source]
            if host.name not in granted:
                granted[host.name] = None
                host.papers.append(host.grant)
            # A microsecond later, so that whoever meets or parts at that moment has done so.
            self.city.world.at(letter.t_us + 1, self._post, letter, host)

    def _post(self, letter: Letter, host: Host) -> None:
        body = SealedBody(bytes(8), bytes(max(48, letter.size_bytes - ENVELOPE_BYTES)))
        # A request lives longest of what people say: nothing is over before a trace is.
        message = host.publish(host.public, kind_named("request"), 0, body, 14 * 86_400)
        assert message is not None
        self._ids[letter.name] = message.id
        host.flush()

    def run(self) -> dict[str, dict[int, int]]:
        """Return when each letter came to each node (microseconds)."""
        self.city.world.run(self.until_us)
        assert not self.city.watch.violations
        numbers = {host.name: i for i, host in enumerate(self.city.hosts)}
        published = self.city.ledger.published
        return {
            name: {numbers[host]: t_us for host, t_us in published[id_].arrived_us.items()}
            for name, id_ in self._ids.items()
        }


def directly(
    contacts: list[Row], workload: list[Letter], folder: Path
) -> tuple[Path, list[Letter]]:
    """Direct delivery as a policy of contacts: each pair that has letters lives in a world of its
    own, where sender and receiver meet each other and nobody else. Returns a file of such
    contacts, and the letters with their new numbers."""
    numbers: dict[tuple[int, int], int] = {}
    for letter in workload:
        pair = min(letter.source, letter.target), max(letter.source, letter.target)
        numbers.setdefault(pair, 2 * len(numbers))
    lines = ["t_up,t_down,a,b"]
    for up_us, down_us, a, b in contacts:
        first = numbers.get((min(a, b), max(a, b)))
        if first is not None:
            lines.append(f"{up_us / 1e6},{down_us / 1e6},{first},{first + 1}")
    path = folder / "pairs.csv"
    path.write_text("\n".join(lines) + "\n")
    moved = []
    for letter in workload:
        low = min(letter.source, letter.target)
        first = numbers[low, max(letter.source, letter.target)]
        ends = first + (letter.source != low), first + (letter.target != low)
        moved.append(replace(letter, source=ends[0], target=ends[1]))
    return path, moved


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a workload: the share delivered in time, and the median delay of those, in seconds."""

    share: float
    median_s: float


def outcome(delays_s: list[float], of: int) -> Outcome:
    """Sum up; the median is the upper one of two, as The ONE reports it."""
    ordered = sorted(delays_s)
    return Outcome(len(ordered) / of, ordered[len(ordered) // 2] if ordered else 0.0)


def delivered(post: Post, workload: list[Letter], ttl_us: int) -> Outcome:
    """Run, and sum up what came to whom it was for within its time."""
    arrived = post.run()
    delays = [
        (arrived[letter.name][letter.target] - letter.t_us) / 1e6
        for letter in workload
        if letter.target in arrived[letter.name]
        and arrived[letter.name][letter.target] - letter.t_us <= ttl_us
    ]
    return outcome(delays, len(workload))


def the_ones(trace: str, router: str, workload: list[Letter], ttl_us: int) -> Outcome:
    """The ONE's result on the same compact letters, as far as it came within the time."""
    names = {letter.name: None for letter in workload}
    table = rows(TRACES / "deliveries_the_one.csv.gz")
    delays = [
        float(row["delay_s"])
        for row in table
        if (row["trace"], row["workload"], row["router"]) == (trace, "compact", router)
        and row["msg_id"] in names
        and float(row["delay_s"]) * 1e6 <= ttl_us
    ]
    return outcome(delays, len(workload))
