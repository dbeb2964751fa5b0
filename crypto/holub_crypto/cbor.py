"""The narrow CBOR profile (RFC 8949) in which everything signed or sent is written.

Integers of up to 64 bits, byte strings, text, null and arrays: no maps, so no key order to
argue about; no tags, no floats, no indefinite lengths, no booleans. Decoding re-encodes and
compares, so that each value has exactly one accepted byte string. cbor2 alone accepts trailing
bytes, non-minimal integers and duplicate keys, and builds regular expressions and cycles from
tags, so what it has read of a peer passes this border. Writing is done here: so few kinds of values
take thirty lines and half the time.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

import cbor2

Value: TypeAlias = "int | bytes | str | tuple[Value, ...] | None"

MAX_DEPTH = 8
"""Nesting allowed anywhere; the deepest real body needs 5."""

_INTEGER_MIN = -(2**64)
_INTEGER_MAX = 2**64 - 1
# Major types (RFC 8949 3.1), and the one simple value.
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY = 0x00, 0x20, 0x40, 0x60, 0x80
_NULL = b"\xf6"
_BYTE = tuple(bytes((number,)) for number in range(256))
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
    out: list[bytes] = []
    _write((value,), MAX_DEPTH, out)
    return b"".join(out)


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
    if encode(value) != data:
        raise CborError("not the shortest form, or bytes after the end")
    return value


def _write(items: Iterable[Any], depth: int, out: list[bytes]) -> None:
    """Write values one after the other, in which arrays may be nested `depth` deep."""
    for item in items:
        kind = type(item)
        if kind is bytes:
            out.append(_head(_BYTES, len(item)))
            out.append(item)
        elif kind is int:
            if 0 <= item <= _INTEGER_MAX:
                out.append(_head(_UNSIGNED, item))
            elif _INTEGER_MIN <= item < 0:
                out.append(_head(_NEGATIVE, -1 - item))
            else:
                raise CborError("an integer over 64 bits")
        elif kind is tuple:
            if not depth:
                raise CborError(f"nested deeper than {MAX_DEPTH}")
            out.append(_head(_ARRAY, len(item)))
            _write(item, depth - 1, out)
        elif item is None:
            out.append(_NULL)
        elif kind is str:
            try:
                text = item.encode()
            except UnicodeEncodeError:
                raise CborError("a text with half a character (a lone surrogate)") from None
            out += (_head(_TEXT, len(text)), text)
        else:
            raise CborError(f"a value of type {kind.__name__}")


def _head(major: int, number: int) -> bytes:
    """Return the shortest head of a major type with its number."""
    if number < 24:
        return _BYTE[major | number]
    if number < 1 << 8:
        return _BYTE[major | 24] + _BYTE[number]
    if number < 1 << 16:
        return _BYTE[major | 25] + number.to_bytes(2, "big")
    if number < 1 << 32:
        return _BYTE[major | 26] + number.to_bytes(4, "big")
    return _BYTE[major | 27] + number.to_bytes(8, "big")


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
