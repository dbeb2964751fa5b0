"""The driver: disk before sending, alerts before the disk, batches in order, full stores."""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_interface
from pathlib import Path

import pytest
import trio
import trio.testing

from holub_protocol.frames import Hello, PeerAddress, Put, Root, encode
from holub_protocol.frames import decode as decode_frame
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds import Class
from holub_protocol.message import Now
from holub_protocol.storage import MemoryStore, StoreError, StoreFull, Writes
from holub_relay.clock import Clock
from holub_relay.config import Config
from holub_relay.discovery.hints import Source
from holub_relay.discovery.interfaces import Own
from holub_relay.driver import Driver
from holub_relay.gossip import Gossip
from holub_relay.links import PeerState
from holub_relay.station import Station, read_charter
from holub_relay.writer import Done
from support_realm import key
from support_relay import KYIV, joined, made

START = {"do": "alert", "verb": "start", "areas": [KYIV], "hazard": "air-raid"}


@dataclass
class SlowWriter:
    """Commits only when told to: the disk of a worn card, held in the hand."""

    store: MemoryStore
    held: bool = False
    fail: Exception | None = None
    jobs: list[tuple[Writes, Done]] = field(default_factory=list)

    def submit(self, writes: Writes, urgent: bool, done: Done) -> None:
        """Queue, and commit at once unless held."""
        self.jobs.append((writes, done))
        if not self.held:
            self.commit()

    def commit(self) -> None:
        """Commit all that waits, in order."""
        while self.jobs:
            writes, done = self.jobs.pop(0)
            error = self.fail
            if error is None:
                self.store.commit(writes)
            done(error)


@dataclass
class Wire:
    """Links by hand: what was sent is kept until it is carried."""

    out: dict[int, bytearray] = field(default_factory=dict)
    sent: bytearray = field(default_factory=bytearray)
    closed: list[tuple[int, str]] = field(default_factory=list)
    banned: list[bytes] = field(default_factory=list)
    keys: dict[int, bytes] = field(default_factory=dict)
    hints: list[tuple[str, int, bytes | None, Source]] = field(default_factory=list)

    def send(self, link_id: int, data: bytes) -> int:
        """Keep."""
        self.out.setdefault(link_id, bytearray()).extend(data)
        self.sent += data
        return len(data)

    def close(self, link_id: int, reason: str) -> None:
        """Write down."""
        self.closed.append((link_id, reason))

    def ban(self, key: bytes) -> None:
        """Write down."""
        self.banned.append(key)

    def peers(self) -> tuple[PeerState, ...]:
        """The links of `keys`, which only tests of what peers are told fill in."""
        return tuple(
            PeerState(number, public, (f"10.0.0.{number}", 50_000), False, 0.0, 0, 0, 0)
            for number, public in self.keys.items()
        )

    def proven(self) -> tuple[tuple[bytes, str, int], ...]:
        """Where each of them listens."""
        return tuple((public, f"10.0.0.{n}", 7447) for n, public in self.keys.items())

    def hint(self, host: str, port: int, key: bytes | None, source: Source) -> None:
        """Write down."""
        self.hints.append((host, port, key, source))

    def frames(self) -> list[str]:
        """The names of all frames ever sent, in order."""
        buffer = FrameBuffer(4096)
        buffer.feed(self.sent)
        names = []
        while (raw := buffer.next()) is not None:
            names.append(type(decode_frame(raw)).__name__)
        return names


class TrioClock(Clock):
    """Time as trio's own clock has it, which a test lets jump, from today on."""

    def __init__(self) -> None:
        super().__init__("host")
        self._today_s = int(time.time() - trio.current_time())

    def now(self) -> Now:
        """Return the moment."""
        second = trio.current_time()
        return Now(int(second * 1_000_000), self._today_s + int(second), True)


class Rig:
    """One driver with a slow disk and hand-held links."""

    def __init__(self, data: Path, changed: Callable[[], None] = lambda: None) -> None:
        self.store = MemoryStore(quota_bytes=1 << 24)
        first = read_charter(data)
        self.station = Station(
            data, Config(clock="host"), self.store, first, os.urandom, TrioClock()
        )
        self.writer = SlowWriter(self.store)
        self.driver = Driver(self.station, self.writer, changed)
        self.wire = Wire()
        own = (Own(2, "eth0", ip_interface("10.0.0.254/24")),)
        self.driver.attach(self.wire, Gossip(self.wire, lambda: own))


async def settle(*rigs: Rig) -> None:
    """Let all drivers run, and carry what two of them say, until both are silent."""
    for _ in range(60):
        await trio.testing.wait_all_tasks_blocked()
        moved = False
        for here, there in zip(rigs, reversed(rigs), strict=True):
            data = bytes(here.wire.out.pop(1, b""))
            if data and here is not there:
                moved = True
                there.driver.on_data(1, data)
        if not moved:
            return
    raise AssertionError("the two never fall silent")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Directories of a desk's relay and of another relay of the realm."""
    folder = tmp_path_factory.mktemp("driver")
    first = made(folder)
    return first, joined(folder, first)


@asynccontextmanager
async def running(*rigs: Rig) -> AsyncIterator[trio.Nursery]:
    """Run the drivers while the context lasts."""
    async with trio.open_nursery() as nursery:
        for rig in rigs:
            nursery.start_soon(rig.driver.run)
        yield nursery
        nursery.cancel_scope.cancel()


async def linked(desk: Rig, other: Rig) -> None:
    """Give the desk its grants from its own directory, and bring one link up."""
    with Station.open(desk.station.data_dir) as opened:
        for id_ in sorted(opened.node.holdings.held_ids(Class.GRANT)):
            raw = opened.node.body(id_)
            assert raw is not None
            desk.station.node.offer(raw, desk.station.now())
    desk.station.enrol()
    desk.driver.on_up(1, other.station.identity.public)
    other.driver.on_up(1, desk.station.identity.public)
    await settle(desk, other)


@pytest.mark.trio
async def test_an_acknowledgement_never_leaves_before_the_commit(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """A relay whose disk is slow says nothing that counts a message in until it is on disk."""
    desk, other = Rig(pair[0]), Rig(pair[1])
    async with running(desk, other):
        await linked(desk, other)
        other.writer.held = True
        said = len(other.wire.frames())
        answer = await desk.driver.request(START)
        await settle(desk, other)
        assert other.station.node.body(bytes.fromhex(answer["id"])) is not None
        await trio.sleep(0.3)  # a root would be due by now
        await settle(desk, other)
        assert Root.__name__ not in other.wire.frames()[said:]
        assert other.store.get(bytes.fromhex(answer["id"])) is None
        other.writer.held = False
        other.writer.commit()
        await trio.sleep(0.3)
        await settle(desk, other)
        assert Root.__name__ in other.wire.frames()[said:]


@pytest.mark.trio
async def test_an_alert_of_another_leaves_before_the_commit(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """An alert that is passed on waits for no disk: its bytes are on the second link at once."""
    desk, other = Rig(pair[0]), Rig(pair[1])
    third = key("a third relay").public
    async with running(desk, other):
        await linked(desk, other)
        neighbour = Rig(pair[0]).station
        node = neighbour.node
        other.driver.on_up(2, third)
        node.link_up(1, other.station.identity.public, neighbour.now())
        for _ in range(20):
            await trio.testing.wait_all_tasks_blocked()
            node.receive(1, bytes(other.wire.out.pop(2, b"")), neighbour.now())
            for _, data in node.take(neighbour.now()).urgent:
                other.driver.on_data(2, data)
        other.writer.held = True
        other.wire.sent.clear()
        await desk.driver.request(START)
        await settle(desk, other)
        assert Put.__name__ in other.wire.frames()
        assert other.writer.jobs


@pytest.mark.trio
async def test_an_own_alert_leaves_only_after_its_commit(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """What is signed here might be forgotten by a crash and its counter used again: it waits."""
    desk, other = Rig(pair[0]), Rig(pair[1])
    async with running(desk, other) as nursery:
        await linked(desk, other)
        desk.writer.held = True
        desk.wire.sent.clear()
        answers: list[object] = []

        async def ask() -> None:
            answers.append(await desk.driver.request(START))

        nursery.start_soon(ask)
        await settle(desk, other)
        assert Put.__name__ not in desk.wire.frames()
        assert answers == []
        desk.writer.held = False
        desk.writer.commit()
        await settle(desk, other)
        assert Put.__name__ in desk.wire.frames()
        assert len(answers) == 1


@pytest.mark.trio
async def test_batches_leave_in_order(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """A batch with nothing to commit waits behind an earlier one that is not committed yet; only
    the greeting, which acknowledges nothing, does not."""
    desk = Rig(pair[0])
    async with trio.open_nursery() as nursery:
        desk.writer.held = True
        nursery.start_soon(desk.driver.run)
        await trio.testing.wait_all_tasks_blocked()
        assert desk.writer.jobs  # the charter itself
        desk.driver.on_up(1, key("a peer").public)
        await trio.testing.wait_all_tasks_blocked()
        assert desk.wire.frames() == ["Hello"]
        hello = Hello(1, bytes(16), 4096, 65_536, 1)
        desk.driver.on_data(1, frame_bytes(encode(hello)))
        await trio.testing.wait_all_tasks_blocked()
        assert desk.wire.frames() == ["Hello"]
        assert desk.driver.stats().uncommitted >= 2
        desk.writer.commit()
        await trio.testing.wait_all_tasks_blocked()
        assert desk.wire.frames()[:2] == ["Hello", "Root"]
        assert desk.driver.stats().uncommitted == 0
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_full_store_forgets_and_closes(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """Without room the message is not held, who published it is told, and the links to which
    that batch spoke are closed, for their acknowledgements are lost."""
    desk, other = Rig(pair[0]), Rig(pair[1])
    async with running(desk, other):
        await linked(desk, other)
        desk.writer.fail = StoreFull("no room")
        answer = await desk.driver.request(START)
        assert "no room" in answer["error"]
        desk.writer.fail = None
        await settle(desk, other)
        status = await desk.driver.request({"do": "status"})
        assert status["alerts"] == []
        assert (1, "the store is full") in desk.wire.closed
        assert desk.driver.stats().full >= 1


@pytest.mark.trio
async def test_a_broken_store_ends_the_driver(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """After any other failure only reopening tells what the disk has; nothing more is sent."""
    desk = Rig(pair[0])
    desk.writer.fail = StoreError("I/O error")
    with pytest.RaisesGroup(StoreError, flatten_subgroups=True):
        await desk.driver.run()
    assert desk.wire.frames() == []


@pytest.mark.trio
async def test_pages_hear_of_changes(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """An alert ticks; a listing does not."""
    ticks: list[None] = []
    desk, other = Rig(pair[0], lambda: ticks.append(None)), Rig(pair[1])
    async with running(desk, other):
        await linked(desk, other)
        before = len(ticks)
        await desk.driver.request({"do": "list"})
        assert len(ticks) == before
        await desk.driver.request(START)
        assert len(ticks) > before


@pytest.mark.trio
async def test_junk_closes_one_link_only(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """A peer that sends no frames is closed with a reason and its key banned; the driver goes
    on."""
    desk = Rig(pair[0])
    async with running(desk):
        for junk in (b"\x00\x00", b"\xff\xff" + b"x" * 5000, b"\x00\x01\xff"):
            number = 10 + junk[0] + len(junk)
            desk.driver.on_up(number, key(f"peer {number}").public)
            desk.driver.on_data(number, junk)
            await trio.testing.wait_all_tasks_blocked()
            desk.driver.on_down(number)
        assert len(desk.wire.closed) == 3
        assert desk.wire.banned == [key(f"peer {number}").public for number, _ in desk.wire.closed]
        assert "error" not in await desk.driver.request({"do": "status"})


@pytest.mark.trio
async def test_peers_are_told_of_each_other_when_one_comes(
    pair: tuple[Path, Path], autojump_clock: trio.testing.MockClock
) -> None:
    """When a link is live its peer is told of another that is linked; what the peer hears so is
    a hint of a peer's, and a second word before ten seconds are over is none."""
    desk, other = Rig(pair[0]), Rig(pair[1])
    third = key("third").public
    async with running(desk, other):
        desk.wire.keys = {1: other.station.identity.public, 2: third}
        await linked(desk, other)
        await settle(desk, other)
        heard = ("10.0.0.2", 7447, third, Source.PEER)
        assert other.wire.hints == [heard]
        assert desk.wire.frames().count("Peers") == 1
        again = PeerAddress(bytes((10, 0, 0, 9)), 7447, third)
        assert desk.driver.node.tell_peers(1, (again,), desk.station.now()) == 1
        await desk.driver.request({"do": "status"})
        await settle(desk, other)
        assert other.wire.hints == [heard]
        assert not other.station.node.trust.is_relay(third, desk.station.now().wall_s)
        desk.driver.on_down(1)
        desk.wire.keys[3] = key("fourth").public
        await trio.sleep(60)
        assert desk.wire.frames().count("Peers") == 2
