"""Charters from elsewhere: files, bundles, hostile servers, and words that confirm them."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from holub_relay import pinning, realm
from holub_relay.config import Config
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import read_charter
from support_relay import made, ok


@contextmanager
def web(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A web server on loopback for one charter; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/charter"
        finally:
            server.shutdown()
            thread.join()


def giving(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with these bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def test_a_url_of_this_machine_needs_no_fingerprint(tmp_path: Path) -> None:
    """Loopback is as good as a file."""
    first = made(tmp_path)
    with web(giving(read_charter(first))) as url:
        realm.join(tmp_path / "b", url, Config(store_mib=8), os.urandom)
    assert read_charter(tmp_path / "b") == read_charter(first)


def test_a_url_beyond_this_machine_needs_words_or_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without either nothing is pinned; the question shows the words."""
    first = made(tmp_path)
    raw = read_charter(first)
    monkeypatch.setattr(pinning, "read_source", lambda _: pinning.Source(raw, False))
    with pytest.raises(OperatorError, match="--fingerprint"):
        realm.join(tmp_path / "b", "http://far.example/c", Config(), os.urandom)
    asked: list[str] = []

    def yes(words: str) -> bool:
        asked.append(words)
        return True

    config = Config(store_mib=8)
    got = realm.join(tmp_path / "b", "http://far.example/c", config, os.urandom, confirm=yes)
    assert asked == [got.words]


def test_what_is_not_on_this_machine_is_known(tmp_path: Path) -> None:
    """Loopback is judged by the address, never by how the name begins."""
    for host, local in (
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("127.0.0.1.far.example", False),
        ("10.0.0.1", False),
    ):
        assert pinning._is_loopback(host) is local


def redirecting(handler: BaseHTTPRequestHandler) -> None:
    """Send the caller elsewhere."""
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:9/elsewhere")
    handler.end_headers()


def cutting(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"abc")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (giving(b"x" * 300_000), "over 262144 bytes"),
        (giving(b"<html>not found</html>"), "no charter to start from"),
        (giving(b""), "no charter to start from"),
        (cutting, "charter"),
        (redirecting, "302"),
    ],
)
def test_hostile_servers_join_nothing(
    tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None], told: str
) -> None:
    """Endless, wrong, cut and redirecting answers are errors that name the URL."""
    with web(answer) as url, pytest.raises(OperatorError, match=told) as error:
        realm.join(tmp_path / "b", url, Config(), os.urandom)
    assert url in str(error.value)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("nowhere.cbor", Exit.NOT_FOUND),
        ("ftp://far.example/charter", Exit.USAGE),
        ("http:///charter", Exit.USAGE),
        ("http://127.0.0.1:1/charter", Exit.FAILED),
    ],
)
def test_a_source_that_is_none_is_told(source: str, code: Exit) -> None:
    """Missing files, other schemes and dead servers each have their exit code."""
    with pytest.raises(OperatorError) as error:
        pinning.read_source(source)
    assert error.value.code is code


def test_a_bundle_gives_its_chain(tmp_path: Path) -> None:
    """What `holub export` wrote is as good as the charter's file; without one it is told."""
    first = made(tmp_path)
    bundle = tmp_path / "monday.holub"
    ok("export", bundle, "--data", first)
    found = pinning.read_source(str(bundle))
    assert found == pinning.Source(read_charter(first), True, bundle)
    bundle.write_bytes(bundle.read_bytes()[:100])
    with pytest.raises(OperatorError, match="holds no charter"):
        pinning.read_source(str(bundle))


def test_a_pin_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """The file is replaced, never written over; a directory that is gone is told."""
    pinning.write(tmp_path, b"one")
    pinning.write(tmp_path, b"two")
    assert read_charter(tmp_path) == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["charter.cbor"]
    with pytest.raises(OperatorError, match="can't write"):
        pinning.write(tmp_path / "gone", b"three")
