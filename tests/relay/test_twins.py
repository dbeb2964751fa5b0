"""One key on two machines: what proves it, what does not, and how much is remembered."""

from random import Random

from holub_relay.limits import TWIN_KEYS, TWINS
from holub_relay.twins import Twin, Twins

OWN, PEER = b"o" * 32, b"p" * 32
HERE, A, B = ("10.0.0.1", 5), ("10.0.0.2", 6), ("10.0.0.3", 7)


def starts(*order: int) -> list[Twin]:
    """Let PEER's processes dial in this order, each from an address of its own."""
    told: list[Twin] = []
    twins = Twins(OWN, lambda _: True, told.append)
    for number in order:
        twins.met(PEER, bytes([number]) * 32, (f"10.0.1.{number}", 9), HERE)
    assert tuple(told) == twins.found()
    return told


def test_our_key_elsewhere_names_both_addresses() -> None:
    """Ours first, then the other's; a second link from there is no news."""
    told: list[Twin] = []
    twins = Twins(OWN, lambda _: False, told.append)
    twins.met(OWN, b"s" * 32, A, HERE)
    twins.met(OWN, b"t" * 32, (A[0], 99), ("10.0.0.1", 98))
    assert told == [Twin(OWN, (HERE, A), own=True)]
    twins.met(OWN, b"s" * 32, B, HERE)
    assert [twin.addresses[1] for twin in told] == [A, B]


def test_a_restart_is_no_twin() -> None:
    """New processes one after the other, from any address, are one relay that restarts and roams;
    the same process may come again."""
    assert starts(1, 1, 2, 3, 3, 4, 5, 6) == []


def test_who_comes_back_was_never_gone() -> None:
    """Two or three processes that take turns are told, with the two addresses."""
    (twin,) = starts(1, 2, 1)
    assert twin == Twin(PEER, (("10.0.1.2", 9), ("10.0.1.1", 9)), own=False)
    assert starts(1, 2, 3, 1)
    assert len(starts(1, 2, 1, 2, 1, 2)) == 1


def test_strangers_are_not_watched() -> None:
    """What a key without a grant does with itself is nobody's alarm and takes no memory."""
    twins = Twins(OWN, lambda _: False)
    for static in (b"1", b"2", b"1"):
        twins.met(PEER, static * 32, A, HERE)
    assert twins.found() == ()
    assert not twins._starts


def test_memory_is_bounded() -> None:
    """Keys, starts and pairs told each have their bound, whoever has stolen how many."""
    twins, rng = Twins(OWN, lambda _: True), Random(1)
    for number in range(3 * TWIN_KEYS):
        key = number.to_bytes(32, "big")
        for _ in range(9):
            twins.met(key, rng.randbytes(1) * 32, (f"10.0.{number}", 1), HERE)
    assert len(twins._starts) == TWIN_KEYS
    assert max(map(len, twins._starts.values())) <= 4
    assert len(twins.found()) == TWINS
