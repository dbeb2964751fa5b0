"""The command line's way to a node: the running daemon if there is one, else the store itself."""

import json
import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from holub_relay.asking import Answer, Request
from holub_relay.closing import Closing
from holub_relay.errors import Exit, OperatorError
from holub_relay.requests import handle, publishes
from holub_relay.station import CHARTER_FILE, Station

SOCKET_FILE: Final = "api.sock"
SOCKET_PATH_MAX: Final = 100
"""A UNIX socket's path has at most 107 bytes (unix(7)); longer ones go by an open directory."""

ANSWER_TIMEOUT_S: Final = 60.0
"""For an answer: one commit to a worn card takes seconds."""

ANSWER_BYTES_MAX: Final = 16 << 20
"""The largest answer read: a page of 500 messages has 200 kB."""

_BUSY_PATIENCE_S: Final = 3.0


def socket_address(data_dir: Path, directory_fd: int) -> str:
    """Return a path for the socket that is short enough; `directory_fd` is the open data_dir."""
    path = str(data_dir / SOCKET_FILE)
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        return path
    return f"/proc/self/fd/{directory_fd}/{SOCKET_FILE}"


class Client(Closing):
    """A way to ask; as a context. Requests go one after the other."""

    def __init__(self, data_dir: Path) -> None:
        """Reach the daemon or open the directory; OperatorError: no realm, or busy."""
        if not (data_dir / CHARTER_FILE).exists():
            raise OperatorError(
                f"{data_dir} belongs to no realm yet; make one with `holub init --data {data_dir} "
                "--realm NAME`",
                Exit.NOT_FOUND,
            )
        self._closing = ExitStack()
        self._connection: socket.socket | None = None
        self._station: Station | None = None
        self._buffer = b""
        self._reach(data_dir)

    @property
    def daemon(self) -> bool:
        """Whether a daemon answers."""
        return self._connection is not None

    def call(self, request: Request) -> Answer:
        """Ask; OperatorError with the exit code that the answer's error names."""
        answer = self._ask(request)
        if "error" in answer:
            code = answer.get("code", 1)
            known = code in list(Exit)
            raise OperatorError(str(answer["error"]), Exit(code) if known else Exit.FAILED)
        return answer

    def close(self) -> None:
        """Let go of daemon or directory."""
        self._closing.close()

    def _reach(self, data_dir: Path) -> None:
        """Connect, or open; while neither works somebody is just starting, or just done."""
        until_s = time.monotonic() + _BUSY_PATIENCE_S
        while True:
            self._connection = _connect(data_dir)
            if self._connection is not None:
                self._closing.enter_context(self._connection)
                return
            try:
                self._station = self._closing.enter_context(Station.open(data_dir))
                return
            except OperatorError as error:
                if error.code is not Exit.BUSY or time.monotonic() > until_s:
                    raise
            time.sleep(0.05)

    def _ask(self, request: Request) -> Answer:
        if self._connection is not None:
            return self._exchange(self._connection, request)
        station = self._station
        assert station is not None
        answer = handle(station, request)
        if publishes(request) and "error" not in answer:
            station.settle(wake=request["do"] == "alert")
            station.remember_charters()
        return answer

    def _exchange(self, connection: socket.socket, request: Request) -> Answer:
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            while b"\n" not in self._buffer:
                piece = connection.recv(1 << 16)
                if not piece or len(self._buffer) > ANSWER_BYTES_MAX:
                    raise OperatorError("the relay closed the connection; look at its log")
                self._buffer += piece
        except TimeoutError:
            raise OperatorError(f"the relay did not answer in {ANSWER_TIMEOUT_S:.0f} s") from None
        except OSError as error:
            raise OperatorError(f"the relay is gone: {error.strerror}") from None
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: Any = json.loads(line)
        if not isinstance(answer, dict):
            raise OperatorError("the relay gave an answer that is no object; update both")
        return answer


def call(data_dir: Path, request: Request) -> Answer:
    """Ask once; see Client."""
    with Client(data_dir) as client:
        return client.call(request)


def _connect(data_dir: Path) -> socket.socket | None:
    """Reach a daemon; None where there is none, and its socket at most a leftover."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_TIMEOUT_S)
    try:
        directory_fd = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        connection.close()
        raise OperatorError(f"can't open {data_dir}: {error.strerror}") from None
    try:
        with suppress(FileNotFoundError, ConnectionRefusedError):
            connection.connect(socket_address(data_dir, directory_fd))
            return connection
    except OSError as error:
        connection.close()
        raise OperatorError(f"can't reach the relay of {data_dir}: {error.strerror}") from None
    finally:
        os.close(directory_fd)
    connection.close()
    return None
