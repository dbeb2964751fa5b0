"""`holub show`: one message in full."""

import json
from pathlib import Path

import click

from holub_relay import client
from holub_relay.cli.shared import at, data_option, json_option, place, plain, print_json, told


@click.command()
@click.argument("id_", metavar="ID")
@data_option
@json_option
@told
def show(id_: str, data: Path, as_json: bool) -> None:
    """Show the message with this ID, or the only one that begins so."""
    answer = client.call(data, {"do": "show", "id": id_})
    if as_json:
        print_json(answer)
        return
    click.echo(f"id       {answer['id']}")
    click.echo(f"kind     {answer['kind']}, {answer['bytes']} bytes")
    click.echo(f"created  {at(answer['created_s'])}, number {answer['k']} of its hour")
    click.echo(f"valid    until {at(answer['expires_s'])}")
    click.echo(f"area     {place(answer['area'])}")
    click.echo(f"signer   {answer['signer']}, for authority {answer['authority']}")
    if "body" in answer:
        click.echo("body")
        for name, value in answer["body"].items():
            click.echo(f"  {name:<10} {plain(json.dumps(value, ensure_ascii=False))}")
    click.echo(f"raw      {answer['raw']}")
