"""The seam through which a node reads bytes."""

import pytest

from holub_protocol import frames
from holub_protocol.frames import Credit, FrameError
from holub_protocol.reading import Reading
from holub_protocol.refusal import Refusal


def test_a_reading_is_the_strict_decoders() -> None:
    """Frames and messages, and what is wrong with them."""
    read = Reading()
    assert read.frame(frames.encode(Credit(7))) == Credit(7)
    with pytest.raises(FrameError):
        read.frame(b"\x00")
    assert read.message(b"\x00", bytes(32)) is Refusal.MALFORMED
