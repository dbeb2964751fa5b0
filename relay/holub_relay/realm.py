"""Making a realm, joining one, and signing grants in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holub_crypto.chains import Grant
from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, Authority
from holub_crypto.identity import Identity
from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.realm import desk_grant, found, grant_lifetime_s, relay_grant
from holub_relay import config as settings
from holub_relay import keyfile, pinning
from holub_relay.config import Config
from holub_relay.errors import Exit, OperatorError
from holub_relay.pinning import Confirm
from holub_relay.station import CHARTER_FILE, Station

_GRANT_DAYS: Final = 365
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Made:
    """A realm that was just made or joined: its words, (file, what it is) for people, and the
    bundle it was joined by, if it was one."""

    name: str
    words: str
    files: tuple[tuple[Path, str], ...]
    bundle: Path | None = None


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
    settings.save(data_dir, config)
    pinning.write(data_dir, charter)  # last: with it the directory is complete
    with Station.open(data_dir) as station:
        station.desk_is_new()
        grant_relay(station, node.public)
        grant_desk(station, desk.public)
        words = station.node.trust.words
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
    registrar: Path | None = None,
) -> Made:
    """Pin the charter at `source` (a file, a bundle or an http(s) URL) and make this relay's key.

    `words` is the fingerprint that the realm's people gave; a URL beyond this machine needs it,
    or a yes from `confirm`. With `desk` the machine also gets a desk's key, to be granted; with
    `registrar`, a key file that the charter names, a copy of that to sign grants with.
    """
    found = pinning.read_source(source)
    trust = pinning.confirmed(source, found, words, confirm)
    held = None if registrar is None else keyfile.read(registrar)
    if held is not None and held.public not in trust.charter.registrars:
        raise OperatorError(
            f"key {held.public.hex()} of {registrar} is no registrar in version "
            f"{trust.charter.version}; the holders of the root keys enrol one with `holub realm "
            "enrol --registrar`"
        )
    prepare(data_dir)
    keyfile.create(data_dir, "node", entropy)
    if held is not None:
        keyfile.copy(held.path, keyfile.path_of(data_dir, "registrar"))
    if desk:
        keyfile.create(data_dir, "desk", entropy)
    settings.save(data_dir, config)
    pinning.write(data_dir, found.chain)  # last: with it the directory is complete
    with Station.open(data_dir) as station:
        station.desk_is_new()
        station.settle()
    files = [
        (data_dir / CHARTER_FILE, "the charter of the realm"),
        (keyfile.path_of(data_dir, "node"), "this relay's own identity"),
    ]
    if held is not None:
        files.append((keyfile.path_of(data_dir, "registrar"), "registrar: signs grants here"))
    return Made(trust.charter.name, trust.words, tuple(files), found.bundle)


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


def grant(station: Station, given: Grant, signer: Identity | None) -> bytes:
    """Sign a grant with the directory's key of a registrar, or of a desk that passes its own on;
    keep it and return the message's id."""
    if signer is None:
        raise OperatorError(
            f"there is no registrar key in {station.data_dir / 'keys'}: grants are signed on the "
            "machine that holds registrar.key"
        )
    now = station.now()
    message = station.node.publish(
        signer.public,
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
    id_ = grant(station, given, station.registrar)
    station.settle()
    raw = station.node.body(id_)
    assert raw is not None
    return raw


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
