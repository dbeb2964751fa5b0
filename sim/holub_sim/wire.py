"""Rules of what a host sends: order of classes, sizes, windows, ages, salts, answers.

Both ends of every link are followed by what they say, from HELLO on. What a node may send
depends on what its peer has allowed and acknowledged; where the acknowledgement is still on its
way, the rule is taken in the sender's favour.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from holub_protocol.batch import Batch
from holub_protocol.frames import Credit, FrameType, Hello, Need, Put, Root
from holub_protocol.framing import LENGTH_BYTES
from holub_protocol.kinds import Class
from holub_protocol.limits import RESENDS, RESENDS_EVERY_US, SENT_PER_LINK, URGENT_BURST_BYTES
from holub_protocol.outbox import Outbox
from holub_protocol.storage import State
from holub_sim.host import Host
from holub_sim.ledger import Ledger, Published
from holub_sim.memo import Newest
from holub_sim.world import World

AGE_SLACK_S = 2
"""Whole seconds are counted twice, on arrival and when a message leaves."""

DIGESTS_KEPT = 1 << 16
"""Fingerprints remembered, to find one of them on another link: those of the last minutes of a
thousand relays. One that is not salted is the same everywhere at the same time."""

_LOW = (Class.OFFICIAL, Class.PEOPLE, Class.BULK)
_TYPE_AT = LENGTH_BYTES + 1
_STATES = {
    FrameType.RANGE.value: "ranges",
    FrameType.WANT.value: "wants",
    FrameType.NEED.value: "needs",
    FrameType.IHAVE.value: "offers",
    FrameType.REFUSE.value: "refuses",
}
_COUNTED = (FrameType.PUT.value, FrameType.RANGE.value)
_JUDGED = (
    FrameType.HELLO.value,
    FrameType.PUT.value,
    FrameType.CREDIT.value,
    FrameType.NEED.value,
    FrameType.ROOT.value,
)


@dataclass(slots=True)
class Side:
    """What one end of a link has said; what its peer has acknowledged, and has asked: hints, each
    with the byte of the stream by which it is heard. `asking` has yet to leave. `peer` is the
    other end, while it holds the link for up."""

    host: str
    since_us: int
    peer: "Side | None" = None
    sent_bytes: int = 0
    hello: Hello | None = None
    under_way_bytes: int = 0
    whole: dict[bytes, int] = field(default_factory=dict)
    pieces: dict[bytes, Published] = field(default_factory=dict)
    sent: dict[bytes, None] = field(default_factory=dict)
    asking: list[tuple[bytes, tuple[bytes, ...]]] = field(default_factory=list)
    needs: list[tuple[int, bytes]] = field(default_factory=list)
    alert_bytes: dict[int, int] = field(default_factory=dict)

    def beyond_allowance(self, message: Published, count: int) -> bool:
        """Whether an authority has said so many alerts here that they may wait for others."""
        authority = message.row.authority
        self.alert_bytes[authority] = self.alert_bytes.get(authority, 0) + count
        return message.row.cls == Class.ALERT and self.alert_bytes[authority] > URGENT_BURST_BYTES


class WireRules:
    """Follows every link. `puts` counts the messages that nodes sent, `put_bytes` their bytes."""

    def __init__(
        self,
        world: World,
        ledger: Ledger,
        seen: Mapping[str, Mapping[bytes, int]],
        broken: Callable[[Host, str, str], None],
        note: Callable[[str], None],
    ) -> None:
        """`seen`: by host, since which microsecond it has had a message. `broken` takes (host,
        rule, detail), `note` the name of a state that was reached."""
        self._world, self._ledger, self._seen = world, ledger, seen
        self._broken, self._note = broken, note
        self.puts: dict[Class, int] = {}
        self.put_bytes: dict[Class, int] = {}
        self._links: dict[int, dict[str, Side]] = {}
        self._hosts: dict[str, dict[int, None]] = {}
        self._digests: Newest[bytes, int] = Newest(DIGESTS_KEPT)
        self._asked: dict[str, dict[int, None]] = {}

    def parted(self, host: str, link: int) -> None:
        """An end has taken a link down."""
        self._hosts.get(host, {}).pop(link, None)
        self._asked.get(host, {}).pop(link, None)
        sides = self._links.get(link, {})
        gone = sides.pop(host, None)
        if gone is not None and gone.peer is not None:
            gone.peer.peer = None
        if not sides:
            self._links.pop(link, None)

    def crashed(self, host: str) -> None:
        """A host is gone, and its ends of all links."""
        for link in list(self._hosts.get(host, ())):
            self.parted(host, link)

    def turned(self, host: Host, batch: Batch) -> None:
        """Judge what a node sends, in the order in which it leaves."""
        low: dict[int, None] = {}
        for sends in (batch.urgent, batch.sends):
            for link, data in sends:
                self._judge_frames(host, link, data, low)
        for link in low:
            self._judge_waiting(host, link)
        if asked := self._asked.get(host.name):
            for link in list(asked):
                self._judge_needs(host, link)

    def _judge_frames(self, host: Host, link: int, data: bytes, low: dict[int, None]) -> None:
        """Cut what a node sends on one link; it always sends whole frames. Most are told by their
        type, and only those that a rule is about are read."""
        side = self._side(host.name, link)
        at = 0
        while at < len(data):
            start = at + LENGTH_BYTES
            end = start + int.from_bytes(data[at:start], "big")
            kind = data[at + _TYPE_AT]
            if kind in _STATES:
                self._note(_STATES[kind])
            if kind in _COUNTED:
                self._judge_window(host, link, side, end - start)
            if kind in _JUDGED:
                self._judge(host, link, side, data[start:end], low)
            at = end

    def sent(self, host: str, link: int, data: bytes) -> None:
        """Follow what leaves when: what is urgent overtakes what waits for a commit."""
        side = self._side(host, link)
        before_bytes, side.sent_bytes = side.sent_bytes, side.sent_bytes + len(data)
        peer = side.peer
        if peer is None or not side.asking:
            return
        waiting = []
        for frame, hints in side.asking:
            at = data.find(frame)
            if at < 0:
                waiting.append((frame, hints))
                continue
            peer.needs += [(before_bytes + at + len(frame), hint) for hint in hints]
            self._asked.setdefault(peer.host, {})[link] = None
        side.asking = waiting

    def _side(self, host: str, link: int) -> Side:
        sides = self._links.setdefault(link, {})
        side = sides.get(host)
        if side is None:
            peer = next(iter(sides.values()), None)
            side = sides[host] = Side(host, self._world.now_us, peer)
            if peer is not None:
                peer.peer = side
            self._hosts.setdefault(host, {})[link] = None
        return side

    def _judge(self, host: Host, link: int, side: Side, data: bytes, low: dict[int, None]) -> None:
        frame = self._world.read.frame(data)
        if isinstance(frame, Root):
            for _, count, digest in frame.entries:
                self._judge_digest(host, link, count, digest)
        elif isinstance(frame, Credit):
            if side.peer is not None:
                side.peer.under_way_bytes -= frame.consumed_bytes
        elif isinstance(frame, Put):
            self._judge_put(host, link, side, frame, low)
        elif isinstance(frame, Need):
            side.asking.append((data, frame.hints))
        elif isinstance(frame, Hello):
            side.hello = frame

    def _judge_window(self, host: Host, link: int, side: Side, size: int) -> None:
        peer = side.peer
        before, side.under_way_bytes = side.under_way_bytes, side.under_way_bytes + size
        if peer is None or peer.hello is None:
            return
        if size > peer.hello.frame_bytes:
            detail = f"a frame of {size} bytes, agreed are {peer.hello.frame_bytes}"
            self._broken(host, "caps", detail)
        if before > 0 and before + size > peer.hello.window_bytes:
            detail = f"{before + size} bytes under way, allowed are {peer.hello.window_bytes}"
            self._broken(host, "caps", detail)

    def _judge_put(self, host: Host, link: int, side: Side, put: Put, low: dict[int, None]) -> None:
        if put.offset == 0:
            message = self._ledger.beginning(put.data)
            if message is None:
                if not self._ledger.is_forged(put.data):
                    self._broken(host, "authentic", "sends what nobody has published")
                return
            side.pieces[put.short_id] = message
            side.sent[message.row.id] = None
        elif put.short_id not in side.pieces:
            return
        else:
            self._note("pieces")
            message = side.pieces[put.short_id]
        cls = Class(message.row.cls)
        self.put_bytes[cls] = self.put_bytes.get(cls, 0) + len(put.data)
        if put.offset + len(put.data) == put.total:
            self.puts[cls] = self.puts.get(cls, 0) + 1
            times = side.whole[put.short_id] = side.whole.get(put.short_id, 0) + 1
            if times > 1:
                self._note("sent-again")
            windows = 2 + (self._world.now_us - side.since_us) // RESENDS_EVERY_US
            if times > RESENDS * windows and len(side.whole) <= SENT_PER_LINK:
                self._broken(host, "caps", f"sent {message.row.id.hex()[:16]} {times} times")
        beyond = side.beyond_allowance(message, len(put.data))
        if message.row.cls in _LOW:
            low[link] = None
        elif link in low and not beyond:
            detail = f"{message.row.id.hex()[:16]} behind messages of lower classes"
            self._broken(host, "class-order", detail)
        arrived_us = self._seen[host.name].get(message.row.id)
        if arrived_us is not None:
            here_s = (self._world.now_us - max(arrived_us, host.booted_us)) // 1_000_000
            if put.age_s + AGE_SLACK_S < here_s:
                detail = f"{message.row.id.hex()[:16]} is {put.age_s} s old, it lay here {here_s}"
                self._broken(host, "aged", detail)

    def _judge_waiting(self, host: Host, link: int) -> None:
        """Nothing arrives while a node hands out what to send: what waits now has waited."""
        session = host.node._sessions.get(link)
        for cls in (Class.TRUST, Class.ALERT, Class.GRANT) if session is not None else ():
            if session is not None and _waits(session.outbox, cls):
                detail = f"messages of lower classes leave while {cls.name.lower()} waits"
                self._broken(host, "class-order", detail)

    def _judge_digest(self, host: Host, link: int, count: int, digest: bytes) -> None:
        if not count:
            return
        known = self._digests.get(digest)
        if known is None:
            self._digests.put(digest, link)
        elif known != link:
            detail = f"{digest.hex()} stands for {count} messages on two links"
            self._broken(host, "salted", detail)

    def _judge_needs(self, host: Host, link: int) -> None:
        """The grants that a NEED asks for leave in the same turn, or wait before all else."""
        side, session = self._links[link][host.name], host.node._sessions.get(link)
        if session is None:
            return
        heard = [each for each in side.needs if each[0] <= session.bytes_in]
        side.needs = [each for each in side.needs if each[0] > session.bytes_in]
        if not side.needs:
            del self._asked[host.name][link]
        for id_ in (id_ for _, hint in heard for id_ in self._ledger.grants.get(hint, ())):
            here = host.node.holdings.state(id_) is State.HELD
            if here and id_ not in side.sent and not session.outbox.busy(Class.TRUST):
                detail = f"the grant {id_.hex()[:16]} was asked for and is not sent"
                self._broken(host, "answers", detail)


def _waits(outbox: Outbox, cls: Class) -> bool:
    """Whether messages wait in a class's own queue. Its ranges may be held back while the link is
    measured, and what an authority sends beyond its allowance waits among the lower classes."""
    return bool(outbox._fresh[cls] or outbox._queues[cls])
