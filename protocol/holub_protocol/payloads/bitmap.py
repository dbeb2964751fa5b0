"""Which chunks are held, as bits, and their short form on the wire.

Bit p of the number stands for place p. On the wire the bytes, the least significant first, are
run-length coded: a token of 0 to 63 stands for 1 to 64 bytes of zeros, 64 to 127 for 1 to 64
bytes of ones, 128 to 255 for 1 to 128 bytes that follow as they are. Runs of two and more are
coded as such, the longest first: nothing held, or all, is a few bytes, and the worst case is
two more than the bytes themselves.
"""

from collections.abc import Iterator

_RUN_MAX = 64
_PLAIN_MAX = 128
_ONES_TOKEN = 64
_PLAIN_TOKEN = 128


class BitmapError(ValueError):
    """The bytes are not the one accepted form of so many bits."""


def encode(bits: int, count: int) -> bytes:
    """Return the wire form of `count` bits."""
    data = bits.to_bytes(-(-count // 8), "little")
    out, plain = bytearray(), bytearray()
    at = 0
    while at < len(data):
        length = _run(data, at)
        if length > 1:
            _flush(out, plain)
            out.append(length - 1 + (_ONES_TOKEN if data[at] else 0))
        else:
            plain.append(data[at])
            if len(plain) == _PLAIN_MAX:
                _flush(out, plain)
        at += length
    _flush(out, plain)
    return bytes(out)


def _run(data: bytes, at: int) -> int:
    """Return how many equal bytes of zeros or ones begin here, at most 64; 1 for any other."""
    if data[at] not in (0x00, 0xFF):
        return 1
    end = at + 1
    while end < len(data) and data[end] == data[at] and end - at < _RUN_MAX:
        end += 1
    return end - at


def _flush(out: bytearray, plain: bytearray) -> None:
    if plain:
        out.append(_PLAIN_TOKEN + len(plain) - 1)
        out += plain
        plain.clear()


def decode(data: bytes, count: int) -> int:
    """Return the bits; raises BitmapError for any other form than that of `encode`."""
    size = -(-count // 8)
    out = bytearray()
    at = 0
    while at < len(data) and len(out) <= size:
        token = data[at]
        at += 1
        if token < _PLAIN_TOKEN:
            length = token % _RUN_MAX + 1
            out += (b"\xff" if token >= _ONES_TOKEN else b"\x00") * length
        else:
            end = at + token - _PLAIN_TOKEN + 1
            out += data[at:end]
            at = end
    bits = int.from_bytes(out, "little")
    if len(out) != size or bits >> count or encode(bits, count) != data:
        raise BitmapError(f"{len(data)} bytes are no bitmap of {count} bits")
    return bits


def places(bits: int) -> Iterator[int]:
    """Yield the places whose bit is set, ascending."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
