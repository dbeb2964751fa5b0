"""Several nodes with links, delayed commits and crashes, driven operation by operation."""

from collections import deque
from dataclasses import dataclass, field

from holub_crypto.identity import verify
from holub_protocol.batch import Batch, Refused
from holub_protocol.kinds import Class
from holub_protocol.message import Now
from holub_protocol.node import Node
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.storage import MemoryStore
from support_realm import Entropy, Realm, key, now_at


class Overlay:
    """Bodies as every driver must give them: what was taken but not committed over the store."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.taken: dict[bytes, bytes | None] = {}
        self.chunks: dict[tuple[bytes, int], bytes] = {}

    def get(self, id_: bytes) -> bytes | None:
        """Return a body."""
        if id_ in self.taken:
            return self.taken[id_]
        return self.store.get(id_)

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """Return a chunk of a payload."""
        taken = self.chunks.get((id_, place))
        return taken if taken is not None else self.store.chunk(id_, place)

    def places(self, id_: bytes) -> tuple[int, ...]:
        """Return the places of the chunks that are stored."""
        return self.store.places(id_)


@dataclass
class Host:
    """A machine: its node, its store, and the batches that are not committed yet."""

    realm: Realm
    name: str
    clock_s: float = 0.0
    reliable: bool = True
    policy: Policy | None = None
    boots: int = 0
    store: MemoryStore = field(default_factory=lambda: MemoryStore(quota_bytes=1 << 30))
    batches: deque[Batch] = field(default_factory=deque)
    refused: dict[Refusal, int] = field(default_factory=dict)

    def boot(self, at_s: float) -> None:
        """Start the node from what the store kept."""
        self.boots += 1
        self.batches.clear()
        self.bodies = Overlay(self.store)
        self.identity = key(self.name)
        self.node = Node(
            identity=self.identity,
            trust=self.realm.trust(),
            areas=self.realm.areas,
            entropy=Entropy(f"{self.name} {self.boots}"),
            verify=verify,
            bodies=self.bodies,
            now=self.now(at_s),
            policy=self.policy,
            rows=self.store.rows(),
            counters=self.store.counters(),
        )

    def now(self, at_s: float) -> Now:
        """Return the moment by this host's clock."""
        moment = now_at(at_s)
        return Now(moment.mono_us, moment.wall_s + int(self.clock_s), self.reliable)

    def held(self) -> list[bytes]:
        """Return the ids held, sorted."""
        return sorted(i for cls in Class for i in self.node.holdings.held_ids(cls))


class Net:
    """Hosts on a table. Bytes lie in a queue per direction until `carry` takes them across."""

    def __init__(self, hosts: list[Host], chunk: int = 1 << 16) -> None:
        self.hosts, self.chunk = hosts, chunk
        self.at_s = 0.0
        self.wires: dict[tuple[int, int], bytearray] = {}
        self.ids: dict[tuple[int, int], int] = {}
        self.serial = 0
        for host in hosts:
            host.boot(self.at_s)

    def link(self, a: int, b: int) -> None:
        """Bring a link up, if it is down. Its number is never used again."""
        if (a, b) in self.wires or a == b:
            return
        self.serial += 1
        self.wires[a, b], self.wires[b, a] = bytearray(), bytearray()
        self.ids[a, b] = self.ids[b, a] = self.serial
        for here, there in ((a, b), (b, a)):
            host = self.hosts[here]
            host.node.link_up(self.serial, self.hosts[there].identity.public, host.now(self.at_s))
            self.collect(here)

    def cut(self, a: int, b: int) -> None:
        """Take a link down with whatever is on the wire."""
        if self.wires.pop((a, b), None) is None:
            return
        self.wires.pop((b, a), None)
        for here, there in ((a, b), (b, a)):
            link = self.ids.pop((here, there))
            self.hosts[here].node.link_down(link, self.hosts[here].now(self.at_s))

    def crash(self, index: int) -> None:
        """Stop a host without warning and start it again: only commits survive."""
        for other in range(len(self.hosts)):
            self.cut(index, other)
        self.hosts[index].boot(self.at_s)
        self.collect(index)

    def collect(self, index: int) -> None:
        """Take what the node wants done; urgent bytes leave at once, the rest awaits a commit."""
        host = self.hosts[index]
        batch = host.node.take(host.now(self.at_s))
        for link, data in batch.urgent:
            self._send(index, link, data)
        for row, body in batch.writes.rows:
            host.bodies.taken[row.id] = body
        for id_, place, chunk in batch.writes.chunks:
            host.bodies.chunks[id_, place] = chunk
        for event in batch.events:
            if isinstance(event, Refused):
                host.refused[event.reason] = host.refused.get(event.reason, 0) + 1
        host.batches.append(batch)

    def commit(self, index: int) -> None:
        """Commit everything in order, and let go what waited for it."""
        host = self.hosts[index]
        while host.batches:
            batch = host.batches.popleft()
            host.store.commit(batch.writes)
            for row, _ in batch.writes.rows:
                host.bodies.taken.pop(row.id, None)
            for id_, place, _ in batch.writes.chunks:
                host.bodies.chunks.pop((id_, place), None)
            for link, data in batch.sends:
                self._send(index, link, data)
            for link, _ in batch.closes:
                for (here, there), number in list(self.ids.items()):
                    if (here, number) == (index, link):
                        self.cut(here, there)

    def _send(self, index: int, link: int, data: bytes) -> None:
        for (here, there), number in self.ids.items():
            if (here, number) == (index, link):
                self.wires[here, there] += data

    def carry(self, a: int, b: int, count: int | None = None) -> int:
        """Take up to `count` bytes from a to b across, in pieces."""
        wire = self.wires.get((a, b))
        if not wire:
            return 0
        count = len(wire) if count is None else min(count, len(wire))
        data = bytes(wire[:count])
        del wire[:count]
        host, link = self.hosts[b], self.ids[b, a]
        for start in range(0, count, self.chunk):
            host.node.receive(link, data[start : start + self.chunk], host.now(self.at_s))
        self.collect(b)
        return count

    def offer(self, index: int, raw: bytes) -> bytes | Refusal:
        """Give a host a message from a file."""
        host = self.hosts[index]
        outcome = host.node.offer(raw, host.now(self.at_s))
        self.collect(index)
        return outcome

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.at_s += seconds
        for index, host in enumerate(self.hosts):
            host.node.wake(host.now(self.at_s))
            self.collect(index)

    def settle(self, seconds: float, step_s: float = 0.1) -> None:
        """Commit, carry and wake until `seconds` have passed."""
        end = self.at_s + seconds
        while self.at_s < end:
            self.quiet()
            self.tick(step_s)
        self.quiet()

    def quiet(self, rounds: int = 5000) -> None:
        """Commit and carry until nothing is on any wire."""
        for _ in range(rounds):
            for index in range(len(self.hosts)):
                self.commit(index)
            if not sum(self.carry(a, b) for a, b in list(self.wires)):
                return
        raise AssertionError("the hosts never fall silent")
