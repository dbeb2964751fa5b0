"""`holub realm show` and `charter`: the realm as a directory's node knows it."""

from pathlib import Path

import click

from holub_relay.ceremony import write_new
from holub_relay.cli.realm.grant import grant_line
from holub_relay.cli.shared import data_option, json_option, plain, print_json, qr, told
from holub_relay.client import Client, call


@click.command(epilog="Example: holub realm show --data city --qr")
@data_option
@click.option("--qr", "as_qr", is_flag=True, help="Draw the fingerprint as a QR code, too.")
@json_option
@told
def show(data: Path, as_qr: bool, as_json: bool) -> None:
    """Show the charter, its fingerprint, and what this directory's keys may do."""
    answer = call(data, {"do": "realm"})
    if as_json:
        print_json(answer)
        return
    demo = " (demo realm)" if answer["demo"] else ""
    click.echo(f"realm       {plain(answer['name'])}{demo}, charter {answer['version']}")
    click.echo(f"id          {answer['id']}")
    click.echo(f"fingerprint {answer['fingerprint']}")
    if as_qr:
        click.echo(qr(answer["fingerprint"]))
    click.echo(f"pinned      charter {answer['pinned']}: nothing leads back behind it")
    for fork in answer["forks"]:
        click.echo(f"RIVAL       charter {fork['version']}: {fork['fingerprint']}")
    click.echo(f"roots       {answer['threshold']} of {len(answer['roots'])} sign a new charter")
    for key in answer["registrars"]:
        click.echo(f"registrar   {key}")
    for authority in answer["authorities"]:
        names = plain(f"{authority['name_uk']} / {authority['name_en']}")
        click.echo(f"authority   {authority['number']} {names}")
    for key in answer["revoked"]:
        click.echo(f"revoked     {key}")
    for name, key in answer["keys"].items():
        click.echo(f"{name:<11} {key['public']}")
        for grant in key["grants"]:
            click.echo(f"            {grant_line(grant)}")


@click.command(epilog="Example: holub realm charter --data city now.cbor")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_option
@told
def charter(file: Path, data: Path) -> None:
    """Write the charter in force, with those before it, to FILE.

    From it a ceremony starts, and by it new relays join.
    """
    with Client(data) as client:
        ids = [row[0] for row in client.call({"do": "export"})["charters"]]
        bodies = client.call({"do": "export", "ids": ids})["bodies"]
        answer = client.call({"do": "realm"})
    write_new(file, b"".join(bytes.fromhex(raw) for raw, _ in bodies))
    click.echo(f"wrote {file}: charter {answer['version']} of {plain(answer['name'])}")
    click.echo(f"fingerprint {answer['fingerprint']}")
