"""The page's server: hypercorn's HTTP on trio listeners, with bounds that it does not have.

hypercorn.trio.serve accepts any number of connections and shields its writes from cancellation,
so that one client that stops reading keeps the daemon from stopping. Here connections are
counted, a write that stalls ends its connection, and closing a socket ends its task.
"""

import logging
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
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

IDLE_S: Final = 10
"""To the first whole request and between two: slow-loris holds 64 places no longer than this."""

REQUESTS_PER_CONNECTION: Final = 100

WRITE_STALL_S: Final = 20.0
"""A write the kernel does not take in this time: the browser has stopped reading. A page fits
the kernel's buffer, so only streams and pipelined requests can wait at all."""

_HTTP2_STREAMS: Final = 8
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
        nursery.start_soon(server.close_when_cancelled)
        task_status.started(listeners[0].socket.getsockname()[1])
        await trio.serve_listeners(server.handle, listeners)


@dataclass(slots=True, eq=False)
class _Guarded:
    """A connection as hypercorn uses it; whatever ends it cancels all work for it."""

    stream: trio.SocketStream
    scope: trio.CancelScope

    @property
    def socket(self) -> trio.socket.SocketType:
        return self.stream.socket

    async def send_all(self, data: bytes) -> None:
        with trio.move_on_after(WRITE_STALL_S):
            await self.stream.send_all(data)
            return
        self.close()
        raise trio.BrokenResourceError("the browser has stopped reading")

    async def receive_some(self, max_bytes: int) -> bytes:
        return bytes(await self.stream.receive_some(max_bytes))

    async def send_eof(self) -> None:
        await self.stream.send_eof()

    async def aclose(self) -> None:
        self.scope.cancel()
        await self.stream.aclose()

    def close(self) -> None:
        """Close at once; a write in progress fails, shielded or not."""
        self.scope.cancel()
        self.socket.close()


class _Server:
    def __init__(self, site: Site) -> None:
        app: Any = site.app()  # starlette and hypercorn name the types of ASGI differently
        self._app = ASGIWrapper(app)
        self._log = logging.getLogger(__name__)
        self._config = _config(self._log)
        self._context = WorkerContext(None)
        self._open: dict[_Guarded, str] = {}

    async def handle(self, stream: trio.SocketStream) -> None:
        """Serve one connection; nothing that happens on it ends the daemon."""
        async with stream:
            address = _address(stream)
            if address is None or not self._has_room(address):
                return
            with trio.CancelScope() as scope:
                guarded = _Guarded(stream, scope)
                self._open[guarded] = address
                try:
                    await self._speak(guarded)
                except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                    pass  # the browser has gone
                except* Exception:
                    self._log.exception("a connection to the page failed")
                finally:
                    del self._open[guarded]

    async def close_when_cancelled(self) -> None:
        """Close every connection when the server is to stop: hypercorn shields its writes."""
        try:
            await trio.sleep_forever()
        finally:
            for guarded in list(self._open):
                guarded.close()

    async def _speak(self, guarded: _Guarded) -> None:
        stream: Any = guarded  # hypercorn asks for an SSLStream, and takes what acts like one
        await TCPServer(self._app, self._config, self._context, ConnectionState({}), stream)

    def _has_room(self, address: str) -> bool:
        if len(self._open) >= CONNECTIONS:
            return False
        if ip_address(address).is_loopback:
            return True
        return sum(open_ == address for open_ in self._open.values()) < CONNECTIONS_PER_ADDRESS


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
    config.h2_max_concurrent_streams = _HTTP2_STREAMS
    config.h2_max_header_list_size = HEADER_BYTES
    config.keep_alive_timeout = IDLE_S
    config.keep_alive_max_requests = REQUESTS_PER_CONNECTION
    return config
