"""`holub relay`: run the daemon."""

import os
from pathlib import Path

import click

from holub_protocol.areas import ukraine
from holub_relay import config as settings
from holub_relay import daemon, logs, realm
from holub_relay import demo as demo_realm
from holub_relay.cli.init import set_up, set_up_options
from holub_relay.cli.shared import told
from holub_relay.config import Config
from holub_relay.errors import Exit, OperatorError
from holub_relay.lockfile import DataDirBusy, DataLock
from holub_relay.passphrase import Passphrases
from holub_relay.station import CHARTER_FILE

DEMO_DIRS = 100


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The node's data directory; with --demo the first free one under .holub.",
)
@click.option("--listen", help="HOST:PORT for links; port 0 takes any. [default: :24658]")
@click.option("--page", help="HOST:PORT of the page, or off. [default: :8090]")
@click.option("--peer", "peers", multiple=True, help="HOST:PORT or join code of a relay.")
@click.option("--no-discovery", is_flag=True, help="Look for no relays on the local network.")
@click.option("--gate", help="Key file of the district's gate. [default: DIR/keys/gate.key]")
@click.option(
    "--clock",
    type=click.Choice(["auto", "host", "unknown"]),
    help="What vouches for the clock: auto (time programs), host (you do). [default: auto]",
)
@click.option("--demo", is_flag=True, help="Try it out: a demo realm, on this machine only.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The passphrase of its keys, where they have one. [default: ask at the terminal]",
)
@click.option("--verbose", is_flag=True, help="Log more.")
@set_up_options
@told
def relay(
    data: Path | None,
    listen: str | None,
    page: str | None,
    peers: tuple[str, ...],
    no_discovery: bool,
    gate: str | None,
    clock: str | None,
    demo: bool,
    passphrase_file: Path | None,
    verbose: bool,
    realm_name: str | None,
    join: str | None,
    fingerprint: str | None,
    area: str | None,
) -> None:
    """Run a relay until it is told to stop (SIGTERM, or Ctrl-C).

    An empty data directory is set up first, by the options of `holub init`; without them it joins
    this machine's demo realm, kept in holub/demo-realm under $XDG_STATE_HOME (~/.local/state).
    """
    logs.set_up(verbose)
    if data is None:
        if not demo:
            raise OperatorError("relay needs --data DIR, or --demo to try it out", Exit.USAGE)
        data = free_demo_dir(Path(".holub"))
    config = settings.changed(
        _prepared(data, demo, realm_name, join, fingerprint, area),
        "command line",
        area=None if area is None else realm.area_of(area, ukraine()),
        listen=listen,
        page=page,
        peers=peers or None,
        discovery=False if no_discovery else None,
        gate=gate,
        clock=clock,
    )
    passphrases = Passphrases.of_file(passphrase_file) if passphrase_file else None
    daemon.run(data, config, click.echo, passphrases)


def _prepared(
    data: Path,
    demo: bool,
    realm_name: str | None,
    join: str | None,
    fingerprint: str | None,
    area: str | None,
) -> Config:
    """Set an empty directory up; return the directory's configuration."""
    chosen = realm_name is not None or join is not None
    if (data / CHARTER_FILE).exists():
        if chosen:
            raise OperatorError(
                f"{data} belongs to a realm already: leave --realm and --join out, or choose "
                "another directory"
            )
        config = settings.load(data)
        if demo and not config.demo:
            raise OperatorError(f"{data} belongs to a real realm: leave --demo out")
    elif chosen:
        if demo:
            raise OperatorError("--demo has a realm of its own: leave out --realm and --join")
        for line in set_up(data, realm_name, join, fingerprint, area, Config()):
            click.echo(line)
        config = settings.load(data)
    else:
        config = set_up_demo(data, area)
    if config.demo:
        demo_realm.enrol_relay(data, os.urandom)
    return config


def set_up_demo(data: Path, area: str | None) -> Config:
    """Join the machine's demo realm: loopback only, any free port."""
    number = demo_realm.AREA if area is None else realm.area_of(area, ukraine())
    config = Config(
        area=number,
        listen="127.0.0.1:0",
        page=f"127.0.0.1:{settings.PAGE_PORT}",
        clock="host",
        demo=True,
    )
    demo_realm.join_relay(data, config, os.urandom)
    return config


def free_demo_dir(base: Path) -> Path:
    """Return the first `base`/relay-N that is free: new, or of today's demo realm and not in
    use."""
    charter = demo_realm.charter()
    for number in range(1, DEMO_DIRS + 1):
        data = base / f"relay-{number}"
        try:
            data.mkdir(mode=0o700, parents=True)
            return data  # made by us: a relay started at the same moment takes the next
        except FileExistsError:
            pass
        if charter is None or not _is_pinned_to(data, charter):
            continue
        try:
            with DataLock(data):
                return data
        except DataDirBusy:
            continue
    raise OperatorError(f"{DEMO_DIRS} demo relays run under {base}: stop some", Exit.BUSY)


def _is_pinned_to(data: Path, charter: bytes) -> bool:
    path = data / CHARTER_FILE
    return path.exists() and path.read_bytes() == charter
