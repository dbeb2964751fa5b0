"""Rules of what a host sends: order of classes, sizes, windows, ages, salts, answers.

Both ends of every link are followed by what they say, from HELLO on. What a node may send
depends on what its peer has allowed and acknowledged; where the acknowledgement is still on its
way, the rule is taken in the sender's favour.
"""

from collections.abc import Callable, Iterator, Mapping
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
from holub_sim.world import World

AGE_SLACK_S = 2
"""Whole seconds are counted twice, on arrival and when a message leaves."""

_LOW = (Class.OFFICIAL, Class.PEOPLE, Class.BULK)
_TYPE_AT = 1
_STATES = {
    FrameType.RANGE: "ranges",
    FrameType.WANT: "wants",
    FrameType.NEED: "needs",
    FrameType.IHAVE: "offers",
    FrameType.REFUSE: "refuses",
}
_JUDGED = (FrameType.HELLO, FrameType.PUT, FrameType.CREDIT, FrameType.NEED, FrameType.ROOT)


@dataclass(slots=True)
class Side:
    """What one end of a link has said; what its peer has acknowledged, and has asked: hints, each
    with the byte of the stream by which it is heard. `asking` has yet to leave."""

    host: str
    since_us: int
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
        self._digests: dict[bytes, int] = {}
        self._asked: dict[str, dict[int, None]] = {}

    def parted(self, host: str, link: int) -> None:
        """An end has taken a link down."""
        self._hosts.get(host, {}).pop(link, None)
        self._asked.get(host, {}).pop(link, None)
        sides = self._links.get(link, {})
        sides.pop(host, None)
        if not sides:
            self._links.pop(link, None)

    def crashed(self, host: str) -> None:
        """A host is gone, and its ends of all links."""
        for link in list(self._hosts.get(host, ())):
            self.parted(host, link)

    def turned(self, host: Host, batch: Batch) -> None:
        """Judge what a node sends, in the order in which it leaves."""
        low: dict[int, None] = {}
        for link, data in (*batch.urgent, *batch.sends):
            side = self._side(host.name, link)
            for frame in _frames(data):
                kind = frame[_TYPE_AT]
                if kind in _STATES:
                    self._note(_STATES[FrameType(kind)])
                if kind in (FrameType.PUT, FrameType.RANGE):
                    self._judge_window(host, link, side, len(frame))
                if kind in _JUDGED:
                    self._judge(host, link, side, frame, low)
        for link in low:
            self._judge_waiting(host, link)
        for link in list(self._asked.get(host.name, ())):
            self._judge_needs(host, link)

    def sent(self, host: str, link: int, data: bytes) -> None:
        """Follow what leaves when: what is urgent overtakes what waits for a commit."""
        side = self._side(host, link)
        before_bytes, side.sent_bytes = side.sent_bytes, side.sent_bytes + len(data)
        peer = self._peer(host, link) if side.asking else None
        if peer is None:
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
        if host not in sides:
            sides[host] = Side(host, self._world.now_us)
            self._hosts.setdefault(host, {})[link] = None
        return sides[host]

    def _peer(self, host: str, link: int) -> Side | None:
        return next((s for s in self._links[link].values() if s.host != host), None)

    def _judge(self, host: Host, link: int, side: Side, data: bytes, low: dict[int, None]) -> None:
        peer = self._peer(host.name, link)
        match self._world.read.frame(data):
            case Hello() as hello:
                side.hello = hello
            case Credit(consumed_bytes) if peer is not None:
                peer.under_way_bytes -= consumed_bytes
            case Need(hints):
                side.asking.append((data, hints))
            case Root(_, entries):
                for _, count, digest in entries:
                    self._judge_digest(host, link, count, digest)
            case Put() as put:
                self._judge_put(host, link, side, put, low)

    def _judge_window(self, host: Host, link: int, side: Side, size: int) -> None:
        peer = self._peer(host.name, link)
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
        if count and self._digests.setdefault(digest, link) != link:
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


def _frames(data: bytes) -> Iterator[bytes]:
    """Cut what a node sends on one link; it always sends whole frames."""
    at = 0
    while at < len(data):
        end = at + LENGTH_BYTES + int.from_bytes(data[at : at + LENGTH_BYTES], "big")
        yield data[at + LENGTH_BYTES : end]
        at = end
