"""The writer's thread: order, grouping, failures, and an end without a hang."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from holub_protocol.storage import MemoryStore, StoreError, StoreFull, Writes
from holub_relay.store import SqliteStore
from holub_relay.writer import GROUP_ROWS, Writer
from support_store import body_of, held, id_of

WAIT_S = 10.0


class Gate(MemoryStore):
    """A store whose first commit waits to be let through, so that others gather behind it."""

    def __init__(self, quota_bytes: int = 1 << 28) -> None:
        """Closed at first."""
        super().__init__(quota_bytes)
        self.entered = threading.Event()
        self.open = threading.Event()
        self.groups: list[int] = []
        self.error: Exception | None = None

    def commit(self, *group: Writes) -> None:
        """Wait for the gate, then commit, or fail as told."""
        self.entered.set()
        assert self.open.wait(WAIT_S)
        self.groups.append(len(group))
        if self.error is not None:
            raise self.error
        super().commit(*group)


class Outcomes:
    """Collects what `done` is told, by number."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.seen: list[tuple[int, Exception | None]] = []

    def of(self, number: int) -> Callable[[Exception | None], None]:
        """The callback for one number."""
        return lambda error: self.seen.append((number, error))


def submit_behind_gate(store: Gate, writer: Writer, outcomes: Outcomes, *batches: Writes) -> None:
    """Submit a first batch, and the others while it is being committed; then let all go on."""
    writer.submit(held(0), False, outcomes.of(0))
    assert store.entered.wait(WAIT_S)
    for number, writes in enumerate(batches, start=1):
        writer.submit(writes, False, outcomes.of(number))
    store.open.set()
    writer.close()


def test_what_gathers_is_committed_at_once_and_in_order() -> None:
    """All that is queued goes into one commit; every outcome is told, in order."""
    store, outcomes = Gate(), Outcomes()
    batches = [held(number) for number in range(1, 6)]
    submit_behind_gate(store, Writer(store), outcomes, *batches)
    assert store.groups == [1, 5]
    assert outcomes.seen == [(number, None) for number in range(6)]


def test_groups_are_bounded() -> None:
    """A flood is committed in groups of bounded size, so that what comes next waits for one."""
    store, outcomes = Gate(), Outcomes()
    half = held(*range(GROUP_ROWS // 2 + 1))
    submit_behind_gate(store, Writer(store), outcomes, half, half, held(1))
    assert store.groups == [1, 1, 2]


def test_one_too_big_does_not_fail_the_others() -> None:
    """Where a group has no room each is tried alone, and only the big one is refused."""
    store, outcomes = Gate(quota_bytes=10_000), Outcomes()
    big = held(*range(10, 20), size=4000)
    submit_behind_gate(store, Writer(store), outcomes, held(1), big, held(2))
    assert [(number, type(error)) for number, error in outcomes.seen] == [
        (0, type(None)),
        (1, type(None)),
        (2, StoreFull),
        (3, type(None)),
    ]
    assert store.get(id_of(2)) == body_of(2)


@pytest.mark.parametrize("error", [StoreError("the disk failed"), TypeError("our mistake")])
def test_any_other_failure_reaches_everybody(error: Exception) -> None:
    """A failing disk, or a mistake of ours, is told to all; the thread goes on."""
    store, outcomes = Gate(), Outcomes()
    store.error = error
    submit_behind_gate(store, Writer(store), outcomes, held(1), held(2))
    assert outcomes.seen == [(0, error), (1, error), (2, error)]
    assert store.groups == [1, 2]


def test_a_raising_callback_is_counted() -> None:
    """A receiver that is gone does not keep the others from their outcomes."""

    def gone(error: Exception | None) -> None:
        raise RuntimeError("no loop")

    store, outcomes = MemoryStore(), Outcomes()
    writer = Writer(store)
    writer.submit(held(1), True, gone)
    writer.submit(held(2), True, outcomes.of(2))
    writer.close()
    assert (writer.unheard, outcomes.seen) == (1, [(2, None)])


def test_urgent_writes_do_not_linger() -> None:
    """An urgent batch takes everything before it along at once, however long the linger."""
    durable = threading.Event()
    outcomes = Outcomes()
    with Writer(MemoryStore(), linger_s=3600) as writer:
        writer.submit(held(1), False, outcomes.of(1))
        assert outcomes.seen == []
        writer.submit(held(2), True, lambda _: durable.set())
        assert durable.wait(WAIT_S)
        assert outcomes.seen == [(1, None)]


def test_lingering_writes_are_committed_in_the_end() -> None:
    """A batch without company is committed after the linger."""
    durable = threading.Event()
    with Writer(MemoryStore(), linger_s=0.01) as writer:
        writer.submit(held(1), False, lambda _: durable.set())
        assert durable.wait(WAIT_S)


def test_closing_drains_and_then_refuses() -> None:
    """Closing commits even what lingers; twice is harmless; submitting afterwards is an error."""
    store = MemoryStore()
    writer = Writer(store, linger_s=3600)
    outcomes = Outcomes()
    writer.submit(held(1), False, outcomes.of(1))
    writer.close()
    writer.close()
    assert outcomes.seen == [(1, None)]
    assert store.get(id_of(1)) == body_of(1)
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(held(2), False, outcomes.of(2))


def test_reads_see_what_was_told_durable(tmp_path: Path) -> None:
    """Inside `done` the reader's connection already sees the rows, from another thread."""
    store = SqliteStore.open(tmp_path / "store.db", 4 << 20)
    durable = threading.Event()
    with Writer(store) as writer:
        for number in range(50):
            durable.clear()
            writer.submit(held(number), True, lambda _: durable.set())
            assert durable.wait(WAIT_S)
            assert store.get(id_of(number)) == body_of(number)
    store.close()


def test_a_process_that_forgets_to_close_ends(tmp_path: Path) -> None:
    """Dying by an error without closing neither hangs nor loses what was submitted."""
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})
from pathlib import Path
from holub_relay.store import SqliteStore
from holub_relay.writer import Writer
from support_store import held
writer = Writer(SqliteStore.open(Path({str(tmp_path)!r}) / "store.db", 4 << 20), linger_s=3600)
writer.submit(held(1), False, lambda error: print("told", error, flush=True))
raise SystemExit(3)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=WAIT_S, check=False
    )
    assert (done.returncode, done.stdout) == (3, b"told None\n")
    store = SqliteStore.open(tmp_path / "store.db", 4 << 20)
    assert store.get(id_of(1)) == body_of(1)
    store.close()
