"""`holub get`: a payload as a file, once all of it is here."""

import os
import sys
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from holub_protocol.payloads.layout import Layout, cut
from holub_relay.asking import Answer
from holub_relay.cli.shared import data_option, json_option, plain, print_json, told
from holub_relay.client import Client
from holub_relay.errors import OperatorError

POLL_S: Final = 0.5


@click.command()
@click.argument("id_", metavar="ID")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="The file to write."
)
@data_option
@click.option("--wait", type=click.FloatRange(min=0), help="Seconds at most. [default: no limit]")
@json_option
@told
def get(id_: str, output: Path, data: Path, wait: float | None, as_json: bool) -> None:
    """Wait until payload ID is whole here, and write it to a file.

    The relay fetches it before others meanwhile. Interrupted, what has come stays: the same
    command goes on. The file is there whole, or not at all.
    """
    with Client(data) as client:
        answer = awaited(client, id_, wait, time.monotonic, time.sleep)
        content = collected(client, answer)
    write(output, content)
    if as_json:
        print_json({**answer, "file": str(output)})
    else:
        click.echo(f"wrote {output}: {plain(answer['name'])}, {answer['bytes']} bytes")


def awaited(
    client: Client,
    id_: str,
    wait_s: float | None,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Answer:
    """Wait until all chunks are held; OperatorError says how many are when there is no more to
    wait for."""
    request = {"do": "payload", "id": id_, "wanted": True}
    answer = client.call(request)
    until_s = None if wait_s is None else clock() + wait_s
    if not client.daemon:
        until_s = clock()
    with click.progressbar(length=answer["chunks"], label="fetching", file=sys.stderr) as bar:
        bar.update(answer["held"])
        while answer["held"] < answer["chunks"]:
            if until_s is not None and clock() >= until_s:
                raise OperatorError(_too_early(answer, client.daemon))
            sleep(POLL_S)
            before, answer = answer["held"], client.call(request)
            bar.update(answer["held"] - before)
    return answer


def _too_early(answer: Answer, daemon: bool) -> str:
    have = f"{answer['held']} of {answer['chunks']} chunks are here"
    if not daemon:
        return f"{have}, and no relay runs to fetch the rest; start it with `holub relay`"
    if not answer["room"]:
        return f"{have}: the store has no room for all of it; raise store_mib in holub.toml"
    return f"{have}; what has come stays, ask again with a longer --wait"


def collected(client: Client, answer: Answer) -> bytes:
    """Read all chunks and prove the content by what the manifest lists."""
    layout = Layout(answer["bytes"])
    chunks: list[bytes] = []
    while len(chunks) < layout.count:
        request = {"do": "payload-read", "id": answer["id"], "first": len(chunks)}
        for text in client.call(request)["chunks"]:
            if text is None:
                raise OperatorError(
                    f"chunk {len(chunks)} was damaged on disk and is fetched anew; ask again"
                )
            chunks.append(b64decode(text))
    content = b"".join(chunks[layout.lists :])
    if len(content) != answer["bytes"] or cut(content)[0] != b64decode(answer["lists"]):
        raise OperatorError("the chunks are not those that the manifest lists; ask again")
    return content


def write(file: Path, content: bytes) -> None:
    """Write a file so that it is whole or as before; OperatorError where there is another."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        if file.exists():
            if not file.is_file() or file.read_bytes() != content:
                raise OperatorError(f"{file} is there and is another: choose another name")
            return
        with part.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise OperatorError(f"can't write {file}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
