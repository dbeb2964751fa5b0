"""`holub alert replay`: a real day of sirens, signed now, as fast as the desk's grant allows."""

import csv
import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.desk import BOARD_EVERY_S, BOARD_SPACING_S
from holub_relay.cli.shared import confirm_clock_option, data_option, json_option, print_json, told
from holub_relay.client import Client
from holub_relay.errors import Exit, OperatorError

FILE_BYTES_MAX: Final = 16 << 20
"""A day of the whole country has 8 kB; a wrong path is not read to its end."""

HOUR_S: Final = 3600
SPEED_MAX: Final = 1e6
_COLUMNS: Final = ["t", "area", "on"]
_SHOW_EVERY_S: Final = 2.0
_DIGITS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Siren:
    """One line: at Unix second `at_s` the alert at `area` went on or off."""

    at_s: int
    area: int
    on: bool


def read_sirens(path: Path, areas: AreaTree) -> tuple[Siren, ...]:
    """Read the file, in order of time; OperatorError names line and value."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        lines = content.decode().splitlines()
    except OSError as error:
        raise OperatorError(f"can't read {path}: {error.strerror}", Exit.NOT_FOUND) from None
    except UnicodeDecodeError:
        raise OperatorError(f"{path} is no text in UTF-8") from None
    if len(content) > FILE_BYTES_MAX:
        raise OperatorError(f"{path} has over {FILE_BYTES_MAX} bytes: split it")
    if not lines or lines[0].split(",") != _COLUMNS:
        raise OperatorError(f"{path}, line 1: the columns must be {','.join(_COLUMNS)}")
    sirens = []
    for number, row in enumerate(csv.reader(lines[1:]), 2):
        if len(row) != len(_COLUMNS) or not all(map(_is_number, row)):
            raise OperatorError(f"{path}, line {number}: {','.join(row)!r} is not t,area,on")
        siren = Siren(int(row[0]), int(row[1]), row[2] == "1")
        if siren.area not in areas or row[2] not in ("0", "1"):
            raise OperatorError(f"{path}, line {number}: no area {row[1]}, or on is not 0 or 1")
        sirens.append(siren)
    if not sirens:
        raise OperatorError(f"{path} has no lines after its columns")
    return tuple(sorted(sirens, key=lambda siren: siren.at_s))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX


def steps(sirens: Sequence[Siren]) -> Iterator[Siren]:
    """Yield those that change something: an area that is on does not start again."""
    on: dict[int, None] = {}
    for siren in sirens:
        if siren.on != (siren.area in on):
            if siren.on:
                on[siren.area] = None
            else:
                del on[siren.area]
            yield siren


def busiest_hour(sirens: Sequence[Siren], speed: float) -> int:
    """Return the most messages that any hour of signing would see, boards included: one for
    every change, no two within BOARD_SPACING_S, and those of the quiet rhythm."""
    moments: deque[float] = deque()
    most, board_s = 0, -math.inf
    for siren in sirens:
        at_s = (siren.at_s - sirens[0].at_s) / speed
        moments.append(at_s)
        if at_s > board_s:
            board_s = max(at_s, board_s + BOARD_SPACING_S)
            moments.append(board_s)
        while moments[0] <= at_s - HOUR_S:
            moments.popleft()
        most = max(most, len(moments))
    return most + HOUR_S // BOARD_EVERY_S


def highest_speed(sirens: Sequence[Siren], rate: int) -> int:
    """Return the highest whole speed at which `rate` messages an hour suffice; 0 for none."""
    if busiest_hour(sirens, SPEED_MAX) <= rate:
        return int(SPEED_MAX)
    low, high = 0, int(SPEED_MAX)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if busiest_hour(sirens, middle) <= rate else (low, middle)
    return low


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_option
@click.option(
    "--speed",
    type=click.FloatRange(0, SPEED_MAX, min_open=True),
    default=1.0,
    help="So many times faster than the day was. [default: 1]",
)
@confirm_clock_option
@json_option
@told
def replay(file: Path, data: Path, speed: float, confirm_clock: bool, as_json: bool) -> None:
    """Replay FILE (columns t,area,on), beginning now: starts, and clears that name them."""
    areas = ukraine()
    sirens = tuple(steps(read_sirens(file, areas)))
    with Client(data) as client:
        rate = int(client.call({"do": "desk"})["rate"])
        needed = busiest_hour(sirens, speed)
        if needed > rate:
            fits = highest_speed(sirens, rate)
            remedy = f"the highest that fits is {fits}" if fits else "no speed fits: split the file"
            raise OperatorError(
                f"--speed {speed:g} would sign {needed} messages in an hour (boards included); "
                f"this desk's grant allows {rate}; {remedy}"
            )
        result = _play(client, sirens, speed, confirm_clock, quiet=as_json)
    if as_json:
        print_json(result)
        return
    click.echo(
        f"replayed {result['starts']} starts and {result['clears']} clears in "
        f"{result['seconds']} s; still on: {result['still_on']}"
    )


def _play(
    client: Client, sirens: Sequence[Siren], speed: float, confirm: bool, quiet: bool
) -> dict[str, object]:
    begun_s = shown_s = time.monotonic()
    incidents: dict[int, str] = {}
    starts = clears = 0
    for number, siren in enumerate(sirens, 1):
        due_s = begun_s + (siren.at_s - sirens[0].at_s) / speed
        time.sleep(max(0.0, due_s - time.monotonic()))
        request = {
            "do": "alert",
            "verb": "start" if siren.on else "clear",
            "areas": [siren.area],
            "hazard": "air-raid",
            "incident": None if siren.on else incidents.pop(siren.area),
            "confirm": confirm,
        }
        answer = client.call(request)
        if siren.on:
            incidents[siren.area] = str(answer["incident"])
        starts, clears = starts + siren.on, clears + (not siren.on)
        if not quiet and time.monotonic() - shown_s >= _SHOW_EVERY_S:
            shown_s = time.monotonic()
            click.echo(f"{number}/{len(sirens)} signed, {len(incidents)} areas under alert")
    return {
        "starts": starts,
        "clears": clears,
        "seconds": round(time.monotonic() - begun_s, 1),
        "still_on": sorted(incidents),
        "incidents": {str(area): incidents[area] for area in sorted(incidents)},
    }
