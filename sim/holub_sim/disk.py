"""A disk that takes time to commit, and what a crash leaves on it.

As in the daemon: one commit at a time, what waits meanwhile goes into the next one together,
and whoever waits for a commit is served strictly in order.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from holub_protocol.storage import MemoryStore, StoreFull, Writes
from holub_sim.streams import Stream
from holub_sim.world import World

_HALF_PPM = 500_000

TORN_MOST = 8
"""How many of the last commits a card that lies about its flushes loses at most."""


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """`commit_us` and up to `jitter_us` more for a commit; `quota_bytes` of room."""

    commit_us: int = 4_000
    jitter_us: int = 2_000
    quota_bytes: int = 64 << 20


Done = Callable[[bool], None]
"""Called when a commit is durable (True), or had no room (False)."""


class Disk:
    """A store behind a queue. It is the `bodies` of its node: what waits is read before what is
    stored."""

    def __init__(self, world: World, plan: DiskPlan, stream: Stream) -> None:
        """Start empty."""
        self.store = MemoryStore(plan.quota_bytes)
        self.commits = 0
        self._world, self._plan, self._stream = world, plan, stream
        self._waiting: list[tuple[Writes, Done]] = []
        self._under_way: list[tuple[Writes, Done]] = []
        self._overlay: dict[bytes, bytes] = {}
        self._chunks: dict[tuple[bytes, int], bytes] = {}
        self._life = 0
        self._base: MemoryStore | None = None
        self._since_base: list[tuple[Writes, ...]] = []

    def get(self, id_: bytes) -> bytes | None:
        """Return a body, waiting or stored; None if there is none."""
        body = self._overlay.get(id_)
        return body if body is not None else self.store.get(id_)

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """Return a chunk of a payload, waiting or stored; None if there is none."""
        chunk = self._chunks.get((id_, place))
        return chunk if chunk is not None else self.store.chunk(id_, place)

    def places(self, id_: bytes) -> tuple[int, ...]:
        """Return the places of the chunks that are stored."""
        return self.store.places(id_)

    def submit(self, writes: Writes, durable: bool, done: Done) -> None:
        """Commit `writes`, then call `done`; where there is nothing to commit (`durable` is
        False) and nobody waits, at once."""
        if not durable and not self._under_way:
            done(True)
            return
        self._lay_over(writes)
        self._waiting.append((writes, done))
        if not self._under_way:
            self._begin()

    def crash(self) -> None:
        """Lose what waits. The commit under way is atomic: either all of it had reached the
        disk, or nothing; nobody is told."""
        if self._under_way and self._stream.chance(_HALF_PPM):
            with suppress(StoreFull):  # then nothing of it was stored, as without this luck
                self._commit(*(writes for writes, _ in self._under_way))
        self._life += 1
        self._waiting, self._under_way = [], []
        self._overlay.clear()
        self._chunks.clear()

    def keep_history(self) -> None:
        """Remember the last commits from now on, so that `tear` can undo them."""
        if self._base is None:
            self._base = self.store.clone()

    def tear(self) -> None:
        """Lose one to TORN_MOST of the last commits, as a card does that lies about flushing;
        call it after `crash`."""
        if self._base is None or not self._since_base:
            return
        lost = 1 + self._stream.randrange(min(TORN_MOST, len(self._since_base)))
        del self._since_base[-lost:]
        self.store = self._base.clone()
        for group in self._since_base:
            self.store.commit(*group)

    def wipe(self) -> None:
        """Lose everything; call it after `crash`."""
        self.store = MemoryStore(self._plan.quota_bytes)
        self._since_base = []
        self._base = None if self._base is None else self.store.clone()

    def _commit(self, *group: Writes) -> None:
        self.store.commit(*group)
        if self._base is not None:
            self._since_base.append(group)
            if len(self._since_base) >= 2 * TORN_MOST:
                for old in self._since_base[:TORN_MOST]:
                    self._base.commit(*old)
                del self._since_base[:TORN_MOST]

    def _begin(self) -> None:
        self._under_way, self._waiting = self._waiting, []
        delay_us = self._plan.commit_us + self._stream.randrange(self._plan.jitter_us + 1)
        self._world.after(delay_us, self._finish, self._life)

    def _finish(self, life: int) -> None:
        if life != self._life:
            return
        group = self._under_way
        try:
            self._commit(*(writes for writes, _ in group))
            outcomes = [True] * len(group)
        except StoreFull:
            outcomes = [self._commit_alone(writes) for writes, _ in group]
        self.commits += 1
        # Still "under way" while they are told, so that what they submit queues behind them.
        for (_, done), stored in zip(group, outcomes, strict=True):
            done(stored)
            if life != self._life:
                return
        self._under_way = []
        self._overlay.clear()
        self._chunks.clear()
        for writes, _ in self._waiting:
            self._lay_over(writes)
        if self._waiting:
            self._begin()

    def _lay_over(self, writes: Writes) -> None:
        """Let what waits be read."""
        for row, body in writes.rows:
            if body is not None:
                self._overlay[row.id] = body
        for id_, place, chunk in writes.chunks:
            self._chunks[id_, place] = chunk

    def _commit_alone(self, writes: Writes) -> bool:
        try:
            self._commit(writes)
        except StoreFull:
            return False
        return True
