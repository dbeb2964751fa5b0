"""What an operator may tune lies, by default, within what the protocol allows."""

from holub_protocol import limits
from holub_protocol.policy import Policy


def test_defaults_are_within_the_limits() -> None:
    """A node that is told nothing says a HELLO that every peer accepts."""
    policy = Policy()
    assert limits.FRAME_BYTES_MIN <= policy.frame_bytes <= limits.FRAME_BYTES_MAX
    assert limits.WINDOW_BYTES_MIN <= policy.window_bytes <= limits.WINDOW_BYTES_MAX
    assert policy.window_bytes >= 2 * policy.frame_bytes
    assert 1 <= policy.push_links < limits.LINKS
    assert policy.store_bytes * limits.ALERT_SHARE_PERCENT // 100 > 100 * limits.ALERT_BYTES
