"""Rule 10: no interleaving, loss, duplication, delay or clock error turns an alert green."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holub_protocol.desk import BODY_BYTES
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import Message
from holub_protocol.truth import Level, Truth
from support_alerts import Desk, at
from support_play import (
    CHARGES,
    KYIV,
    NATION,
    REGION,
    SKEW_S,
    STEPS,
    TREE,
    UP,
    Play,
    Step,
    T,
)

BODIES = st.sampled_from([BODY_BYTES, 64, 29])


def watch(received: list[tuple[Desk, Message]]) -> Truth:
    """An observer who has received these, in this order."""
    observer = Truth(TREE, CHARGES)
    for desk, message in received:
        desk.tell(observer, message)
    return observer


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(STEPS, BODIES, st.data())
def test_no_start_that_holds_is_ever_shown_as_over(
    steps: list[Step], body_bytes: int, data: st.DataObject
) -> None:
    """Whatever arrives in whatever order, a start that was received and holds is on; and by a
    clock that is wrong by days it is on or unknown."""
    play = Play(steps, body_bytes)
    if not play.said:
        return
    received = data.draw(st.lists(st.sampled_from(play.said), max_size=2 * len(play.said)))
    observer = Truth(TREE, CHARGES)
    now = at(T + 7 * len(steps))
    odd = at(T + data.draw(st.integers(-200_000, 200_000)), data.draw(st.booleans()))
    got: dict[bytes, None] = {}
    for desk, message in received:
        desk.tell(observer, message)
        got[message.id] = None
        for _, _, _, area, message_id in play.model.asserted:
            if message_id in got:
                for place, above in UP.items():
                    level = observer.status(place, now).level
                    if area in above or place in UP[area]:
                        assert observer.status(place, odd).level is not Level.CLEAR
                    if area in above:
                        assert level is Level.ALERT
                    elif place in UP[area]:
                        assert level in (Level.ALERT, Level.PARTLY)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(STEPS, BODIES, st.data())
def test_the_newest_boards_show_the_truth(
    steps: list[Step], body_bytes: int, data: st.DataObject
) -> None:
    """Once the desks have heard each other, their newest boards alone, with or without any of
    what came before, show what really holds; bits may widen a hromada to its raion."""
    play = Play(steps, body_bytes)
    end_s = T + 7 * len(steps) + 60
    for who in range(3):
        for desk, message in list(play.said):
            desk.tell(play.views[who], message)
    earlier = list(play.said)
    newest = [(play.desks[who], play.board(who, end_s + SKEW_S[who])) for who in range(3)]
    some = (
        data.draw(st.lists(st.sampled_from(earlier), unique_by=lambda s: s[1].id))
        if earlier
        else []
    )
    received = data.draw(st.permutations([*newest, *some]))
    observer = watch(list(received))
    widened = any(isinstance(m.body, BoardBody) and m.body.bitmaps for _, m in newest)
    for place in UP:
        shown, true = observer.status(place, at(end_s)).level, play.model.level(place)
        if not widened:
            assert shown is true
        elif place != KYIV:
            assert (shown is Level.CLEAR) <= (true is Level.CLEAR)
            assert (shown is Level.ALERT) >= (true is Level.ALERT)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(STEPS, BODIES, st.data())
def test_the_order_of_arrival_does_not_matter(
    steps: list[Step], body_bytes: int, data: st.DataObject
) -> None:
    """Two observers who have received the same messages show the same, to the last field."""
    play = Play(steps, body_bytes)
    now = at(T + 7 * len(steps))
    some = data.draw(st.lists(st.sampled_from(play.said), max_size=12)) if play.said else []
    shuffled = list(data.draw(st.permutations(some)))
    one, two = watch(some), watch(shuffled)
    assert [one.status(place, now) for place in UP] == [two.status(place, now) for place in UP]
    assert one.alerts(now) == two.alerts(now)
    assert one.next_change(now) == two.next_change(now)
    for authority in (NATION, REGION):
        assert one.open_words(authority) == two.open_words(authority)
        assert one.newest_boards(authority) == two.newest_boards(authority)
