"""Contact traces: who was in whose reach, and when, from files of four formats.

A contact is half-open, [up, down): whoever parts at a moment can't talk at it any more. Times
count from the first of the file, nodes from 0. What a format tells twice, as both devices of a
pair do, is merged, and what touches is joined.
"""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from holub_sim.scenario import ScenarioError

_SECOND_US = 1_000_000
_DIGITS = 6
_COLUMNS = ["t_up", "t_down", "a", "b"]
_HAGGLE_COLUMNS = 4
_SIGHTING_COLUMNS = 3
_ONE_COLUMNS = 5


@dataclass(frozen=True, slots=True, order=True)
class Contact:
    """Nodes `a` and `b` (`a` < `b`) can talk from `up_us` until just before `down_us`."""

    up_us: int
    down_us: int
    a: int
    b: int


_Told = tuple[int, int, str, str]


def read_contacts(path: Path, format_: str, step_us: int) -> tuple[Contact, ...]:
    """Read a file, gzipped where its name ends in .gz, in order of time; raises ScenarioError.

    Formats: "csv" has the columns t_up, t_down, a, b, nodes numbered from 0, times from the
    trace's 0. "crawdad": columns of which the first four are device, device seen, first and last
    second of it (as in cambridge/haggle; the fifth counts sightings); the last second counts
    whole. "sociopatterns": `t i j`, a sighting that lasts `step_us`. "one": `t CONN a b up` and
    `down`, as The ONE's ConnectivityONEReport writes them; what is open at the end ends with the
    last line.
    """
    readers: dict[str, Callable[[Iterable[tuple[int, str]], int], Iterator[_Told]]] = {
        "csv": _csv,
        "crawdad": _crawdad,
        "sociopatterns": _sociopatterns,
        "one": _one,
    }
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        try:
            told = list(readers[format_](numbered, step_us))
        except _Bad as bad:
            raise ScenarioError(f"{path}: line {bad.line}: {bad.what}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{path}: cannot be read: {error}") from None
    if not told:
        raise ScenarioError(f"{path}: it has no contacts")
    if format_ == "csv":
        return _merged((up, down, int(a), int(b)) for up, down, a, b in told)
    first_us = min(up for up, _, _, _ in told)
    names = {name for _, _, a, b in told for name in (a, b)}
    numbers = {name: i for i, name in enumerate(sorted(names, key=_natural))}
    return _merged(
        (up - first_us, down - first_us, numbers[a], numbers[b]) for up, down, a, b in told
    )


class _Bad(Exception):
    """A line that is not of the format."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


def _csv(lines: Iterable[tuple[int, str]], step_us: int) -> Iterator[_Told]:
    for number, line in lines:
        row = next(csv.reader([line]))
        if number == 1:
            if row != _COLUMNS:
                raise _Bad(number, f"the columns are {row}, not {_COLUMNS}")
            continue
        if len(row) != len(_COLUMNS) or not (row[2].isdecimal() and row[3].isdecimal()):
            raise _Bad(number, f"{line.strip()!r} is no contact; expected t_up,t_down,a,b")
        yield _time(row[0], number), _time(row[1], number), row[2], row[3]


def _crawdad(lines: Iterable[tuple[int, str]], step_us: int) -> Iterator[_Told]:
    for number, line in lines:
        row = line.split()
        if len(row) < _HAGGLE_COLUMNS:
            raise _Bad(number, f"{line.strip()!r} has no four columns: device, seen, from, to")
        yield _time(row[2], number), _time(row[3], number) + _SECOND_US, row[0], row[1]


def _sociopatterns(lines: Iterable[tuple[int, str]], step_us: int) -> Iterator[_Told]:
    for number, line in lines:
        row = line.split()
        if len(row) < _SIGHTING_COLUMNS:
            raise _Bad(number, f"{line.strip()!r} has no three columns: t i j")
        t_us = _time(row[0], number)
        yield t_us, t_us + step_us, row[1], row[2]


def _one(lines: Iterable[tuple[int, str]], step_us: int) -> Iterator[_Told]:
    since: dict[tuple[str, str], int] = {}
    t_us = 0
    for number, line in lines:
        row = line.split()
        if len(row) != _ONE_COLUMNS or row[1] != "CONN" or row[4] not in ("up", "down"):
            raise _Bad(number, f"{line.strip()!r} is not `t CONN a b up` or `down`")
        t_us = _time(row[0], number)
        a, b = sorted(row[2:4], key=_natural)
        if row[4] == "up":
            since.setdefault((a, b), t_us)
        elif (a, b) in since:
            yield since.pop((a, b)), t_us, a, b
    for (a, b), up_us in since.items():
        yield up_us, t_us, a, b


def _time(text: str, line: int) -> int:
    """Microseconds of a number of seconds, without the rounding of floats."""
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or (part and not part.isdecimal()):
        raise _Bad(line, f"{text!r} is no time in seconds")
    return int(whole) * _SECOND_US + int(part[:_DIGITS].ljust(_DIGITS, "0"))


def _natural(name: str) -> tuple[int, int, str]:
    return (0, int(name), "") if name.isdecimal() else (1, 0, name)


def _merged(told: Iterable[tuple[int, int, int, int]]) -> tuple[Contact, ...]:
    by_pair: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for up_us, down_us, a, b in told:
        if a != b and down_us > up_us:
            by_pair.setdefault((min(a, b), max(a, b)), []).append((up_us, down_us))
    contacts = []
    for (a, b), stretches in by_pair.items():
        stretches.sort()
        begin_us, end_us = stretches[0]
        for up_us, down_us in stretches[1:]:
            if up_us <= end_us:
                end_us = max(end_us, down_us)
            else:
                contacts.append(Contact(begin_us, end_us, a, b))
                begin_us, end_us = up_us, down_us
        contacts.append(Contact(begin_us, end_us, a, b))
    return tuple(sorted(contacts))
