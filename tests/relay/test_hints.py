"""One peer's addresses: what better words stand for goes first and stays."""

from holub_relay.discovery.hints import (
    CAME,
    DIALLING,
    LINKED,
    UNTRIED,
    Addresses,
    HintState,
    Source,
)
from holub_relay.limits import ADDRESSES_PER_PEER


def next_host(addresses: Addresses, now_s: float, outcome: str = "unreachable") -> str:
    """Try the next address, in vain unless `outcome` says otherwise; return its host."""
    hint = addresses.next()
    assert hint is not None
    addresses.tried(hint.host, hint.port, now_s)
    assert hint.outcome == DIALLING
    addresses.ended(hint.host, hint.port, outcome)
    return hint.host


def hosts(addresses: Addresses) -> list[str]:
    """The hosts, sorted."""
    return sorted(hint.host for hint in addresses)


def test_forged_addresses_wait_behind_the_signed_one() -> None:
    """A stream of ever new unsigned addresses does not keep the signed one from its turn: it goes
    first whenever a beacon has come, and takes turns otherwise."""
    addresses = Addresses()
    addresses.add("true", 7, Source.BEACON, 0.0)
    tried = []
    for second in range(1, 13):
        for number in range(10):
            addresses.add(f"false-{second}-{number}", 7, Source.ZEROCONF, float(second))
        if second % 5 == 0:
            addresses.add("true", 7, Source.BEACON, float(second))
        tried.append(next_host(addresses, second + 0.5))
    assert tried[0] == tried[4] == tried[9] == "true"
    assert tried.count("true") >= 4


def test_forged_addresses_do_not_push_out_better_ones() -> None:
    """Of too many the unsigned ones go first, and the operator's are not counted."""
    addresses = Addresses()
    for number in range(2):
        addresses.add(f"operator-{number}", 7, Source.CONFIGURED, 0.0)
    for number in range(ADDRESSES_PER_PEER - 1):
        addresses.add(f"signed-{number}", 7, Source.BEACON, 1.0)
    for number in range(100):
        addresses.add(f"false-{number}", 7, Source.ZEROCONF, 2.0 + number)
    assert len(addresses) == 2 + ADDRESSES_PER_PEER
    assert hosts(addresses)[0] == "false-99"
    for number in range(ADDRESSES_PER_PEER):
        addresses.add(f"new-{number}", 7, Source.BEACON, 200.0)
    assert hosts(addresses) == ["new-0", "new-1", "new-2", "new-3", "operator-0", "operator-1"]


def test_an_unsigned_word_does_not_freshen_a_signed_address() -> None:
    """An answer that repeats a beacon's address changes neither its source nor its turn."""
    addresses = Addresses()
    addresses.add("here", 7, Source.BEACON, 0.0)
    addresses.add("here", 7, Source.ZEROCONF, 5.0)
    (hint,) = addresses
    assert (hint.source, hint.heard_s) == (Source.BEACON, 0.0)
    addresses.add("here", 7, Source.CONFIGURED, 6.0)
    addresses.add("here", 7, Source.BEACON, 7.0)
    assert hint.source is Source.CONFIGURED


def test_addresses_that_worked_are_proven() -> None:
    """A link proves the address dialled; one that the peer dialled proves where its beacon came
    from, but not what an unsigned packet says of the same host."""
    addresses = Addresses()
    addresses.add("a", 7, Source.ZEROCONF, 0.0)
    addresses.add("b", 7, Source.ZEROCONF, 0.0)
    addresses.add("c", 7, Source.BEACON, 0.0)
    addresses.ended("a", 7, LINKED)
    addresses.prove("b")
    addresses.prove("c")
    assert {hint.host: (hint.proven, hint.outcome) for hint in addresses} == {
        "a": (True, LINKED),
        "b": (False, UNTRIED),
        "c": (True, CAME),
    }


def test_two_rows_become_one() -> None:
    """Merged, each address is there once and the operator's stays the operator's."""
    one, other = Addresses(), Addresses()
    one.add("a", 7, Source.BEACON, 0.0)
    other.add("a", 7, Source.CONFIGURED, 1.0)
    other.add("b", 7, Source.BEACON, 1.0)
    one.merge(other)
    assert {hint.host: hint.source for hint in one} == {
        "a": Source.CONFIGURED,
        "b": Source.BEACON,
    }
    one.remove("a", 7)
    assert hosts(one) == ["b"]
    assert one.has_host("b")
    assert Addresses().next() is None


def test_a_state_is_told_in_plain_terms() -> None:
    """What `holub peers --json` prints: hexadecimal key, address, seconds, null where unknown."""
    state = HintState(None, False, False, "fe80::1%eth0", 7, Source.BEACON, 1.26, None, "x", True)
    view = state.view()
    assert view["address"] == "[fe80::1%eth0]:7"
    assert (view["peer"], view["heard_ago_s"], view["tried_ago_s"]) == (None, 1.3, None)


def test_a_peers_word_weighs_as_little_as_an_unsigned_packet() -> None:
    """What a peer says of another relay neither makes the signed address fresh nor takes its
    turn or its place; tried and found true, it counts as proven."""
    addresses = Addresses()
    addresses.add("true", 7, Source.BEACON, 0.0)
    for number in range(10):
        addresses.add(f"said-{number}", 7, Source.PEER, 1.0 + number)
    addresses.add("true", 7, Source.PEER, 20.0)
    (signed,) = (hint for hint in addresses if hint.host == "true")
    assert (signed.source, signed.heard_s) == (Source.BEACON, 0.0)
    assert len(addresses) == ADDRESSES_PER_PEER
    assert next_host(addresses, 21.0) == "true"
    assert next_host(addresses, 22.0, LINKED) != "true"
    assert sum(hint.trusted for hint in addresses) == 2
