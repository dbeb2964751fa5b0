"""Bans: a minute, doubling to an hour, by key, forgiven in time, in bounded memory."""

from holub_relay.bans import Bans
from holub_relay.limits import BAN_MEMORY_S, BAN_S_MAX, BAN_S_MIN, BANS

KEY, OTHER = b"k" * 32, b"o" * 32


def test_a_ban_lasts_and_ends() -> None:
    """A minute for the first time, for that key alone."""
    bans = Bans()
    assert bans.strike(KEY, 0.0) == BAN_S_MIN
    assert bans.banned(KEY, BAN_S_MIN - 1)
    assert not bans.banned(OTHER, 0.0)
    assert not bans.banned(KEY, BAN_S_MIN)
    assert (bans.active(0.0), bans.active(BAN_S_MIN)) == (1, 0)


def test_it_doubles_up_to_an_hour() -> None:
    """Whoever comes back as soon as it may and goes on is kept away longer each time."""
    bans, now_s, lasted = Bans(), 0.0, []
    for _ in range(9):
        lasted.append(bans.strike(KEY, now_s))
        now_s += lasted[-1]
    assert lasted == [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0, 3600.0]
    assert lasted[-1] == BAN_S_MAX


def test_it_is_forgiven() -> None:
    """Six hours after the last one ended a new one is the first again."""
    bans = Bans()
    bans.strike(KEY, 0.0)
    assert bans.strike(KEY, BAN_S_MIN + BAN_MEMORY_S - 1) == 2 * BAN_S_MIN
    assert bans.strike(KEY, 1e6) == BAN_S_MIN


def test_memory_is_bounded() -> None:
    """Ten thousand keys push out the oldest, never the newest."""
    bans = Bans()
    for number in range(10_000):
        bans.strike(number.to_bytes(32, "big"), 0.0)
    assert len(bans._bans) == BANS == bans.active(1.0)
    assert bans.banned((9_999).to_bytes(32, "big"), 1.0)
