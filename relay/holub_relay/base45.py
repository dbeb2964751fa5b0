"""Base45 (RFC 9285): bytes as the 45 characters that a QR code holds in 5.5 bits each."""

from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_PAIR: Final = 3  # characters for two bytes; one byte has two


def encode(data: bytes) -> str:
    """Return the characters of `data`, least significant first in each group."""
    groups = (data[start : start + 2] for start in range(0, len(data), 2))
    return "".join(_digits(int.from_bytes(group, "big"), len(group) + 1) for group in groups)


def _digits(value: int, count: int) -> str:
    return "".join(_ALPHABET[value // 45**place % 45] for place in range(count))


def decode(text: str) -> bytes:
    """Return the bytes of `text`; ValueError says what is wrong with it."""
    if len(text) % _PAIR == 1:
        raise ValueError(f"base45 of {len(text)} characters: one is missing or too many")
    out = bytearray()
    for start in range(0, len(text), _PAIR):
        group = text[start : start + _PAIR]
        value = sum(_value(letter, start) * 45**place for place, letter in enumerate(group))
        size = len(group) - 1
        if value >> 8 * size:
            raise ValueError(f"{group!r} at character {start + 1} is no base45")
        out += value.to_bytes(size, "big")
    return bytes(out)


def _value(letter: str, start: int) -> int:
    value = _ALPHABET.find(letter)
    if value < 0:
        raise ValueError(f"{letter!r} after character {start} is none of base45's")
    return value
