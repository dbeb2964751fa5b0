"""`holub init`: make a realm, or join one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from holub_crypto.charter import NAME_BYTES_MAX
from holub_protocol.areas import ukraine
from holub_relay import gate as gates
from holub_relay import keyfile, realm
from holub_relay.cli.import_ import lines as imported
from holub_relay.cli.import_ import opened, take_in
from holub_relay.cli.shared import data_option, told
from holub_relay.client import Client
from holub_relay.config import Config, changed
from holub_relay.errors import Exit, OperatorError


def set_up_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which an empty directory gets its realm."""
    for option in (
        click.option("--area", help="The node's own area: an id of the registry."),
        click.option("--fingerprint", help="The words of the charter, as its people gave them."),
        click.option("--join", help="Join the realm of this charter: file, bundle or http(s) URL."),
        click.option("--realm", "realm_name", help="Make a realm of this name."),
    ):
        function = option(function)
    return function


@click.command()
@data_option
@set_up_options
@click.option(
    "--clock",
    type=click.Choice(["auto", "host", "unknown"]),
    help="What vouches for the clock: auto (time programs), host (you do). [default: auto]",
)
@click.option("--desk", is_flag=True, help="With --join: also make a desk's key here.")
@click.option(
    "--registrar",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --join: the key file of a registrar, who is to sign grants here.",
)
@click.option("--gate", is_flag=True, help="With --realm: also make a gate key for its links.")
@told
def init(
    data: Path,
    realm_name: str | None,
    join: str | None,
    fingerprint: str | None,
    area: str | None,
    clock: str | None,
    desk: bool,
    registrar: Path | None,
    gate: bool,
) -> None:
    """Set up an empty data directory: make a realm, or join one by its charter."""
    if (desk or registrar) and join is None:
        raise OperatorError(
            "--desk and --registrar belong to --join: a realm's maker has both keys", Exit.USAGE
        )
    if gate and realm_name is None:
        raise OperatorError(
            "--gate belongs to --realm: who joins gets the gate key by `holub relay --peer CODE`, "
            "or as a copy in DIR/keys/gate.key",
            Exit.USAGE,
        )
    if realm_name is None and join is None:
        raise OperatorError("init needs --realm NAME or --join CHARTER", Exit.USAGE)
    config = changed(Config(), "--clock", clock=clock)
    for line in set_up(data, realm_name, join, fingerprint, area, config, desk, registrar):
        click.echo(line)
    if gate:
        click.echo(f"  {gates.make(data, os.urandom)}  gate: a copy for every relay, nobody else")


def set_up(
    data: Path,
    realm_name: str | None,
    join: str | None,
    fingerprint: str | None,
    area: str | None,
    config: Config,
    desk: bool = False,
    registrar: Path | None = None,
) -> list[str]:
    """Do what `init` does and return the lines to print."""
    if realm_name is not None and join is not None:
        raise OperatorError("--realm makes a realm, --join joins one: choose", Exit.USAGE)
    if fingerprint is not None and join is None:
        raise OperatorError("--fingerprint belongs to --join", Exit.USAGE)
    if area is not None:
        config = changed(config, "--area", area=realm.area_of(area, ukraine()))
    if realm_name is not None:
        name = realm_name.strip()
        if not name or len(name.encode()) > NAME_BYTES_MAX:
            raise OperatorError(
                f"--realm {realm_name!r}: a name has 1 to {NAME_BYTES_MAX} bytes", Exit.USAGE
            )
        made = realm.make(data, name, config, os.urandom)
    else:
        assert join is not None
        made = realm.join(data, join, config, os.urandom, fingerprint, ask, desk, registrar)
    lines = [f"realm {made.name} in {data}"]
    if made.bundle is not None:
        with opened(made.bundle) as reader, Client(data) as client:
            tally, report = take_in(client, reader)
        lines += imported(made.bundle, tally, report, reader.bad_blocks)
    lines += [f"  {path}  {what}" for path, what in made.files]
    lines += ["fingerprint, to compare with the realm's other people:", f"  {made.words}"]
    if join is not None:
        node = keyfile.load(data, "node")
        lines += [
            "this relay may carry; to speak it needs a grant, signed on the registrar's machine:",
            f"  holub realm grant --relay --subject {node.public.hex()} --data DIR",
        ]
    if desk:
        key = keyfile.load(data, "desk")
        lines.append(f"  holub realm grant --desk --subject {key.public.hex()} --data DIR")
    if join is not None and config.clock != "host":
        lines.append(
            "  (where nothing vouches for that machine's clock: look at it, then add "
            "--confirm-clock)"
        )
    return lines


def ask(words: str) -> bool:
    """Show the words of a charter and ask whether they are right."""
    click.echo(f"The charter's fingerprint is\n  {words}")
    answer = click.prompt(
        "Are these the words that the realm's registrar gave you? Type yes or no",
        default="no",
        show_default=False,
    )
    return str(answer).strip().lower() == "yes"
