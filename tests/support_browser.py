"""A headless Chromium for tests, spoken to over its DevTools socket."""

import base64
import json
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit
from urllib.request import urlopen

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, TextMessage
from wsproto.events import Request as Handshake

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
WAIT_S = 20


class Browser:
    """One page of a running browser. All calls block: give them to a thread."""

    def __init__(self, url: str) -> None:
        """Connect to a page's DevTools at a ws:// address."""
        parts = urlsplit(url)
        self._numbers = count(1)
        self._text = ""
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=WAIT_S)
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._socket.sendall(self._ws.send(Handshake(host=parts.netloc, target=parts.path)))
        while not any(isinstance(event, AcceptConnection) for event in self._events()):
            pass

    def call(self, method: str, **params: object) -> dict[str, object]:
        """Run one DevTools command and return its result."""
        number = next(self._numbers)
        command = json.dumps({"id": number, "method": method, "params": params})
        self._socket.sendall(self._ws.send(TextMessage(data=command)))
        while True:
            for event in self._events():
                if not isinstance(event, TextMessage):
                    continue
                self._text += event.data
                if event.message_finished:
                    answer, self._text = json.loads(self._text), ""
                    if answer.get("id") == number:
                        return dict(answer["result"])

    def look(self, script: str) -> object:
        """Return the value of an expression in the page, as if the person had pressed keys."""
        result = self.call("Runtime.evaluate", expression=script, userGesture=True)["result"]
        assert isinstance(result, dict)
        return result.get("value")

    def wait_for(self, script: str) -> None:
        """Wait until an expression in the page is true."""
        end_s = time.monotonic() + WAIT_S
        while self.look(script) is not True:
            assert time.monotonic() < end_s, f"{script} never came true"
            time.sleep(0.05)

    def picture(self, width: int, height: int) -> bytes:
        """Return a PNG of the page in a window of that size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        return base64.b64decode(str(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        """Let go of the page."""
        self._socket.close()

    def _events(self) -> list[object]:
        self._ws.receive_data(self._socket.recv(1 << 16))
        return list(self._ws.events())


@contextmanager
def browsing(chromium: str) -> Iterator[Browser]:
    """Start a browser with an empty profile; end it at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"DevTools listening on ws://([^/]+)/", line):
                    break
            else:
                raise AssertionError("Chromium opened no DevTools socket")
            with urlopen(f"http://{found[1]}/json/list", timeout=WAIT_S) as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            browser = Browser(pages[0]["webSocketDebuggerUrl"])
            try:
                yield browser
            finally:
                browser.close()
        finally:
            process.terminate()
            process.wait(WAIT_S)
            assert process.stderr is not None
            process.stderr.close()
