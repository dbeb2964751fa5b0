"""The token bucket."""

from holub_relay.bucket import Bucket


def test_burst_then_rate() -> None:
    """A full burst goes at once, then one token each interval, never more than the burst saved."""
    bucket = Bucket(rate_per_s=2, burst=3, now_s=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_s(0.0) == 0.5
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_waiting_as_told_is_enough() -> None:
    """Whoever waits for wait_s gets a token, whatever the rounding."""
    bucket = Bucket(rate_per_s=3, burst=1, now_s=0.0)
    now_s = 0.0
    for _ in range(1000):
        now_s += bucket.wait_s(now_s)
        assert bucket.take(now_s)
