"""What a request to a node is, and how its fields are read; what is wrong is an OperatorError."""

from collections.abc import Iterable, Mapping
from typing import Any

from holub_relay.errors import Exit, OperatorError

Request = Mapping[str, Any]
Answer = dict[str, Any]


def text_field(request: Request, field: str) -> str:
    """Return a field that is a text and not empty."""
    value = request.get(field)
    if not isinstance(value, str) or not value:
        raise OperatorError(f"{field} is missing or no text: {value!r}", Exit.USAGE)
    return value


def int_field(request: Request, field: str, low: int, high: int) -> int | None:
    """Return a field that is a number from `low` to `high`, None where it was left out."""
    value = request.get(field)
    if value is not None and (type(value) is not int or not low <= value <= high):
        raise OperatorError(f"{field} {value!r} is no number from {low} to {high}", Exit.USAGE)
    return value


def list_field(request: Request, field: str) -> list[Any]:
    """Return a field that is a list, an empty one where it was left out."""
    value = request.get(field) or []
    if not isinstance(value, list):
        raise OperatorError(f"{field} is no list: {value!r}", Exit.USAGE)
    return value


def id_digits(typed: str, name: str, fewest: int, shown: str, cut: int | None = None) -> str:
    """Return the hexadecimal digits by which somebody names an id, in small letters, of them the
    first `cut`. The error for fewer than `fewest`, or for none, says what `shown` tells of where
    there are more."""
    wanted = typed.lower()[:cut]
    if len(wanted) < fewest or set(wanted) - set("0123456789abcdef"):
        raise OperatorError(
            f"{name} {typed!r}: at least {fewest} hexadecimal digits, as {shown}", Exit.USAGE
        )
    return wanted


def only_id(found: Iterable[bytes], typed: str, nothing: str) -> bytes:
    """Return the one id that was found for the digits `typed`; the error for several lists the
    first five, the one for none is `nothing`."""
    ids = list(found)
    if len(ids) > 1:
        some = ", ".join(id_.hex()[:16] for id_ in ids[:5])
        raise OperatorError(f"id {typed!r} may be any of {len(ids)}: {some}; give more digits")
    if not ids:
        raise OperatorError(nothing, Exit.NOT_FOUND)
    return ids[0]
