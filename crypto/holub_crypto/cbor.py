"""The narrow CBOR profile (RFC 8949) in which everything signed or sent is written.

Integers of up to 64 bits, byte strings, text, null and arrays: no maps, so no key order to
argue about; no tags, no floats, no indefinite lengths, no booleans. Decoding re-encodes and
compares, so that each value has exactly one accepted byte string. cbor2 alone accepts trailing
bytes, non-minimal integers and duplicate keys, and builds regular expressions and cycles from
tags, so it is never handed to a peer without this border.
"""

from typing import TypeAlias

import cbor2

Value: TypeAlias = "int | bytes | str | tuple[Value, ...] | None"

MAX_DEPTH = 8
"""Nesting allowed anywhere; the deepest real body needs 5. cbor2's encoder crashes near 10,000."""

_INTEGER_MIN = -(2**64)
_INTEGER_MAX = 2**64 - 1
# Every tag that cbor2 would decode by itself; all others reach tag_hook.
_BUILT_IN_TAGS = (
    *range(6),
    *(25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799),
)


class CborError(ValueError):
    """The bytes are not in the profile; the text says how."""


def _refuse_tag(*_: object) -> None:
    raise CborError("a tag")


_REFUSED_TAGS = dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag)


def encode(value: Value) -> bytes:
    """Write a value of the profile; raises CborError for anything outside it."""
    _check(value, MAX_DEPTH)
    try:
        return cbor2.dumps(value)
    except UnicodeEncodeError:
        raise CborError("a text with half a character (a lone surrogate)") from None


def decode(data: bytes) -> Value:
    """Read exactly one value that spans all of `data`; raises CborError for anything else.

    The caller has capped len(data) before: parsing costs at most a few times that.
    """
    try:
        value: Value = cbor2.loads(
            data,
            tag_hook=_refuse_tag,
            semantic_decoders=_REFUSED_TAGS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            immutable=True,
        )
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise CborError(f"not CBOR of this profile: {type(error).__name__}") from None
    _check(value, MAX_DEPTH)
    if cbor2.dumps(value) != data:
        raise CborError("not the shortest form, or bytes after the end")
    return value


def _check(value: object, depth: int) -> None:
    """Hold a value to the profile. Strings, the bulk of it, cost one comparison each."""
    for item in value if type(value) is tuple else (value,):
        kind = type(item)
        if kind is bytes or kind is str or item is None:
            continue
        if kind is tuple:
            if depth == 1:
                raise CborError(f"nested deeper than {MAX_DEPTH}")
            _check(item, depth - 1)
        elif kind is not int:
            raise CborError(f"a value of type {kind.__name__}")
        elif not _INTEGER_MIN <= item <= _INTEGER_MAX:
            raise CborError("an integer over 64 bits")


def as_tuple(value: Value) -> tuple[Value, ...]:
    """Return an array, or raise CborError."""
    if not isinstance(value, tuple):
        raise CborError("not an array")
    return value


def as_int(value: Value, low: int = 0, high: int = _INTEGER_MAX) -> int:
    """Return an integer within [low, high], or raise CborError."""
    if type(value) is not int or not low <= value <= high:
        raise CborError(f"not an integer from {low} to {high}")
    return value


def as_bytes(value: Value, low: int, high: int) -> bytes:
    """Return a byte string of low to high bytes, or raise CborError."""
    if not isinstance(value, bytes) or not low <= len(value) <= high:
        raise CborError(f"not a byte string of {low} to {high} bytes")
    return value


def as_text(value: Value, high: int) -> str:
    """Return text of at most `high` bytes in UTF-8, or raise CborError."""
    if not isinstance(value, str) or len(value.encode()) > high:
        raise CborError(f"not a text of at most {high} bytes")
    return value
