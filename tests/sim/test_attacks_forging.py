"""Forgeries: they look right but for the one thing that an attacker lacks."""

from holub_crypto.identity import SIGNATURE_BYTES, key_hint, verify
from holub_protocol.frames import Root
from holub_protocol.kinds import KINDS, kind_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody
from holub_sim.attacks.forging import Canceller, Inflater, Tamperer
from support_attacks import Spoken, crafted, means, put_of


def test_a_canceller_names_the_incident_and_has_no_right_signature() -> None:
    """Of four forgeries three are ends of the alert, one in the desk's own name, and none of
    them the ledger would let pass; the fourth is a receipt, which a relay may sign."""
    actor = Canceller(means())
    assert actor.craft(Spoken()) == 0
    start = put_of(actor.means)
    actor.hears(Spoken(), start)
    messages = crafted(actor, 8)
    ends = [message for message in messages if isinstance(message.body, AlertBody)]
    receipts = [m for m in messages if m.kind == kind_named("receipt").number]
    assert (len(ends), len(receipts)) == (6, 2)
    incident = crafted_id(actor, start.data)[:INCIDENT_BYTES]
    assert {incident} == {m.body.incidents[0] for m in ends if isinstance(m.body, AlertBody)}
    desk = actor.means.desk
    assert desk is not None
    assert key_hint(desk.public) in {message.kid for message in ends}
    assert not any(verify(desk.public, m.content, m.raw[-SIGNATURE_BYTES:]) for m in ends)
    assert set(actor.means.ledger.forged) == {message.id for message in receipts}


def crafted_id(actor: Canceller, raw: bytes) -> bytes:
    """The id of the start that an actor has heard."""
    (id_,) = (start.id for start in actor._starts.values() if start.raw == raw)
    return id_


def test_a_tamperer_turns_one_bit_of_each_piece() -> None:
    """Length, name and all other bits stay; what is no message passes."""
    actor, line = Tamperer(means()), Spoken()
    put = put_of(actor.means)
    (altered,) = actor.says(line, put)
    assert altered != put
    data = getattr(altered, "data", b"")
    wrong = int.from_bytes(data, "big") ^ int.from_bytes(put.data, "big")
    assert wrong.bit_count() == 1
    assert len(data) == len(put.data)
    root = Root(True, ())
    assert actor.says(line, root) == (root,)


def test_an_inflater_signs_with_a_relays_key_what_only_desks_may_say() -> None:
    """The ledger expects none of it anywhere."""
    actor = Inflater(means())
    kinds = {KINDS[message.kind].name for message in crafted(actor, 6)}
    assert kinds == {"alert", "board", "bulletin"}
    assert not actor.means.ledger.forged
