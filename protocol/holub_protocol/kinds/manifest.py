"""The manifest: announces a payload too large for a message, and proves each of its chunks."""

import re
from dataclasses import dataclass

from holub_crypto import cbor
from holub_protocol.limits import CHUNK_HASH_BYTES, PAYLOAD_BYTES
from holub_protocol.message import BodyError
from holub_protocol.payloads.layout import Layout

NAME_BYTES = 128
MEDIA_TYPE_BYTES = 64
_FIELDS = 4
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")


@dataclass(frozen=True, slots=True)
class ManifestBody:
    """`[name, media type, size, lists]`: a name for people, a media type (RFC 6838, lower case,
    without parameters), its bytes, and the joined hashes of its lists (see payloads.layout). The
    name is the topic: the next version is the signer's next manifest of that name."""

    name: str
    media_type: str
    size_bytes: int
    lists: bytes

    def __post_init__(self) -> None:
        """Hold what every reader relies on; raises BodyError."""
        _check_text("name", self.name, NAME_BYTES)
        _check_text("media type", self.media_type, MEDIA_TYPE_BYTES)
        if not self.name:
            raise BodyError("manifest: no name")
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise BodyError(f"manifest: {self.media_type!r} is no media type, as text/html is")
        if not 1 <= self.size_bytes <= PAYLOAD_BYTES:
            raise BodyError(f"manifest: {self.size_bytes} bytes; 1 to {PAYLOAD_BYTES} are allowed")
        expected = self.layout.lists * CHUNK_HASH_BYTES
        if len(self.lists) != expected:
            raise BodyError(f"manifest: {len(self.lists)} bytes of hashes instead of {expected}")

    @property
    def layout(self) -> Layout:
        """How its payload is cut."""
        return Layout(self.size_bytes)

    @classmethod
    def from_wire(cls, fields: tuple[cbor.Value, ...]) -> "ManifestBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if len(fields) != _FIELDS:
            raise BodyError(f"a manifest has {_FIELDS} fields, not {len(fields)}")
        name, media_type, size, lists = fields
        try:
            return cls(
                cbor.as_text(name, NAME_BYTES),
                cbor.as_text(media_type, MEDIA_TYPE_BYTES),
                cbor.as_int(size, 1, PAYLOAD_BYTES),
                cbor.as_bytes(lists, CHUNK_HASH_BYTES, PAYLOAD_BYTES),
            )
        except cbor.CborError as error:
            raise BodyError(f"manifest: {error}") from None

    def to_wire(self) -> tuple[cbor.Value, ...]:
        """Return the four fields."""
        return (self.name, self.media_type, self.size_bytes, self.lists)


def _check_text(field: str, text: str, most: int) -> None:
    # No newer table of characters may decide what is printable: nodes must agree.
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:  # as a file's name that is no UTF-8 has it
        raise BodyError(f"manifest: {field} {text!r} has half a character in it") from None
    if size_bytes > most or any(letter < " " or letter == "\x7f" for letter in text):
        raise BodyError(f"manifest: {field} {text!r} is over {most} bytes or has controls")
