"""How a node reads bytes: both functions are pure, so who runs many nodes may remember for all.

A thousand nodes of a simulator read the same message; a daemon reads each once and remembers
nothing.
"""

from holub_protocol import codec, frames
from holub_protocol.frames import Frame
from holub_protocol.message import Message
from holub_protocol.refusal import Refusal


class Reading:
    """Reads anew each time. Whatever stands in for it answers the same to the same bytes."""

    def message(self, raw: bytes, realm_id: bytes) -> Message | Refusal:
        """Read a message (see codec.decode)."""
        return codec.decode(raw, realm_id)

    def frame(self, data: bytes) -> Frame | None:
        """Read a frame; raises FrameError (see frames.decode)."""
        return frames.decode(data)
