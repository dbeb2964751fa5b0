"""`holub list`: what the node holds."""

import json
from pathlib import Path

import click

from holub_relay.cli.shared import at, data_option, json_option, place, told
from holub_relay.client import Client
from holub_relay.requests import Answer


@click.command("list")
@data_option
@click.option("--kind", help="Only this kind, as alert, board or grant.")
@json_option
@told
def list_(data: Path, kind: str | None, as_json: bool) -> None:
    """List the messages held, the most urgent class first, the oldest first within it."""
    with Client(data) as client:
        after: str | None = ""
        if as_json:
            click.echo("[", nl=False)
        first = True
        while after is not None:
            answer = client.call({"do": "list", "kind": kind, "after": after})
            for message in answer["messages"]:
                if as_json:
                    click.echo(("" if first else ",") + "\n " + _json(message), nl=False)
                else:
                    click.echo(_line(message))
                first = False
            after = answer["next"]
        if as_json:
            click.echo("\n]")


def _json(message: Answer) -> str:
    return json.dumps(message, ensure_ascii=False)


def _line(message: Answer) -> str:
    return (
        f"{message['id'][:16]} {message['kind']:<12} {at(message['created_s'])} "
        f"{message['bytes']:>5} B  {place(message['area'])}"
    )
