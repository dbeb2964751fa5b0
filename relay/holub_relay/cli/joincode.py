"""`holub join-code`: this relay's whereabouts, to type or to scan at another one."""

from pathlib import Path

import click

from holub_relay import client
from holub_relay.cli.shared import data_option, json_option, plain, print_json, qr, told


@click.command("join-code")
@data_option
@json_option
@told
def join_code(data: Path, as_json: bool) -> None:
    """Print a code by which `holub relay --peer CODE` finds this relay, as text and QR code.

    For networks where multicast is blocked. The code tells addresses, this relay's key and the
    realm, and the district's gate key where there is one, which makes it a secret of the district;
    nothing else in it is secret, and it admits nobody to the realm.
    """
    answer = client.call(data, {"do": "join-code"})
    if as_json:
        print_json(answer)
        return
    click.echo(f"realm    {plain(answer['realm'])}")
    click.echo(f"words    {answer['fingerprint']}")
    for address in answer["addresses"]:
        click.echo(f"address  {address}")
    click.echo(f"key      {answer['key']}")
    if answer["secret"]:
        click.echo("secret   it holds the district's gate key: show it to its people only")
    click.echo(qr(answer["code"]))
    click.echo(answer["code"])
