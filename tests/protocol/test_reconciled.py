"""The reconciled set of a class: whatever comes and goes, it is what would be sorted anew."""

from random import Random

import pytest

from holub_protocol.limits import ORDER_MOVES_SPARE
from holub_protocol.order import Order, sort_key
from holub_protocol.reconciled import ReconciledSet

SALT = b"s" * 32


def test_a_set_is_sorted_once_and_then_kept_up() -> None:
    """While ids come, go and come back, what links are given is right, and all keys are asked
    for only at first and after more changes than it pays to follow."""
    rng = Random(1)
    whole, held, asked = ReconciledSet(), dict.fromkeys([rng.randbytes(32) for _ in range(100)]), 0
    for id_ in held:
        whole.add(7, id_)

    def keys() -> list[bytes]:
        nonlocal asked
        asked += 1
        return [sort_key(7, id_) for id_ in held]

    for changes in (0, 1, 3, 30, 0, 200):
        for _ in range(changes):
            if rng.random() < 0.5:
                gone = rng.choice(list(held))
                del held[gone]
                whole.remove(7, gone)
                if rng.random() < 0.3:
                    held[gone] = None
                    whole.add(7, gone)
            else:
                came = rng.randbytes(32)
                held[came] = None
                whole.add(7, came)
        snapshot = whole.snapshot(SALT, keys)
        anew = Order(sort_key(7, id_) for id_ in held)
        assert len(snapshot) == len(held) == whole.root.count
        assert snapshot.fingerprint(0, len(held)) == anew.fingerprint(SALT, 0, len(held))
    assert asked == 2


@pytest.mark.parametrize(("changes", "asked"), [(ORDER_MOVES_SPARE, 1), (ORDER_MOVES_SPARE + 1, 2)])
def test_what_changes_much_is_sorted_anew(changes: int, asked: int) -> None:
    """A small set's order is dropped beyond the spare number of changes, not before."""
    whole, calls = ReconciledSet(), []

    def keys() -> list[bytes]:
        calls.append(whole.root.count)
        return [sort_key(n, n.to_bytes(32, "big")) for n in range(whole.root.count)]

    whole.snapshot(SALT, keys)
    before = whole.version
    for n in range(changes):
        whole.add(n, n.to_bytes(32, "big"))
    assert whole.version == before + changes
    assert len(whole.snapshot(SALT, keys)) == changes
    assert len(calls) == asked
