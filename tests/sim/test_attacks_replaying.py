"""A storm of replays."""

from holub_sim.attacks.replaying import Replay
from support_attacks import Spoken, crafted, means, put_of


def test_it_says_again_what_it_heard_round_and_round() -> None:
    """Two messages, said five times, are each said twice or thrice, bytes unchanged."""
    actor = Replay(means())
    assert actor.craft(Spoken()) == 0
    heard = [put_of(actor.means), put_of(actor.means, actor.means.identity)]
    for put in (*heard, *heard):
        assert actor.hears(Spoken(), put) == (put,)
    said = [message.raw for message in crafted(actor, 5)]
    assert sorted(said.count(put.data) for put in heard) == [2, 3]
