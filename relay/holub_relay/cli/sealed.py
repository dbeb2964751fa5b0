"""`holub sealed`: what one service alone reads, from sealing to the answer.

Contents and the keys that open them stay in this process: the relay gets boxes.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from holub_crypto.identity import Identity, key_hint
from holub_crypto.sealing import SealingError, seal, unseal
from holub_protocol.letters import LETTER_BYTES_MAX, Letter
from holub_protocol.message import BodyError
from holub_relay import client, keyfile
from holub_relay.cli.shared import (
    at,
    confirm_clock_option,
    data_option,
    json_option,
    passphrase_option,
    passphrases_of,
    plain,
    print_json,
    told,
)
from holub_relay.errors import Exit, OperatorError

_ANSWER_NAME: Final = "answer"

_file_option = click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    required=True,
    help="The content; - for standard input.",
)
_keys_option = click.option(
    "--key",
    "keys",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    required=True,
    help="A key file that opens boxes; give an old one, too, while its boxes arrive.",
)


@click.group()
def sealed() -> None:
    """Send and read what is sealed to one service, so that no relay on the way reads it."""


@sealed.command(epilog="Example: holub sealed send --data DIR --to KEY --kind need --file need.txt")
@data_option
@click.option("--to", required=True, help="The service's key, or the key's hint.")
@click.option("--kind", required=True, help="need, need-medical, checkin, request, missing, offer.")
@_file_option
@click.option("--area", help="The area it is about. [default: the node's own]")
@click.option(
    "--answer-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the key that opens the answer to this new file: whoever has it reads the answer.",
)
@confirm_clock_option
@json_option
@told
def send(
    data: Path,
    to: str,
    kind: str,
    file: Path,
    area: str | None,
    answer_key: Path | None,
    confirm_clock: bool,
    as_json: bool,
) -> None:
    """Seal a content to a service and publish the box."""
    content = _content(file)
    found = client.call(data, {"do": "sealing-key", "to": to})
    one_time = Identity.generate(os.urandom) if answer_key is not None else None
    if answer_key is not None and one_time is not None:
        keyfile.write(answer_key, _ANSWER_NAME, one_time.seed)
    letter = Letter(content, one_time.public if one_time is not None else b"")
    box = _sealed(bytes.fromhex(found["key"]), letter)
    request = {
        "do": "post",
        "kind": kind,
        "service": found["service"],
        "box": box.hex(),
        "area": area,
        "confirm": confirm_clock,
    }
    try:
        _published(client.call(data, request), as_json)
    except OperatorError:
        if answer_key is not None:
            answer_key.unlink(missing_ok=True)  # it opens nothing: there is no letter
        raise


@sealed.command(epilog="Example: holub sealed read --data DIR --key sealing.key --service KEY")
@data_option
@_keys_option
@click.option("--service", help="The service's key, or its hint. [default: of the keys given]")
@passphrase_option
@json_option
@told
def read(
    data: Path, keys: tuple[Path, ...], service: str | None, passphrase_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Open the boxes that this node holds for a service, or for the key of an answer."""
    letters = [_told(row, letter) for row, letter in _opened(data, keys, service, passphrase_file)]
    if as_json:
        print_json(letters)
        return
    for each in letters:
        click.echo(f"{each['id'][:16]} {each['kind']:<12} {at(each['created_s'])}")
        click.echo(plain(each["text"] if each["text"] is not None else each["content"]))
    if not letters:
        click.echo("no box here opens with this key", err=True)


@sealed.command(epilog="Example: holub sealed answer ID --data DIR --key sealing.key --file a.txt")
@click.argument("id_", metavar="ID")
@data_option
@_keys_option
@click.option("--service", help="The service's key, or its hint. [default: of the keys given]")
@_file_option
@passphrase_option
@confirm_clock_option
@json_option
@told
def answer(
    id_: str, data: Path, keys: tuple[Path, ...], service: str | None, file: Path,
    passphrase_file: Path | None, confirm_clock: bool, as_json: bool,
) -> None:  # fmt: skip
    """Answer a letter: sealed to the one-time key that it came with, signed by this desk."""
    content = _content(file)
    opened = _opened(data, keys, service, passphrase_file)
    found = [each for each in opened if each[0]["id"].startswith(id_.lower())]
    if len(found) != 1:
        raise OperatorError(
            f"{len(found)} boxes that open here have an id like {id_!r}", Exit.NOT_FOUND
        )
    row, letter = found[0]
    if not letter.reply_to:
        raise OperatorError(f"message {row['id'][:16]} awaits no answer: it came without a key")
    request = {
        "do": "post",
        "kind": "reply",
        "service": key_hint(letter.reply_to).hex(),
        "box": _sealed(letter.reply_to, Letter(content)).hex(),
        "confirm": confirm_clock,
    }
    _published(client.call(data, request), as_json)


def _opened(
    data: Path, keys: tuple[Path, ...], service: str | None, passphrase_file: Path | None
) -> list[tuple[dict[str, Any], Letter]]:
    """The boxes that one of the keys opens, with what they hold."""
    passphrases = passphrases_of(passphrase_file)
    identities = [keyfile.unlocked(path, passphrases) for path in keys]
    services = [service] if service else [key_hint(i.public).hex() for i in identities]
    found = []
    for row in client.call(data, {"do": "boxes", "services": services})["boxes"]:
        for identity in identities:
            try:
                letter = Letter.read(unseal(identity, bytes.fromhex(row["box"])))
            except (SealingError, BodyError):
                continue
            found.append((row, letter))
            break
    return found


def _told(row: dict[str, Any], letter: Letter) -> dict[str, Any]:
    try:
        text: str | None = letter.content.decode()
    except UnicodeDecodeError:
        text = None
    return {
        "id": row["id"],
        "kind": row["kind"],
        "created_s": row["created_s"],
        "content": letter.content.hex(),
        "text": text,
        "awaits_answer": bool(letter.reply_to),
    }


def _published(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer['kind']} {answer['id']}, {answer['bytes']} bytes")


def _content(file: Path) -> bytes:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(LETTER_BYTES_MAX + 1)
        else:
            with file.open("rb") as stream:
                content = stream.read(LETTER_BYTES_MAX + 1)
    except OSError as error:
        raise OperatorError(f"can't read {file}: {error.strerror}") from None
    if len(content) > LETTER_BYTES_MAX:
        raise OperatorError(f"{file} has over {LETTER_BYTES_MAX} bytes, which is what a box holds")
    return content


def _sealed(key: bytes, letter: Letter) -> bytes:
    try:
        return seal(key, letter.write(), os.urandom)
    except SealingError as error:
        raise OperatorError(str(error)) from None
