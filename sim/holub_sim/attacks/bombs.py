"""Bytes that are meant to end a parser: one hostile message shut down whole networks before
(Bridgefy 2020, Briar 2023). A link that carries such a thing may close; nothing else may happen."""

from holub_crypto import cbor
from holub_protocol.frames import FrameType, Need
from holub_protocol.framing import frame_bytes
from holub_protocol.limits import FRAME_BYTES_MAX, NEED_HINTS
from holub_sim.attacks.actor import Actor, Line, Means

_DEPTH = 3000
_ENDLESS_BYTES = 4096


class Bombs(Actor):
    """Each of its bombs in turn. Most of them break the stream, so the link comes back before
    the next: that is the attacker's loss."""

    def __init__(self, means: Means) -> None:
        """Make the bombs once: they are the same each time."""
        super().__init__(means)
        self._turn = 0
        put = FrameType.PUT.value
        beginning = cbor.encode((put, bytes(8), 0, _ENDLESS_BYTES, 0, bytes(900)))
        self._bombs = (
            frame_bytes(b"\x81" * _DEPTH),  # nested arrays
            frame_bytes(b"\x9b" + b"\xff" * 8),  # an array of 2^64 - 1 items
            frame_bytes(b"\x5b" + b"\xff" * 7 + b"\xf0"),  # a string of 2^64 - 16 bytes
            frame_bytes(b"\x9f" + b"\x00" * 64 + b"\xff"),  # indefinite length
            frame_bytes(b"\xc1" * 500 + b"\x00"),  # tags upon tags
            frame_bytes(b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00"),  # not a number
            frame_bytes(cbor.encode((put, bytes(8), 0, FRAME_BYTES_MAX, FRAME_BYTES_MAX, b"x"))),
            (0xFFFF).to_bytes(2, "big"),  # a frame of 65,535 bytes that does not come
            b"\0\0",  # an empty frame
            frame_bytes(beginning),  # a message whose rest never comes
        )

    def craft(self, line: Line) -> int:
        """The next one: a bomb, a piece of an unfinished message, or many questions."""
        self._turn += 1
        kind = self._turn % 4
        if kind == 1:
            return line.raw(self._bombs[self._turn // 4 % len(self._bombs)])
        if kind == 2:
            short = self.means.stream.bytes(8)
            piece = (FrameType.PUT.value, short, 0, _ENDLESS_BYTES, 0, self.means.stream.bytes(900))
            return line.raw(frame_bytes(cbor.encode(piece)))
        return line.say(Need(tuple(self.means.stream.bytes(8) for _ in range(NEED_HINTS))))
