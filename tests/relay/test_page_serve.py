"""The page over real sockets on loopback: answers, changes, bounds, stopping, a browser."""

import http.client
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
import trio
from support_page import KYIV, FakeState

from holub_protocol.truth import AreaStatus
from holub_relay.page import serve as serve_page
from holub_relay.page.serve import HEADER_BYTES, PageError

HOST = "127.0.0.1"
SERVER = import_module("holub_relay.page.serve")  # not the function of that name


@asynccontextmanager
async def serving(state: FakeState) -> AsyncIterator[int]:
    """Serve the page and yield its port."""
    async with trio.open_nursery() as nursery:
        yield await nursery.start(serve_page, state, HOST, 0)
        nursery.cancel_scope.cancel()


def fetch(port: int, path: str, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
    """Ask with the standard library's client."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


async def raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are and return all that comes until the end."""
    stream = await trio.open_tcp_stream(HOST, port)
    got = bytearray()
    async with stream:
        with trio.fail_after(5):
            try:
                await stream.send_all(request)
                async for data in stream:
                    got += data
            except trio.BrokenResourceError:
                pass
    return bytes(got)


async def events(stream: trio.SocketStream) -> AsyncIterator[str]:
    """Yield the names of server-sent events as they arrive."""
    got = b""
    while data := await stream.receive_some():
        got += data
        *lines, got = got.split(b"\n")
        for line in lines:
            if line.startswith(b"event: "):
                yield line.removeprefix(b"event: ").strip().decode()


def test_pages_over_http() -> None:
    """A client gets both languages, HEAD, health and metrics from the real server."""

    async def main() -> None:
        state = FakeState()
        state.start()
        async with serving(state) as port:
            for path, word in (("/", "Тривога"), ("/en", "Alert"), ("/alerts", "Тривога")):
                answer, body = await trio.to_thread.run_sync(fetch, port, path)
                assert answer.status == 200
                assert answer.headers["content-type"] == "text/html; charset=utf-8"
                assert word in body.decode()
                assert "server" not in answer.headers
            answer, body = await trio.to_thread.run_sync(fetch, port, "/", "HEAD")
            assert (answer.status, body) == (200, b"")
            for path in ("/health", "/metrics"):
                answer, _ = await trio.to_thread.run_sync(fetch, port, path)
                assert answer.status == 200

    trio.run(main)


def test_events_on_change() -> None:
    """A listener hears at once on coming, and again at each change."""

    async def main() -> None:
        state = FakeState()
        async with serving(state) as port:
            stream = await trio.open_tcp_stream(HOST, port)
            async with stream:
                await stream.send_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
                heard = events(stream)
                with trio.fail_after(5):
                    for _ in range(3):
                        assert await anext(heard) == "state"
                        state.start()
                await heard.aclose()  # type: ignore[attr-defined]

    trio.run(main)


def test_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing changes, a sign of life comes in its own event."""
    monkeypatch.setattr("holub_relay.page.app.ALIVE_S", 0.01)

    async def main() -> None:
        async with serving(FakeState()) as port:
            stream = await trio.open_tcp_stream(HOST, port)
            async with stream:
                await stream.send_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
                heard = events(stream)
                with trio.fail_after(5):
                    assert [await anext(heard) for _ in range(3)] == ["state", "alive", "alive"]
                await heard.aclose()  # type: ignore[attr-defined]

    trio.run(main)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (HEADER_BYTES + 1),
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /%ff%00%2e%2e/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + b"\x00" * 99,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 9000,
    ],
    ids=["head", "tls", "line", "length", "coding", "path", "h2c", "http2", "websocket", "body"],
)
def test_hostile_requests_end_their_connection_only(
    request_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a client sends, its connection ends and the next one is served."""
    monkeypatch.setattr(SERVER, "IDLE_S", 0.2)

    async def main() -> None:
        async with serving(FakeState()) as port:
            answer = await raw(port, request_bytes)
            assert b" 200 " not in answer[:20]
            good = await raw(port, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert good.startswith(b"HTTP/1.1 200")

    trio.run(main)


def test_silent_client_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which no whole request arrives ends after the idle time."""
    monkeypatch.setattr(SERVER, "IDLE_S", 0.05)

    async def main() -> None:
        async with serving(FakeState()) as port:
            assert await raw(port, b"GET / HTTP/1.1\r\nHo") == b""

    trio.run(main)


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One connection too many is closed; when another has gone, there is room again."""
    monkeypatch.setattr(SERVER, "CONNECTIONS", 1)

    async def main() -> None:
        request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        async with serving(FakeState()) as port:
            first = await trio.open_tcp_stream(HOST, port)
            async with first:
                await first.send_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                assert await first.receive_some()
                assert await raw(port, request) == b""
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert (await raw(port, request)).startswith(b"HTTP/1.1 200")

    trio.run(main)


def test_reader_that_stops_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks on and on and never reads loses its connection when a write stalls."""
    monkeypatch.setattr(SERVER, "WRITE_STALL_S", 0.1)

    async def main() -> None:
        async with serving(FakeState()) as port:
            stream = await trio.open_tcp_stream(HOST, port)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            async with stream:
                with trio.fail_after(10), pytest.raises(trio.BrokenResourceError):
                    while True:
                        await stream.send_all(b"GET /alerts HTTP/1.1\r\nHost: x\r\n\r\n" * 100)

    trio.run(main)


def test_stops_at_once_though_a_write_is_stuck() -> None:
    """Cancelling ends a server whose client has stopped reading in the middle of an answer."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            port = await nursery.start(serve_page, FakeState(), HOST, 0)
            stream = await trio.open_tcp_stream(HOST, port)
            async with stream:
                with trio.move_on_after(0.5):
                    while True:
                        await stream.send_all(b"GET /alerts HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
                nursery.cancel_scope.cancel()

    async def timed() -> float:
        began_s = trio.current_time()
        await main()
        return trio.current_time() - began_s

    assert trio.run(timed) < 3


def test_address_in_use_is_named() -> None:
    """An address that can't be had is named, with what to do."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PageError, match=rf"{HOST}:{port}: .*--page HOST:PORT"):
            trio.run(serve_page, FakeState(), HOST, port)


class Watched(FakeState):
    """A daemon that raises an alert once a browser listens."""

    looks = 0

    def status(self, area: int) -> AreaStatus:
        """Count the looks: the page's, and then the script's when its listening has begun."""
        self.looks += 1
        return super().status(area)

    async def start_when_seen(self) -> None:
        """Wait for the second look and start an alert."""
        with trio.fail_after(30):
            while self.looks < 2:
                await trio.sleep(0.02)
        self.start(KYIV)


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Iterator[list[str]]:
    """Return a headless Chromium's command line with a profile of its own."""
    yield [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path}",
        "--timeout=2500",
        "--dump-dom",
    ]


@pytest.mark.slow
def test_browser_shows_a_change_by_itself(browser: list[str]) -> None:
    """In a real browser the page's script is allowed to run, hears of a start and swaps it in."""

    async def main() -> str:
        state = Watched()
        async with serving(state) as port, trio.open_nursery() as nursery:
            command = [*browser, f"http://{HOST}:{port}/en"]
            run = partial(trio.run_process, command, capture_stdout=True, stderr=subprocess.DEVNULL)
            nursery.start_soon(state.start_when_seen)
            done = await run()
        return str(done.stdout, "utf-8")

    dom = trio.run(main)
    assert '<main class="alert"' in dom
    assert "Turn sound on</button>" in dom
    assert 'id="lost" role="alert" hidden' in dom
