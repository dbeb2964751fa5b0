"""Sealed bodies: what one resident or one desk says to one service, and no relay on the way reads.

A box is libsodium's sealed box (X25519, XSalsa20-Poly1305, an ephemeral key that is thrown away) to
an Ed25519 key that was made for nothing else, converted (RFC 7748 4.1 relates the two curves). The
same kind of key serves a service and, made once for one question, whoever awaits the answer; its
holder can also sign a receipt with it. Contents are padded to a few sizes, as ISO/IEC 7816-4 pads,
so that a box's length tells almost nothing.
"""

from collections.abc import Callable
from hashlib import blake2b

from nacl import bindings
from nacl.exceptions import CryptoError

from holub_crypto.identity import PUBLIC_BYTES, Identity

PADDED_BYTES = (64, 192, 320, 704, 1792)
"""The sizes a content is padded to: a check-in fits 192, a request with its answers 704."""

BOX_OVERHEAD_BYTES = PUBLIC_BYTES + 16
BOX_BYTES_MIN = PADDED_BYTES[0] + BOX_OVERHEAD_BYTES
BOX_BYTES_MAX = PADDED_BYTES[-1] + BOX_OVERHEAD_BYTES
CONTENT_BYTES_MAX = PADDED_BYTES[-1] - 1

_NONCE_BYTES = 24
_MARK = b"\x80"


class SealingError(ValueError):
    """A content that can't be sealed, or a box that this key does not open; the text says why."""


def seal(recipient: bytes, content: bytes, entropy: Callable[[int], bytes]) -> bytes:
    """Return a box that only the holder of `recipient` (an Ed25519 public key) opens.

    `entropy` gives the 32 bytes of the ephemeral key. Raises SealingError for a content of more
    than CONTENT_BYTES_MAX bytes, and for a key that is no point of the curve's main group.
    """
    padded = _pad(content)
    try:
        public = bindings.crypto_sign_ed25519_pk_to_curve25519(recipient)
        secret = entropy(bindings.crypto_box_SECRETKEYBYTES)
        ephemeral = bindings.crypto_scalarmult_base(secret)
        nonce = blake2b(ephemeral + public, digest_size=_NONCE_BYTES).digest()
        return ephemeral + bindings.crypto_box(padded, nonce, public, secret)
    except (CryptoError, ValueError, TypeError):
        raise SealingError(f"{recipient.hex()} is no key to seal to") from None


def unseal(identity: Identity, box: bytes) -> bytes:
    """Return the content of a box that was sealed to this key; raises SealingError."""
    secret = bindings.crypto_sign_ed25519_sk_to_curve25519(identity.seed + identity.public)
    public = bindings.crypto_scalarmult_base(secret)
    try:
        return _unpad(bindings.crypto_box_seal_open(box, public, secret))
    except (CryptoError, ValueError, TypeError):
        raise SealingError("this box was sealed to another key, or was altered") from None


def _pad(content: bytes) -> bytes:
    size = next((size for size in PADDED_BYTES if len(content) < size), None)
    if size is None:
        raise SealingError(f"{len(content)} bytes to seal, at most {CONTENT_BYTES_MAX} fit")
    return content + _MARK + bytes(size - len(content) - 1)


def _unpad(padded: bytes) -> bytes:
    content, mark, zeros = padded.rpartition(_MARK)
    if len(padded) not in PADDED_BYTES or not mark or any(zeros):
        raise ValueError("padding")
    return content
