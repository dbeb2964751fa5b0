"""Secure connections over real loopback sockets, on a clock that jumps when all wait."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing

from holub_crypto.identity import Identity
from holub_relay.limits import DEAD_S, HANDSHAKE_TIMEOUT_S, WRITE_STALL_S
from holub_relay.link import LinkError, LinkFault, LinkKey, SecureLink
from holub_relay.tcp import Connection, HalfOpen, dial, listen, port_of, shake

LOOPBACK = "127.0.0.1"


def key(number: int) -> LinkKey:
    """A link key of a fixed node key."""
    return LinkKey.make(Identity.from_seed(bytes([number]) * 32), bytes(32), os.urandom)


@pytest.fixture
def jumping_clock() -> trio.testing.MockClock:
    """Virtual time that jumps once sockets are quiet too."""
    return trio.testing.MockClock(autojump_threshold=0.005)


@asynccontextmanager
async def answering(
    handle: Callable[[trio.SocketStream], Awaitable[None]],
) -> AsyncIterator[int]:
    """A listening port whose connections `handle` takes."""
    listeners = await listen(LOOPBACK, 0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(trio.serve_listeners, handle, listeners))
        yield port_of(listeners)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Connection, Connection]]:
    """Both ends of an established connection."""
    accepted: list[Connection] = []
    done, over = trio.Event(), trio.Event()

    async def accept(stream: trio.SocketStream) -> None:
        accepted.append(await shake(stream, SecureLink(False, key(2), os.urandom), ("peer", 1)))
        done.set()
        await over.wait()

    async with answering(accept) as port:
        first = await dial(LOOPBACK, port, SecureLink(True, key(1), os.urandom))
        await done.wait()
        yield first, accepted[0]
        over.set()
        await first.aclose()
        await accepted[0].aclose()


async def send_for_ever(connection: Connection, data: bytes) -> None:
    """Send until something is wrong."""
    while True:
        await connection.send(data)


async def drip(stream: trio.SocketStream, data: bytes) -> None:
    """Send a byte a second."""
    for byte in data:
        await trio.sleep(1)
        await stream.send_all(bytes([byte]))


@pytest.mark.trio
async def test_both_ends_know_each_other_and_carry_bytes() -> None:
    """What one end sends the other receives, with the proven keys and counted bytes."""
    async with connected() as (first, second):
        assert first.peer_key == key(2).public
        assert second.peer_key == key(1).public
        assert first.outbound
        assert not second.outbound
        await first.send(b"there")
        assert await second.receive() == b"there"
        await second.send(b"back")
        assert await first.receive() == b"back"
        assert second.bytes_in == first.bytes_out == 5 + 18


@pytest.mark.trio
async def test_end_is_an_empty_receive() -> None:
    """A closed connection ends the other's receiving with b"" and its sending with CLOSED."""
    async with connected() as (first, second):
        await second.aclose()
        assert await first.receive() == b""
        with pytest.raises(LinkError, match="closed"):
            await send_for_ever(first, b"x" * 8192)


@pytest.mark.trio
async def test_bytes_right_behind_the_handshake_are_kept() -> None:
    """What came in the same read as the last handshake message is received first."""
    async with connected() as (first, second):
        await first.send(b"later")
        early = Connection(second._stream, second._link, ("peer", 1), b"early")
        assert await early.receive() == b"early"
        assert await early.receive() == b"later"


@pytest.mark.trio
async def test_silence_is_death(jumping_clock: trio.testing.MockClock) -> None:
    """15 s without authenticated traffic end a connection, though the socket is open."""
    async with connected() as (first, _):
        begun_s = trio.current_time()
        with pytest.raises(LinkError, match="timeout"):
            await first.receive()
        assert trio.current_time() - begun_s == pytest.approx(DEAD_S, abs=0.1)


@pytest.mark.trio
async def test_trickle_of_raw_bytes_is_death(jumping_clock: trio.testing.MockClock) -> None:
    """Bytes that never make an authenticated message do not hold a place."""
    async with connected() as (first, second):

        async def trickle() -> None:
            await second._stream.send_all(b"\xff\xff")
            while True:
                await trio.sleep(1)
                await second._stream.send_all(b"\0")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(trickle)
            begun_s = trio.current_time()
            with pytest.raises(LinkError, match="timeout"):
                await first.receive()
            assert trio.current_time() - begun_s == pytest.approx(DEAD_S, abs=1.1)
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_keep_alives_keep_it_alive(jumping_clock: trio.testing.MockClock) -> None:
    """Empty messages every 5 s are not received as data, but count as traffic."""
    async with connected() as (first, second):

        async def keep() -> None:
            for _ in range(12):
                await trio.sleep(5)
                await second.send(b"")
            await second.send(b"still here")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep)
            assert await first.receive() == b"still here"
        assert trio.current_time() >= 60


@pytest.mark.trio
async def test_peer_that_does_not_read_is_cut(jumping_clock: trio.testing.MockClock) -> None:
    """Sending to a stuck reader gives up after a minute instead of waiting for ever."""
    async with connected() as (first, _):
        with pytest.raises(LinkError, match="stuck"):
            await send_for_ever(first, b"x" * 1_000_000)
        assert trio.current_time() >= WRITE_STALL_S


@pytest.mark.trio
async def test_slow_handshake_is_cut(jumping_clock: trio.testing.MockClock) -> None:
    """A byte a second does not stretch the handshake beyond its timeout."""
    faults: list[LinkFault] = []

    async def accept(stream: trio.SocketStream) -> None:
        try:
            await shake(stream, SecureLink(False, key(2), os.urandom), ("peer", 1))
        except LinkError as error:
            faults.append(error.fault)

    async with answering(accept) as port:
        stream = await trio.open_tcp_stream(LOOPBACK, port)
        with pytest.raises(trio.BrokenResourceError):
            await drip(stream, b"\0\x20" + bytes(30))
        assert HANDSHAKE_TIMEOUT_S <= trio.current_time() <= HANDSHAKE_TIMEOUT_S + 3
        await stream.aclose()
    assert faults == [LinkFault.TIMEOUT]


@pytest.mark.trio
async def test_junk_is_refused_and_the_socket_closed() -> None:
    """A caller that speaks something else is hung up on at its first bytes."""
    told, faults = trio.open_memory_channel[LinkFault](3)

    async def accept(stream: trio.SocketStream) -> None:
        with pytest.raises(LinkError) as caught:
            await shake(stream, SecureLink(False, key(2), os.urandom), ("peer", 1))
        told.send_nowait(caught.value.fault)

    async with answering(accept) as port:
        for junk, fault in (
            (b"GET / HTTP/1.1\r\n\r\n", LinkFault.LENGTH),
            (b"\x16\x03\x01\x02\x00", LinkFault.LENGTH),
            (b"", LinkFault.CLOSED),
        ):
            stream = await trio.open_tcp_stream(LOOPBACK, port)
            await stream.send_all(junk)
            await stream.send_eof()
            assert await faults.receive() is fault
            await stream.aclose()


@pytest.mark.trio
async def test_nobody_there_is_unreachable() -> None:
    """A refused TCP connection and a host that is none are values, not tracebacks."""
    listeners = await listen(LOOPBACK, 0)
    port = port_of(listeners)
    await listeners[0].aclose()
    for host in (LOOPBACK, "not a host", "x" * 300):
        with pytest.raises(LinkError, match="unreachable"):
            await dial(host, port, SecureLink(True, key(1), os.urandom))


@pytest.mark.trio
async def test_all_addresses_share_one_port() -> None:
    """Listening everywhere on a free port gives every family the same port."""
    listeners = await listen(None, 0)
    assert {listener.socket.getsockname()[1] for listener in listeners} == {port_of(listeners)}
    for listener in listeners:
        await listener.aclose()


def test_half_open_table_makes_the_crowding_host_pay() -> None:
    """When full, the host with most handshakes loses its oldest and a newcomer gets in."""
    table = HalfOpen(places=4)
    for number in range(4):
        assert table.begin(number, "crowd", 0.0) == (True, None)
    assert table.begin(10, "other", 0.1) == (True, 0)
    assert table.begin(11, "third", 0.1) == (True, 1)
    assert len(table) == 4


def test_half_open_table_refuses_the_crowd_itself() -> None:
    """A host that fills the table alone gets no more until its handshakes are 2 s old."""
    table = HalfOpen(places=3)
    for number in range(3):
        table.begin(number, "crowd", 0.0)
    assert table.begin(3, "crowd", 1.9) == (False, None)
    assert table.begin(4, "crowd", 2.0) == (True, 0)


def test_half_open_table_leaves_the_young_of_many_hosts() -> None:
    """A crowd of many addresses has to wait for the oldest to be 2 s old, nobody is cut sooner."""
    table = HalfOpen(places=3)
    for number in range(3):
        table.begin(number, f"host {number}", float(number))
    assert table.begin(3, "newcomer", 1.0) == (False, None)
    assert table.begin(4, "newcomer", 2.5) == (True, 0)


def test_half_open_places_come_back() -> None:
    """A handshake that ended frees its place; ending it twice does no harm."""
    table = HalfOpen(places=1)
    table.begin(0, "host", 0.0)
    table.end(0)
    table.end(0)
    assert table.begin(1, "host", 0.0) == (True, None)
