"""When a desk's key on this node signs its next board."""

from holub_protocol.boards import BoardKeeper
from holub_protocol.truth import Truth
from support_realm import KYIV, Realm, decoded, key, now_at

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
