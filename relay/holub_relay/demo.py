"""The demo realm that a machine's trial relays share: its own keys grant each of them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from holub_relay import keyfile
from holub_relay.config import Config
from holub_relay.realm import grant_desk, grant_relay, join, make
from holub_relay.station import CHARTER_FILE, Station, read_charter

NAME: Final = "Holub demo"
AREA: Final = 93_317
"""The city of Kyiv: where a trial relay stands unless told otherwise."""

_RENEW_DAYS: Final = 7
_DAY_S: Final = 86_400
_LOCK_PATIENCE_S: Final = 10.0


def directory() -> Path:
    """Return where this machine's demo realm lies: `holub/demo-realm` in $XDG_STATE_HOME, or in
    ~/.local/state. It is a data directory of its own whose keys grant every trial relay."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "holub" / "demo-realm"


def charter() -> bytes | None:
    """Return the charter of this machine's demo realm, None if it has none yet."""
    path = directory() / CHARTER_FILE
    return path.read_bytes() if path.exists() else None


def join_relay(data_dir: Path, config: Config, entropy: Callable[[int], bytes]) -> None:
    """Set up a trial relay in this machine's demo realm, which the first of them makes.

    Every trial relay gets a desk key of its own, since one key signs in one place only.
    """
    realm_dir = directory()
    realm_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if charter() is None:
        _make(realm_dir, entropy)
    join(data_dir, str(realm_dir / CHARTER_FILE), config, entropy)


def enrol_relay(data_dir: Path, entropy: Callable[[int], bytes]) -> None:
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
        if not wanted or charter() != read_charter(data_dir):
            return
        with Station.open(directory(), patience_s=_LOCK_PATIENCE_S) as registrar:
            grants = [granting(registrar, key) for key, granting in wanted]
        for raw in grants:
            station.node.offer(raw, station.now())
        station.settle()


def _make(realm_dir: Path, entropy: Callable[[int], bytes]) -> None:
    """Make the demo realm beside its place and move it there: two first relays at once agree."""
    draft = realm_dir.with_name(f"{realm_dir.name}.{entropy(4).hex()}")
    make(draft, NAME, Config(demo=True), entropy)
    try:
        draft.rename(realm_dir)
    except OSError:  # another was faster
        for path in sorted(draft.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        draft.rmdir()
