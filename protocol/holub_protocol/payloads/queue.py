"""What one peer has asked for of payloads, and the frames in which it goes out.

Places wait, not chunks: each is read when its turn comes. A chunk larger than a frame goes in
pieces, each a frame of its own, so that an alert overtakes a chunk half sent.
"""

from typing import Protocol

from holub_protocol.frames import Chunk, encode
from holub_protocol.limits import CHUNKS_ASKED_MAX, PAYLOADS_UNDER_WAY
from holub_protocol.reconcile import short_id

CHUNK_HEAD_BYTES = 17
"""Bytes of a CHUNK frame besides its data, at most."""

_WAITING = CHUNKS_ASKED_MAX * PAYLOADS_UNDER_WAY


class ChunkShelf(Protocol):
    """Where chunks are read."""

    def read(self, id_: bytes, place: int) -> bytes | None:
        """Return a held chunk; None if it is damaged or gone."""


class ChunkQueue:
    """The chunks that one peer waits for, in the order in which it asked."""

    def __init__(self, shelf: ChunkShelf) -> None:
        """Start empty; chunks are read from `shelf`."""
        self.chunks_out = 0
        self._shelf = shelf
        self._waiting: dict[tuple[bytes, int], int] = {}

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def ask(self, id_: bytes, places: tuple[int, ...], offset: int) -> int:
        """Queue chunks of a payload, the first from `offset` on; return how many were new."""
        new = 0
        for number, place in enumerate(places):
            if (id_, place) not in self._waiting and len(self._waiting) < _WAITING:
                self._waiting[id_, place] = 0 if number else offset
                new += 1
        return new

    def next(self, piece_bytes: int, salt: bytes) -> bytes | None:
        """Return the next frame, of at most `piece_bytes`; None if nothing waits any more."""
        while self._waiting:
            (id_, place), offset = next(iter(self._waiting.items()))
            chunk = self._shelf.read(id_, place)
            if chunk is None or offset >= len(chunk):
                del self._waiting[id_, place]
                continue
            # Pieces of one size: a short last one would look like a link that has become faster.
            left = len(chunk) - offset
            pieces = -(-left // (piece_bytes - CHUNK_HEAD_BYTES))
            piece = chunk[offset : offset + -(-left // pieces)]
            if offset + len(piece) == len(chunk):
                del self._waiting[id_, place]
                self.chunks_out += 1
            else:
                self._waiting[id_, place] = offset + len(piece)
            return encode(Chunk(short_id(salt, id_), place, offset, piece))
        return None
