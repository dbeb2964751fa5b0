"""Contacts that break: each brings something, and what they cost beside the ideal is counted."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.frames import FrameType
from holub_protocol.limits import RECONCILE_BYTES_FREE, RECONCILE_BYTES_PER_ID
from support_contact import (
    BODY_BYTES,
    LAN,
    LAN_BYTES_PER_S,
    NOW_S,
    SLOW,
    SLOW_BYTES_PER_S,
    Contact,
    Replica,
    two_sets,
)
from support_negentropy import Item, reconcile


def brought(size: int, differing: int, pattern: str, contact_bytes: int) -> list[int]:
    """Return how many messages each contact brought until nothing was missing."""
    sides = tuple(map(Replica, two_sets(size, differing, pattern)))
    each: list[int] = []
    at_us = 0
    while sum(each) < differing:
        contact = Contact((sides[0], sides[1]), SLOW, SLOW_BYTES_PER_S, len(each), at_us)
        contact.run(contact_bytes)
        at_us = contact.at_us
        each.append(sum(side.taken for side in sides) - sum(each))
        assert each[-1], f"contact {len(each)} brought nothing"
    assert sum(side.duplicates for side in sides) == 0
    return each


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "most_times_ideal"), [("scattered", 1.6), ("outage", 1.15)])
def test_few_contacts_are_needed(pattern: str, most_times_ideal: float) -> None:
    """1,000 messages of 10,000 over contacts of 20 kB: none is fruitless or brings anything
    twice, and there are so many times as many as the bodies alone would need."""
    each = brought(10_000, 1_000, pattern, 20_000)
    assert len(each) <= most_times_ideal * 1_000 * BODY_BYTES / 20_000


@pytest.mark.parametrize("pattern", ["scattered", "outage"])
@pytest.mark.parametrize("size", [200, 1500])
def test_contacts_of_4_kb_are_never_fruitless(pattern: str, size: int) -> None:
    """Also where the sets are small, every contact brings two messages at least."""
    assert min(brought(size, 60, pattern, 4_000)[:-1]) >= 2


@pytest.mark.parametrize("size", [0, 1, 1_000])
def test_equal_sets_say_a_root_each(size: int) -> None:
    """After HELLO equal sets cost 44 bytes at most, both ways together."""
    items, _ = two_sets(size, 0, "outage")
    contact = Contact((Replica(items), Replica(items)), LAN, LAN_BYTES_PER_S)
    assert contact.run()
    assert contact.used_bytes - contact.sent_bytes[FrameType.HELLO] <= 44


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "differing", "pattern", "most_bytes", "times_fewer"),
    [
        (1_000, 10, "scattered", 2_000, 1.8),
        (10_000, 10, "scattered", 2_500, 1.8),
        (10_000, 1_000, "outage", 6_000, 3.8),
        (10_000, 1_000, "scattered", 60_000, 1.8),
        (10_000, 5_000, "outage", 20_000, 3.8),
    ],
)
def test_a_link_finds_the_difference_in_a_fraction_of_negentropys_bytes(
    size: int, differing: int, pattern: str, most_bytes: int, times_fewer: float
) -> None:
    """Whole sessions, first roots included, beside negentropy version 1 on the same sets."""
    a, b = two_sets(size, differing, pattern)
    _, negentropy_bytes, _ = reconcile(a, b)
    sides = Replica(a), Replica(b)
    contact = Contact(sides, LAN, LAN_BYTES_PER_S)
    assert contact.run()
    assert sum(side.taken for side in sides) == differing
    assert contact.reconciling_bytes <= most_bytes
    assert negentropy_bytes >= times_fewer * contact.reconciling_bytes


def made(seed: int, count: int, spread_s: int) -> list[Item]:
    """Return items of a seed's own, within so many seconds."""
    rng = Random(seed)
    return [(NOW_S - rng.randrange(spread_s) - 1, rng.randbytes(32)) for _ in range(count)]


@given(
    counts=st.tuples(*[st.integers(0, 60)] * 3),
    spread_s=st.sampled_from((1, 30, 604_800)),
    slow=st.booleans(),
    cuts=st.lists(st.integers(0, 6_000), max_size=6),
)
def test_any_two_sets_and_any_cuts_end_equal(
    counts: tuple[int, int, int], spread_s: int, slow: bool, cuts: list[int]
) -> None:
    """Wherever contacts break, both hold the union after one that does not; what a session says
    in ranges stays within its cap, and nothing is ever raised."""
    shared, ours, theirs = (made(seed, count, spread_s) for seed, count in enumerate(counts))
    sides = Replica(shared + ours), Replica(shared + theirs)
    policy, speed = (SLOW, SLOW_BYTES_PER_S) if slow else (LAN, LAN_BYTES_PER_S)
    at_us = 0
    for number, cut_bytes in enumerate([*cuts, None]):
        contact = Contact(sides, policy, speed, number, at_us)
        agreed = contact.run(cut_bytes)
        at_us = contact.at_us
        for side in sides:
            cap = RECONCILE_BYTES_FREE + RECONCILE_BYTES_PER_ID * sum(counts)
            assert side.session.outbox.ranges.bytes <= cap
    assert agreed
    union = sorted(id_ for _, id_ in shared + ours + theirs)
    for side in sides:
        assert sorted(side.holdings.held_ids(side.cls)) == union
