"""`holub realm enrol`, `rotate` and `revoke`: requests for the next charter."""

import time
from dataclasses import replace
from pathlib import Path

import click

from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, Authority
from holub_protocol.areas import ukraine
from holub_protocol.hazards import hazard_named
from holub_relay import ceremony, keyfile
from holub_relay.cli.realm.drafts import current, file_argument, out_option, read_draft, save
from holub_relay.cli.shared import json_option, told
from holub_relay.errors import Exit, OperatorError
from holub_relay.realm import area_of


@click.command(epilog="Example: holub realm enrol now.cbor --registrar fire.pub")
@file_argument
@click.option("--registrar", "registrars", multiple=True, help="A key that may sign grants.")
@click.option("--no-registrar", "dropped", multiple=True, help="A key that no longer may.")
@click.option("--authority", type=click.IntRange(1, 65_535), help="The number of an authority.")
@click.option("--name-uk", help="Its name in Ukrainian.")
@click.option("--name-en", help="Its name in English.")
@click.option("--parent", type=click.IntRange(0, 65_535), help="The authority above it, or 0.")
@click.option("--area", "areas", multiple=True, help="An area it answers for. [default: all]")
@click.option("--hazard", "hazards", multiple=True, help="A hazard it answers for. [default: all]")
@click.option("--no-authority", type=click.IntRange(1, 65_535), help="Drop this authority.")
@out_option
@json_option
@told
def enrol(
    file: Path,
    registrars: tuple[str, ...],
    dropped: tuple[str, ...],
    authority: int | None,
    name_uk: str | None,
    name_en: str | None,
    parent: int | None,
    areas: tuple[str, ...],
    hazards: tuple[str, ...],
    no_authority: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Request a charter that names other registrars or authorities than FILE does.

    FILE is the charter in force (see `holub realm charter`), or a request, which is amended. A KEY
    is 64 hexadecimal digits or a .pub file.
    """
    draft = read_draft(file)
    charter = current(draft)
    described = (name_uk, name_en, parent, *areas, *hazards)
    if authority is None and any(value is not None for value in described):
        raise OperatorError(
            "names, --parent, --area and --hazard belong to --authority", Exit.USAGE
        )
    bodies = {a.number: a for a in charter.authorities}
    if no_authority is not None and bodies.pop(no_authority, None) is None:
        raise OperatorError(f"--no-authority {no_authority}: there are {sorted(bodies)}")
    if authority is not None:
        old = bodies.get(authority)
        if old is None and (name_uk is None or name_en is None):
            raise OperatorError(
                f"authority {authority} is new: it needs --name-uk and --name-en", Exit.USAGE
            )
        base = old or Authority(authority, 0, "", "", (EVERYWHERE,), (ANY_HAZARD,))
        bodies[authority] = replace(
            base,
            parent=base.parent if parent is None else parent,
            name_uk=base.name_uk if name_uk is None else name_uk,
            name_en=base.name_en if name_en is None else name_en,
            areas=areas_of(areas) or base.areas,
            hazards=hazards_of(hazards) or base.hazards,
        )
    request = ceremony.following(
        draft,
        int(time.time()),
        registrars=_changed("registrar", charter.registrars, registrars, dropped),
        authorities=tuple(bodies[number] for number in sorted(bodies)),
    )
    save(request, file, out, as_json)


@click.command(epilog="Example: holub realm rotate now.cbor --drop stolen.pub --add new.pub")
@file_argument
@click.option("--add", "added", multiple=True, help="A new root key.")
@click.option("--drop", "dropped", multiple=True, help="A root key that goes.")
@click.option("--threshold", type=click.IntRange(1, 16), help="How many must sign from then on.")
@out_option
@json_option
@told
def rotate(
    file: Path,
    added: tuple[str, ...],
    dropped: tuple[str, ...],
    threshold: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Request a charter with other root keys than FILE has.

    It takes signatures of enough old and of enough new root keys.
    """
    draft = read_draft(file)
    charter = current(draft)
    request = ceremony.following(
        draft,
        int(time.time()),
        roots=_changed("root key", charter.roots, added, dropped),
        threshold=charter.threshold if threshold is None else threshold,
    )
    save(request, file, out, as_json)


def revocation(
    file: Path, keys: tuple[str, ...], undo: bool, out: Path | None, as_json: bool
) -> None:
    """Request a charter that revokes keys, or with `undo` no longer does (see cli.realm.revoke)."""
    draft = read_draft(file)
    charter = current(draft)
    named = tuple(map(keyfile.public_of, keys))
    for key in named:
        if key in charter.roots:
            raise OperatorError(
                f"{key.hex()} is a root key: `holub realm rotate {file} --drop {key.hex()} "
                "--add NEW` puts another in its place",
                Exit.USAGE,
            )
    digits = tuple(key.hex() for key in named)
    revoked = _changed("revoked key", charter.revoked, *((), digits) if undo else (digits, ()))
    registrars = charter.registrars
    if not undo:
        registrars = tuple(key for key in registrars if key not in named)
    request = ceremony.following(draft, int(time.time()), revoked=revoked, registrars=registrars)
    save(request, file, out, as_json)


def areas_of(texts: tuple[str, ...]) -> tuple[int, ...]:
    """Read area ids; OperatorError as realm.area_of."""
    return tuple(sorted({area_of(text, ukraine()) for text in texts}))


def hazards_of(tokens: tuple[str, ...]) -> tuple[int, ...]:
    """Read hazards; OperatorError lists those there are."""
    try:
        return tuple(sorted({hazard_named(token).number for token in tokens}))
    except ValueError as error:
        raise OperatorError(str(error), Exit.USAGE) from None


def _changed(
    what: str, keys: tuple[bytes, ...], added: tuple[str, ...], dropped: tuple[str, ...]
) -> tuple[bytes, ...]:
    """Return the keys of a list after a change; OperatorError where it changes nothing."""
    new, gone = tuple(map(keyfile.public_of, added)), tuple(map(keyfile.public_of, dropped))
    for key in new:
        if key in keys:
            raise OperatorError(f"{key.hex()} is a {what} already")
    for key in gone:
        if key not in keys:
            known = ", ".join(known.hex() for known in keys) or "none"
            raise OperatorError(f"{key.hex()} is no {what}; there are: {known}")
    return tuple(sorted({*keys, *new} - {*gone}))
