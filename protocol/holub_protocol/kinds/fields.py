"""What the bodies of several kinds need to read and write their arrays of fields."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from holub_crypto.cbor import Value
from holub_protocol.message import BodyError

_Item = TypeVar("_Item", int, bytes, str)


def filled(
    name: str, fields: tuple[Value, ...], fewest: int, defaults: tuple[Value, ...]
) -> tuple[Value, ...]:
    """Put back the defaults that were left out at the end; BodyError for a wrong number."""
    if not fewest <= len(fields) <= len(defaults):
        raise BodyError(f"{name}: {fewest} to {len(defaults)} fields, not {len(fields)}")
    return (*fields, *defaults[len(fields) :])


def trimmed(
    fields: tuple[Value, ...], fewest: int, defaults: tuple[Value, ...]
) -> tuple[Value, ...]:
    """Leave out the fields at the end that hold their default, down to `fewest`."""
    count = len(fields)
    while count > fewest and fields[count - 1] == defaults[count - 1]:
        count -= 1
    return fields[:count]


def check_ascending(name: str, items: Sequence[_Item], most: int) -> None:
    """Raise BodyError for over `most` items, or any that is not above the one before."""
    if len(items) > most:
        raise BodyError(f"{name}: {len(items)} of them, at most {most}")
    if len(items) > 1 and any(a >= b for a, b in pairwise(items)):
        raise BodyError(f"{name}: not strictly ascending")
