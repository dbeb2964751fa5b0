"""A signing key, its public half, and the words by which people compare fingerprints.

Only PyNaCl (libsodium) verifies: OpenSSL accepts small-order public keys, for which *every*
message verifies, so a second verifier would split the network.
"""

from collections.abc import Callable
from dataclasses import dataclass

import nacl.bindings
import nacl.exceptions

from holub_crypto.digest import content_id

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
HINT_BYTES = 8

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
WORD_BYTES = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """An Ed25519 key pair (RFC 8032). `seed` is the secret half and never appears in a repr."""

    public: bytes
    _secret: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> "Identity":
        """Rebuild the pair from its 32-byte seed."""
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a key's seed has {SEED_BYTES} bytes, not {len(seed)}")
        public, secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        return cls(public, secret)

    @classmethod
    def generate(cls, entropy: Callable[[int], bytes]) -> "Identity":
        """Make a new pair from 32 bytes of `entropy`."""
        return cls.from_seed(entropy(SEED_BYTES))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes to keep in a key file."""
        return self._secret[:SEED_BYTES]

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature over `data`."""
        return nacl.bindings.crypto_sign(data, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"Identity({self.public.hex()[:16]}...)"


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """Tell whether `signature` over `data` was made by `public`; never raises for bad input."""
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        nacl.bindings.crypto_sign_open(signature + data, public)
    except (nacl.exceptions.CryptoError, ValueError):
        return False
    return True


def key_hint(public: bytes) -> bytes:
    """Return the 8-byte hint by which a message names its signer: a hint, never an identity."""
    return content_id(public)[:HINT_BYTES]


def words(data: bytes) -> str:
    """Spell `data` (even length) as pronounceable words of 16 bits each, joined by spaces.

    The encoding is that of proquints (Wilkerson, arXiv 0901.4016): consonant-vowel pairs that
    can be read over a telephone in any language and need no word list.
    """
    if len(data) % WORD_BYTES:
        raise ValueError(f"words spell an even number of bytes, not {len(data)}")
    spelled = []
    for start in range(0, len(data), WORD_BYTES):
        bits = int.from_bytes(data[start : start + WORD_BYTES], "big")
        spelled.append(
            _CONSONANTS[bits >> 12]
            + _VOWELS[bits >> 10 & 3]
            + _CONSONANTS[bits >> 6 & 15]
            + _VOWELS[bits >> 4 & 3]
            + _CONSONANTS[bits & 15]
        )
    return " ".join(spelled)
