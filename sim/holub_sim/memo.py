"""What many nodes read, read once: the decoders are functions of bytes, so their answers are
remembered for the whole world. Nothing else about a message is shared between nodes."""

from holub_protocol.frames import Frame
from holub_protocol.message import Message
from holub_protocol.reading import Reading
from holub_protocol.refusal import Refusal

MESSAGES_KEPT = 1 << 16
FRAMES_KEPT = 1 << 14
"""An attacker's junk is different each time: what was read first is forgotten first."""


class SharedReading(Reading):
    """Remembers; `asked` and `computed` tell what that saved."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.asked = self.computed = 0
        self._messages: dict[tuple[bytes, bytes], Message | Refusal] = {}
        self._frames: dict[bytes, Frame | None] = {}

    def message(self, raw: bytes, realm_id: bytes) -> Message | Refusal:
        """Read a message, or tell what it was."""
        self.asked += 1
        key = (raw, realm_id)
        known = self._messages.get(key)
        if known is None:
            self.computed += 1
            known = self._messages[key] = super().message(raw, realm_id)
            if len(self._messages) > MESSAGES_KEPT:
                del self._messages[next(iter(self._messages))]
        return known

    def frame(self, data: bytes) -> Frame | None:
        """Read a frame, or tell what it was; one that breaks the rules is read anew."""
        self.asked += 1
        known = self._frames.get(data)
        if known is None:
            self.computed += 1
            known = self._frames[data] = super().frame(data)
            if len(self._frames) > FRAMES_KEPT:
                del self._frames[next(iter(self._frames))]
        return known
