"""`holub alert`: start, update, clear, withdraw, endorse, others, test, and replay a day."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from holub_relay import client
from holub_relay.asking import Answer
from holub_relay.cli.replay import replay
from holub_relay.cli.shared import (
    at,
    confirm_clock_option,
    data_option,
    json_option,
    place,
    plain,
    print_json,
    told,
)
from holub_relay.errors import Exit, OperatorError


@click.group()
def alert() -> None:
    """Sign an alert with this machine's desk key and publish it."""


def _texts(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read uk=..., en=... pairs."""
    texts: dict[str, str] = {}
    for pair in pairs:
        language, equals, text = pair.partition("=")
        if not equals or not text or language in texts:
            raise OperatorError(f"--text {pair!r}: write uk=TEXT or en=TEXT, each once", Exit.USAGE)
        texts[language] = text
    return texts


def _options(needs_incident: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            confirm_clock_option,
            json_option,
            click.option("--certainty", help="unknown, unlikely, possible, likely or observed."),
            click.option("--text", "texts", multiple=True, help="uk=TEXT or en=TEXT."),
            click.option(
                "--incident",
                required=needs_incident,
                help="The incident's name, or its first digits.",
            ),
            click.option("--hazard", required=not needs_incident, help="As air-raid, drone, fire."),
            click.option(
                "--area",
                "areas",
                multiple=True,
                required=not needs_incident,
                help="An area's id; may be repeated.",
            ),
            data_option,
        ):
            function = option(function)
        return function

    return add


def _publish(verb: str, data: Path, as_json: bool, **fields: Any) -> None:
    request = {
        "do": "alert",
        "verb": verb,
        "areas": list(fields["areas"]),
        "hazard": fields["hazard"],
        "incident": fields["incident"],
        "texts": _texts(fields["texts"]),
        "certainty": fields["certainty"],
        "confirm": fields["confirm_clock"],
    }
    answer = client.call(data, request)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{verb} published for {place(answer['area'])}")
    click.echo(f"message  {answer['id']}")
    if verb == "start":
        click.echo(f"incident {answer['incident']}")
        command = f"holub alert clear --data {data} --incident {answer['incident']}"
        click.echo(f"when it is over: {command}")


@alert.command()
@_options(needs_incident=False)
@told
def start(data: Path, as_json: bool, **fields: Any) -> None:
    """Start an alert. Its incident's name is what clears it later."""
    _publish("start", data, as_json, **fields)


@alert.command()
@_options(needs_incident=True)
@told
def update(data: Path, as_json: bool, **fields: Any) -> None:
    """Say anew what holds in an incident: its areas (those left out are over), its hazard."""
    _publish("update", data, as_json, **fields)


@alert.command()
@_options(needs_incident=True)
@told
def clear(data: Path, as_json: bool, **fields: Any) -> None:
    """All-clear: the danger is over, in all areas of the incident or those given."""
    _publish("clear", data, as_json, **fields)


@alert.command()
@_options(needs_incident=True)
@told
def withdraw(data: Path, as_json: bool, **fields: Any) -> None:
    """The alert was wrong: say so as loudly."""
    _publish("withdraw", data, as_json, **fields)


@alert.command()
@click.argument("id_", metavar="ID")
@data_option
@json_option
@confirm_clock_option
@told
def endorse(id_: str, data: Path, as_json: bool, confirm_clock: bool) -> None:
    """Stand by another authority's alert, or by its end: dangerous hazards, their end, and a
    mass of all-clears count only then.

    ID is the message's, or its first digits, as `holub status` shows it:

        holub alert endorse 5f2a91c07be4d318
    """
    answer = client.call(data, {"do": "endorse", "id": id_, "confirm": confirm_clock})
    if as_json:
        print_json(answer)
        return
    click.echo(f"endorsed {id_}")
    click.echo(f"message  {answer['id']}")


@alert.command()
@data_option
@json_option
@told
def others(data: Path, as_json: bool) -> None:
    """What other desks of this desk's authority have said and nobody has ended, and what to do
    where such a desk is lost."""
    answer = client.call(data, {"do": "others"})
    if as_json:
        print_json(answer)
        return
    for line in _others_lines(answer, f"--data {data}"):
        click.echo(line)


def _others_lines(answer: Answer, where: str) -> list[str]:
    """What others have said, each with the commands that take it over or end it."""
    out = []
    for one in answer["incidents"]:
        state = "holds" if one["holds"] else "UNKNOWN whether it holds"
        out += [
            f"{one['incident']} {one['hazard']} since {at(one['since_s'])}: {state}",
            f"  at {'; '.join(place(area) for area in one['areas'])}",
            f"  said by {_key_words(one['key'])}",
            f"  it holds:   holub alert update {where} --incident {one['incident']}",
            f"  it is over: holub alert clear {where} --incident {one['incident']}",
        ]
    for one in answer["unnamed"]:
        out += [
            f"something without a name, of {_key_words(one['key'])}",
            f"  at {'; '.join(place(area) for area in one['areas'])}",
            f"  once what holds is said anew: holub board {where} --adopt {one['key']['hint']}",
        ]
    name = plain(answer["authority"])
    return out or [f"nothing that another desk of {name} has said stands here"]


def _key_words(key: Answer) -> str:
    standing = "may speak" if key["enrolled"] else "may not speak any more"
    return f"key {(key['keys'] or [key['hint']])[0]}, which {standing}"


@alert.command()
@_options(needs_incident=False)
@told
def test(data: Path, as_json: bool, **fields: Any) -> None:
    """Publish a test, shown apart from the real thing."""
    _publish("test", data, as_json, **fields)


alert.add_command(replay)
