"""The page's server: hypercorn's HTTP/1.1 on trio streams, with the bounds it needs here.

hypercorn.trio.serve accepts any number of connections, speaks HTTP/2 with whoever asks, keeps a
connection that its client has closed until it times out, and shields its writes, so that one
client that stops reading keeps the daemon from stopping. So its protocol is used, and the
connection is ours.
"""

import logging
import math
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

import trio
from h11 import LocalProtocolError, Request
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState

from holub_relay.errors import OperatorError
from holub_relay.page.app import STREAMS, Site
from holub_relay.page.state import PageState

CONNECTIONS: Final = STREAMS + 128
"""Connections at once: every listener, and 128 that fetch a page and are gone. Each costs about
40 KiB and one of the 1,024 file descriptors that links and store need too."""

CONNECTIONS_PER_ADDRESS: Final = 64
"""Of one network address: one phone with a script must not fill the table. A reverse proxy on
this machine is not counted."""

HEADER_BYTES: Final = 8192
"""Largest head of a request."""

IDLE_S: Final = 10.0
"""To the first whole request and between two: slow-loris holds 64 places no longer than this."""

REQUESTS_PER_CONNECTION: Final = 100
"""Then the browser connects anew: nobody keeps a place by asking on and on."""

WRITE_STALL_S: Final = 20.0
"""A write the kernel does not take in this time: the browser has stopped reading. A page fits
the kernel's buffer, so only listeners and pipelined requests can wait at all."""

_READ_BYTES: Final = 16_384
_BACKLOG: Final = 128


class PageError(OperatorError):
    """The page can't be served there; the text names the address and the remedy."""


async def serve(
    state: PageState,
    host: str,
    port: int,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve the page until cancelled; reports the port it listens on (0: the system chooses).

    Raises PageError where the address can't be listened on.
    """
    try:
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise PageError(
            f"no page at {host}:{port}: {error}. Name another address with --page HOST:PORT."
        ) from None
    site = Site(state)
    server = _Server(site)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(site.watch)
        task_status.started(listeners[0].socket.getsockname()[1])
        await trio.serve_listeners(server.handle, listeners)


class _Server:
    """Counts connections and keeps what goes wrong on one from all others."""

    def __init__(self, site: Site) -> None:
        app: Any = site.app()  # starlette and hypercorn name the types of ASGI differently
        self._app = ASGIWrapper(app)
        self._log = logging.getLogger(__name__)
        self._config = _config(self._log)
        self._context = WorkerContext(None)
        self._open: dict[trio.SocketStream, str] = {}

    async def handle(self, stream: trio.SocketStream) -> None:
        """Serve one connection; nothing that happens on it ends the daemon."""
        async with stream:
            address = _address(stream)
            if address is None or not self._has_room(address):
                return
            self._open[stream] = address
            try:
                await _Connection(stream).run(self._app, self._config, self._context)
            except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                pass  # the browser has gone
            except* Exception:
                self._log.exception("a connection to the page failed")
            finally:
                del self._open[stream]

    def _has_room(self, address: str) -> bool:
        if len(self._open) >= CONNECTIONS:
            return False
        if ip_address(address).is_loopback:
            return True
        return sum(other == address for other in self._open.values()) < CONNECTIONS_PER_ADDRESS


@dataclass(slots=True)
class _Connection:
    """One browser's connection: `all` ends with it, `idle` when no request comes."""

    stream: trio.SocketStream
    all: trio.CancelScope = field(default_factory=trio.CancelScope)
    idle: trio.CancelScope = field(default_factory=trio.CancelScope)
    lock: trio.Lock = field(default_factory=trio.Lock)

    async def run(self, app: ASGIWrapper, config: Config, context: WorkerContext) -> None:
        with self.all:
            try:
                async with TaskGroup() as tasks:
                    state, peers = ConnectionState({}), (None, None)
                    await self._read(
                        _Http1(app, config, context, tasks, state, False, *peers, self.send)
                    )
                    self.all.cancel()
            except* LocalProtocolError:
                # hypercorn begins an answer of 500 when it is cancelled within another answer
                if trio.current_effective_deadline() > -math.inf:
                    raise

    async def _read(self, protocol: H11Protocol) -> None:
        self.idle.deadline = trio.current_time() + IDLE_S
        with self.idle:
            while data := await self.stream.receive_some(_READ_BYTES):
                await protocol.handle(RawData(bytes(data)))

    async def send(self, event: Event) -> None:
        """Do what the protocol wants."""
        match event:
            case RawData(data=data):
                await self._write(data)
            case Updated(idle=idle):
                self.idle.deadline = trio.current_time() + IDLE_S if idle else math.inf
            case Closed():
                self.all.cancel()

    async def _write(self, data: bytes) -> None:
        """Write, or end the connection: an error raised from here would be logged as ours."""
        async with self.lock:
            try:
                with trio.fail_after(WRITE_STALL_S):
                    await self.stream.send_all(data)
            except (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError):
                self.all.cancel()


class _Http1(H11Protocol):
    """HTTP/1.1 and nothing else: HTTP/2's frames are another parser in the reach of strangers."""

    async def _check_protocol(self, event: Request) -> None:
        """Ignore offers to upgrade, as RFC 9110 7.8 allows."""


def _address(stream: trio.SocketStream) -> str | None:
    try:
        return str(stream.socket.getpeername()[0]).partition("%")[0]
    except OSError:  # gone already
        return None


def _config(log: logging.Logger) -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = log
    config.include_server_header = False
    config.h11_max_incomplete_size = HEADER_BYTES
    config.keep_alive_max_requests = REQUESTS_PER_CONNECTION
    return config
