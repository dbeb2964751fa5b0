"""Content ids and keyed digests: BLAKE2b everywhere (RFC 7693), from the standard library.

hashlib's BLAKE2b makes 1.9 million digests a second where PyNaCl's makes 0.2, so it is used
directly; Ed25519 and everything else secret stays with PyNaCl.
"""

from hashlib import blake2b

ID_BYTES = 32
"""Length of a content id: a full 256-bit digest, so that ids can't be made to collide."""


def content_id(content: bytes) -> bytes:
    """Return the 32-byte id of signed content (for a message: its Sig_structure, RFC 9052 4.4)."""
    return blake2b(content, digest_size=ID_BYTES).digest()


def keyed(key: bytes, data: bytes, size: int) -> bytes:
    """Return `size` bytes of BLAKE2b keyed with `key` (at most 64 bytes)."""
    return blake2b(data, digest_size=size, key=key).digest()


def derive(label: str, *parts: bytes) -> bytes:
    """Return 32 bytes bound to a label and to each part's length, so that no two inputs meet."""
    state = blake2b(digest_size=32, person=b"holub derive")
    for part in (label.encode(), *parts):
        state.update(len(part).to_bytes(4, "big"))
        state.update(part)
    return state.digest()
