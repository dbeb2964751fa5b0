"""What an operator may tune, with the values that suit a small computer on a LAN."""

from dataclasses import dataclass

from holub_protocol.limits import (
    FRAME_BYTES_DEFAULT,
    STORE_BYTES_DEFAULT,
    WINDOW_BYTES_DEFAULT,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """`store_bytes`: room for messages; `frame_bytes`: largest frame accepted; `window_bytes`:
    unconsumed bytes accepted; `push_links`: links that get a small message's bytes at once,
    the others its id."""

    store_bytes: int = STORE_BYTES_DEFAULT
    frame_bytes: int = FRAME_BYTES_DEFAULT
    window_bytes: int = WINDOW_BYTES_DEFAULT
    push_links: int = 3
