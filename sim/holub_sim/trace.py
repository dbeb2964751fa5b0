"""What happened, as text lines, and one hash over all of them: two equal runs are equal in it."""

from hashlib import blake2b
from typing import Protocol


class Sink(Protocol):
    """Where the lines go, such as an open text file."""

    def write(self, text: str, /) -> object:
        """Take a line."""


_LINES_AT_ONCE = 256


class Trace:
    """Hashes every line, many at once, and hands it on to a sink where there is one."""

    def __init__(self, sink: Sink | None = None) -> None:
        """Start with the hash of nothing."""
        self._hash = blake2b(digest_size=16)
        self._unhashed: list[str] = []
        self._sink = sink
        self.lines = 0

    def note(self, t_us: int, who: str, what: str, data: bytes = b"") -> None:
        """Add `t_us who what [length digest]`: bytes count in full, but are told by digest."""
        if data:
            digest = blake2b(data, digest_size=8).hexdigest()
            line = f"{t_us} {who} {what} {len(data)} {digest}\n"
        else:
            line = f"{t_us} {who} {what}\n"
        self._unhashed.append(line)
        self.lines += 1
        if len(self._unhashed) == _LINES_AT_ONCE:
            self._catch_up()
        if self._sink is not None:
            self._sink.write(line)

    def digest(self) -> str:
        """Return the hash so far, in hex."""
        self._catch_up()
        return self._hash.hexdigest()

    def _catch_up(self) -> None:
        self._hash.update("".join(self._unhashed).encode())
        self._unhashed.clear()
