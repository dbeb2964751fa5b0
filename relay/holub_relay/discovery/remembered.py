"""Good addresses in the store: where granted relays proved their keys, for the next start."""

from typing import Final

from holub_crypto import cbor
from holub_crypto.identity import PUBLIC_BYTES
from holub_protocol.storage import Writes
from holub_relay.limits import REMEMBERED

NOTE: Final = "good addresses"

_HOST_BYTES_MAX: Final = 255

Good = tuple[bytes, str, int]
"""Key, host, port."""


def writes(good: tuple[Good, ...]) -> Writes:
    """What makes these durable, the first REMEMBERED of them."""
    return Writes(notes=((NOTE, cbor.encode(good[:REMEMBERED])),))


def read(note: bytes | None) -> tuple[Good, ...]:
    """What the store remembers; nothing where it has none or they are damaged."""
    if note is None:
        return ()
    try:
        return tuple(_good(item) for item in cbor.as_tuple(cbor.decode(note))[:REMEMBERED])
    except ValueError:  # not worth more than starting without
        return ()


def _good(item: cbor.Value) -> Good:
    key, host, port = cbor.as_tuple(item)
    if not isinstance(host, str) or not 0 < len(host) <= _HOST_BYTES_MAX:
        raise ValueError("no host")
    return cbor.as_bytes(key, PUBLIC_BYTES, PUBLIC_BYTES), host, cbor.as_int(port, 1, 65_535)
