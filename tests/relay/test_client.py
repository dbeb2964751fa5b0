"""The command line's way in: the daemon, or the directory itself."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holub_relay.client import SOCKET_PATH_MAX, Client, call, socket_address
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station
from support_relay import KYIV, made

START = {"do": "alert", "verb": "start", "areas": [KYIV], "hazard": "air-raid"}


@contextmanager
def fake_daemon(data: Path, *answers: bytes) -> Iterator[list[bytes]]:
    """A server that gives these answers, one a request, then closes; the requests it got."""
    got: list[bytes] = []
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(data / "api.sock"))
    server.listen()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            for answer in answers:
                got.append(lines.readline())
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield got
    finally:
        thread.join()
        server.close()


def test_without_a_daemon_the_directory_is_opened(tmp_path: Path) -> None:
    """An alert is published offline, with the board that goes with it, and kept."""
    data = made(tmp_path)
    answer = call(data, START)
    with Client(data) as client:
        assert not client.daemon
        status = client.call({"do": "status"})
        assert [view["id"] for view in status["alerts"]] == [answer["id"]]
        kinds = [row["kind"] for row in client.call({"do": "list"})["messages"]]
        assert kinds.count("board") == 1


def test_a_daemon_is_asked_first(tmp_path: Path) -> None:
    """Where a daemon answers the directory is left alone, also in pieces and many times."""
    data = made(tmp_path)
    with fake_daemon(data, b'{"n": 1}\n', b'{"n": 2}\n') as got, Client(data) as client:
        assert client.daemon
        assert client.call({"do": "x"}) == {"n": 1}
        assert client.call({"do": "y"}) == {"n": 2}
    assert [json.loads(line)["do"] for line in got] == ["x", "y"]


def test_the_daemons_errors_keep_their_codes(tmp_path: Path) -> None:
    """What the daemon refuses is raised with its exit code; a code that is none means failed."""
    data = made(tmp_path)
    errors = [b'{"error": "gone", "code": 3}\n', b'{"error": "odd", "code": 77}\n']
    with fake_daemon(data, *errors), Client(data) as client:
        with pytest.raises(OperatorError, match="gone") as error:
            client.call({"do": "x"})
        assert error.value.code is Exit.NOT_FOUND
        with pytest.raises(OperatorError, match="odd") as error:
            client.call({"do": "x"})
        assert error.value.code is Exit.FAILED


@pytest.mark.parametrize(
    ("answer", "told"), [(b"", "closed the connection"), (b"[1]\n", "no object")]
)
def test_a_daemon_that_breaks_off_is_told(tmp_path: Path, answer: bytes, told: str) -> None:
    """A daemon that dies while it is asked is an error, no hang and no traceback."""
    data = made(tmp_path)
    with (
        fake_daemon(data, answer),
        Client(data) as client,
        pytest.raises(OperatorError, match=told),
    ):
        client.call({"do": "x"})


def test_a_leftover_socket_is_passed_over(tmp_path: Path) -> None:
    """After kill -9 the socket's file stays; commands then open the directory."""
    data = made(tmp_path)
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(data / "api.sock"))
    left.close()
    assert call(data, {"do": "status"})["daemon"] is None


def test_a_busy_directory_is_waited_for_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another command may hold the directory for a moment; longer is an error of its own."""
    monkeypatch.setattr("holub_relay.client._BUSY_PATIENCE_S", 0.1)
    data = made(tmp_path)
    with Station.open(data), pytest.raises(OperatorError) as error:
        call(data, {"do": "status"})
    assert error.value.code is Exit.BUSY


def test_no_realm_is_told(tmp_path: Path) -> None:
    """A directory without a charter is not opened."""
    with pytest.raises(OperatorError, match="holub init") as error:
        call(tmp_path, {"do": "status"})
    assert error.value.code is Exit.NOT_FOUND


def test_long_paths_go_by_the_open_directory() -> None:
    """The address always fits the kernel's 107 bytes."""
    short, long = Path("/d"), Path("/" + "d" * SOCKET_PATH_MAX)
    assert socket_address(short, 5) == "/d/api.sock"
    assert socket_address(long, 5) == "/proc/self/fd/5/api.sock"
