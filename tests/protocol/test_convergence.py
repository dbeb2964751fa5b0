"""Two and three nodes under any order of publishing, cuts, crashes and chunks."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.kinds.board import BoardBody
from holub_protocol.policy import Policy
from holub_protocol.storage import State
from support_net import Host, Net
from support_realm import KYIV, Realm, key, now_at

SITES = ("north", "south", "east")


def operations(hosts: int) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Return any script of what may happen to `hosts` machines."""
    index = st.integers(0, hosts - 1)
    one = st.one_of(
        st.tuples(st.just("note"), index, st.sampled_from((0, 60, 900, 1800))),
        st.tuples(st.just("alert"), index),
        st.tuples(st.just("board"), index),
        st.tuples(st.just("link"), index, index),
        st.tuples(st.just("cut"), index, index),
        st.tuples(st.just("crash"), index),
        st.tuples(st.just("commit"), index),
        st.tuples(st.just("carry"), index, index, st.integers(1, 3000)),
        st.tuples(st.just("tick"), st.sampled_from((0.02, 0.3, 3.0, 40.0))),
        st.tuples(st.just("settle"), st.just(0.5)),
    )
    return st.lists(one, max_size=40)


class Play:
    """Acts a script out, and remembers what was committed."""

    def __init__(self, hosts: int, chunk: int, frame_bytes: int) -> None:
        self.realm = Realm()
        policy = Policy(frame_bytes=frame_bytes, window_bytes=4 * frame_bytes)
        self.net = Net([Host(self.realm, name, policy=policy) for name in SITES[:hosts]], chunk)
        self.desk = key("desk")
        self.committed: dict[bytes, None] = {}
        grants = [self.realm.grant(self.desk.public)]
        grants += [self.realm.relay_grant(host.identity.public) for host in self.net.hosts]
        for raw in grants:
            self.net.offer(0, raw)
        self.net.commit(0)

    def act(self, name: str, *args: Any) -> None:
        """Do one operation."""
        net, at = self.net, int(self.net.at_s)
        created_s = now_at(at).wall_s
        if name == "note":
            index, size = args
            raw = self.realm.note(net.hosts[index].identity, "note", size, created_s)
            net.offer(index, raw)
        elif name == "alert":
            net.offer(args[0], self.realm.start(self.desk, KYIV, created_s))
        elif name == "board":
            body = BoardBody(330)
            raw = self.realm.message(
                self.desk, "board", body, created_s=created_s, lifetime_s=86400
            )
            net.offer(args[0], raw)
        else:
            getattr(net, name)(*args)
        for host in net.hosts:
            for row in host.store.rows():
                self.committed[row.id] = None

    def heal(self) -> None:
        """Connect everybody and give them time."""
        for a in range(len(self.net.hosts)):
            for b in range(a):
                self.net.cut(a, b)
                self.net.link(a, b)
        self.net.settle(12, step_s=0.25)


def live(host: Host) -> list[bytes]:
    """Return what a host holds."""
    return host.held()


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [2, 3])
@given(data=st.data())
def test_after_healing_all_hold_the_same_and_nothing_committed_is_lost(
    hosts: int, data: st.DataObject
) -> None:
    """Whatever happened before, healed nodes hold the same live set, with all that any of them
    had ever committed and nothing superseded, and no exception ever leaves a node."""
    chunk = data.draw(st.sampled_from((1, 7, 100, 65536)), label="chunk")
    frame_bytes = data.draw(st.sampled_from((256, 512, 4096)), label="frame_bytes")
    play = Play(hosts, chunk, frame_bytes)
    for operation in data.draw(operations(hosts), label="script"):
        play.act(*operation)
    play.heal()
    sets = [live(host) for host in play.net.hosts]
    assert sets[0] == sets[-1] == sets[len(sets) // 2]
    aside = {
        row.id
        for host in play.net.hosts
        for row in host.store.rows()
        if row.state is State.SUPERSEDED
    }
    for host in play.net.hosts:
        for id_ in play.committed:
            assert id_ in host.node.holdings or id_ in aside
        for id_ in live(host):
            assert host.store.get(id_) is not None


def test_a_want_for_a_body_not_yet_committed_is_answered() -> None:
    """A neighbour may ask for a message before the disk has it: the body comes from memory."""
    play = Play(2, 65536, 4096)
    play.net.link(0, 1)
    play.net.settle(1)
    raw = play.realm.note(play.net.hosts[0].identity, "early", 1800)
    id_ = play.net.offer(0, raw)
    assert isinstance(id_, bytes)
    assert play.net.hosts[0].node.body(id_) == raw
    assert play.net.hosts[0].store.get(id_) is None
    play.net.settle(2)
    assert play.net.hosts[1].store.get(id_) == raw
