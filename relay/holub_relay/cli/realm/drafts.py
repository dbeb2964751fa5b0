"""What the commands of a ceremony share: reading its files, and telling what they say."""

import os
from pathlib import Path
from typing import Any

import click

from holub_crypto.charter import Charter, decode, split
from holub_protocol.areas import ukraine
from holub_relay import ceremony, pinning
from holub_relay.ceremony import Request, Signature
from holub_relay.changes import changes, named
from holub_relay.cli.shared import at, plain, print_json
from holub_relay.errors import Exit, OperatorError
from holub_relay.files import FILE_BYTES_MAX

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
out_option = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
)


def read_draft(file: Path) -> Request | tuple[bytes, ...]:
    """Read what a change starts from: a chain of charters, or a request to amend."""
    content = ceremony.read_file(file, FILE_BYTES_MAX)
    if ceremony.is_request(content):
        return ceremony.read_request(content, file)
    if ceremony.is_signature(content):
        raise OperatorError(f"{file} is a signature: name the request that it is for", Exit.USAGE)
    chain = pinning.read_source(str(file)).chain
    ceremony.read_chain(chain, file)
    return split(chain)


def read_request(file: Path) -> Request:
    """Read a request; OperatorError names what else it is."""
    draft = read_draft(file)
    if not isinstance(draft, Request):
        raise OperatorError(
            f"{file} is a charter that is signed already, not a request: make one with "
            "`holub realm enrol`, `rotate` or `revoke`",
            Exit.USAGE,
        )
    return draft


def read_signatures(files: tuple[Path, ...]) -> tuple[Signature, ...]:
    """Read files of signatures."""
    return tuple(
        ceremony.read_signature(ceremony.read_file(file, ceremony.SIGNATURE_FILE_BYTES_MAX), file)
        for file in files
    )


def current(draft: Request | tuple[bytes, ...]) -> Charter:
    """Return the charter that a change is made to."""
    if isinstance(draft, Request):
        return draft.charter
    return decode(draft[-1]).charter


def save(request: Request, file: Path, out: Path | None, as_json: bool) -> None:
    """Write a request and tell what it would change and who has to sign it.

    An amended request replaces the file it came from, unless `out` says otherwise.
    """
    target = out or _place_of(request, file)
    if target == file:
        draft = file.with_name(f"{file.name}.new")
        draft.unlink(missing_ok=True)
        ceremony.write_new(draft, request.encode())
        os.replace(draft, file)
    else:
        ceremony.write_new(target, request.encode())
    if as_json:
        print_json({"file": str(target), **view(request, ())})
        return
    click.echo(f"wrote   {target}")
    for line in (*lines(request), *quorum_lines(request, ())):
        click.echo(line)
    click.echo(f"next    each holder: holub realm sign {target} --key FILE")


def _place_of(request: Request, file: Path) -> Path:
    if file.exists() and ceremony.is_request(file.read_bytes()[:64]):
        return file
    return file.with_name(f"charter-{request.charter.version}.request")


def view(request: Request, signatures: tuple[Signature, ...]) -> dict[str, Any]:
    """Return a request for programs."""
    quorums = request.quorums(signatures)
    return {
        "realm": request.charter.name,
        "realm_id": request.realm_id.hex(),
        "version": request.charter.version,
        "created_s": request.charter.created_s,
        "id": request.charter_id.hex(),
        "fingerprint": request.words,
        "changes": changes(request.before, request.charter, ukraine()),
        "signatures": [
            {
                "of": quorum.whose,
                "needed": quorum.threshold,
                "signed": [key.hex() for key in quorum.signed],
                "missing": [key.hex() for key in quorum.missing],
            }
            for quorum in quorums
        ],
        "complete": all(quorum.met for quorum in quorums),
    }


def lines(request: Request) -> list[str]:
    """Return a request for people: what it would change, and its words."""
    charter, before = request.charter, request.before
    name = plain(charter.name)
    head = f"request version {charter.version} of {name}, made {at(charter.created_s)}"
    out = [head, *(f"  {plain(line)}" for line in changes(before, charter, ukraine()))]
    return [*out, f"words   {request.words}"]


def quorum_lines(request: Request, signatures: tuple[Signature, ...]) -> list[str]:
    """Return how many must sign, who has, and who may still."""
    out = []
    for quorum in request.quorums(signatures):
        head = f"signed  {len(quorum.signed)} of {quorum.threshold} needed"
        out.append(f"{head} of the {quorum.whose} root keys{': enough' if quorum.met else ''}")
        out += [f"  signed    {named(key)}" for key in quorum.signed]
        if not quorum.met:
            out += [f"  may sign  {named(key)}" for key in quorum.missing]
    return out
