"""`holub realm grant`: enrol a relay or a desk, on the machine of a registrar or of a desk."""

from pathlib import Path

import click

from holub_relay import client, keyfile
from holub_relay.asking import Answer
from holub_relay.cli.shared import (
    at,
    confirm_clock_option,
    data_option,
    json_option,
    place,
    print_json,
    told,
)
from holub_relay.granting import SIGNERS


@click.command(epilog="Example: holub realm grant --desk --subject KEY --area 93317 --data city")
@data_option
@click.option("--subject", required=True, help="The key to enrol: 64 digits or a .pub file.")
@click.option(
    "--relay/--desk", "is_relay", default=True, help="Enrol a relay (the default), or a desk."
)
@click.option("--kind", "kinds", multiple=True, help="Only these kinds. [default: the role's]")
@click.option("--area", "areas", multiple=True, help="Only these areas. [default: everywhere]")
@click.option("--hazard", "hazards", multiple=True, help="Only these hazards. [default: all]")
@click.option("--authority", type=int, help="For whom a desk speaks. [default: 1]")
@click.option("--rate", type=int, help="Messages an hour within each group. [default: 1000]")
@click.option("--sealing", help="A desk's key to seal to: 64 digits or a .pub file.")
@click.option("--days", type=int, help="For how long. [default: 365]")
@click.option("--depth", type=int, help="How often a desk may pass it on, up to 3. [default: 0]")
@click.option(
    "--by", type=click.Choice(SIGNERS), help="Who signs: a desk passes its own grant on, narrowed."
)
@confirm_clock_option
@json_option
@told
def grant(
    data: Path,
    subject: str,
    is_relay: bool,
    kinds: tuple[str, ...],
    areas: tuple[str, ...],
    hazards: tuple[str, ...],
    authority: int | None,
    rate: int | None,
    sealing: str | None,
    days: int | None,
    depth: int | None,
    by: str | None,
    confirm_clock: bool,
    as_json: bool,
) -> None:
    """Sign a grant with this directory's registrar key and publish it.

    With --by desk the directory's desk key signs: what no option narrows is as in the desk's own
    grant, which must have been given with --depth.
    """
    request = {
        "do": "grant",
        "subject": keyfile.public_of(subject).hex(),
        "role": "relay" if is_relay else "desk",
        "kinds": list(kinds),
        "areas": list(areas),
        "hazards": list(hazards),
        "authority": authority,
        "rate": rate,
        "sealing": keyfile.public_of(sealing).hex() if sealing else None,
        "days": days,
        "depth": depth,
        "by": by,
        "confirm": confirm_clock,
    }
    answer = client.call(data, request)
    if as_json:
        print_json(answer)
        return
    click.echo(f"granted {subject}")
    click.echo(f"  {grant_line(answer['grant'])}")
    click.echo(f"message {answer['id']}")


def grant_line(grant: Answer) -> str:
    """Write what a grant allows on one line."""
    whom = f"for authority {grant['authority']}" if grant["authority"] else "as a relay"
    areas = ", ".join(place(area) for area in grant["areas"][:3])
    passed = f"; may be passed on, depth {grant['depth']}" if grant["depth"] else ""
    return (
        f"{whom}: {', '.join(grant['kinds'])}; {areas}; hazards {', '.join(grant['hazards'])}; "
        f"{grant['rate']} an hour until {at(grant['not_after_s'])}{passed}"
    )
