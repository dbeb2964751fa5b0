"""`holub realm sign` and `combine`: signatures of several people, and the charter they make."""

from pathlib import Path

import click

from holub_relay import ceremony, keyfile
from holub_relay.cli.realm.drafts import (
    file_argument,
    lines,
    out_option,
    read_request,
    read_signatures,
)
from holub_relay.cli.shared import (
    json_option,
    passphrase_option,
    passphrases_of,
    print_json,
    qr,
    told,
)
from holub_relay.errors import OperatorError


@click.command(epilog="Example: holub realm sign charter-2.request --key mayor.key")
@file_argument
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Your root key's file.",
)
@passphrase_option
@click.option("--yes", is_flag=True, help="You have read it already: do not ask.")
@click.option("--qr", "as_qr", is_flag=True, help="Draw the signature as a QR code, too.")
@out_option
@json_option
@told
def sign(
    file: Path,
    key_file: Path,
    passphrase_file: Path | None,
    yes: bool,
    as_qr: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Read what the request FILE would change, and sign it with your root key.

    This needs no network, no relay and no data directory. The signature is a few lines of text:
    send them back by any way.
    """
    request = read_request(file)
    held = keyfile.read(key_file)
    request.check_signer(held.public)
    if not as_json:
        for line in lines(request):
            click.echo(line)
    if not yes and click.prompt("Sign this? Type yes or no", err=True).strip().lower() != "yes":
        raise OperatorError("not signed")
    signature = request.sign(held.unlock(passphrases_of(passphrase_file)))
    target = out or file.with_name(f"{file.stem}.{key_file.stem}.signature")
    ceremony.write_new(target, signature.encode().encode())
    if as_json:
        print_json(
            {
                "file": str(target),
                "charter": signature.charter_id.hex(),
                "key": signature.key.hex(),
                "signature": signature.signature.hex(),
            }
        )
        return
    if as_qr:
        click.echo(qr(signature.encode()))
    click.echo(f"wrote   {target}: send it to whoever combines")


@click.command(
    epilog="Example: holub realm combine charter-2.request charter-2.mayor.signature "
    "charter-2.fire.signature"
)
@file_argument
@click.argument(
    "signatures",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="SIGNATURE...",
)
@out_option
@json_option
@told
def combine(file: Path, signatures: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Make the charter of the request FILE and of enough signatures of it.

    The result holds all versions: relays pin it, new ones join by it.
    """
    request = read_request(file)
    given = read_signatures(signatures)
    chain = request.combine(given)
    target = out or file.with_name(f"charter-{request.charter.version}.cbor")
    ceremony.write_new(target, chain)
    if as_json:
        print_json(
            {
                "file": str(target),
                "version": request.charter.version,
                "fingerprint": request.words,
                "signed": [signature.key.hex() for signature in given],
            }
        )
        return
    click.echo(f"wrote   {target}: version {request.charter.version}")
    click.echo(f"words   {request.words}")
    if request.chain:
        click.echo(f"next    at one relay: holub realm pin {target} --data DIR; it passes it on")
    else:
        click.echo(f"next    at each relay: holub init --data DIR --join {target}")
