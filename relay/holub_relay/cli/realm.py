"""`holub realm`: show the realm, and enrol a key in it."""

from pathlib import Path

import click

from holub_relay import client
from holub_relay.cli.shared import at, data_option, json_option, place, plain, print_json, told
from holub_relay.requests import Answer


@click.group()
def realm() -> None:
    """Look at the realm, and enrol keys in it."""


@realm.command()
@data_option
@json_option
@told
def show(data: Path, as_json: bool) -> None:
    """Show the charter, its fingerprint, and what this directory's keys may do."""
    answer = client.call(data, {"do": "realm"})
    if as_json:
        print_json(answer)
        return
    demo = " (demo realm)" if answer["demo"] else ""
    click.echo(f"realm       {plain(answer['name'])}{demo}, charter {answer['version']}")
    click.echo(f"id          {answer['id']}")
    click.echo(f"fingerprint {answer['fingerprint']}")
    if answer["forked"]:
        click.echo("ALARM: two successors of one charter are known; ask the registrars")
    click.echo(f"roots       {answer['threshold']} of {len(answer['roots'])} sign a new charter")
    for key in answer["registrars"]:
        click.echo(f"registrar   {key}")
    for authority in answer["authorities"]:
        names = plain(f"{authority['name_uk']} / {authority['name_en']}")
        click.echo(f"authority   {authority['number']} {names}")
    for name, key in answer["keys"].items():
        click.echo(f"{name:<11} {key['public']}")
        for grant in key["grants"]:
            click.echo(f"            {_grant_line(grant)}")


@realm.command()
@data_option
@click.option("--subject", required=True, help="The public key to enrol, 64 hexadecimal digits.")
@click.option(
    "--relay/--desk", "is_relay", default=True, help="Enrol a relay (the default), or a desk."
)
@click.option("--kind", "kinds", multiple=True, help="Only these kinds. [default: the role's]")
@click.option("--area", "areas", multiple=True, help="Only these areas. [default: everywhere]")
@click.option("--hazard", "hazards", multiple=True, help="Only these hazards. [default: all]")
@click.option("--authority", type=int, help="For whom a desk speaks. [default: 1]")
@click.option("--rate", type=int, help="Messages an hour within each group. [default: 1000]")
@click.option("--days", type=int, help="For how long. [default: 365]")
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
    days: int | None,
    as_json: bool,
) -> None:
    """Sign a grant with this directory's registrar key and publish it."""
    request = {
        "do": "grant",
        "subject": subject,
        "role": "relay" if is_relay else "desk",
        "kinds": list(kinds),
        "areas": list(areas),
        "hazards": list(hazards),
        "authority": authority,
        "rate": rate,
        "days": days,
    }
    answer = client.call(data, request)
    if as_json:
        print_json(answer)
        return
    click.echo(f"granted {subject}")
    click.echo(f"  {_grant_line(answer['grant'])}")
    click.echo(f"message {answer['id']}")


def _grant_line(grant: Answer) -> str:
    whom = f"for authority {grant['authority']}" if grant["authority"] else "as a relay"
    areas = ", ".join(place(area) for area in grant["areas"][:3])
    return (
        f"{whom}: {', '.join(grant['kinds'])}; {areas}; hazards {', '.join(grant['hazards'])}; "
        f"{grant['rate']} an hour until {at(grant['not_after_s'])}"
    )
