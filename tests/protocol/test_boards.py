"""When a desk's key on this node signs its next board."""

from holub_protocol.boards import BoardKeeper
from holub_protocol.truth import Truth
from support_realm import KYIV, START_S, Realm, decoded, key, now_at

DESK = key("desk")


def test_the_first_board_is_due_at_once_and_the_next_after_five_minutes() -> None:
    """A desk that has just started says what holds, then keeps the rhythm."""
    realm = Realm()
    truth, keeper = Truth(realm.areas, ()), BoardKeeper(DESK.public, 1, 0)
    assert keeper.due(truth, realm.areas, now_at(0)) is not None
    assert keeper.due(truth, realm.areas, now_at(1)) is None
    assert keeper.due_us == 300_000_000
    assert keeper.due(truth, realm.areas, now_at(300)) is not None


def test_a_change_brings_the_next_board_within_two_seconds() -> None:
    """Bursts are told together, two seconds apart at least; no change brings no board."""
    realm = Realm()
    truth, keeper = Truth(realm.areas, ()), BoardKeeper(DESK.public, 1, 0)
    keeper.due(truth, realm.areas, now_at(0))
    keeper.touch(now_at(1))
    assert keeper.due_us == 2_000_000
    assert keeper.due(truth, realm.areas, now_at(2)) is None
    assert keeper.due_us == 300_000_000
    truth.add(decoded(realm, realm.start(DESK, KYIV)), DESK.public, 1)
    keeper.touch(now_at(5))
    board = keeper.due(truth, realm.areas, now_at(5))
    assert board is not None
    assert [word.areas for word in board.words] == [(KYIV,)]


def test_a_board_that_could_not_be_signed_is_tried_again_later() -> None:
    """A cap on signing or a state too large holds the boards up, not the node."""
    keeper = BoardKeeper(DESK.public, 1, 0)
    keeper.postpone(now_at(10))
    assert keeper.due_us == 310_000_000


def test_a_sibling_that_toggles_leaves_room_for_the_desks_own_alerts() -> None:
    """An hour of changes every 2 s costs less than half of the key's messages, and the count
    of the hour before is what slows boards down."""
    realm = Realm()
    truth, keeper = Truth(realm.areas, ()), BoardKeeper(DESK.public, 1, 0, hourly=100)
    sibling = key("sibling")
    signed = []
    last = b""
    for second in range(0, 3600, 2):
        truth.forget(last)
        message = decoded(realm, realm.start(sibling, KYIV, created_s=START_S + second))
        truth.add(message, sibling.public, 1)
        last = message.id
        keeper.touch(now_at(second))
        if keeper.due(truth, realm.areas, now_at(second)) is not None:
            signed.append(second)
    assert len(signed) <= 50
    assert signed[:20] == list(range(0, 40, 2))
    assert keeper.due_us <= 3_900_000_000
