"""The daemon's local socket: for its owner, bounded, deaf to junk."""

import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from holub_relay import api
from holub_relay.asking import Answer, Request


async def echo(request: Request) -> Answer:
    """Answer with the request."""
    return {"got": dict(request)}


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[None]:
    """A served directory."""
    listener = api.bind(data)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(api.serve, data, listener, echo)
        yield
        nursery.cancel_scope.cancel()


async def ask(data: Path, sent: bytes) -> list[Answer]:
    """Send bytes, close, and return every answer."""
    stream = await trio.open_unix_socket(str(data / "api.sock"))
    async with stream:
        await stream.send_all(sent)
        await stream.send_eof()
        got = b"".join([piece async for piece in stream])
    return [json.loads(line) for line in got.splitlines()]


@pytest.mark.trio
async def test_requests_are_answered_in_order(tmp_path: Path) -> None:
    """Lines come apart however they arrive."""
    async with serving(tmp_path):
        answers = await ask(tmp_path, b'{"do":"a"}\n{"do":"b"}\n')
    assert [answer["got"]["do"] for answer in answers] == ["a", "b"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"\n", "one line of JSON"),
        (b"{\n", "one line of JSON"),
        (b"[1]\n", "a JSON object"),
        (b"\xff\xfe\n", "one line of JSON"),
        (b"[" * 60_000 + b"\n", "one line of JSON"),
        (b"1" * 60_000 + b"\n", "one line of JSON"),
        (b'{"do":"' + b"x" * 70_000, "at most 65536 bytes"),
    ],
)
@pytest.mark.trio
async def test_junk_is_answered_with_an_error(tmp_path: Path, sent: bytes, told: str) -> None:
    """Truncated, deep, binary and oversized requests get an error, and the server stays."""
    async with serving(tmp_path):
        (answer,) = await ask(tmp_path, sent)
        assert told in answer["error"]
        assert (await ask(tmp_path, b'{"do":"x"}\n'))[0]["got"] == {"do": "x"}


@pytest.mark.trio
async def test_a_cut_request_gets_no_answer(tmp_path: Path) -> None:
    """What ends without its line's end was never a request."""
    async with serving(tmp_path):
        assert await ask(tmp_path, b'{"do":"x"}') == []


@pytest.mark.trio
async def test_only_the_owner_may_connect(tmp_path: Path) -> None:
    """The socket has mode 0600 from its birth, and is gone when the server is."""
    async with serving(tmp_path):
        assert (tmp_path / "api.sock").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "api.sock").exists()


@pytest.mark.trio
async def test_connections_are_bounded(tmp_path: Path) -> None:
    """One more than there are places is closed at once; a freed place serves again."""
    async with serving(tmp_path):
        streams = [
            await trio.open_unix_socket(str(tmp_path / "api.sock"))
            for _ in range(api.CONNECTIONS_MAX)
        ]
        for stream in streams:
            await stream.send_all(b'{"do":"hold"}\n')
            assert await stream.receive_some()
        assert await ask_or_closed(tmp_path) == []
        for stream in streams:
            await stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert len(await ask_or_closed(tmp_path)) == 1


async def ask_or_closed(data: Path) -> list[Answer]:
    """Ask once; no answers where the connection was closed at once."""
    try:
        return await ask(data, b'{"do":"x"}\n')
    except trio.BrokenResourceError:
        return []


@pytest.mark.trio
async def test_a_leftover_socket_is_taken_over(tmp_path: Path) -> None:
    """What a killed daemon left does not keep the next from binding."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "api.sock"))
    left.close()
    async with serving(tmp_path):
        assert (await ask(tmp_path, b'{"do":"x"}\n'))[0]["got"] == {"do": "x"}


@pytest.mark.trio
async def test_a_long_path_works(tmp_path: Path) -> None:
    """Beyond 107 bytes the socket is reached by an open directory (unix(7))."""
    data = tmp_path / ("d" * 120)
    data.mkdir()
    listener = api.bind(data)
    assert (data / "api.sock").exists()
    listener.close()


def test_strange_values_are_read_or_told() -> None:
    """`read` gives a request or a text, for any bytes."""
    assert api.read(b'{"a": 1}') == {"a": 1}
    for junk in (b"", b"null", b'"x"', b"{]", b"\x00", os.urandom(64).replace(b"\n", b"")):
        assert isinstance(api.read(junk), str)
