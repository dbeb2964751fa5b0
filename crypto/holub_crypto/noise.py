"""Noise handshakes and transport ciphers (Noise Protocol Framework, revision 34), without I/O.

Curve25519 and ChaCha20-Poly1305 come from libsodium; the hash is BLAKE2b in the field, BLAKE2s
and SHA-256 for the public test vectors.  Patterns are a table of tokens, as in section 7.4 and 9.4
of the specification, so the code below knows no pattern by name.

A handshake or cipher that has raised is spent: every later call raises again, so that a caller
who swallows an error cannot go on with half a key agreement.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from nacl.bindings import (
    crypto_aead_chacha20poly1305_ietf_decrypt,
    crypto_aead_chacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
# Noise section 3: no message is longer, so that its length fits two bytes.
MESSAGE_BYTES_MAX: Final = 65_535
# Section 5.1: the last nonce is reserved for rekeying and must never seal a message.
_NONCE_RESERVED: Final = 2**64 - 1

Entropy = Callable[[int], bytes]


class NoiseError(Exception):
    """The peer's message is not what the pattern and the keys demand, or the state is spent."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Tokens of a handshake: the static keys known beforehand, then one string per message."""

    known: tuple[bool, bool]  # does the other side know the initiator's, the responder's key?
    messages: tuple[str, ...]


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "NN": Pattern((False, False), ("e", "e ee")),
        "NK": Pattern((False, True), ("e es", "e ee")),
        "KK": Pattern((True, True), ("e es ss", "e ee se")),
        "IK": Pattern((False, True), ("e es s ss", "e ee se")),
        "XX": Pattern((False, False), ("e", "e ee s es", "s se")),
    }
)

# Constructors, not names: hmac.digest is a third faster with them.
_HASHES: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {"BLAKE2b": hashlib.blake2b, "BLAKE2s": hashlib.blake2s, "SHA256": hashlib.sha256}
)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An X25519 key pair; `private` and `public` are 32 raw bytes each."""

    private: bytes
    public: bytes

    @classmethod
    def of(cls, private: bytes) -> "KeyPair":
        """The pair that belongs to `private` (32 bytes; ValueError if it is not)."""
        if len(private) != KEY_BYTES:  # libsodium's binding would read past a shorter one
            raise ValueError(f"an X25519 key has {KEY_BYTES} bytes, not {len(private)}")
        return cls(private, crypto_scalarmult_base(private))

    @classmethod
    def generate(cls, entropy: Entropy) -> "KeyPair":
        """A fresh pair from 32 bytes of `entropy`."""
        return cls.of(entropy(KEY_BYTES))

    def __repr__(self) -> str:  # a private key must not reach a log
        return f"KeyPair(public={self.public.hex()})"


class Cipher:
    """One direction of a finished handshake: a key and a counter (CipherState, section 5.1)."""

    __slots__ = ("_key", "_nonce")

    def __init__(self, key: bytes, nonce: int = 0) -> None:
        """Begin at `nonce` with `key` (32 bytes)."""
        self._key = key
        self._nonce = nonce

    def seal(self, plaintext: bytes, ad: bytes = b"") -> bytes:
        """Encrypt under the next nonce; the result is 16 bytes longer.

        Raises NoiseError when the nonces are used up: the link must be closed.
        """
        nonce = self._next_nonce()
        self._nonce += 1
        return crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, ad, nonce, self._key)

    def open(self, ciphertext: bytes, ad: bytes = b"") -> bytes:
        """Decrypt what the peer sealed with the same nonce; NoiseError if it did not."""
        nonce = self._next_nonce()
        if len(ciphertext) < TAG_BYTES:
            raise NoiseError("ciphertext shorter than its tag")
        try:
            plain = crypto_aead_chacha20poly1305_ietf_decrypt(ciphertext, ad, nonce, self._key)
        except CryptoError:
            raise NoiseError("the ciphertext was not sealed with this key and nonce") from None
        self._nonce += 1
        return plain

    def rekey(self) -> None:
        """Replace the key by a one-way function of itself (section 4.2); the nonce runs on."""
        nonce = bytes(4) + _NONCE_RESERVED.to_bytes(8, "little")
        sealed = crypto_aead_chacha20poly1305_ietf_encrypt(bytes(KEY_BYTES), b"", nonce, self._key)
        self._key = sealed[:KEY_BYTES]

    def _next_nonce(self) -> bytes:
        if self._nonce >= _NONCE_RESERVED:
            raise NoiseError("nonces used up")
        return bytes(4) + self._nonce.to_bytes(8, "little")


class _Symmetric:
    """The running hash, chaining key and cipher of a handshake (SymmetricState, section 5.2)."""

    __slots__ = ("_chaining_key", "_new_hash", "cipher", "digest")

    def __init__(self, protocol_name: bytes, new_hash: Callable[..., Any]) -> None:
        self._new_hash = new_hash
        size: int = new_hash().digest_size
        fits = len(protocol_name) <= size
        self.digest = protocol_name.ljust(size, b"\0") if fits else self._hash(protocol_name)
        self._chaining_key = self.digest
        self.cipher: Cipher | None = None

    def _hash(self, data: bytes) -> bytes:
        digest: bytes = self._new_hash(data).digest()
        return digest

    def _hkdf(self, material: bytes, outputs: int) -> list[bytes]:
        secret = hmac.digest(self._chaining_key, material, self._new_hash)
        derived = [b""]
        for i in range(1, outputs + 1):
            derived.append(hmac.digest(secret, derived[-1] + bytes([i]), self._new_hash))
        return derived[1:]

    def fork(self) -> "_Symmetric":
        """Return another that goes on from here; only before the next key is mixed in, which
        replaces the cipher that both have."""
        twin = _Symmetric.__new__(_Symmetric)
        twin._new_hash, twin._chaining_key = self._new_hash, self._chaining_key
        twin.digest, twin.cipher = self.digest, self.cipher
        return twin

    def mix_hash(self, data: bytes) -> None:
        self.digest = self._hash(self.digest + data)

    def mix_key(self, material: bytes) -> None:
        self._chaining_key, key = self._hkdf(material, 2)
        self.cipher = Cipher(key[:KEY_BYTES])

    def mix_key_and_hash(self, material: bytes) -> None:
        self._chaining_key, hashed, key = self._hkdf(material, 3)
        self.mix_hash(hashed)
        self.cipher = Cipher(key[:KEY_BYTES])

    def seal(self, plaintext: bytes) -> bytes:
        sealed = self.cipher.seal(plaintext, self.digest) if self.cipher else plaintext
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        plaintext = self.cipher.open(sealed, self.digest) if self.cipher else sealed
        self.mix_hash(sealed)
        return plaintext

    def split(self) -> tuple[Cipher, Cipher]:
        first, second = self._hkdf(b"", 2)
        return Cipher(first[:KEY_BYTES]), Cipher(second[:KEY_BYTES])


@lru_cache(maxsize=32)  # a tenth of what a junk first message costs
def _parse(protocol_name: str) -> tuple[Pattern, Callable[..., Any]]:
    """The tokens, psk ones put in their places, and the hash."""
    parts = protocol_name.split("_")
    if len(parts) != 5 or parts[0] != "Noise" or parts[2:4] != ["25519", "ChaChaPoly"]:
        raise ValueError(f"not a Noise protocol spoken here: {protocol_name!r}")
    base, marker, place = parts[1].partition("psk")
    pattern, new_hash = PATTERNS.get(base), _HASHES.get(parts[4])
    if pattern is None or new_hash is None or (marker and place not in {"0", "3"}):
        raise ValueError(f"not a Noise protocol spoken here: {protocol_name!r}")
    if not marker:
        return pattern, new_hash
    messages = list(pattern.messages)
    if place == "0":
        messages[0] = f"psk {messages[0]}"
    elif len(messages) == 3:
        messages[2] = f"{messages[2]} psk"
    else:
        raise ValueError(f"{base} has no third message to carry psk3")
    return Pattern(pattern.known, tuple(messages)), new_hash


class Handshake:
    """One side of a Noise handshake: `write` and `read` in turns until `finished`, then `split`."""

    def __init__(
        self,
        protocol_name: str,
        initiator: bool,
        prologue: bytes,
        entropy: Entropy,
        *,
        static: KeyPair | None = None,
        remote_static: bytes | None = None,
        psk: bytes | None = None,
    ) -> None:
        """Prepare, e.g., "Noise_XX_25519_ChaChaPoly_BLAKE2b".

        `prologue` is what both sides must agree on unsaid; `remote_static` (32 bytes) is for
        patterns whose first K says so; `psk` is 32 bytes.  Raises ValueError for an unknown
        protocol or a key the pattern needs and was not given.
        """
        self._pattern, new_hash = _parse(protocol_name)
        tokens = " ".join(self._pattern.messages).split()
        if ("psk" in tokens) != (psk is not None) or (psk is not None and len(psk) != KEY_BYTES):
            raise ValueError(f"{protocol_name} and its psk do not fit: none, or 32 bytes")
        own, others = self._pattern.known if initiator else self._pattern.known[::-1]
        if others != (remote_static is not None) or len(remote_static or b"") not in (0, KEY_BYTES):
            raise ValueError(f"{protocol_name} and its remote static key do not fit")
        if static is None and (own or self._sends_static(initiator)):
            raise ValueError(f"{protocol_name} needs a static key")
        self.initiator = initiator
        self._entropy = entropy
        self._static = static
        self._ephemeral: KeyPair | None = None
        self._remote_static = remote_static
        self._remote_ephemeral: bytes | None = None
        self._psk = psk
        self._psk_ahead = False
        self._turn = 0
        self._spent = False
        self._symmetric = _Symmetric(protocol_name.encode("ascii"), new_hash)
        self._symmetric.mix_hash(prologue)
        own_public = static.public if static else None
        keys = (own_public, remote_static) if initiator else (remote_static, own_public)
        for known, key in zip(self._pattern.known, keys, strict=True):
            if known and key is not None:
                self._symmetric.mix_hash(key)

    def _sends_static(self, initiator: bool) -> bool:
        mine = self._pattern.messages[0 if initiator else 1 :: 2]
        return any("s" in message.split() for message in mine)

    @property
    def finished(self) -> bool:
        """Have all messages of the pattern been written and read?"""
        return self._turn == len(self._pattern.messages) and not self._spent

    @property
    def remote_static(self) -> bytes | None:
        """The peer's X25519 key (32 bytes) as far as it is known; proven only when finished."""
        return self._remote_static

    @property
    def handshake_hash(self) -> bytes:
        """The transcript's hash, a name for this one session (section 11.2)."""
        return self._symmetric.digest

    def fork(self) -> "Handshake":
        """Return a handshake that goes on from here by itself; NoiseError after the first message.

        What all first messages have in common, the prologue and a psk before everything else, is
        worked out once: a responder that forks spends half as much on a junk caller.
        """
        if self._turn or self._spent:
            raise NoiseError("a handshake that has begun can't be forked")
        if not self._psk_ahead and self._pattern.messages[0].startswith("psk "):
            self._mix_secret("psk")
            self._psk_ahead = True
        twin = Handshake.__new__(Handshake)
        twin.__dict__.update(self.__dict__)  # copy.copy takes three times as long
        twin._symmetric = self._symmetric.fork()
        return twin

    def write(self, payload: bytes = b"") -> bytes:
        """The next message, carrying `payload`: in the clear until the pattern has a key.

        Raises NoiseError out of turn or when the message would be longer than 65,535 bytes.
        """
        tokens = self._take_turn(writing=True)
        parts = [self._write_token(token) for token in tokens]
        parts.append(self._symmetric.seal(payload))
        message = b"".join(parts)
        if len(message) > MESSAGE_BYTES_MAX:
            raise NoiseError(f"handshake message of {len(message)} bytes")
        self._turn_over()
        return message

    def read(self, message: bytes) -> bytes:
        """The payload of the peer's next message; NoiseError if anything at all is wrong."""
        tokens = self._take_turn(writing=False)
        if len(message) > MESSAGE_BYTES_MAX:
            raise NoiseError(f"handshake message of {len(message)} bytes")
        rest = message
        for token in tokens:
            rest = self._read_token(token, rest)
        payload = self._symmetric.open(rest)
        self._turn_over()
        return payload

    def split(self) -> tuple[Cipher, Cipher]:
        """The ciphers to send with and to receive with; NoiseError before the end, or twice."""
        if not self.finished:
            raise NoiseError("the handshake is not finished")
        self._spent = True
        first, second = self._symmetric.split()
        return (first, second) if self.initiator else (second, first)

    def _take_turn(self, writing: bool) -> list[str]:
        messages = self._pattern.messages
        if self._spent or self._turn == len(messages):
            raise NoiseError("the handshake is over")
        if writing != (self.initiator == (self._turn % 2 == 0)):
            raise NoiseError("it is the other side's turn")
        self._spent = True  # until the turn is over without an error
        tokens = messages[self._turn].split()
        return tokens[1:] if self._psk_ahead and self._turn == 0 else tokens

    def _turn_over(self) -> None:
        self._turn += 1
        self._spent = False

    def _write_token(self, token: str) -> bytes:
        match token:
            case "e":
                self._ephemeral = KeyPair.generate(self._entropy)
                self._mix_ephemeral(self._ephemeral.public)
                return self._ephemeral.public
            case "s":
                assert self._static is not None
                return self._symmetric.seal(self._static.public)
            case _:
                self._mix_secret(token)
                return b""

    def _read_token(self, token: str, rest: bytes) -> bytes:
        match token:
            case "e":
                key, rest = _cut(rest, KEY_BYTES)
                self._remote_ephemeral = key
                self._mix_ephemeral(key)
            case "s":
                sealed, rest = _cut(rest, KEY_BYTES + (TAG_BYTES if self._symmetric.cipher else 0))
                self._remote_static = self._symmetric.open(sealed)
            case _:
                self._mix_secret(token)
        return rest

    def _mix_ephemeral(self, public: bytes) -> None:
        self._symmetric.mix_hash(public)
        if self._psk is not None:  # section 9.2: else a psk's first message would repeat its key
            self._symmetric.mix_key(public)

    def _mix_secret(self, token: str) -> None:
        """Mix a psk, or a Diffie-Hellman result of the initiator's and the responder's key."""
        if self._psk is not None and len(token) == 3:  # "psk"
            self._symmetric.mix_key_and_hash(self._psk)
            return
        mine, theirs = (token[0], token[1]) if self.initiator else (token[1], token[0])
        pair = self._ephemeral if mine == "e" else self._static
        remote = self._remote_ephemeral if theirs == "e" else self._remote_static
        assert pair is not None
        assert remote is not None
        try:
            shared = crypto_scalarmult(pair.private, remote)
        except CryptoError:
            # libsodium refuses points of small order: they would make the secret public.
            raise NoiseError("the peer's key is a point of small order") from None
        self._symmetric.mix_key(shared)


def _cut(data: bytes, size: int) -> tuple[bytes, bytes]:
    if len(data) < size:
        raise NoiseError("handshake message too short")
    return data[:size], data[size:]
