"""The relations between limits that the arithmetic in their comments relies on."""

from holub_protocol.limits import LINKS, WINDOW_BYTES_MAX
from holub_relay import limits


def test_no_timeout_is_shorter_than_two_seconds() -> None:
    """Shorter ones tear links down on mere jitter (attack 26)."""
    timeouts_s = {
        name: value
        for name, value in vars(limits).items()
        if name.endswith("TIMEOUT_S") or name in {"DEAD_S", "CLOSE_S", "HANDSHAKE_FLOOR_S"}
    }
    assert len(timeouts_s) == 5
    assert min(timeouts_s.values()) >= 2


def test_three_keep_alives_may_be_missed() -> None:
    """One lost keep-alive is no lost link."""
    assert limits.DEAD_S >= 3 * limits.KEEP_ALIVE_S


def test_one_sealed_message_passes_a_modem_before_the_link_counts_as_dead() -> None:
    """At 9.6 kbit/s a sealed message is authenticated traffic in under half of DEAD_S."""
    assert limits.SEAL_BYTES * 8 / 9600 < limits.DEAD_S / 2


def test_twenty_four_links_stay_for_granted_relays() -> None:
    """Strangers share what is left of the node's links."""
    assert LINKS - limits.STRANGER_LINKS == 24


def test_send_queue_holds_the_largest_window() -> None:
    """A peer that keeps to its window is never cut for what we queued."""
    assert limits.SEND_QUEUE_BYTES > WINDOW_BYTES_MAX


def test_sealed_messages_fit_noise() -> None:
    """No message of ours is longer than Noise allows."""
    assert limits.SEAL_BYTES + 16 <= 65_535
