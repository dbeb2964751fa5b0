"""The order of a set and its fingerprints: the same however it came about, and wherever it lies."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.order import Order, sort_key

SALT = b"s" * 32


def keys(seed: int, count: int) -> list[bytes]:
    """Return `count` keys, several in most seconds, and as many ends of segments as ids have."""
    rng = Random(seed)
    return [sort_key(rng.randrange(count // 3 + 1), rng.randbytes(32)) for _ in range(count)]


@given(
    seed=st.integers(0, 2**32),
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    gone=st.integers(0, 100),
)
def test_what_came_and_went_leaves_the_same_order(seed: int, sizes: list[int], gone: int) -> None:
    """An order that was changed again and again is that of its keys sorted anew, with the same
    ids, bounds and fingerprints of any stretch."""
    rng = Random(seed)
    order, held = Order(), dict.fromkeys(keys(seed, 0))
    for number, size in enumerate(sizes):
        added = keys(seed + number, 4 * size)
        removed = rng.sample(sorted(held), len(held) * gone // 100)
        moves = [*((key, True) for key in added), *((key, False) for key in removed)]
        rng.shuffle(moves)
        order = order.changed(moves)
        held = dict.fromkeys([key for key in held if key not in removed] + added)
    anew = Order(held)
    assert order.ids(0, len(order)) == [key[4:] for key in sorted(held)]
    assert [order.bound(p) for p in range(1, len(order))] == [
        anew.bound(p) for p in range(1, len(anew))
    ]
    for _ in range(20):
        start = rng.randint(0, len(order))
        end = rng.randint(start, len(order))
        assert order.fingerprint(SALT, start, end) == anew.fingerprint(SALT, start, end)


@given(seed=st.integers(0, 2**32), before=st.integers(0, 150), more=st.integers(0, 150))
def test_a_stretch_has_one_fingerprint_wherever_it_lies(seed: int, before: int, more: int) -> None:
    """Two who share a stretch, and have different ids before and behind it, agree about it; and
    not about one with an id less."""
    shared = sorted(sort_key(1000 + n, key[4:]) for n, key in enumerate(keys(seed, 200)))
    ours = Order([*(sort_key(1, key[4:]) for key in keys(seed + 1, before)), *shared])
    theirs = Order([*shared, *(sort_key(9000, key[4:]) for key in keys(seed + 2, more))])
    at = ours.find(shared[0])
    assert at == before
    fingerprint = ours.fingerprint(SALT, at, at + 200)
    assert fingerprint == theirs.fingerprint(SALT, 0, 200)
    assert fingerprint != theirs.fingerprint(SALT, 0, 199)
    assert fingerprint != theirs.fingerprint(SALT, 1, 200)
    assert fingerprint != theirs.fingerprint(b"t" * 32, 0, 200)


@pytest.mark.parametrize("last", [b"\x00", b"\xf7", b"\xf8", b"\xff"])
def test_ids_that_all_end_alike_are_still_compared(last: bytes) -> None:
    """Whoever makes ids so that no segment ends, or each id ends one, hides nothing."""
    made = [sort_key(n, key[4:-1] + last) for n, key in enumerate(keys(1, 300))]
    whole, lacking = Order(made), Order(made[:150] + made[151:])
    assert whole.fingerprint(SALT, 0, 150) == lacking.fingerprint(SALT, 0, 150)
    assert whole.fingerprint(SALT, 0, 300) != lacking.fingerprint(SALT, 0, 299)
    assert whole.fingerprint(SALT, 151, 300) == lacking.fingerprint(SALT, 150, 299)


def test_places_are_found_by_the_first_bytes_of_a_key() -> None:
    """A bound may be empty, seconds, or seconds with some of an id."""
    order = Order([sort_key(5, bytes([n]) * 32) for n in (1, 2, 3)] + [sort_key(7, bytes(32))])
    assert [order.find(b) for b in (b"", sort_key(5, b""), sort_key(6, b""), sort_key(8, b""))] == [
        0, 0, 3, 4,
    ]  # fmt: skip
    assert order.find(sort_key(5, b"\x02")) == 1
    assert order.find(sort_key(5, b"\x02\x03")) == 2
    assert order.find(sort_key(5, b"\x04")) == 3
    assert order.find(sort_key(5, b"\x01"), 2) == 2
