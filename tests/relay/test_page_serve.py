"""The page over real sockets on loopback: answers, changes, bounds, stopping, a browser."""

import http.client
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module

import pytest
import trio

from holub_relay.page import serve as serve_page
from holub_relay.page.serve import HEADER_BYTES, PageError
from support_browser import browsing
from support_page import HOLOSIIV, KYIV, FakeState

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


async def flood(stream: trio.SocketStream) -> None:
    """Ask on and on without reading."""
    while True:
        await stream.send_all(b"GET /alerts HTTP/1.1\r\nHost: x\r\n\r\n" * 50)


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
        b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
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
                    await flood(stream)

    trio.run(main)


def test_stops_at_once_though_a_write_is_stuck() -> None:
    """Cancelling ends a server whose client has stopped reading in the middle of an answer."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            port = await nursery.start(serve_page, FakeState(), HOST, 0)
            stream = await trio.open_tcp_stream(HOST, port)
            async with stream:
                with trio.move_on_after(0.5):
                    await flood(stream)
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


def heard_by_a_browser(chromium: str, port: int, state: FakeState) -> None:
    """Go through an alert as a person at a phone would see it."""
    with browsing(chromium) as page:
        page.call("Page.navigate", url=f"http://{HOST}:{port}/en")
        main = "document.querySelector('main')"
        page.wait_for(f"{main}?.className == 'unknown' && bell.offsetParent !== null")
        page.look("bell.click()")
        page.wait_for("bell.textContent == 'Sound is on'")
        trio.from_thread.run_sync(state.start, KYIV)
        page.wait_for(f"{main}.className == 'alert'")
        assert page.look("a.getAttribute('role') + a.innerText.includes('Alert')") == "alerttrue"
        assert page.look("document.title") == "Kyiv city: Alert"
        page.look("window.kept = a")
        trio.from_thread.run_sync(state.start, HOLOSIIV)
        page.wait_for("b.innerText.includes('Holosiivskyi')")
        assert page.look("window.kept === a") is True
        assert page.look("lost.hidden") is True


def lost_by_a_browser(chromium: str, port: int, stop: Callable[[], None]) -> None:
    """Watch a clear page lose its server."""
    with browsing(chromium) as page:
        page.call("Page.navigate", url=f"http://{HOST}:{port}/en")
        page.wait_for("document.querySelector('main')?.className == 'clear'")
        assert page.look("lost.offsetParent === null") is True
        trio.from_thread.run_sync(stop)
        page.wait_for("lost.offsetParent !== null && document.body.className == 'lost'")


@pytest.mark.slow
def test_browser_hears_of_an_alert(chromium: str) -> None:
    """In a real browser our script may run, hears of a start, and replaces only what changed,
    so that a screen reader is not told the same again."""

    async def main() -> None:
        state = FakeState()
        async with serving(state) as port:
            await trio.to_thread.run_sync(heard_by_a_browser, chromium, port, state)

    trio.run(main)


@pytest.mark.slow
def test_browser_that_lost_us_says_so(chromium: str) -> None:
    """A page whose server has gone does not go on showing a calm state as if it knew."""

    async def main() -> None:
        state = FakeState()
        state.board()
        async with trio.open_nursery() as nursery:
            server = await nursery.start(serve_until, state)
            await trio.to_thread.run_sync(lost_by_a_browser, chromium, *server)

    trio.run(main)


async def serve_until(
    state: FakeState, task_status: trio.TaskStatus[tuple[int, Callable[[], None]]]
) -> None:
    """Serve and report the port and how to stop."""
    async with trio.open_nursery() as nursery:
        port = await nursery.start(serve_page, state, HOST, 0)
        task_status.started((port, nursery.cancel_scope.cancel))


def test_browser_that_leaves_within_an_answer_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Clients that go while they are answered, in whatever moment, leave nothing in the log."""

    async def main() -> None:
        request = b"GET /alerts HTTP/1.1\r\nHost: x\r\n\r\n"
        async with serving(FakeState()) as port:
            for steps in range(60):
                stream = await trio.open_tcp_stream(HOST, port)
                await stream.send_all(request)
                for _ in range(steps):
                    await trio.lowlevel.checkpoint()
                await stream.aclose()
            await trio.testing.wait_all_tasks_blocked(0.05)

    trio.run(main)
    assert caplog.records == []
