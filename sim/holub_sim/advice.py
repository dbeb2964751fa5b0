"""From what msgspec finds wrong with a scenario to what its author can do about it."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import inspect

_FIXED = (
    (r"Object missing required field `(.+)`", "the key '{0}' is missing"),
    (
        r"Expected `datetime` with a timezone component",
        "expected a moment with its zone, such as 2026-03-01T12:00:00Z",
    ),
    (
        r"Expected `str` matching regex '\^\[a-z0-9-\]\+\$'",
        "expected small letters, digits and hyphens, such as 'two-towns'",
    ),
    (r"Expected `array`, got `str`", 'expected a list in brackets, such as ["..."]'),
    (r"Expected `array`, got `int`", "expected a list in brackets, such as [...]"),
)


def advise(what: str, place: str, root: type, table: object) -> str:
    """Return a plainer text for `what` msgspec has found at a `place` such as "a[0].b" of a
    `table` that should be of the type `root`; the same text where there is nothing better to
    say."""
    for pattern, told in _FIXED:
        if match := re.fullmatch(pattern, what):
            return told.format(*match.groups())
    if what == "Expected `array`, got `object`":
        return f"expected [[{place}]] in double brackets, as there may be several, not [{place}]"
    if match := re.fullmatch(r"Object contains unknown field `(.+)`", what):
        return f"there is no key '{match[1]}' here{_other(match[1], _keys(root, place, table))}"
    if match := re.fullmatch(r"Invalid (?:enum )?value '(.*)'", what):
        return f"'{match[1]}' can't stand here{_other(match[1], _values(root, place))}"
    return what


def _other(wrong: str, right: Iterable[str]) -> str:
    known = list(dict.fromkeys(right))
    near = get_close_matches(wrong, known, 1)
    guess = f"; did you mean '{near[0]}'? There are" if near else "; there are"
    return f"{guess} {', '.join(known)}" if known else ""


def _keys(root: type, place: str, table: object) -> Iterable[str]:
    """The keys that a table at the place may have, which may say itself of what kind it is."""
    for key in _steps(place):
        if isinstance(table, dict):
            table = table.get(key)
        elif isinstance(table, list):
            table = table[int(key.rstrip("]"))]
    for kind in _at(root, place):
        if isinstance(kind, inspect.StructType) and isinstance(table, dict):
            tag = table.get(kind.tag_field or "")
            if tag in (None, kind.tag):
                yield from (field.encode_name for field in kind.fields)


def _values(root: type, place: str) -> Iterable[str]:
    """The texts that may stand at the place."""
    for kind in _at(root, place):
        if isinstance(kind, inspect.LiteralType):
            yield from map(str, kind.values)
    parent, _, key = place.rpartition(".")
    for kind in _at(root, parent):
        if isinstance(kind, inspect.StructType) and kind.tag_field == key:
            yield str(kind.tag)


def _at(root: type, place: str) -> list[inspect.Type]:
    """The types of what may stand at a place."""
    kinds = _apart([inspect.type_info(root)])
    for key in _steps(place):
        found: list[inspect.Type] = []
        for kind in kinds:
            if isinstance(kind, inspect.StructType):
                found += [field.type for field in kind.fields if field.encode_name == key]
            elif isinstance(kind, inspect.VarTupleType) and key.endswith("]"):
                found.append(kind.item_type)
        kinds = _apart(found)
    return kinds


def _steps(place: str) -> list[str]:
    """The keys on the way to a place; that of a list's item ends in a bracket."""
    return [key for key in re.split(r"[.\[]", place) if key]


def _apart(kinds: Iterable[inspect.Type]) -> list[inspect.Type]:
    """Each of what may be one or another, without what only adds bounds."""
    found: list[inspect.Type] = []
    for kind in kinds:
        if isinstance(kind, inspect.UnionType):
            found += _apart(kind.types)
        elif isinstance(kind, inspect.Metadata):
            found += _apart([kind.type])
        else:
            found.append(kind)
    return found
