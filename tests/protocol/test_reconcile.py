"""Range-based reconciliation: any two sets become equal, in few bytes, whatever the frame size."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.frames import Fingerprint, IdList, Range, encode
from holub_protocol.kinds import Class
from holub_protocol.limits import LEAF_ITEMS
from holub_protocol.reconcile import (
    RootSum,
    Snapshot,
    list_items,
    pack,
    session_salt,
    short_id,
    sort_key,
)
from support_realm import Entropy

SALT = session_salt(b"a" * 16, b"b" * 16)


def keys(name: str, count: int, first_s: int = 1000) -> list[bytes]:
    """Return `count` keys in time order with random ids."""
    entropy = Entropy(name)
    return [sort_key(first_s + i, entropy(32)) for i in range(count)]


def reconcile(a: list[bytes], b: list[bytes], frame_bytes: int) -> tuple[set[bytes], int, int]:
    """Play both sides until silent: (union as both end up, bytes, frames)."""
    sides = [Snapshot(SALT, a), Snapshot(SALT, b)]
    held = [{key[4:] for key in a}, {key[4:] for key in b}]
    shorts = {short_id(SALT, id_): id_ for id_ in held[0] | held[1]}
    room = list_items(frame_bytes)
    queue: deque[tuple[int, Range]] = deque(
        (1, r) for r in pack(Class.PEOPLE, b"", sides[0].opening(room).parts, frame_bytes)
    )
    total = frames = 0
    while queue:
        side, heard = queue.popleft()
        data = encode(heard)
        assert len(data) <= frame_bytes
        total, frames = total + len(data), frames + 1
        difference = sides[side].answer(heard, room)
        held[side] |= {shorts[short] for short in difference.want}
        held[1 - side] |= {id_ for _, id_ in difference.send}
        total += 8 * len(difference.want)
        answer = pack(Class.PEOPLE, heard.low, difference.parts, frame_bytes)
        queue.extend((1 - side, r) for r in answer)
    assert held[0] == held[1]
    return held[0], total, frames


@given(
    common=st.integers(0, 300),
    ours=st.integers(0, 80),
    theirs=st.integers(0, 80),
    spread=st.sampled_from((0, 1, 7)),
    frame_bytes=st.sampled_from((256, 512, 4096)),
)
def test_any_two_sets_become_equal(
    common: int, ours: int, theirs: int, spread: int, frame_bytes: int
) -> None:
    """Whatever both hold, and in frames of any size, each ends with the union."""
    shared = keys("common", common)
    a = shared + keys("ours", ours, 1000 + spread * 20)
    b = shared + keys("theirs", theirs, 1000 + spread * 30)
    union, _, _ = reconcile(a, b, frame_bytes)
    assert union == {key[4:] for key in a + b}


def test_equal_sets_say_nothing() -> None:
    """An opening that the peer agrees with is answered with nothing at all."""
    same = keys("same", 500)
    snapshot = Snapshot(SALT, same)
    opening = Range(Class.PEOPLE, b"", snapshot.opening(64).parts)
    assert Snapshot(SALT, same).answer(opening, 64).parts == ()


def test_an_outage_costs_few_bytes() -> None:
    """A thousand new messages among ten thousand are told in under 15 kB, a fifth of all ids."""
    shared = keys("old", 9000)
    a = shared + keys("new at a", 500, 20_000)
    b = shared + keys("new at b", 500, 20_000)
    _, total, _ = reconcile(a, b, 4096)
    assert total < 15_000


def test_small_sets_are_listed_and_large_ones_split() -> None:
    """Under 32 ids a list goes at once; from 32 on eight fingerprints do."""
    small = Snapshot(SALT, keys("small", LEAF_ITEMS - 1)).opening(64).parts
    large = Snapshot(SALT, keys("large", LEAF_ITEMS)).opening(64).parts
    assert [type(part) for part in small] == [IdList]
    assert [type(part) for part in large] == [Fingerprint] * 8


def test_an_empty_set_asks_for_everything() -> None:
    """A node that holds nothing sends an empty list, and is sent all."""
    full = keys("full", 200)
    opening = Range(Class.PEOPLE, b"", Snapshot(SALT, []).opening(64).parts)
    difference = Snapshot(SALT, full).answer(opening, 64)
    assert sorted(id_ for _, id_ in difference.send) == sorted(key[4:] for key in full)
    assert difference.want == ()


def test_root_sum_follows_the_set_in_any_order() -> None:
    """Ids may come and go in any order: equal sets have equal roots, others do not."""
    ids = [key[4:] for key in keys("root", 50)]
    a, b = RootSum(), RootSum()
    for id_ in ids:
        a.add(id_)
    for id_ in [*reversed(ids), bytes(32)]:
        b.add(id_)
    assert a.fingerprint(SALT) != b.fingerprint(SALT)
    b.remove(bytes(32))
    assert (a.count, a.fingerprint(SALT)) == (b.count, b.fingerprint(SALT))


def test_fingerprints_change_with_every_session() -> None:
    """The salt comes from both nonces, whichever way round, and changes every fingerprint."""
    other = session_salt(b"c" * 16, b"b" * 16)
    assert session_salt(b"b" * 16, b"a" * 16) == SALT
    same = keys("salted", 40)
    root = RootSum()
    root.add(same[0][4:])
    assert root.fingerprint(SALT) != root.fingerprint(other)
    assert Snapshot(SALT, same).opening(64).parts != Snapshot(other, same).opening(64).parts
    assert short_id(SALT, same[0][4:]) != short_id(other, same[0][4:])


def test_two_equal_keys_are_our_own_mistake() -> None:
    """A set that holds a key twice can't be split: it is refused loudly."""
    key_ = keys("twice", 1)[0]
    with pytest.raises(AssertionError, match="two equal keys"):
        Snapshot(SALT, [key_] * 40).opening(64)
