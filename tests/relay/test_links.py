"""The table of links over real loopback sockets: who gets one, which stays, who is to blame."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

import pytest
import trio
import trio.testing

from holub_crypto.identity import Identity
from holub_relay.limits import HANDSHAKES, SEND_QUEUE_BYTES, SIMULTANEOUS_S, STRANGER_LINKS
from holub_relay.link import LinkError, LinkFault, LinkKey, SecureLink
from holub_relay.links import LinkManager
from holub_relay.tcp import Connection, dial, listen, port_of

LOOPBACK = "127.0.0.1"
REALM = bytes(32)
# Sorted, so that number 0 has the lowest key.
IDENTITIES = sorted(
    (Identity.from_seed(bytes([number]) * 32) for number in range(16)), key=lambda i: i.public
)


@dataclass
class Recorder:
    """Hooks that write down what happens, in order."""

    events: list[tuple[str, int]] = field(default_factory=list)
    keys: dict[int, bytes] = field(default_factory=dict)
    data: dict[int, bytes] = field(default_factory=dict)
    poison: bytes = b"never sent"

    def on_up(self, link_id: int, peer_key: bytes) -> None:
        """A link stands."""
        self.events.append(("up", link_id))
        self.keys[link_id] = peer_key

    def on_data(self, link_id: int, data: bytes) -> None:
        """Bytes came; `poison` stands for a mistake of ours that they trigger."""
        self.data[link_id] = self.data.get(link_id, b"") + data
        if self.poison in data:
            raise RuntimeError("a mistake of ours")

    def on_down(self, link_id: int) -> None:
        """The link is gone."""
        self.events.append(("down", link_id))


@dataclass
class Node:
    """A manager with its hooks and port."""

    identity: Identity
    manager: LinkManager
    hooks: Recorder
    port: int
    scope: trio.CancelScope
    callers: list[Connection] = field(default_factory=list)


def link_key(number: int) -> LinkKey:
    """The link key of a test node."""
    return LinkKey.make(IDENTITIES[number], REALM, os.urandom)


@asynccontextmanager
async def nodes(*numbers: int, granted: bool = True) -> AsyncIterator[list[Node]]:
    """Running managers; all keys are granted relays or none is."""
    async with trio.open_nursery() as nursery:
        running = []
        for number in numbers:
            listeners = await listen(LOOPBACK, 0)
            hooks = Recorder()
            manager = LinkManager(
                link_key(number),
                hooks,
                entropy=os.urandom,
                rng=Random(number),
                granted=lambda key: granted or key == IDENTITIES[15].public,
            )
            scope = trio.CancelScope()
            node = Node(IDENTITIES[number], manager, hooks, port_of(listeners), scope)
            nursery.start_soon(run, node, listeners)
            running.append(node)
        try:
            yield running
        finally:
            for node in running:
                for caller in node.callers:
                    await trio.aclose_forcefully(caller._stream)
        nursery.cancel_scope.cancel()


async def run(node: Node, listeners: list[trio.SocketListener]) -> None:
    """Run one manager until its scope is cancelled."""
    with node.scope:
        await node.manager.run(listeners)


async def until(condition: Callable[[], object]) -> None:
    """Wait for sockets and tasks to bring `condition` about; a failure within 5 s if not."""
    with trio.fail_after(5):
        while not condition():  # noqa: ASYNC110 (hooks are synchronous)
            await trio.sleep(0.01)


async def call(number: int, node: Node) -> Connection:
    """Dial a node with another key, outside of any manager."""
    caller = await dial(LOOPBACK, node.port, SecureLink(True, link_key(number), os.urandom))
    node.callers.append(caller)
    return caller


@pytest.fixture
def jumping_clock() -> trio.testing.MockClock:
    """Virtual time that jumps once sockets are quiet too."""
    return trio.testing.MockClock(autojump_threshold=0.005)


@pytest.mark.trio
async def test_hint_makes_a_link_that_carries_data() -> None:
    """A hint is dialled, both sides hear who is there, bytes pass, and states say so."""
    async with nodes(0, 1) as (first, second):
        first.manager.hint(LOOPBACK, second.port, second.identity.public)
        await until(lambda: first.hooks.keys and second.hooks.keys)
        assert list(first.hooks.keys.values()) == [second.identity.public]
        (state,) = first.manager.peers()
        (other,) = second.manager.peers()
        assert (state.outbound, other.outbound) == (True, False)
        assert state.address == (LOOPBACK, second.port)
        assert first.manager.send(state.link_id, b"x" * 100_000) == 100_000
        await until(lambda: len(second.hooks.data.get(other.link_id, b"")) == 100_000)
        await until(lambda: first.manager.peers()[0].queued_bytes == 0)
        assert first.manager.peers()[0].bytes_out > 100_000


@pytest.mark.trio
async def test_of_simultaneous_dials_the_lower_keys_stays() -> None:
    """Both dial at once: both end with one link, the one that the lower key dialled."""
    async with nodes(0, 1) as (low, high):
        await trio.sleep(0.05)  # both dialling loops stand
        low.manager.hint(LOOPBACK, high.port, high.identity.public)
        high.manager.hint(LOOPBACK, low.port, low.identity.public)
        await until(lambda: low.hooks.keys and high.hooks.keys)
        await trio.sleep(0.1)
        (low_state,), (high_state,) = low.manager.peers(), high.manager.peers()
        assert low_state.outbound
        assert not high_state.outbound
        for node in (low, high):
            ups = [number for event, number in node.hooks.events if event == "up"]
            downs = [number for event, number in node.hooks.events if event == "down"]
            assert len(ups) - len(downs) == 1


@pytest.mark.trio
async def test_second_dial_within_the_window_follows_the_same_rule() -> None:
    """A link of the higher key's dialling gives way to the lower's, and never the reverse."""
    async with nodes(1) as (node,):
        await call(0, node)
        await until(lambda: node.hooks.keys)
        listeners = await listen(LOOPBACK, 0)
        async with trio.open_nursery() as nursery:
            peer = Recorder()
            manager = LinkManager(
                link_key(0), peer, entropy=os.urandom, rng=Random(1), granted=lambda _: True
            )
            nursery.start_soon(manager.run, listeners)
            # The node dials the lower key, whose own dial stands since a moment ago.
            node.manager.configure(LOOPBACK, port_of(listeners))
            await until(lambda: node.manager.faults().get(LinkFault.DUPLICATE))
            nursery.cancel_scope.cancel()
        assert node.hooks.events == [("up", 1)]


@pytest.mark.trio
async def test_newer_link_of_a_key_replaces_the_older(
    jumping_clock: trio.testing.MockClock,
) -> None:
    """A peer that dials again has lost the old link: it goes down before the new one is up."""
    async with nodes(1) as (node,):
        old = await call(0, node)
        await until(lambda: node.hooks.keys)
        await call(0, node)
        await until(lambda: len(node.hooks.events) == 3)
        first, second = node.hooks.keys
        assert node.hooks.events == [("up", first), ("down", first), ("up", second)]
        assert await old.receive() == b""


@pytest.mark.trio
async def test_after_the_window_the_newer_stays_whoever_dialled(
    jumping_clock: trio.testing.MockClock,
) -> None:
    """The lower key's old link gives way to the higher's dial once that cannot be simultaneous."""
    async with nodes(0, 1) as (low, high):
        low.manager.hint(LOOPBACK, high.port, high.identity.public)
        await until(lambda: high.hooks.keys)
        await trio.sleep(SIMULTANEOUS_S + 1)
        await call(1, low)
        await until(lambda: len(low.hooks.events) >= 3)
        assert not low.manager.peers()[0].outbound


@pytest.mark.trio
async def test_junk_connections_end_alone() -> None:
    """Callers with junk are counted and dropped while a good link goes on."""
    async with nodes(0, 1) as (node, peer):
        peer.manager.hint(LOOPBACK, node.port, node.identity.public)
        await until(lambda: node.hooks.keys)
        for _ in range(30):
            stream = await trio.open_tcp_stream(LOOPBACK, node.port)
            await stream.send_all(os.urandom(100))
            await stream.aclose()
        await until(lambda: sum(node.manager.faults().values()) == 30)
        assert [event for event, _ in node.hooks.events] == ["up"]
        peer.manager.send(next(iter(peer.hooks.keys)), b"still")
        await until(lambda: node.hooks.data)


@pytest.mark.trio
async def test_own_mistake_ends_one_link_only(caplog: pytest.LogCaptureFixture) -> None:
    """An exception out of a hook closes that link, is logged, and spares the others."""
    async with nodes(0) as (node,):
        bad, good = await call(1, node), await call(2, node)
        await until(lambda: len(node.hooks.keys) == 2)
        node.hooks.poison = b"poison"
        await bad.send(b"poison")
        assert await bad.receive() == b""
        await good.send(b"fine")
        await until(lambda: b"fine" in node.hooks.data.values())
        await until(lambda: node.manager.faults().get(LinkFault.INTERNAL) == 1)
        assert "a mistake of ours" in caplog.text
        assert len(node.manager.peers()) == 1


@pytest.mark.trio
async def test_tampering_ends_one_link_only() -> None:
    """A link whose bytes do not authenticate goes down; the count says why."""
    async with nodes(0) as (node,):
        bad = await call(1, node)
        await until(lambda: node.hooks.keys)
        await bad._stream.send_all(b"\0\x20" + bytes(32))
        await until(lambda: [event for event, _ in node.hooks.events] == ["up", "down"])
        await until(lambda: node.manager.faults() == {LinkFault.SEAL: 1})


@pytest.mark.trio
async def test_silent_callers_do_not_keep_others_out(
    jumping_clock: trio.testing.MockClock,
) -> None:
    """With every handshake place taken by silence, a relay still gets in within seconds."""
    async with nodes(0) as (node,):
        silent = [await trio.open_tcp_stream(LOOPBACK, node.port) for _ in range(HANDSHAKES)]
        await trio.sleep(2.1)
        await call(1, node)
        await until(lambda: node.hooks.keys)
        assert node.manager.faults()[LinkFault.CROWDED] == 1
        for stream in silent:
            await stream.aclose()


@pytest.mark.trio
async def test_strangers_get_their_share_and_granted_relays_get_in() -> None:
    """Keys without a grant take eight places, never the granted relays'."""
    async with nodes(0, granted=False) as (node,):
        for number in range(1, STRANGER_LINKS + 1):
            await call(number, node)
        await until(lambda: len(node.hooks.keys) == STRANGER_LINKS)
        one_too_many = await call(STRANGER_LINKS + 1, node)
        assert await one_too_many.receive() == b""
        await until(lambda: node.manager.faults().get(LinkFault.FULL) == 1)
        await call(15, node)
        await until(lambda: len(node.hooks.keys) == STRANGER_LINKS + 1)


@pytest.mark.trio
async def test_configured_peer_is_dialled_until_it_answers_and_again(
    jumping_clock: trio.testing.MockClock,
) -> None:
    """A configured address is tried until somebody listens, and after every loss again."""
    listeners = await listen(LOOPBACK, 0)
    port = port_of(listeners)
    await listeners[0].aclose()
    async with nodes(0) as (node,):
        node.manager.configure(LOOPBACK, port)
        await until(lambda: node.manager.faults().get(LinkFault.UNREACHABLE))
        assert node.manager.missing()
        accepted = 0
        for listener in await listen(LOOPBACK, port):
            while accepted < 2:
                stream = await listener.accept()
                other = SecureLink(False, link_key(1), os.urandom)
                while not other.established:
                    reply, _ = other.receive(bytes(await stream.receive_some(1000)))
                    await stream.send_all(reply)
                accepted += 1
                await until(lambda: not node.manager.missing())
                await stream.aclose()
                await until(node.manager.missing)
            await listener.aclose()
        assert [event for event, _ in node.hooks.events] == ["up", "down"] * 2


@pytest.mark.trio
async def test_meeting_oneself_is_noticed_once() -> None:
    """A relay configured with its own address finds out and does not try again."""
    async with nodes(0) as (node,):
        node.manager.configure(LOOPBACK, node.port)
        await until(lambda: node.manager.faults().get(LinkFault.SELF))
        assert node.hooks.events == []
        assert not [peer for peer in node.manager._peers._rows.values() if peer.addresses]


@pytest.mark.trio
async def test_our_key_on_another_machine_is_told_on_both() -> None:
    """A suspicion is dialled; both sides learn the other's address and neither keeps the link."""
    async with nodes(0, 0) as (one, two):
        one.manager.suspect(LOOPBACK, two.port)
        await until(lambda: one.manager.twins() and two.manager.twins())
        (mine,), (theirs,) = one.manager.twins(), two.manager.twins()
        assert mine.own
        assert mine.addresses[1] == (LOOPBACK, two.port)
        assert mine.addresses[0] == theirs.addresses[1]
        await until(lambda: two.manager.faults().get(LinkFault.TWIN))
        assert one.hooks.events == two.hooks.events == []


@pytest.mark.trio
async def test_a_neighbours_key_on_two_machines_is_told() -> None:
    """A process that dials again after another one with its key has: both run. A suspicion that
    nobody can prove is none."""
    async with nodes(0) as (node,):
        keys = [link_key(1), link_key(1)]
        for count, number in enumerate((0, 1, 0), 1):
            link = SecureLink(True, keys[number], os.urandom)
            caller = await dial(LOOPBACK, node.port, link)
            node.callers.append(caller)
            await until(partial(node.hooks.keys.__contains__, count))
        await until(node.manager.twins)
        (twin,) = node.manager.twins()
        assert (twin.key, twin.own) == (IDENTITIES[1].public, False)
        node.manager.suspect(LOOPBACK, node.port)
        await until(lambda: node.manager.faults().get(LinkFault.SELF))
        assert len(node.manager.twins()) == 1


@pytest.mark.trio
async def test_queue_leaves_before_a_close() -> None:
    """What was queued (a BYE) arrives before the link that we close goes down."""
    async with nodes(0) as (node,):
        peer = await call(1, node)
        await until(lambda: node.hooks.keys)
        (link_id,) = node.hooks.keys
        node.manager.send(link_id, b"bye")
        node.manager.close(link_id, "test")
        assert node.manager.send(link_id, b"more") == 0
        assert await peer.receive() == b"bye"
        assert await peer.receive() == b""
        await until(lambda: node.hooks.events == [("up", link_id), ("down", link_id)])
        assert node.manager.send(link_id, b"more") == 0


@pytest.mark.trio
async def test_peer_that_never_reads_is_bounded(
    jumping_clock: trio.testing.MockClock,
) -> None:
    """A queue over its bound ends the link instead of the memory."""
    async with nodes(0) as (node,):
        await call(1, node)
        await until(lambda: node.hooks.keys)
        (link_id,) = node.hooks.keys
        queued = 0
        for _ in range(2 * SEND_QUEUE_BYTES // 65_536):
            queued = max(queued, node.manager.send(link_id, bytes(65_536)))
        assert queued <= SEND_QUEUE_BYTES + 65_536
        await until(lambda: node.hooks.events[-1] == ("down", link_id))
        assert node.manager.faults()[LinkFault.STUCK] == 1


@pytest.mark.trio
async def test_banned_key_stays_away_for_its_time(
    jumping_clock: trio.testing.MockClock,
) -> None:
    """A link closed with a ban is refused by key, and taken again when the ban is over."""
    async with nodes(0) as (node,):
        await call(1, node)
        await until(lambda: node.hooks.keys)
        node.manager.ban(IDENTITIES[1].public)
        node.manager.close(1, "misbehaved")
        await until(lambda: len(node.hooks.events) == 2)
        refused = await call(1, node)
        assert await refused.receive() == b""
        await until(lambda: node.manager.faults().get(LinkFault.BANNED) == 1)
        await trio.sleep(61)
        await call(1, node)
        await until(lambda: len(node.hooks.events) == 3)


@pytest.mark.trio
async def test_another_key_at_a_hinted_address_is_refused() -> None:
    """An announcement that points elsewhere makes no link to whoever is there."""
    async with nodes(0, 1) as (node, other):
        node.manager.hint(LOOPBACK, other.port, IDENTITIES[5].public)
        await until(lambda: node.manager.faults().get(LinkFault.WRONG_PEER))
        assert node.hooks.events == []


@pytest.mark.trio
async def test_end_of_the_manager_ends_links_and_listening() -> None:
    """After cancellation every link went down once and the port answers no more."""
    async with nodes(0) as (node,):
        await call(1, node)
        await until(lambda: node.hooks.keys)
        node.scope.cancel()
        await until(lambda: node.hooks.events == [("up", 1), ("down", 1)])
        with pytest.raises(LinkError, match="unreachable"):
            await call(2, node)


@pytest.mark.trio
async def test_a_link_whose_own_address_is_gone_is_cut_and_dialled_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a change of addresses links that still have theirs stay; one that has not is counted
    as moved and stands again at once, by what is known of the peer."""
    lost: list[tuple[object, ...]] = []
    monkeypatch.setattr("holub_relay.links.Changes", Shaken)
    monkeypatch.setattr("holub_relay.links.is_own", lambda address: address not in lost)
    async with nodes(0, 1, granted=False) as (first, second):
        first.manager.hint(LOOPBACK, second.port, second.identity.public)
        await until(lambda: first.hooks.keys and second.hooks.keys)
        await trio.sleep(0.05)
        assert first.hooks.events == [("up", 1)]
        (link,) = first.manager._links.values()
        lost.append(link.connection.local)
        await until(lambda: len(first.hooks.events) == 3)
        assert first.hooks.events == [("up", 1), ("down", 1), ("up", 2)]
        assert first.manager.faults()[LinkFault.MOVED] == 1
        (hint,) = first.manager.hints()
        assert (hint.linked, hint.outcome, hint.port) == (True, "linked", second.port)


class Shaken:
    """Interfaces that change a hundred times a second."""

    async def wait(self) -> None:
        """Return soon."""
        await trio.sleep(0.01)

    def close(self) -> None:
        """Nothing to close."""
