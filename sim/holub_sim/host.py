"""One computer: a node, its disk and clock, and the driver between them.

The driver does what the daemon's does: after each input it takes the batch, sends what is
urgent, commits, and only then sends the rest; it wakes the node when that asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from holub_crypto.identity import Identity
from holub_crypto.trust import Role
from holub_protocol.author import PublishError
from holub_protocol.batch import Batch
from holub_protocol.kinds import Body, Kind
from holub_protocol.limits import LINKS
from holub_protocol.message import Message, Now
from holub_protocol.node import Node
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.storage import NODE_NOTES, State, Writes
from holub_sim.clock import Clock
from holub_sim.disk import Disk, DiskPlan
from holub_sim.network import Pipe, Wire
from holub_sim.realm import Realm
from holub_sim.supply import Supply
from holub_sim.world import World

STRANGER_LINKS = 8
"""Of all links, those for keys without a relay's grant: the daemon's number."""

TIMER_US = 1_000
"""How finely a machine's timers run: a node is not woken twice within it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs on a host; a desk's also signs boards."""

    identity: Identity
    desk: bool


@dataclass(frozen=True, slots=True)
class Site:
    """Where a host stands, and what it hangs on: names to select it by. `role` is "relay" for
    what stays, "phone" for what is carried about."""

    name: str
    district: str
    lan: str = ""
    feeder: str = ""
    operator: str = ""
    role: str = "relay"


class Tap(Protocol):
    """Who sits between a host's node and its links, where the machine is an attacker's."""

    def up(self, link: int, peer: bytes, send: Callable[[bytes], None]) -> None:
        """A link is up; `send` puts bytes on it."""

    def down(self, link: int) -> None:
        """A link is down."""

    def says(self, link: int, data: bytes) -> bytes:
        """Return what goes out in place of the node's bytes."""

    def hears(self, link: int, data: bytes) -> bytes:
        """Return what the node gets in place of a peer's bytes."""


class Observer(Protocol):
    """Who watches the hosts: checks and ledger."""

    def turned(self, host: "Host", batch: Batch) -> None:
        """A node has done something; its writes are not on disk yet."""

    def sent(self, host: "Host", link: int, data: bytes) -> None:
        """Bytes have left on a link."""

    def parted(self, host: "Host", link: int) -> None:
        """A host has taken a link down."""

    def committed(self, host: "Host", ids: tuple[bytes, ...]) -> None:
        """Messages are on a host's disk."""

    def unstored(self, host: "Host", ids: tuple[bytes, ...]) -> None:
        """A host's disk had no room for messages; its node has unlearned them."""

    def crashed(self, host: "Host", ids: tuple[bytes, ...]) -> None:
        """A host is gone, and these messages with it: they were not on its disk."""

    def ruined(self, host: "Host", ids: tuple[bytes, ...]) -> None:
        """A stopped host's disk has lost these messages, which were on it."""


class Host:
    """See the module. `papers` are messages that came with its installation, such as grants
    (`grant` is its own, which it needs only where it signs);
    `power_log` tells when it began to run and when it stopped. One that is an attacker's has a
    `tap` on its links."""

    def __init__(
        self,
        world: World,
        realm: Realm,
        site: Site,
        *,
        clock: Clock,
        disk: DiskPlan,
        policy: Policy,
        observer: Observer,
    ) -> None:
        """Not running; `boot` it."""
        name = site.name
        self.site, self.name, self.district = site, name, site.district
        self.identity = realm.identity(name)
        self.policy, self.clock = policy, clock
        self.disk = Disk(world, disk, world.stream(f"disk/{name}"))
        self.supply = Supply(world, partial(self.hold_down, True), self.let_up)
        self.grant = realm.grant_relay(self.identity.public)
        self.papers: list[bytes] = []
        self.signers = [Signer(self.identity, desk=False)]
        self.wires: list[tuple[Wire, int]] = []
        self.boot_calls: list[Callable[[], None]] = []
        self.tap: Tap | None = None
        self.power_log: list[tuple[int, bool]] = []
        self.boots = 0
        self.running = False
        self.refusals: dict[Refusal, int] = {}
        self._world, self._realm, self._observer = world, realm, observer
        self._node: Node | None = None
        self._pipes: dict[int, Pipe] = {}
        self._peers: dict[int, bytes] = {}
        self._unstored: dict[bytes, None] = {}
        self._booted_us = self._woken_us = self._held_down = 0
        self._due_us: int | None = None
        self._wake_us: int | None = None

    @property
    def public(self) -> bytes:
        """The relay's key."""
        return self.identity.public

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """What it is selected by, beside its name (see selectors.py)."""
        site = self.site
        return {
            "district": (site.district,),
            "lan": (site.lan,),
            "feeder": (site.feeder,),
            "operator": (site.operator,),
            "role": (site.role,),
        }

    @property
    def node(self) -> Node:
        """The node; only a running host has one."""
        if self._node is None:
            raise AssertionError(f"{self.name} is not running")
        return self._node

    @property
    def booted_us(self) -> int:
        """The world's microsecond of the last boot."""
        return self._booted_us

    def now(self) -> Now:
        """Return the time as this machine believes it."""
        return self.clock.now(self._world.now_us, self._booted_us)

    # --- power --------------------------------------------------------------------------------

    def boot(self) -> None:
        """Start from the disk, and dial."""
        if self.running:
            return
        self.boots += 1
        self.running = True
        self.power_log.append((self._world.now_us, True))
        self._booted_us = self._woken_us = self._world.now_us
        self._wake_us = None
        self._note("boot")
        self._node = Node(
            identity=self.identity,
            trust=self._realm.trust(),
            areas=self._realm.areas,
            entropy=self._world.stream(f"entropy/{self.name}/{self.boots}").bytes,
            verify=self._world.verify,
            bodies=self.disk,
            now=self.now(),
            policy=self.policy,
            read=self._world.read,
            rows=self.disk.store.rows(),
            counters=self.disk.store.counters(),
            notes=self.disk.store.notes(NODE_NOTES),
        )
        for raw in self.papers:
            self._node.offer(raw, self.now())
        for signer in self.signers:
            fresh = self.boots == 1
            self._node.add_author(signer.identity, desk=signer.desk, fresh=fresh)
        self._turn()
        for wire, _ in self.wires:
            wire.end_came_back()
        for call in self.boot_calls:
            call()

    def crash(self, silently: bool) -> None:
        """Stop at once: `silently` by a power cut, which peers notice by silence; else by the
        death of the process, after which the kernel closes its links."""
        if not self.running:
            return
        self._note("crash")
        if self._node is not None:
            for reason, count in self._node.stats().refusals:
                self.refusals[reason] = self.refusals.get(reason, 0) + count
        self.running = False
        self.power_log.append((self._world.now_us, False))
        self._node = None
        self.disk.crash()
        for wire, side in self.wires:
            wire.end_died(side, silently)
        if self.tap is not None:
            for link in self._pipes:
                self.tap.down(link)
        self._pipes.clear()
        self._peers.clear()
        lost = tuple(id_ for id_ in self._unstored if self.disk.get(id_) is None)
        kept = tuple(id_ for id_ in self._unstored if self.disk.get(id_) is not None)
        self._unstored.clear()
        # Whoever looks after the boot sees that these had reached the disk after all.
        self._observer.committed(self, kept)
        self._observer.crashed(self, lost)

    def hold_down(self, silently: bool, store: str = "kept") -> None:
        """Crash, and stay down until every cause is over (`let_up`). Of the `store` its last
        commits are lost where it is "torn", everything where it is "wiped"."""
        self._held_down += 1
        self.crash(silently)
        if store == "kept":
            return
        before = [row.id for row in self.disk.store.rows()]
        if store == "torn":
            self.disk.tear()
        else:
            self.disk.wipe()
        kept = {row.id for row in self.disk.store.rows()}
        self._observer.ruined(self, tuple(id_ for id_ in before if id_ not in kept))

    def let_up(self) -> None:
        """One cause to be down is over; after the last, boot."""
        self._held_down -= 1
        if not self._held_down:
            self.boot()

    # --- inputs -------------------------------------------------------------------------------

    def admits(self, peer: bytes) -> bool:
        """Whether there is a place for a link to this key: as in the daemon, keys without a
        relay's grant share a quarter of all."""
        others = [key for key in self._peers.values() if key != peer]
        if len(others) >= LINKS:
            return False
        enrolled = self._realm.enrolled
        strangers = sum(enrolled.get(key) is not Role.RELAY for key in others)
        return enrolled.get(peer) is Role.RELAY or strangers < STRANGER_LINKS

    def link_up(self, link: int, peer: bytes, pipe: Pipe) -> None:
        """A link is up."""
        self._note(f"up {link}")
        self._pipes[link], self._peers[link] = pipe, peer
        if self.tap is not None:
            self.tap.up(link, peer, pipe.send)
        self.node.link_up(link, peer, self.now())
        self._turn()

    def link_down(self, link: int) -> None:
        """A link is down."""
        self._peers.pop(link, None)
        if self._pipes.pop(link, None) is not None and self._node is not None:
            if self.tap is not None:
                self.tap.down(link)
            self._note(f"down {link}")
            self._observer.parted(self, link)
            self._node.link_down(link, self.now())
            self._turn()

    def receive(self, link: int, data: bytes) -> None:
        """Bytes have arrived."""
        if link in self._pipes and self._node is not None:
            world = self._world
            world.trace.note(world.now_us, self.name, f"rx {link}", data)
            if self.tap is not None:
                data = self.tap.hears(link, data)
            self._node.receive(link, data, self.clock.now(world.now_us, self._booted_us))
            self._turn()

    def publish(
        self, key: bytes, kind: Kind, area: int, body: Body, lifetime_s: int
    ) -> Message | None:
        """Sign a message here; None where the node refuses, which its refusals count."""
        try:
            message = self.node.publish(key, kind, area, body, lifetime_s, self.now())
        except PublishError as error:
            self._note(f"unsaid {kind.name}: {error}")
            return None
        self._world.trace.note(self._world.now_us, self.name, f"say {kind.name}", message.raw)
        return message

    def tick(self) -> None:
        """The machine's clock was set: let the node look at it."""
        if self._node is not None:
            self._note("clock")
            self._node.wake(self.now())
            self._turn()

    def offer(self, raw: bytes) -> None:
        """Bytes come on a stick, or in a file."""
        if self._node is not None:
            self._world.trace.note(self._world.now_us, self.name, "offer", raw)
            self._node.offer(raw, self.now())
            self._turn()

    def flush(self) -> None:
        """Let what was published leave."""
        self._turn()

    # --- the driver ---------------------------------------------------------------------------

    def _turn(self) -> None:
        self._world.inputs += 1
        batch = self.node.take(self.now())
        for link, data in batch.urgent:
            self._send(link, data)
        durable = batch.durable
        if durable or batch.sends or batch.closes:
            for row, _ in batch.writes.rows:
                self._unstored[row.id] = None
            self.disk.submit(batch.writes, durable, partial(self._stored, batch))
        self._observer.turned(self, batch)
        self._plan_wake()

    def _stored(self, batch: Batch, stored: bool) -> None:
        """The batch is on disk: now its acknowledgements may leave."""
        if self._node is None:
            return
        ids = tuple([row.id for row, _ in batch.writes.rows])
        for id_ in ids:
            self._unstored.pop(id_, None)
        if not stored:
            self._no_room(batch)
            return
        if ids:
            self._observer.committed(self, ids)
        for link, data in batch.sends:
            self._send(link, data)
        for link, _ in batch.closes:
            self._hang_up(link)

    def _no_room(self, batch: Batch) -> None:
        """As the daemon does: the node unlearns what was not stored, what makes room is committed
        all the same, and links whose acknowledgements are lost so begin anew."""
        self._note("full")
        writes, holdings = batch.writes, self.node.holdings
        ids = tuple(row.id for row, _ in writes.rows if row.state is State.HELD)
        self.node.uncommitted(ids)
        self.node.unstored_chunks(writes.chunks, self.now())
        self._observer.unstored(self, ids)
        again = Writes(
            deletes=tuple(id_ for id_ in writes.deletes if id_ not in holdings),
            states=tuple(
                (id_, state)
                for id_, state in writes.states
                if holdings.state(id_) not in (None, State.HELD)
            ),
            counters=writes.counters,
        )
        if again.deletes or again.states or again.counters:
            self.disk.submit(again, True, lambda ok: None)
        for link, _ in batch.sends:
            self._hang_up(link)

    def _hang_up(self, link: int) -> None:
        pipe = self._pipes.get(link)
        if pipe is not None:
            pipe.hang_up()

    def _send(self, link: int, data: bytes) -> None:
        pipe = self._pipes.get(link)
        if pipe is None:
            return
        if self.tap is not None:
            data = self.tap.says(link, data)
        if data:
            self._observer.sent(self, link, data)
            pipe.send(data)

    def _plan_wake(self) -> None:
        due_us = self.node.next_wake_us()
        if due_us is None:
            self._due_us = None
            return
        self._due_us = due_us = self._booted_us + due_us
        # One that is planned too early finds out, and plans anew: cheaper than undoing it.
        if self._wake_us is None or due_us < self._wake_us:
            at_us = max(due_us, self._woken_us + TIMER_US, self._world.now_us)
            if self._wake_us is None or at_us < self._wake_us:
                self._wake_us = at_us
                self._world.at(at_us, self._wake, at_us)

    def _wake(self, at_us: int) -> None:
        if at_us != self._wake_us or self._node is None:
            return
        self._wake_us = None
        if self._due_us is not None and self._due_us <= at_us:
            self._woken_us = at_us
            self._note("wake")
            self._node.wake(self.now())
            self._turn()
        else:
            self._plan_wake()

    def _note(self, what: str) -> None:
        self._world.trace.note(self._world.now_us, self.name, what)
