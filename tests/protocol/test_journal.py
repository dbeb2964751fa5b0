"""What the next commit holds, however messages come and go before it."""

from holub_protocol.batch import StatusChanged
from holub_protocol.journal import Journal
from holub_protocol.limits import CHUNKS_PER_COMMIT
from holub_protocol.storage import Counter, State
from support_store import held

(ROW, RAW), = held(1).rows  # fmt: skip


def test_taken_once() -> None:
    """Everything leaves with one batch, in its order, and nothing is left for the next."""
    journal = Journal()
    journal.hold(ROW, RAW or b"")
    counter = Counter(bytes(32), "need", 1, 0)
    journal.count(counter)
    journal.tell(StatusChanged())
    journal.close(3, "why")
    batch = journal.take(((1, b"a"),), ((2, b"b"),))
    assert batch.writes.rows == ((ROW, RAW),)
    assert batch.writes.counters == (counter,)
    assert (batch.urgent, batch.sends) == (((1, b"a"),), ((2, b"b"),))
    assert (batch.closes, batch.events) == (((3, "why"),), (StatusChanged(),))
    empty = journal.take((), ())
    assert not empty.durable
    assert not empty.closes
    assert not empty.events


def test_gone_before_the_commit() -> None:
    """A message that was taken in and let go before its commit was never on disk: nothing to
    delete; one that is on disk is deleted, whatever state it was to get."""
    journal = Journal()
    journal.hold(ROW, RAW or b"")
    journal.forget(ROW.id)
    assert not journal.take((), ()).durable
    journal.put_aside(ROW.id, State.EVICTED)
    journal.forget(ROW.id)
    writes = journal.take((), ()).writes
    assert (writes.deletes, writes.states) == ((ROW.id,), ())


def test_put_aside() -> None:
    """A message put aside before its commit is written without its body; later, by its state."""
    journal = Journal()
    journal.hold(ROW, RAW or b"")
    journal.put_aside(ROW.id, State.SUPERSEDED)
    pending = journal.pending(ROW.id)
    assert pending is not None
    assert (pending[0].state, pending[1]) == (State.SUPERSEDED, None)
    assert journal.take((), ()).writes.rows == (pending,)
    journal.put_aside(ROW.id, State.EVICTED)
    assert journal.pending(ROW.id) is None
    assert journal.take((), ()).writes.states == ((ROW.id, State.EVICTED),)


def test_never_stored() -> None:
    """What the store had no room for needs no delete."""
    journal = Journal()
    journal.forget(ROW.id)
    journal.never_stored(ROW.id)
    assert not journal.take((), ()).durable


def test_chunks_wait_for_company() -> None:
    """They leave 16 together, or when they are due; until then they can be read."""
    journal = Journal()
    for place in range(CHUNKS_PER_COMMIT - 1):
        journal.keep(ROW.id, place, b"%d" % place)
    assert not journal.take((), ()).durable
    assert journal.chunks_wait
    assert journal.chunk(ROW.id, 3) == b"3"
    journal.keep(ROW.id, 99, b"x")
    assert not journal.chunks_wait
    assert len(journal.take((), ()).writes.chunks) == CHUNKS_PER_COMMIT
    assert journal.chunk(ROW.id, 3) is None
    journal.keep(ROW.id, 1, b"y")
    journal.keep_now()
    assert journal.take((), ()).writes.chunks == ((ROW.id, 1, b"y"),)
    journal.keep_now()
    assert not journal.take((), ()).durable


def test_chunks_go_with_their_message() -> None:
    """What waits for a message that is put aside or forgotten is not written."""
    journal = Journal()
    for end in (journal.forget, lambda id_: journal.put_aside(id_, State.EVICTED)):
        journal.keep(ROW.id, 0, b"x")
        end(ROW.id)
        journal.keep_now()
        assert journal.take((), ()).writes.chunks == ()
