"""Ids to slots: as a dict would do it, in less room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.idtable import IdTable
from support_realm import Entropy

ENTROPY = Entropy("many")
MANY = tuple(ENTROPY(32) for _ in range(3000))


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=200), st.binary(
    min_size=8, max_size=8
))  # fmt: skip
def test_it_agrees_with_a_dict(steps: list[tuple[int, bool]], salt: bytes) -> None:
    """However ids come and go, and whatever the salt, what is in is found and nothing else."""
    table, model = IdTable(salt), dict[bytes, int]()
    for number, arrives in steps:
        id_ = MANY[number]
        if arrives and id_ not in model:
            model[id_] = table.add(id_)
        elif not arrives and id_ in model:
            assert table.remove(id_) == model.pop(id_)
        assert len(table) == len(model)
    for id_ in MANY[:41]:
        assert table.find(id_) == model.get(id_, -1)
    assert sorted(table.slots()) == sorted(model.values())
    assert {table.id_at(slot) for slot in table.slots()} == set(model)


def test_it_grows_and_clears_what_was_removed() -> None:
    """Thousands of ids are all found, also after most were removed and others put in."""
    table = IdTable(b"saltsalt")
    for id_ in MANY[:2000]:
        table.add(id_)
    for id_ in MANY[:1900]:
        table.remove(id_)
    for id_ in MANY[2000:]:
        table.add(id_)
    assert all(table.find(id_) >= 0 for id_ in MANY[1900:])
    assert all(table.find(id_) == -1 for id_ in MANY[:1900])
    assert len(table) == 1100
    assert max(table.slots()) < 2000


def test_ids_that_share_their_head_are_told_apart() -> None:
    """Even if all ids met in one place, each would still be found as itself."""
    table = IdTable(bytes(8))
    ids = [bytes(8) + id_[8:] for id_ in MANY[:50]]
    slots = [table.add(id_) for id_ in ids]
    assert [table.find(id_) for id_ in ids] == slots
    assert table.remove(ids[10]) == slots[10]
    assert table.find(ids[10]) == -1
    assert table.find(ids[49]) == slots[49]


def test_misuse_is_loud() -> None:
    """An id of another length, one that is not in, and a free slot are our own mistakes."""
    table = IdTable(bytes(8))
    with pytest.raises(ValueError, match="32 bytes"):
        table.add(b"short")
    with pytest.raises(KeyError):
        table.remove(MANY[0])
    slot = table.add(MANY[0])
    table.remove(MANY[0])
    assert not table.is_taken(slot)
    with pytest.raises(AssertionError, match="free"):
        table.id_at(slot)
