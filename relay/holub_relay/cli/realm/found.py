"""`holub realm init`: the first charter of a realm of several people."""

import os
import time
from pathlib import Path

import click

from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, NAME_BYTES_MAX, Authority, Charter
from holub_crypto.identity import Identity
from holub_protocol.areas import ukraine
from holub_relay import ceremony, keyfile
from holub_relay.ceremony import Request
from holub_relay.cli.realm.draft import areas_of
from holub_relay.cli.realm.drafts import lines, out_option, save, view
from holub_relay.cli.shared import (
    json_option,
    no_passphrase_option,
    passphrase_option,
    passphrases_of,
    print_json,
    qr,
    told,
)
from holub_relay.errors import Exit, OperatorError
from holub_relay.keyfile import Lock
from holub_relay.passphrase import Passphrases

_REGISTRARS = 2  # so that one stolen registrar can't silence the desks that both have granted


@click.command(
    epilog="Examples: holub realm init --name Kyiv --keys 3 --threshold 2 --dir kyiv; or, with "
    "keys that each holder made by `holub key new`: holub realm init --name Kyiv --threshold 2 "
    "--root mayor.pub --root fire.pub --root power.pub --registrar desk.pub"
)
@click.option("--name", required=True, help="The realm's name.")
@click.option("--threshold", type=click.IntRange(1, 16), required=True, help="How many must sign.")
@click.option("--keys", type=click.IntRange(1, 16), help="Make so many root keys here.")
@click.option("--root", "roots", multiple=True, help="A root key that its holder has made.")
@click.option("--registrar", "registrars", multiple=True, help="A registrar's key.")
@click.option("--area", "areas", multiple=True, help="What authority 1 answers for. [default: all]")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --keys: where keys and charter are put.",
)
@passphrase_option
@no_passphrase_option
@out_option
@json_option
@told
def init(
    name: str,
    threshold: int,
    keys: int | None,
    roots: tuple[str, ...],
    registrars: tuple[str, ...],
    areas: tuple[str, ...],
    folder: Path | None,
    passphrase_file: Path | None,
    no_passphrase: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Found a realm whose charter K of N root keys sign.

    With --root the keys stay with their holders, and this makes the request that each of them
    signs. With --keys one machine makes all keys and the charter, to be carried apart after.
    """
    if (keys is None) == (not roots) or (keys is None) != (folder is None):
        raise OperatorError(
            "init needs either --keys N and --dir DIR, or --root KEY ...", Exit.USAGE
        )
    if not name.strip() or len(name.encode()) > NAME_BYTES_MAX:
        raise OperatorError(f"--name {name!r}: a name has 1 to {NAME_BYTES_MAX} bytes", Exit.USAGE)
    authority = Authority(1, 0, name, name, areas_of(areas) or (EVERYWHERE,), (ANY_HAZARD,))
    granting = tuple(map(keyfile.public_of, registrars))
    if keys is None:
        holders = tuple(map(keyfile.public_of, roots))
        request = _founding(name, threshold, holders, granting, authority)
        save(request, out or Path("charter-1.request"), out, as_json)
        return
    assert folder is not None
    passphrases = None if no_passphrase else passphrases_of(passphrase_file)
    _founding(name, threshold, tuple(bytes([n]) * 32 for n in range(keys)), granting, authority)
    _make_all(folder, name, threshold, keys, granting, authority, passphrases, as_json)


def _founding(
    name: str,
    threshold: int,
    roots: tuple[bytes, ...],
    registrars: tuple[bytes, ...],
    authority: Authority,
) -> Request:
    try:
        charter = Charter(
            name=name,
            version=1,
            created_s=int(time.time()),
            previous=b"",
            threshold=threshold,
            roots=tuple(sorted(set(roots))),
            registrars=tuple(sorted(set(registrars))),
            authorities=(authority,),
            registry=ukraine().digest,
        )
    except ValueError as error:
        raise OperatorError(f"no charter may be so: {error}", Exit.USAGE) from None
    return ceremony.founding(charter)


def _make_all(
    folder: Path,
    name: str,
    threshold: int,
    keys: int,
    registrars: tuple[bytes, ...],
    authority: Authority,
    passphrases: Passphrases | None,
    as_json: bool,
) -> None:
    """Make every key on this machine, sign with all roots, and tell what goes where."""
    labels = [f"root-{number}" for number in range(1, keys + 1)]
    if not registrars:
        labels += [f"registrar-{number}" for number in range(1, _REGISTRARS + 1)]
    made = {label: _key(folder, label, passphrases) for label in labels}
    roots = tuple(made[label] for label in labels if label.startswith("root"))
    granting = registrars or tuple(
        made[label].public for label in labels if label.startswith("registrar")
    )
    holders = tuple(root.public for root in roots)
    request = _founding(name, threshold, holders, granting, authority)
    signatures = tuple(map(request.sign, roots))
    path = folder / "charter.cbor"
    ceremony.write_new(path, request.combine(signatures))
    if as_json:
        files = {label: str(folder / f"{label}.key") for label in labels}
        print_json({"file": str(path), "keys": files, **view(request, signatures)})
        return
    for line in lines(request):
        click.echo(line)
    click.echo(qr(request.words))
    click.echo(f"charter {path}: for every relay; it is no secret")
    for label in labels:
        use = "one holder each, off-line" if label.startswith("root") else "signs grants"
        click.echo(f"key     {folder / f'{label}.key'}: {use}")
    click.echo("Take the root keys to their holders now, and leave none of them on this machine.")


def _key(folder: Path, label: str, passphrases: Passphrases | None) -> Identity:
    path = folder / f"{label}.key"
    identity = Identity.generate(os.urandom)
    lock = Lock(passphrases.new(str(path)), os.urandom) if passphrases is not None else None
    keyfile.write(path, label, identity.seed, lock)
    return identity
