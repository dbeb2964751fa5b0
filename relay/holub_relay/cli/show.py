"""`holub show`: one message in full."""

import io
import json
from pathlib import Path
from typing import Final

import click
import segno

from holub_relay import base45, client
from holub_relay.cli.shared import at, data_option, json_option, place, plain, print_json, told
from holub_relay.errors import OperatorError

QR_BYTES_MAX: Final = 2864
"""The largest QR code (version 40, level L) holds 4296 characters of base45: two bytes in three."""


@click.command()
@click.argument("id_", metavar="ID")
@data_option
@click.option("--qr", "as_qr", is_flag=True, help="Print it as a QR code for `holub import`.")
@json_option
@told
def show(id_: str, data: Path, as_qr: bool, as_json: bool) -> None:
    """Show the message with this ID, or the only one that begins so."""
    answer = client.call(data, {"do": "show", "id": id_})
    if as_qr:
        text = base45.encode(_fitting(bytes.fromhex(answer["raw"])))
        answer["qr_text"] = text
        if not as_json:
            click.echo(blocks(text))
            click.echo(text)
            return
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


def _fitting(raw: bytes) -> bytes:
    if len(raw) > QR_BYTES_MAX:
        raise OperatorError(
            f"this message has {len(raw)} bytes and a QR code holds {QR_BYTES_MAX}; use "
            "`holub export`"
        )
    return raw


def blocks(text: str) -> str:
    """Return a QR code in half blocks, light on a dark terminal. Its error correction is the
    strongest that makes it no larger."""
    out = io.StringIO()
    segno.make_qr(text, error="l").terminal(out, compact=True)
    return out.getvalue().rstrip("\n")
