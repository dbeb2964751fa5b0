"""`holub send`: announce a file too large for a message, and give it to the node."""

import mimetypes
import sys
from base64 import b64encode
from pathlib import Path
from typing import Final

import click

from holub_protocol.limits import PAYLOAD_BYTES
from holub_protocol.payloads.layout import cut
from holub_relay.asking import Answer
from holub_relay.cli.shared import (
    confirm_clock_option,
    data_option,
    json_option,
    plain,
    print_json,
    told,
)
from holub_relay.client import Client
from holub_relay.errors import Exit, OperatorError
from holub_relay.payloads import CHUNKS_IN

UNKNOWN_TYPE: Final = "application/octet-stream"


@click.command()
@click.option(
    "--file", type=click.Path(path_type=Path), required=True, help="The file; up to 1.5 MiB."
)
@data_option
@click.option("--name", help="What people see; the next of this name replaces it. [the file's]")
@click.option("--media-type", help="As image/png. [by the file's name]")
@click.option("--area", default="0", help="An area's id. [default: 0, everywhere]")
@click.option("--lifetime", type=click.IntRange(1, 365), default=30, help="Days. [default: 30]")
@confirm_clock_option
@json_option
@told
def send(
    file: Path,
    data: Path,
    name: str | None,
    media_type: str | None,
    area: str,
    lifetime: int,
    confirm_clock: bool,
    as_json: bool,
) -> None:
    """Sign a manifest of FILE with this machine's desk key, and give its chunks to the node.

    Interrupted, the same command goes on; relays begin to fetch at once.
    """
    content = read_file(file)
    lists, chunks = cut(content)
    media_type = media_type or mimetypes.guess_type(file.name)[0] or UNKNOWN_TYPE
    with Client(data) as client:
        answer = client.call(
            {
                "do": "payload-send",
                "name": name or file.name,
                "media_type": media_type,
                "area": area,
                "lifetime_s": lifetime * 86_400,
                "bytes": len(content),
                "lists": b64encode(lists).decode(),
                "confirm": confirm_clock,
            }
        )
        answer = give(client, answer["id"], chunks)
    if as_json:
        print_json(answer)
        return
    click.echo(f"sent     {plain(answer['name'])}, {answer['bytes']} bytes, {media_type}")
    click.echo(f"payload  {answer['id']}")
    click.echo(f"at another relay: holub get {answer['id'][:16]} -o FILE --data DIR")


def read_file(file: Path) -> bytes:
    """Return a file's content; OperatorError where it can't be read, is empty or too large."""
    try:
        with file.open("rb") as opened:
            content = opened.read(PAYLOAD_BYTES + 1)
    except FileNotFoundError:
        raise OperatorError(f"there is no file {file}", Exit.NOT_FOUND) from None
    except OSError as error:
        raise OperatorError(f"can't read {file}: {error.strerror}") from None
    if not 1 <= len(content) <= PAYLOAD_BYTES:
        size = "nothing" if not content else f"more than {PAYLOAD_BYTES} bytes"
        raise OperatorError(f"{file} has {size}; a payload has 1 to {PAYLOAD_BYTES}: make it fit")
    return content


def give(client: Client, id_: str, chunks: tuple[bytes, ...]) -> Answer:
    """Give all chunks to the node, a few a request; each answer says that they are on disk."""
    answer: Answer = {}
    with click.progressbar(length=len(chunks), label="storing", file=sys.stderr) as bar:
        for first in range(0, len(chunks), CHUNKS_IN):
            some = chunks[first : first + CHUNKS_IN]
            encoded = [b64encode(chunk).decode() for chunk in some]
            answer = client.call(
                {"do": "payload-put", "id": id_, "first": first, "chunks": encoded}
            )
            bar.update(len(some))
    return answer
