"""Relays on a table: nodes with stores in memory, links between them, and one true time that moves
on by hand. Shared by theft.py and reboot.py; every run gives the same bytes."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import blake2b

from holub_crypto.identity import Identity, verify
from holub_crypto.trust import Trust
from holub_protocol.areas import AreaTree
from holub_protocol.batch import Refused
from holub_protocol.kinds import Class
from holub_protocol.message import Now
from holub_protocol.node import Node
from holub_protocol.refusal import Refusal
from holub_protocol.storage import MemoryStore

START_S = int(datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp())


def key(name: str) -> Identity:
    """Return the key pair that a name always has: in a story only, never for a real key."""
    return Identity.from_seed(blake2b(name.encode(), digest_size=32).digest())


def hour(moment_s: int) -> str:
    """Write the time of day."""
    return f"{datetime.fromtimestamp(moment_s, UTC):%H:%M:%S}"


class Entropy:
    """Bytes that look random and are the same in every run."""

    def __init__(self, seed: str) -> None:
        """Begin."""
        self._seed, self._count = seed.encode(), 0

    def __call__(self, size: int) -> bytes:
        """Return the next `size` bytes, 64 at most."""
        self._count += 1
        return blake2b(self._seed + self._count.to_bytes(8, "big")).digest()[:size]


class Relay:
    """A machine: a store that survives, and a node that is made from it at every start."""

    def __init__(self, name: str, charter: bytes, areas: AreaTree) -> None:
        """Start it with a true clock."""
        self.name, self.areas = name, areas
        self._charter = charter
        self.identity = key(name)
        self.store = MemoryStore()
        self.reliable, self.wrong_by_s = True, 0
        self.refused: list[Refusal] = []
        self._boots = 0
        self.boot(0)

    def now(self, at_s: int) -> Now:
        """Return the moment as this machine's clocks tell it."""
        return Now(at_s * 1_000_000, START_S + at_s + self.wrong_by_s, self.reliable)

    def boot(self, at_s: int) -> None:
        """Make the node from what the store has kept."""
        self._boots += 1
        self.node = Node(
            identity=self.identity,
            trust=Trust(self._charter, self.areas.covers),
            areas=self.areas,
            entropy=Entropy(f"{self.name} {self._boots}"),
            verify=verify,
            bodies=self.store,
            now=self.now(at_s),
            rows=self.store.rows(),
            counters=self.store.counters(),
        )

    def held(self) -> list[bytes]:
        """Return the ids of all messages held, sorted."""
        return sorted(id_ for cls in Class for id_ in self.node.holdings.held_ids(cls))


class Table:
    """Relays, the links between them, and the time."""

    def __init__(self, relays: Iterable[Relay], view: Callable[[Relay], str]) -> None:
        """Put them down, unlinked. `view` says in words what a relay shows: whenever that has
        changed, it is printed with the time."""
        self.relays = list(relays)
        self.at_s = 0
        self._view = view
        self._shown: dict[str, str] = {}
        self._links: dict[int, tuple[Relay, Relay]] = {}
        self._number = 0

    def link(self, one: Relay, other: Relay) -> None:
        """Bring a link up."""
        self._number += 1
        self._links[self._number] = one, other
        for here, there in ((one, other), (other, one)):
            here.node.link_up(self._number, there.identity.public, here.now(self.at_s))

    def cut(self, one: Relay, other: Relay) -> None:
        """Take the link between two down."""
        for number, ends in list(self._links.items()):
            if ends in ((one, other), (other, one)):
                del self._links[number]
                for relay in ends:
                    relay.node.link_down(number, relay.now(self.at_s))

    def happens(self, minute: int, what: str) -> None:
        """Let time pass until a minute after ten o'clock, then say what happens."""
        self.passes(minute * 60)
        print(f"\n{hour(START_S + self.at_s)}  {what}")

    def passes(self, until_s: int) -> None:
        """Let time pass second by second; print who shows something else than before."""
        self._settle()
        while self.at_s < until_s:
            self.at_s += 1
            for relay in self.relays:
                relay.node.wake(relay.now(self.at_s))
            self._settle()

    def _settle(self) -> None:
        while self._carry():
            pass
        changed: dict[str, list[str]] = {}
        for relay in self.relays:
            view = self._view(relay)
            if self._shown.get(relay.name) != view:
                changed.setdefault(view, []).append(relay.name)
                self._shown[relay.name] = view
        for view, names in changed.items():
            print(f"{hour(START_S + self.at_s)}    {' '.join(names):12} {view}")

    def _carry(self) -> int:
        """Commit and carry what every node wants done; return how many bytes that were."""
        moved = 0
        for relay in self.relays:
            batch = relay.node.take(relay.now(self.at_s))
            relay.store.commit(batch.writes)
            relay.refused += [e.reason for e in batch.events if isinstance(e, Refused)]
            for number, data in (*batch.urgent, *batch.sends):
                if number in self._links:
                    one, other = self._links[number]
                    peer = other if relay is one else one
                    peer.node.receive(number, data, peer.now(self.at_s))
                    moved += len(data)
        return moved
