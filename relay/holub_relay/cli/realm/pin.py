"""`holub realm pin`: give a relay the newest charter, which nothing leads it back from."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import click

from holub_crypto.charter import split
from holub_crypto.trust import Trust
from holub_protocol.areas import ukraine
from holub_relay import ceremony, pinning
from holub_relay.ceremony import Relation
from holub_relay.cli.init import ask
from holub_relay.cli.shared import data_option, json_option, print_json, told
from holub_relay.client import Client
from holub_relay.errors import OperatorError
from holub_relay.station import read_charter, read_trust

_WORSE: Final[Mapping[Relation, str]] = MappingProxyType(
    {Relation.OLDER: "older than", Relation.RIVAL: "a rival of"}
)


@click.command(
    epilog="Example: holub realm pin charter-2.cbor --data city --fingerprint 'kimih pigus ...'"
)
@click.argument("source")
@data_option
@click.option("--fingerprint", help="The words of the charter, as its people gave them.")
@json_option
@told
def pin(source: str, data: Path, fingerprint: str | None, as_json: bool) -> None:
    """Pin the charter at SOURCE (a file, a bundle or an http(s) URL), and publish it.

    The relay passes it on to all others, which follow it by its signatures. Here nothing leads
    back behind it: neither an older charter nor a rival one that thieves of root keys have signed.
    """
    found = pinning.read_source(source)
    trust = pinning.confirmed(source, found, fingerprint, ask)
    _refuse_worse(source, trust, read_trust(read_charter(data), ukraine(), data), data)
    pinning.write(data, found.chain)
    with Client(data) as client:
        for raw in split(found.chain):
            client.call({"do": "offer", "raw": raw.hex()})
        answer = client.call({"do": "realm"})
        restart = client.daemon and answer["version"] < trust.charter.version
    if as_json:
        print_json(
            {
                "version": trust.charter.version,
                "fingerprint": trust.words,
                "in_force": answer["version"],
                "restart": restart,
            }
        )
        return
    click.echo(f"pinned  version {trust.charter.version} of {trust.charter.name}")
    click.echo(f"words   {trust.words}")
    if restart:
        click.echo(
            "next    rivals compete with it: restart the relay, and it follows the one you pinned"
        )


def _refuse_worse(source: str, new: Trust, old: Trust, data: Path) -> None:
    """Let nobody lead a relay to another realm, or back: OperatorError says which it is."""
    relation = ceremony.relation(old.versions, new.versions)
    if relation is None:
        raise OperatorError(
            f"{source} is of another realm, {new.charter.name!r}, than {data}: a relay of that one "
            "needs a directory of its own"
        )
    if relation in (Relation.OLDER, Relation.RIVAL):
        raise OperatorError(
            f"{source} (version {new.charter.version}) is {_WORSE[relation]} the charter that "
            f"{data} has pinned (version {old.charter.version}, words {old.words}): a relay never "
            "goes back. If thieves signed the pinned one, set the directory up anew with `holub "
            "init --join`"
        )
