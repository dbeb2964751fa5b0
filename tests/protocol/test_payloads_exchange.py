"""Payloads from node to node: whole, once, from several, over breaks, kills and bad peers."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holub_protocol.frames import Chunk, Fetch, Frame, Have, decode, encode
from holub_protocol.framing import frame_bytes
from holub_protocol.limits import CHUNK_SERVINGS, CHUNKS_PER_COMMIT
from holub_protocol.payloads import bitmap
from holub_protocol.payloads.layout import Layout, cut
from holub_protocol.policy import Policy
from holub_protocol.reconcile import short_id
from holub_protocol.refusal import Refusal
from holub_protocol.stats import PayloadStats
from support_net import Net
from support_payload import announced, content, desk_realm, give_whole, net_of, read_whole
from support_realm import KYIV, Box, Pair, Realm, key, now_at

SIZE = 200_000
DATA = content(SIZE)
COUNT = Layout(SIZE).count


def stats(net: Net, index: int) -> PayloadStats:
    """Return a host's counts."""
    return net.hosts[index].node.stats().payloads


def started(count: int, holders: tuple[int, ...] = (0,)) -> tuple[Net, Realm, bytes]:
    """Return hosts, the realm and the payload's id; the holders have it all."""
    realm, grant = desk_realm()
    net = net_of(count, realm, grant)
    raw = announced(realm, DATA)
    ids = [give_whole(net, index, DATA, raw) for index in holders]
    return net, realm, ids[0]


def frames_of(data: bytes) -> Iterator[Frame]:
    """Yield the frames in a piece of a stream that begins with one."""
    while data:
        length = int.from_bytes(data[:2], "big")
        frame = decode(data[2 : 2 + length])
        assert frame is not None
        yield frame
        data = data[2 + length :]


def test_a_megabyte_goes_over_once() -> None:
    """1 MiB arrives byte for byte, each chunk is sent once, and all that both sides say takes
    under 4 % more than the content; what came is on disk."""
    realm, grant = desk_realm()
    a, b = Box(realm, "a"), Box(realm, "b")
    data = content(1 << 20)
    for box in (a, b):
        box.node.offer(grant, now_at(0))
        box.flush(0)
    id_ = a.node.offer(announced(realm, data), now_at(0))
    assert isinstance(id_, bytes)
    for place, chunk in enumerate(cut(data)[1]):
        a.node.exchange.give(id_, place, chunk, now_at(0))
    a.flush(0)
    pair = Pair(a, b)
    pair.run(4)
    assert read_whole(b.node, id_) == data
    assert a.node.stats().payloads.chunks_out == Layout(1 << 20).count
    assert sum(pair.bytes.values()) < 1.04 * len(data)
    assert len(b.store.places(id_)) == Layout(1 << 20).count


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=6), st.data())
def test_breaks_cost_no_chunk(cuts: list[int], data: st.DataObject) -> None:
    """However the link is cut, at the end all is there, and what was sent twice is at most what
    was under way at each cut: n bytes in a row touch n / 1024 chunks and two more at the ends."""
    net, _, id_ = started(2)
    lost = 0
    for limit in cuts:
        net.link(0, 1)
        left = limit
        while left > 0:
            for index in (0, 1):
                net.commit(index)
            moved = net.carry(0, 1, min(left, data.draw(st.integers(1, 30_000))))
            left -= moved + 50
            net.carry(1, 0)
            net.tick(0.01)
        lost += len(net.wires[0, 1])
        lost += sum(len(data) for batch in net.hosts[0].batches for _, data in batch.sends)
        net.cut(0, 1)
    net.link(0, 1)
    net.settle(4)
    assert read_whole(net.hosts[1].node, id_) == DATA
    assert stats(net, 1).chunks_in == COUNT
    assert stats(net, 0).chunks_out <= COUNT + lost // 1024 + 2 * len(cuts)


def test_a_chunk_half_come_goes_on_where_it_was() -> None:
    """What came of a chunk before a break is not sent again: the FETCH after it says from where,
    and comes at once, without asking anew who holds what."""
    net, _, id_ = started(2)
    net.hosts[0].node.policy = net.hosts[1].node.policy = Policy(frame_bytes=256)
    net.link(0, 1)
    payload = None
    while payload is None or payload.held.bit_count() < 5:
        net.commit(0)
        net.commit(1)
        net.carry(0, 1, 150)
        net.carry(1, 0)
        net.tick(0.01)
        payload = net.hosts[1].node.library.get(id_)
    part = net.hosts[1].node.exchange._lines[net.ids[1, 0]].part
    while part is None or not 300 < len(part.data) < 900:
        net.commit(0)
        net.carry(0, 1, 150)
        part = net.hosts[1].node.exchange._lines[net.ids[1, 0]].part
    begun = len(part.data)
    net.cut(0, 1)
    net.link(0, 1)
    net.commit(0)
    net.carry(0, 1)
    net.commit(1)
    said = list(frames_of(bytes(net.wires[1, 0])))
    fetches = [frame for frame in said if isinstance(frame, Fetch)]
    assert (fetches[0].offset, fetches[0].places[0]) == (begun, part.place)
    assert not [frame for frame in said if isinstance(frame, Have)]
    net.settle(4)
    assert read_whole(net.hosts[1].node, id_) == DATA


def test_a_kill_costs_what_was_not_committed() -> None:
    """After a crash everything committed is there; at most one commit's worth comes again."""
    net, _, id_ = started(2)
    net.link(0, 1)
    for _ in range(60):
        net.commit(0)
        net.commit(1)
        net.carry(0, 1, 1500)
        net.carry(1, 0)
        net.tick(0.01)
    before = stats(net, 1).chunks_in
    net.crash(1)
    kept = net.hosts[1].node.library.get(id_)
    assert kept is not None
    assert before - CHUNKS_PER_COMMIT <= kept.held.bit_count() <= before
    assert kept.held.bit_count() > 20
    net.link(0, 1)
    net.settle(4)
    assert read_whole(net.hosts[1].node, id_) == DATA
    assert stats(net, 1).chunks_in <= COUNT - before + CHUNKS_PER_COMMIT


def test_two_sources_both_serve_and_nothing_comes_twice() -> None:
    """A node between two holders is sent each chunk once, by both together."""
    net, _, id_ = started(3, holders=(0, 1))
    net.link(0, 2)
    net.link(1, 2)
    net.settle(4)
    assert read_whole(net.hosts[2].node, id_) == DATA
    served = [stats(net, index).chunks_out for index in (0, 1)]
    assert sum(served) == COUNT
    assert min(served) > COUNT // 4
    assert stats(net, 2).chunks_again == 0


def test_two_that_fetch_side_by_side_help_each_other() -> None:
    """Their orders differ, so each soon has what the other lacks: the only holder sends far less
    than two copies."""
    net, _, id_ = started(3)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        net.link(a, b)
    for _ in range(4000):
        for index in range(3):
            net.commit(index)
        for a, b in list(net.wires):
            net.carry(a, b, 1000 if a == 0 else None)
        net.tick(0.05)
        if all(read_whole(net.hosts[i].node, id_) for i in (1, 2)):
            break
    assert read_whole(net.hosts[1].node, id_) == read_whole(net.hosts[2].node, id_) == DATA
    assert stats(net, 0).chunks_out < 1.6 * COUNT
    assert min(stats(net, index).chunks_out for index in (1, 2)) > COUNT // 6


def test_an_alert_waits_for_two_frames_at_most() -> None:
    """Published while chunks are on their way in small frames, it comes after what was under
    way: within two frames."""
    net, realm, id_ = started(2)
    net.hosts[0].policy = Policy(frame_bytes=256)
    net.crash(0)
    net.link(0, 1)
    widest = 0
    for _ in range(20):
        net.commit(0)
        net.commit(1)
        net.carry(0, 1, 300)
        net.carry(1, 0)
        net.tick(0.2)
        widest = max(widest, net.hosts[0].node._sessions[net.ids[0, 1]].outbox.pace.window_bytes)
    payload = net.hosts[1].node.library.get(id_)
    assert payload is not None
    assert payload.held
    assert payload.missing
    # The queue in front of the wire is what the window has let go; look at what comes after.
    ahead = len(net.wires[0, 1])
    alert = net.offer(0, realm.start(key("desk"), KYIV))
    assert isinstance(alert, bytes)
    carried = 0
    while alert not in net.hosts[1].node.holdings:
        net.commit(0)
        net.commit(1)
        carried += net.carry(0, 1, 50)
        net.carry(1, 0)
        assert carried < ahead + 2 * 256 + 200
    assert ahead <= widest + 256


class Liar:
    """A peer by hand: a session's salt, and frames as it likes."""

    def __init__(self, net: Net, victim: int, id_: bytes) -> None:
        """Stand in for a host that is linked to the victim already."""
        self.net, self.victim, self.link = net, victim, net.ids[victim, 1 - victim]
        session = net.hosts[victim].node._sessions[self.link]
        self.short = short_id(session.salt, id_)

    def say(self, frame: Frame) -> None:
        """Say one frame."""
        host = self.net.hosts[self.victim]
        data = frame_bytes(encode(frame))
        host.node.receive(self.link, data, host.now(self.net.at_s))


def linked_liar() -> tuple[Net, Liar, bytes]:
    """Return a host that has only the manifest, and a liar linked to it."""
    realm, grant = desk_realm()
    net = net_of(2, realm, grant)
    id_ = net.offer(1, announced(realm, DATA))
    assert isinstance(id_, bytes)
    net.link(0, 1)
    net.quiet()
    return net, Liar(net, 1, id_), id_


def test_a_peer_that_sends_wrong_chunks_is_told_apart() -> None:
    """Each counts under its own reason, none is kept, and after three more the link closes."""
    net, liar, id_ = linked_liar()
    node = net.hosts[1].node
    for _ in range(4):
        assert node._sessions
        liar.say(Chunk(liar.short, 0, 0, bytes(1024)))
    net.collect(1)
    net.commit(1)
    assert dict(node.stats().refusals)[Refusal.CHUNK] == 4
    assert stats(net, 1).chunks_wrong == 4
    assert not node._sessions
    payload = node.library.get(id_)
    assert payload is not None
    assert payload.held == 0


def test_nobody_is_blamed_for_another_ones_beginning() -> None:
    """A chunk whose beginning came by an earlier link and proves wrong is dropped unblamed, and
    asked for from its beginning."""
    net, liar, id_ = linked_liar()
    payload = net.hosts[1].node.library.get(id_)
    assert payload is not None
    liar.say(Have(liar.short, bitmap.encode(payload.layout.whole, payload.layout.count)))
    liar.say(Chunk(liar.short, 0, 0, bytes(500)))
    give_whole(net, 0, DATA, net.hosts[1].node.body(id_) or b"")
    net.cut(0, 1)
    net.link(0, 1)
    net.settle(4)
    assert read_whole(net.hosts[1].node, id_) == DATA
    assert stats(net, 1).chunks_wrong == 1
    assert Refusal.CHUNK not in dict(net.hosts[1].node.stats().refusals)


@pytest.mark.parametrize(
    "frame",
    [
        lambda short: Have(short, bytes(5)),
        lambda short: Fetch(short, 0, (COUNT,)),
        lambda short: Chunk(short, COUNT, 0, b"x"),
        lambda short: Chunk(short, COUNT - 1, 1000, bytes(24)),
    ],
)
def test_junk_is_counted(frame: object) -> None:
    """What speaks of places that the payload has not is malformed; nothing raises."""
    net, liar, _ = linked_liar()
    assert callable(frame)
    liar.say(frame(liar.short))
    net.collect(1)
    assert dict(net.hosts[1].node.stats().refusals) == {Refusal.MALFORMED: 1}


def test_unknown_payloads_and_pieces_without_a_beginning_are_ignored() -> None:
    """They may be late; nothing is kept of them."""
    net, liar, _ = linked_liar()
    for frame in (Have(bytes(5), b"\x00"), Fetch(bytes(5), 0, (0,)), Chunk(bytes(5), 0, 0, b"x")):
        liar.say(frame)
    liar.say(Chunk(liar.short, 0, 200, bytes(100)))
    net.collect(1)
    node = net.hosts[1].node
    assert node.stats().refusals == ()
    assert node.exchange._lines[liar.link].part is None


def test_a_peer_is_not_sent_the_same_for_ever() -> None:
    """Whoever fetches a payload over and over gets three times as many chunks as it has."""
    net, _, id_ = started(2)
    net.link(0, 1)
    net.settle(3)
    liar = Liar(net, 0, id_)
    host = net.hosts[0]
    for _ in range(5 * COUNT // 8):
        liar.say(Fetch(liar.short, 0, tuple(range(8))))
        net.collect(0)
        host.batches.clear()
        host.node._sessions[liar.link].outbox.pace.window_bytes = 1 << 30
        host.node._sessions[liar.link].outbox.window_bytes = 1 << 30
    assert stats(net, 0).chunks_out <= CHUNK_SERVINGS * COUNT + 8


def test_a_silent_peer_is_given_up() -> None:
    """Chunks asked of a peer that sends nothing are asked of another after half a minute."""
    net, _, id_ = started(3, holders=(0, 1))
    net.link(0, 2)
    for _ in range(200):
        net.commit(0)
        net.commit(2)
        net.carry(0, 2, 400)
        net.carry(2, 0)
        net.tick(0.01)
        if net.hosts[2].node.exchange._asked:
            break
    for ends in ((0, 2), (2, 0)):  # the link stands, and nothing comes through any more
        del net.wires[ends], net.ids[ends]
    net.link(1, 2)
    net.settle(5)
    assert read_whole(net.hosts[2].node, id_) is None
    net.settle(40, step_s=0.5)
    assert read_whole(net.hosts[2].node, id_) == DATA


def test_a_full_disk_is_tried_again_later() -> None:
    """Chunks that the store had no room for are missing again, and come after a minute."""
    net, _, id_ = started(2)
    net.link(0, 1)
    host = net.hosts[1]
    while not any(batch.writes.chunks for batch in host.batches):
        net.commit(0)
        while host.batches and not host.batches[0].writes.chunks:
            batch = host.batches.popleft()
            host.store.commit(batch.writes)
            for link, data in batch.sends:
                net._send(1, link, data)
        net.carry(0, 1)
        net.carry(1, 0)
        net.tick(0.01)
    lost = host.batches.popleft()
    for place in [(i, p) for i, p, _ in lost.writes.chunks]:
        host.bodies.chunks.pop(place, None)
    host.node.unstored_chunks(lost.writes.chunks, host.now(net.at_s))
    for link, data in lost.sends:
        net._send(1, link, data)
    net.settle(20)
    payload = host.node.library.get(id_)
    assert payload is not None
    assert payload.missing
    net.settle(70, step_s=0.5)
    assert read_whole(host.node, id_) == DATA


def test_manifest_first_or_link_first() -> None:
    """Whichever comes last, link, manifest or content, the payload gets across."""
    realm, grant = desk_realm()
    raw = announced(realm, DATA)
    net = net_of(3, realm, grant)
    net.link(0, 1)
    net.link(1, 2)
    net.settle(1)
    id_ = net.offer(0, raw)
    assert isinstance(id_, bytes)
    net.settle(2)
    give_whole(net, 0, DATA, raw)
    net.settle(5)
    assert read_whole(net.hosts[2].node, id_) == DATA
