"""`holub clock`: what vouches for the clock, and the operator's word for it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import click

from holub_relay import client
from holub_relay.cli.shared import at, data_option, json_option, print_json, told

_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gnss": "reliable: set by a satellite receiver",
        "authenticated": "reliable: set by signed network time",
        "operator": "reliable: confirmed by the operator",
        "host": "reliable: declared by the operator, not verified",
        "ntp": "reliable: network time that agrees with what the authorities signed",
    }
)

_DOUBTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": "unknown: nothing vouches for it",
        "stepped": "unknown: it was set to another time, by nothing that vouches for it",
        "behind": "unknown: it is behind what the authorities signed",
        "ahead": "unknown: it is over a year ahead of all that was ever signed here",
        "unconfirmed": "unknown: network time, which agrees with no signed time yet",
    }
)


@click.group()
def clock() -> None:
    """The relay's clock: only a reliable one shows "clear" and lets messages end by time."""


@clock.command()
@data_option
@json_option
@told
def show(data: Path, as_json: bool) -> None:
    """Show what vouches for the clock.

    \b
    Example: holub clock show --data DIR
    """
    _print(client.call(data, {"do": "status"})["clock"], as_json)


@clock.command()
@data_option
@click.option(
    "--time",
    "time_text",
    help="The time by your watch, as 2026-03-01T12:30+02:00: refused if the clock is off by over "
    "a minute.",
)
@json_option
@told
def confirm(data: Path, time_text: str | None, as_json: bool) -> None:
    """Say that the running relay's clock is right. It holds until its next start, or until
    something sets the clock.

    \b
    Example: holub clock confirm --data DIR --time 2026-03-01T12:30+02:00
    """
    request: dict[str, Any] = {"do": "clock-confirm"}
    if time_text is not None:
        request["at_s"] = _seconds(time_text)
    _print(client.call(data, request)["clock"], as_json)


def clock_words(clock: Mapping[str, Any]) -> str:
    """Return in words what vouches for a clock, or what speaks against it."""
    return _BY[clock["source"]] if clock["reliable"] else _DOUBTS[clock["doubt"]]


def _print(clock: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(clock)
        return
    click.echo(f"{at(clock['wall_s'])}  {clock_words(clock)}, for {clock['since_s']} s")


def _seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(
            f"{text!r} is no time with its zone, such as 2026-03-01T12:30+02:00 or ...T10:30Z",
            param_hint="--time",
        )
    return int(moment.timestamp())
