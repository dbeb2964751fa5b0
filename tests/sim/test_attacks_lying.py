"""Keys that say two things at once, and a desk's key in the wrong hands."""

from holub_protocol.codec import decode
from holub_protocol.frames import Put
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import Message
from holub_sim.attacks.lying import Equivocator, Thief
from support_attacks import Spoken, crafted, means, put_of


def only(line: Spoken, realm_id: bytes) -> Message:
    """The one message said on a line."""
    (frame,) = line.frames()
    assert isinstance(frame, Put)
    message = decode(frame.data, realm_id)
    assert isinstance(message, Message)
    return message


def test_each_neighbour_gets_another_message_of_the_same_number() -> None:
    """Equal (created, k), different contents; all are by the relay's own key."""
    actor = Equivocator(means())
    lines = [Spoken(n, bytes([n]) * 32) for n in (1, 2, 3)]
    for line in lines:
        actor.craft(line)
    said = [only(line, actor.means.realm.id) for line in lines]
    assert len({message.point for message in said}) == 1
    assert len({message.id for message in said}) == 3


def test_a_thief_ends_true_alerts_once_and_starts_false_ones() -> None:
    """The clear names the alert that was heard, and the ledger learns that it is disputed."""
    actor = Thief(means())
    start = put_of(actor.means)
    actor.hears(Spoken(), start)
    messages = crafted(actor, 9)
    alerts = [m.body for m in messages if isinstance(m.body, AlertBody)]
    clears = [body for body in alerts if body.verb is Verb.CLEAR]
    (disputed,) = actor.means.ledger.disputed
    assert [body.incidents for body in clears] == [(disputed[:INCIDENT_BYTES],)]
    assert sum(body.verb is Verb.START for body in alerts) == 5
    assert sum(isinstance(message.body, BoardBody) for message in messages) == 3
    assert set(actor.means.ledger.forged) == {message.id for message in messages}


def test_without_a_stolen_key_a_thief_says_nothing() -> None:
    """There is nothing to sign with."""
    assert Thief(means(desk=None)).craft(Spoken()) == 0
