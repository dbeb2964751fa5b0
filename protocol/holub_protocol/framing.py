"""A stream of bytes to frames and back: a length of two bytes, big-endian, before each."""

from holub_protocol.limits import FRAME_BYTES_MAX

LENGTH_BYTES = 2
_LENGTH_MAX = 65535


class StreamError(ValueError):
    """The stream can't be followed any further: its link must close."""


class FrameBuffer:
    """Collects a stream cut anywhere and gives back whole frames."""

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        """Frames above `frame_bytes_max` bytes break the stream."""
        self._buffer = bytearray()
        self._max = frame_bytes_max

    def feed(self, data: bytes | bytearray) -> None:
        """Take in what has arrived."""
        self._buffer += data

    def next(self) -> bytes | None:
        """Return the next whole frame, or None until more has arrived; raises StreamError."""
        if len(self._buffer) < LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if not 0 < length <= self._max:
            raise StreamError(f"a frame of {length} bytes where 1 to {self._max} are allowed")
        end = LENGTH_BYTES + length
        if len(self._buffer) < end:
            return None
        frame = bytes(self._buffer[LENGTH_BYTES:end])
        del self._buffer[:end]
        return frame


def frame_bytes(frame: bytes) -> bytes:
    """Put its length before an encoded frame."""
    if not 0 < len(frame) <= _LENGTH_MAX:
        raise ValueError(f"a frame of {len(frame)} bytes")
    return len(frame).to_bytes(LENGTH_BYTES, "big") + frame
