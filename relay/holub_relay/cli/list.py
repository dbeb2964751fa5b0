"""`holub list`: what the node holds."""

import json
from pathlib import Path

import click

from holub_relay.asking import Answer
from holub_relay.cli.shared import at, data_option, json_option, place, plain, told
from holub_relay.client import Client


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
    line = (
        f"{message['id'][:16]} {message['kind']:<12} {at(message['created_s'])} "
        f"{message['bytes']:>5} B  {place(message['area'])}"
    )
    payload = message.get("payload")
    return line if payload is None else f"{line}  {_payload(payload)}"


def _payload(payload: Answer) -> str:
    """How far a payload is."""
    whole = payload["held"] == payload["chunks"]
    far = "whole" if whole else f"{payload['held']} of {payload['chunks']} chunks"
    room = "" if payload["room"] else ", no room"
    return f"{plain(payload['name'])}, {payload['bytes']} B, {far}{room}"
