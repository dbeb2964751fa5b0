"""The daemon's side of the local socket: JSON lines, for the owner of the data directory only.

The socket is 0600 in a directory of mode 0700, and the kernel tells whose process has called.
Numbers and sizes are bounded all the same: a script of the owner's may run wild.
"""

import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import trio

from holub_relay.asking import Answer, Request
from holub_relay.client import SOCKET_FILE, socket_address
from holub_relay.errors import Exit

REQUEST_BYTES_MAX: Final = 65_536
"""One request: an alert with 163 areas and texts in 8 languages has under 12 kB."""

CONNECTIONS_MAX: Final = 16
"""At once: with REQUEST_BYTES_MAX, 1 MiB of buffers at most."""

IDLE_S: Final = 120.0
"""A connection that sends no whole request for so long is closed; a replay may pause."""

_READ_BYTES: Final = 8192
_CREDENTIALS: Final = struct.Struct("3i")

Handle = Callable[[Request], Awaitable[Answer]]


def bind(data_dir: Path) -> socket.socket:
    """Bind the socket, over what a killed daemon has left; the caller holds the lock."""
    directory_fd = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        (data_dir / SOCKET_FILE).unlink(missing_ok=True)
        before = os.umask(0o177)  # from its birth nobody else may connect
        try:
            listener.bind(socket_address(data_dir, directory_fd))
        finally:
            os.umask(before)
        listener.listen(CONNECTIONS_MAX)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(directory_fd)
    return listener


async def serve(data_dir: Path, listener: socket.socket, handle: Handle) -> None:
    """Answer requests until cancelled; then the socket goes."""
    places = trio.CapacityLimiter(CONNECTIONS_MAX)
    server = trio.SocketListener(trio.socket.from_stdlib_socket(listener))

    async def guarded(stream: trio.SocketStream) -> None:
        async with stream:
            with suppress(trio.WouldBlock, trio.BrokenResourceError):
                places.acquire_on_behalf_of_nowait(stream)
                try:
                    await _converse(stream, handle)
                finally:
                    places.release_on_behalf_of(stream)

    try:
        await trio.serve_listeners(guarded, [server])
    finally:
        with suppress(OSError):
            (data_dir / SOCKET_FILE).unlink()


async def _converse(stream: trio.SocketStream, handle: Handle) -> None:
    if not _is_owner(stream.socket):
        return
    buffer = bytearray()
    while True:
        with trio.move_on_after(IDLE_S) as idle:
            while b"\n" not in buffer:
                piece = await stream.receive_some(_READ_BYTES)
                buffer += piece
                if not piece or len(buffer) > REQUEST_BYTES_MAX:
                    break
        if idle.cancelled_caught:
            return
        line, newline, rest = bytes(buffer).partition(b"\n")
        if not newline:
            if len(buffer) > REQUEST_BYTES_MAX:
                await _answer(stream, _error(f"a request has at most {REQUEST_BYTES_MAX} bytes"))
            return
        buffer[:] = rest
        request = read(line)
        await _answer(
            stream, _error(request) if isinstance(request, str) else await handle(request)
        )


def read(line: bytes) -> Request | str:
    """Read a request; a text that says what is wrong where it is none."""
    try:
        request: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"a request is one line of JSON: {type(error).__name__}"
    return request if isinstance(request, dict) else "a request is a JSON object"


def _is_owner(connection: trio.socket.SocketType) -> bool:
    """Whether this user, or root, has called (SO_PEERCRED, unix(7))."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return uid in (os.geteuid(), 0)


def _error(text: str) -> Answer:
    return {"error": text, "code": int(Exit.FAILED)}


async def _answer(stream: trio.SocketStream, answer: Answer) -> None:
    with trio.move_on_after(IDLE_S):  # a caller that does not read gives its place back
        await stream.send_all(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
