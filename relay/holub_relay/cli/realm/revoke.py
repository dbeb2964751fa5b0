"""`holub realm revoke` and `vouch`: what becomes of a lost key, and who says so."""

from datetime import UTC, datetime
from pathlib import Path

import click

from holub_relay import client, keyfile
from holub_relay.changes import named
from holub_relay.cli.realm.draft import revocation
from holub_relay.cli.realm.drafts import out_option
from holub_relay.cli.shared import (
    at,
    confirm_clock_option,
    data_option,
    json_option,
    print_json,
    told,
)
from holub_relay.errors import Exit, OperatorError
from holub_relay.revoking import SIGNERS


@click.command(
    epilog="Examples: holub realm revoke --key KEY --since 2026-11-22T10:40Z --data city; "
    "holub realm revoke now.cbor --key stolen-registrar.pub"
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--key", "keys", multiple=True, required=True, help="A key that nobody trusts now.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Without FILE: the directory of the registrar, or of whoever revokes.",
)
@click.option("--since", help="When it was lost: what came here before that time stays.")
@click.option("--by", type=click.Choice(SIGNERS), help="Which key of the directory revokes.")
@click.option("--undo", is_flag=True, help="With FILE: trust it again.")
@confirm_clock_option
@out_option
@json_option
@told
def revoke(
    file: Path | None,
    keys: tuple[str, ...],
    data: Path | None,
    since: str | None,
    by: str | None,
    undo: bool,
    confirm_clock: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Revoke a KEY: by a registrar's word at once, or for good by the next charter.

    With --data the registrar (or who else granted the key, or the key itself) signs a revocation,
    which reaches every relay before any other message. It cuts what this registrar has granted; a
    desk that another one has enrolled, too, needs that one's word as well. Alerts of the key become
    unknown, but for those that had come here --since it was lost. This is never taken back.

    With FILE, the charter in force or a request, it makes a request for a charter that revokes the
    key, whoever granted it; enough holders of root keys have to sign that. A registrar's key also
    leaves the list of registrars.
    """
    if (file is None) == (data is None):
        raise OperatorError(
            "revoke needs --data DIR, for a registrar's word, or FILE, for a new charter",
            Exit.USAGE,
        )
    if file is not None:
        if since is not None or by is not None:
            raise OperatorError("--since and --by belong to --data", Exit.USAGE)
        revocation(file, keys, undo, out, as_json)
        return
    assert data is not None
    if undo or out is not None or len(keys) != 1:
        raise OperatorError(
            "with --data it revokes one --key, for good: --undo and --out belong to FILE",
            Exit.USAGE,
        )
    key = keyfile.public_of(keys[0])
    answer = client.call(
        data,
        {
            "do": "revoke",
            "key": key.hex(),
            "since_s": None if since is None else second_of(since),
            "by": by,
            "confirm": confirm_clock,
        },
    )
    if as_json:
        print_json(answer)
        return
    click.echo(f"revoked  key {named(key)}")
    more = f"; {answer['left_out']} more found no room" if answer["left_out"] else ""
    click.echo(f"stays    {answer['kept']} messages{more}")
    click.echo(f"message  {answer['id']}")


@click.command(epilog="Example: holub realm vouch --data city")
@data_option
@confirm_clock_option
@json_option
@told
def vouch(data: Path, confirm_clock: bool, as_json: bool) -> None:
    """Sign a trust board: which charter is in force, and which revocations there are.

    By it every relay sees whether revocations are kept from it. A running relay that has a
    registrar's key signs one by itself, on every change and every half an hour.
    """
    answer = client.call(data, {"do": "vouch", "confirm": confirm_clock})
    if as_json:
        print_json(answer)
        return
    click.echo(f"vouched  charter {answer['charter']}, revocations {answer['revocations']}")
    click.echo(f"due      the next one by {at(answer['next_due_s'])}")


def second_of(text: str) -> int:
    """Read a time, ISO 8601 (without a zone: this machine's) or Unix seconds."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
        raise OperatorError(f"--since {text!r} is no time; write it as {now}", Exit.USAGE) from None
    return int(moment.timestamp())
