"""The same scenario twice: once in the simulator, once under the daemon's own driver in trio.

Both take keys, grants and charter from one simulated city, so that the same words get the same
ids. A scenario is contacts, things said, and machines that start anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import trio

from holub_protocol.kinds import Body, Class, kind_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.message import Now
from holub_protocol.node import Node
from holub_protocol.storage import MemoryStore, Writes
from holub_relay.driver import Driver
from holub_relay.station import Overlay, Station
from holub_relay.writer import Done
from holub_sim.build import City, build
from holub_sim.host import Host
from holub_sim.people import said
from holub_sim.plans import Contacts
from holub_sim.scenario import DeskPlan, Machine, PeoplePlan, Scenario
from holub_sim.streams import Stream
from holub_sim.units import Span

NODES = 4
SLOT_S = 10
SLOTS = 12
"""In each slot contacts are within the first eight seconds, words on the half second; who starts
anew does so in the last two. So neither driver has anything under way when a contact ends."""

KYIV = 93_317
HAZARD = 1

State = tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[str, ...]]
"""Of one node: ids held, newest boards, level of every region."""


@dataclass(frozen=True, slots=True)
class Word:
    """At `t_us` a node says something: people's, or an alert's start or end."""

    t_us: int
    node: int
    what: str


@dataclass(frozen=True, slots=True)
class Script:
    """One scenario: contacts in microseconds, words, and (when, which node) starts anew."""

    contacts: tuple[tuple[int, int, int, int], ...]
    words: tuple[Word, ...]
    restarts: tuple[tuple[int, int], ...]

    @property
    def end_us(self) -> int:
        """When states are compared."""
        return SLOTS * SLOT_S * 1_000_000


def script(seed: int) -> Script:
    """Draw a scenario; in the last slots everybody meets everybody."""
    chance = Stream(seed, "script")
    contacts, words, restarts = [], [], []
    on = False
    for slot in range(SLOTS):
        at_us = slot * SLOT_S * 1_000_000
        last = slot >= SLOTS - 2
        for a in range(NODES):
            for b in range(a + 1, NODES):
                if last or chance.chance(400_000):
                    up_us = at_us + chance.randrange(4) * 1_000_000
                    contacts.append((up_us, up_us + (3 + chance.randrange(2)) * 1_000_000, a, b))
        if last:
            continue
        for _ in range(1 + chance.randrange(3)):
            t_us = at_us + chance.randrange(8) * 1_000_000 + 500_000
            words.append(Word(t_us, chance.randrange(NODES), "people"))
        if chance.chance(300_000):
            words.append(Word(at_us + 1_500_000, 0, "clear" if on else "start"))
            on = not on
        if chance.chance(300_000):
            restarts.append((at_us + 8_250_000, chance.randrange(NODES)))
    ordered = sorted(dict.fromkeys(words), key=lambda word: (word.t_us, word.node, word.what))
    return Script(tuple(contacts), tuple(ordered), tuple(restarts))


def city_of(folder: Path, plan: Script) -> City:
    """The simulated city of a script, in which nobody speaks by himself."""
    lines = [f"{up / 1e6},{down / 1e6},{a},{b}" for up, down, a, b in plan.contacts]
    (folder / "c.csv").write_text("\n".join(("t_up,t_down,a,b", *lines)) + "\n")
    scenario = Scenario(
        name="twin",
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration=Span(plan.end_us),
        world=Contacts(file="c.csv", nodes=NODES),
        machine=Machine(commit=Span(0), commit_jitter=Span(0)),
        desks=(DeskPlan(name="desk", at="n0"),),
        people=(PeoplePlan(kind="checkin", times=(Span(plan.end_us),)),),
    )
    return build(scenario, 1, folder=folder)


def body_of(word: Word, start: bytes) -> Body:
    """What a word says; `start` is the id of the alert that a clear ends."""
    if word.what == "people":
        return said(kind_named("checkin"), word.t_us.to_bytes(8, "big") + bytes([word.node]))
    incidents = (start[:INCIDENT_BYTES],) if word.what == "clear" else ()
    return AlertBody(Verb[word.what.upper()], (), HAZARD, incidents)


def say(node: Node, host: Host, word: Word, start: bytes, now: Now) -> bytes:
    """Sign a word with the desk's key, or the relay's; return its id."""
    people = word.what == "people"
    key = host.signers[0 if people else 1].identity.public
    kind = kind_named("checkin" if people else "alert")
    body = body_of(word, start)
    return node.publish(key, kind, 0 if people else KYIV, body, 86_400, now).id


def state(node: Node, now: Now) -> State:
    """What counts of a node in the end."""
    held = sorted(id_ for cls in Class for id_ in node.holdings.held_ids(cls))
    boards = tuple(message.id for message in node.truth.newest_boards(1))
    levels = tuple(node.truth.status(a, now).level.value for a in node.areas.board_order)
    return tuple(held), boards, levels


def simulated(folder: Path, plan: Script) -> list[State]:
    """Run it in the simulator."""
    city = city_of(folder, plan)
    starts = [b""]

    def speak(word: Word) -> None:
        host = city.hosts[word.node]
        id_ = say(host.node, host, word, starts[-1], host.now())
        if word.what == "start":
            starts.append(id_)
        host.flush()

    for word in plan.words:
        city.world.at(word.t_us, speak, word)
    for t_us, number in plan.restarts:
        city.world.at(t_us, city.hosts[number].crash, False)
        city.world.at(t_us + 1_000_000, city.hosts[number].boot)
    city.world.run(plan.end_us)
    assert city.watch.violations == []
    return [state(host.node, host.now()) for host in city.hosts]


class _Commits:
    """A disk that takes no time, and tells of it as the writer's thread does."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def submit(self, writes: Writes, urgent: bool, done: Done) -> None:
        """Commit."""
        self._store.commit(writes)
        done(None)


class Twin:
    """A machine under the daemon's driver: what `Station` has of it, and its links by number."""

    def __init__(self, host: Host, start_s: int) -> None:
        """`host` is its double in a city that does not run: keys, grants, charter."""
        self.host, self.start_s = host, start_s
        self.store = MemoryStore()
        self.boots = 0
        self.peers: dict[int, Twin] = {}
        self.streams: dict[int, trio.MemorySendChannel[bytes]] = {}
        self.scope: trio.CancelScope | None = None

    def boot(self, nursery: trio.Nursery, realm_of: City) -> None:
        """Build the node from the store as a host does, and let the driver run."""
        self.boots += 1
        self.booted_s = trio.current_time()
        self.overlay = Overlay(self.store)
        self.node = Node(
            identity=self.host.identity,
            trust=realm_of.realm.trust(),
            areas=realm_of.areas,
            entropy=Stream(self.boots, self.host.name).bytes,
            verify=realm_of.world.verify,
            bodies=self.overlay,
            now=self.now(),
            rows=self.store.rows(),
            counters=self.store.counters(),
        )
        for raw in self.host.papers:
            self.node.offer(raw, self.now())
        for signer in self.host.signers:
            self.node.add_author(signer.identity, desk=signer.desk, fresh=self.boots == 1)
        self.driver = Driver(cast(Station, self), _Commits(self.store))
        self.driver.attach(self)
        self.scope = trio.CancelScope()
        nursery.start_soon(self._run, self.driver, self.scope)

    async def _run(self, driver: Driver, scope: trio.CancelScope) -> None:
        with scope:
            await driver.run()

    def enrol(self) -> None:
        """Every key of it signs already."""

    def remember_charters(self) -> None:
        """There is one, and it is in the city."""

    def now(self) -> Now:
        """The time, as the simulator's clocks have it."""
        t_us = round(trio.current_time() * 1_000_000)
        booted_us = round(self.booted_s * 1_000_000)
        return Now(t_us - booted_us, self.start_s + t_us // 1_000_000, True)

    def send(self, link_id: int, data: bytes) -> int:
        """Into the stream of a link."""
        self.streams[link_id].send_nowait(data)
        return len(data)

    def close(self, link_id: int, reason: str) -> None:
        """No link of a script is closed by a node."""
        raise AssertionError(reason)

    def ban(self, key: bytes) -> None:
        """Nobody in a script misbehaves."""
        raise AssertionError(key.hex())

    async def hear(self, link: int, stream: trio.MemoryReceiveChannel[bytes]) -> None:
        """Hand what comes to the driver until the link is down."""
        async for data in stream:
            if link in self.streams:
                self.driver.on_data(link, data)


def _changes(plan: Script) -> Iterator[tuple[int, int, tuple[object, ...]]]:
    for number, (up_us, down_us, a, b) in enumerate(plan.contacts, 1):
        yield down_us, 0, ("down", number, a, b)
        yield up_us, 1, ("up", number, a, b)
    for word in plan.words:
        yield word.t_us, 2, ("say", word)
    for t_us, node in plan.restarts:
        yield t_us, 3, ("crash", node)
        yield t_us + 1_000_000, 4, ("boot", node)


async def driven(folder: Path, plan: Script) -> list[State]:
    """Run it under the daemon's driver, in trio; give it a clock that jumps."""
    city = city_of(folder, plan)
    twins = [Twin(host, city.world.start_s) for host in city.hosts]
    starts = [b""]

    def turn(nursery: trio.Nursery, what: tuple[object, ...]) -> None:
        match what:
            case ("up", int(link), int(a), int(b)):
                ends = twins[a], twins[b]
                for here, there in (ends, ends[::-1]):
                    here.streams[link], heard = trio.open_memory_channel[bytes](10_000)
                    nursery.start_soon(there.hear, link, heard)
                for here, there in (ends, ends[::-1]):
                    here.driver.on_up(link, there.host.public)
            case ("down", int(link), int(a), int(b)):
                for twin in (twins[a], twins[b]):
                    twin.streams.pop(link).close()
                    twin.driver.on_down(link)
            case ("say", Word() as word):
                twin = twins[word.node]
                id_ = say(twin.node, twin.host, word, starts[-1], twin.now())
                if word.what == "start":
                    starts.append(id_)
                twin.driver.on_down(-1)  # a link that never was: the pump looks at the node
            case ("crash", int(node)):
                scope = twins[node].scope
                assert scope is not None
                scope.cancel()
            case ("boot", int(node)):
                twins[node].boot(nursery, city)

    async with trio.open_nursery() as nursery:
        for twin in twins:
            twin.boot(nursery, city)
        for t_us, _, what in sorted(_changes(plan), key=lambda change: change[:2]):
            await trio.sleep_until(t_us / 1_000_000)
            turn(nursery, what)
        await trio.sleep_until(plan.end_us / 1_000_000)
        nursery.cancel_scope.cancel()
    return [state(twin.node, twin.now()) for twin in twins]
