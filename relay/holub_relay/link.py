"""One secure link between two relays, without I/O: bytes in, bytes and plaintext out.

`Noise_XX_25519_ChaChaPoly_BLAKE2b`, or XXpsk0 when the district has a gate key.  On the wire
every Noise message follows its length in two bytes, big-endian.  The payloads of messages 2 and 3
are `[version, capabilities, key, proof]`: the node's Ed25519 key and its signature over the Noise
static key, so that the link gives the peer's identity.  It gives no authority: that is in the
messages.

After every REKEY_MESSAGES messages of one direction both sides replace that direction's key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holub_crypto import cbor
from holub_crypto.identity import PUBLIC_BYTES, SIGNATURE_BYTES, Identity, verify
from holub_crypto.noise import MESSAGE_BYTES_MAX, TAG_BYTES, Cipher, Handshake, KeyPair, NoiseError
from holub_relay.limits import HANDSHAKE_MESSAGE_BYTES, REKEY_MESSAGES, SEAL_BYTES

VERSION: Final = 1
REALM_BYTES: Final = 32
GATE_BYTES: Final = 32

_PROLOGUE: Final = b"holub link 1"
_PROOF_LABEL: Final = b"holub link static key 1"
_LENGTH_BYTES: Final = 2
_INTEGER_MAX: Final = 2**32 - 1
# The first message is one ephemeral key, with a tag when a gate key seals the empty payload.
_FIRST_BYTES: Final = 32


class LinkFault(StrEnum):
    """Why a link could not be, or cannot go on; also the label of a counter."""

    LENGTH = "length"  # a length no honest peer sends, or the other side has (not) a gate key
    SEAL = "seal"  # does not authenticate: other realm, other gate key, or tampered with
    PAYLOAD = "payload"  # sealed rightly, but not the four fields
    PROOF = "proof"  # the node's key did not sign the Noise key
    SELF = "self"  # we reached ourselves
    TWIN = "twin"  # another machine has our key
    WRONG_PEER = "wrong peer"  # another key answers at this address
    NONCES = "nonces"  # 2^64 messages
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # no TCP connection
    CLOSED = "closed"  # the other side went away
    STUCK = "stuck"  # the other side does not read
    BANNED = "banned"
    FULL = "full"  # no place for another link
    CROWDED = "crowded"  # no place for another handshake
    DUPLICATE = "duplicate"  # a link to this key exists and stays
    REPLACED = "replaced"  # a newer link to this key took over
    MOVED = "moved"  # our own address that it used is gone
    DISMISSED = "dismissed"  # the node asked for it
    INTERNAL = "internal"  # our own mistake; the log has it


class LinkError(Exception):
    """The link is over; `fault` says why."""

    def __init__(self, fault: LinkFault, detail: str = "") -> None:
        """`detail` is for people and holds nothing the peer chose."""
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class LinkKey:
    """What a node shows on every link: its key, a Noise key made at start, and their proofs.

    The Noise key lives as long as the process, so the proofs are signed once and not per
    handshake (20 us less for each junk caller).
    """

    public: bytes
    realm_id: bytes
    static: KeyPair
    proof_initiator: bytes
    proof_responder: bytes

    @classmethod
    def make(
        cls, identity: Identity, realm_id: bytes, entropy: Callable[[int], bytes]
    ) -> "LinkKey":
        """Make a Noise key and sign it; ValueError unless `realm_id` has 32 bytes."""
        if len(realm_id) != REALM_BYTES:
            raise ValueError(f"a realm id has {REALM_BYTES} bytes, not {len(realm_id)}")
        static = KeyPair.generate(entropy)
        proofs = (
            identity.sign(_proof_content(initiator, realm_id, static.public))
            for initiator in (True, False)
        )
        return cls(identity.public, realm_id, static, *proofs)


def _proof_content(initiator: bool, realm_id: bytes, static: bytes) -> bytes:
    """What a node signs; all parts have fixed lengths, and the role stops reflection."""
    return _PROOF_LABEL + (b"i" if initiator else b"r") + realm_id + static


class SecureLink:
    """The state of one link, on either side.

    Anything wrong raises LinkError; the link is then dead and every later call raises again.
    """

    def __init__(
        self,
        initiator: bool,
        key: LinkKey,
        entropy: Callable[[int], bytes],
        *,
        gate: bytes | None = None,
        capabilities: int = 0,
        expected_peer: bytes | None = None,
    ) -> None:
        """`gate` is the district's 32-byte key; `expected_peer` the only key to accept."""
        if gate is not None and len(gate) != GATE_BYTES:
            raise ValueError(f"a gate key has {GATE_BYTES} bytes, not {len(gate)}")
        pattern = "XX" if gate is None else "XXpsk0"
        self._handshake = Handshake(
            f"Noise_{pattern}_25519_ChaChaPoly_BLAKE2b",
            initiator,
            _PROLOGUE + key.realm_id,
            entropy,
            static=key.static,
            psk=gate,
        )
        self.initiator = initiator
        self._key = key
        self._capabilities = capabilities
        self._expected_peer = expected_peer
        self._first_bytes = _FIRST_BYTES + (TAG_BYTES if gate is not None else 0)
        self._read_messages = 0  # of the handshake
        self._buffer = bytearray()
        self._ciphers: tuple[Cipher, Cipher] | None = None
        self._fault: LinkFault | None = None
        self._peer_key = self._peer_static = b""
        self.peer_version = 0
        self.peer_capabilities = 0
        self.sealed_messages = 0
        self.opened_messages = 0

    def fork(self) -> "SecureLink":
        """Return a link for another caller; only of one that has sent and heard nothing yet. It
        costs half of making one anew, and with a gate key most of what a junk caller costs."""
        twin = SecureLink.__new__(SecureLink)
        twin.__dict__.update(self.__dict__)
        twin._handshake, twin._buffer = self._handshake.fork(), bytearray()
        return twin

    @property
    def established(self) -> bool:
        """Is the handshake done and the peer's key proven?"""
        return self._ciphers is not None

    @property
    def peer_key(self) -> bytes:
        """The peer's Ed25519 key (32 bytes); LinkError until the link is established."""
        if self._ciphers is None:
            raise LinkError(self._fault or LinkFault.SEAL, "no peer is proven yet")
        return self._peer_key

    @property
    def peer_static(self) -> bytes:
        """The peer's Noise key (32 bytes), another one at each start; b"" before it is known."""
        return self._peer_static

    def start(self) -> bytes:
        """The initiator's first message, to be sent at once."""
        return _framed(self._handshake.write())

    def send(self, plaintext: bytes) -> bytes:
        """Seal `plaintext` into as many messages as it needs; one empty message for b""."""
        if self._ciphers is None or self._fault is not None:
            raise LinkError(self._fault or LinkFault.SEAL, "the link is not established")
        parts = [
            self._seal(plaintext[at : at + SEAL_BYTES], self._ciphers[0])
            for at in range(0, len(plaintext) or 1, SEAL_BYTES)
        ]
        return b"".join(parts)

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """Take bytes off the wire in any pieces: what to send back, and the plaintext in them.

        Keeps at most one incomplete message (64 KiB); a forbidden length is refused before its
        bytes are waited for.
        """
        if self._fault is not None:
            raise LinkError(self._fault)
        self._buffer += data
        replies: list[bytes] = []
        plaintext: list[bytes] = []
        try:
            while (message := self._next_message()) is not None:
                if self._ciphers is None:
                    replies.append(self._shake(message))
                else:
                    plaintext.append(self._open(message, self._ciphers[1]))
        except LinkError as error:
            self._fault = error.fault
            self._buffer.clear()
            raise
        return b"".join(replies), b"".join(plaintext)

    def _next_message(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(buffer[:_LENGTH_BYTES], "big")
        self._check_length(length)
        end = _LENGTH_BYTES + length
        if len(buffer) < end:
            return None
        message = bytes(buffer[_LENGTH_BYTES:end])
        del buffer[:end]
        return message

    def _check_length(self, length: int) -> None:
        if self.established:
            fits = TAG_BYTES <= length <= MESSAGE_BYTES_MAX
        elif not self.initiator and self._read_messages == 0:
            fits = length == self._first_bytes
        else:
            fits = length <= HANDSHAKE_MESSAGE_BYTES
        if not fits:
            raise LinkError(LinkFault.LENGTH, f"a message of {length} bytes")

    def _shake(self, message: bytes) -> bytes:
        """One step of the handshake; the reply, framed, or nothing."""
        try:
            payload = self._handshake.read(message)
            self._read_messages += 1
            if not self.initiator and self._read_messages == 1:
                return _framed(self._handshake.write(self._introduction()))
            self._meet(payload)
            reply = _framed(self._handshake.write(self._introduction())) if self.initiator else b""
            self._ciphers = self._handshake.split()
        except NoiseError as error:
            raise LinkError(LinkFault.SEAL, str(error)) from None
        return reply

    def _introduction(self) -> bytes:
        key = self._key
        proof = key.proof_initiator if self.initiator else key.proof_responder
        return cbor.encode((VERSION, self._capabilities, key.public, proof))

    def _meet(self, payload: bytes) -> None:
        """Learn who the peer is; fields after the fourth are a later version's."""
        try:
            version, capabilities, peer, proof, *_ = cbor.as_tuple(cbor.decode(payload))
            self.peer_version = cbor.as_int(version, 1, _INTEGER_MAX)
            self.peer_capabilities = cbor.as_int(capabilities, 0, _INTEGER_MAX)
            peer = cbor.as_bytes(peer, PUBLIC_BYTES, PUBLIC_BYTES)
            proof = cbor.as_bytes(proof, SIGNATURE_BYTES, SIGNATURE_BYTES)
        except ValueError as error:
            raise LinkError(LinkFault.PAYLOAD, str(error)) from None
        static = self._handshake.remote_static
        assert static is not None
        if static == self._key.static.public:
            raise LinkError(LinkFault.SELF)
        if self._expected_peer is not None and peer != self._expected_peer:
            raise LinkError(LinkFault.WRONG_PEER)
        content = _proof_content(not self.initiator, self._key.realm_id, static)
        if not verify(peer, content, proof):
            raise LinkError(LinkFault.PROOF)
        self._peer_key, self._peer_static = peer, static

    def _seal(self, plaintext: bytes, cipher: Cipher) -> bytes:
        try:
            sealed = cipher.seal(plaintext)
        except NoiseError as error:
            raise LinkError(LinkFault.NONCES, str(error)) from None
        self.sealed_messages += 1
        if self.sealed_messages % REKEY_MESSAGES == 0:
            cipher.rekey()
        return _framed(sealed)

    def _open(self, message: bytes, cipher: Cipher) -> bytes:
        try:
            plaintext = cipher.open(message)
        except NoiseError as error:
            raise LinkError(LinkFault.SEAL, str(error)) from None
        self.opened_messages += 1
        if self.opened_messages % REKEY_MESSAGES == 0:
            cipher.rekey()
        return plaintext


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message
