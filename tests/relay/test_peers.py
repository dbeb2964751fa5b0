"""From hints to dials: at once, bounded, and strangers never in a granted relay's way."""

import math
from random import Random

from holub_relay.discovery.hints import Source
from holub_relay.discovery.peers import Dial, Peers
from holub_relay.limits import (
    ADDRESSES_PER_PEER,
    DIALS,
    PEERS,
    REDIAL_S_MAX,
    STRANGER_DIALS,
    STRANGERS_PER_HOST,
    UNSIGNED_STRANGERS,
)

FRIEND = b"f" * 32
STRANGER = b"s" * 32


def table(*friends: bytes) -> Peers:
    """An empty table in a realm that granted `friends`."""
    return Peers(lambda key: key in friends, Random(1), now_s=0.0)


def due(peers: Peers, now_s: float) -> list[Dial]:
    """What is to be dialled when there is room for everybody."""
    return peers.due(now_s, True, True)


def upcoming(peers: Peers, now_s: float) -> float:
    """When the next attempt is due if there is room for everybody."""
    return peers.next_s(now_s, True, True)


def stranger(number: int) -> bytes:
    """One of many invented keys."""
    return number.to_bytes(32, "big")


def test_hint_is_dialled_at_once() -> None:
    """A relay heard of is dialled now, its key expected, and only once."""
    peers = table(FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 5.0)
    assert upcoming(peers, 5.0) == 5.0
    (dial,) = due(peers, 5.0)
    assert (dial.host, dial.port, dial.expected_key) == ("10.0.0.2", 7, FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 5.1)
    assert due(peers, 5.1) == []


def test_linked_peer_is_not_dialled() -> None:
    """Hints of a peer that is linked, by whichever side, cause nothing."""
    peers = table(FRIEND)
    peers.linked(FRIEND, None, 0.0)
    peers.hint("10.0.0.2", 7, FRIEND, 1.0)
    assert due(peers, 1.0) == []
    assert upcoming(peers, 1.0) == math.inf


def test_configured_peer_is_tried_again_with_growing_pauses() -> None:
    """Pauses double from 1 s to 30 s, a quarter of jitter each way, for ever."""
    peers = table()
    peers.configure("relay.example", 7, None, 0.0)
    now_s, pauses = 0.0, []
    for _ in range(8):
        (dial,) = due(peers, now_s)
        peers.failed(dial, now_s)
        pauses.append(upcoming(peers, now_s) - now_s)
        now_s = upcoming(peers, now_s)
    for pause_s, plain_s in zip(pauses, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.74 * plain_s <= pause_s <= 1.26 * plain_s
    assert len({round(pause_s, 3) for pause_s in pauses[5:]}) == 3


def test_friend_is_tried_again_and_stranger_is_not() -> None:
    """After a failure a granted relay's address stays due; a stranger waits to be heard again."""
    peers = table(FRIEND)
    for key in (FRIEND, STRANGER):
        peers.hint("10.0.0.2", 7, key, 0.0)
    for dial in due(peers, 0.0):
        peers.failed(dial, 0.0)
    assert [dial.expected_key for dial in due(peers, 60.0)] == [FRIEND]
    peers.hint("10.0.0.2", 7, STRANGER, 61.0)
    assert [dial.expected_key for dial in due(peers, 61.0)] == [STRANGER]


def test_repeated_hints_dial_once_a_second_at_most() -> None:
    """A beacon four times a second does not make four dials of an address that fails."""
    peers = table(FRIEND)
    begun = 0
    for step in range(41):
        now_s = step / 4
        peers.hint("10.0.0.2", 7, FRIEND, now_s)
        for dial in due(peers, now_s):
            begun += 1
            peers.failed(dial, now_s)
    assert begun == 11


def test_strangers_leave_places_to_friends() -> None:
    """A flood of invented keys takes its few places; a granted relay is dialled at once."""
    peers = table(FRIEND)
    for number in range(1000):
        peers.hint(f"10.0.{number // 250}.{number % 250}", 7, stranger(number), 0.0)
    assert len(due(peers, 0.0)) == STRANGER_DIALS
    peers.hint("10.9.9.9", 7, FRIEND, 0.1)
    assert [dial.expected_key for dial in due(peers, 0.1)] == [FRIEND]


def test_flood_is_bounded_in_memory_and_rate() -> None:
    """The table, the dials at once and the dials a second stay within their limits."""
    peers = table(FRIEND)
    peers.hint("10.9.9.9", 7, FRIEND, 0.0)
    begun = 0
    for step in range(1_000):
        now_s = step / 50
        peers.hint(f"10.0.{step % 199}.{step % 251}", 7, stranger(step), now_s)
        for dial in due(peers, now_s):
            begun += dial.expected_key != FRIEND
            peers.failed(dial, now_s)
    assert len(peers) <= PEERS
    assert begun <= 10 + 4 * 20
    peers.hint("10.9.9.9", 7, FRIEND, 100.0)
    assert FRIEND in [dial.expected_key for dial in due(peers, 100.0)]


def test_one_host_pushes_out_only_its_own_strangers() -> None:
    """A thousand keys from one address leave the only key of another address in the table."""
    peers = table()
    peers.hint("10.0.0.9", 7, STRANGER, 0.0)
    for number in range(1000):
        peers.hint("10.0.0.1", 7, stranger(number), number / 10)
    assert len(peers) == 1 + STRANGERS_PER_HOST


def test_addresses_of_a_peer_are_bounded_and_tried_in_turn() -> None:
    """The freshest address goes first, then the others; the oldest is forgotten."""
    peers = table(FRIEND)
    for number in range(ADDRESSES_PER_PEER + 2):
        peers.hint(f"10.0.0.{number}", 7, FRIEND, 0.0)
    hosts, now_s = [], 0.0
    for _ in range(ADDRESSES_PER_PEER + 1):
        (dial,) = due(peers, now_s)
        hosts.append(dial.host)
        peers.failed(dial, now_s)
        now_s += 60.0
    assert hosts == ["10.0.0.5", "10.0.0.4", "10.0.0.3", "10.0.0.2", "10.0.0.5"]


def test_lost_friend_is_dialled_again_and_missed() -> None:
    """When a link to a known relay goes, it is missing and tried within 1.25 s."""
    peers = table(FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 0.0)
    (dial,) = due(peers, 0.0)
    assert not peers.missing()
    peers.linked(FRIEND, dial, 0.1)
    assert not peers.missing()
    peers.unlinked(FRIEND, lasted_s=100.0, now_s=100.0)
    assert peers.missing()
    assert 100.7 <= upcoming(peers, 100.0) <= 101.3


def test_links_that_end_at_once_count_as_failures() -> None:
    """A peer that takes the link and drops it again is not hammered."""
    peers = table(FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 0.0)
    now_s = 0.0
    for _ in range(7):
        now_s = max(now_s, min(upcoming(peers, now_s), 1e6))
        (dial,) = due(peers, now_s)
        peers.linked(FRIEND, dial, now_s)
        peers.unlinked(FRIEND, lasted_s=0.1, now_s=now_s)
    assert upcoming(peers, now_s) - now_s >= 0.7 * REDIAL_S_MAX


def test_configured_address_learns_its_key() -> None:
    """Once an unnamed configured peer answered, hints of its key belong to it."""
    peers = table()
    peers.configure("10.0.0.2", 7, None, 0.0)
    (dial,) = due(peers, 0.0)
    assert dial.expected_key is None
    peers.linked(STRANGER, dial, 0.1)
    peers.hint("10.0.0.3", 7, STRANGER, 0.2)
    assert len(peers) == 1
    assert due(peers, 10.0) == []
    peers.unlinked(STRANGER, 100.0, 100.0)
    assert [dial.expected_key for dial in due(peers, 200.0)] == [None]


def test_pinned_address_never_accepts_another_key() -> None:
    """A peer configured with its key is dialled with that key expected, again and again."""
    peers = table()
    peers.configure("10.0.0.2", 7, STRANGER, 0.0)
    for now_s in (0.0, 60.0):
        (dial,) = due(peers, now_s)
        assert dial.expected_key == STRANGER
        peers.failed(dial, now_s)


def test_own_address_is_given_up() -> None:
    """An address at which we met ourselves is not tried again."""
    peers = table()
    peers.configure("10.0.0.1", 7, None, 0.0)
    (dial,) = due(peers, 0.0)
    peers.failed(dial, 0.0, final=True)
    assert due(peers, 1000.0) == []


def test_nothing_is_dialled_without_room() -> None:
    """When every link is taken, or every stranger's, nobody is dialled in vain."""
    peers = table(FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 0.0)
    peers.hint("10.0.0.3", 7, STRANGER, 0.0)
    assert peers.due(0.0, False, False) == []
    assert peers.next_s(0.0, False, False) == math.inf
    assert [dial.expected_key for dial in peers.due(0.0, True, False)] == [FRIEND]


def test_dials_at_once_are_bounded() -> None:
    """However many friends are heard, only so many attempts run at a time."""
    friends = [stranger(number) for number in range(20)]
    peers = table(*friends)
    for number, key in enumerate(friends):
        peers.hint(f"10.0.0.{number}", 7, key, 0.0)
    first = due(peers, 0.0)
    assert len(first) == DIALS
    peers.failed(first[0], 0.0)
    assert len(due(peers, 0.5)) == 1


def test_a_word_that_comes_while_dialling_is_not_lost() -> None:
    """Heard again during an attempt that then fails: tried again at once, not after the pause
    that many failures have earned."""
    peers = table(FRIEND)
    now_s = 0.0
    peers.hint("10.0.0.2", 7, FRIEND, now_s)
    for _ in range(8):
        now_s = max(now_s, upcoming(peers, now_s))
        (dial,) = due(peers, now_s)
        peers.failed(dial, now_s + 0.1)
    now_s = upcoming(peers, now_s)
    (dial,) = due(peers, now_s)
    peers.hint("10.0.0.2", 7, FRIEND, now_s + 3.0)
    peers.failed(dial, now_s + 5.0)
    assert upcoming(peers, now_s + 5.0) == now_s + 5.0


def test_our_own_change_makes_a_stranger_be_dialled_again() -> None:
    """A stranger whose link ended because our address went is not left until it is heard of."""
    peers = table()
    peers.hint("10.0.0.2", 7, STRANGER, 0.0)
    (dial,) = due(peers, 0.0)
    peers.linked(STRANGER, dial, 0.1)
    peers.unlinked(STRANGER, 100.0, 100.0)
    assert due(peers, 200.0) == []
    peers.again(STRANGER, 200.0)
    assert len(due(peers, 200.0)) == 1
    peers.again(FRIEND, 200.0)


def test_unsigned_strangers_wait_behind_signed_ones_in_a_part_of_the_table() -> None:
    """A flood of invented relays over mDNS takes a quarter of the rows and its own budget: a
    stranger that signed a beacon is remembered and dialled first."""
    peers = table()
    for number in range(2000):
        peers.hint("10.0.0.66", 7, stranger(number), number / 10, Source.ZEROCONF)
    assert len(peers) <= UNSIGNED_STRANGERS
    peers.hint("10.0.0.2", 7, STRANGER, 200.0)
    assert due(peers, 200.0)[0].expected_key == STRANGER


def test_hints_are_told_with_source_and_outcome() -> None:
    """What an operator sees: linked first, the reason of a failure, and which were proven."""
    peers = table(FRIEND)
    peers.hint("10.0.0.3", 7, STRANGER, 0.0, Source.ZEROCONF)
    peers.hint("10.0.0.2", 7, FRIEND, 0.0)
    for dial in due(peers, 1.0):
        if dial.expected_key == FRIEND:
            peers.linked(FRIEND, dial, 1.0)
        else:
            peers.failed(dial, 1.0, outcome="timeout")
    first, second = peers.hints(3.0)
    assert (first.key, first.linked, first.outcome) == (FRIEND, True, "linked")
    assert (second.source, second.outcome, second.tried_ago_s) == (Source.ZEROCONF, "timeout", 2.0)
    assert peers.proven() == ((FRIEND, "10.0.0.2", 7),)


def test_a_peer_that_dialled_us_is_worth_remembering() -> None:
    """Where its beacon comes from the same host as its link, the address is proven, whichever
    came first; a stranger's is not kept."""
    peers = table(FRIEND)
    peers.linked(FRIEND, None, 0.0, host="10.0.0.2")
    assert peers.proven() == ()
    peers.hint("10.0.0.2", 7, FRIEND, 1.0)
    peers.hint("10.0.0.9", 7, FRIEND, 1.0)
    assert peers.proven() == ((FRIEND, "10.0.0.2", 7),)
    peers.hint("10.0.0.3", 7, STRANGER, 1.0)
    peers.linked(STRANGER, None, 2.0, host="10.0.0.3")
    assert len(peers.proven()) == 1


def test_a_doubted_link_is_dialled_beside_until_it_is_replaced() -> None:
    """Nothing comes over the link but the peer is heard: one attempt; if it fails the link stays
    as it is, and if it succeeds the doubt is over."""
    peers = table(FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 0.0)
    (dial,) = due(peers, 0.0)
    peers.linked(FRIEND, dial, 0.1)
    for now_s in (20.0, 30.0):
        peers.doubt(FRIEND)
        peers.hint("10.0.0.2", 7, FRIEND, now_s)
        (dial,) = due(peers, now_s)
        peers.failed(dial, now_s + 5.0)
        assert due(peers, 100.0) == []
        assert not peers.missing()
    peers.doubt(FRIEND)
    peers.hint("10.0.0.2", 7, FRIEND, 120.0)
    (dial,) = due(peers, 120.0)
    peers.unlinked(FRIEND, 100.0, 120.1)
    peers.linked(FRIEND, dial, 120.1)
    peers.hint("10.0.0.2", 7, FRIEND, 130.0)
    assert due(peers, 130.0) == []
    peers.doubt(STRANGER)


def test_a_lying_peer_fills_no_table() -> None:
    """Strangers that only a peer names share the rows of those that mDNS names; a relay that
    signs a beacon is dialled before them all."""
    peers = table()
    for number in range(5 * UNSIGNED_STRANGERS):
        host, source = f"10.0.{number % 200}.1", (Source.PEER, Source.ZEROCONF)[number % 2]
        peers.hint(host, 7, stranger(number), number / 10, source)
    assert len(peers) == UNSIGNED_STRANGERS
    peers.hint("10.0.0.2", 7, STRANGER, 200.0)
    assert due(peers, 200.0)[0].expected_key == STRANGER
