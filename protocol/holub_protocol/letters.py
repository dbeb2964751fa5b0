"""What is inside a box: the content, and the one-time key to which an answer may be sealed."""

from dataclasses import dataclass

from holub_crypto import cbor
from holub_crypto.identity import PUBLIC_BYTES
from holub_crypto.sealing import CONTENT_BYTES_MAX
from holub_protocol.message import BodyError

_FIELDS = 2
_FRAME_BYTES = 40
LETTER_BYTES_MAX = CONTENT_BYTES_MAX - _FRAME_BYTES
"""Largest content: what a box holds, less the array's head and the key for the answer."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`content` is the service's own matter; `reply_to` an Ed25519 public key that was made for
    this letter alone, so that two letters of one person have nothing in common, or empty where no
    answer is wanted. Its holder opens the answer, and can sign that it was read."""

    content: bytes
    reply_to: bytes = b""

    @classmethod
    def read(cls, data: bytes) -> "Letter":
        """Read what a box held; raises BodyError where it is no letter."""
        try:
            fields = cbor.as_tuple(cbor.decode(data))
            if len(fields) != _FIELDS:
                raise BodyError(f"a letter has {_FIELDS} fields, not {len(fields)}")
            reply_to = fields[0]
            return cls(
                cbor.as_bytes(fields[1], 0, CONTENT_BYTES_MAX),
                b"" if reply_to == b"" else cbor.as_bytes(reply_to, PUBLIC_BYTES, PUBLIC_BYTES),
            )
        except cbor.CborError as error:
            raise BodyError(f"letter: {error}") from None

    def write(self) -> bytes:
        """Return what is to be sealed."""
        return cbor.encode((self.reply_to, self.content))
