"""Addresses passed on: to whom, of whom, how often, and what becomes of what is heard."""

import math
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface

from holub_protocol.frames import PeerAddress
from holub_protocol.limits import LINKS, PEER_ADDRESSES, PEERS_EVERY_US
from holub_relay.discovery.hints import Source
from holub_relay.discovery.interfaces import Own
from holub_relay.gossip import TELL_S, Gossip
from holub_relay.links import PeerState

OWN = (
    Own(2, "eth0", ip_interface("10.0.0.1/16")),
    Own(2, "eth0", ip_interface("fe80::1/64")),
    Own(3, "wlan0", ip_interface("192.168.1.1/24")),
    Own(1, "lo", ip_interface("127.0.0.1/8")),
)


def entry(host: str, name: str, port: int = 7447) -> PeerAddress:
    """What is told of the relay whose key is `name`, padded."""
    return PeerAddress(ip_address(host).packed, port, name.encode().ljust(32))


@dataclass
class Links:
    """Links by hand, and a gossip that speaks over them; `said` is what was told to whom."""

    links: list[PeerState] = field(default_factory=list)
    met: list[tuple[bytes, str, int]] = field(default_factory=list)
    hints: list[tuple[str, int, bytes | None, Source]] = field(default_factory=list)
    said: list[tuple[int, tuple[PeerAddress, ...]]] = field(default_factory=list)
    fit: int = PEER_ADDRESSES

    def __post_init__(self) -> None:
        self.gossip = Gossip(self, lambda: OWN)

    def peers(self) -> tuple[PeerState, ...]:
        """The links."""
        return tuple(self.links)

    def proven(self) -> tuple[tuple[bytes, str, int], ...]:
        """What was met."""
        return tuple(self.met)

    def hint(self, host: str, port: int, key: bytes | None, source: Source) -> None:
        """Write down."""
        self.hints.append((host, port, key, source))

    def link(self, number: int, name: str, came_from: str, *listens: str) -> None:
        """Bring a live link up, to a peer that is known to listen at these addresses."""
        key = name.encode().ljust(32)
        self.links.append(PeerState(number, key, (came_from, 50_000), False, 0.0, 0, 0, 0))
        self.met += ((key, host, 7447) for host in listens)
        self.gossip.live(number)

    def look(self, now_s: float) -> float:
        """Let it tell what is due."""
        return self.gossip.introduce(self._tell, now_s)

    def _tell(self, link: int, entries: tuple[PeerAddress, ...]) -> int:
        self.said.append((link, entries[: self.fit]))
        return len(entries[: self.fit])


def test_two_that_are_linked_with_us_hear_of_each_other_once() -> None:
    """The first alone is told nothing; with the second each is told where the other listens, never
    where it listens itself, and nothing again while nothing changes."""
    links = Links()
    links.link(1, "a", "10.0.0.2", "10.0.0.2")
    assert links.look(0.0) == math.inf
    assert links.said == []
    links.link(2, "b", "10.0.0.3", "10.0.0.3", "fe80::3%eth0")
    assert links.look(1.0) == math.inf
    assert links.said == [(1, (entry("10.0.0.3", "b"),)), (2, (entry("10.0.0.2", "a"),))]
    assert links.look(100.0) == math.inf
    assert len(links.said) == 2


def test_only_linked_relays_on_the_same_network_are_told_of() -> None:
    """Neither loopback, nor an address of another network of ours or of nobody's, nor a name, nor
    who is not linked; and a peer whose link is not live is told nothing."""
    links = Links()
    links.link(1, "a", "10.0.0.2", "127.0.0.1", "relay.example", "172.16.0.2")
    links.link(2, "b", "192.168.1.2", "192.168.1.2")
    links.link(3, "c", "127.0.0.1", "127.0.0.2")
    links.met.append((b"gone".ljust(32), "10.0.0.9", 7447))
    links.look(0.0)
    assert links.said == []
    links.link(4, "d", "fe80::4%eth0", "fe80::4%eth0")
    links.gossip.gone(4)
    links.look(0.0)
    assert links.said == [(1, (entry("fe80::4", "d"),))]


def test_a_frame_a_peer_in_fifteen_seconds_until_all_is_told() -> None:
    """Whatever comes and goes in the meantime, a peer is told no faster than it listens; what
    did not fit follows, and whoever came back is told of again."""
    links = Links(fit=3)
    links.link(1, "a", "10.0.0.2")
    for number in range(2, 9):
        links.link(number, f"n{number}", "192.168.1.9", f"10.0.0.{number + 1}")
    looks = [links.look(second) for second in (0.0, 1.0, TELL_S, 2 * TELL_S)]
    assert looks == [TELL_S, TELL_S, 2 * TELL_S, math.inf]
    assert [len(entries) for _, entries in links.said] == [3, 3, 1]
    assert len({one.key for _, entries in links.said for one in entries}) == 7
    assert TELL_S * 1e6 >= PEERS_EVERY_US * 1.5
    back = links.links.pop()
    links.look(3 * TELL_S)
    links.links.append(back)
    links.look(3 * TELL_S)
    assert [one.key for one in links.said[-1][1]] == [back.key]


def test_a_full_table_is_told_in_bounded_frames() -> None:
    """With every link taken a look tells each peer at most as many as a frame may hold."""
    links = Links()
    for number in range(LINKS):
        links.link(number, f"n{number}", f"10.0.1.{number}", f"10.0.1.{number}")
    assert links.look(0.0) == TELL_S
    assert [len(entries) for _, entries in links.said] == [PEER_ADDRESSES] * LINKS


def test_what_is_heard_is_a_hint_on_our_own_networks() -> None:
    """Addresses elsewhere and on this machine are dropped, a link-local one gets our interface,
    and the source is what it is: a peer's word."""
    links = Links()
    links.gossip.heard(
        (
            entry("10.0.0.9", "near"),
            entry("fe80::9", "local", 7448),
            entry("8.8.8.8", "far"),
            entry("2001:db8::9", "far too"),
            entry("127.0.0.1", "ourselves"),
            entry("::ffff:10.0.0.9", "mapped"),
        )
    )
    assert links.hints == [
        ("10.0.0.9", 7447, b"near".ljust(32), Source.PEER),
        ("fe80::9%eth0", 7448, b"local".ljust(32), Source.PEER),
    ]
