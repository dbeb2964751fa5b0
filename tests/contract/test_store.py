"""What every store must do, run over each of them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from holub_protocol.storage import Counter, MemoryStore, Row, State, Store, StoreFull, Writes
from holub_relay.store import SqliteStore
from support_store import EVICTED, HELD, SIGNER, SUPERSEDED, Model, body_of, held, id_of, row_of

QUOTA_BYTES = 2 << 20


class Memory:
    """Makes and reopens a store in memory."""

    def __init__(self, directory: Path) -> None:
        """Need no directory."""
        self.store = MemoryStore(QUOTA_BYTES)

    def reopen(self) -> Store:
        """What is left of it after a restart."""
        self.store = self.store.clone()
        return self.store

    def damage(self, id_: bytes) -> None:
        """Flip a bit of a body."""
        self.store.damage(id_)


class Sqlite:
    """Makes and reopens a store on disk."""

    def __init__(self, directory: Path) -> None:
        """Make it in `directory`."""
        self.path = directory / "store.db"
        self.store = SqliteStore.open(self.path, QUOTA_BYTES)

    def reopen(self) -> Store:
        """What is left of it after a restart."""
        self.store.close()
        self.store = SqliteStore.open(self.path, QUOTA_BYTES)
        return self.store

    def damage(self, id_: bytes) -> None:
        """Flip a bit of a body, where it lies in the file."""
        body = self.store.get(id_)
        assert body is not None
        self.store.close()
        content = bytearray(self.path.read_bytes())
        content[content.index(body) + len(body) // 2] ^= 4
        self.path.write_bytes(content)
        self.store = SqliteStore.open(self.path, QUOTA_BYTES)


MAKERS: tuple[Callable[[Path], Memory | Sqlite], ...] = (Memory, Sqlite)


@pytest.fixture(params=MAKERS, ids=["memory", "sqlite"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory | Sqlite]:
    """Each kind of store in turn, empty."""
    made: Memory | Sqlite = request.param(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def store(keeper: Memory | Sqlite) -> Store:
    """The store itself."""
    return keeper.store


def fill(store: Store, size: int = 1000) -> int:
    """Insert messages until it is full; return how many it took."""
    for number in count(1_000):
        try:
            store.commit(held(number, size=size))
        except StoreFull:
            return number - 1_000
    raise AssertionError


def test_new_store_is_empty(store: Store) -> None:
    """A new store has nothing, knows nothing and numbers from 1."""
    assert list(store.rows()) == []
    assert (store.counters(), store.notes(""), store.note("x")) == ((), (), None)
    assert store.get(id_of(1)) is None
    assert (store.last_seq(), store.damaged) == (0, 0)
    assert 0 <= store.size_bytes() < store.quota_bytes


def test_what_is_committed_comes_back(keeper: Memory | Sqlite) -> None:
    """Rows and bodies come back in order of arrival, byte for byte, also after a restart."""
    model = Model()
    for writes in (held(3), held(1, 2), Writes(rows=((row_of(9, EVICTED), None),))):
        model.commit(writes)
        keeper.store.commit(writes)
    assert model.differs_from(keeper.store) == ""
    assert model.differs_from(keeper.reopen()) == ""


def test_bounds_of_values(store: Store) -> None:
    """The smallest and largest values that a message can carry come back unchanged."""
    for number, extreme in enumerate((0, 2**32, 2**62, -1)):
        row = Row(
            id_of(number), extreme, extreme, SIGNER, extreme, extreme, extreme, extreme, extreme,
            extreme, HELD, extreme, extreme, extreme,
        )  # fmt: skip
        body = b"" if number == 0 else body_of(number, 4096)
        store.commit(Writes(rows=((row, body),)))
        assert store.get(row.id) == body
        assert list(store.rows())[-1].area == extreme


def test_chunks_lie_beside_a_body_and_go_with_it(keeper: Memory | Sqlite) -> None:
    """A held message's chunks come back by place, a second one replaces the first, also after a
    restart; without a body there are none, and they go when it does, however it does."""
    store = keeper.store
    store.commit(held(1, 2, 3), Writes(rows=((row_of(4, EVICTED), None),)))
    chunks = tuple((id_of(n), place, b"%d" % n) for n in range(1, 6) for place in (7, 0, 1559))
    store.commit(Writes(chunks=chunks))
    store.commit(Writes(chunks=((id_of(1), 7, b"new"),)))
    keeper.reopen()
    store = keeper.store
    assert [store.places(id_of(n)) for n in range(1, 6)] == [(0, 7, 1559)] * 3 + [()] * 2
    assert store.chunk(id_of(1), 7) == b"new"
    assert store.chunk(id_of(2), 7) == b"2"
    assert store.chunk(id_of(1), 8) is store.chunk(id_of(4), 7) is None
    store.commit(Writes(deletes=(id_of(1),), states=((id_of(2), EVICTED),)))
    store.commit(held(1, 2, 3))
    assert [store.places(id_of(n)) for n in (1, 2, 3)] == [()] * 3


def test_chunks_count_for_the_quota(store: Store) -> None:
    """A store takes no more chunks than its quota has room for, and finds room for others once
    those are gone."""
    store.commit(held(1))
    chunk = bytes(1024)
    with suppress(StoreFull):
        for start in range(0, 1 << 16, 64):
            places = range(start, start + 64)
            store.commit(Writes(chunks=tuple((id_of(1), place, chunk) for place in places)))
    stored = len(store.places(id_of(1)))
    assert store.quota_bytes > stored * 1024 > 0.6 * (store.quota_bytes - 65_536)
    assert store.size_bytes() <= store.quota_bytes
    store.commit(Writes(deletes=(id_of(1),)))
    store.commit(held(2), Writes(chunks=tuple((id_of(2), p, chunk) for p in range(stored))))
    assert len(store.places(id_of(2))) == stored


def test_since_lists_held_rows_after_a_number(store: Store) -> None:
    """An export sees exactly what arrived after its last one and is still held."""
    store.commit(held(1, 2))
    mark = store.last_seq()
    store.commit(held(4, 3, 5), Writes(states=((id_of(3), EVICTED),)))
    assert list(store.since(mark)) == [id_of(4), id_of(5)]
    assert list(store.since(0)) == [id_of(1), id_of(2), id_of(4), id_of(5)]
    assert list(store.since(store.last_seq())) == []


def test_a_row_that_comes_again_arrives_anew(store: Store) -> None:
    """An evicted message that is received again is held, last in order, with one row."""
    store.commit(held(1, 2))
    store.commit(Writes(states=((id_of(1), EVICTED),)))
    mark = store.last_seq()
    store.commit(held(1))
    assert [row.id for row in store.rows()] == [id_of(2), id_of(1)]
    assert store.get(id_of(1)) == body_of(1)
    assert list(store.since(mark)) == [id_of(1)]


def test_numbers_are_never_used_twice(keeper: Memory | Sqlite) -> None:
    """Forgetting the newest row and restarting does not give its number to another."""
    keeper.store.commit(held(1, 2))
    mark = keeper.store.last_seq()
    keeper.store.commit(Writes(deletes=(id_of(2), id_of(1))))
    store = keeper.reopen()
    assert store.last_seq() == mark
    store.commit(held(3))
    assert list(store.since(mark)) == [id_of(3)]


@pytest.mark.parametrize("state", [State.SUPERSEDED, State.EVICTED, State.RECEIPTED])
def test_a_changed_state_drops_the_body(store: Store, state: State) -> None:
    """A message no longer held stays known without its body; its absence is no damage."""
    store.commit(held(1, 2))
    store.commit(Writes(states=((id_of(1), state), (id_of(77), state))))
    assert [(row.id, row.state) for row in store.rows()] == [(id_of(1), state), (id_of(2), HELD)]
    assert (store.get(id_of(1)), store.get(id_of(2))) == (None, body_of(2))
    assert store.damaged == 0


def test_order_within_one_writes(store: Store) -> None:
    """Deletes come before rows and rows before states, whatever ids they share."""
    store.commit(held(1))
    rows = held(1, 2).rows
    store.commit(Writes(rows=rows, deletes=(id_of(1),), states=((id_of(2), SUPERSEDED),)))
    assert [(row.id, row.state) for row in store.rows()] == [
        (id_of(1), HELD),
        (id_of(2), SUPERSEDED),
    ]


def test_order_within_a_group(store: Store) -> None:
    """A later batch acts on what an earlier one of the same commit has inserted."""
    store.commit(held(1, 2, 3), Writes(deletes=(id_of(1),)), held(4), held(2))
    store.commit(Writes(states=((id_of(4), EVICTED),)), held(4), Writes(deletes=(id_of(3),)))
    assert [row.id for row in store.rows()] == [id_of(2), id_of(4)]
    assert store.get(id_of(4)) == body_of(4)


def test_counters_only_rise(store: Store) -> None:
    """The highest (created_s, k) of a signer and group stays, whatever comes after."""
    points = ((100, 5), (100, 4), (99, 9), (101, 0), (100, 8))
    store.commit(*(Writes(counters=(Counter(SIGNER, "alert", *point),)) for point in points))
    store.commit(Writes(counters=(Counter(SIGNER, "place", 7, 7), Counter(SIGNER, "alert", 1, 1))))
    assert store.counters() == (Counter(SIGNER, "alert", 101, 0), Counter(SIGNER, "place", 7, 7))


def test_notes(store: Store) -> None:
    """Notes are set, replaced, deleted, and found by prefix: no character is a wildcard."""
    notes = (("peer/a", b"1"), ("peer_b", b"2"), ("peer/%", b""), ("адреса/a", b"4"))
    store.commit(Writes(notes=notes))
    store.commit(Writes(notes=(("peer/a", b"9"), ("peer_b", None), ("none", None))))
    assert store.notes("peer/") == (("peer/%", b""), ("peer/a", b"9"))
    assert store.notes("peer_") == ()
    assert store.notes("адреса/") == (("адреса/a", b"4"),)
    assert (store.note("peer/%"), store.note("peer_b")) == (b"", None)


def test_held_means_a_body() -> None:
    """Writes that would hold a message without its body are refused before any store sees them."""
    with pytest.raises(ValueError, match="a HELD row has a body"):
        Writes(rows=((row_of(1), None),))
    with pytest.raises(ValueError, match="a HELD row has a body"):
        Writes(rows=((row_of(1, EVICTED), b"body"),))
    with pytest.raises(ValueError, match="becomes HELD only through rows"):
        Writes(states=((id_of(1), HELD),))


def test_a_damaged_body_is_none_and_counted(keeper: Memory | Sqlite) -> None:
    """A body that is not what was committed is never given out; receiving it again heals."""
    keeper.store.commit(held(1, 2))
    keeper.damage(id_of(1))
    store = keeper.store
    assert (store.get(id_of(1)), store.damaged) == (None, 1)
    assert (store.get(id_of(2)), store.damaged) == (body_of(2), 1)
    store.commit(held(1))
    assert (store.get(id_of(1)), store.damaged) == (body_of(1), 1)


def test_a_full_store_takes_nothing_of_a_group(store: Store) -> None:
    """Where one of a group has no room nothing of the group is stored."""
    fill(store)
    before = [row.id for row in store.rows()]
    many = held(*range(20), size=4000)
    counter = Counter(SIGNER, "alert", 1, 1)
    with pytest.raises(StoreFull):
        store.commit(Writes(counters=(counter,), deletes=tuple(before[:2])), many)
    assert [row.id for row in store.rows()] == before
    assert store.counters() == ()
    assert store.get(before[0]) is not None


def test_a_full_store_has_room_again_after_deletes(store: Store) -> None:
    """Full, then deletes, then inserts: again and again, and never above the quota."""
    taken = fill(store)
    assert taken > 500
    for turn in range(3):
        oldest = [row.id for row in store.rows()][: taken // 4]
        store.commit(Writes(deletes=tuple(oldest)))
        for number in range(taken // 8):
            store.commit(held(100_000 * (turn + 1) + number, size=1000))
        assert store.size_bytes() <= store.quota_bytes


def test_evicting_makes_room_within_one_writes(store: Store) -> None:
    """One batch may drop old bodies and insert new ones where only both together fit."""
    fill(store)
    oldest = [row.id for row in store.rows()][:400]
    with pytest.raises(StoreFull):
        store.commit(held(*range(100), size=1000))
    states = tuple((id_, EVICTED) for id_ in oldest)
    store.commit(Writes(rows=held(*range(100), size=1000).rows, states=states))
    assert store.get(id_of(99)) == body_of(99, 1000)


NUMBERS = st.integers(0, 7)
BODIES = st.sampled_from((0, 1, 300, 4096, 9000))
GONE = st.sampled_from((SUPERSEDED, EVICTED, State.RECEIPTED))
HELD_ROWS = st.builds(lambda n, size: (row_of(n, size=size), body_of(n, size)), NUMBERS, BODIES)
GONE_ROWS = st.builds(lambda n, state: (row_of(n, state), None), NUMBERS, GONE)
SOME_COUNTERS = st.builds(
    Counter,
    st.sampled_from((SIGNER, bytes(32))),
    st.sampled_from(("alert", "place")),
    st.integers(0, 3),
    st.integers(0, 3),
)
SOME_WRITES = st.builds(
    Writes,
    rows=st.lists(HELD_ROWS | GONE_ROWS, max_size=4).map(tuple),
    deletes=st.lists(NUMBERS.map(id_of), max_size=3).map(tuple),
    states=st.lists(st.tuples(NUMBERS.map(id_of), GONE), max_size=3).map(tuple),
    chunks=st.lists(
        st.tuples(NUMBERS.map(id_of), st.integers(0, 3), st.binary(min_size=1, max_size=5)),
        max_size=3,
    ).map(tuple),
    counters=st.lists(SOME_COUNTERS, max_size=2).map(tuple),
    notes=st.lists(
        st.tuples(st.sampled_from(("a", "ab", "b")), st.none() | st.binary(max_size=3)), max_size=2
    ).map(tuple),
)


class _Machine(RuleBasedStateMachine):
    """Random commits and restarts, compared with the model after each."""

    maker: Callable[[Path], Memory | Sqlite]

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.keeper = type(self).maker(Path(self.directory.name))
        self.model = Model()
        self.highest = 0

    @rule(group=st.lists(SOME_WRITES, min_size=1, max_size=4))
    def commit(self, group: list[Writes]) -> None:
        """Commit a group of batches."""
        self.keeper.store.commit(*group)
        self.model.commit(*group)

    @precondition(lambda self: self.model.rows)
    @rule()
    def restart(self) -> None:
        """Close and open again."""
        self.keeper.reopen()

    @invariant()
    def same(self) -> None:
        """The store holds what the model does, and its numbers never fall."""
        assert self.model.differs_from(self.keeper.store) == ""
        assert self.keeper.store.last_seq() >= self.highest
        self.highest = self.keeper.store.last_seq()
        assert self.keeper.store.damaged == 0

    def teardown(self) -> None:
        """Remove its files."""
        self.keeper.store.close()
        self.directory.cleanup()


class MemoryMachine(_Machine):
    """Over the store in memory."""

    maker = Memory


class SqliteMachine(_Machine):
    """Over the store on disk."""

    maker = Sqlite


BRIEF = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestMemoryMachine = MemoryMachine.TestCase
TestSqliteMachine = SqliteMachine.TestCase
TestMemoryMachine.settings = TestSqliteMachine.settings = BRIEF
