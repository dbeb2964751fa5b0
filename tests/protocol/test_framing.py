"""The stream: frames come out whole however it is cut, and a bad length breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.framing import FrameBuffer, StreamError, frame_bytes


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.data())
def test_frames_come_out_whole(frames: list[bytes], data: st.DataObject) -> None:
    """Whatever the pieces in which a stream arrives, the frames are those that were sent."""
    stream = b"".join(map(frame_bytes, frames))
    buffer, got = FrameBuffer(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        buffer.feed(stream[:cut] if cut % 2 else bytearray(stream[:cut]))
        stream = stream[cut:]
        while (frame := buffer.next()) is not None:
            got.append(frame)
    assert got == frames
    assert buffer.next() is None


@pytest.mark.parametrize(("most", "length"), [(256, 257), (256, 65_535), (4096, 4097), (256, 0)])
def test_a_bad_length_breaks_the_stream(most: int, length: int) -> None:
    """An empty frame, or one above the bound, is an error as soon as its length is there."""
    buffer = FrameBuffer(most)
    buffer.feed(length.to_bytes(2, "big"))
    with pytest.raises(StreamError, match=f"{length} bytes where 1 to {most}"):
        buffer.next()


def test_the_largest_frame_passes() -> None:
    """The bound itself is allowed, and one byte less than the frame is not yet one."""
    buffer = FrameBuffer(256)
    data = frame_bytes(bytes(256))
    buffer.feed(data[:1])
    assert buffer.next() is None
    buffer.feed(data[1:-1])
    assert buffer.next() is None
    buffer.feed(data[-1:])
    assert buffer.next() == bytes(256)


@pytest.mark.parametrize("size", [0, 65_536])
def test_a_frame_that_has_no_length(size: int) -> None:
    """What two bytes can't say, or what says nothing, is never sent."""
    with pytest.raises(ValueError, match=f"a frame of {size} bytes"):
        frame_bytes(bytes(size))
