"""One link: HELLO, pieces to messages, and who acts on which frame.

Nothing here waits for an answer, so a link may break anywhere and what has arrived stays.
Which frames are allowed when is the table `_ALLOWED`; who acts on each is `hear`.
"""

from collections.abc import Iterator
from enum import Enum

from holub_protocol import frames
from holub_protocol.frames import (
    Bye,
    Chunk,
    Credit,
    Fetch,
    Frame,
    FrameError,
    Have,
    Hello,
    IHave,
    Need,
    PeerAddress,
    Peers,
    Put,
    Range,
    Refuse,
    Root,
    Want,
    WantListed,
)
from holub_protocol.framing import FrameBuffer, StreamError
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    ASSEMBLIES_PER_LINK,
    BAD_SIGNATURES_PER_LINK,
    HELLO_TIMEOUT_US,
    MALFORMED_PER_LINK,
    NEED_HINTS,
    NEEDS_PER_LINK,
    PEER_ADDRESSES,
    PEERS_EVERY_US,
)
from holub_protocol.message import Now
from holub_protocol.outbox import Outbox, Shelf
from holub_protocol.policy import Policy
from holub_protocol.reading import Reading
from holub_protocol.reconcile import session_salt
from holub_protocol.refusal import Refusal
from holub_protocol.stats import ClassStats, LinkStats
from holub_protocol.sync import Sync


class Stage(Enum):
    """How far a link has come."""

    GREETING = "greeting"
    LIVE = "live"


_ALLOWED: dict[Stage, frozenset[type]] = {
    Stage.GREETING: frozenset({Hello, Bye}),
    Stage.LIVE: frozenset(
        {
            Root,
            Range,
            Want,
            WantListed,
            Put,
            Need,
            IHave,
            Refuse,
            Credit,
            Bye,
            Peers,
            Chunk,
            Have,
            Fetch,
        }
    ),
}

# Tuples, not unions: those are made anew for each frame, which takes longer than the test.
_CONSUMED = (Put, Range, Chunk)
_ANSWERS = (Put, Range, Root, Want, WantListed)
_FORGED = (Refusal.BAD_SIGNATURE, Refusal.CHARTER, Refusal.CHUNK)
_MALFORMED = (Refusal.MALFORMED, Refusal.OVERSIZE, Refusal.LIFETIME)


class Session:
    """The state of one link. `close` holds the reason once it must be closed."""

    def __init__(
        self, link: int, peer: bytes, opens: bool, nonce: bytes, policy: Policy, charter: int,
        now: Now, read: Reading | None = None,
    ) -> None:  # fmt: skip
        """Greet at once. `opens` tells which side opens reconciliations: the lower key's."""
        self._read = read or Reading()
        self.link, self.peer = link, peer
        self.close: str | None = None
        self.blamed = False
        self.outbox = Outbox()
        self.salt = b""
        self.sync: Sync | None = None
        self.peer_charter = 0
        self._opens, self._nonce, self._policy = opens, nonce, policy
        self._buffer = FrameBuffer(policy.frame_bytes)
        self._consumed_bytes = 0
        self._since_us = now.mono_us
        self._assemblies: dict[bytes, tuple[int, bytearray]] = {}
        self._needs_answered = 0
        self._needs_said: dict[bytes, int] = {}
        self._refusals: dict[Refusal, int] = {}
        self._forged = self._malformed = 0
        self._peers_heard_us: int | None = None
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0
        self.messages_in = self.duplicates = self._unknown_frames = 0
        self.outbox.say(
            Hello(frames.VERSION, nonce, policy.frame_bytes, policy.window_bytes, charter)
        )

    @property
    def stage(self) -> Stage:
        """How far the link has come."""
        return Stage.GREETING if self.sync is None else Stage.LIVE

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to send and nothing to close: most links, most of the time."""
        return self.outbox.quiet and not self._consumed_bytes and self.close is None

    # --- in -----------------------------------------------------------------------------------

    def frames(self, data: bytes | bytearray) -> Iterator[Frame]:
        """Yield the whole frames that have arrived; a broken stream sets `close`."""
        self.bytes_in += len(data)
        self._buffer.feed(data)
        while self.close is None:
            try:
                raw = self._buffer.next()
                if raw is None:
                    return
                frame = self._read.frame(raw)
            except (StreamError, FrameError) as error:
                self._blame(f"broken stream: {error}")
                return
            self.frames_in += 1
            if frame is None:
                self._unknown_frames += 1
                continue
            if isinstance(frame, _CONSUMED):
                self._consumed_bytes += len(raw)
            if isinstance(frame, _ANSWERS):
                self.outbox.ranges.answered(self.outbox.pace)
            if type(frame) in _ALLOWED[self.stage]:
                yield frame
            else:
                self._blame(f"{type(frame).__name__.upper()} while {self.stage.value}")

    def hear(self, frame: Frame, shelf: Shelf, now: Now) -> None:
        """Act on any frame but PUT, PEERS and those of payloads."""
        if isinstance(frame, Hello):
            self._greeted(frame, now)
        elif isinstance(frame, Credit):
            self.outbox.credit(frame.consumed_bytes, now)
        elif isinstance(frame, Bye):
            self.close = f"the peer said BYE {frame.reason}"
        elif isinstance(frame, Need):
            self._needed(frame, shelf)
        elif self.sync is not None:
            match frame:
                case Root():
                    self.sync.root(frame, shelf, now)
                case Range():
                    self.sync.range(frame, shelf, now)
                case Want():
                    self.sync.want(frame, shelf)
                case WantListed():
                    self.sync.want_listed(frame, shelf, now)
                case IHave():
                    self.sync.ihave(frame, shelf)
                case Refuse(short_id, reason):
                    self.sync.refused(short_id, reason < Refusal.UNKNOWN_SIGNER.value, shelf)
                case _:
                    raise AssertionError(f"{frame!r} has nobody to act on it")

    def _greeted(self, hello: Hello, now: Now) -> None:
        if hello.nonce == self._nonce:
            self.close = "the peer repeats our own nonce"
            return
        self.salt = session_salt(self._nonce, hello.nonce)
        self.peer_charter = hello.charter
        self.outbox.frame_bytes = min(hello.frame_bytes, self._policy.frame_bytes)
        self.outbox.window_bytes = hello.window_bytes
        self.sync = Sync(self.outbox, self.salt, self._opens, now)

    def _needed(self, need: Need, shelf: Shelf) -> None:
        """Send the grants of keys that the peer does not know, before all that waits."""
        self._needs_answered += len(need.hints)
        if self._needs_answered > NEEDS_PER_LINK:
            return
        for hint in need.hints:
            for id_ in shelf.grants_for(hint)[:NEED_HINTS]:
                self.outbox.put(id_, Class.TRUST)

    def heeds_peers(self, now: Now) -> bool:
        """Whether a PEERS frame that comes now is listened to: one in ten seconds is."""
        last_us = self._peers_heard_us
        if last_us is not None and now.mono_us - last_us < PEERS_EVERY_US:
            return False
        self._peers_heard_us = now.mono_us
        return True

    def assemble(self, put: Put) -> bytes | None:
        """Add a piece; return the whole message when it is complete."""
        if put.total == len(put.data):
            return put.data
        total, pieces = self._assemblies.pop(put.short_id, (put.total, bytearray()))
        if put.offset == 0:
            pieces = bytearray()
        if total != put.total or put.offset != len(pieces):
            return None
        pieces += put.data
        if len(pieces) == total:
            return bytes(pieces)
        while len(self._assemblies) >= ASSEMBLIES_PER_LINK:
            del self._assemblies[next(iter(self._assemblies))]
        self._assemblies[put.short_id] = (total, pieces)
        return None

    # --- out ----------------------------------------------------------------------------------

    def refuse(self, short: bytes, reason: Refusal, tell: bool = True) -> None:
        """Count a refusal, tell the peer, and close a link that keeps offering junk. A signature
        that does not hold is not answered: who forges knows, and nobody else sends one."""
        self._refusals[reason] = self._refusals.get(reason, 0) + 1
        if reason.final and tell:
            if self.sync is not None:
                self.sync.decline(short)
            if reason is not Refusal.BAD_SIGNATURE:
                self.outbox.say(Refuse(short, reason.value))
        self._forged += reason in _FORGED
        if self._forged > BAD_SIGNATURES_PER_LINK:
            self._blame("too many bad signatures or chunks")
        self._malformed += reason in _MALFORMED
        if self._malformed > MALFORMED_PER_LINK:
            self._blame("too many malformed messages")

    def _blame(self, reason: str) -> None:
        """Close the link for what no honest relay does, however old, busy or short of power."""
        self.close, self.blamed = reason, True

    def need(self, hint: bytes, now: Now) -> None:
        """Ask for the grants of a key, not more than once in ten seconds."""
        last_us = self._needs_said.get(hint)
        if last_us is None or now.mono_us - last_us >= HELLO_TIMEOUT_US:
            while len(self._needs_said) >= NEEDS_PER_LINK:
                del self._needs_said[next(iter(self._needs_said))]
            self._needs_said[hint] = now.mono_us
            self.outbox.say(Need((hint,)))

    def time_is_another(self) -> None:
        """The clock was set: where something was refused for good by the time before, both sides
        remember that, and only a new link looks at it anew."""
        if self._refusals.get(Refusal.EXPIRED):
            self.close = "the clock was set"

    def tell_peers(self, entries: tuple[PeerAddress, ...]) -> int:
        """Say as many of `entries` as one frame of this link holds; return how many."""
        if self.stage is not Stage.LIVE:
            return 0
        room = (self.outbox.piece_bytes - frames.PEERS_HEAD_BYTES) // frames.PEER_BYTES_MAX
        said = sorted(entries[: min(room, PEER_ADDRESSES)], key=lambda entry: entry.key)
        if said:
            self.outbox.say(Peers(tuple(said)))
        return len(said)

    def next(self, shelf: Shelf, now: Now) -> tuple[bytes, bool] | None:
        """Return the next bytes to send and whether they may leave before the commit."""
        if self.close is not None:
            return None
        if self._consumed_bytes:
            self.outbox.say(Credit(self._consumed_bytes))
            self._consumed_bytes = 0
        ready = self.outbox.next(shelf, self.salt, now)
        if ready is not None:
            self.frames_out += 1
            self.bytes_out += len(ready[0])
        elif self.outbox.overfull:
            self.close = "the peer does not read"
        return ready

    def wake(self, shelf: Shelf, now: Now) -> None:
        """Do what is due by time alone."""
        if self.sync is not None:
            self.sync.wake(shelf, now)
        elif now.mono_us >= self._since_us + HELLO_TIMEOUT_US:
            self.close = "no HELLO"

    def next_wake_us(self) -> int:
        """Return when `wake` next has something to do, or the next frame may leave."""
        if self.sync is None:
            return self._since_us + HELLO_TIMEOUT_US
        due_us, pace, ranges = self.sync.next_wake_us(), self.outbox.pace, self.outbox.ranges
        if pace.apart_us is not None and pace.apart_us < due_us:
            due_us = pace.apart_us
        return min(due_us, ranges.next_due_us(pace)) if ranges.count else due_us

    def stats(self, holdings: Holdings) -> LinkStats:
        """Return counts for operators."""
        sync = self.sync
        equal = {cls: sync.counted(cls) for cls in Class} if sync is not None else {}
        counted = sync.peer_counts if sync is not None else {}
        return LinkStats(
            link=self.link,
            peer=self.peer,
            live=self.sync is not None,
            since_us=self._since_us,
            frames_in=self.frames_in,
            frames_out=self.frames_out,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
            messages_in=self.messages_in,
            messages_out=self.outbox.messages_out,
            duplicates=self.duplicates,
            unknown_frames=self._unknown_frames,
            refusals=tuple(sorted(self._refusals.items(), key=lambda item: item[0].value)),
            round_trip_us=self.outbox.pace.round_trip_us,
            classes=tuple(
                ClassStats(
                    cls,
                    holdings.count(cls),
                    holdings.count(cls) if equal.get(cls) else counted.get(cls),
                    self.outbox.waiting(cls),
                    equal.get(cls),
                )
                for cls in Class
            ),
        )
