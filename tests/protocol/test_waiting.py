"""Messages that wait for a grant or for their time: bounded in number, bytes and time."""

from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.limits import (
    MESSAGE_BYTES,
    PARKED_BYTES_PER_LINK,
    PARKED_LIFETIME_US,
    PARKED_PER_LINK,
    PENNED,
)
from holub_protocol.message import Now
from holub_protocol.waiting import LOCAL, Parked, Pen, Waiting

A, B = b"hint of a", b"hint of b"


def now_us(mono_us: int) -> Now:
    """A moment by the steady clock."""
    return Now(mono_us, 0, False)


def waiting(number: int, link: int = 1, size: int = 10, since_us: int = 0) -> Waiting:
    """A message that waits, told apart by its number."""
    return Waiting(number.to_bytes(4, "big") + bytes(size - 4), link, 5, since_us)


def id_of(number: int) -> bytes:
    """An id for a number."""
    return number.to_bytes(32, "big")


def test_a_waiting_message_grows_older() -> None:
    """Its age is what it came with and the whole seconds since."""
    one = waiting(1, since_us=1_000_000)
    assert one.age_now_s(now_us(1_000_000)) == 5
    assert one.age_now_s(now_us(3_999_999)) == 7


def test_parked_by_hint() -> None:
    """A grant takes out its key's messages, link by link in order of arrival, once."""
    parked = Parked()
    for number, hint, link in ((1, A, 2), (2, B, 2), (3, A, 1), (4, A, 2), (5, A, LOCAL)):
        parked.add(id_of(number), hint, waiting(number, link))
    parked.add(id_of(1), B, waiting(9, 2))
    assert len(parked) == 5
    taken = parked.take(frozenset((A,)))
    assert taken == (waiting(1, 2), waiting(4, 2), waiting(3, 1), waiting(5, LOCAL))
    assert parked.take(frozenset((A,))) == ()
    assert parked.take(None) == (waiting(2, 2),)
    assert len(parked) == 0


def test_a_link_parks_only_its_share() -> None:
    """A stranger's flood pushes out its own oldest, nothing of another link."""
    parked = Parked()
    parked.add(id_of(0), B, waiting(0, link=2))
    for number in range(1, PARKED_PER_LINK + 4):
        parked.add(id_of(number), A, waiting(number))
    assert len(parked) == PARKED_PER_LINK + 1
    assert parked.take(frozenset((A,)))[0] == waiting(4)
    assert parked.take(None) == (waiting(0, link=2),)


@given(st.lists(st.integers(100, MESSAGE_BYTES), max_size=80))
def test_a_link_parks_only_its_bytes(sizes: list[int]) -> None:
    """Whatever the sizes, the newest messages within count and bytes are those kept."""
    parked, kept = Parked(), list[Waiting]()
    for number, size in enumerate(sizes):
        one = waiting(number, size=size)
        parked.add(id_of(number), A, one)
        kept.append(one)
        while len(kept) > PARKED_PER_LINK or sum(len(w.raw) for w in kept) > PARKED_BYTES_PER_LINK:
            del kept[0]
    assert parked.take(None) == tuple(kept)
    parked.add(id_of(999), A, waiting(999))
    assert len(parked) == 1


def test_room_comes_back() -> None:
    """What was taken, or has expired, leaves its bytes to the next."""
    parked = Parked()
    full = PARKED_BYTES_PER_LINK // MESSAGE_BYTES
    for round_ in range(3):
        for number in range(full):
            parked.add(id_of(number), A, waiting(number, size=MESSAGE_BYTES))
        assert len(parked) == full
        if round_ == 0:
            assert len(parked.take(None)) == full
        else:
            parked.expire(now_us(PARKED_LIFETIME_US))
        assert len(parked) == 0


def test_a_broken_link_parks_nothing() -> None:
    """What came by a link that is down goes; its peer offers it again."""
    parked = Parked()
    parked.add(id_of(1), A, waiting(1, link=1))
    parked.add(id_of(2), A, waiting(2, link=2))
    parked.drop_link(1)
    parked.drop_link(7)
    assert parked.take(None) == (waiting(2, link=2),)


def test_parking_ends_in_time() -> None:
    """The wait is bounded, and `next_due_us` tells when it is over."""
    parked = Parked()
    assert parked.next_due_us() is None
    parked.add(id_of(1), A, waiting(1, link=2, since_us=500))
    parked.add(id_of(2), A, waiting(2, link=1, since_us=200))
    parked.add(id_of(3), A, waiting(3, link=2, since_us=900))
    assert parked.next_due_us() == 200 + PARKED_LIFETIME_US
    parked.expire(now_us(PARKED_LIFETIME_US + 199))
    assert len(parked) == 3
    parked.expire(now_us(PARKED_LIFETIME_US + 500))
    assert parked.next_due_us() == 900 + PARKED_LIFETIME_US
    assert parked.take(None) == (waiting(3, link=2, since_us=900),)
    assert parked.next_due_us() is None


def test_the_pen_opens_in_order_of_time() -> None:
    """Messages come out when due, the soonest first, each once."""
    pen = Pen()
    assert (pen.next_due_us(), pen.take(now_us(10**9))) == (None, ())
    for number, due_us in ((1, 300), (2, 100), (3, 200)):
        pen.add(id_of(number), due_us, waiting(number))
    pen.add(id_of(2), 50, waiting(2))
    assert (len(pen), pen.next_due_us()) == (3, 100)
    assert pen.take(now_us(99)) == ()
    assert pen.take(now_us(200)) == (waiting(2), waiting(3))
    assert (len(pen), pen.next_due_us()) == (1, 300)
    pen.add(id_of(2), 400, waiting(2))
    assert pen.take(now_us(400)) == (waiting(1), waiting(2))
    assert len(pen) == 0


def test_the_pen_is_bounded() -> None:
    """When it is full the one furthest off goes, so a clock in 2106 pushes nobody out."""
    pen = Pen()
    for number in range(PENNED):
        pen.add(id_of(number), 1000 + number, waiting(number))
    pen.add(id_of(9999), 10**15, waiting(9999))
    assert len(pen) == PENNED
    pen.add(id_of(8888), 1, waiting(8888))
    assert len(pen) == PENNED
    out = pen.take(now_us(10**16))
    assert out[0] == waiting(8888)
    assert out[-1] == waiting(PENNED - 2)
    pen.add(id_of(9999), 5, waiting(9999))
    assert len(pen) == 1


def test_the_pen_is_emptied_when_the_clock_is_set() -> None:
    """All come out, the soonest first, and may be penned again by the new time."""
    pen = Pen()
    for number, due_us in ((1, 300), (2, 100)):
        pen.add(id_of(number), due_us, waiting(number))
    assert pen.take_all() == (waiting(2), waiting(1))
    assert (len(pen), pen.next_due_us()) == (0, None)
    pen.add(id_of(1), 50, waiting(1))
    assert pen.take(now_us(50)) == (waiting(1),)
