"""When a desk's key on this node signs its next board."""

from holub_protocol.boards import GAP_KEPT_S, GAPS_OWN, BoardKeeper
from holub_protocol.kinds.board import Gap
from holub_protocol.limits import FUTURE_SKEW_S
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


def test_a_machine_that_starts_anew_tells_of_a_gap() -> None:
    """From the last point that it knows to its first board, and what a clock may be off; so do
    the boards after it, and those of the next start. A key that was made here tells of none."""
    realm = Realm()
    truth = Truth(realm.areas, ())

    def gaps(keeper: BoardKeeper, at_s: int) -> tuple[Gap, ...]:
        body = keeper.due(truth, realm.areas, now_at(at_s))
        assert body is not None
        raw = realm.message(
            DESK, "board", body, area=KYIV, created_s=START_S + at_s, lifetime_s=86_400
        )
        truth.add(decoded(realm, raw), DESK.public, 1)
        return body.gaps

    assert gaps(BoardKeeper(DESK.public, 1, 0), 0) == ()
    again = BoardKeeper(DESK.public, 1, 0, known=(START_S, 3))
    first = Gap(b"", START_S, 3, START_S + 100 + FUTURE_SKEW_S)
    assert gaps(again, 100) == gaps(again, 400) == (first,)
    third = BoardKeeper(DESK.public, 1, 0, known=(START_S + 400, 5))
    second = Gap(b"", START_S + 400, 5, START_S + 500 + FUTURE_SKEW_S)
    assert gaps(third, 500) == (first, second)


def test_gaps_are_few_and_of_this_week() -> None:
    """Of more than four the oldest two are taken for one; after a week they are told no more."""
    realm = Realm()
    truth = Truth(realm.areas, ())
    told: list[tuple[Gap, ...]] = []
    for at_s in (0, 1000, 2000, 3000, 4000, 4000 + GAP_KEPT_S):
        keeper = BoardKeeper(DESK.public, 1, 0, known=(START_S + at_s, 0))
        body = keeper.due(truth, realm.areas, now_at(at_s + 10))
        assert body is not None
        raw = realm.message(
            DESK, "board", body, area=KYIV, created_s=START_S + at_s, lifetime_s=86_400
        )
        truth.add(decoded(realm, raw), DESK.public, 1)
        told.append(body.gaps)
    assert [len(gaps) for gaps in told] == [1, 2, 3, 4, GAPS_OWN, 2]
    assert told[4][0] == Gap(b"", START_S, 0, START_S + 1010 + FUTURE_SKEW_S)
    assert told[5][0] == told[4][-1]


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
