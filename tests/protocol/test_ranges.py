"""RANGE frames that wait and those that may be asked about: order, patience and memory."""

from holub_protocol.frames import Fingerprint, IdList, Range, encode
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    RANGE_ANSWER_US,
    SAID_LISTS_BYTES,
    SHORT_ID_BYTES,
    SLOW_WINDOW_BYTES,
)
from holub_protocol.pace import Pace
from holub_protocol.ranges import NEVER_US, Ranges
from support_realm import START_S, now_at

PEOPLE = Class.PEOPLE


def bound(number: int) -> bytes:
    """Return a bound of whole seconds."""
    return (START_S + number).to_bytes(4, "big")


def listing(number: int, ids: int = 1) -> Range:
    """Return a RANGE that lists some ids from one bound on."""
    return Range(PEOPLE, bound(number), (IdList(b"", bytes([number % 256]) * 5 * ids),))


def test_answers_go_before_what_waits_and_the_newest_of_them_first() -> None:
    """Depth first: the last of the frames added last leaves first."""
    ranges, pace = Ranges(), Pace()
    ranges.add((listing(1), listing(2)))
    ranges.add((listing(3), listing(4)))
    left = [ranges.next(PEOPLE, pace, now_at(0)) for _ in range(4)]
    assert left == [encode(listing(number)) for number in (4, 3, 2, 1)]
    assert not ranges.waits(PEOPLE)
    assert ranges.bytes == sum(map(len, left))


def test_on_a_slow_link_the_next_waits_for_an_answer_or_two_seconds() -> None:
    """Credit alone does not let it go; a frame after the credit does, and so does time."""
    ranges, pace = Ranges(), Pace()
    ranges.add((listing(1), listing(2)))
    assert not ranges.held(pace, now_at(0))
    assert ranges.next_due_us(pace) == NEVER_US
    size = len(ranges.next(PEOPLE, pace, now_at(0)))
    pace.sent(size, 0)
    ranges.answered(pace)
    assert ranges.held(pace, now_at(1.99))
    assert ranges.next_due_us(pace) == RANGE_ANSWER_US >= 2_000_000
    assert not ranges.held(pace, now_at(2))
    pace.credited(size, 1000, 65_536)
    assert ranges.held(pace, now_at(1))
    ranges.answered(pace)
    assert not ranges.held(pace, now_at(1))


def test_on_a_fast_link_nothing_waits() -> None:
    """Once the window has grown, frames go as fast as it takes them."""
    ranges, pace = Ranges(), Pace()
    pace.window_bytes = SLOW_WINDOW_BYTES
    ranges.add((listing(1), listing(2)))
    ranges.next(PEOPLE, pace, now_at(0))
    assert not ranges.held(pace, now_at(0))


def test_lists_are_found_once_by_where_they_begin() -> None:
    """What was sent with ids is found again by class and lower bound, what has none is not."""
    ranges, pace = Ranges(), Pace()
    ranges.add((Range(PEOPLE, bound(7), (Fingerprint(b"", bytes(6)),)), listing(8)))
    assert ranges.take_lists(PEOPLE, bound(8)) is None
    for _ in range(2):
        ranges.next(PEOPLE, pace, now_at(0))
    assert ranges.take_lists(PEOPLE, bound(7)) is None
    assert ranges.take_lists(Class.BULK, bound(8)) is None
    assert ranges.take_lists(PEOPLE, bound(8)) == listing(8)
    assert ranges.take_lists(PEOPLE, bound(8)) is None


def test_a_peer_that_never_answers_costs_64_kib() -> None:
    """Of the lists that were sent only the newest are kept, up to the bound."""
    ranges, pace = Ranges(), Pace()
    ids = 64
    size = len(encode(listing(1, ids)))
    assert size > ids * SHORT_ID_BYTES
    count = SAID_LISTS_BYTES // size
    for number in range(count + 5):
        ranges.add((listing(number, ids),))
        ranges.next(PEOPLE, pace, now_at(0))
    kept = [n for n in range(count + 5) if ranges.take_lists(PEOPLE, bound(n)) is not None]
    assert kept == list(range(5, count + 5))
