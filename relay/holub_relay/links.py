"""All secure links of a daemon: who may have one, which of two stays, and their tasks.

Each connection runs in its own task with its own reader and writer; whatever goes wrong there
ends that connection and no other.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from typing import Final, Protocol, TypeVar

import trio

from holub_protocol.limits import LINKS
from holub_relay.bans import Bans
from holub_relay.bucket import Bucket
from holub_relay.discovery.hints import HintState, Source
from holub_relay.discovery.interfaces import Changes, host_text, is_own
from holub_relay.discovery.peers import Dial, Peers
from holub_relay.limits import (
    CLOSE_S,
    DOUBT_S,
    KEEP_ALIVE_S,
    SEAL_BYTES,
    SEND_QUEUE_BYTES,
    SIMULTANEOUS_S,
    STRANGER_LINKS,
)
from holub_relay.link import LinkError, LinkFault, LinkKey, SecureLink
from holub_relay.tcp import Address, Connection, HalfOpen, dial, shake
from holub_relay.twins import Twin, Twins

_log = logging.getLogger(__name__)
_Work = TypeVar("_Work")

# The dialler runs at most 100 times a second, however many hints come: 0.3 ms each.
_DIAL_PAUSE_S: Final = 0.01
# After the kernel refused a connection (no descriptors, no memory) as trio's own servers do.
_ACCEPT_PAUSE_S: Final = 0.1


class LinkHooks(Protocol):
    """What the daemon does when links change; called synchronously, never from `send`/`close`."""

    def on_up(self, link_id: int, peer_key: bytes) -> None:
        """A link stands; `link_id` is never used again."""

    def on_data(self, link_id: int, data: bytes) -> None:
        """Plaintext came, in pieces that mean nothing."""

    def on_down(self, link_id: int) -> None:
        """The link is gone: exactly once for each `on_up`."""


@dataclass(frozen=True, slots=True)
class PeerState:
    """One link, for the status page."""

    link_id: int
    key: bytes
    address: Address
    outbound: bool
    age_s: float
    bytes_in: int
    bytes_out: int
    queued_bytes: int


@dataclass(slots=True, eq=False)
class _Link:
    number: int
    connection: Connection
    since_s: float
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    queue: bytearray = field(default_factory=bytearray)
    wake: trio.Event = field(default_factory=trio.Event)
    closing: bool = False


class LinkManager:
    """Listens, dials, redials and keeps the table of links."""

    def __init__(
        self,
        key: LinkKey,
        hooks: LinkHooks,
        *,
        entropy: Callable[[int], bytes],
        rng: Random,
        granted: Callable[[bytes], bool],
        gate: bytes | None = None,
        capabilities: int = 0,
        alarm: Callable[[Twin], None] = lambda _: None,
    ) -> None:
        """`granted` tells whether a key has a relay grant now; make it inside trio.run.

        `rng` only spreads pauses; `entropy` is the system's; `alarm` hears of keys on two machines.
        """
        self._key = key
        self._hooks = hooks
        self._granted = granted
        self._secure_link = partial(
            SecureLink, key=key, entropy=entropy, gate=gate, capabilities=capabilities
        )
        self._listening_link = self._secure_link(False)
        now_s = trio.current_time()
        self._peers = Peers(granted, rng, now_s)
        self._peers_changed = trio.Event()
        self._links: dict[int, _Link] = {}
        self._by_key: dict[bytes, _Link] = {}
        self._numbers = count(1)
        self._half_open = HalfOpen()
        self._shaking: dict[int, trio.CancelScope] = {}
        self._bans = Bans()
        self._twins = Twins(key.public, granted, alarm)
        self._faults: Counter[LinkFault] = Counter()
        self._log_bucket = Bucket(0.2, 5, now_s)

    # --- what the daemon asks ----------------------------------------------------------------

    def configure(self, host: str, port: int, key: bytes | None = None) -> None:
        """Keep a link to this address; with `key` to nobody else there."""
        self._peers.configure(host, port, key, trio.current_time())
        self._peers_changed.set()

    def hint(
        self,
        host: str,
        port: int,
        key: bytes | None = None,
        source: Source = Source.BEACON,
    ) -> None:
        """A relay may be there: dial at once unless a link to `key` stands."""
        if key == self._key.public or (key is not None and self._is_banned(key)):
            return
        now_s = trio.current_time()
        link = self._by_key.get(key) if key is not None else None
        silent = link is not None and now_s - link.connection.heard_s > DOUBT_S
        if key is not None and silent and source is Source.BEACON:
            self._peers.doubt(key)
        self._peers.hint(host, port, key, now_s, source)
        if link is None or silent:
            self._peers_changed.set()

    def suspect(self, host: str, port: int) -> None:
        """Something there announces itself with our own key: see whether it can prove it."""
        self._peers.hint(host, port, self._key.public, trio.current_time())
        self._peers_changed.set()

    def twins(self) -> tuple[Twin, ...]:
        """Keys that were met on two machines."""
        return self._twins.found()

    def send(self, link_id: int, data: bytes) -> int:
        """Queue `data` for a link, without waiting; how many bytes wait there now.

        0 if the link is gone.  A peer that lets more than SEND_QUEUE_BYTES wait is cut.
        """
        link = self._links.get(link_id)
        if link is None or link.closing:
            return 0
        link.queue += data
        link.wake.set()
        if len(link.queue) > SEND_QUEUE_BYTES:
            self._cut(link, LinkFault.STUCK)
        return len(link.queue)

    def close(self, link_id: int, reason: str) -> None:
        """End a link once its queue has left (2 s at most); `on_down` follows.

        `reason` goes to the debug log.
        """
        link = self._links.get(link_id)
        if link is None or link.closing:
            return
        _log.debug("link %d closed: %s", link_id, reason)
        self._faults[LinkFault.DISMISSED] += 1
        link.closing = True
        link.scope.deadline = min(link.scope.deadline, trio.current_time() + CLOSE_S)
        link.wake.set()

    def peers(self) -> tuple[PeerState, ...]:
        """The links that stand, oldest first."""
        now_s = trio.current_time()
        return tuple(
            PeerState(
                link.number,
                link.connection.peer_key,
                link.connection.address,
                link.connection.outbound,
                now_s - link.since_s,
                link.connection.bytes_in,
                link.connection.bytes_out,
                len(link.queue),
            )
            for link in self._links.values()
        )

    def faults(self) -> Mapping[LinkFault, int]:
        """How often handshakes and links ended, by reason."""
        return dict(self._faults)

    def ban(self, key: bytes) -> None:
        """Take no new link of a key for a while (see holub_relay.bans); one that stands stays."""
        self._bans.strike(key, trio.current_time())

    def banned(self) -> int:
        """How many keys are kept away now for misbehaviour."""
        return self._bans.active(trio.current_time())

    def missing(self) -> bool:
        """Is a known peer not linked?  Then the beacon does not fall asleep."""
        return self._peers.missing()

    def hints(self) -> tuple[HintState, ...]:
        """Every hint, where it came from and what came of it."""
        return self._peers.hints(trio.current_time())

    def proven(self) -> tuple[tuple[bytes, str, int], ...]:
        """Key, host and port of where granted relays were met: worth keeping for a restart."""
        return self._peers.proven()

    # --- tasks -------------------------------------------------------------------------------

    async def run(self, listeners: list[trio.SocketListener]) -> None:
        """Accept on `listeners` and dial; returns only by cancellation."""
        try:
            async with trio.open_nursery() as nursery:
                for listener in listeners:
                    nursery.start_soon(self._accept, listener, nursery)
                nursery.start_soon(self._watch_addresses)
                await self._dial_all(nursery)
        finally:
            for listener in listeners:
                listener.socket.close()

    async def _accept(self, listener: trio.SocketListener, nursery: trio.Nursery) -> None:
        while True:
            try:
                stream = await listener.accept()
            except OSError:
                await trio.sleep(_ACCEPT_PAUSE_S)
                continue
            nursery.start_soon(self._guarded, self._inbound, stream)

    async def _watch_addresses(self) -> None:
        """Cut the links whose own end has lost its address, and dial anew.

        The kernel keeps such connections, and DEAD_S would pass before anybody noticed.
        """
        changes = Changes()
        try:
            while True:
                await changes.wait()
                for link in list(self._links.values()):
                    local = link.connection.local
                    if local and not is_own(local):
                        key = link.connection.peer_key
                        self._cut(link, LinkFault.MOVED)
                        self._drop(link)
                        self._peers.again(key, trio.current_time())
        finally:
            changes.close()

    async def _dial_all(self, nursery: trio.Nursery) -> None:
        while True:
            self._peers_changed = trio.Event()
            now_s = trio.current_time()
            room = len(self._links) < LINKS
            stranger_room = room and self._strangers() < STRANGER_LINKS
            for attempt in self._peers.due(now_s, room, stranger_room):
                nursery.start_soon(self._guarded, self._outbound, attempt)
            with trio.move_on_at(self._peers.next_s(now_s, room, stranger_room)):
                await self._peers_changed.wait()
            await trio.sleep_until(now_s + _DIAL_PAUSE_S)

    async def _guarded(self, task: Callable[[_Work], Awaitable[None]], work: _Work) -> None:
        """Run one connection's task: its end, however bad, is nobody else's."""
        try:
            await task(work)
        except LinkError as error:
            self._faults[error.fault] += 1
        except Exception:
            self._faults[LinkFault.INTERNAL] += 1
            if self._log_bucket.take(trio.current_time()):
                _log.exception("a connection's task failed")

    async def _inbound(self, stream: trio.SocketStream) -> None:
        address = _address_of(stream)
        number = next(self._numbers)
        may_begin, victim = self._half_open.begin(number, address[0], trio.current_time())
        if victim is not None:
            self._shaking[victim].cancel()
        if not may_begin:
            await trio.aclose_forcefully(stream)
            raise LinkError(LinkFault.CROWDED)
        connection: Connection | None = None
        try:
            with trio.CancelScope() as scope:
                self._shaking[number] = scope
                connection = await shake(stream, self._listening_link.fork(), address)
        finally:
            self._half_open.end(number)
            del self._shaking[number]
        if connection is None:
            raise LinkError(LinkFault.CROWDED)
        await self._live(number, connection, None)

    async def _outbound(self, attempt: Dial) -> None:
        link = self._secure_link(True, expected_peer=attempt.expected_key)
        ended: LinkFault | None = LinkFault.INTERNAL
        try:
            connection = await dial(attempt.host, attempt.port, link)
            ended = None
        except LinkError as error:
            ended = error.fault
            raise
        finally:
            if ended is not None:
                final = ended is LinkFault.SELF
                self._peers.failed(attempt, trio.current_time(), final, str(ended))
                self._peers_changed.set()
        await self._live(next(self._numbers), connection, attempt)

    async def _live(self, number: int, connection: Connection, attempt: Dial | None) -> None:
        """Admit an established connection and carry its traffic until it ends."""
        link = _Link(number, connection, trio.current_time())
        try:
            self._admit(link, attempt)
            with link.scope:
                self._hooks.on_up(number, connection.peer_key)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._part, self._write, link)
                    await self._part(self._read, link)
        finally:
            self._drop(link)
            await connection.aclose()

    async def _part(self, task: Callable[[_Link], Awaitable[None]], link: _Link) -> None:
        """The reader or the writer; the end of one is the end of both."""
        try:
            await self._guarded(task, link)
        finally:
            link.scope.cancel()

    async def _read(self, link: _Link) -> None:
        while data := await link.connection.receive():
            if not link.closing:
                self._hooks.on_data(link.number, data)
        self._faults[LinkFault.CLOSED] += 1

    async def _write(self, link: _Link) -> None:
        while link.queue or not link.closing:
            if not link.queue:
                with trio.move_on_after(KEEP_ALIVE_S):
                    await link.wake.wait()
                if link.closing and not link.queue:
                    return
            link.wake = trio.Event()
            piece = bytes(link.queue[:SEAL_BYTES])
            await link.connection.send(piece)
            del link.queue[: len(piece)]  # only now: what is under way counts as waiting

    # --- the table ---------------------------------------------------------------------------

    def _admit(self, link: _Link, attempt: Dial | None) -> None:
        """Give the link its place, another's end included; LinkError if it gets none."""
        key = link.connection.peer_key
        now_s = trio.current_time()
        connection = link.connection
        here = (host_text(connection.local), connection.local[1]) if connection.local else ("", 0)
        self._twins.met(key, connection.peer_static, connection.address, here)
        fault = self._refusal(link, now_s)
        if fault is not None:
            if attempt is not None and fault is LinkFault.DUPLICATE:
                self._peers.linked(key, attempt, now_s)  # it is: by the link that stays
            elif attempt is not None:
                self._peers.failed(attempt, now_s, outcome=str(fault))
                self._peers_changed.set()
            raise LinkError(fault)
        old = self._by_key.get(key)
        if old is not None:
            self._cut(old, LinkFault.REPLACED)
            self._drop(old)
        self._links[link.number] = self._by_key[key] = link
        host = "" if attempt is not None else link.connection.address[0]
        self._peers.linked(key, attempt, now_s, host)

    def _refusal(self, link: _Link, now_s: float) -> LinkFault | None:
        key = link.connection.peer_key
        if key == self._key.public:
            return LinkFault.TWIN
        if self._is_banned(key):
            return LinkFault.BANNED
        old = self._by_key.get(key)
        if old is not None:
            same_way = old.connection.outbound == link.connection.outbound
            lower_dialled = link.connection.outbound == (self._key.public < key)
            newer = same_way or lower_dialled or now_s - old.since_s > SIMULTANEOUS_S
            return None if newer else LinkFault.DUPLICATE
        full = len(self._links) >= LINKS
        if full or (not self._granted(key) and self._strangers() >= STRANGER_LINKS):
            return LinkFault.FULL
        return None

    def _strangers(self) -> int:
        return sum(not self._granted(key) for key in self._by_key)

    def _cut(self, link: _Link, fault: LinkFault) -> None:
        self._faults[fault] += 1
        link.closing = True
        link.scope.cancel()

    def _drop(self, link: _Link) -> None:
        """Take a link out of the table, once, and say so."""
        if self._links.pop(link.number, None) is None:
            return
        key = link.connection.peer_key
        del self._by_key[key]
        now_s = trio.current_time()
        self._peers.unlinked(key, now_s - link.since_s, now_s)
        self._peers_changed.set()
        self._hooks.on_down(link.number)

    def _is_banned(self, key: bytes) -> bool:
        return self._bans.banned(key, trio.current_time())


def _address_of(stream: trio.SocketStream) -> Address:
    try:
        sockaddr = stream.socket.getpeername()
    except OSError:  # it has gone already; the handshake will find that out
        return ("", 0)
    return host_text(sockaddr), sockaddr[1]
