"""A machine that an attacker has: what passes over its links, and what it adds to that.

It speaks real frames on real links. An insider's machine sits between a relay's own node and its
links: it sees, alters, drops and adds frames either way. An outsider's is an end of links with no
node behind it. How much it adds is bounded by its budget in bytes a second; what its node would
have said anyway costs it nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holub_crypto.identity import Identity
from holub_protocol.codec import decode as decode_message
from holub_protocol.codec import encode as encode_message
from holub_protocol.frames import Credit, Frame, FrameError, Hello, Put, Range
from holub_protocol.frames import decode as decode_frame
from holub_protocol.frames import encode as encode_frame
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds import Body, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.limits import FRAME_BYTES_MAX, FRAME_BYTES_MIN
from holub_protocol.message import Message
from holub_protocol.reconcile import session_salt, short_id
from holub_sim.host import Host
from holub_sim.ledger import Ledger
from holub_sim.realm import Realm
from holub_sim.streams import Stream
from holub_sim.world import World

TICK_US = 1_000_000
"""How often a machine spends its budget."""

SAVED_TICKS = 10
"""What a machine did not spend is saved up so long; what it overspent it waits for."""

CRAFTS_PER_TICK = 256
"""Most that one machine adds in a tick, whatever its budget: tiny frames cost a simulator more
than the nodes it plays."""

DAY_S = 86_400
_PUT_HEAD_BYTES = 28


@dataclass(frozen=True, slots=True)
class Means:
    """What one machine of an attack has. `host` is the relay that was taken over, None for an
    outsider's machine; `identity` the key that its links prove; `desk` the stolen key of an
    authority and `areas` what that may speak of; `fellows` all relays of the same attack."""

    world: World
    realm: Realm
    ledger: Ledger
    name: str
    identity: Identity
    stream: Stream
    host: Host | None
    fellows: tuple[Host, ...]
    desk: Identity | None
    areas: tuple[int, ...]
    bytes_per_s: int
    identities: int
    drop_ppm: int

    @property
    def wall_s(self) -> int:
        """Unix time: attackers have good clocks."""
        return self.world.start_s + self.world.now_us // 1_000_000


class Line:
    """One link of the machine. `salt` is empty until both ends have said HELLO; `owed_bytes` of
    the own node's frames were dropped, and it must be told that somebody has read them."""

    def __init__(self, number: int, peer: bytes, send: Callable[[bytes], None]) -> None:
        """`send` puts bytes on the link."""
        self.number, self.peer = number, peer
        self.salt = b""
        self.said_bytes = self.owed_bytes = 0
        self.inward, self.outward = FrameBuffer(), FrameBuffer()
        self._send = send
        self._nonces: dict[bool, bytes] = {}
        self._piece_bytes = FRAME_BYTES_MIN - _PUT_HEAD_BYTES

    def passes(self, frame: Hello, inward: bool) -> None:
        """A HELLO has passed: both together give the link's salt."""
        self._nonces[inward] = frame.nonce
        if inward:
            self._piece_bytes = min(frame.frame_bytes, FRAME_BYTES_MAX) - _PUT_HEAD_BYTES
        if len(self._nonces) == 2:
            self.salt = session_salt(self._nonces[False], self._nonces[True])

    def short(self, id_: bytes) -> bytes:
        """Return what a message is called on this link."""
        return short_id(self.salt, id_)

    def raw(self, data: bytes) -> int:
        """Put bytes on the link as they are; returns how many."""
        self._send(data)
        self.said_bytes += len(data)
        return len(data)

    def say(self, frame: Frame) -> int:
        """Say a frame; returns how many bytes it took."""
        return self.raw(frame_bytes(encode_frame(frame)))

    def put(self, id_: bytes, raw: bytes, age_s: int = 0) -> int:
        """Push a message, whole or in pieces; returns how many bytes it took."""
        short, size = self.short(id_), self._piece_bytes
        return sum(
            self.say(Put(short, age_s, len(raw), start, raw[start : start + size]))
            for start in range(0, len(raw), size)
        )


def message_in(frame: Frame, realm_id: bytes) -> Message | None:
    """Return the message that a frame brings whole, None if it does not."""
    if not isinstance(frame, Put) or frame.total != len(frame.data):
        return None
    message = decode_message(frame.data, realm_id)
    return message if isinstance(message, Message) else None


def started(message: Message | None) -> bool:
    """Whether a message starts an alert."""
    body = message.body if message is not None else None
    return isinstance(body, AlertBody) and body.verb is Verb.START


class Actor:
    """One kind of attack on one machine; the kinds override what they need."""

    def __init__(self, means: Means) -> None:
        """Not begun: everything passes."""
        self.means = means
        self.active = False
        self.balance_bytes = 0
        self._counters: dict[tuple[bytes, str], int] = {}

    def begin(self) -> None:
        """The attack begins."""
        self.active = True

    def end(self) -> None:
        """The attack is over."""
        self.active = False

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """What goes out in place of a frame that the relay's own node says."""
        return (frame,)

    def hears(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """What the relay's own node gets in place of a frame that a peer says."""
        return (frame,)

    def craft(self, line: Line) -> int:
        """Add something on a live link; returns how many bytes it took, 0 if there is nothing."""
        return 0

    def sign(
        self,
        identity: Identity,
        kind_name: str,
        body: Body,
        *,
        area: int = 0,
        created_s: int | None = None,
        k: int | None = None,
        lifetime_s: int = DAY_S,
        valid: bool = True,
    ) -> Message:
        """Sign a message with any key; k rises by itself, and begins anew at the hour's cap.

        The ledger is told of what nodes may take in, as its key is enrolled for it; not where
        the message is not `valid`, since its signature will be spoilt.
        """
        kind = kind_named(kind_name)
        if k is None:
            k = self._counters.get((identity.public, kind.group), -1) + 1
            self._counters[identity.public, kind.group] = k
        raw = encode_message(
            identity,
            self.means.realm.id,
            kind,
            created_s=self.means.wall_s if created_s is None else created_s,
            k=k % kind.hourly,
            lifetime_s=min(lifetime_s, kind.lifetime_max_s),
            area=area,
            body=body,
        )
        message = decode_message(raw, self.means.realm.id)
        assert isinstance(message, Message)
        if valid and self.means.realm.enrolled.get(identity.public) is kind.signer:
            self.means.ledger.forge(message.id, raw)
        return message


class Machine:
    """One machine with all that attack from it: it cuts what passes into frames, and spends each
    attack's budget. It is the tap of a host, or the whole of a stranger."""

    def __init__(self, world: World) -> None:
        """No links, and nobody attacks."""
        self.actors: list[Actor] = []
        self.lines: dict[int, Line] = {}
        self._world = world
        self._turn = 0

    def up(self, link: int, peer: bytes, send: Callable[[bytes], None]) -> None:
        """A link is up."""
        self.lines[link] = Line(link, peer, send)

    def down(self, link: int) -> None:
        """A link is down."""
        self.lines.pop(link, None)

    def says(self, link: int, data: bytes) -> bytes:
        """Return what goes out in place of the node's bytes."""
        line = self.lines.get(link)
        return data if line is None else self._pass(line, line.outward, data, inward=False)

    def hears(self, link: int, data: bytes) -> bytes:
        """Return what the node gets in place of a peer's bytes."""
        line = self.lines.get(link)
        return data if line is None else self._pass(line, line.inward, data, inward=True)

    def begin(self, actor: Actor) -> None:
        """Let one of the attacks begin."""
        actor.begin()
        self._world.after(TICK_US, self._tick, actor)

    def _pass(self, line: Line, buffer: FrameBuffer, data: bytes, inward: bool) -> bytes:
        out = bytearray()
        if inward and line.owed_bytes:
            out += frame_bytes(encode_frame(Credit(line.owed_bytes)))
            line.owed_bytes = 0
        buffer.feed(data)
        while (raw := buffer.next()) is not None:
            meddlers = [actor for actor in self.actors if actor.active]
            if line.salt and not meddlers:
                out += frame_bytes(raw)
                continue
            try:
                frame = decode_frame(raw)
            except FrameError:
                frame = None
            if frame is None:
                out += frame_bytes(raw)
                continue
            if isinstance(frame, Hello):
                line.passes(frame, inward)
            frames: tuple[Frame, ...] = (frame,)
            for actor in meddlers:
                act = actor.hears if inward else actor.says
                frames = tuple(each for one in frames for each in act(line, one))
            if not inward and frame not in frames and isinstance(frame, Put | Range):
                line.owed_bytes += len(raw)
            for each in frames:
                out += frame_bytes(raw if each is frame else encode_frame(each))
        return bytes(out)

    def _tick(self, actor: Actor) -> None:
        """Spend a tick's budget, on each live link in turn."""
        if not actor.active:
            return
        income = actor.means.bytes_per_s * TICK_US // 1_000_000
        actor.balance_bytes = min(actor.balance_bytes + income, SAVED_TICKS * income)
        idle = 0
        for _ in range(CRAFTS_PER_TICK):
            live = [line for line in self.lines.values() if line.salt]
            if actor.balance_bytes <= 0 or idle >= len(live):
                break
            self._turn += 1
            used = actor.craft(live[self._turn % len(live)])
            actor.balance_bytes -= used
            idle = 0 if used else idle + 1
        self._world.after(TICK_US, self._tick, actor)
