"""The only caller of the node in the daemon: inputs in, batches out, disk before sending.

Inputs act on the node at once; the pump then takes one batch for all that have come. What is
urgent leaves at once. Everything else of a batch leaves when that batch and all before it are
committed, so that an acknowledgement never outruns the disk, and in the node's own order.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import trio

from holub_protocol.batch import (
    Alarm,
    Batch,
    LinkLive,
    Misbehaved,
    PeersHeard,
    Refused,
    StatusChanged,
    Taken,
)
from holub_protocol.frames import PeerAddress
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import Class, kind_named
from holub_protocol.storage import State, StoreError, StoreFull, Writes
from holub_relay.asking import Answer, Request
from holub_relay.bucket import Bucket
from holub_relay.errors import Exit
from holub_relay.gossip import Gossip
from holub_relay.logs import LINK_BYTES, PeerLog
from holub_relay.requests import handle
from holub_relay.station import Station, held_ids
from holub_relay.timesources import Outside
from holub_relay.writer import Done

_log = logging.getLogger(__name__)

SUMMARY_S: Final = 10.0
"""What peers cause in numbers is told in one line this often."""

ALARMS_PER_S: Final = 0.1
ALARMS_BURST: Final = 5.0
"""Alarms are few by nature; a damaged card or a hostile root key must not fill the log."""

GRANT: Final = kind_named("grant").number

WAKE_MIN_S: Final = 0.001
"""The node asks to be woken; never sooner than this, so that a mistake there costs no core."""


class Links(Protocol):
    """What the driver needs of the links (see holub_relay.links.LinkManager)."""

    def send(self, link_id: int, data: bytes) -> int:
        """Queue bytes."""

    def close(self, link_id: int, reason: str) -> None:
        """End a link once its queue has left."""

    def ban(self, key: bytes) -> None:
        """Take no new link of a key for a while."""


class Committer(Protocol):
    """What commits, in order (see holub_relay.writer.Writer)."""

    def submit(self, writes: Writes, urgent: bool, done: Done) -> None:
        """Queue writes; `done` is called from another thread."""


@dataclass(slots=True, eq=False)
class _Job:
    """A batch under way: committed or not, what failed, who waits for it."""

    number: int
    batch: Batch
    committed: bool
    error: Exception | None = None
    over: trio.Event = field(default_factory=trio.Event)


@dataclass(frozen=True, slots=True)
class DriverStats:
    """Counts since the start: batches taken and committed, commits refused for want of room."""

    batches: int
    commits: int
    full: int
    uncommitted: int


class Driver:
    """Hooks for links, requests for the API, and the pump. Make it inside trio.run.

    `changed` is called, synchronously, whenever what pages show may have changed.
    """

    def __init__(
        self, station: Station, writer: Committer, changed: Callable[[], None] = lambda: None
    ) -> None:
        """Links come with `attach`, since they need the driver as their hooks."""
        self.station, self.node = station, station.node
        self.failure: Exception | None = None
        self._writer, self._changed = writer, changed
        self._links: Links | None = None
        self._gossip: Gossip | None = None
        self._somebody_new = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._dirty = trio.Event()
        self._dirty.set()  # the first look: what the restored node wants
        self._jobs: deque[_Job] = deque()
        self._batches = self._commits = self._full = 0
        self._peer_log = PeerLog(_log)
        self._alarms = Bucket(ALARMS_PER_S, ALARMS_BURST, trio.current_time())
        self._next_change_s: int | None = 0

    def attach(self, links: Links, gossip: Gossip | None = None) -> None:
        """Send by these links from now on; without `gossip` no addresses are passed on."""
        self._links, self._gossip = links, gossip

    def stats(self) -> DriverStats:
        """Return counts for operators."""
        return DriverStats(self._batches, self._commits, self._full, len(self._jobs))

    # --- inputs -------------------------------------------------------------------------------

    def on_up(self, link_id: int, peer_key: bytes) -> None:
        """A link stands."""
        self._peer_log.received(LINK_BYTES)
        self.node.link_up(link_id, peer_key, self.station.now())
        self._dirty.set()

    def on_data(self, link_id: int, data: bytes) -> None:
        """Plaintext came. What a slow disk holds back is bounded by the window: the credit that
        would let the peer send more leaves only with its batch."""
        self._peer_log.received(len(data))
        self.node.receive(link_id, data, self.station.now())
        self._dirty.set()

    def on_down(self, link_id: int) -> None:
        """A link is gone."""
        self.node.link_down(link_id, self.station.now())
        if self._gossip is not None:
            self._gossip.gone(link_id)
        self._dirty.set()

    def alarm(self, text: str) -> None:
        """Tell people of something that no node can know."""
        if self._alarms.take(trio.current_time()):
            _log.warning("alarm: %s", text)
        self._changed()

    async def request(self, request: Request) -> Answer:
        """Answer a request of this machine's; what it published is committed by then."""
        answer = handle(self.station, request)
        job = self._step()
        if job is None:
            return answer
        await job.over.wait()
        if job.error is not None and "error" not in answer:
            return {"error": f"not stored: {job.error}", "code": int(Exit.FAILED)}
        return answer

    def look_at_clock(self, found: Outside) -> None:
        """Judge the clock anew, given what disciplines it from outside."""
        if self.station.look_at_clock(found):
            self._clock_changed()

    def confirm_clock(self) -> None:
        """Take the operator's word that the clock is right."""
        self.station.clock.confirm()
        self.node.wake(self.station.now())
        self._clock_changed()

    def _clock_changed(self) -> None:
        state = self.station.clock.state
        if state.reliable:
            _log.info("the clock is reliable: %s", state.source.value)
        else:
            _log.warning("nothing vouches for the clock: %s", state.doubt.value or "no source")
        self._dirty.set()
        self._tick()

    # --- the pump -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Drive until cancelled; raises StoreError when the store fails other than being full."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._summarize)
            if self._gossip is not None:
                nursery.start_soon(self._introduce, self._gossip)
            while self.failure is None:
                with trio.move_on_after(self._pause_s()):
                    await self._dirty.wait()
                # One turn of the loop, so that what has come on other links joins this batch.
                await trio.lowlevel.checkpoint()
                now = self.station.now()
                due_us = self.node.next_wake_us()
                if due_us is not None and due_us <= now.mono_us:
                    self.node.wake(now)
                if self._next_change_s is not None and now.wall_s >= self._next_change_s:
                    self._tick()
                self._step()
            raise self.failure

    def _pause_s(self) -> float:
        now = self.station.now()
        due_us = self.node.next_wake_us()
        pause_s = (due_us - now.mono_us) / 1e6 if due_us is not None else float("inf")
        if self._next_change_s is not None:
            pause_s = min(pause_s, self._next_change_s - now.wall_s)
        return max(WAKE_MIN_S, pause_s)

    async def _summarize(self) -> None:
        while True:
            await trio.sleep(SUMMARY_S)
            self._peer_log.summary()

    async def _introduce(self, gossip: Gossip) -> None:
        """Tell peers of each other, when somebody new is there or a pause is over."""
        while True:
            self._somebody_new = trio.Event()
            next_s = gossip.introduce(self._tell_peers, trio.current_time())
            with trio.move_on_at(next_s):
                await self._somebody_new.wait()

    def _tell_peers(self, link_id: int, entries: tuple[PeerAddress, ...]) -> int:
        self._dirty.set()
        return self.node.tell_peers(link_id, entries, self.station.now())

    def _step(self) -> _Job | None:
        """Take a batch and set it on its way; return it unless nothing waits for the disk."""
        self._dirty.set()  # the pump may be waiting for this very event
        self._dirty = trio.Event()
        batch = self.node.take(self.station.now())
        self._batches += 1
        for link_id, data in batch.urgent:
            self._send(link_id, data)
        job = _Job(self._batches, batch, committed=not batch.durable)
        if batch.durable:
            self.station.overlay.begin(job.number, batch.writes)
            urgent = any(row.cls <= Class.ALERT for row, _ in batch.writes.rows)
            self._writer.submit(batch.writes, urgent, partial(self._done, job))
        self._jobs.append(job)
        self._report(batch)
        self._release()
        return None if job.over.is_set() else job

    def _done(self, job: _Job, error: Exception | None) -> None:
        """Called in the writer's thread."""
        self._token.run_sync_soon(self._committed, job, error)

    def _committed(self, job: _Job, error: Exception | None) -> None:
        job.committed, job.error = True, error
        writes = job.batch.writes
        self.station.overlay.end(job.number, writes)
        if error is None:
            self._commits += 1
        elif isinstance(error, StoreFull):
            self._full += 1
            self.node.uncommitted(held_ids(writes))
            self.node.unstored_chunks(writes.chunks, self.station.now())
            self._again(writes)
            self._dirty.set()
        else:
            self.failure = error if isinstance(error, StoreError) else StoreError(str(error))
            self._dirty.set()
        self._release()

    def _again(self, writes: Writes) -> None:
        """There was no room for the rows; what makes room is still wanted, as far as it holds."""
        holdings = self.node.holdings
        deletes = tuple(id_ for id_ in writes.deletes if id_ not in holdings)
        states = tuple(
            (id_, state)
            for id_, state in writes.states
            if id_ in holdings and holdings.state(id_) is not State.HELD
        )
        again = Writes(deletes=deletes, states=states, counters=writes.counters)
        if deletes or states or writes.counters:
            self._writer.submit(again, False, lambda _: None)

    def _release(self) -> None:
        """Send what waits, batch after batch, up to the first that is not committed."""
        while self._jobs and self._jobs[0].committed and self.failure is None:
            job = self._jobs.popleft()
            if job.error is None:
                for link_id, data in job.batch.sends:
                    self._send(link_id, data)
            for link_id, reason in job.batch.closes:
                self._close(link_id, reason)
            if job.error is not None:
                # Their acknowledgements are lost; on a new link both sides look afresh.
                for link_id in dict.fromkeys(link_id for link_id, _ in job.batch.sends):
                    self._close(link_id, "the store is full")
            job.over.set()
        if self.failure is not None:
            for job in self._jobs:
                job.error = job.error or self.failure
                job.over.set()

    def _send(self, link_id: int, data: bytes) -> None:
        if self._links is not None:
            self._links.send(link_id, data)

    def _close(self, link_id: int, reason: str) -> None:
        self._peer_log.tell(f"link {link_id} closed: {reason}")
        if self._links is not None:
            self._links.close(link_id, reason)

    # --- events -------------------------------------------------------------------------------

    def _report(self, batch: Batch) -> None:
        changed = False
        for event in batch.events:
            match event:
                case Taken() | Refused():
                    self._judged(event)
                case LinkLive(link=link, peer=peer):
                    self._peer_log.tell(f"link {link} to {peer.hex()[:16]} is live")
                    self._live(link)
                    changed = True
                case Misbehaved(peer=peer):
                    if self._links is not None:
                        self._links.ban(peer)
                case PeersHeard(entries=entries):
                    if self._gossip is not None:
                        self._gossip.heard(entries)
                case StatusChanged():
                    changed = True
                case Alarm(token=token):
                    if self._alarms.take(trio.current_time()):
                        _log.warning("alarm: %s", token)
        if changed or batch.closes:
            self._tick()

    def _judged(self, event: Taken | Refused) -> None:
        if isinstance(event, Taken) and event.kind == GRANT:
            self.station.enrol()  # perhaps this desk's own
            self._dirty.set()
            self._somebody_new.set()  # perhaps that of a relay that is linked already
        if isinstance(event, Taken) and event.kind == CHARTER:
            self.station.remember_charters()
        if event.link is not None:
            self._peer_log.count("taken" if isinstance(event, Taken) else event.reason.token)

    def _live(self, link_id: int) -> None:
        if self._gossip is not None:
            self._gossip.live(link_id)
            self._somebody_new.set()

    def _tick(self) -> None:
        self._next_change_s = self.node.truth.next_change(self.station.now())
        self._changed()
