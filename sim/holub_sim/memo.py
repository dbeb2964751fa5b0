"""What many nodes read, read once: the decoders are functions of bytes, so their answers are
remembered for the whole world. Nothing else about a message is shared between nodes."""

from typing import Generic, TypeVar

from holub_protocol.frames import Frame
from holub_protocol.message import Message
from holub_protocol.reading import Reading
from holub_protocol.refusal import Refusal

MESSAGES_KEPT = 1 << 15
FRAMES_KEPT = 1 << 13
"""An attacker's junk is different each time: what was read first is forgotten first."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Newest(Generic[_Key, _Value]):
    """Remembers the newest `kept` values at least and twice as many at most."""

    def __init__(self, kept: int) -> None:
        """Start empty."""
        self._kept = kept
        self._young: dict[_Key, _Value] = {}
        self._old: dict[_Key, _Value] = {}

    def get(self, key: _Key) -> _Value | None:
        """Return a value, None if it is not remembered."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def put(self, key: _Key, value: _Value) -> None:
        """Remember a value that was not."""
        if len(self._young) == self._kept:
            self._old, self._young = self._young, {}
        self._young[key] = value


class SharedReading(Reading):
    """Remembers; `asked` and `computed` tell what that saved."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.asked = self.computed = 0
        self._messages: Newest[tuple[bytes, bytes], Message | Refusal] = Newest(MESSAGES_KEPT)
        self._frames: Newest[bytes, Frame | None] = Newest(FRAMES_KEPT)

    def message(self, raw: bytes, realm_id: bytes) -> Message | Refusal:
        """Read a message, or tell what it was."""
        self.asked += 1
        key = (raw, realm_id)
        known = self._messages.get(key)
        if known is None:
            self.computed += 1
            known = super().message(raw, realm_id)
            self._messages.put(key, known)
        return known

    def frame(self, data: bytes) -> Frame | None:
        """Read a frame, or tell what it was; one that breaks the rules is read anew."""
        self.asked += 1
        known = self._frames.get(data)
        if known is None:
            self.computed += 1
            known = super().frame(data)
            self._frames.put(data, known)
        return known
