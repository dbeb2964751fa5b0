"""Links as a node meets them: ordered reliable streams that are slow, stall and break.

The node talks over TCP, so a segment that is lost, or overtaken, is not missing: it comes late,
and all behind it wait for it; a copy is thrown away and costs its room on the wire. A segment
that is damaged where TCP's weak checksum does not find it fails the link's authentication, and
the link breaks. A cut stalls the streams; after 15 s of silence each end takes its link down, and
what was under way is gone. Both ends then dial again, backing off from 1 s to 30 s.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from holub_sim.streams import Stream
from holub_sim.world import World

SEGMENT_BYTES = 1400
"""What a TCP segment carries on Ethernet, options and a tunnel allowed for."""

OVERHEAD_BYTES = 58
"""Beside it on the wire: 40 of IP and TCP and 18 of the link's own encryption."""

FLIGHT_US = 1_000
"""Segments that arrive within a millisecond are handed over at once: fewer events, and no
bearer slow enough to matter sends two in that time."""

RETRANSMIT_US = 200_000
RETRANSMIT_MAX_US = 120_000_000
"""Linux's least and longest retransmission timeout; each further one doubles it."""

SILENCE_US = 15_000_000
KEEP_ALIVE_US = 5_000_000
"""The daemon's keep-alive: a link silent for three of them is dead."""

DIAL_MIN_US = 1_000_000
DIAL_MAX_US = 30_000_000
"""Back-off of redialling: 1, 2, 4 ... 30 s, each up to a quarter more or less."""

_PPM = 1_000_000

HANDSHAKE_LATENCIES = 5
"""From SYN to the last handshake message: TCP takes two ways, Noise XX three."""


@dataclass(frozen=True, slots=True)
class Quality:
    """One direction: `latency_us` and up to `jitter_us` more, `bits_per_s`, and of a million
    segments `loss_ppm` that have to be sent again, `duplicate_ppm` that come twice,
    `reorder_ppm` that are overtaken and `corrupt_ppm` that break the link; before a slow link
    `queue_bytes` wait, and what comes beyond them is lost."""

    latency_us: int
    jitter_us: int
    bits_per_s: int
    loss_ppm: int
    duplicate_ppm: int = 0
    reorder_ppm: int = 0
    corrupt_ppm: int = 0
    queue_bytes: int = 1 << 30

    @property
    def timeout_us(self) -> int:
        """How long a sender waits before it sends a segment again."""
        return max(RETRANSMIT_US, 2 * self.latency_us + 4 * self.jitter_us)

    def jammed(self, loss_ppm: int) -> "Quality":
        """Return it with another source of loss on top."""
        passed_ppm = (_PPM - self.loss_ppm) * (_PPM - loss_ppm) // _PPM
        return replace(self, loss_ppm=_PPM - passed_ppm)


class End(Protocol):
    """What a link joins."""

    @property
    def name(self) -> str:
        """What it is called in the trace."""

    @property
    def public(self) -> bytes:
        """Its key, which the handshake has proved."""

    @property
    def running(self) -> bool:
        """Whether anybody is there to answer."""

    def admits(self, peer: bytes) -> bool:
        """Whether there is a place for a link to this key."""

    def link_up(self, link: int, peer: bytes, pipe: "Pipe") -> None:
        """A link is up; what it has to say goes into `pipe`."""

    def link_down(self, link: int) -> None:
        """A link is down."""

    def receive(self, link: int, data: bytes) -> None:
        """Bytes have arrived."""


class Pipe:
    """One direction of one connection. None in the queue is the end of the stream (FIN)."""

    def __init__(
        self,
        world: World,
        quality: Quality,
        stream: Stream,
        deliver: Callable[[bytes | None], None],
        silent: Callable[[], None] = lambda: None,
        hang_up: Callable[[], None] = lambda: None,
    ) -> None:
        """`deliver` gets the bytes, in order, and None at the end of the stream; `silent` is
        called where the other end will hear nothing for longer than it is patient; `hang_up` is
        for who speaks into it, to take the link down."""
        self.quality, self.hang_up = quality, hang_up
        self.bytes_sent = self.segments_sent = self.segments_lost = 0
        self._world, self._stream = world, stream
        self._deliver, self._silent = deliver, silent
        self._queue: deque[tuple[int, bytes | None]] = deque()
        self._free_us = self._last_us = 0
        self._stalled_since_us: int | None = None
        self._planned = self._closed = self._ended = False

    def send(self, data: bytes) -> None:
        """Take bytes; after `finish` or `close` they go nowhere."""
        if self._ended or self._closed:
            return
        self.bytes_sent += len(data)
        if len(data) <= SEGMENT_BYTES and not self.quality.corrupt_ppm:
            self._queue.append((self._arrival(len(data)), data))
            self._plan()
            return
        segments = -(-len(data) // SEGMENT_BYTES)
        if self.quality.corrupt_ppm and any(
            self._stream.chance(self.quality.corrupt_ppm) for _ in range(segments)
        ):
            self._queue.append((self._arrival(min(SEGMENT_BYTES, len(data))), None))
            self._ended = True
            self._plan()
            return
        begin = 0
        first_us = self._arrival(min(SEGMENT_BYTES, len(data)))
        last_us = first_us
        for start in range(SEGMENT_BYTES, len(data), SEGMENT_BYTES):
            arrival_us = self._arrival(min(SEGMENT_BYTES, len(data) - start))
            if arrival_us - first_us > FLIGHT_US:
                self._queue.append((last_us, data[begin:start]))
                begin, first_us = start, arrival_us
            last_us = arrival_us
        self._queue.append((last_us, data[begin:]))
        self._plan()

    def finish(self) -> None:
        """End the stream behind what was sent."""
        if not self._ended and not self._closed:
            self._queue.append((self._arrival(0), None))
            self._ended = True
            self._plan()

    def close(self) -> None:
        """Nothing arrives any more."""
        self._closed = True
        self._queue.clear()

    @property
    def stalled(self) -> bool:
        """Whether the path is cut."""
        return self._stalled_since_us is not None

    def stall(self) -> None:
        """The path is cut: segments are lost until `resume`."""
        if self._stalled_since_us is None:
            self._stalled_since_us = self._world.now_us

    def resume(self) -> None:
        """The path is back: the next retransmission, if one is due, gets through."""
        if self._stalled_since_us is None:
            return
        since_us, self._stalled_since_us = self._stalled_since_us, None
        silent_us = self._world.now_us - since_us
        timeout_us = self.quality.timeout_us
        waited_us = timeout_us
        while waited_us < silent_us:
            timeout_us = min(2 * timeout_us, RETRANSMIT_MAX_US)
            waited_us += timeout_us
        again_us = since_us + waited_us + self.quality.latency_us
        self._queue = deque((max(at_us, again_us), data) for at_us, data in self._queue)
        if self._queue:
            self._last_us = max(self._last_us, again_us)
            self._plan()

    @property
    def late(self) -> bool:
        """Whether what comes next comes only after so long a silence that the link is dead."""
        return bool(self._queue) and self._queue[0][0] - self._world.now_us > SILENCE_US

    def _arrival(self, size: int) -> int:
        """When the last bit of the next segment arrives, never before the one ahead of it."""
        quality, now_us = self.quality, self._world.now_us
        bits = (size + OVERHEAD_BYTES) * 8
        begin_us, full = now_us, False
        if self._free_us > now_us:
            begin_us = self._free_us
            full = (begin_us - now_us) * quality.bits_per_s > quality.queue_bytes * 8 * _PPM
        wire_us = bits * _PPM // quality.bits_per_s
        self._free_us = begin_us + wire_us
        self.segments_sent += 1
        if quality.duplicate_ppm and self._stream.chance(quality.duplicate_ppm):
            self._free_us += wire_us
            self.segments_sent += 1
        arrival_us = begin_us + wire_us + quality.latency_us
        if quality.jitter_us:
            arrival_us += self._stream.randrange(quality.jitter_us + 1)
        if quality.reorder_ppm and self._stream.chance(quality.reorder_ppm):
            arrival_us += quality.latency_us
        if full or quality.loss_ppm:
            timeout_us = quality.timeout_us
            while full or self._stream.chance(quality.loss_ppm):
                full = False
                self.segments_lost += 1
                arrival_us += timeout_us
                timeout_us = min(2 * timeout_us, RETRANSMIT_MAX_US)
        if arrival_us - now_us > SILENCE_US:
            self._silent()
        self._last_us = max(self._last_us, arrival_us)
        return self._last_us

    def _plan(self) -> None:
        if not self._planned and self._queue and self._stalled_since_us is None:
            self._planned = True
            self._world.at(max(self._queue[0][0], self._world.now_us), self._arrive)

    def _arrive(self) -> None:
        self._planned = False
        queue, now_us = self._queue, self._world.now_us
        # What is delivered may stall or close this very pipe.
        while queue and self._stalled_since_us is None and queue[0][0] <= now_us:
            self._deliver(queue.popleft()[1])
            queue = self._queue
        if queue:
            self._plan()


class Connection:
    """One life of a wire: two pipes, and which of its ends hold it for up."""

    def __init__(self, world: World, wire: "Wire", number: int) -> None:
        """Bring it up at both ends."""
        self.number, self.wire = number, wire
        self.up = [True, True]
        self.silences = [0, 0]
        # Pipe i carries what end i says; each has chance of its own, in every life.
        self.pipes = [self._pipe(world, side) for side in (0, 1)]

    def _pipe(self, world: World, side: int) -> Pipe:
        ends, wire = self.wire.ends, self.wire
        return Pipe(
            world,
            wire.quality,
            world.stream(f"pipe/{ends[side].name}>{ends[1 - side].name}/{wire.connections}"),
            partial(self._deliver, 1 - side),
            partial(wire.fall_silent, self, 1 - side),
            partial(self.take_down, side),
        )

    def _deliver(self, side: int, data: bytes | None) -> None:
        if not self.up[side]:
            return
        if data is None:
            self.take_down(side)
        else:
            self.wire.ends[side].receive(self.number, data)

    def take_down(self, side: int, alive: bool = True) -> None:
        """End `side` gives the link up; its peer hears of it if the path allows. Where the end
        is not `alive` any more, nobody is told: that is for `Wire.end_died`."""
        if not self.up[side]:
            return
        self.up[side] = False
        self.pipes[1 - side].close()
        if alive:
            self.pipes[side].finish()
            self.wire.ends[side].link_down(self.number)
        self.wire.lost(self)

    def abandon(self) -> None:
        """Both ends give it up at once: another connection takes its place."""
        for pipe in self.pipes:
            pipe.close()
        for side in (0, 1):
            if self.up[side]:
                self.up[side] = False
                self.wire.ends[side].link_down(self.number)


class Wire:
    """What joins two ends: at most one connection at a time, and the dialling between.
    `path_log` tells when the path of what a side says opened and closed, from the `open_at_first`
    on: (microsecond, side, whether it is open)."""

    open_at_first = True

    def __init__(
        self,
        world: World,
        a: End,
        b: End,
        quality: Quality,
        bearer: str = "lan",
        operators: tuple[str, ...] = (),
    ) -> None:
        """Not connected; call `dial`. `bearer` and the `operators` of its ends are labels."""
        self.ends = (a, b)
        self.labels = {"bearer": (bearer,), "operator": operators}
        self.quality = self._clean = quality
        self.connection: Connection | None = None
        self.connections = 0
        self.path_log: list[tuple[int, int, bool]] = []
        self._bytes_before = [0, 0, 0]
        self._world = world
        self._stream = world.stream(f"wire/{a.name}-{b.name}")
        self._cuts = [0, 0]
        self._jams: list[int] = []
        self._dials = 0
        self._dialling = 0
        self._back_off_us = DIAL_MIN_US

    @property
    def cut_off(self) -> bool:
        """Whether the path is cut, one way or both."""
        return any(self._cuts)

    @property
    def up(self) -> bool:
        """Whether both ends hold the link for up and bytes pass."""
        return self.connection is not None and all(self.connection.up) and not self.cut_off

    def cut(self, *sides: int) -> None:
        """Cut the path for what these sides say (none named: both); cuts add up, each is healed
        on its own. Whoever hears nothing gives the link up; one who still hears learns of that
        from the other's farewell."""
        for side in sides or (0, 1):
            self._cuts[side] += 1
            self._log(side)
            connection = self.connection
            if self._cuts[side] == 1 and connection is not None:
                connection.pipes[side].stall()
                if connection.up[1 - side]:
                    self.fall_silent(connection, 1 - side)

    def heal(self, *sides: int) -> None:
        """Undo one cut of these sides."""
        for side in sides or (0, 1):
            self._cuts[side] -= 1
            self._log(side)
            connection = self.connection
            if not self._cuts[side] and connection is not None:
                connection.pipes[side].resume()
                if connection.up[side]:  # else its peer goes on hearing nothing
                    connection.silences[1 - side] += 1
                    if connection.pipes[side].late:
                        self.fall_silent(connection, 1 - side)

    def passes(self, side: int) -> bool:
        """Whether what a side says gets through."""
        return not self._cuts[side]

    def _log(self, side: int) -> None:
        self.path_log.append((self._world.now_us, side, self.passes(side)))

    def jam(self, loss_ppm: int) -> None:
        """Lose so many of a million segments more, both ways; jams add up."""
        self._jams.append(loss_ppm)
        self._tune()

    def unjam(self, loss_ppm: int) -> None:
        """Undo one jam of that strength."""
        self._jams.remove(loss_ppm)
        self._tune()

    def _tune(self) -> None:
        self.quality = self._clean
        for loss_ppm in self._jams:
            self.quality = self.quality.jammed(loss_ppm)
        for pipe in self.connection.pipes if self.connection is not None else ():
            pipe.quality = self.quality

    def dial(self) -> None:
        """Begin to dial, unless the link is up or both ends are at it already."""
        if not self._dialling and not self.up:
            self._back_off_us = DIAL_MIN_US
            self._dials += 1
            self._dialling = self._dials
            self._world.after(self._stream.randrange(DIAL_MIN_US), self._attempt, self._dialling)

    def end_died(self, side: int, silently: bool) -> None:
        """One end has crashed. Where only its process died the kernel ends the stream; where its
        power failed the peer finds out by silence."""
        connection = self.connection
        if connection is None or not connection.up[side]:
            return
        if not silently:
            connection.pipes[side].finish()
        elif connection.up[1 - side]:
            connection.pipes[side].close()
            self.fall_silent(connection, 1 - side)
        connection.take_down(side, alive=False)

    def end_came_back(self) -> None:
        """An end has booted: it dials at once."""
        self._dialling = 0
        self.dial()

    def lost(self, connection: Connection) -> None:
        """One end has taken the link down: dial."""
        if connection is self.connection:
            self.dial()

    def traffic(self) -> tuple[int, int, int]:
        """Return (bytes, segments, segments lost) of both directions so far."""
        total = list(self._bytes_before)
        for pipe in self.connection.pipes if self.connection is not None else ():
            for i, count in enumerate((pipe.bytes_sent, pipe.segments_sent, pipe.segments_lost)):
                total[i] += count
        return total[0], total[1], total[2]

    def fall_silent(self, connection: Connection, side: int) -> None:
        """From now on `side` hears nothing; what it heard last came up to a keep-alive ago."""
        connection.silences[side] += 1
        patience_us = SILENCE_US - self._stream.randrange(KEEP_ALIVE_US)
        silence = connection.silences[side]
        self._world.after(patience_us, self._give_up, connection, side, silence)

    def _give_up(self, connection: Connection, side: int, silence: int) -> None:
        if connection.silences[side] == silence:
            connection.take_down(side)

    def _reachable(self) -> bool:
        return not self.cut_off and all(end.running for end in self.ends)

    def _attempt(self, dialling: int) -> None:
        if dialling != self._dialling:
            return
        if self.up:
            self._dialling = 0
        elif self._reachable():
            handshake_us = HANDSHAKE_LATENCIES * self.quality.latency_us
            self._world.after(handshake_us, self._shake_hands, dialling)
        else:
            self._back_off(dialling)

    def _shake_hands(self, dialling: int) -> None:
        if dialling != self._dialling:
            return
        a, b = self.ends
        if self._reachable() and a.admits(b.public) and b.admits(a.public):
            self._dialling = 0
            self._connect()
        else:
            self._back_off(dialling)

    def _back_off(self, dialling: int) -> None:
        quarter_us = self._back_off_us // 4
        low_us, high_us = self._back_off_us - quarter_us, self._back_off_us + quarter_us
        wait_us = self._stream.between(low_us, high_us)
        self._back_off_us = min(DIAL_MAX_US, 2 * self._back_off_us)
        self._world.after(wait_us, self._attempt, dialling)

    def _connect(self) -> None:
        """A new authenticated link replaces the old one, where an end still held that for up."""
        if self.connection is not None:
            self._bytes_before = list(self.traffic())
            old, self.connection = self.connection, None
            old.abandon()
        self.connections += 1
        connection = self.connection = Connection(self._world, self, self._world.number())
        for side, end in enumerate(self.ends):
            if connection.up[side]:
                end.link_up(connection.number, self.ends[1 - side].public, connection.pipes[side])


class Meeting(Wire):
    """Two who come into each other's reach now and then, as a phone and a building's relays: the
    link is up at once when they meet and down at once when they part."""

    open_at_first = False

    def __init__(self, world: World, a: End, b: End, quality: Quality) -> None:
        """Out of reach; call `meet`."""
        super().__init__(world, a, b, quality, bearer="radio")
        self.near = False

    def passes(self, side: int) -> bool:
        """Whether they are in reach, and nothing cuts them."""
        return self.near and super().passes(side)

    def meet(self) -> None:
        """They are in reach."""
        self.near = True
        self._log(0)
        self._log(1)
        if self._reachable() and not self.up:
            self._connect()

    def part(self) -> None:
        """They are out of reach: what was under way is gone."""
        self.near = False
        self._log(0)
        self._log(1)
        if self.connection is not None:
            self.connection.abandon()

    def dial(self) -> None:
        """Nobody dials who is not there."""
        if self.near:
            super().dial()

    def _reachable(self) -> bool:
        return self.near and super()._reachable()
