"""Floods: what they are made of."""

from holub_crypto.identity import SIGNATURE_BYTES, verify
from holub_protocol.frames import Put
from holub_protocol.kinds import kind_named
from holub_sim.attacks.flooding import Flood, Junk, Sybil
from support_attacks import Spoken, crafted, means


def test_a_flood_is_of_valid_messages() -> None:
    """Each is another one, and its signature is good."""
    actor = Flood(means())
    messages = crafted(actor, 30)
    public = actor.means.identity.public
    assert len({message.id for message in messages}) == 30
    assert all(verify(public, m.content, m.raw[-SIGNATURE_BYTES:]) for m in messages)


def test_junk_has_no_good_signature() -> None:
    """Half of it reads as messages, the other half as nothing."""
    actor, line = Junk(means()), Spoken()
    for _ in range(20):
        actor.craft(line)
    assert sum(isinstance(frame, Put) for frame in line.frames()) == 20
    messages = crafted(Junk(means()), 20)
    assert len(messages) == 10
    public = actor.means.identity.public
    assert not any(verify(public, m.content, m.raw[-SIGNATURE_BYTES:]) for m in messages)
    assert not actor.means.ledger.forged


def test_a_sybil_has_as_many_keys_as_it_was_given_and_none_is_enrolled() -> None:
    """Four keys of the budget sign all, a third of it alerts."""
    actor = Sybil(means(identities=4))
    messages = crafted(actor, 24)
    assert len({message.kid for message in messages}) == 4
    assert sum(m.kind == kind_named("alert").number for m in messages) == 8
    assert not actor.means.ledger.forged
