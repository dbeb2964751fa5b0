"""Noise against the public cacophony vectors, a second implementation, and tampering."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from noise.connection import Keypair, NoiseConnection  # type: ignore[import-untyped]

from holub_crypto.noise import Cipher, Handshake, KeyPair, NoiseError

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "noise-cacophony.json").read_text()
)["vectors"]
PSK = bytes(range(32))
PROLOGUE = b"prologue"


def scripted(data: bytes) -> Callable[[int], bytes]:
    """An entropy source that hands out `data` once."""
    stream = iter([data])
    return lambda size: next(stream)[:size]


def counted() -> Callable[[int], bytes]:
    """An entropy source of distinct, repeatable blocks."""
    numbers: Iterator[int] = iter(range(1, 256))
    return lambda size: bytes([next(numbers)]) * size


def side_of(vector: dict[str, Any], role: str) -> Handshake:
    """The handshake of one role with the vector's fixed keys."""

    def field(name: str) -> bytes | None:
        value = vector.get(f"{role}_{name}")
        return bytes.fromhex(value) if value is not None else None

    static = field("static")
    return Handshake(
        vector["protocol_name"],
        initiator=role == "init",
        prologue=field("prologue") or b"",
        entropy=scripted(field("ephemeral") or b""),
        static=KeyPair.of(static) if static else None,
        remote_static=field("remote_static"),
        psk=bytes.fromhex(vector["init_psks"][0]) if "init_psks" in vector else None,
    )


@pytest.mark.parametrize("forked", [False, True])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["protocol_name"]))
def test_cacophony_vectors_match_byte_for_byte(vector: dict[str, Any], forked: bool) -> None:
    """Handshake and transport messages of another implementation come out the same, both ways,
    also of handshakes that were forked from one that is kept ready."""
    sides = [side_of(vector, "init"), side_of(vector, "resp")]
    if forked:
        sides = [side.fork() for side in sides]
    ciphers: list[tuple[Cipher, Cipher]] = []
    for number, message in enumerate(vector["messages"]):
        payload = bytes.fromhex(message["payload"])
        expected = bytes.fromhex(message["ciphertext"])
        writer, reader = number % 2, 1 - number % 2
        if not ciphers:
            assert sides[writer].write(payload) == expected
            assert sides[reader].read(expected) == payload
            if sides[0].finished:
                assert sides[1].finished
                assert sides[0].handshake_hash.hex() == vector["handshake_hash"]
                ciphers = [side.split() for side in sides]
        else:
            assert ciphers[writer][0].seal(payload) == expected
            assert ciphers[reader][1].open(expected) == payload
    assert len(ciphers) == 2


def test_vector_file_is_whole() -> None:
    """Ten vectors are there, so that the test above cannot pass by having nothing to do."""
    assert len(VECTORS) == 10


LIVE = [
    "Noise_XX_25519_ChaChaPoly_BLAKE2b",
    "Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b",
    "Noise_XXpsk3_25519_ChaChaPoly_BLAKE2b",
    "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b",
]


def oracle(protocol_name: str, initiator: bool) -> Any:
    """The noiseprotocol package set up for one role."""
    other = NoiseConnection.from_name(protocol_name.encode())
    if initiator:
        other.set_as_initiator()
    else:
        other.set_as_responder()
    other.set_prologue(PROLOGUE)
    if "psk" in protocol_name:
        other.set_psks(psk=PSK)
    if "XX" in protocol_name:
        other.set_keypair_from_private_bytes(Keypair.STATIC, os.urandom(32))
    other.start_handshake()
    return other


def ours(protocol_name: str, initiator: bool) -> Handshake:
    """Our implementation set up for one role."""
    return Handshake(
        protocol_name,
        initiator,
        PROLOGUE,
        os.urandom,
        static=KeyPair.generate(os.urandom) if "XX" in protocol_name else None,
        psk=PSK if "psk" in protocol_name else None,
    )


@pytest.mark.parametrize("protocol_name", LIVE)
@pytest.mark.parametrize("initiator", [True, False])
def test_speaks_with_another_implementation(protocol_name: str, initiator: bool) -> None:
    """Handshake, transport both ways and rekeying work with noiseprotocol in either role."""
    mine, other = ours(protocol_name, initiator), oracle(protocol_name, not initiator)
    my_turn = initiator
    while not mine.finished:
        if my_turn:
            assert other.read_message(mine.write(b"mine")) == b"mine"
        else:
            assert mine.read(bytes(other.write_message(b"other"))) == b"other"
        my_turn = not my_turn
    assert other.handshake_finished
    assert mine.handshake_hash == bytes(other.get_handshake_hash())
    sending, receiving = mine.split()
    for _ in range(2):
        assert other.decrypt(sending.seal(b"to you")) == b"to you"
        assert receiving.open(bytes(other.encrypt(b"to me"))) == b"to me"
        sending.rekey()
        receiving.rekey()
        other.rekey_inbound_cipher()
        other.rekey_outbound_cipher()


def pair(protocol_name: str, psk: bytes | None = None) -> tuple[Handshake, Handshake]:
    """Two sides with repeatable keys, so that a run can be replayed up to any message."""
    statics = KeyPair.of(b"\x21" * 32), KeyPair.of(b"\x42" * 32)
    entropy = counted()
    first, second = (
        Handshake(protocol_name, role, PROLOGUE, entropy, static=static, psk=psk)
        for role, static in zip((True, False), statics, strict=True)
    )
    return first, second


def rejects(protocol_name: str, psk: bytes | None, number: int, position: int) -> bool:
    """Is a handshake broken when one bit of one byte of message `number` is flipped?"""
    sides = pair(protocol_name, psk)
    for turn in range(3):
        message = bytearray(sides[turn % 2].write(b"payload"))
        if turn == number:
            message[position] ^= 1
        try:
            sides[1 - turn % 2].read(bytes(message))
        except NoiseError:
            return True
    hashes = [side.handshake_hash for side in sides]
    return hashes[0] != hashes[1]


@pytest.mark.parametrize(
    ("protocol_name", "psk"), [(LIVE[0], None), (LIVE[1], PSK)], ids=["XX", "XXpsk0"]
)
def test_tampering_with_any_byte_of_any_message_fails(
    protocol_name: str, psk: bytes | None
) -> None:
    """No byte of a handshake may change on the way without the handshake failing."""
    lengths = []
    sides = pair(protocol_name, psk)
    for turn in range(3):
        message = sides[turn % 2].write(b"payload")
        lengths.append(len(message))
        sides[1 - turn % 2].read(message)
    tried = [(number, at) for number, length in enumerate(lengths) for at in range(length)]
    assert all(rejects(protocol_name, psk, number, at) for number, at in tried)


def test_psk0_refuses_junk_in_the_first_message() -> None:
    """With a gate key a stranger's first message fails before any Diffie-Hellman."""
    _, responder = pair(LIVE[1], PSK)
    with pytest.raises(NoiseError):
        responder.read(os.urandom(48))


@pytest.mark.parametrize("length", [0, 1, 31, 65_536])
def test_junk_lengths_are_refused(length: int) -> None:
    """First messages that are too short or too long raise NoiseError and nothing else."""
    _, responder = pair(LIVE[0])
    with pytest.raises(NoiseError):
        responder.read(bytes(length))


def test_small_order_point_is_refused() -> None:
    """A key whose shared secret anyone knows ends the handshake."""
    _, responder = pair(LIVE[0])
    responder.read(bytes(32))
    with pytest.raises(NoiseError, match="small order"):
        responder.write()


def test_failed_handshake_stays_failed() -> None:
    """After one bad message the true one is not taken either: no second guess at the keys."""
    initiator, responder = pair(LIVE[0])
    responder.read(initiator.write())
    reply = responder.write()
    with pytest.raises(NoiseError):
        initiator.read(reply[:-1] + bytes([reply[-1] ^ 1]))
    with pytest.raises(NoiseError, match="over"):
        initiator.read(reply)


def test_different_prologues_do_not_meet() -> None:
    """The prologue is part of the agreement though it never travels."""
    initiator, _ = pair(LIVE[0])
    responder = Handshake(LIVE[0], False, b"another", counted(), static=KeyPair.of(b"\x42" * 32))
    responder.read(initiator.write())
    with pytest.raises(NoiseError):
        initiator.read(responder.write())


@pytest.mark.parametrize("psk", [None, PSK])
def test_forks_go_their_own_ways(psk: bytes | None) -> None:
    """Two callers of one listener that is kept ready get ciphers of their own, junk to one of them
    harms no other, and what has begun is not forked."""
    name = f"Noise_XX{'' if psk is None else 'psk0'}_25519_ChaChaPoly_BLAKE2b"
    callers = [pair(name, psk)[0] for _ in range(2)]
    listener = pair(name, psk)[1]
    forks = [listener.fork() for _ in range(3)]
    with pytest.raises(NoiseError):
        forks[2].read(bytes(31))
    hashes = []
    for caller, fork in zip(callers, forks[:2], strict=True):
        for writer, reader in ((caller, fork), (fork, caller), (caller, fork)):
            assert reader.read(writer.write(b"x")) == b"x"
        sent, received = caller.split()[0], fork.split()[1]
        assert received.open(sent.seal(b"y")) == b"y"
        hashes.append(fork.handshake_hash)
    assert hashes[0] != hashes[1]
    with pytest.raises(NoiseError, match="has begun"):
        forks[0].fork()


def test_turns_are_kept() -> None:
    """Writing or reading out of turn, splitting early and splitting twice are refused."""
    initiator, responder = pair(LIVE[0])
    with pytest.raises(NoiseError, match="turn"):
        responder.write()
    with pytest.raises(NoiseError, match="turn"):
        initiator.read(bytes(32))
    with pytest.raises(NoiseError, match="not finished"):
        initiator.split()
    responder.read(initiator.write())
    initiator.read(responder.write())
    responder.read(initiator.write())
    initiator.split()
    with pytest.raises(NoiseError):
        initiator.split()


def test_static_keys_are_learned() -> None:
    """At the end of XX each side knows the other's static key."""
    initiator, responder = pair(LIVE[0])
    responder.read(initiator.write())
    initiator.read(responder.write())
    responder.read(initiator.write())
    assert initiator.remote_static == KeyPair.of(b"\x42" * 32).public
    assert responder.remote_static == KeyPair.of(b"\x21" * 32).public


def test_cipher_refuses_replay_reordering_and_wrong_ad() -> None:
    """A sealed message opens once, in order, with its own additional data, and whole."""
    sealing, opening = Cipher(PSK), Cipher(PSK)
    first, second = sealing.seal(b"one", b"ad"), sealing.seal(b"two")
    for wrong, ad in [(second, b""), (first, b"no"), (first[:-1], b"ad"), (b"short", b"")]:
        with pytest.raises(NoiseError):
            opening.open(wrong, ad)
    assert opening.open(first, b"ad") == b"one"
    with pytest.raises(NoiseError):
        opening.open(first, b"ad")
    assert opening.open(second) == b"two"


def test_nonces_run_out() -> None:
    """The reserved last nonce seals nothing: the caller must close the link."""
    cipher = Cipher(PSK, nonce=2**64 - 2)
    cipher.seal(b"the last")
    with pytest.raises(NoiseError, match="used up"):
        cipher.seal(b"one more")


def test_rekeying_changes_the_key() -> None:
    """Sides that rekey at different messages no longer understand each other."""
    sealing, opening = Cipher(PSK), Cipher(PSK)
    sealing.rekey()
    sealed = sealing.seal(b"after")
    with pytest.raises(NoiseError):
        opening.open(sealed)
    opening.rekey()
    assert opening.open(sealed) == b"after"


@pytest.mark.parametrize(
    "name",
    [
        "XX",
        "Noise_XX_448_ChaChaPoly_BLAKE2b",
        "Noise_XXpsk9_25519_ChaChaPoly_BLAKE2b",
        "Noise_NNpsk3_25519_ChaChaPoly_BLAKE2b",
        "Noise_X1X_25519_ChaChaPoly_BLAKE2b",
    ],
)
def test_unknown_protocols_are_refused(name: str) -> None:
    """A protocol that is not in the table is a clear error, not a guess."""
    with pytest.raises(ValueError, match=r"psk|not a Noise protocol|third message"):
        Handshake(name, True, b"", counted(), static=KeyPair.of(b"\1" * 32), psk=PSK)


def test_missing_or_misfit_keys_are_refused() -> None:
    """Keys that the pattern needs, or cannot use, are named at construction."""
    static = KeyPair.of(b"\1" * 32)
    with pytest.raises(ValueError, match="static key"):
        Handshake(LIVE[0], True, b"", counted())
    with pytest.raises(ValueError, match="psk"):
        Handshake(LIVE[1], True, b"", counted(), static=static)
    with pytest.raises(ValueError, match="psk"):
        Handshake(LIVE[0], True, b"", counted(), static=static, psk=PSK)
    with pytest.raises(ValueError, match="remote static"):
        Handshake("Noise_NK_25519_ChaChaPoly_BLAKE2b", True, b"", counted(), static=static)
    with pytest.raises(ValueError, match="32 bytes"):
        KeyPair.of(b"short")


def test_private_key_is_not_printed() -> None:
    """A key pair in a log line shows its public half only."""
    assert (b"\1" * 32).hex() not in repr(KeyPair.of(b"\1" * 32))
