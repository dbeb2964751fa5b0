"""Making a realm, joining one, and the demo realm that a machine's trial relays share."""

import os
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

from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, Authority
from holub_crypto.identity import Identity
from holub_crypto.trust import Grant
from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.limits import CHARTER_BYTES
from holub_protocol.realm import desk_grant, found, grant_lifetime_s, relay_grant
from holub_relay import config as settings
from holub_relay import keyfile
from holub_relay.config import Config
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import CHARTER_FILE, Station, read_charter, read_trust

DEMO_NAME: Final = "Holub demo"
DEMO_AREA: Final = 93_317
"""The city of Kyiv: where a trial relay stands unless told otherwise."""

FETCH_TIMEOUT_S: Final = 10.0
"""For a charter by URL: a server that sends a byte a second is given up."""

_GRANT_DAYS: Final = 365
_RENEW_DAYS: Final = 7
_DAY_S: Final = 86_400
_LOCK_PATIENCE_S: Final = 10.0

Confirm = Callable[[str], bool]
"""Asks the person at the keyboard whether the words shown are right."""


@dataclass(frozen=True, slots=True)
class Made:
    """A realm that was just made: its words, and (file, what it is) for people."""

    name: str
    words: str
    files: tuple[tuple[Path, str], ...]


def area_of(text: str, areas: AreaTree) -> int:
    """Read an area id; OperatorError that names regions like it where it is a name."""
    if text.isascii() and text.isdigit() and int(text) in areas:
        return int(text)
    near = ", ".join(f"{area} ({areas.name(area, 'uk')})" for area in areas.find(text)[:5])
    hint = f"did you mean {near}?" if near else "see protocol/holub_protocol/data/areas-ua.csv"
    raise OperatorError(
        f"{text!r} is no area id; ids are the last 5 digits of a KATOTTG code, 0 is everywhere; "
        + hint,
        Exit.USAGE,
    )


def make(data_dir: Path, name: str, config: Config, entropy: Callable[[int], bytes]) -> Made:
    """Make a realm of one root, one registrar and one authority, with a desk and this relay."""
    prepare(data_dir)
    areas = ukraine()
    root, registrar, desk, node = (
        keyfile.create(data_dir, key, entropy) for key in ("root-1", "registrar", "desk", "node")
    )
    authority = Authority(1, 0, name, name, (EVERYWHERE,), (ANY_HAZARD,))
    created_s = int(time.time())
    charter = found(name, root, (registrar.public,), (authority,), areas, created_s)
    words = _pin(data_dir, charter, config)
    with Station.open(data_dir) as station:
        station.desk_is_new()
        grant_relay(station, node.public)
        grant_desk(station, desk.public)
    keys = data_dir / "keys"
    return Made(
        name,
        words,
        (
            (data_dir / CHARTER_FILE, "the charter: give it to every relay of the realm"),
            (keys / "root-1.key", "root key, 1 of 1: changes the charter; keep it off-line"),
            (keys / "registrar.key", "registrar: signs grants (holub realm grant)"),
            (keys / "desk.key", "desk: signs alerts and boards (holub alert, holub board)"),
            (keys / "node.key", "this relay's own identity"),
        ),
    )


def join(
    data_dir: Path,
    source: str,
    config: Config,
    entropy: Callable[[int], bytes],
    words: str | None = None,
    confirm: Confirm = lambda _: False,
    desk: bool = False,
) -> Made:
    """Pin the charter at `source` (a file or an http(s) URL) and make this relay's key.

    `words` is the fingerprint that the realm's people gave; a URL beyond this machine needs it,
    or a yes from `confirm`. With `desk` the machine also gets a desk's key, to be granted.
    """
    raw, local = read_source(source)
    trust = read_trust(raw, ukraine(), source)
    charter = trust.charter
    shown = trust.words
    if words is not None and words.lower().split() != shown.split():
        raise OperatorError(
            f"the fingerprint of {source} is\n  {shown}\nand not\n  {words}\n"
            "somebody gave you a wrong charter, or wrong words: ask the realm's registrar"
        )
    if words is None and not local and not confirm(shown):
        raise OperatorError(
            f"the charter at {source} is not confirmed; compare its words with the realm's "
            f'registrar, then add --fingerprint "{shown}"'
        )
    prepare(data_dir)
    keyfile.create(data_dir, "node", entropy)
    if desk:
        keyfile.create(data_dir, "desk", entropy)
    _pin(data_dir, raw, config)
    with Station.open(data_dir) as station:
        station.desk_is_new()
        station.settle()
    files = (
        (data_dir / CHARTER_FILE, "the charter of the realm"),
        (data_dir / "keys" / "node.key", "this relay's own identity"),
    )
    return Made(charter.name, shown, files)


def prepare(data_dir: Path) -> None:
    """Make the directory, open to its owner only; OperatorError if it belongs to a realm."""
    if (data_dir / CHARTER_FILE).exists():
        raise OperatorError(
            f"{data_dir} belongs to a realm already; choose another directory with --data"
        )
    if (data_dir / "keys").exists():
        raise OperatorError(
            f"{data_dir / 'keys'} is left of a set-up that did not end; move it away, or choose "
            "another directory with --data"
        )
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir.chmod(0o700)
    except OSError as error:
        raise OperatorError(f"can't use {data_dir}: {error.strerror}; choose another") from None


def grant(station: Station, given: Grant) -> bytes:
    """Sign a grant with this directory's registrar key, keep it; return the message's id."""
    if station.registrar is None:
        raise OperatorError(
            f"there is no registrar key in {station.data_dir / 'keys'}: grants are signed on the "
            "machine that holds registrar.key"
        )
    now = station.now()
    message = station.node.publish(
        station.registrar.public,
        kind_named("grant"),
        EVERYWHERE,
        GrantBody(given),
        grant_lifetime_s(given, now.wall_s),
        now,
    )
    return message.id


def grant_relay(station: Station, subject: bytes) -> bytes:
    """Grant a relay its kinds, anywhere, for a year; return the grant's bytes."""
    return _granted(station, relay_grant(subject, _year_on(station)))


def grant_desk(station: Station, subject: bytes) -> bytes:
    """Grant a desk of authority 1 all that the authority may; return the grant's bytes."""
    return _granted(station, desk_grant(subject, 1, _year_on(station)))


def _year_on(station: Station) -> int:
    return station.now().wall_s + _GRANT_DAYS * _DAY_S


def _granted(station: Station, given: Grant) -> bytes:
    id_ = grant(station, given)
    station.settle()
    raw = station.node.body(id_)
    assert raw is not None
    return raw


def demo_dir() -> Path:
    """Return where this machine's demo realm lies: `holub/demo-realm` in $XDG_STATE_HOME, or in
    ~/.local/state. It is a data directory of its own whose keys grant every trial relay."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "holub" / "demo-realm"


def demo_charter() -> bytes | None:
    """Return the charter of this machine's demo realm, None if it has none yet."""
    path = demo_dir() / CHARTER_FILE
    return path.read_bytes() if path.exists() else None


def join_demo(data_dir: Path, config: Config, entropy: Callable[[int], bytes]) -> None:
    """Set up a trial relay in this machine's demo realm, which the first of them makes.

    Every trial relay gets a desk key of its own, since one key signs in one place only.
    """
    realm_dir = demo_dir()
    realm_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if demo_charter() is None:
        _make_demo(realm_dir, entropy)
    join(data_dir, str(realm_dir / CHARTER_FILE), config, entropy)


def enrol_demo(data_dir: Path, entropy: Callable[[int], bytes]) -> None:
    """Get a trial relay its grants from the demo realm where they are missing or run out, also
    after a start that was cut short. A relay of an older demo realm stays as it is."""
    new = not keyfile.path_of(data_dir, "desk").exists()
    if new:
        keyfile.create(data_dir, "desk", entropy)
    with Station.open(data_dir) as station:
        if new:
            station.desk_is_new()
        soon_s = station.now().wall_s + _RENEW_DAYS * _DAY_S
        wanted = [
            (identity.public, granting)
            for identity, granting in ((station.identity, grant_relay), (station.desk, grant_desk))
            if identity and not station.node.trust.is_relay(identity.public, soon_s)
        ]
        if not wanted or demo_charter() != read_charter(data_dir):
            return
        with Station.open(demo_dir(), patience_s=_LOCK_PATIENCE_S) as registrar:
            grants = [granting(registrar, key) for key, granting in wanted]
        for raw in grants:
            station.node.offer(raw, station.now())
        station.settle()


def _make_demo(realm_dir: Path, entropy: Callable[[int], bytes]) -> None:
    """Make the demo realm beside its place and move it there: two first relays at once agree."""
    draft = realm_dir.with_name(f"{realm_dir.name}.{entropy(4).hex()}")
    make(draft, DEMO_NAME, Config(demo=True), entropy)
    try:
        draft.rename(realm_dir)
    except OSError:  # another was faster
        for path in sorted(draft.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        draft.rmdir()


def _pin(data_dir: Path, raw: bytes, config: Config) -> str:
    """Write configuration and charter, the charter last: with it the directory is complete."""
    trust = read_trust(raw, ukraine(), data_dir)
    settings.save(data_dir, config)
    draft = data_dir / f"{CHARTER_FILE}.new"
    with draft.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(data_dir / CHARTER_FILE)
    return trust.words


def read_source(source: str) -> tuple[bytes, bool]:
    """Return the bytes of a charter's file or URL, and whether they come from this machine."""
    if "://" not in source:
        try:
            with Path(source).open("rb") as file:
                return _capped(file.read(CHARTER_BYTES + 1), source), True
        except OSError as error:
            raise OperatorError(
                f"can't read the charter {source}: {error.strerror}", Exit.NOT_FOUND
            ) from None
    parts = urlsplit(source)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OperatorError(f"{source!r} is no file and no http(s) URL", Exit.USAGE)
    local = _is_loopback(parts.hostname)
    proxies = (urllib.request.ProxyHandler({}),) if local else ()
    opener = urllib.request.build_opener(_NoRedirect, *proxies)
    try:
        with opener.open(source, timeout=FETCH_TIMEOUT_S) as answer:
            return _capped(_read_within(answer, FETCH_TIMEOUT_S), source), local
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise OperatorError(f"can't fetch the charter {source}: {error}") from None


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
    while len(content) <= CHARTER_BYTES and (piece := answer.read(512)):
        content += piece
        if time.monotonic() > until_s:
            raise OSError("too slow")
    return content


def _capped(content: bytes, source: str) -> bytes:
    if len(content) > CHARTER_BYTES:
        raise OperatorError(f"{source} has over {CHARTER_BYTES} bytes: this is no charter")
    return content


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def subject_of(text: str) -> bytes:
    """Read a public key of 64 hexadecimal digits; OperatorError names the text."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != len(Identity.from_seed(bytes(32)).public):
        raise OperatorError(
            f"{text!r} is no public key of 64 hexadecimal digits; `holub status` shows a relay's",
            Exit.USAGE,
        )
    return key
