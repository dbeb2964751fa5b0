"""The secure link: identity, framing in any pieces, and every way to go wrong."""

import os
from collections.abc import Callable
from functools import partial

import pytest

from holub_crypto import cbor
from holub_crypto.identity import Identity
from holub_crypto.noise import Handshake, KeyPair
from holub_relay import link as link_module
from holub_relay.limits import HANDSHAKE_MESSAGE_BYTES, SEAL_BYTES
from holub_relay.link import LinkError, LinkFault, LinkKey, SecureLink

REALM = b"\x07" * 32
GATE = b"\x09" * 32


def identity(number: int) -> Identity:
    """A fixed node key."""
    return Identity.from_seed(bytes([number]) * 32)


def key(number: int, realm: bytes = REALM) -> LinkKey:
    """A node's link key."""
    return LinkKey.make(identity(number), realm, os.urandom)


def pair(
    gate: bytes | None = None, other_gate: bytes | None = None, other_realm: bytes = REALM
) -> tuple[SecureLink, SecureLink]:
    """An initiator (key 1) and a responder (key 2)."""
    return (
        SecureLink(True, key(1), os.urandom, gate=gate, capabilities=5),
        SecureLink(False, key(2, other_realm), os.urandom, gate=other_gate or gate),
    )


def shake(first: SecureLink, second: SecureLink) -> None:
    """Carry the handshake's messages until nobody has anything to say."""
    data, to, other = first.start(), second, first
    while data:
        data, plaintext = to.receive(data)
        assert plaintext == b""
        to, other = other, to


def fault_of(action: Callable[[], object]) -> LinkFault:
    """The fault with which `action` ends a link."""
    with pytest.raises(LinkError) as caught:
        action()
    return caught.value.fault


@pytest.mark.parametrize("gate", [None, GATE])
def test_both_sides_learn_each_others_key(gate: bytes | None) -> None:
    """After three messages each side knows the other's node key, version and capabilities."""
    first, second = pair(gate)
    shake(first, second)
    assert first.established
    assert second.established
    assert first.peer_key == identity(2).public
    assert second.peer_key == identity(1).public
    assert (second.peer_version, second.peer_capabilities) == (1, 5)


@pytest.mark.parametrize("size", [0, 1, SEAL_BYTES, SEAL_BYTES + 1, 70_000])
def test_plaintext_arrives_whole(size: int) -> None:
    """Any amount is split into sealed messages and put together again, both ways."""
    first, second = pair()
    shake(first, second)
    data = os.urandom(size)
    assert second.receive(first.send(data)) == (b"", data)
    assert first.receive(second.send(data)) == (b"", data)


def test_pieces_of_any_size_make_no_difference() -> None:
    """A link fed byte by byte establishes and delivers exactly as one fed whole."""
    first, second = pair()
    first_wire, second_wire = first.start(), b""
    plaintext = b""
    for _ in range(4):
        for at in range(len(first_wire)):
            reply, text = second.receive(first_wire[at : at + 1])
            second_wire += reply
            plaintext += text
        first_wire = b""
        for at in range(len(second_wire)):
            first_wire += first.receive(second_wire[at : at + 1])[0]
        second_wire = b""
        if first.established and second.established and not plaintext:
            first_wire += first.send(b"hello") + first.send(b" again")
    assert plaintext == b"hello again"


def test_handshake_and_data_may_come_in_one_piece() -> None:
    """What the initiator sends right behind its last handshake message is not lost."""
    first, second = pair()
    reply, _ = second.receive(first.start())
    last, _ = first.receive(reply)
    assert second.receive(last + first.send(b"at once")) == (b"", b"at once")


def test_a_listening_link_serves_many_callers() -> None:
    """Forks of one link that is kept ready share nothing that goes over the wire."""
    listening = SecureLink(False, key(2), os.urandom, gate=GATE)
    for number in (1, 3):
        caller = SecureLink(True, key(number), os.urandom, gate=GATE)
        link = listening.fork()
        shake(caller, link)
        assert link.peer_key == identity(number).public
        assert link.receive(caller.send(b"hello")) == (b"", b"hello")
    assert not listening.established
    with pytest.raises(LinkError):
        listening.fork().receive(b"\0\x30" + bytes(48))


def test_keep_alive_is_an_empty_message() -> None:
    """An empty send is 18 authenticated bytes and no plaintext."""
    first, second = pair()
    shake(first, second)
    wire = first.send(b"")
    assert len(wire) == 18
    assert second.receive(wire) == (b"", b"")
    assert second.opened_messages == 1


def test_other_realm_and_other_gate_do_not_meet() -> None:
    """Relays of another realm, or with another gate key, fail before they learn a key."""
    first, second = pair(other_realm=b"\x08" * 32)
    assert fault_of(lambda: shake(first, second)) is LinkFault.SEAL
    first, second = pair(GATE, b"\x0a" * 32)
    assert fault_of(lambda: shake(first, second)) is LinkFault.SEAL
    first, second = pair(None, GATE)
    assert fault_of(lambda: shake(first, second)) is LinkFault.LENGTH


def test_own_key_is_refused() -> None:
    """A relay that reaches itself notices and hangs up."""
    mine = key(1)
    first, second = SecureLink(True, mine, os.urandom), SecureLink(False, mine, os.urandom)
    assert fault_of(lambda: shake(first, second)) is LinkFault.SELF


def test_our_key_in_another_process_is_proven_to_both() -> None:
    """A copy of our key makes a link that each side can tell by its Noise key: no mere self-dial,
    and no claim that anybody could make."""
    again = LinkKey.make(identity(1), REALM, os.urandom)
    first, second = SecureLink(True, key(1), os.urandom), SecureLink(False, again, os.urandom)
    shake(first, second)
    assert first.peer_key == second.peer_key == identity(1).public
    assert first.peer_static == again.static.public != second.peer_static


def test_another_key_than_expected_is_refused() -> None:
    """A configured peer is the one configured, or nobody."""
    first = SecureLink(True, key(1), os.urandom, expected_peer=identity(3).public)
    assert fault_of(lambda: shake(first, SecureLink(False, key(2), os.urandom))) is (
        LinkFault.WRONG_PEER
    )


def test_proof_of_another_noise_key_is_refused() -> None:
    """A node key that did not sign this Noise key gives no identity: copied proofs are void."""
    honest = key(2)
    thief = LinkKey(
        honest.public,
        REALM,
        KeyPair.generate(os.urandom),
        honest.proof_initiator,
        honest.proof_responder,
    )
    first, second = SecureLink(True, key(1), os.urandom), SecureLink(False, thief, os.urandom)
    assert fault_of(lambda: shake(first, second)) is LinkFault.PROOF


def test_proof_of_the_other_role_is_refused() -> None:
    """A responder's proof says nothing about an initiator, and the other way round."""
    honest = key(2)
    swapped = LinkKey(
        honest.public, REALM, honest.static, honest.proof_responder, honest.proof_initiator
    )
    first, second = SecureLink(True, key(1), os.urandom), SecureLink(False, swapped, os.urandom)
    assert fault_of(lambda: shake(first, second)) is LinkFault.PROOF


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        cbor.encode(7),
        cbor.encode((1, 0, bytes(32))),
        cbor.encode((0, 0, bytes(32), bytes(64))),
        cbor.encode((1, -1, bytes(32), bytes(64))),
        cbor.encode((1, 0, bytes(31), bytes(64))),
        cbor.encode((1, 0, bytes(32), "text")),
    ],
)
def test_malformed_introduction_is_refused(payload: bytes) -> None:
    """A rightly sealed but malformed introduction ends the link and nothing else."""
    first = SecureLink(True, key(1), os.urandom)
    other = Handshake(
        "Noise_XX_25519_ChaChaPoly_BLAKE2b",
        False,
        b"holub link 1" + REALM,
        os.urandom,
        static=KeyPair.generate(os.urandom),
    )
    other.read(first.start()[2:])
    message = other.write(payload)
    wire = len(message).to_bytes(2, "big") + message
    assert fault_of(lambda: first.receive(wire)) is LinkFault.PAYLOAD


def test_small_order_node_key_is_refused() -> None:
    """A node key for which every signature would hold proves nothing."""
    honest = key(2)
    weak = LinkKey(b"\1" + bytes(31), REALM, honest.static, bytes(64), b"\1" + bytes(63))
    first, second = SecureLink(True, key(1), os.urandom), SecureLink(False, weak, os.urandom)
    assert fault_of(lambda: shake(first, second)) is LinkFault.PROOF


def test_first_message_of_another_length_is_refused_at_its_length() -> None:
    """Junk is refused on two bytes, before any cryptography and without waiting for the rest."""
    for length in (0, 31, 33, 48, 65_535):
        _, second = pair()
        wire = length.to_bytes(2, "big")
        assert fault_of(partial(second.receive, wire)) is LinkFault.LENGTH


def test_long_handshake_messages_are_refused_at_their_length() -> None:
    """Later handshake messages have their cap as well."""
    first, second = pair()
    second.receive(first.start())
    wire = (HANDSHAKE_MESSAGE_BYTES + 1).to_bytes(2, "big")
    assert fault_of(lambda: second.receive(wire)) is LinkFault.LENGTH


def test_tampered_traffic_ends_the_link_for_good() -> None:
    """One changed byte ends the link; what comes after is not even looked at."""
    first, second = pair()
    shake(first, second)
    good, better = first.send(b"good"), first.send(b"better")
    bad = good[:-1] + bytes([good[-1] ^ 1])
    assert fault_of(lambda: second.receive(bad)) is LinkFault.SEAL
    assert fault_of(lambda: second.receive(better)) is LinkFault.SEAL
    assert fault_of(lambda: second.send(b"more")) is LinkFault.SEAL


def test_replayed_traffic_ends_the_link() -> None:
    """The same sealed bytes twice are an attack on the wire."""
    first, second = pair()
    shake(first, second)
    wire = first.send(b"once")
    second.receive(wire)
    assert fault_of(lambda: second.receive(wire)) is LinkFault.SEAL


def test_sealed_messages_shorter_than_a_tag_are_refused() -> None:
    """After the handshake no message is shorter than its tag."""
    first, second = pair()
    shake(first, second)
    assert fault_of(lambda: second.receive(b"\0\x0f")) is LinkFault.LENGTH


def test_keys_change_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides rekey after the same message, so that traffic goes on unbroken."""
    monkeypatch.setattr(link_module, "REKEY_MESSAGES", 3)
    first, second = pair()
    shake(first, second)
    wires = [first.send(bytes([number])) for number in range(7)]
    assert second.receive(b"".join(wires))[1] == bytes(range(7))
    monkeypatch.setattr(link_module, "REKEY_MESSAGES", 4)
    first.send(b"lost")
    assert fault_of(lambda: second.receive(first.send(b"late"))) is LinkFault.SEAL


def test_nothing_is_sent_before_the_peer_is_proven() -> None:
    """Neither side can seal, or name a peer, in the middle of a handshake."""
    first, second = pair()
    second.receive(first.start())
    assert fault_of(lambda: second.send(b"early")) is LinkFault.SEAL
    assert fault_of(lambda: second.peer_key) is LinkFault.SEAL


def test_wrong_sizes_of_own_keys_are_named() -> None:
    """A realm id or gate key of the wrong size is the operator's error, said at once."""
    with pytest.raises(ValueError, match="realm id has 32 bytes, not 3"):
        key(1, b"abc")
    with pytest.raises(ValueError, match="gate key has 32 bytes, not 4"):
        SecureLink(True, key(1), os.urandom, gate=b"gate")
