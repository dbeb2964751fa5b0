"""Whose turn it is: shares by bytes, whoever sends how much."""

from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.fair import Allowance, FairQueue, Place, Turns


def taken(queue: FairQueue, count: int) -> list[bytes]:
    """Send that many messages whole; return their ids in order."""
    order = []
    for _ in range(count):
        chosen = queue.next()
        if chosen is None:
            break
        order.append(chosen[0])
        queue.discard(chosen[0])
    return order


def test_turns_even_out_what_was_charged() -> None:
    """Who costs twice as much has half as many turns."""
    turns: Turns[str] = Turns()
    for name in ("dear", "cheap"):
        turns.enter(name)
    served = []
    for _ in range(30):
        name = turns.first()
        served.append(name)
        turns.charge(200 if name == "dear" else 100, again=True)
    assert (served.count("dear"), served.count("cheap")) == (10, 20)


def test_absence_saves_nothing_up_and_clears_no_debt() -> None:
    """A newcomer does not catch up on the past; leaving and coming back is no way to the front."""
    turns: Turns[str] = Turns()
    turns.enter("old")
    for _ in range(50):
        turns.charge(100, again=True)
    turns.enter("new")
    served = {"old": 0, "new": 0}
    for _ in range(40):
        name = turns.first()
        served[name] += 1
        turns.charge(100, again=name == "old")
        turns.enter("new")
    assert abs(served["old"] - served["new"]) <= 2


def test_an_allowance_is_spent_and_grows_again() -> None:
    """A source takes its burst, then what time gives back; others have their own."""
    allowance = Allowance(1000, 100)
    assert allowance.take(1, 1000, 0)
    assert not allowance.take(1, 1, 0)
    assert allowance.take(2, 1000, 0)
    assert not allowance.take(1, 200, 1_000_000)
    assert allowance.take(1, 200, 2_000_000)
    assert not allowance.take(1, 1001, 1_000_000_000)


def test_the_message_under_way_stays_until_it_is_over() -> None:
    """A newer message of the same signer waits until the one half sent has left whole."""
    queue = FairQueue()
    queue.add(b"first", Place(1, 1, (0,), 100))
    assert queue.next() == (b"first", 0)
    queue.went(60)
    queue.add(b"newer", Place(1, 1, (-1,), 100))
    assert queue.next() == (b"first", 60)
    assert queue.place(b"first").size_bytes == 100
    queue.discard(b"first")
    assert queue.next() == (b"newer", 0)
    assert len(queue) == 1


def test_what_was_taken_out_has_no_turn() -> None:
    """A message that is not wanted any more leaves no hole, and may come again."""
    queue = FairQueue()
    for name in (b"a", b"b"):
        queue.add(name, Place(1, 1, (0,), 10))
    queue.discard(b"a")
    queue.add(b"a", Place(2, 2, (0,), 10))
    assert b"a" in queue
    assert sorted(taken(queue, 5)) == [b"a", b"b"]
    assert queue.next() is None
    assert queue.discard(b"a") is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 40)), max_size=60))
def test_everything_leaves_once_and_sources_stay_level(
    items: list[tuple[int, int, int]],
) -> None:
    """Whatever waits: nothing is lost, and two sources that both wait are never further apart
    than two of the largest messages."""
    queue = FairQueue()
    names = {}
    for number, (source, signer, size) in enumerate(items):
        name = number.to_bytes(2, "big")
        names[name] = (source, size)
        queue.add(name, Place(source, signer, (number,), size))
    left = {source: sum(1 for s, _ in names.values() if s == source) for source in range(4)}
    had = dict.fromkeys(range(4), 0)
    order = []
    while (chosen := queue.next()) is not None:
        waiting = [source for source in range(4) if left[source]]
        levels = [had[source] for source in waiting]
        assert max(levels) - min(levels) <= 80
        source, size = names[chosen[0]]
        had[source] += size
        left[source] -= 1
        queue.discard(chosen[0])
        order.append(chosen[0])
    assert sorted(order) == sorted(names)
