"""What only the store in memory has: copies, damage, and reckoning without a disk."""

import pytest

from holub_protocol.storage import (
    COUNTER_BYTES,
    ROW_BYTES,
    Counter,
    MemoryStore,
    StoreFull,
    Writes,
)
from support_store import EVICTED, SIGNER, body_of, held, id_of


def test_a_clone_goes_its_own_way() -> None:
    """Neither sees what the other does after they parted."""
    first = MemoryStore()
    first.commit(held(1), Writes(notes=(("a", b"1"),)))
    second = first.clone()
    first.commit(Writes(deletes=(id_of(1),), notes=(("a", None),)))
    second.commit(held(2), Writes(counters=(Counter(SIGNER, "alert", 1, 1),)))
    assert (first.get(id_of(1)), first.note("a"), first.counters()) == (None, None, ())
    assert second.get(id_of(1)) == body_of(1)
    assert (second.note("a"), second.last_seq(), first.last_seq()) == (b"1", 2, 1)


def test_size_is_the_sum_of_what_is_held() -> None:
    """Every kind of write counts by the stated reckoning, replaced and repeated ones once."""
    store = MemoryStore()
    store.commit(held(1, 2, size=100), held(2, size=50))
    assert store.size_bytes() == 2 * ROW_BYTES + 150
    store.commit(Writes(states=((id_of(1), EVICTED), (id_of(1), EVICTED), (id_of(9), EVICTED))))
    assert store.size_bytes() == 2 * ROW_BYTES + 50
    counter = Counter(SIGNER, "alert", 1, 1)
    store.commit(Writes(counters=(counter, counter), notes=(("key", b"value"), ("key", b"v"))))
    assert store.size_bytes() == 2 * ROW_BYTES + 50 + COUNTER_BYTES + 4
    store.commit(Writes(deletes=(id_of(1), id_of(2), id_of(3)), notes=(("key", None),)))
    assert store.size_bytes() == COUNTER_BYTES


def test_a_damaged_body_frees_its_room_once() -> None:
    """The reckoning stays true over damage, reception anew and deletion."""
    store = MemoryStore()
    store.commit(held(1))
    store.damage(id_of(1))
    store.damage(id_of(1))
    assert store.size_bytes() == ROW_BYTES
    store.commit(held(1))
    store.commit(Writes(deletes=(id_of(1),)))
    assert store.size_bytes() == 0


def test_the_quota_is_exact() -> None:
    """A commit that ends at the quota fits; one byte more does not."""
    store = MemoryStore(quota_bytes=2 * ROW_BYTES + 600)
    store.commit(held(1))
    with pytest.raises(StoreFull):
        store.commit(held(2, size=301))
    store.commit(held(2, size=300))
    assert store.size_bytes() == store.quota_bytes
