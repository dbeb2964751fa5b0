"""`holub alert replay`: a real day of sirens, signed now, as fast as the desk's grant allows."""

import csv
import math
import shlex
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.desk import BOARD_EVERY_S, BOARD_SPACING_S
from holub_relay.asking import Answer, Request
from holub_relay.cli.shared import confirm_clock_option, data_option, json_option, print_json, told
from holub_relay.client import Client
from holub_relay.errors import Exit, OperatorError

Call = Callable[[Request], Answer]
"""Asks the node; see Client.call."""

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


@dataclass(frozen=True, slots=True)
class Quota:
    """What a desk may sign: `rate` an hour, of which `used` are gone for the `left_s` seconds
    that this hour still lasts. Hours are those of the clock."""

    rate: int
    used: int = 0
    left_s: int = 0


def busiest_hour(sirens: Sequence[Siren], speed: float, quota: Quota) -> int:
    """Return the most messages that any hour of signing would see, boards included: one for
    every change, no two within BOARD_SPACING_S, and those of the quiet rhythm. To what falls
    into the hour that runs, what was signed in it before is added."""
    moments: deque[float] = deque()
    most = at_once = 0
    board_s = -math.inf
    for siren in sirens:
        at_s = (siren.at_s - sirens[0].at_s) / speed
        moments.append(at_s)
        at_once += at_s < quota.left_s
        if at_s > board_s:
            board_s = max(at_s, board_s + BOARD_SPACING_S)
            moments.append(board_s)
            at_once += board_s < quota.left_s
        while moments[0] <= at_s - HOUR_S:
            moments.popleft()
        most = max(most, len(moments))
    return max(most, quota.used + at_once) + HOUR_S // BOARD_EVERY_S


def highest_speed(sirens: Sequence[Siren], quota: Quota) -> int:
    """Return the highest whole speed that the quota allows; 0 for none."""
    if busiest_hour(sirens, SPEED_MAX, quota) <= quota.rate:
        return int(SPEED_MAX)
    low, high = 0, int(SPEED_MAX)
    while high - low > 1:
        middle = (low + high) // 2
        if busiest_hour(sirens, middle, quota) <= quota.rate:
            low = middle
        else:
            high = middle
    return low


def check_speed(sirens: Sequence[Siren], speed: float, quota: Quota) -> None:
    """Raise OperatorError, with what would fit, for a speed that the quota does not allow: a
    replay must not stop halfway and leave alerts on."""
    needed = busiest_hour(sirens, speed, quota)
    if needed <= quota.rate:
        return
    remedies = []
    if fits := highest_speed(sirens, quota):
        remedies.append(f"the highest that fits is {fits}")
    if busiest_hour(sirens, speed, Quota(quota.rate)) <= quota.rate:
        remedies.append(f"or wait {quota.left_s} s" if fits else f"wait {quota.left_s} s")
    raise OperatorError(
        f"--speed {speed:g} would sign {needed} messages in an hour (boards included, and "
        f"{quota.used} that are signed already); this desk's grant allows {quota.rate}; "
        + (", ".join(remedies) or "no speed fits: split the file")
    )


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
        check_speed(sirens, speed, _quota(client.call))
        player = Player(client.call, data, confirm_clock, quiet=as_json)
        result = player.play(sirens, speed)
    if as_json:
        print_json(result)
        return
    click.echo(
        f"replayed {result['starts']} starts and {result['clears']} clears in "
        f"{result['seconds']} s; still on: {result['still_on']}"
    )


def _quota(call: Call) -> Quota:
    desk = call({"do": "desk"})
    return Quota(int(desk["rate"]), int(desk["used"]), int(desk["hour_left_s"]))


class Player:
    """One replay: what it has signed, and which of its alerts are on."""

    def __init__(self, call: Call, data: Path, confirm: bool, quiet: bool) -> None:
        """`call` asks the node of the directory `data`; `quiet` prints no progress."""
        self._call, self._data, self._confirm, self._quiet = call, data, confirm, quiet
        self._incidents: dict[int, str] = {}
        self._under_way: Siren | None = None
        self._starts = self._clears = 0

    def play(self, sirens: Sequence[Siren], speed: float) -> Answer:
        """Sign all of them in their time; OperatorError names the alerts that are left on."""
        begun_s = shown_s = time.monotonic()
        try:
            for number, siren in enumerate(sirens, 1):
                due_s = begun_s + (siren.at_s - sirens[0].at_s) / speed
                time.sleep(max(0.0, due_s - time.monotonic()))
                self._sign(siren)
                if not self._quiet and time.monotonic() - shown_s >= _SHOW_EVERY_S:
                    shown_s = time.monotonic()
                    on = len(self._incidents)
                    click.echo(f"{number}/{len(sirens)} signed, {on} areas under alert")
        except KeyboardInterrupt:
            raise OperatorError("interrupted" + self._left_on()) from None
        except OperatorError as error:
            raise OperatorError(str(error) + self._left_on(), error.code) from None
        return {
            "starts": self._starts,
            "clears": self._clears,
            "seconds": round(time.monotonic() - begun_s, 1),
            "still_on": sorted(self._incidents),
            "incidents": {str(area): self._incidents[area] for area in sorted(self._incidents)},
        }

    def _sign(self, siren: Siren) -> None:
        self._under_way = siren
        request = {
            "do": "alert",
            "verb": "start" if siren.on else "clear",
            "areas": [siren.area],
            "hazard": "air-raid",
            "incident": None if siren.on else self._incidents[siren.area],
            "confirm": self._confirm,
        }
        answer = self._patiently(request)
        if siren.on:
            self._incidents[siren.area] = str(answer["incident"])
        else:
            del self._incidents[siren.area]
        self._starts, self._clears = self._starts + siren.on, self._clears + (not siren.on)
        self._under_way = None

    def _patiently(self, request: Request) -> Answer:
        """Ask; if others have signed so much that the hour is full, wait for the next one."""
        while True:
            try:
                return self._call(request)
            except OperatorError:
                quota = _quota(self._call)
                if quota.used < quota.rate:
                    raise
            if not self._quiet:
                click.echo(f"this hour's {quota.rate} are signed; going on in {quota.left_s} s")
            time.sleep(quota.left_s)

    def _left_on(self) -> str:
        """Say which alerts are on, and how they are ended."""
        lines = [
            f"  holub alert clear --data {shlex.quote(str(self._data))} --incident {name}"
            for name in self._incidents.values()
        ]
        if lines:
            lines.insert(0, f"; alerts still on: {len(lines)}; to clear them:")
        if self._under_way is not None and self._under_way.on:
            area = self._under_way.area
            lines.append(f"; the alert for {area} may be on too: `holub status` tells")
        return "\n".join(lines)
