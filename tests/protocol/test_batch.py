"""What a node hands to its driver."""

import pytest

from holub_protocol.batch import Batch, StatusChanged
from holub_protocol.storage import Counter, State, Writes
from support_store import held


def test_nothing_to_commit() -> None:
    """Bytes to send, links to close and events need no commit."""
    assert not Batch().durable
    assert not Batch(
        ((1, b"a"),), Writes(), ((1, b"b"),), ((1, "why"),), (StatusChanged(),)
    ).durable


@pytest.mark.parametrize(
    "writes",
    [
        held(1),
        Writes(deletes=(bytes(32),)),
        Writes(states=((bytes(32), State.EVICTED),)),
        Writes(counters=(Counter(bytes(32), "need", 1, 0),)),
        Writes(notes=(("name", None),)),
    ],
    ids=["row", "delete", "state", "counter", "note"],
)
def test_something_to_commit(writes: Writes) -> None:
    """Each sort of write is reason enough to commit before `sends` leave."""
    assert Batch(writes=writes).durable
