"""`holub realm verify`: what a file of a ceremony says, who signed it, and what it would change."""

from pathlib import Path
from typing import Any

import click

from holub_crypto.charter import Charter, decode, fingerprint, split
from holub_protocol.areas import ukraine
from holub_relay import ceremony, pinning
from holub_relay.ceremony import Relation, Request
from holub_relay.changes import changes, named
from holub_relay.cli.realm.drafts import (
    file_argument,
    lines,
    quorum_lines,
    read_draft,
    read_signatures,
    view,
)
from holub_relay.cli.shared import at, json_option, plain, print_json, qr, told
from holub_relay.errors import OperatorError


@click.command(
    epilog="Examples: holub realm verify charter-2.request charter-2.mayor.signature; "
    "holub realm verify charter-2.cbor --against city/charter.cbor"
)
@file_argument
@click.argument(
    "signatures",
    nargs=-1,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="[SIGNATURE]...",
)
@click.option("--against", help="A charter that you trust, as the one a relay has pinned.")
@click.option("--qr", "as_qr", is_flag=True, help="Draw the fingerprint as a QR code, too.")
@json_option
@told
def verify(
    file: Path, signatures: tuple[Path, ...], against: str | None, as_qr: bool, as_json: bool
) -> None:
    """Tell what FILE is, a request or a charter: who signed it, what is missing, what it changes.

    Everything is checked from the realm's first charter on. Without --against that first charter
    is believed: compare the words with those that you have on paper.
    """
    draft = read_draft(file)
    given = read_signatures(signatures)
    trusted = split(_trusted(against)) if against is not None else None
    if isinstance(draft, Request):
        relation = _compared(trusted, draft.chain, against)
        shown, text, words = (
            view(draft, given),
            [*lines(draft), *quorum_lines(draft, given)],
            draft.words,
        )
    else:
        if given:
            raise OperatorError(f"{file} is a charter that is signed already: leave SIGNATURE out")
        relation = _compared(trusted, draft, against)
        shown, text, words = _charter_view(draft), _charter_lines(draft), _words(draft)
    if trusted is not None and relation is not None:
        text += _comparison(trusted, draft, relation)
    if as_json:
        print_json({**shown, "against": relation})
        return
    for line in text:
        click.echo(line)
    if as_qr:
        click.echo(qr(words))


def _trusted(source: str) -> bytes:
    chain = pinning.read_source(source).chain
    ceremony.read_chain(chain, source)
    return chain


def _compared(
    trusted: tuple[bytes, ...] | None, chain: tuple[bytes, ...], source: str | None
) -> Relation | None:
    if trusted is None:
        return None
    found = ceremony.relation(trusted, chain)
    if found is None:
        raise OperatorError(f"this is of another realm than {source}")
    return found


def _comparison(
    trusted: tuple[bytes, ...], draft: Request | tuple[bytes, ...], relation: Relation
) -> list[str]:
    mine = decode(trusted[-1]).charter
    request = isinstance(draft, Request)
    theirs = draft.charter if isinstance(draft, Request) else decode(draft[-1]).charter
    what = "it starts from" if request else "it is"
    match relation:
        case Relation.SAME:
            said = f"{what} the charter that you trust, version {mine.version}"
        case Relation.NEWER:
            said = f"{what} one that follows yours, version {mine.version}"
        case Relation.OLDER:
            said = f"! {what} one OLDER than yours, version {mine.version}: " + (
                "signed, it would rival yours. Ask for a request from the newest charter"
                if request
                else "no relay that has yours goes back to it"
            )
        case Relation.RIVAL:
            said = (
                f"! {what} a RIVAL of yours, version {mine.version}; both are signed. Telephone "
                "the holders of the root keys before you sign or pin anything"
            )
    out = [f"against {said}"]
    if relation is Relation.NEWER:
        out += [f"  in all: {plain(line)}" for line in changes(mine, theirs, ukraine())]
    return out


def _words(chain: tuple[bytes, ...]) -> str:
    ids = ceremony.charter_ids(chain)
    return fingerprint(ids[0], ids[-1])


def _signers(chain: tuple[bytes, ...], number: int) -> tuple[bytes, ...]:
    """Return the root keys that signed version `number` + 1 of a verified chain."""
    signed = decode(chain[number])
    roots: tuple[bytes, ...] = signed.charter.roots
    if number:
        roots += decode(chain[number - 1]).charter.roots
    return signed.signers(roots, ceremony.charter_ids(chain)[0])


def _charter_view(chain: tuple[bytes, ...]) -> dict[str, Any]:
    charters = [decode(raw).charter for raw in chain]
    before: list[Charter | None] = [None, *charters[:-1]]
    return {
        "realm": charters[-1].name,
        "realm_id": ceremony.charter_ids(chain)[0].hex(),
        "version": charters[-1].version,
        "fingerprint": _words(chain),
        "complete": True,
        "versions": [
            {
                "version": charter.version,
                "created_s": charter.created_s,
                "changes": changes(old, charter, ukraine()),
                "signed": [key.hex() for key in _signers(chain, number)],
            }
            for number, (old, charter) in enumerate(zip(before, charters, strict=True))
        ],
    }


def _charter_lines(chain: tuple[bytes, ...]) -> list[str]:
    shown = _charter_view(chain)
    out = [f"charter version {shown['version']} of {plain(shown['realm'])}, signed by enough keys"]
    for version in shown["versions"]:
        out.append(f"version {version['version']}, made {at(version['created_s'])}")
        out += [f"  {plain(line)}" for line in version["changes"]]
        out += [f"  signed by {named(bytes.fromhex(key))}" for key in version["signed"]]
    return [*out, f"words   {shown['fingerprint']}"]
