"""`holub key`: make, show and lock the key file of a person or a machine. Needs no realm."""

import os
from pathlib import Path

import click

from holub_crypto.identity import WORD_BYTES, Identity, words
from holub_relay import keyfile
from holub_relay.cli.shared import (
    json_option,
    no_passphrase_option,
    passphrase_option,
    passphrases_of,
    plain,
    print_json,
    qr,
    told,
)
from holub_relay.errors import Exit, OperatorError
from holub_relay.keyfile import Lock

_WORDS = 8
_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def key() -> None:
    """Make and look after a key file: a root key, a registrar's, a desk's."""


@key.command(epilog="Example: holub key new mayor.key")
@_file
@click.option("--name", help="Whose key it is. [default: the file's name]")
@passphrase_option
@no_passphrase_option
@json_option
@told
def new(
    file: Path, name: str | None, passphrase_file: Path | None, no_passphrase: bool, as_json: bool
) -> None:
    """Make a key in FILE, under a passphrase, and its public half in FILE.pub to give away."""
    label = (name or file.name.removesuffix(".key")).strip()
    if not label.isascii() or not label.isprintable() or not 1 <= len(label) <= 64:
        raise OperatorError(
            f"--name {label!r}: a key's name has 1 to 64 letters of ASCII", Exit.USAGE
        )
    if file.exists():
        raise OperatorError(f"key file {file} exists already; move it away first")
    lock = None
    if not no_passphrase:
        lock = Lock(passphrases_of(passphrase_file).new(str(file)), os.urandom)
    identity = Identity.generate(os.urandom)
    keyfile.write(file, label, identity.seed, lock)
    public = public_path(file)
    keyfile.write_public(public, label, identity.public)
    if as_json:
        print_json({"file": str(file), "public": identity.public.hex(), "public_file": str(public)})
        return
    click.echo(f"key     {file}: keep it, and a copy in another place; nobody can make it again")
    click.echo(f"public  {public}: give it to whoever writes you into the charter")
    click.echo(f"        {identity.public.hex()}")
    click.echo(f"words   {spoken(identity.public)}")


@key.command(epilog="Example: holub key show mayor.key")
@click.argument("file")
@json_option
@told
def show(file: str, as_json: bool) -> None:
    """Show a public key: of a key FILE or a .pub FILE. Asks for no passphrase."""
    public = keyfile.public_of(file)
    if as_json:
        print_json({"public": public.hex(), "words": spoken(public)})
        return
    click.echo(f"public  {public.hex()}")
    click.echo(f"words   {plain(spoken(public))}")
    click.echo(qr(public.hex()))


@key.command(epilog="Example: holub key passphrase city/keys/registrar.key")
@_file
@click.option("--remove", is_flag=True, help="Leave the key without one.")
@passphrase_option
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the new passphrase, for scripts.",
)
@told
def passphrase(
    file: Path, remove: bool, passphrase_file: Path | None, new_passphrase_file: Path | None
) -> None:
    """Set, change or remove the passphrase of a key FILE.

    A relay whose keys have one asks for it at every start, or takes it from --passphrase-file.
    """
    if remove and new_passphrase_file is not None:
        raise OperatorError("--remove takes no --new-passphrase-file", Exit.USAGE)
    held = keyfile.read(file)
    identity = held.unlock(passphrases_of(passphrase_file))
    lock = None
    if not remove:
        lock = Lock(passphrases_of(new_passphrase_file).new(str(file)), os.urandom)
    keyfile.rewrite(file, held.name, identity.seed, lock)
    click.echo(f"{file} {'has no passphrase now' if remove else 'has a new passphrase'}")


def public_path(file: Path) -> Path:
    """Return where the public half of a key file is put."""
    return file.with_name(f"{file.name.removesuffix('.key')}.pub")


def spoken(public: bytes) -> str:
    """Spell the start of a key, for two people to compare: 128 bits, beyond any search."""
    return words(public[: _WORDS * WORD_BYTES])
