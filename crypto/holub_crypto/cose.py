"""COSE signatures (RFC 9052) at the level of bytes: one signer, or several.

The algorithm is -19, Ed25519 as RFC 9864 names it fully. Unprotected headers are empty, tags
are left out, and the context string ("Signature1", "Signature") with the external data keeps a
signature made for one purpose from serving another.
"""

from dataclasses import dataclass

from holub_crypto.identity import HINT_BYTES, SIGNATURE_BYTES, Identity, key_hint

ALGORITHM_ED25519 = -19
_PROTECTED_PREFIX = bytes((0xA2, 0x01, 0x32, 0x04, 0x48))  # {1: -19, 4: h'8 bytes'}
_PROTECTED_BYTES = len(_PROTECTED_PREFIX) + HINT_BYTES
_EMPTY_MAP = 0xA0
_SIGN1_CONTEXT = b"\x84\x6aSignature1" + bytes((0x40 + _PROTECTED_BYTES,)) + _PROTECTED_PREFIX
_SIGN1_HEAD = bytes((0x84, 0x40 + _PROTECTED_BYTES))
_SIGN1_PAYLOAD_AT = len(_SIGN1_HEAD) + _PROTECTED_BYTES + 1
_SIGNATURE_HEAD = bytes((0x58, SIGNATURE_BYTES))
# One signature of several: an array of three, the header's string, {}, the signature's string.
_ONE_SIGNATURE_BYTES = 1 + 1 + _PROTECTED_BYTES + 1 + len(_SIGNATURE_HEAD) + SIGNATURE_BYTES


class CoseError(ValueError):
    """The bytes are not a COSE structure of this profile; the text says how."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What one signer signed: the hint of the key, the payload, the signature."""

    hint: bytes
    payload: bytes
    signature: bytes


def _head(major: int, length: int) -> bytes:
    if length < 24:
        return bytes((major << 5 | length,))
    for info, size in ((24, 1), (25, 2), (26, 4)):
        if length < 1 << 8 * size:
            return bytes((major << 5 | info,)) + length.to_bytes(size, "big")
    raise CoseError(f"a string of {length} bytes")


def _string(data: bytes) -> bytes:
    return _head(2, len(data)) + data


def protected(hint: bytes) -> bytes:
    """Return the protected header {1: -19, 4: hint}: 13 bytes."""
    return _PROTECTED_PREFIX + hint


def sign1_content(hint: bytes, external: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure (RFC 9052 4.4) that a single signer signs."""
    return b"".join((_SIGN1_CONTEXT, hint, _string(external), _string(payload)))


def sign1(identity: Identity, external: bytes, payload: bytes) -> bytes:
    """Return an untagged COSE_Sign1 of `payload`, bound to `external`."""
    hint = key_hint(identity.public)
    signature = identity.sign(sign1_content(hint, external, payload))
    return (
        _SIGN1_HEAD
        + protected(hint)
        + bytes((_EMPTY_MAP,))
        + _string(payload)
        + _SIGNATURE_HEAD
        + signature
    )


def read_sign1(raw: bytes) -> Signed:
    """Take apart the one accepted form of a COSE_Sign1; raises CoseError for any other."""
    if raw[:2] != _SIGN1_HEAD or raw[2:7] != _PROTECTED_PREFIX:
        raise CoseError("not a COSE_Sign1 with the protected header {1: -19, 4: kid}")
    if raw[_SIGN1_PAYLOAD_AT - 1 : _SIGN1_PAYLOAD_AT] != bytes((_EMPTY_MAP,)):
        raise CoseError("the unprotected header is not empty")
    start = _SIGN1_PAYLOAD_AT
    length, start = _read_string_head(raw, start)
    end = start + length
    if raw[end : end + 2] != _SIGNATURE_HEAD or len(raw) != end + 2 + SIGNATURE_BYTES:
        raise CoseError("not one payload and one signature of 64 bytes, and nothing after")
    return Signed(raw[7 : 7 + HINT_BYTES], raw[start:end], raw[end + 2 :])


def _read_string_head(raw: bytes, at: int) -> tuple[int, int]:
    """Return (length, where the string starts) of a byte string in its shortest form."""
    if at >= len(raw):
        raise CoseError("cut short")
    first = raw[at]
    if 0x40 <= first < 0x58:
        return first - 0x40, at + 1
    if first == 0x58 and at + 1 < len(raw) and raw[at + 1] >= 24:
        return raw[at + 1], at + 2
    if first == 0x59 and at + 2 < len(raw) and raw[at + 1] > 0:
        return int.from_bytes(raw[at + 1 : at + 3], "big"), at + 3
    raise CoseError("the payload is not a byte string in its shortest form")


def sign_content(hint: bytes, external: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure that each of several signers signs; the body header is empty."""
    return (
        b"\x85\x69Signature"
        + _string(b"")
        + _string(protected(hint))
        + _string(external)
        + _string(payload)
    )


def body_content(external: bytes, payload: bytes) -> bytes:
    """Return what identifies a payload however many have signed it: the base of its id."""
    return b"\x84\x64Body" + _string(b"") + _string(external) + _string(payload)


def sign_many(identities: tuple[Identity, ...], external: bytes, payload: bytes) -> bytes:
    """Return an untagged COSE_Sign of `payload` by each of `identities`, by their hints."""
    signatures = []
    for identity in identities:
        hint = key_hint(identity.public)
        signatures.append((hint, identity.sign(sign_content(hint, external, payload))))
    return join_signatures(payload, tuple(signatures))


def join_signatures(payload: bytes, signatures: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Build a COSE_Sign from (hint, signature) pairs collected from several machines."""
    parts = [b"\x84\x40\xa0", _string(payload), _head(4, len(signatures))]
    for hint, signature in sorted(signatures):
        parts += [b"\x83", _string(protected(hint)), b"\xa0", _string(signature)]
    return b"".join(parts)


def read_sign(raw: bytes, most: int) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    """Take apart a COSE_Sign with 1 to `most` signatures: (payload, ((hint, signature), ...)).

    Raises CoseError for any form but the one that `join_signatures` writes.
    """
    payload, at = _read_body(raw)
    one = _ONE_SIGNATURE_BYTES
    count = (len(raw) - at) // one
    if not 1 <= count <= most:
        raise CoseError(f"not 1 to {most} signatures")
    at += len(_head(4, count))
    signatures = tuple(
        (
            raw[at + i * one + 7 : at + i * one + 7 + HINT_BYTES],
            raw[at + (i + 1) * one - SIGNATURE_BYTES : at + (i + 1) * one],
        )
        for i in range(count)
    )
    if join_signatures(payload, signatures) != raw:
        raise CoseError("not the one accepted form of a COSE_Sign")
    return payload, signatures


def _read_body(raw: bytes) -> tuple[bytes, int]:
    """Return the payload of the COSE_Sign at the front, and where its signatures begin."""
    if raw[:3] != b"\x84\x40\xa0":
        raise CoseError("not a COSE_Sign with empty body headers")
    length, start = _read_string_head(raw, 3)
    end = start + length
    if end > len(raw):
        raise CoseError("cut short")
    return raw[start:end], end


def sign_bytes(raw: bytes) -> int:
    """Return the length of the COSE_Sign that a sequence of them (RFC 8742) begins with.

    Only its frame is looked at; raises CoseError where there is none, `read_sign` does the rest.
    """
    _, at = _read_body(raw)
    first, second = raw[at : at + 1], raw[at + 1 : at + 2]
    if first and 0x81 <= first[0] < 0x98:
        return at + 1 + (first[0] - 0x80) * _ONE_SIGNATURE_BYTES
    if first == b"\x98" and second:
        return at + 2 + second[0] * _ONE_SIGNATURE_BYTES
    raise CoseError("no array of signatures after the payload")


__all__ = [
    "ALGORITHM_ED25519",
    "CoseError",
    "Signed",
    "body_content",
    "join_signatures",
    "protected",
    "read_sign",
    "read_sign1",
    "sign1",
    "sign1_content",
    "sign_bytes",
    "sign_content",
    "sign_many",
]
