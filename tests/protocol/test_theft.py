"""A desk whose key was stolen goes on speaking until the key is revoked."""

from itertools import pairwise

import pytest

from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import Message
from holub_protocol.truth import Level
from support_realm import AIR_RAID, KYIV, START_S, Box, Pair, Realm, decoded, key, now_at

DESK = key("desk")
ALERT, BOARD = kind_named("alert"), kind_named("board")
DAY_S = 86_400


def robbed(realm: Realm) -> tuple[Box, Box]:
    """Return the desk's node and another, which know its grant."""
    own, other = Box(realm, "own"), Box(realm, "other")
    for box in (own, other):
        box.node.offer(realm.grant(DESK.public), now_at(0))
    own.node.add_author(DESK, fresh=True)
    return own, other


def say(box: Box, verb: Verb, at_s: int, *incidents: bytes) -> Message:
    """Let the desk itself say an alert of Kyiv."""
    body = AlertBody(verb, (), AIR_RAID, incidents)
    return box.node.publish(DESK.public, ALERT, KYIV, body, DAY_S, now_at(at_s))


@pytest.mark.parametrize("ahead_s", [200, 7200, 30 * DAY_S])
def test_a_start_dated_ahead_does_not_silence_the_desk(ahead_s: int) -> None:
    """A thief's start of a later hour, day or month is shown, and the desk raises, ends and vouches
    as before, by its own clock, also after a restart; it ends the thief's start by name."""
    realm = Realm()
    own, other = robbed(realm)
    lie = decoded(realm, realm.start(DESK, created_s=START_S + ahead_s))
    for box in (own, other):
        assert isinstance(box.node.offer(lie.raw, now_at(0)), bytes)
    for second in (1, 3):
        start = say(own, Verb.START, second)
        assert start.created_s == START_S + second
        say(own, Verb.CLEAR, second, start.id[:8])
        own.flush(second)
        own.start(second)
        own.node.add_author(DESK)
    assert other.node.truth.status(KYIV, now_at(3)).level is Level.ALERT
    end = say(own, Verb.CLEAR, 5, lie.id[:8])
    board = own.node.publish(DESK.public, BOARD, KYIV, BoardBody(330), DAY_S, now_at(6))
    assert (end.created_s, board.created_s) == (START_S + 5, START_S + 6)
    pair = Pair(own, other, at_s=6)
    pair.run(20)
    assert {end.id, board.id} <= set(other.held())
    assert own.node.truth.open_words(1) == other.node.truth.open_words(1) == ()


def test_the_last_number_of_the_hour_does_not_silence_the_desk() -> None:
    """A thief's one message with the highest number leaves the desk all those between; no number
    is used twice, and neighbours take in what the desk says."""
    realm = Realm()
    own, other = robbed(realm)
    body = AlertBody(Verb.START, (), AIR_RAID)
    lie = realm.message(DESK, "alert", body, area=KYIV, k=999, created_s=START_S)
    for box in (own, other):
        assert isinstance(box.node.offer(lie, now_at(0)), bytes)
    said = [say(own, Verb.START, 1 + n // 40) for n in range(400)]
    assert len({message.k for message in said} | {999}) == 401
    assert all(a.point < b.point for a, b in pairwise(said))
    assert max(m.created_s - START_S - 1 - n // 40 for n, m in enumerate(said)) == 0
    outcomes = [other.node.offer(message.raw, now_at(11)) for message in said]
    assert all(isinstance(outcome, bytes) for outcome in outcomes)
