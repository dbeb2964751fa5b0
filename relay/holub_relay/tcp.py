"""Secure connections over TCP: listen, dial, handshake under a timeout, receive and send."""

from collections import Counter
from typing import Any, Final, TypeAlias

import trio

from holub_relay.limits import (
    CONNECT_TIMEOUT_S,
    DEAD_S,
    HANDSHAKE_FLOOR_S,
    HANDSHAKE_TIMEOUT_S,
    HANDSHAKES,
    READ_BYTES,
    WRITE_STALL_S,
)
from holub_relay.link import LinkError, LinkFault, SecureLink

Address: TypeAlias = tuple[str, int]
"""Host (a link-local one with %interface) and port."""

_BACKLOG: Final = 128


class Connection:
    """An established link over a stream; one task may receive while another sends."""

    def __init__(
        self, stream: trio.SocketStream, link: SecureLink, address: Address, plaintext: bytes = b""
    ) -> None:
        """`plaintext` is what arrived right behind the handshake."""
        self._stream = stream
        self._link = link
        self._early = plaintext
        self.heard_s = trio.current_time()
        self.address = address
        self.local = _own_address(stream)
        self.bytes_in = 0
        self.bytes_out = 0

    @property
    def peer_key(self) -> bytes:
        """The proven Ed25519 key of the other side (32 bytes)."""
        return self._link.peer_key

    @property
    def peer_static(self) -> bytes:
        """The Noise key of the other side's process."""
        return self._link.peer_static

    @property
    def outbound(self) -> bool:
        """Did we dial?"""
        return self._link.initiator

    async def receive(self) -> bytes:
        """Wait for plaintext; b"" when the other side closed.

        Raises LinkError: SEAL and its like for a broken stream, TIMEOUT when nothing that
        authenticates came for 15 s; a keep-alive does, and is not returned.
        """
        if self._early:
            early, self._early = self._early, b""
            return early
        while True:
            opened = self._link.opened_messages
            with trio.move_on_at(self.heard_s + DEAD_S) as scope:
                data = await _receive_some(self._stream)
            if scope.cancelled_caught:
                raise LinkError(LinkFault.TIMEOUT, f"nothing heard for {DEAD_S:.0f} s")
            if not data:
                return b""
            self.bytes_in += len(data)
            _, plaintext = self._link.receive(data)
            if self._link.opened_messages != opened:
                self.heard_s = trio.current_time()
            if plaintext:
                return plaintext

    async def send(self, plaintext: bytes) -> None:
        """Seal and send; b"" is a keep-alive.  LinkError if the peer is gone or does not read."""
        sealed = self._link.send(plaintext)
        with trio.move_on_after(WRITE_STALL_S) as scope:
            await _send_all(self._stream, sealed)
        if scope.cancelled_caught:
            raise LinkError(LinkFault.STUCK, f"nothing taken for {WRITE_STALL_S:.0f} s")
        self.bytes_out += len(sealed)

    async def aclose(self) -> None:
        """Close at once; what the kernel holds may still leave."""
        await trio.aclose_forcefully(self._stream)


async def listen(host: str | None, port: int) -> list[trio.SocketListener]:
    """Listen on `host` (None: every address of both families); port 0 picks a free one.

    Raises OSError as the system words it, e.g. when the port is taken.
    """
    listeners = await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
    if port == 0 and len(listeners) > 1:  # the families got a port each; peers are told only one
        port = port_of(listeners)
        for listener in listeners:
            await listener.aclose()
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
    return listeners


def port_of(listeners: list[trio.SocketListener]) -> int:
    """The port that was picked."""
    port: int = listeners[0].socket.getsockname()[1]
    return port


async def dial(host: str, port: int, link: SecureLink) -> Connection:
    """Connect to `host` and shake hands; LinkError if either fails."""
    stream: trio.SocketStream | None = None
    with trio.move_on_after(CONNECT_TIMEOUT_S):
        try:
            stream = await trio.open_tcp_stream(host, port)
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            raise LinkError(LinkFault.UNREACHABLE, type(error).__name__) from None
    if stream is None:
        raise LinkError(LinkFault.UNREACHABLE, "no answer")
    return await shake(stream, link, (host, port))


async def shake(stream: trio.SocketStream, link: SecureLink, address: Address) -> Connection:
    """Run the handshake on `stream`, which is closed if it fails with LinkError."""
    plaintext = b""
    try:
        with trio.move_on_after(HANDSHAKE_TIMEOUT_S):
            if link.initiator:
                await _send_all(stream, link.start())
            while not link.established:
                data = await _receive_some(stream)
                if not data:
                    raise LinkError(LinkFault.CLOSED, "in the handshake")
                reply, plaintext = link.receive(data)
                if reply:
                    await _send_all(stream, reply)
        if not link.established:
            raise LinkError(LinkFault.TIMEOUT, "in the handshake")
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return Connection(stream, link, address, plaintext)


def _own_address(stream: trio.SocketStream) -> tuple[Any, ...]:
    """Our end's socket address; empty if the other side has gone already."""
    try:
        return tuple(stream.socket.getsockname())
    except OSError:
        return ()


async def _receive_some(stream: trio.SocketStream) -> bytes:
    try:
        return bytes(await stream.receive_some(READ_BYTES))
    except trio.BrokenResourceError:
        return b""  # reset instead of closed: the same to us
    except trio.ClosedResourceError:
        raise LinkError(LinkFault.CLOSED) from None


async def _send_all(stream: trio.SocketStream, data: bytes) -> None:
    try:
        await stream.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise LinkError(LinkFault.CLOSED) from None


class HalfOpen:
    """The bounded table of inbound handshakes: who may begin one, and who must make room.

    No address is banned.  When the table is full, the address with most handshakes loses its
    oldest, so that one host with a thousand sockets crowds out only itself.
    """

    def __init__(self, places: int = HANDSHAKES) -> None:
        """`places` handshakes at once."""
        self._places = places
        self._begun: dict[int, tuple[str, float]] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, number: int, host: str, now_s: float) -> tuple[bool, int | None]:
        """May handshake `number` begin, and which other one must be cut for it?"""
        victim: int | None = None
        if len(self._begun) >= self._places:
            victim = self._victim(host, now_s)
            if victim is None:
                return False, None
            del self._begun[victim]
        self._begun[number] = (host, now_s)
        return True, victim

    def end(self, number: int) -> None:
        """Handshake `number` is over, well or badly; it may have been cut before."""
        self._begun.pop(number, None)

    def _victim(self, host: str, now_s: float) -> int | None:
        counts = Counter(other for other, _ in self._begun.values())
        counts[host] += 1
        most = max(counts.values())
        for number, (other, begun_s) in self._begun.items():
            crowding = counts[other] == most > counts[host]
            if crowding or (counts[other] == most and now_s - begun_s >= HANDSHAKE_FLOOR_S):
                return number
        return None
