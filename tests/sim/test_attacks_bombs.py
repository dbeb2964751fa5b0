"""Bytes that are meant to end a parser."""

from holub_protocol.frames import FrameError, decode
from holub_protocol.framing import FrameBuffer, StreamError
from holub_sim.attacks.bombs import Bombs
from support_attacks import Spoken, means


def test_bombs_break_a_stream_or_are_frames_and_nothing_else_happens() -> None:
    """Each one is refused by the two errors that close a link; at least eight kinds of them."""
    actor = Bombs(means())
    broken = 0
    for _ in range(80):
        line = Spoken()
        assert actor.craft(line) == len(line.data)
        buffer = FrameBuffer()
        buffer.feed(line.data)
        try:
            raw = buffer.next()
            if raw is not None:
                decode(raw)
        except (FrameError, StreamError):
            broken += 1
    assert broken >= 16
