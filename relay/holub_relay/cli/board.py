"""`holub board`: sign a board of what holds now."""

from pathlib import Path

import click

from holub_relay import client
from holub_relay.cli.shared import (
    at,
    confirm_clock_option,
    data_option,
    json_option,
    print_json,
    told,
)


@click.command()
@data_option
@click.option(
    "--adopt",
    "adopt",
    multiple=True,
    metavar="KEY",
    help="Answer for this lost key of the same authority from now on; may be repeated.",
)
@confirm_clock_option
@json_option
@told
def board(data: Path, adopt: tuple[str, ...], confirm_clock: bool, as_json: bool) -> None:
    """Sign a board now and print it. A running relay with a desk's key does so by itself, on
    every change and every 5 minutes.

    With --adopt this desk answers for a sibling's key, up to what is known here of it: what that
    key has said, is in doubt or has no name, and is not listed is over, everywhere. Look at
    `holub alert others` first, and say anew what holds.
    """
    request = {"do": "board", "confirm": confirm_clock, "adopt": list(adopt)}
    answer = client.call(data, request)
    if as_json:
        print_json(answer)
        return
    body = answer["body"]
    click.echo(f"board {answer['id']} as of {at(answer['created_s'])}")
    click.echo(f"next due in {body['next_due_s']} s; covers {len(body['covers'])} other keys")
    for word in body["words"]:
        areas = ", ".join(map(str, word["areas"]))
        click.echo(f"  {word['incident']} hazard {word['hazard']} at {areas}")
    for number, _ in body["bitmaps"]:
        click.echo(f"  hazard {number} by bitmap")
    if not body["words"] and not body["bitmaps"]:
        click.echo("  nothing is on")
