"""Good addresses in the store: bounded, and damaged ones cost nothing."""

import pytest

from holub_crypto import cbor
from holub_protocol.storage import MemoryStore
from holub_relay.discovery import remembered
from holub_relay.limits import REMEMBERED

KEY = b"k" * 32


def test_they_survive_the_store() -> None:
    """What was written is read, the first REMEMBERED of it."""
    store = MemoryStore()
    good = tuple((KEY, f"10.0.0.{number}", 7) for number in range(REMEMBERED + 5))
    store.commit(remembered.writes(good))
    assert remembered.read(store.note(remembered.NOTE)) == good[:REMEMBERED]
    assert remembered.read(None) == ()


@pytest.mark.parametrize(
    "value",
    [1, (1,), ((KEY, "h"),), ((KEY, "", 7),), ((KEY, "h", 0),), ((b"short", "h", 7),)],
)
def test_what_makes_no_sense_is_nothing(value: cbor.Value) -> None:
    """A note of another shape, or cut off, is as if there were none."""
    raw = cbor.encode(value)
    assert remembered.read(raw) == ()
    assert remembered.read(raw[:-1]) == ()
