"""The one thread that commits, and what makes durability cheap: many batches in one commit.

A commit costs one wait for the disk (4 ms here, tens on a flash card), however much is in it:
group commit is worth 15 to 40 times (measured).
"""

import atexit
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from holub_protocol.storage import Store, StoreFull, Writes
from holub_relay.closing import Closing

Done = Callable[[Exception | None], None]
"""Called from the writer's thread: with None once durable, else with what went wrong."""

GROUP_ROWS = 1024
"""Rows in one commit, of messages and chunks. A flood of junk from enrolled keys can delay an alert
by one such group: 1,024 x 16 us and one wait for the disk; and 4 MiB of WAL at 4 KiB each."""


@dataclass(frozen=True, slots=True)
class _Job:
    writes: Writes
    urgent: bool
    done: Done
    since_s: float

    @property
    def rows(self) -> int:
        """Rows of messages and chunks together."""
        return len(self.writes.rows) + len(self.writes.chunks)


class Writer(Closing):
    """Commits to a store from a thread of its own, in order of submission.

    `linger_s` is how long writes that are not urgent may wait for company. The thread ends with
    `close`, or at the interpreter's exit, after all that was submitted: so it is a daemon thread
    with an exit handler; a plain one would hang a process that died without closing.
    """

    def __init__(self, store: Store, linger_s: float = 0.0) -> None:
        """Start the thread; from now on only it commits to `store`."""
        self._store = store
        self._linger_s = linger_s
        self._jobs: deque[_Job] = deque()
        self._urgent = 0
        self._closing = False
        self._changed = threading.Condition()
        self._unheard = 0
        self._thread = threading.Thread(target=self._run, name="holub-writer", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def unheard(self) -> int:
        """Outcomes whose `done` raised, say because its event loop had ended."""
        return self._unheard

    def submit(self, writes: Writes, urgent: bool, done: Done) -> None:
        """Queue writes; from any thread. RuntimeError after `close`.

        An urgent one makes the thread commit at once all that is queued: it does not overtake,
        for a later batch may supersede what an earlier one inserts.
        """
        with self._changed:
            if self._closing:
                raise RuntimeError("the writer is closed")
            self._jobs.append(_Job(writes, urgent, done, monotonic()))
            self._urgent += urgent
            self._changed.notify()

    def close(self) -> None:
        """Commit all that was submitted, call every `done`, end the thread. Twice is harmless."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        atexit.unregister(self.close)

    def _run(self) -> None:
        while group := self._next_group():
            error = self._commit(*group)
            if isinstance(error, StoreFull) and len(group) > 1:
                for job in group:  # one that is too big must not fail its neighbours
                    self._tell(job, self._commit(job))
            else:
                for job in group:
                    self._tell(job, error)

    def _next_group(self) -> list[_Job]:
        """Wait for work; empty when closed and all is done."""
        with self._changed:
            while not self._jobs and not self._closing:
                self._changed.wait()
            while self._jobs and not self._urgent and not self._closing:
                patience_s = self._jobs[0].since_s + self._linger_s - monotonic()
                if patience_s <= 0:
                    break
                self._changed.wait(patience_s)
            group: list[_Job] = []
            rows = 0
            while self._jobs and (not group or rows + self._jobs[0].rows <= GROUP_ROWS):
                job = self._jobs.popleft()
                rows += job.rows
                self._urgent -= job.urgent
                group.append(job)
            return group

    def _commit(self, *group: _Job) -> Exception | None:
        try:
            self._store.commit(*(job.writes for job in group))
        except Exception as error:  # also a bug's: it must reach `done`, not end the thread
            return error
        return None

    def _tell(self, job: _Job, error: Exception | None) -> None:
        try:
            job.done(error)
        except Exception:  # its receiver may be gone; the others are not
            self._unheard += 1
