"""A key's order of messages: always rising, whatever the clock does, and capped by the hour."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol import codec
from holub_protocol.author import (
    CLOCK_JUMP_MAX_S,
    HOURS_HEARD,
    Author,
    PublishError,
    hour_left_s,
    next_point,
)
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.limits import FUTURE_SKEW_S
from holub_protocol.message import Message, Now, Opaque
from holub_protocol.points import HOUR_S
from holub_protocol.storage import Counter
from support_realm import KYIV, key

REALM = bytes(range(32))
RELAY = key("relay")
ANSWER, BALLOT, STATUS = kind_named("answer"), kind_named("ballot"), kind_named("status")
HOUR_START_S = 1_700_000_000 // HOUR_S * HOUR_S


def sign(
    author: Author, wall_s: int, kind: str = "answer", rate: int = 10_000
) -> tuple[Message, Counter]:
    """Sign a message and read it again."""
    raw, counter = author.sign(
        REALM, kind_named(kind), KYIV, Opaque(()),
        lifetime_s=3600, rate=rate, now=Now(0, wall_s, True),
    )  # fmt: skip
    message = codec.decode(raw, REALM)
    assert isinstance(message, Message)
    return message, counter


@given(st.lists(st.integers(-7200, 7200), min_size=1, max_size=20))
def test_points_rise_whatever_the_clock_does(jumps: list[int]) -> None:
    """(created, k) strictly rises, also when the clock steps back and over the hour's turn, and
    the counter to be kept is the message's own point."""
    author, wall_s, points = Author(RELAY, ()), HOUR_START_S, []
    for jump in jumps:
        wall_s += jump
        message, counter = sign(author, wall_s)
        assert (counter.signer, counter.group) == (RELAY.public, "answer")
        assert counter.point == message.point
        assert message.created_s >= wall_s
        points.append(message.point)
    assert all(a < b for a, b in pairwise(points))


def test_k_counts_within_the_hour() -> None:
    """The first of an hour has k 0, and the seconds between do not matter."""
    author = Author(RELAY, ())
    walls = (0, 0, 10, HOUR_S - 1, HOUR_S, HOUR_S + 1, 3 * HOUR_S)
    points = [sign(author, HOUR_START_S + second)[0].point for second in walls]
    assert [k for _, k in points] == [0, 1, 2, 3, 0, 1, 0]
    assert [created_s - HOUR_START_S for created_s, _ in points] == list(walls)


def test_a_clock_that_steps_back() -> None:
    """Up to a day back the time stands still and k goes on; beyond, nothing is signed."""
    author = Author(RELAY, ())
    first, _ = sign(author, HOUR_START_S)
    again, _ = sign(author, HOUR_START_S - CLOCK_JUMP_MAX_S)
    assert again.point == (first.created_s, 1)
    with pytest.raises(PublishError, match=rf"says {HOUR_START_S - 86_401}.*set the clock"):
        sign(author, HOUR_START_S - CLOCK_JUMP_MAX_S - 1)
    assert sign(author, HOUR_START_S)[0].point == (first.created_s, 2)


@pytest.mark.parametrize(("kind", "rate", "most"), [("status", 10_000, 4), ("answer", 3, 3)])
def test_the_cap_of_an_hour(kind: str, rate: int, most: int) -> None:
    """The lower of the kind's cap and the grant's rate holds; the error says how long to wait,
    and the next hour begins anew."""
    author = Author(RELAY, ())
    for k in range(most):
        assert sign(author, HOUR_START_S + 600, kind, rate)[0].k == k
    with pytest.raises(PublishError, match=f"its {most} {kind} messages .* in 3000 s"):
        sign(author, HOUR_START_S + 600, kind, rate)
    with pytest.raises(PublishError, match="in 1 s"):
        sign(author, HOUR_START_S + HOUR_S - 1, kind, rate)
    assert sign(author, HOUR_START_S + HOUR_S, kind, rate)[0].k == 0


def test_groups_count_apart() -> None:
    """Alerts, boards and endorsements share one count; any other kind has its own."""
    author = Author(RELAY, ())
    assert sign(author, HOUR_START_S, "answer")[0].k == 0
    assert sign(author, HOUR_START_S, "ballot")[0].k == 0
    assert sign(author, HOUR_START_S, "place")[0].k == 0
    message, counter = sign(author, HOUR_START_S, "place")
    assert (message.k, counter.group) == (1, "place")
    assert len({kind_named(name).group for name in ("alert", "board", "endorse")}) == 1


def test_goes_on_from_kept_counters() -> None:
    """After a restart the key's own counters hold; those of other keys do not."""
    kept = (
        Counter(RELAY.public, "answer", HOUR_START_S, 7),
        Counter(key("other").public, "ballot", HOUR_START_S, 7),
    )
    author = Author(RELAY, kept)
    assert sign(author, HOUR_START_S - 5)[0].point == (HOUR_START_S, 8)
    assert sign(author, HOUR_START_S, "ballot")[0].k == 0


def test_what_was_heard_is_never_signed_again() -> None:
    """A point that came back from peers moves the order on, an older one does not move it back."""
    author = Author(RELAY, ())
    author.observe("answer", (HOUR_START_S, 9))
    author.observe("answer", (HOUR_START_S, 4))
    assert sign(author, HOUR_START_S)[0].k == 10
    author.observe("answer", (HOUR_START_S - 5, 99))
    assert sign(author, HOUR_START_S)[0].k == 11
    sign(author, HOUR_START_S + 60)
    author.observe("answer", (HOUR_START_S + 30, 20))
    assert sign(author, HOUR_START_S + 60)[0].point == (HOUR_START_S + 60, 21)


def test_a_point_dated_ahead_silences_nobody() -> None:
    """What somebody else has dated ahead under this key is passed over until its hour has come;
    then its number counts, and its second only once that has come too."""
    author = Author(RELAY, ())
    ahead_s = HOUR_START_S + 5 * HOUR_S + 1800
    author.observe("answer", (ahead_s, 7))
    author.observe("answer", (ahead_s + 40 * 86_400, 9))
    author.observe("answer", (HOUR_START_S, 3))
    assert sign(author, HOUR_START_S + 5)[0].point == (HOUR_START_S + 5, 4)
    assert sign(author, ahead_s - 600)[0].point == (ahead_s - 600, 8)
    assert sign(author, ahead_s - FUTURE_SKEW_S)[0].point == (ahead_s, 9)
    assert sign(author, ahead_s + 1)[0].point == (ahead_s + 1, 10)


def test_by_a_doubtful_clock_what_was_heard_counts() -> None:
    """A clock that nothing vouches for can't tell what is ahead: the order of the key goes on."""
    author = Author(RELAY, ())
    author.observe("answer", (HOUR_START_S + 7200, 5))
    raw, _ = author.sign(
        REALM, ANSWER, KYIV, Opaque(()), lifetime_s=3600, rate=99,
        now=Now(0, HOUR_START_S, False),
    )  # fmt: skip
    message = codec.decode(raw, REALM)
    assert isinstance(message, Message)
    assert message.point == (HOUR_START_S + 7200, 6)


def test_hours_heard_are_bounded() -> None:
    """Points of the whole century cost the memory of 64 hours, and own counters outlive them."""
    author = Author(RELAY, ())
    own, _ = sign(author, HOUR_START_S)
    for hour in range(1, 10 * HOURS_HEARD):
        author.observe("answer", (HOUR_START_S + hour * HOUR_S, 1))
    assert len(author._heard["answer"]._hours) == HOURS_HEARD
    assert sign(author, HOUR_START_S)[0].point == (HOUR_START_S, own.k + 1)


def test_used_up_numbers_silence_nobody() -> None:
    """Where others under this key have used the last number of the hour, the author takes those
    that nobody has used, in order and later than theirs, as many as it may sign itself."""
    author = Author(RELAY, ())
    wall_s = HOUR_START_S + 600
    points = [sign(author, wall_s, rate=6)[0].point]
    heard = [(wall_s, 5), (wall_s, 2)]
    for point in heard:
        author.observe("answer", point)
    used = {k for _, k in heard}
    for _ in range(3):
        _, counter = author.sign(
            REALM, ANSWER, KYIV, Opaque(()), lifetime_s=3600, rate=6,
            now=Now(0, wall_s, True), is_used=lambda group, hour, k: k in used,
        )  # fmt: skip
        points.append(counter.point)
        author.observe("answer", counter.point)
    assert points == [(wall_s, 0), (wall_s, 1), (wall_s, 3), (wall_s, 4)]
    with pytest.raises(PublishError, match="its 5 answer messages"):
        sign(author, wall_s, rate=5)
    alone = Author(RELAY, ())
    alone.observe("answer", (wall_s, 5))
    assert sign(alone, wall_s, rate=6)[0].point == (wall_s + 1, 0)


def test_a_refused_message_uses_no_point() -> None:
    """What can't be encoded leaves the order as it was."""
    author = Author(RELAY, ())
    with pytest.raises(ValueError, match="lifetime"):
        author.sign(
            REALM, BALLOT, KYIV, Opaque(()),
            lifetime_s=BALLOT.lifetime_max_s + 1, rate=9, now=Now(0, HOUR_START_S, True),
        )  # fmt: skip
    assert sign(author, HOUR_START_S, "ballot")[0].k == 0
    assert (ANSWER.hourly, STATUS.hourly) == (500, 4)


@pytest.mark.parametrize(
    ("last", "wall_s", "point", "left_s"),
    [
        (None, 7200, (7200, 0), 3600),
        ((7200, 4), 7201, (7201, 5), 3599),
        ((7200, 4), 10_800, (10_800, 0), 3600),
        ((10_800, 4), 10_790, (10_800, 5), 3610),
    ],
)
def test_the_next_point_counts_its_hour(
    last: tuple[int, int] | None, wall_s: int, point: tuple[int, int], left_s: int
) -> None:
    """k is what the hour has used; with a clock set back that is the later hour, which ends
    later."""
    assert next_point(last, wall_s) == point
    assert hour_left_s(point[0], wall_s) == left_s


def test_sealed_messages_are_dated_to_the_quarter_of_an_hour() -> None:
    """What stands outside a box does not tell when exactly somebody stood at the relay; the order
    of the key's messages rises all the same, and other kinds keep their second."""
    author = Author(RELAY, ())
    body = SealedBody(bytes(8), bytes(48))
    points = []
    for wall_s in (HOUR_START_S + 901, HOUR_START_S + 1700, HOUR_START_S + 1801):
        raw, _ = author.sign(
            REALM, kind_named("need"), KYIV, body,
            lifetime_s=3600, rate=10, now=Now(0, wall_s, True),
        )  # fmt: skip
        message = codec.decode(raw, REALM)
        assert isinstance(message, Message)
        points.append(message.point)
    assert points == [(HOUR_START_S + 900, 0), (HOUR_START_S + 900, 1), (HOUR_START_S + 1800, 2)]
    assert sign(author, HOUR_START_S + 901)[0].created_s == HOUR_START_S + 901


def test_a_clock_of_1970_signs_nothing() -> None:
    """A machine without a battery for its clock says what to do, and nothing is used up."""
    author = Author(RELAY, ())
    for wall_s in (0, 1_500_000_000):
        with pytest.raises(PublishError, match=f"clock says {wall_s}, .* set the clock"):
            sign(author, wall_s)
    message, _ = sign(author, HOUR_START_S)
    assert message.point == (HOUR_START_S, 0)


def test_a_point_is_taken_back() -> None:
    """What was signed by a clock in 2106 and given to nobody leaves the order as it was; only the
    last point can be taken back, and only once."""
    author = Author(RELAY, ())
    first, _ = sign(author, HOUR_START_S)
    _, counter = sign(author, 2**32 - 4000)
    author.take_back(kind_named("answer"), counter)
    author.take_back(kind_named("answer"), counter)
    second, kept = sign(author, HOUR_START_S + 1)
    assert second.point == (HOUR_START_S + 1, 1) > first.point
    author.take_back(kind_named("answer"), counter)
    assert sign(author, HOUR_START_S + 2)[0].point == (HOUR_START_S + 2, 2) > kept.point
    alone = Author(RELAY, ())
    _, counter = sign(alone, 2**32 - 4000)
    alone.take_back(kind_named("answer"), counter)
    assert sign(alone, HOUR_START_S)[0].point == (HOUR_START_S, 0)
