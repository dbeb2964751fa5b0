"""A charter from elsewhere: read from a file, a bundle or a URL, and confirmed by its words."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from holub_crypto.charter import CharterError, decode
from holub_crypto.trust import Trust
from holub_protocol.areas import ukraine
from holub_protocol.bundle import MAGIC, BundleReader
from holub_relay import whole
from holub_relay.errors import Exit, OperatorError
from holub_relay.files import FILE_BYTES_MAX
from holub_relay.limits import CHAIN_BYTES
from holub_relay.station import CHARTER_FILE, read_trust

FETCH_TIMEOUT_S: Final = 10.0
"""For a charter by URL: a server that sends a byte a second is given up."""

_PIECE_BYTES: Final = 1 << 16

Confirm = Callable[[str], bool]
"""Asks the person at the keyboard whether the words shown are right."""


@dataclass(frozen=True, slots=True)
class Source:
    """A chain of charters as it was found: its bytes, whether they come from this machine, and
    the bundle that holds more than charters, if it is one."""

    chain: bytes
    local: bool
    bundle: Path | None = None


def confirmed(source: str, found: Source, words: str | None, confirm: Confirm) -> Trust:
    """Return the realm of a chain whose words are right; OperatorError where they are not.

    `words` is the fingerprint that the realm's people gave; a chain from beyond this machine
    needs it, or a yes from `confirm`.
    """
    trust = read_trust(found.chain, ukraine(), source)
    if words is not None and words.lower().split() != trust.words.split():
        raise OperatorError(
            f"the fingerprint of {source} is\n  {trust.words}\nand not\n  {words}\n"
            "somebody gave you a wrong charter, or wrong words: ask the realm's registrar"
        )
    if words is None and not found.local and not confirm(trust.words):
        raise OperatorError(
            f"the charter at {source} is not confirmed; compare its words with the realm's "
            f'registrar, then add --fingerprint "{trust.words}"'
        )
    return trust


def write(data_dir: Path, chain: bytes) -> None:
    """Pin a directory to a chain that is `confirmed`: whole on disk, or as it was."""
    path = data_dir / CHARTER_FILE
    try:
        whole.replace(path, chain)
    except OSError as error:
        raise OperatorError(f"can't write {whole.draft_of(path)}: {error.strerror}") from None


def read_source(source: str) -> Source:
    """Read a chain from a charter's file, a bundle of `holub export`, or an http(s) URL."""
    if "://" not in source:
        return _read_file(Path(source))
    parts = urlsplit(source)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OperatorError(f"{source!r} is no file and no http(s) URL", Exit.USAGE)
    local = _is_loopback(parts.hostname)
    proxies = (urllib.request.ProxyHandler({}),) if local else ()
    opener = urllib.request.build_opener(_NoRedirect, *proxies)
    try:
        with opener.open(source, timeout=FETCH_TIMEOUT_S) as answer:
            return Source(_capped(_read_within(answer, FETCH_TIMEOUT_S), source), local)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise OperatorError(f"can't fetch the charter {source}: {error}") from None


def _read_file(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
            if start == MAGIC:
                return Source(_charters_of(path, start, file), True, path)
            return Source(_capped(start + file.read(CHAIN_BYTES), str(path)), True)
    except OSError as error:
        raise OperatorError(
            f"can't read the charter {path}: {error.strerror}", Exit.NOT_FOUND
        ) from None


def _charters_of(path: Path, start: bytes, file: IO[bytes]) -> bytes:
    """Return the chain in a bundle, which may be damaged: the charters up to the first gap."""
    reader, size = BundleReader(), len(start)
    reader.feed(start)
    versions: dict[int, bytes] = {}
    while (piece := file.read(_PIECE_BYTES)) and size <= FILE_BYTES_MAX:
        reader.feed(piece)
        size += len(piece)
        while (record := reader.next()) is not None:
            try:
                version = decode(record.raw).charter.version
            except CharterError:
                continue  # a message, or nothing; whoever imports the bundle judges it
            if versions.setdefault(version, record.raw) != record.raw:
                raise OperatorError(
                    f"{path} holds two charters of version {version}: ask the realm's registrar "
                    "which one holds, and join by that one's file"
                )
    chain = b""
    for version in range(1, len(versions) + 1):
        chain += versions.get(version, b"")
    if not chain:
        raise OperatorError(f"{path} holds no charter: it is no whole export of a relay")
    return chain


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """This machine's own server may not hand us on to another without a word."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def _read_within(answer: IO[bytes], seconds: float) -> bytes:
    until_s = time.monotonic() + seconds
    content = b""
    while len(content) <= CHAIN_BYTES and (piece := answer.read(512)):
        content += piece
        if time.monotonic() > until_s:
            raise OSError("too slow")
    return content


def _capped(content: bytes, source: str) -> bytes:
    if len(content) > CHAIN_BYTES:
        raise OperatorError(f"{source} has over {CHAIN_BYTES} bytes: this is no charter")
    return content


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
