"""A payload over 9.6 kbit/s that breaks every minute, between simulated relays."""

import pytest

from support_trickle import Run

SIZE = 1 << 20


@pytest.mark.slow
def test_a_megabyte_over_a_link_that_breaks_each_minute() -> None:
    """With up-times drawn around 60 s the transfer takes at most 3 % more link time than the
    content's own frames need; hardly a chunk is sent twice."""
    done = Run(SIZE, "9600", 60, seed=1).go()
    assert done.right
    assert done.breaks >= 10
    assert done.ratio <= 1.03
    assert done.chunks_out <= done.count + done.breaks


@pytest.mark.slow
def test_alerts_overtake_it_and_a_kill_costs_little() -> None:
    """Alerts in the middle wait for two frames of 384 bytes at most, 0.75 s, and their own way; a
    receiver killed on the way goes on with what it had committed."""
    done = Run(300_000, "9600", 1e9, seed=2).go(kill_at=150, alert_at=(40, 90, 220, 260))
    assert done.right
    assert done.kills == 1
    assert done.chunks_out <= done.count + 6
    assert len(done.waits_s) == 4
    assert max(done.waits_s) <= 1.0
